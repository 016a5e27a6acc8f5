// random-push: whenever the uplink is idle, a random partner is sent a shard that it lacks: a random one, or by the
// publisher the newest (Massoulie and others, "Randomized decentralized broadcasting algorithms", 2007: random useful).
//
// Who lacks what is known from the maps that partners send at every tick, from what came from them, and from what was
// sent to them. What was sent is taken for lost when a later map does not have it. Nothing else repairs.
#include <algorithm>
#include <map>

#include "libcore/sim/schemes/partners.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;

constexpr Duration kTick = milliseconds(100);
constexpr std::uint32_t kCopiesMax = 4;            // of a shard, by one host in a second
constexpr Duration kOnTheWay = milliseconds(700);  // what was sent since then may not be in a map yet

class PushHost final : public PartneredHost {
 public:
  PushHost(Stage& stage, HostId host) : PartneredHost(stage, host), spent_(stage.window()) {}

 private:
  Duration tick() const override { return kTick; }
  const NumberSet& map() const override { return have(); }
  // The publisher is sent nothing, and tells only where it has got to.
  std::uint64_t map_begin() const override { return publishes() ? have().end() : player().next(); }
  std::uint64_t shard_of(std::uint64_t number) const override { return number; }

  void on_tick_with_partners(Instant now) override {
    if (now - forgotten_ < std::chrono::seconds(1)) return;
    forgotten_ = now;
    copies_.clear();
    spent_ = NumberSet(stage().window());
  }
  void on_partner_message(const Message& message, Partner& from, Instant /*now*/) override {
    if (message.kind == Kind::kShard && from.told) from.has.add(message.number);
  }
  void on_shard(std::uint64_t /*shard*/, HostId /*from*/, Instant /*now*/) override {}

  void on_map(Partner& partner, Instant now) override {
    std::erase_if(partner.sent, [&](const auto& sent) { return now - sent.second >= kOnTheWay; });
    for (const auto& [shard, at] : partner.sent) partner.has.add(shard);
  }

  bool on_idle(Instant now) override {
    if (partners().empty()) return false;
    const auto offset = static_cast<std::size_t>(draws().below(partners().size()));
    for (std::size_t i = 0; i < partners().size(); ++i) {
      Partner& partner = partners()[(i + offset) % partners().size()];
      if (!partner.accepted || !partner.told) continue;
      const std::optional<std::uint64_t> shard = useful(partner.has);
      if (!shard) continue;
      send_shard(partner.address, *shard, false, Duration::max(), now);
      if (!publishes() && ++copies_[*shard] == kCopiesMax) spent_.add(*shard);
      partner.has.add(*shard);
      partner.sent.emplace_back(*shard, now);
      return true;
    }
    return false;
  }

  std::optional<std::uint64_t> useful(const NumberSet& there) {
    const std::uint64_t begin = std::max(have().begin(), there.begin());
    const std::uint64_t end = have().end();
    if (begin >= end) return std::nullopt;
    const std::uint64_t below = publishes() ? end : begin + 1 + draws().below(end - begin);
    const std::optional<std::uint64_t> shard = have().newest_beyond(there, spent_, below);
    return shard || publishes() ? shard : have().newest_beyond(there, spent_, end);
  }

  NumberSet spent_;                                // enough copies were sent
  std::map<std::uint64_t, std::uint32_t> copies_;  // since forgotten_
  Instant forgotten_{};
};

}  // namespace

std::unique_ptr<SchemeHost> make_push_host(Stage& stage, HostId host) {
  return std::make_unique<PushHost>(stage, host);
}

}  // namespace spate::sim
