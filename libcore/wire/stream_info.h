// The publisher's signed word on its run: epoch, head, kind (README.md, "Stream information").
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/crypto/suite.h"

namespace spate::wire {

struct StreamInfo {
  std::uint64_t epoch = 0;
  std::uint64_t head = 0;      // the next sequence; final if ended
  std::uint64_t media_us = 0;  // when this was signed
  bool mpeg_ts = false;
  bool is_private = false;
  bool ended = false;
  std::uint8_t stripes = 1;  // of data, 1 to kStripesMax
  std::uint8_t parity = 0;   // stripes of parity, 0 to kParityMax
  ByteArray<8> key_check{};
};

inline constexpr std::size_t kStreamInfoBytes = 1 + 1 + 8 + 8 + 6 + 1 + 1 + 1 + 8 + 64;
using StreamInfoFrame = ByteArray<kStreamInfoBytes>;

StreamInfoFrame sign_stream_info(const StreamInfo& info, const crypto::StreamKeyPair& key, const crypto::Suite& suite);
// What the frame says, true or not. Nothing if it does not parse.
std::optional<StreamInfo> parse_stream_info(Bytes frame);
// Nothing unless the frame parses and the signature is the stream's.
std::optional<StreamInfo> verify_stream_info(Bytes frame, const crypto::StreamKey& key, const crypto::Suite& suite);

}  // namespace spate::wire
