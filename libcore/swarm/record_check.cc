#include "libcore/swarm/record_check.h"

namespace spate::swarm {

Duration RecordCheck::life(const wire::Record& record, std::optional<std::uint32_t> stream_seconds) {
  if (!stream_seconds) return kAgeMax;
  const Duration age = std::chrono::seconds(static_cast<std::int32_t>(*stream_seconds - record.made));
  return age < -kAheadMax ? Duration::zero() : kAgeMax - age;
}

RecordCheck::Verdict RecordCheck::judge(const wire::Record& record, crypto::NodeKey& node, Instant now) {
  if (!left_.take(1, now)) return Verdict::kNotNow;
  const auto key = suite_.node_key_of(record.key);
  if (!key || !wire::verify_record(record, stream_, suite_)) return Verdict::kForged;
  node = *key;
  return Verdict::kRight;
}

}  // namespace spate::swarm
