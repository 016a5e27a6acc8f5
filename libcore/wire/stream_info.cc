#include "libcore/wire/stream_info.h"

#include <algorithm>
#include <string>

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/wire/shard.h"

namespace spate::wire {
namespace {

constexpr std::uint8_t kFormatVersion = 1;
constexpr std::uint8_t kTs = 1;
constexpr std::uint8_t kPrivate = 2;
constexpr std::uint8_t kEnded = 4;
constexpr std::size_t kSignedBytes = kStreamInfoBytes - 1 - kSignatureBytes;
constexpr std::size_t kContextBytes = 12;

// The context, the stream's key, and the frame between type and signature.
ByteArray<kContextBytes + 32 + kSignedBytes> signed_message(const crypto::StreamKey& key, Bytes frame) {
  static const std::string kContext = "spate info 1";
  ByteArray<kContextBytes + 32 + kSignedBytes> message;
  Writer(message).bytes(as_bytes(kContext)).bytes(key.bytes).bytes(frame.subspan(1, kSignedBytes));
  return message;
}

}  // namespace

StreamInfoFrame sign_stream_info(const StreamInfo& info, const crypto::StreamKeyPair& key, const crypto::Suite& suite) {
  StreamInfoFrame frame;
  Writer out(frame);
  const int flags = (info.mpeg_ts ? kTs : 0) | (info.is_private ? kPrivate : 0) | (info.ended ? kEnded : 0);
  out.u8(kStreamInfo).u8(kFormatVersion).u64(info.epoch).u64(info.head).u48(info.media_us);
  out.u8(static_cast<std::uint8_t>(flags)).u8(info.stripes).u8(info.parity).bytes(info.key_check);
  out.bytes(suite.sign(signed_message(key.public_key, frame), key.secret));
  return frame;
}

std::optional<StreamInfo> parse_stream_info(Bytes frame) {
  Reader in(frame);
  if (in.u8() != kStreamInfo || in.u8() != kFormatVersion) return std::nullopt;
  StreamInfo info;
  info.epoch = in.u64();
  info.head = in.u64();
  info.media_us = in.u48();
  const std::uint8_t flags = in.u8();
  info.mpeg_ts = (flags & kTs) != 0;
  info.is_private = (flags & kPrivate) != 0;
  info.ended = (flags & kEnded) != 0;
  info.stripes = in.u8();
  info.parity = in.u8();
  info.key_check = in.array<8>();
  in.bytes(kSignatureBytes);
  if (!in.ok_and_empty()) return std::nullopt;
  if (info.stripes == 0 || info.stripes > kStripesMax || info.parity > kParityMax) return std::nullopt;
  return info;
}

std::optional<StreamInfo> verify_stream_info(Bytes frame, const crypto::StreamKey& key, const crypto::Suite& suite) {
  const auto info = parse_stream_info(frame);
  if (!info) return std::nullopt;
  crypto::Signature signature;
  const Bytes signed_by = frame.last(kSignatureBytes);
  std::copy(signed_by.begin(), signed_by.end(), signature.begin());
  return suite.verify(signed_message(key, frame), signature, key.bytes) ? info : std::nullopt;
}

}  // namespace spate::wire
