#include "libcore/swarm/attending.h"

#include <map>
#include <vector>

#include "libcore/swarm/ways.h"

namespace spate::swarm {
namespace {

constexpr unsigned kSilentRounds = 3;
constexpr Duration kParitySilent = std::chrono::seconds(1);

}  // namespace

void Attending::handle_deadline(Instant now) {
  if (now < at_) return;
  leave_dead(now);
  attend_silence(now);
  leave_silent(now);
  tell_of_mute(now);
  if (starving(now)) leave_useless(now);
  at_ = house_.attachment.attached() ? now + (house_.parents.size() == 1 ? kIntervalOne : kInterval) : kNever;
}

void Attending::leave_dead(Instant now) {
  std::vector<session::SessionId> gone;
  house_.parents.for_each([&](session::SessionId session, StripeMask gives) {
    if (dead(session, gives, now)) gone.push_back(session);
  });
  for (const session::SessionId session : gone) {
    if (house_.peers.find(session) == nullptr)
      house_.leaving.on_lost(house_.parents.forget(session), now);
    else
      house_.leaving.close(session, now);
  }
}

// Those that have had a stripe from nobody for too long, too.
void Attending::leave_silent(Instant now) {
  std::map<session::SessionId, StripeMask> leave;
  std::vector<session::SessionId> suspects;
  const Parents& parents = house_.parents;
  for_each_stripe(parents.served(), [&](unsigned stripe) {
    const auto parent = parents.parent(stripe);
    if (!parent) return;
    const Instant orphaned = parents.orphaned_since(stripe);
    // As long as its stripe flows, repaired on its way or regenerated, it is better than the search for another.
    const Duration patience = now - parents.last(stripe) < kStripeSilent ? kOrphanFlowsPatience : kOrphanPatience;
    const bool orphan = orphaned != kNever && now - orphaned >= patience;
    if (!orphan && now - parents.last(stripe) >= kSuspect && late(stripe, 1, now)) {
      if (now >= doubts_from_ && house_.endpoint.doubt(*parent, now)) doubts_from_ = now + kDoubtSpacing;
      if (overdue(stripe, 1, now)) suspects.push_back(*parent);
    }
    if (!orphan && !stripe_silent(stripe, now)) return;
    house_.peers.find(*parent)->refuse(bit(stripe), now + (orphan ? Leaving::kRefused : Leaving::kSilentRefused));
    leave[*parent] |= bit(stripe);
  });
  for (const session::SessionId suspect : suspects)
    if (now - house_.endpoint.last_received(suspect) >= kSuspect) house_.peers.ping(*house_.peers.find(suspect), now);
  for (const auto& [parent, stripes] : leave) house_.leaving.leave(parent, stripes, now);
}

void Attending::tell_of_mute(Instant now) {
  StripeMask mute = 0;
  house_.parents.for_each([&](session::SessionId session, StripeMask gives) {
    const Peer* const peer = house_.peers.find(session);
    if (peer != nullptr && house_.peers.mute(*peer, now)) mute |= gives;
  });
  house_.reception.on_mute(mute, now);
}

void Attending::attend_silence(Instant now) {
  // Else there may just be nothing to say.
  const bool more = publisher_has_more() || house_.reception.seen() > house_.reception.stored_end();
  if (!house_.attachment.attached() || silence(now) < kNothingComes || !more) {
    asks_after_ = kNothingComes;
    return;
  }
  const bool asks = silence(now) >= asks_after_;
  if (asks) asks_after_ *= 2;
  house_.parents.for_each([&](session::SessionId session, StripeMask) {
    house_.endpoint.doubt(session, now);
    if (Peer* const peer = house_.peers.find(session); asks && peer != nullptr) house_.peers.ping(*peer, now);
  });
}

void Attending::leave_useless(Instant now) {
  std::vector<session::SessionId> all;
  house_.parents.for_each([&](session::SessionId session, StripeMask) { all.push_back(session); });
  for (const session::SessionId session : all) {
    house_.peers.find(session)->useless_until = now + kUseless;
    house_.leaving.leave(session, house_.parents.all(), now);
  }
}

bool Attending::dead(session::SessionId session, StripeMask gives, Instant now) const {
  const Peer* const peer = house_.peers.find(session);
  if (peer == nullptr) return true;
  const Duration silence = now - house_.endpoint.last_received(session);
  if (!house_.reception.striping().mostly(gives)) return silence >= kDeadPart;
  return silence >= std::clamp(4 * peer->rtt.smoothed() + std::chrono::milliseconds(300), kDeadMin, kDeadMax);
}

// Late, and somebody else may have it sooner.
bool Attending::overdue(unsigned stripe, unsigned rounds, Instant now) const {
  // Nobody has it sooner than the publisher, who may be short of upload.
  const Peer* const parent = house_.peers.find(*house_.parents.parent(stripe));
  return (parent == nullptr || !parent->surely_publisher()) && late(stripe, rounds, now);
}

// `rounds` of the other stripes have come since its next shard was due; of parity, which comes once a block, none for
// kParitySilent.
bool Attending::late(unsigned stripe, unsigned rounds, Instant now) const {
  const Parents& parents = house_.parents;
  const Striping& striping = house_.reception.striping();
  if (parents.orphaned_since(stripe) != kNever) return false;  // its parent knows, and looks for another
  if (stripe >= striping.data)
    return now - parents.last(stripe) >= kParitySilent && now - house_.reception.last_stored() < kStripeSilent;
  const std::uint64_t next = parents.next(stripe);
  const std::uint64_t due = next + (stripe + striping.data - striping.of(next)) % striping.data;
  return house_.reception.stored_end() > due + std::uint64_t{rounds} * striping.data;
}

bool Attending::stripe_silent(unsigned stripe, Instant now) const {
  if (!overdue(stripe, kSilentRounds, now)) return false;
  const Parents& parents = house_.parents;
  const auto path = parents.path(stripe);
  const auto hops = static_cast<std::int64_t>(path ? path->size() : 1);
  // One that has spoken since lacks it itself, and does what it can.
  const bool speaks = house_.endpoint.last_received(*parents.parent(stripe)) > parents.last(stripe) + kSuspect;
  // Nor is one silent whose uplink holds up all that it says.
  const Peer* const parent = house_.peers.find(*parents.parent(stripe));
  const Duration answer = parent == nullptr ? kStripeSilent : parent->rtt.timeout();
  const Duration patience = speaks ? kSpeaksSilent : std::clamp(2 * answer, kStripeSilent, kSpeaksSilent);
  return now - parents.last(stripe) >= patience + hops * kStripeSilentPerHop;
}

// The publisher's own word says that there is more, and nothing comes. Those nearer to the publisher notice first, so
// that not everybody below one bad parent looks for another at once.
bool Attending::starving(Instant now) const {
  if (!house_.attachment.attached() || !publisher_has_more()) return false;
  const auto hops = static_cast<std::int64_t>(depth(house_.parents));
  return silence(now) >= kStarved + hops * kStarvedPerHop;
}

// For how long nothing has come, whoever sends it.
Duration Attending::silence(Instant now) const {
  return now - std::max(house_.reception.last_stored(), house_.attachment.since());
}

// By its own word.
bool Attending::publisher_has_more() const {
  const auto& info = house_.reception.info();
  return info && info->head > house_.reception.stored_end();
}

}  // namespace spate::swarm
