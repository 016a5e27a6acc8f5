#include "libcore/sim/checker_forward.h"

#include "libcore/sim/digest.h"
#include "libcore/wire/shard.h"

namespace spate::sim {

void ForwardChecker::on_seal(HostId host, Bytes text, const crypto::SymmetricKey& /*key*/, std::uint64_t /*counter*/,
                             Instant now) {
  if (!wire::is_stream_data(text)) return;
  const std::uint64_t hash = hash_bytes(text);
  if (host == publisher_)
    published_.insert(hash);
  else if (!published_.contains(hash))
    findings_.add(Rule::kSafety, now, host, "forwarded what was never published");
}

}  // namespace spate::sim
