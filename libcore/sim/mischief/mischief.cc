#include "libcore/sim/mischief/mischief.h"

#include <algorithm>
#include <utility>

namespace spate::sim {

void Mischief::start() {
  if (std::exchange(started_, true)) return;
  house_.network.at(std::max(house_.network.now(), house_.begins), house_.host, [this] { tick(); });
}

void Mischief::tick() {
  const Instant now = house_.network.now();
  if (!at_work(now)) return;
  act(now);
  house_.network.at(now + every_, house_.host, [this] { tick(); });
}

std::unique_ptr<Mischief> make_mischief(HostileSpec::Kind kind, const Mischief::House& house,
                                        std::unique_ptr<Rng> rng) {
  switch (kind) {
    case HostileSpec::Kind::kCopier:
      return make_copier(house, std::move(rng));
    case HostileSpec::Kind::kFlooder:
      return make_flooder(house, std::move(rng));
    case HostileSpec::Kind::kMisnamer:
      return make_misnamer(house, std::move(rng));
    case HostileSpec::Kind::kReplayer:
      return make_replayer(house, std::move(rng));
    case HostileSpec::Kind::kStormer:
      return make_stormer(house, std::move(rng));
    default:
      return nullptr;
  }
}

}  // namespace spate::sim
