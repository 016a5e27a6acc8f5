#include "libcore/sim/checker_forward.h"

#include "libcore/base/reader.h"
#include "libcore/sim/digest.h"
#include "libcore/wire/part.h"
#include "libcore/wire/shard.h"

namespace spate::sim {
namespace {

std::uint64_t shard_print(std::uint32_t sequence, std::uint8_t stripe, std::uint8_t flags, Bytes payload) {
  return Digest::mix(hash_bytes(payload) ^ std::uint64_t{sequence} << 16 ^ std::uint64_t{stripe} << 8 ^ flags);
}

}  // namespace

void ForwardChecker::on_leaf(HostId host, Bytes header, Bytes payload) {
  if (host != publisher_ || header.size() != wire::kLeafHeaderBytes) return;
  Reader in(header.subspan(8));  // the low half of the sequence
  const std::uint32_t sequence = in.u32();
  const std::uint8_t stripe = in.u8();
  made_[shard_print(sequence, stripe, in.u8(), payload)];
}

void ForwardChecker::on_seal(HostId host, Bytes text, const crypto::SymmetricKey& /*key*/, std::uint64_t /*counter*/,
                             Instant now) {
  const auto part = wire::parse_part(text);
  if (!part) return on_text(host, text, now);
  if (!part->second) parted_.clear();
  parted_.insert(parted_.end(), part->bytes.begin(), part->bytes.end());
  if (part->second) on_text(host, parted_, now);
}

void ForwardChecker::on_text(HostId host, Bytes text, Instant now) {
  if (!wire::is_stream_data(text)) return;
  const std::uint64_t hash = hash_bytes(text);
  if (host == publisher_)
    published_[hash];
  else if (!published_.contains(hash) && !was_made(text))
    findings_.add(Rule::kSafety, now, host, "forwarded what was never published");
}

bool ForwardChecker::was_made(Bytes text) const {
  const auto shard = wire::parse_shard(text);
  return shard && made_.contains(shard_print(shard->sequence_low, shard->stripe, shard->flags, shard->payload));
}

}  // namespace spate::sim
