// Path messages: is the peer at this address, and how large a datagram gets there? Each is the whole text of a data
// datagram, and the session's own affair.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/bytes.h"

namespace spate::wire {

// Types of texts, between those of stream frames and those of control messages.
inline constexpr std::uint8_t kPathDoubt = 11;
inline constexpr std::uint8_t kPathProbe = 12;
inline constexpr std::uint8_t kPathProbeAnswer = 13;
inline constexpr std::uint8_t kPathChallenge = 14;
inline constexpr std::uint8_t kPathResponse = 15;
inline constexpr std::size_t kPathMessageBytes = 1 + 8;

using PathToken = ByteArray<8>;

struct PathMessage {
  std::uint8_t type = kPathChallenge;
  PathToken token{};  // an answer repeats that of what it answers
  bool operator==(const PathMessage&) const = default;
};

// Nothing unless the text is exactly one; behind a probe there may be padding.
std::optional<PathMessage> parse_path_message(Bytes text);
ByteArray<kPathMessageBytes> format_path_message(const PathMessage& message);

}  // namespace spate::wire
