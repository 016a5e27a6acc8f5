#include "libcore/swarm/member.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kRefusedByPublisher = std::chrono::seconds(2);  // the whole swarm asks it

}  // namespace

Member::Member(const JoinConfig& config, std::uint32_t window_bytes, const House& house, Instant now)
    : relay_(!config.output),
      self_(wire::short_id(house.self.node.public_key)),
      house_(house),
      parents_(window_bytes, self_, {house.endpoint, house.outbox, house.peers, house.children, house.reception}),
      clock_(parents_, house.peers),
      attachment_(config, parents_, house.reception, now),
      wants_(parents_, now),
      leaving_({house.endpoint, house.peers, house.children, house.reception, parents_, candidates_, clock_,
                attachment_, wants_}),
      dials_(config.tcp, {house.endpoint, house.service, house.outbox, house.peers, candidates_}),
      offers_(self_, {house.peers, house.children, house.reception, parents_, wants_}),
      inquiring_({house.endpoint, house.peers, house.children, house.reception, attachment_, wants_}),
      seeking_(self_, {house.peers, house.children, house.reception, parents_, candidates_, attachment_, wants_,
                       leaving_, dials_, inquiring_, offers_, house.upload}),
      attending_({house.endpoint, house.peers, house.reception, parents_, attachment_, leaving_}),
      fallback_(config.tcp, {house.endpoint, house.peers, candidates_, leaving_, dials_}),
      acquaintances_(!config.output,
                     {house.endpoint, house.outbox, house.peers, house.children, parents_, candidates_, dials_}),
      exploring_({house.peers, house.reception, parents_, clock_, wants_, acquaintances_, offers_}),
      requests_({house.outbox, house.peers, house.children, house.reception, parents_, house.upload}) {
  for (const Host& host : config.hosts) candidates_.add_pinned(host);
}

// By a neighbour's word, as far as what the publisher has signed bears it out.
std::optional<std::uint64_t> Member::media_now(Instant now) const {
  const auto told = clock_.media_us(now);
  return told ? std::optional(house_.reception.believable(*told, now)) : std::nullopt;
}

Duration Member::parent_rtt() const {
  std::optional<Duration> least;
  parents_.for_each([&](session::SessionId session, StripeMask) {
    const Peer* const peer = house_.peers.find(session);
    if (peer != nullptr && peer->rtt.known()) least = std::min(least.value_or(Duration::max()), peer->rtt.smoothed());
  });
  return least.value_or(Duration::zero());
}

// Sessions.

void Member::on_established(Peer& peer, Instant now) {
  const bool ours = dials_.on_established(peer.session);
  peer.pinned = candidates_.pinned(peer.key);
  candidates_.on_success(peer.key);
  fallback_.on_established(peer, now);
  serve_or_not();
  const StripeMask lacking = wants_.stripes();
  if (lacking == 0 && !ours) return;
  house_.peers.inquire(peer, lacking, now);
  if (lacking != 0) wants_.seek_soon(now);
}

// Who is reached over TCP only is reached by nobody but those that it called. A relay listens for TCP, too.
void Member::serve_or_not() {
  if (!relay_) house_.children.close(house_.peers.over_tcp_only());
}

void Member::on_gone(session::SessionId session, const crypto::NodeKey& peer, Instant now) {
  dials_.on_gone(session);
  candidates_.on_failure(peer, now);
  leaving_.on_lost(parents_.forget(session), now);
  if (wants_.stripes() != 0) wants_.seek_soon(now);
}

// Messages.

void Member::on_status(Peer& peer, Instant now) {
  if (is_parent(peer.session)) drop_looped(peer, parents_.served(), now);
  if (wants_.striped() && wants_.stripes() != 0) seeking_.seek(now);
}

// A parent whose way leads back to us has lost those stripes: of `given`, what we have from nobody now.
void Member::drop_looped(Peer& peer, StripeMask given, Instant now) {
  if (parents_.on_status(peer, now)) return;
  const StripeMask looped = given & ~parents_.served();
  peer.refuse(looped, now + Leaving::kRefused);
  leaving_.on_lost(looped, now);
}

void Member::on_peers(session::SessionId from, const wire::Peers& peers, Instant now) {
  for (const wire::PeerRecord& record : peers.peers) hear(from, record, now);
}

// The candidate that it is, if it is one now. Whoever names somebody has checked what it passes on: it answers for
// that.
const Candidate* Member::hear(session::SessionId from, const wire::PeerRecord& record, Instant now) {
  Peer* const introducer = house_.peers.find(from);
  if (house_.peers.hosts_only()) return nullptr;
  if (introducer == nullptr || record.record.key == house_.self.key) return nullptr;
  const Duration life = RecordCheck::life(record.record, house_.reception.stream_seconds(now));
  if (life <= Duration::zero() || !house_.peers.may_tell(from, record.record.address)) return nullptr;
  Duration round_trip = Duration::max();
  if (introducer->distance != Duration::max() && record.round_trip_ms != wire::PeerRecord::kRoundTripUnknown)
    round_trip = introducer->distance + std::chrono::milliseconds(record.round_trip_ms);
  if (!candidates_.update(record, from, now, round_trip)) {
    if (!introducer->records.take(1, now)) return nullptr;
    crypto::NodeKey node;
    const RecordCheck::Verdict verdict = house_.records.judge(record.record, node, now);
    if (verdict == RecordCheck::Verdict::kForged) {
      ++forged_records_;
      candidates_.on_parted(introducer->key, introducer->distance, now);
      leaving_.close(from, now);
    }
    if (verdict != RecordCheck::Verdict::kRight) return nullptr;
    candidates_.add_hearsay(record, node, from, life, now, round_trip);
  }
  return candidates_.find(record.record.key);
}

void Member::on_subscribe_reply(Peer& peer, const wire::SubscribeReply& reply, Instant now) {
  if (!wants_.striped()) return;
  if (reply.stripes != 0 && !house_.reception.started() && !believable_start(reply.first)) {
    peer.refuse(parents_.all(), now + Attending::kUseless);
    return leaving_.leave(peer.session, parents_.all(), now);
  }
  const StripeMask served = parents_.served();
  const Duration refused_for = peer.says_publisher() ? kRefusedByPublisher : Leaving::kRefused;
  const StripeMask fresh = parents_.on_reply(peer, reply, refused_for, now);
  peer.sends_until = is_parent(peer.session) ? kNever : std::min(peer.sends_until, now + Leaving::kSendsAfter);
  leaving_.on_lost(served & ~parents_.served(), now);
  if (fresh != 0) welcome(peer, fresh, reply.first, now);
  if (wants_.stripes() != 0) seeking_.seek(now);
}

// The publisher's own word bounds where the stream can be: beyond it we would wait for what never comes.
bool Member::believable_start(std::uint64_t first) const {
  const std::uint64_t head = house_.reception.info()->head;
  return (first > head ? first - head : head - first) <= stream::Store::kSlots;
}

// It gives us these from `first` on.
void Member::welcome(Peer& peer, StripeMask fresh, std::uint64_t first, Instant now) {
  attachment_.on_accepted(now);
  house_.reception.start(first, media_now(now), now);
  house_.reception.on_new_parent(fresh, now);
  drop_looped(peer, fresh, now);
  seeking_.on_parent();
  if (attachment_.on_parent()) house_.events.push_back(Joined{house_.stream});
  house_.events.push_back(ParentChanged{house_.stream, house_.endpoint.address(peer.session), fresh});
  attending_.on_parent(now);
  exploring_.on_parent(now);
}

void Member::on_displaced(session::SessionId from, const wire::Displaced& displaced, Instant now) {
  // Once is enough: a parent may not make us call whom it likes.
  const StripeMask stripes = displaced.stripes & parents_.from(from) & ~parents_.ending();
  if (stripes == 0) return;
  parents_.on_displaced(from, stripes, now);
  if (Peer* const peer = house_.peers.find(from)) peer->refuse(stripes, now + Leaving::kSilentRefused);
  wants_.on_lost(stripes, now);
  if (displaced.by.record.key == crypto::IdentityKey{}) return;
  const Candidate* const candidate = hear(from, displaced.by, now);
  if (candidate == nullptr) return;
  if (Peer* const peer = house_.peers.find_key(candidate->key))
    house_.peers.inquire(*peer, stripes, now);
  else if (now < candidate->expires)
    dials_.dial(*candidate, now);
}

void Member::on_hole(const Peer& peer, const wire::Hole& hole, Instant now) {
  if (!is_parent(peer.session)) return;
  const bool only = parents_.from(peer.session) == parents_.all();
  house_.reception.on_hole(hole, peer.surely_publisher() || only, now);
  on_received(now);
}

void Member::on_head(const Peer& peer, const wire::Head& head, Instant now) {
  // It speaks of what it sends us only.
  if (!is_parent(peer.session) || parents_.from(peer.session) != parents_.all()) return;
  house_.reception.on_head(head.next, now);
  on_received(now);
}

void Member::on_bye(Peer& peer, const wire::Bye& bye, Instant now) {
  // At the end of the run nobody else has more than we do, unless something is still missing.
  if (bye.reason == wire::ByeReason::kDisplaced) {  // others may come again under the same key
    peer.parted = true;
    candidates_.on_parted(peer.key, peer.distance, now);
  }
  const bool ended = bye.reason == wire::ByeReason::kEnded;
  leaving_.on_lost(parents_.forget(peer.session), now);
  peer.refuse(wire::kAllStripes, now + (ended ? std::chrono::seconds(1) : std::chrono::seconds(10)));
}

void Member::begin_run(Instant now) {
  const Striping& striping = house_.reception.striping();
  clock_.begin();
  attachment_.begin_run(now);
  // Sequences of the old run mean nothing now.
  parents_.begin(striping);
  wants_.begin_run(striping, now);
  exploring_.begin_run(striping);
  house_.children.set_home(relay_ ? parents_.all() : 0);  // a watcher chooses anew
}

void Member::on_received(Instant now) {
  if (house_.reception.take_jump()) parents_.report_soon(now);
  parents_.on_received(now);
  requests_.send(now);
}

// Time.

void Member::handle_deadline(Instant now) {
  fallback_.handle_deadline(now);
  serve_or_not();
  parents_.handle_deadline(now);
  leaving_.on_lost(parents_.take_ended(now), now);
  if (wants_.striped() && wants_.stripes() != 0 && wants_.seek_at() == kNever) wants_.seek_soon(now);
  requests_.send(now);
  attending_.handle_deadline(now);
  exploring_.handle_deadline(now);
  if (now >= wants_.seek_at()) seeking_.seek(now);
  clock_.handle_deadline();
}

Instant Member::next_deadline() const {
  return std::min({parents_.next_deadline(), wants_.seek_at(), attending_.next_deadline(), exploring_.next_deadline(),
                   fallback_.next_deadline()});
}

}  // namespace spate::swarm
