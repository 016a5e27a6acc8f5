#include "libcore/sim/mischief/mischief.h"

namespace spate::sim {
namespace {

constexpr unsigned kEachTime = 50;
constexpr std::size_t kRemembered = 1 << 14;

class Replayer final : public Mischief {
 public:
  Replayer(const House& house, std::unique_ptr<Rng> rng) : Mischief(house), rng_(std::move(rng)) {}

  void on_delivered(HostId to, const Address& from, Bytes datagram, Instant /*now*/) override {
    if (to == house_.host) return;
    Seen seen{to, from, {datagram.begin(), datagram.end()}};
    if (seen_.size() < kRemembered)
      seen_.push_back(std::move(seen));
    else
      seen_[next_++ % kRemembered] = std::move(seen);
  }

 private:
  struct Seen {
    HostId to;
    Address from;
    std::vector<std::uint8_t> bytes;
  };

  void act(Instant /*now*/) override {
    if (seen_.empty()) return;
    for (unsigned i = 0; i < kEachTime; ++i) {
      const Seen& seen = seen_[static_cast<std::size_t>(rng_->below(seen_.size()))];
      if (house_.network.present(seen.to)) forge(house_.host, seen.from, seen.to, seen.bytes);
    }
  }

  const std::unique_ptr<Rng> rng_;
  std::vector<Seen> seen_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Mischief> make_replayer(const Mischief::House& house, std::unique_ptr<Rng> rng) {
  return std::make_unique<Replayer>(house, std::move(rng));
}

}  // namespace spate::sim
