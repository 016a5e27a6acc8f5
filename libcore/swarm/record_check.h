// Whether what is said to be a peer's own record is that, and young.
//
// A check costs two operations on a curve, 100 to 200 us: kPerSecond a second and kBurst at once are made. Whoever asks
// looks for what is known already first, and remembers the answer.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/token_bucket.h"
#include "libcore/crypto/suite.h"
#include "libcore/wire/record.h"

namespace spate::swarm {

class RecordCheck {
 public:
  static constexpr std::uint64_t kPerSecond = 50;
  static constexpr std::uint64_t kBurst = 64;
  static constexpr Duration kAgeMax = std::chrono::minutes(5);
  static constexpr Duration kAheadMax = std::chrono::seconds(30);  // of the publisher's clock, as it is known here

  RecordCheck(const crypto::Suite& suite, const crypto::StreamKey& stream) : suite_(suite), stream_(stream) {}

  // How long it may still be passed on and believed; nothing above zero if it is too old, or ahead by too much. By a
  // clock that is not known all are as if made now.
  static Duration life(const wire::Record& record, std::optional<std::uint32_t> stream_seconds);

  enum class Verdict : std::uint8_t { kRight, kForged, kNotNow };  // the last: too many have been asked for
  // `node` is its node key, if it is right.
  Verdict judge(const wire::Record& record, crypto::NodeKey& node, Instant now);

 private:
  const crypto::Suite& suite_;
  const crypto::StreamKey stream_;
  TokenBucket left_{kPerSecond, kBurst};
};

}  // namespace spate::swarm
