// A part of a text that is larger than what the path between two peers carries: it goes there in two. Each is the whole
// text of a data datagram.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/bytes.h"

namespace spate::wire {

inline constexpr std::uint8_t kPart = 10;
inline constexpr std::size_t kPartHeaderBytes = 1 + 1 + 2;

struct Part {
  bool second = false;
  std::uint16_t number = 0;  // of the text: the sender counts those of one session
  Bytes bytes;               // not empty
};

// Nothing unless the text is exactly one. The bytes are the text's.
std::optional<Part> parse_part(Bytes text);
// REQUIRES out.size() == kPartHeaderBytes + part.bytes.size().
void write_part(MutableBytes out, const Part& part);

}  // namespace spate::wire
