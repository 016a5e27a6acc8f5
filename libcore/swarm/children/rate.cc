#include "libcore/swarm/children/rate.h"

namespace spate::swarm {
namespace {

constexpr Duration kWindow = std::chrono::milliseconds(250);

}  // namespace

bool StreamRate::measure(Instant now) {
  // A run that began anew, or a join, is no rate.
  if (store_.head() < head_ || store_.head() - head_ > stream::Store::kSlots) {
    head_ = store_.head();
    since_ = now;
  }
  if (now - since_ < kWindow) return false;
  const auto elapsed = static_cast<std::uint64_t>((now - since_).count());
  shards_per_second_ = (store_.head() - head_) * 1'000'000'000u / elapsed;
  head_ = store_.head();
  since_ = now;
  return true;
}

}  // namespace spate::swarm
