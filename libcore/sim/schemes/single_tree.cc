// single-tree: one parent each, and the whole stream pushed down, as in end system multicast and Overcast (2000).
//
// Whoever has no parent asks the tracker for the place that is nearest to the publisher by delay: a free one, or, for a
// host that can serve others itself, that of one who cannot, who then looks for another. A host serves as many children
// as its uplink carries whole streams. What is missing is asked of the parent again and again. A parent that is silent
// for a second is left; those below stay, as they are told that it is still there.
#include <algorithm>
#include <map>
#include <utility>

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/sim/schemes/host.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;

constexpr Duration kTick = milliseconds(25);
constexpr Duration kSilence = std::chrono::seconds(1);
constexpr Duration kAliveEvery = milliseconds(250);
constexpr Duration kReordering = milliseconds(20);  // a shard this late may still be on its way
constexpr Duration kOnTheWay = milliseconds(400);
constexpr Duration kWaitingMax = std::chrono::seconds(2);
constexpr std::size_t kAskedMax = SchemeHost::kBodyBytesMax / 8;  // in one datagram

class TreeHost final : public SchemeHost {
 public:
  TreeHost(Stage& stage, HostId host) : SchemeHost(stage, host), places_(stage.streams(host)) {}

  std::uint32_t depth() const override { return static_cast<std::uint32_t>(way_to_root().size()); }

 private:
  static constexpr HostId kNobody = Recorder::kNobody;
  struct Child {
    HostId host;
    Address address;
  };

  struct Asked {
    Instant again;  // when to ask
    Duration wait;  // after that; a parent may have much to send
  };

  Duration tick() const override { return kTick; }

  void on_tick(Instant now) override {
    if (now - alive_said_ >= kAliveEvery) {
      drop_moved();
      for (const Child& child : children_) send(Kind::kAlive, child.address);
      alive_said_ = now;
    }
    if (publishes()) return;
    if (now - heard_ >= kSilence) find_parent(now);
    if (accepted_) ask_for_missing(now);
  }

  void on_message(const Message& message, Instant now) override {
    if (message.from == parent_ && message.kind != Kind::kBye) hear_parent(now);
    switch (message.kind) {
      case Kind::kHello:
        return take_child(message);
      case Kind::kBye:
        std::erase_if(children_, [&](const Child& child) { return child.host == message.from; });
        if (message.from == parent_) find_parent(now);
        return;
      case Kind::kAsk:
        for (Reader reader(message.body); reader.remaining() > 0;) answer(reader.u64(), message.address, now);
        return;
      default:
        return;
    }
  }

  // Whatever comes from it says that it has taken this child; what says so first may be lost.
  void hear_parent(Instant now) {
    heard_ = now;
    if (std::exchange(accepted_, true)) return;
    round_trip_ = now - asked_parent_;
    stage().recorder().on_accepted(self(), now);
    stage().recorder().on_parent(self(), parent_, 1);
  }

  void on_shard(std::uint64_t shard, HostId /*from*/, Instant now) override {
    if (asked_.erase(shard) > 0) {
      ++counts().repaired;
      came_late_[shard] = now;
    }
    for (const Child& child : children_) send_shard(child.address, shard, false, kWaitingMax, now);
  }

  // What has only just come was sent on, too, and is on its way.
  void answer(std::uint64_t shard, const Address& to, Instant now) {
    if (shard < have().begin() || !have().has(shard)) return;
    const auto late = came_late_.find(shard);
    if (late == came_late_.end() || now - late->second >= kOnTheWay) send_shard(to, shard, true, kWaitingMax, now);
  }

  void on_leave(Instant /*now*/) override {
    for (const Child& child : children_) send(Kind::kBye, child.address);
    if (parent_ != kNobody) send(Kind::kBye, Network::address_of(parent_));
  }

  // Those whom the tracker has sent elsewhere are told.
  void drop_moved() {
    std::erase_if(children_, [&](const Child& child) {
      const bool moved = !stage().present(child.host) || at(child.host).place_ != self();
      if (moved) send(Kind::kBye, child.address);
      return moved;
    });
  }

  void take_child(const Message& hello) {
    drop_moved();
    if (at(hello.from).place_ != self()) return;
    std::erase_if(children_, [&](const Child& child) { return child.host == hello.from; });
    children_.push_back({hello.from, hello.address});
    send(Kind::kAccept, hello.address);
  }

  void ask_for_missing(Instant now) {
    if (!player().begun()) return;
    asked_.erase(asked_.begin(), asked_.lower_bound(player().next()));
    came_late_.erase(came_late_.begin(), came_late_.lower_bound(have().begin()));
    std::vector<std::uint8_t> list(kBodyBytesMax);
    Writer writer{MutableBytes{list}};
    for (std::uint64_t shard = player().next(); shard < have().end() && writer.size() / 8 < kAskedMax; ++shard) {
      if (have().has(shard)) continue;
      const auto [it, is_new] = asked_.try_emplace(shard, Asked{now + kReordering, round_trip_ + milliseconds(100)});
      Asked& asked = it->second;
      if (is_new || asked.again > now) continue;
      asked.again = now + asked.wait;
      asked.wait = std::min<Duration>(asked.wait * 2, kWaitingMax);
      writer.u64(shard);
    }
    if (writer.size() == 0) return;
    list.resize(writer.size());
    send(Kind::kAsk, Network::address_of(parent_), 0, std::move(list));
  }

  // What the tracker does. Its tables are the hosts' places_, and place_: whose child it has made of each.
  TreeHost& at(HostId host) const { return static_cast<TreeHost&>(stage().host(host)); }

  // Parent after parent up to the publisher; empty if somebody on the way is gone or has none.
  std::vector<HostId> way_to_root() const {
    std::vector<HostId> way;
    for (HostId host = self(); host != kPublisherHost; host = way.back()) {
      const HostId parent = at(host).place_;
      if (parent == kNobody || !stage().present(parent)) return {};
      way.push_back(parent);
    }
    return way;
  }

  void find_parent(Instant now) {
    const HostId before = parent_;
    parent_ = place_ = assign_place();
    accepted_ = false;
    heard_ = asked_parent_ = now;
    if (before != kNobody && before != parent_) send(Kind::kBye, Network::address_of(before));
    if (before != kNobody && parent_ != kNobody && before != parent_) ++counts().switches;
    if (parent_ != kNobody) send(Kind::kHello, Network::address_of(parent_));
  }

  HostId assign_place() {
    place_ = kNobody;
    std::map<HostId, std::vector<HostId>> children;
    for (const HostId host : stage().present()) children[at(host).place_].push_back(host);
    HostId place = kNobody;
    HostId displaced = kNobody;
    Duration best = Duration::max();
    for (const HostId candidate : stage().present()) {
      if (candidate == self() || !stage().reachable(candidate)) continue;
      const std::vector<HostId> way = at(candidate).way_to_root();
      if (way.empty() && candidate != kPublisherHost) continue;
      if (std::find(way.begin(), way.end(), self()) != way.end()) continue;
      Duration delay = stage().one_way(candidate, self());
      HostId below = candidate;
      for (const HostId above : way) delay += stage().one_way(above, std::exchange(below, above));
      const std::vector<HostId>& taken = children[candidate];
      const auto useless = std::find_if(taken.begin(), taken.end(), [&](HostId h) { return at(h).places_ == 0; });
      const bool free = taken.size() < at(candidate).places_;
      if (delay >= best || (!free && (places_ == 0 || useless == taken.end()))) continue;
      best = delay;
      place = candidate;
      displaced = free ? kNobody : *useless;
    }
    if (displaced != kNobody) at(displaced).place_ = kNobody;
    return place;
  }

  const std::uint32_t places_;
  std::vector<Child> children_;
  Instant alive_said_{};
  HostId place_ = kNobody;
  HostId parent_ = kNobody;
  bool accepted_ = false;
  Instant asked_parent_{};
  Instant heard_{Duration(-std::chrono::hours(1))};  // from the parent
  Duration round_trip_{};
  std::map<std::uint64_t, Instant> came_late_;  // because it was asked for
  std::map<std::uint64_t, Asked> asked_;        // for what is missing
};

}  // namespace

std::unique_ptr<SchemeHost> make_tree_host(Stage& stage, HostId host) {
  return std::make_unique<TreeHost>(stage, host);
}

}  // namespace spate::sim
