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

// One that may be named, in the order of naming. All of `told` is the peer's own word, but for the round trip; the rest
// is not.
struct Known {
  Peer* peer = nullptr;
  Introductions::Word told;
  bool child = false;       // takes the stream from us, and reports
  StripeMask takes = 0;     // from us
  Duration way_to_it = {};  // half of its round trip: what it has from here is later by that

  bool asker_near = false;

  bool few_stripes() const { return count(told.home) <= kFewStripes; }
  // Who is near us is about as far from it as we are.
  Duration lag() const {
    const Duration its = std::chrono::microseconds(told.lag_us);
    return asker_near ? its + way_to_it : std::max(its, way_to_it);
  }
};
bool named_before(const Known& a, const Known& b) {
  if ((a.told.free_slots > 0) != (b.told.free_slots > 0)) return a.told.free_slots > 0;
  if (a.child != b.child) return a.child;
  if (a.few_stripes() != b.few_stripes()) return a.few_stripes();
  if (a.lag() != b.lag()) return a.lag() < b.lag();
  return a.peer->key < b.peer->key;
}

// Leaves so many. Of those that pass on one stripe each, few are named: the last place is for whoever passes on most of
// the stripes that those before it leave open, if that is more than one. Of those count only what it has from us, or
// one that claims everything would always have that place.
void shorten(std::vector<Known>& known, std::size_t most, StripeMask wanted) {
  if (known.size() <= most) return;
  const auto last = known.begin() + static_cast<std::ptrdiff_t>(most) - 1;
  for (auto it = known.begin(); it != last; ++it)
    if (it->told.free_slots > 0) wanted &= ~it->told.home;
  const auto gives = [&](const Known& k) { return k.told.free_slots > 0 ? count(k.told.home & k.takes & wanted) : 0; };
  const auto best =
      std::max_element(last, known.end(), [&](const Known& a, const Known& b) { return gives(a) < gives(b); });
  if (gives(*best) > 1) std::iter_swap(last, best);
  known.resize(most);
}

}  // namespace

void Introductions::on_record(Peer& peer, const wire::Record& record, Instant now) const {
  if (peer.record_forged || record.address != house_.endpoint.address(peer.session)) return;
  if (has_record(peer, now) && static_cast<std::int32_t>(record.made - peer.record->made) <= 0) return;
  if (now < peer.record_next) return;
  peer.record_next = now + kRecordSpacing;
  peer.record = record;
  peer.record_right = false;
}

bool Introductions::has_record(const Peer& peer, Instant now) const {
  return peer.record && peer.record->address == house_.endpoint.address(peer.session) &&
         RecordCheck::life(*peer.record, house_.own.stream_seconds(now)) > Duration::zero();
}

std::optional<wire::Record> Introductions::record_of(Peer& peer, Instant now) const {
  if (!house_.endpoint.established(peer.session) || !has_record(peer, now)) return std::nullopt;
  if (peer.record_right) return peer.record;
  crypto::NodeKey key;
  const RecordCheck::Verdict verdict = house_.records.judge(*peer.record, key, now);
  if (verdict == RecordCheck::Verdict::kNotNow) return std::nullopt;
  peer.record_right = verdict == RecordCheck::Verdict::kRight && key == peer.key;
  if (peer.record_right) return peer.record;
  peer.record_forged = true;
  peer.record.reset();
  return std::nullopt;
}

std::optional<Introductions::Word> Introductions::told_of(const Peer& peer, Instant now) const {
  if (!peer.record || !house_.endpoint.established(peer.session)) return std::nullopt;
  if (serves_nobody(peer) || !has_record(peer, now)) return std::nullopt;
  Word told;
  if (peer.distance != Duration::max())
    told.round_trip_ms = static_cast<std::uint16_t>(
        std::min<std::int64_t>(peer.distance / std::chrono::milliseconds(1), wire::PeerRecord::kRoundTripUnknown));
  if (const wire::Report* const report = house_.children.report_of(peer.session)) {
    told.free_slots = report->free_slots;
    told.lag_us = report->lag_us;
    told.home = house_.children.passed_on_by(peer.session);
    return told;
  }
  if (!peer.status || !peer.status->receiving) return std::nullopt;
  told.free_slots = peer.status->free_slots;
  told.lag_us = peer.status->lag_us;
  told.home = peer.status->home;
  return told;
}

bool Introductions::serves_nobody(const Peer& peer) const {
  if (const wire::Report* const report = house_.children.report_of(peer.session)) return report->slots == 0;
  return peer.status && peer.status->slots == 0;
}

Introductions::Named Introductions::for_asker(const Peer& asker, StripeMask wanted, Instant now) const {
  const Children& children = house_.children;
  std::vector<Known> known;
  const bool asker_near = asker.distance < kNear;
  const auto add = [&](Peer& peer) {
    if (peer.session == asker.session) return;
    const Duration way = peer.distance == Duration::max() ? kUnknownWay : peer.distance / 2;
    if (const auto told = told_of(peer, now))
      known.push_back(
          {&peer, *told, children.report_of(peer.session) != nullptr, children.stripes(peer.session), way, asker_near});
  };
  auto& all = house_.peers.all();
  children.for_each([&](session::SessionId child) {
    if (Peer* const peer = house_.peers.find(child)) add(*peer);
  });
  // Of many peers those that follow the asker's session: each asker is told of others.
  auto it = all.upper_bound(asker.session);
  for (std::size_t looks = asks_ ? std::min(all.size(), kLooks) : 0; looks > 0; --looks, ++it) {
    if (it == all.end()) it = all.begin();
    if (const auto& [session, peer] = *it; !children.has(session)) add(peer);
  }
  std::sort(known.begin(), known.end(), named_before);
  StripeMask open = wanted;
  std::stable_partition(known.begin(), known.end(), [&](const Known& k) {
    if (k.told.free_slots == 0 || (k.told.home & open) == 0) return false;
    open &= ~k.told.home;
    return true;
  });
  shorten(known, children.size() > kManyChildren ? kPeersOfMany : kNamed, wanted);
  Named named;
  for (const Known& k : known) {
    const auto record = record_of(*k.peer, now);
    if (!record) continue;
    named.push_back({*record, k.told.free_slots, k.told.lag_us, k.told.home, k.told.round_trip_ms});
  }
  return named;
}

}  // namespace spate::swarm
