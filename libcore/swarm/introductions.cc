#include "libcore/swarm/introductions.h"

#include <algorithm>
#include <vector>

namespace spate::swarm {
namespace {

constexpr std::size_t kLooks = 64;        // at peers, for one answer
constexpr std::size_t kManyChildren = 8;  // who has more is asked by many
constexpr std::size_t kPeersOfMany = 6;
constexpr Duration kUnknownWay = std::chrono::seconds(5);  // of whoever has not answered a ping yet
constexpr Duration kNear = std::chrono::milliseconds(60);
constexpr unsigned kFewStripes = 4;  // whoever passes on its home, and some others

// One that may be named, in the order of naming. All of the record is the peer's own word; the rest is not.
struct Known {
  wire::PeerRecord record;
  bool child = false;       // takes the stream from us, and reports
  StripeMask takes = 0;     // from us
  Duration way_to_it = {};  // half of its round trip: what it has from here is later by that

  bool asker_near = false;

  bool few_stripes() const { return count(record.home) <= kFewStripes; }
  // Who is near us is about as far from it as we are.
  Duration lag() const {
    const Duration its = std::chrono::microseconds(record.lag_us);
    return asker_near ? its + way_to_it : std::max(its, way_to_it);
  }
};
bool named_before(const Known& a, const Known& b) {
  if ((a.record.free_slots > 0) != (b.record.free_slots > 0)) return a.record.free_slots > 0;
  if (a.child != b.child) return a.child;
  if (a.few_stripes() != b.few_stripes()) return a.few_stripes();
  if (a.lag() != b.lag()) return a.lag() < b.lag();
  return a.record.key < b.record.key;
}

// Leaves so many. Of those that pass on one stripe each, few are named: the last place is for whoever passes on most of
// the stripes that those before it leave open, if that is more than one. Of those count only what it has from us, or
// one that claims everything would always have that place.
void shorten(std::vector<Known>& known, std::size_t most, StripeMask wanted) {
  if (known.size() <= most) return;
  const auto last = known.begin() + static_cast<std::ptrdiff_t>(most) - 1;
  for (auto it = known.begin(); it != last; ++it)
    if (it->record.free_slots > 0) wanted &= ~it->record.home;
  const auto gives = [&](const Known& k) {
    return k.record.free_slots > 0 ? count(k.record.home & k.takes & wanted) : 0;
  };
  const auto best =
      std::max_element(last, known.end(), [&](const Known& a, const Known& b) { return gives(a) < gives(b); });
  if (gives(*best) > 1) std::iter_swap(last, best);
  known.resize(most);
}

}  // namespace

std::optional<wire::PeerRecord> Introductions::record_of(const Peer& peer) const {
  if (!endpoint_.established(peer.session)) return std::nullopt;
  if (serves_nobody(peer) || peers_.over_tcp(peer.session)) return std::nullopt;
  wire::PeerRecord record{peer.key, endpoint_.address(peer.session), 0, 0, 0};
  if (peer.distance != Duration::max())
    record.round_trip_ms = static_cast<std::uint16_t>(
        std::min<std::int64_t>(peer.distance / std::chrono::milliseconds(1), wire::PeerRecord::kRoundTripUnknown));
  if (const wire::Report* const report = children_.report_of(peer.session)) {
    record.free_slots = report->free_slots;
    record.lag_us = report->lag_us;
    record.home = children_.passed_on_by(peer.session);
    return record;
  }
  if (!peer.status || !peer.status->receiving) return std::nullopt;
  record.free_slots = peer.status->free_slots;
  record.lag_us = peer.status->lag_us;
  record.home = peer.status->home;
  return record;
}

bool Introductions::serves_nobody(const Peer& peer) const {
  if (const wire::Report* const report = children_.report_of(peer.session)) return report->slots == 0;
  return peer.status && peer.status->slots == 0;
}

wire::Peers Introductions::for_asker(const Peer& asker, StripeMask wanted) const {
  std::vector<Known> known;
  const bool asker_near = asker.distance < kNear;
  const auto add = [&](const Peer& peer) {
    if (peer.session == asker.session) return;
    const Duration way = peer.distance == Duration::max() ? kUnknownWay : peer.distance / 2;
    if (const auto record = record_of(peer))
      known.push_back(
          {*record, children_.report_of(peer.session) != nullptr, children_.stripes(peer.session), way, asker_near});
  };
  const auto& all = peers_.all();
  children_.for_each([&](session::SessionId child) {
    if (const auto it = all.find(child); it != all.end()) add(it->second);
  });
  // Of many peers those that follow the asker's session: each asker is told of others.
  auto it = all.upper_bound(asker.session);
  for (std::size_t looks = asks_ ? std::min(all.size(), kLooks) : 0; looks > 0; --looks, ++it) {
    if (it == all.end()) it = all.begin();
    if (!children_.has(it->first)) add(it->second);
  }
  std::sort(known.begin(), known.end(), named_before);
  wire::Peers peers;
  StripeMask open = wanted;
  std::stable_partition(known.begin(), known.end(), [&](const Known& k) {
    if (k.record.free_slots == 0 || (k.record.home & open) == 0) return false;
    open &= ~k.record.home;
    return true;
  });
  shorten(known, children_.size() > kManyChildren ? kPeersOfMany : wire::kPeersMax, wanted);
  for (const Known& k : known) peers.peers.push_back(k.record);
  return peers;
}

}  // namespace spate::swarm
