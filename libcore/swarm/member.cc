#include "libcore/swarm/member.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kSeekInterval = std::chrono::milliseconds(25);
constexpr Duration kGather = std::chrono::milliseconds(60);        // for better parents, once one is found
constexpr Duration kGatherMax = std::chrono::milliseconds(700);    // for as many as it takes to play
constexpr Duration kDialHope = std::chrono::milliseconds(300);     // an unanswered dial is hoped for so long
constexpr Duration kStatusFresh = std::chrono::milliseconds(250);  // while seeking
constexpr Duration kStatusStale = std::chrono::seconds(2);         // while seeking in vain
constexpr Duration kStatusCurrent = std::chrono::seconds(15);      // older words are not acted upon
constexpr std::size_t kFewPeers = 4;
constexpr Duration kPinnedRepeat = std::chrono::seconds(5);
constexpr Duration kPinnedRepeatFew = std::chrono::milliseconds(250);
constexpr std::size_t kInVainInquiries = 3;  // a time, then
constexpr Duration kSeekIntervalInVain = std::chrono::milliseconds(200);
constexpr Duration kSeekIntervalLeaf = std::chrono::milliseconds(800);
constexpr Duration kInquiryRepeat = std::chrono::milliseconds(100);
constexpr Duration kInquiryPatience = std::chrono::milliseconds(1'500);
constexpr Duration kOtherAddress = std::chrono::milliseconds(750);  // then the host's next address is tried
constexpr Duration kPinnedGiveUp = std::chrono::seconds(10);
constexpr Duration kHearsayGiveUp = std::chrono::seconds(2);
constexpr Duration kRefused = std::chrono::milliseconds(500);
constexpr Duration kRefusedByPublisher = std::chrono::seconds(2);  // the whole swarm asks it
constexpr Duration kSilentRefused = std::chrono::seconds(2);
constexpr Duration kUseless = std::chrono::seconds(10);  // the last choice, so long after it sent nothing
constexpr Duration kInVain =
    std::chrono::seconds(1);  // a stripe that has been sought so long will not be found at once
constexpr Duration kScatter = std::chrono::milliseconds(50);
constexpr Duration kJoinScatter = std::chrono::milliseconds(4);
constexpr Duration kScatterTurn = std::chrono::milliseconds(100);
constexpr Duration kHomesOnly = std::chrono::milliseconds(150);  // a stripe is sought so long before we are guests
constexpr unsigned kSilentRounds = 3;
constexpr Duration kParitySilent = std::chrono::seconds(1);
// Questions for repairs: so many a second, or an eighth of the stream's shards if that is more.
constexpr std::uint64_t kRequestsPerSecond = 48;
constexpr std::uint64_t kRequestsBurst = 32;
constexpr Duration kAttendInterval = std::chrono::milliseconds(50);
constexpr Duration kExploreInterval = std::chrono::seconds(1);
constexpr std::size_t kExploreRound = 12;  // intervals until everybody has been asked
constexpr unsigned kNamesEvery = 16;       // of those asked how they are one is asked to name others
// So long it is then left alone, twice as long each time: what others say of their lags is not all there is to it.
constexpr Duration kImprovementRest = std::chrono::seconds(3);
constexpr int kImprovementDoublings = 5;
constexpr unsigned kImprovements = 6;                      // at a time
constexpr Duration kSendsAfter = std::chrono::seconds(2);  // what a parent sent before it knew that it is none any more
// What counts against a parent beside the delay: that it is a leaf of the stripe; that it gives us others already, for
// one failure must not cost more than the parity can bear.
constexpr Duration kPublisherCost = std::chrono::seconds(1);
constexpr Duration kGuestCost = std::chrono::milliseconds(20);
constexpr Duration kDisplacingCost = std::chrono::milliseconds(150);  // to somebody else, who must look again
constexpr Duration kTwiceCost = std::chrono::milliseconds(20);
constexpr unsigned kStripesOfOne = 2;
// A stripe changes its parent if it comes so much sooner, and a tenth.
constexpr Duration kImprovement = std::chrono::milliseconds(15);

}  // namespace

Member::Member(const JoinConfig& config, std::uint32_t window_bytes, wire::ShortId self, const House& house,
               Instant now)
    : config_(config),
      self_(self),
      house_(house),
      parents_(window_bytes, self, {house.endpoint, house.outbox, house.peers, house.children, house.reception}),
      seek_at_(now),
      unattached_since_(now),
      requests_left_(kRequestsPerSecond, kRequestsBurst) {
  for (const Host& host : config.hosts) candidates_.add_pinned(host);
}

// What others know.

StripeMask Member::flowing() const {
  StripeMask flowing = 0;
  for_each_stripe(parents_.served(), [&](unsigned s) {
    if (parents_.path(s)) flowing |= bit(s);
  });
  return flowing;
}

std::size_t Member::depth() const {
  std::size_t depth = 0;
  for_each_stripe(parents_.served(), [&](unsigned s) {
    if (const auto path = parents_.path(s)) depth = std::max(depth, path->size());
  });
  return depth;
}

// One peer's word is followed as long as it is a parent: two estimates differ by more than a clock does in a while.
Peer* Member::clock_peer() const {
  const auto usable = [&](session::SessionId session) -> Peer* {
    Peer* const peer = house_.peers.find(session);
    return peer != nullptr && peer->clock.known() ? peer : nullptr;
  };
  if (clock_peer_ && is_parent(*clock_peer_))
    if (Peer* const peer = usable(*clock_peer_)) return peer;
  Peer* nearest = nullptr;
  parents_.for_each([&](session::SessionId session, StripeMask) {
    Peer* const peer = usable(session);
    if (peer != nullptr && (nearest == nullptr || peer->rtt.smoothed() < nearest->rtt.smoothed())) nearest = peer;
  });
  return nearest;
}

std::optional<std::uint64_t> Member::media_now(Instant now) const {
  if (const Peer* const peer = clock_peer()) return peer->clock.media_us(now);
  if (clock_.known()) return clock_.media_us(now);
  return std::nullopt;
}

Duration Member::parent_rtt() const {
  std::optional<Duration> least;
  parents_.for_each([&](session::SessionId session, StripeMask) {
    const Peer* const peer = house_.peers.find(session);
    if (peer != nullptr && peer->rtt.known()) least = std::min(least.value_or(Duration::max()), peer->rtt.smoothed());
  });
  return least.value_or(Duration::zero());
}

// Inputs.

void Member::on_established(Peer& peer, Instant now) {
  const bool ours = dials_.erase(peer.session) > 0;
  candidates_.on_success(peer.key);
  const StripeMask lacking = wanted();
  if (striped_ && lacking == 0 && !ours) return;
  house_.peers.inquire(peer, lacking, now);
  if (!striped_ || lacking != 0) seek_soon(now);
}

void Member::on_gone(session::SessionId session, const crypto::NodeKey& peer, Instant now) {
  dials_.erase(session);
  candidates_.on_failure(peer, now);
  on_lost(parents_.forget(session), now);
  if (!striped_ || wanted() != 0) seek_soon(now);
}

void Member::on_status(Peer& peer, Instant now) {
  if (is_parent(peer.session)) {
    const StripeMask before = parents_.served();
    if (!parents_.on_status(peer, now)) {
      peer.refuse(before & ~parents_.served(), now + kRefused);
      on_lost(before & ~parents_.served(), now);
    }
  }
  if (striped_ && wanted() != 0) seek(now);
}

void Member::on_peers(session::SessionId from, const wire::Peers& peers) {
  for (const wire::PeerRecord& record : peers.peers)
    if (wire::short_id(record.key) != self_) candidates_.add_hearsay(record, from);
}

void Member::on_subscribe_reply(Peer& peer, const wire::SubscribeReply& reply, Instant now) {
  // The publisher's own word bounds where the stream can be: beyond it we would wait for what never comes.
  if (!striped_) return;
  const std::uint64_t head = house_.reception.info()->head;
  const std::uint64_t apart = reply.first > head ? reply.first - head : head - reply.first;
  if (reply.stripes != 0 && apart > stream::Store::kSlots) {
    peer.refuse(parents_.all(), now + kUseless);
    return leave_parent(peer.session, parents_.all(), now);
  }
  const StripeMask served = parents_.served();
  const bool publisher = peer.status && peer.status->role == wire::Role::kPublisher;
  const StripeMask fresh = parents_.on_reply(peer, reply, publisher ? kRefusedByPublisher : kRefused, now);
  peer.sends_until = is_parent(peer.session) ? kNever : std::min(peer.sends_until, now + kSendsAfter);
  on_lost(served & ~parents_.served(), now);
  if (fresh != 0) {
    if (!house_.reception.started()) attached_at_ = now;
    house_.reception.start(reply.first, media_now(now), now);
    house_.reception.on_new_parent(fresh, now);
    if (!parents_.on_status(peer, now)) {
      peer.refuse(fresh & ~parents_.served(), now + kRefused);
      on_lost(fresh & ~parents_.served(), now);
    }
    gather_since_ = kNever;
    if (ever_attached_)
      ++switches_;
    else
      house_.events.push_back(Joined{house_.stream});
    ever_attached_ = true;
    house_.events.push_back(ParentChanged{house_.stream, house_.endpoint.address(peer.session), fresh});
    attend_at_ = std::min(attend_at_, now + kAttendInterval);
    explore_at_ = std::min(explore_at_, now + kExploreInterval);
  }
  if (wanted() != 0) seek(now);
}

void Member::on_displaced(session::SessionId from, const wire::Displaced& displaced, Instant now) {
  const StripeMask stripes = displaced.stripes & parents_.from(from);
  if (stripes == 0 || wire::short_id(displaced.by.key) == self_) return;
  parents_.on_displaced(from, stripes, now);
  if (Peer* const peer = house_.peers.find(from)) peer->refuse(stripes, now + kSilentRefused);
  for_each_stripe(stripes, [&](unsigned s) { lacking_since_[s] = now; });
  seek_soon(now);
  if (displaced.by.key == crypto::NodeKey{}) return;
  candidates_.add_hearsay(displaced.by, from);
  if (Peer* const peer = house_.peers.find_key(displaced.by.key)) {
    house_.peers.inquire(*peer, stripes, now);
  } else if (const Candidate* const candidate = candidates_.find(displaced.by.key)) {
    dial(*candidate, now);
  }
}

void Member::on_bye(Peer& peer, const wire::Bye& bye, Instant now) {
  // At the end of the run nobody else has more than we do, unless something is still missing.
  const bool ended = bye.reason == wire::ByeReason::kEnded;
  on_lost(parents_.forget(peer.session), now);
  peer.refuse(wire::kAllStripes, now + (ended ? std::chrono::seconds(1) : std::chrono::seconds(10)));
}

void Member::on_forger(session::SessionId session, Instant now) { close(session, now); }

void Member::begin_run(Instant now) {
  // Media time begins anew, and what was known of it means nothing now. Nor do sequences of the old run.
  clock_ = {};
  clock_peer_.reset();
  for (auto& [session, peer] : house_.peers.all()) peer.clock = {};
  if (attached()) unattached_since_ = now;
  parents_.begin(house_.reception.striping());
  lacking_since_.assign(house_.reception.striping().all(), now);
  improvements_.assign(house_.reception.striping().all(), {});
  striped_ = true;
  if (config_.output == false) house_.children.set_home(parents_.all());
  seek_soon(now);
}

void Member::on_received(Instant now) {
  parents_.on_received(now);
  request_repairs(now);
}

// Seeking.

void Member::seek(Instant now) {
  const StripeMask lacking = wanted();
  if (striped_ && lacking == 0) {
    // What has been asked for may be refused.
    seek_at_ = gather_since_ = kNever;
    return;
  }
  seek_at_ = now + kSeekInterval;
  if (striped_) assign(now);
  if (short_of_upload(now)) return;
  inquire_all(lacking, now);
  dial_for(wanted(), kDialsMax, now);
}

void Member::assign(Instant now) {
  const bool started = house_.reception.started();
  if (house_.children.home() == 0) choose_home();
  std::map<session::SessionId, StripeMask> plan;
  std::map<session::SessionId, bool> as_guest;
  for_each_stripe(wanted(), [&](unsigned stripe) {
    Offer best = best_offer(stripe, false, plan, now);
    if (best.peer == nullptr && guests_allowed(stripe, now)) best = best_offer(stripe, true, plan, now);
    if (best.peer == nullptr) return;
    plan[best.peer->session] |= bit(stripe);
    as_guest[best.peer->session] = as_guest[best.peer->session] || best.guest;
  });
  if (plan.empty()) return;
  if (!started) {
    if (gather_since_ == kNever) gather_since_ = now;
    StripeMask planned = 0;
    for (const auto& [session, stripes] : plan) planned |= stripes;
    const Striping& striping = house_.reception.striping();
    const bool enough = count(planned & first_stripes(striping.data)) + striping.parity >= striping.data;
    const Instant until = gather_since_ + (enough ? kGather : kGatherMax);
    if (now < until && better_may_come(now)) {
      seek_at_ = std::min(seek_at_, until);
      return;
    }
  }
  for (const auto& [session, stripes] : plan) {
    Peer& peer = *house_.peers.find(session);
    peer.sends_until = kNever;
    parents_.ask(peer, stripes, as_guest[session], house_.reception.resume_from(stripes & ~parents_.served()), now);
  }
}

Member::Offer Member::best_offer(unsigned stripe, bool guests, const std::map<session::SessionId, StripeMask>& plan,
                                 Instant now) {
  Offer best;
  const bool in_vain = (wanted() & bit(stripe)) != 0 && now - lacking_since_[stripe] > kInVain;
  const Duration scatter = in_vain ? kScatter : attached() ? Duration::zero() : kJoinScatter;
  const auto turn = in_vain ? static_cast<wire::ShortId>(now.time_since_epoch() / kScatterTurn + stripe) : 0;
  for (auto& [session, peer] : house_.peers.all()) {
    if (parents_.parent(stripe) == session) continue;
    const auto planned = plan.find(session);
    const unsigned taken = planned == plan.end() ? 0 : count(planned->second);
    std::optional<Offer> this_one = offer(peer, stripe, guests, taken, now);
    if (!this_one) continue;
    // What has been sought in vain is short: if everybody asked the best, nearly everybody would be refused.
    if (scatter > Duration::zero()) this_one->cost += scatter * static_cast<int>((peer.short_id ^ self_ ^ turn) % 16);
    if (best.peer == nullptr || this_one->cost < best.cost) best = *this_one;
  }
  return best;
}

// `taken`: as many stripes we are about to ask of it.
std::optional<Member::Offer> Member::offer(Peer& peer, unsigned stripe, bool guests, unsigned taken, Instant now) {
  if (!peer.status || now - peer.status_at > kStatusCurrent || peer.refuses(stripe, now)) return std::nullopt;
  const wire::Status& status = *peer.status;
  if (!status.receiving || status.no_upload || (house_.children.stripes(peer.session) & bit(stripe)) != 0)
    return std::nullopt;
  const std::uint8_t lag = stripe < status.lags.size() ? status.lags[stripe] : wire::kLagNone;
  if (lag == wire::kLagNone) return std::nullopt;
  const bool open = (status.open & bit(stripe)) != 0 && status.free_slots > taken;
  // It has no room, but somebody gives way who is of less use.
  const Standing mine =
      standing(house_.children.passes_on(), house_.children.slots(), stripe, house_.reception.striping());
  const StripeMask yields = mine == kPassesOn      ? status.yields_home | status.home
                            : mine == kContributes ? status.yields
                                                   : StripeMask{0};
  const bool displaces = (yields & bit(stripe)) != 0;
  const bool guest = !open && !displaces;
  const bool full = (status.home & bit(stripe)) != 0;  // of that one
  if (guest && (!guests || full || status.free_slots <= taken)) return std::nullopt;
  const bool for_leaf = !open && displaces && mine != kPassesOn;
  if (for_leaf && taken >= kStripesOfOne) return std::nullopt;
  Duration cost = std::chrono::microseconds(lag * wire::kLagUnitUs) + peer.rtt.smoothed() / 2;
  if (guest) cost += kGuestCost;
  if (for_leaf) cost += kDisplacingCost;
  // A joiner is best served by one at once; improve() sees to the rest.
  if (attached()) cost += crowding(peer, taken + count(parents_.expected_from(peer.session)));
  if (peer.useless_until > now) cost += kUseless;
  return Offer{&peer, cost, (status.home & bit(stripe)) == 0};
}

// What counts against one more stripe from a peer that gives so many: one failure must not cost more than the parity
// can bear. Relays are there to bear it, as long as they have room.
Duration Member::crowding(const Peer& peer, unsigned gives) const {
  const bool relay = peer.status && peer.status->role != wire::Role::kWatcher;
  if (relay && peer.status->free_slots >= peer.status->slots / 2) return {};
  return gives < kStripesOfOne ? Duration{} : kTwiceCost * static_cast<int>(gives - kStripesOfOne + 1);
}

bool Member::guests_allowed(unsigned stripe, Instant now) const {
  // A joiner takes what there is; improve() sees to the rest.
  if (!attached() || now - attached_at_ < kHomesOnly) return true;
  return now - lacking_since_[stripe] >= kHomesOnly || !better_may_come(now);
}

// Somebody has not answered yet who might be nearer.
bool Member::better_may_come(Instant now) const {
  for (const auto& [session, dialled] : dials_)
    if (now - dialled.since < kDialHope) return true;
  for (const auto& [session, peer] : house_.peers.all())
    if (!peer.status && now - peer.inquired_at < kInquiryRepeat) return true;
  return false;
}

// The stripe with the fewest free slots among those we know of; of equals, any.
void Member::choose_home() {
  const unsigned stripes = house_.reception.striping().all();
  if (house_.children.slots() == 0) return;
  std::vector<std::uint32_t> free(stripes);
  const auto add = [&](StripeMask home, std::uint32_t slots) {
    if (2 * count(home) < stripes) for_each_stripe(home & parents_.all(), [&](unsigned s) { free[s] += slots; });
  };
  for (const auto& [session, peer] : house_.peers.all())
    if (peer.status) add(peer.status->home, peer.status->free_slots);
  for (const Candidate& candidate : candidates_.all())
    if (!house_.peers.has_key(candidate.key)) add(candidate.home, candidate.free_slots);
  unsigned best = self_ % stripes;
  for (unsigned i = 0; i < stripes; ++i) {
    const unsigned s = (self_ + i) % stripes;
    if (free[s] < free[best]) best = s;
  }
  house_.children.set_home(bit(best));
}

void Member::dial_for(StripeMask stripes, std::size_t dials_max, Instant now) {
  while (dials_.size() < dials_max) {
    const bool enough = house_.peers.all().size() + dials_.size() >= kPeersKept;
    const auto wanted = [&](const Candidate& c) {
      if (!c.pinned && enough) return false;
      return !house_.peers.has_key(c.key) && std::none_of(dials_.begin(), dials_.end(), [&](const auto& dialled) {
        return dialled.second.key == c.key;
      });
    };
    // Those without a free slot are asked last: they name those that have one.
    const Candidate* candidate = candidates_.best(now, [&](const Candidate& c) {
      return (c.pinned || ((c.home & stripes) != 0 && c.free_slots > 0)) && wanted(c);
    });
    if (candidate == nullptr) candidate = candidates_.best(now, wanted);
    if (candidate == nullptr || !dial(*candidate, now)) return;
  }
}

// It may be behind a NAT box, which whoever told us of it can ask it to open.
bool Member::dial(const Candidate& candidate, Instant now) {
  const crypto::NodeKey key = candidate.key;
  const bool alone = !candidates_.has_other_address(candidate);
  const Duration give_up = !alone ? kOtherAddress : candidate.pinned ? kPinnedGiveUp : kHearsayGiveUp;
  if (candidate.introducer && house_.endpoint.established(*candidate.introducer))
    house_.outbox.send(*candidate.introducer, wire::Rendezvous{key});
  const auto session = house_.endpoint.connect(house_.service, candidate.address, key, give_up, now);
  if (session)
    dials_[*session] = {key, now};
  else
    candidates_.on_failure(key, now);
  return true;
}

// Asks every peer whose status is old; one that does not answer is not worth its session.
void Member::inquire_all(StripeMask lacking, Instant now) {
  Instant since = kNever;
  if (striped_) for_each_stripe(lacking, [&](unsigned s) { since = std::min(since, lacking_since_[s]); });
  const bool in_vain = ever_attached_ && now - since > kInVain;
  const Duration fresh_for = in_vain ? kStatusStale : kStatusFresh;
  // Who passes on little waits longer for what there is too little of.
  const bool contributes = 2 * house_.children.slots() >= house_.reception.striping().data;
  if (in_vain) seek_at_ = now + (contributes ? kSeekIntervalInVain : kSeekIntervalLeaf);
  std::size_t left = in_vain ? kInVainInquiries : house_.peers.all().size();
  std::vector<session::SessionId> mute;
  for (auto& [session, peer] : house_.peers.all()) {
    if (left == 0) break;
    const Instant heard = house_.endpoint.last_received(session);
    if (peer.asked_since > heard && now - peer.asked_since > kInquiryPatience) {
      mute.push_back(session);
      continue;
    }
    const bool fresh = peer.status && now - peer.status_at < fresh_for;
    const Duration timeout = std::max(kInquiryRepeat, peer.rtt.known() ? peer.rtt.timeout() : kInquiryRepeat);
    // The link's hosts have the whole swarm to bear.
    const Candidate* const candidate = candidates_.find(peer.key);
    const bool pinned = candidate != nullptr && candidate->pinned;
    const Duration spared = house_.peers.all().size() > kFewPeers ? kPinnedRepeat : kPinnedRepeatFew;
    const Duration repeat = pinned ? std::max(timeout, spared) : timeout;
    if (fresh || now - peer.inquired_at < repeat) continue;
    if (peer.asked_since <= heard) peer.asked_since = now;
    // One is asked for others; the first time, everybody is.
    const bool names = !peer.status || now - named_at_ >= (in_vain ? kStatusStale : kInquiryRepeat);
    if (names) named_at_ = now;
    house_.peers.inquire(peer, names ? lacking : 0, now);
    --left;
  }
  for (const session::SessionId session : mute) close(session, now);
}

// Attending.

void Member::on_lost(StripeMask stripes, Instant now) {
  if (stripes == 0) return;
  for_each_stripe(stripes, [&](unsigned s) { lacking_since_[s] = now; });
  house_.reception.on_no_parent(stripes, now);
  if (!attached()) unattached_since_ = now;
  seek_soon(now);
}

void Member::leave_parent(session::SessionId session, StripeMask stripes, Instant now) {
  const StripeMask before = parents_.served();
  parents_.drop(session, stripes, now);
  Peer* const peer = house_.peers.find(session);
  if (peer != nullptr && !is_parent(session)) {
    if (peer->clock.known()) clock_ = peer->clock;
    peer->sends_until = now + kSendsAfter;
  }
  on_lost(before & ~parents_.served(), now);
}

// Forgets a session with a peer that has stopped answering: a new one may find it restarted.
void Member::close(session::SessionId session, Instant now) {
  const Peer* const peer = house_.peers.find(session);
  if (peer == nullptr) return;
  if (is_parent(session) && peer->clock.known()) clock_ = peer->clock;
  const crypto::NodeKey key = peer->key;
  const StripeMask gave = parents_.forget(session);
  house_.children.remove(session);
  house_.peers.remove(session);
  house_.endpoint.close(session);
  candidates_.on_failure(key, now);
  on_lost(gave, now);
}

bool Member::dead(session::SessionId session, StripeMask gives, Instant now) const {
  const Peer* const peer = house_.peers.find(session);
  if (peer == nullptr) return true;
  const Duration silence = now - house_.endpoint.last_received(session);
  if (!house_.reception.striping().mostly(gives)) return silence >= kDeadPart;
  return silence >= std::clamp(4 * peer->rtt.smoothed() + std::chrono::milliseconds(300), kDeadMin, kDeadMax);
}

// `rounds` of the other stripes have come since its next shard was due; of parity, which comes once a block, none for
// kParitySilent.
bool Member::overdue(unsigned stripe, unsigned rounds, Instant now) const {
  const Striping& striping = house_.reception.striping();
  if (parents_.orphaned_since(stripe) != kNever) return false;  // its parent knows, and looks for another
  // Nobody has it sooner than the publisher, who may be short of upload.
  const Peer* const parent = house_.peers.find(*parents_.parent(stripe));
  if (parent != nullptr && parent->status && parent->status->role == wire::Role::kPublisher) return false;
  if (stripe >= striping.data)
    return now - parents_.last(stripe) >= kParitySilent && now - house_.reception.last_stored() < kStripeSilent;
  const std::uint64_t next = parents_.next(stripe);
  const std::uint64_t due = next + (stripe + striping.data - striping.of(next)) % striping.data;
  return house_.reception.stored_end() > due + std::uint64_t{rounds} * striping.data;
}

bool Member::stripe_silent(unsigned stripe, Instant now) const {
  if (!overdue(stripe, kSilentRounds, now)) return false;
  const auto path = parents_.path(stripe);
  const auto hops = static_cast<std::int64_t>(path ? path->size() : 1);
  // One that has spoken since lacks it itself, and does what it can.
  const bool speaks = house_.endpoint.last_received(*parents_.parent(stripe)) > parents_.last(stripe) + kSuspect;
  // Nor is one silent whose uplink holds up all that it says.
  const Peer* const parent = house_.peers.find(*parents_.parent(stripe));
  const Duration answer = parent == nullptr ? kStripeSilent : parent->rtt.timeout();
  const Duration patience = speaks ? kSpeaksSilent : std::clamp(2 * answer, kStripeSilent, kSpeaksSilent);
  return now - parents_.last(stripe) >= patience + hops * kStripeSilentPerHop;
}

// The publisher's own word says that there is more, and nothing comes. Those nearer to the publisher notice first, so
// that not everybody below one bad parent looks for another at once.
bool Member::starving(Instant now) const {
  const Reception& reception = house_.reception;
  if (!attached() || !reception.info() || reception.info()->head <= reception.stored_end()) return false;
  const auto hops = static_cast<std::int64_t>(depth());
  return now - std::max(reception.last_stored(), attached_at_) >= kStarved + hops * kStarvedPerHop;
}

void Member::attend(Instant now) {
  attend_at_ = now + kAttendInterval;
  std::vector<session::SessionId> gone;
  parents_.for_each([&](session::SessionId session, StripeMask gives) {
    if (dead(session, gives, now)) gone.push_back(session);
  });
  for (const session::SessionId session : gone) {
    if (house_.peers.find(session) == nullptr)
      on_lost(parents_.forget(session), now);
    else
      close(session, now);
  }
  std::map<session::SessionId, StripeMask> leave;
  std::vector<session::SessionId> suspects;
  for_each_stripe(parents_.served(), [&](unsigned stripe) {
    const auto parent = parents_.parent(stripe);
    if (!parent) return;
    const Instant orphaned = parents_.orphaned_since(stripe);
    const bool orphan = orphaned != kNever && now - orphaned >= kOrphanPatience;
    if (!orphan && now - parents_.last(stripe) >= kSuspect && overdue(stripe, 1, now)) suspects.push_back(*parent);
    if (!orphan && !stripe_silent(stripe, now)) return;
    house_.peers.find(*parent)->refuse(bit(stripe), now + (orphan ? kRefused : kSilentRefused));
    leave[*parent] |= bit(stripe);
  });
  for (const session::SessionId suspect : suspects)
    if (now - house_.endpoint.last_received(suspect) >= kSuspect) house_.peers.ping(*house_.peers.find(suspect), now);
  for (const auto& [parent, stripes] : leave) leave_parent(parent, stripes, now);
  if (starving(now)) {
    std::vector<session::SessionId> all;
    parents_.for_each([&](session::SessionId session, StripeMask) { all.push_back(session); });
    for (const session::SessionId session : all) {
      house_.peers.find(session)->useless_until = now + kUseless;
      leave_parent(session, parents_.all(), now);
    }
  }
  if (!attached()) attend_at_ = kNever;
}

// Repair.

// First the stripe's parent; then, one after the other, those that give us something else, the nearest first; and
// again.
std::optional<RepairTarget> Member::whom_to_ask(std::uint64_t sequence, unsigned requests, Instant) {
  const auto parent = parents_.parent(house_.reception.striping().of(sequence));
  const auto target = [&](session::SessionId session) -> std::optional<RepairTarget> {
    const Peer* const peer = house_.peers.find(session);
    if (peer == nullptr) return std::nullopt;
    return RepairTarget{session, peer->rtt.timeout()};
  };
  std::vector<std::pair<Duration, session::SessionId>> others;
  parents_.for_each([&](session::SessionId session, StripeMask) {
    const Peer* const peer = house_.peers.find(session);
    if (peer == nullptr || session == parent) return;
    // The publisher has everybody to bear.
    const bool publisher = peer->status && peer->status->role == wire::Role::kPublisher;
    others.push_back({peer->rtt.smoothed() + (publisher ? kPublisherCost : Duration::zero()), session});
  });
  if (others.empty()) return parent ? target(*parent) : std::nullopt;
  std::sort(others.begin(), others.end());
  if (!parent) return target(others[requests % others.size()].second);
  const std::size_t turn = requests % (others.size() + 1);
  return target(turn == 0 ? *parent : others[turn - 1].second);
}

void Member::request_repairs(Instant now) {
  if (!attached()) return;
  if (short_of_upload(now)) return house_.reception.hold_requests(house_.upload.ready_at(now));
  const auto choose = [&](std::uint64_t sequence, unsigned requests) { return whom_to_ask(sequence, requests, now); };
  requests_left_.set_rate(std::max(kRequestsPerSecond, house_.children.shards_per_second() / 8), now);
  for (;;) {
    // What is not asked for now is asked for with what comes due until then.
    if (const Instant ready = requests_left_.ready_at(now); ready > now) return house_.reception.hold_requests(ready);
    const auto request = house_.reception.next_request(choose, now);
    if (!request) return;
    requests_left_.charge(1, now);
    house_.outbox.send(request->target.session, request->request);
  }
}

// Exploring.

void Member::explore(Instant now) {
  explore_at_ = now + kExploreInterval;
  // Those whose turn it is say how they are, and one of them names others.
  auto& all = house_.peers.all();
  const std::size_t turns = (all.size() + kExploreRound - 1) / kExploreRound;
  for (std::size_t i = 0; i < turns; ++i, ++explored_) {
    auto it = all.begin();
    std::advance(it, explored_ % all.size());
    const Candidate* const candidate = candidates_.find(it->second.key);
    const bool pinned = candidate != nullptr && candidate->pinned;  // the link's hosts have the whole swarm to bear
    house_.peers.inquire(
        it->second,
        i == 0 && !pinned && (explored_ % kNamesEvery == 0 || all.size() < kPeersKept / 2) ? parents_.all() : 0, now);
  }
  if (dials_.empty() && all.size() < kPeersKept) dial_for(parents_.all(), 1, now);
  improve(now);
}

// At most kImprovements stripes at a time, those that gain most.
void Member::improve(Instant now) {
  const auto media = media_now(now);
  if (wanted() != 0 || parents_.asked() != 0 || !media) return;
  for (unsigned n = 0; n < kImprovements; ++n) {
    Offer best;
    unsigned best_stripe = 0;
    Duration best_gain{};
    for_each_stripe(parents_.served() & ~parents_.asked(), [&](unsigned stripe) {
      if (improvements_[stripe].not_before > now) return;
      const Offer found = best_offer(stripe, false, {}, now);
      if (found.peer == nullptr) return;
      const Peer* const parent = house_.peers.find(*parents_.parent(stripe));
      Duration current = house_.reception.lag(bit(stripe), media, now);
      if (parent != nullptr) current += crowding(*parent, count(parents_.expected_from(parent->session)) - 1);
      const Duration gain = current - found.cost;
      if (gain < kImprovement + current / 10 || gain <= best_gain) return;
      best = found;
      best_stripe = stripe;
      best_gain = gain;
    });
    if (best.peer == nullptr) return;
    Improvement& made = improvements_[best_stripe];
    made.not_before = now + kImprovementRest * (1 << made.doublings);
    made.doublings = std::min(made.doublings + 1, kImprovementDoublings);
    best.peer->sends_until = kNever;
    parents_.ask(*best.peer, bit(best_stripe), best.guest, house_.reception.seen(), now);
  }
}

// Time.

void Member::handle_deadline(Instant now) {
  parents_.handle_deadline(now);
  on_lost(parents_.take_ended(now), now);
  if (striped_ && wanted() != 0 && seek_at_ == kNever) seek_soon(now);
  request_repairs(now);
  if (now >= attend_at_) attend(now);
  if (now >= explore_at_) explore(now);
  if (now >= seek_at_) seek(now);
  if (Peer* const peer = clock_peer()) clock_peer_ = peer->session;
}

Instant Member::next_deadline() const {
  return std::min({parents_.next_deadline(), seek_at_, attend_at_, explore_at_});
}

std::optional<StopReason> Member::stop_reason(Instant now) const {
  const Duration without = attached() ? Duration::zero() : now - unattached_since_;
  if (!ever_attached_) {
    if (without >= config_.connect_timeout) return StopReason::kUnreachable;
    return std::nullopt;
  }
  if (config_.retry_for > Duration::zero() && without >= config_.retry_for) return StopReason::kStalled;
  const Instant word = std::max(house_.reception.info_at(), house_.reception.last_stored());
  if (config_.idle_timeout > Duration::zero() && now - word >= config_.idle_timeout) return StopReason::kStalled;
  return std::nullopt;
}

}  // namespace spate::swarm
