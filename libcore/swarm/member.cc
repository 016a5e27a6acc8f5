#include "libcore/swarm/member.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kSeekInterval = std::chrono::milliseconds(25);
constexpr Duration kGather = std::chrono::milliseconds(60);        // for better parents, once one is found
constexpr Duration kDialHope = std::chrono::milliseconds(300);     // an unanswered dial is hoped for so long
constexpr Duration kStatusFresh = std::chrono::milliseconds(250);  // while seeking
constexpr Duration kStatusCurrent = std::chrono::seconds(1);       // older words are not acted upon
constexpr Duration kInquiryRepeat = std::chrono::milliseconds(100);
constexpr Duration kInquiryPatience = std::chrono::milliseconds(1'500);
constexpr Duration kOtherAddress = std::chrono::milliseconds(750);  // then the host's next address is tried
constexpr Duration kPinnedGiveUp = std::chrono::seconds(10);
constexpr Duration kHearsayGiveUp = std::chrono::seconds(2);
constexpr Duration kRefused = std::chrono::milliseconds(500);
constexpr Duration kUseless = std::chrono::seconds(10);  // the last choice, so long after it sent nothing
constexpr unsigned kSubscribeTries = 4;
constexpr Duration kBackupInterval = std::chrono::seconds(2);
// Reports beside the regular ones, which open the parent's window: after so many shards, but not more often than so.
constexpr std::uint64_t kReportShards = 32;
constexpr Duration kReportSpacing = std::chrono::microseconds(2'500);

}  // namespace

Member::Member(const JoinConfig& config, std::uint32_t window_bytes, wire::ShortId self, const House& house,
               Instant now)
    : config_(config), window_bytes_(window_bytes), self_(self), house_(house), seek_at_(now), unattached_since_(now) {
  for (const Host& host : config.hosts) candidates_.add_pinned(host);
}

InlineVector<wire::ShortId, wire::kPathMax> Member::path() const {
  InlineVector<wire::ShortId, wire::kPathMax> path;
  if (!attached()) return path;
  path = parent_status_.path;
  if (!path.full()) path.push_back(self_);
  return path;
}

bool Member::receiving() const { return attached() && parent_status_.receiving && house_.reception.started(); }

// The publisher's own word says that there is more, and nothing comes. Those nearer to the publisher notice first, so
// that not everybody below one bad parent looks for another at once.
bool Member::starving(Instant now) const {
  const Reception& reception = house_.reception;
  if (!attached() || !reception.info() || reception.info()->head <= reception.stored_end()) return false;
  const auto hops = static_cast<std::int64_t>(parent_status_.path.size());
  return now - std::max(reception.last_stored(), attached_at_) >= kStarved + hops * kStarvedPerHop;
}

std::optional<std::uint64_t> Member::media_now(Instant now) const {
  if (attached()) {
    const Peer* const parent = house_.peers.find(parent_);
    if (parent != nullptr && parent->clock.known()) return parent->clock.media_us(now);
  }
  if (clock_.known()) return clock_.media_us(now);
  return std::nullopt;
}

Duration Member::parent_rtt() const {
  const Peer* const parent = attached() ? house_.peers.find(parent_) : nullptr;
  return parent != nullptr && parent->rtt.known() ? parent->rtt.smoothed() : Duration::zero();
}

void Member::on_established(Peer& peer, Instant now) {
  dials_.erase(peer.session);
  candidates_.on_success(peer.key);
  if (attached()) return;
  house_.peers.inquire(peer, now);
  seek_at_ = now;
}

void Member::on_gone(session::SessionId session, const crypto::NodeKey& peer, Instant now) {
  dials_.erase(session);
  candidates_.on_failure(peer, now);
  if (phase_ != Phase::kSeeking && parent_ == session) detach(now);
  seek_at_ = std::min(seek_at_, now);
}

void Member::on_status(Peer& peer, Instant now) {
  if (is_parent(peer.session)) {
    if (peer.status->path.contains(self_)) {  // a loop has closed behind our back
      peer.refused_until = now + kRefused;
      return drop_parent(now);
    }
    if (!peer.status->receiving && orphaned_since_ == kNever) orphaned_since_ = now;
    if (peer.status->receiving) orphaned_since_ = kNever;
    parent_status_ = *peer.status;
  } else if (!attached()) {
    seek(now);
  }
}

void Member::on_peers(session::SessionId from, const wire::Peers& peers) {
  for (const wire::PeerRecord& record : peers.peers)
    if (wire::short_id(record.key) != self_) candidates_.add_hearsay(record, from);
}

void Member::seek(Instant now) {
  if (phase_ != Phase::kSeeking) return;
  seek_at_ = now + kSeekInterval;
  inquire_all(now);
  if (house_.reception.info()) {
    if (Peer* const best = best_parent(now)) {
      if (gather_until_ == kNever) gather_until_ = now + kGather;
      if (now >= gather_until_ || !better_may_come(now)) return subscribe(*best, now);
      seek_at_ = std::min(seek_at_, gather_until_);
    }
  }
  dial(now);
}

void Member::dial(Instant now) {
  while (dials_.size() < kDialsMax) {
    const Candidate* const candidate = candidates_.best(now, [&](const Candidate& c) {
      return !house_.peers.has_key(c.key) && std::none_of(dials_.begin(), dials_.end(), [&](const auto& dialled) {
        return dialled.second.key == c.key;
      });
    });
    if (candidate == nullptr) return;
    const crypto::NodeKey key = candidate->key;
    const bool alone = !candidates_.has_other_address(*candidate);
    const Duration give_up = !alone ? kOtherAddress : candidate->pinned ? kPinnedGiveUp : kHearsayGiveUp;
    if (!connect(*candidate, give_up, now)) candidates_.on_failure(key, now);
  }
}

// It may be behind a NAT box, which whoever told us of it can ask it to open. False if there is no session to be had.
bool Member::connect(const Candidate& candidate, Duration give_up, Instant now) {
  if (candidate.introducer && house_.endpoint.established(*candidate.introducer))
    house_.outbox.send(*candidate.introducer, wire::Rendezvous{candidate.key});
  const auto session = house_.endpoint.connect(house_.service, candidate.address, candidate.key, give_up, now);
  if (session) dials_[*session] = {candidate.key, now};
  return session.has_value();
}

// Asks every peer whose status is old; one that does not answer is not worth its session.
void Member::inquire_all(Instant now) {
  std::vector<session::SessionId> mute;
  for (auto& [session, peer] : house_.peers.all()) {
    if (house_.children.has(session)) continue;
    const Instant heard = house_.endpoint.last_received(session);
    if (peer.asked_since > heard && now - peer.asked_since > kInquiryPatience) {
      mute.push_back(session);
      continue;
    }
    const bool fresh = peer.status && now - peer.status_at < kStatusFresh;
    const Duration repeat = std::max(kInquiryRepeat, peer.rtt.known() ? peer.rtt.timeout() : kInquiryRepeat);
    if (fresh || now - peer.inquired_at < repeat) continue;
    if (peer.asked_since <= heard) peer.asked_since = now;
    house_.peers.inquire(peer, now);
  }
  for (const session::SessionId session : mute) close(session, now);
}

// One that has sent nothing before is better than none.
Peer* Member::best_parent(Instant now) {
  Peer* const best = best_parent_of(false, now);
  return best != nullptr ? best : best_parent_of(true, now);
}

Peer* Member::best_parent_of(bool useless, Instant now) {
  Peer* best = nullptr;
  Duration best_cost{};
  for (auto& [session, peer] : house_.peers.all()) {
    if (!peer.status || now - peer.status_at > kStatusCurrent || peer.refused_until > now) continue;
    if ((peer.useless_until > now) != useless) continue;
    if (!peer.status->receiving || peer.status->free_slots == 0) continue;
    if (peer.status->path.contains(self_) || peer.status->path.full() || house_.children.has(session)) continue;
    const Duration cost = std::chrono::microseconds(peer.status->lag_us) + peer.rtt.smoothed() / 2;
    if (best == nullptr || cost < best_cost) {
      best = &peer;
      best_cost = cost;
    }
  }
  return best;
}

// Somebody has not answered yet who might be nearer.
bool Member::better_may_come(Instant now) const {
  for (const auto& [session, dialled] : dials_)
    if (now - dialled.since < kDialHope) return true;
  for (const auto& [session, peer] : house_.peers.all())
    if (!peer.status && now - peer.inquired_at < kInquiryRepeat && !house_.children.has(session)) return true;
  return false;
}

void Member::subscribe(Peer& peer, Instant now) {
  if (phase_ == Phase::kSeeking) subscribe_tries_ = 0;
  phase_ = Phase::kSubscribing;
  parent_ = peer.session;
  ++subscribe_tries_;
  subscribe_again_ = now + std::max(kInquiryRepeat, peer.rtt.timeout());
  house_.outbox.send(peer.session, wire::Subscribe{wire::kAllStripes, house_.reception.resume_from(), window_bytes_});
}

void Member::on_subscribe_reply(Peer& peer, const wire::SubscribeReply& reply, Instant now) {
  const bool accepted = reply.code == wire::SubscribeCode::kAccepted;
  if (is_parent(peer.session)) {
    if (!accepted) drop_parent(now);  // it does not know us as its child any more
    return;
  }
  if (phase_ != Phase::kSubscribing || parent_ != peer.session) {
    if (accepted) house_.outbox.send(peer.session, wire::Unsubscribe{});  // too late: we went elsewhere
    return;
  }
  // The publisher's own word bounds where the stream can be: beyond it we would wait for what never comes.
  const std::uint64_t head = house_.reception.info()->head;
  const std::uint64_t apart = reply.first > head ? reply.first - head : head - reply.first;
  const bool plausible = apart <= stream::Store::kSlots;
  if (accepted && plausible) return attach(peer, reply.first, now);
  if (accepted) house_.outbox.send(peer.session, wire::Unsubscribe{});
  peer.refused_until = now + kRefused;
  phase_ = Phase::kSeeking;
  seek(now);
}

void Member::attach(Peer& peer, std::uint64_t first, Instant now) {
  phase_ = Phase::kAttached;
  parent_ = peer.session;
  parent_status_ = *peer.status;
  orphaned_since_ = kNever;
  gather_until_ = kNever;
  attached_at_ = now;
  report_at_ = now;
  backups_at_ = now + kReportInterval;
  house_.reception.start(first, media_now(now));
  house_.reception.on_new_parent(now);
  if (ever_attached_)
    ++switches_;
  else
    house_.events.push_back(Joined{house_.stream});
  ever_attached_ = true;
  house_.events.push_back(ParentChanged{house_.stream, house_.endpoint.address(peer.session)});
}

void Member::detach(Instant now) {
  const Peer* const parent = house_.peers.find(parent_);
  if (parent != nullptr && parent->clock.known()) clock_ = parent->clock;
  if (attached()) unattached_since_ = now;
  phase_ = Phase::kSeeking;
  gather_until_ = kNever;
  report_at_ = early_report_at_ = backups_at_ = kNever;
  seek_at_ = now;
}

// Leaves a parent that still lives.
void Member::drop_parent(Instant now) {
  house_.outbox.send(parent_, wire::Unsubscribe{});
  if (Peer* const peer = house_.peers.find(parent_))
    peer->refused_until = std::max(peer->refused_until, now + kRefused);
  detach(now);
}

// Forgets a session with a peer that has stopped answering: a new one may find it restarted.
void Member::close(session::SessionId session, Instant now) {
  const Peer* const peer = house_.peers.find(session);
  if (peer == nullptr) return;
  const crypto::NodeKey key = peer->key;
  const bool was_parent = phase_ != Phase::kSeeking && parent_ == session;
  if (was_parent) detach(now);
  house_.children.remove(session);
  house_.peers.remove(session);
  house_.endpoint.close(session);
  candidates_.on_failure(key, now);
}

void Member::on_bye(Peer& peer, const wire::Bye& bye, Instant now) {
  // At the end of the run nobody else has more than we do, unless something is still missing.
  const bool ended = bye.reason == wire::ByeReason::kEnded;
  if (is_parent(peer.session) || (phase_ == Phase::kSubscribing && parent_ == peer.session)) detach(now);
  peer.refused_until = now + (ended ? std::chrono::seconds(1) : std::chrono::seconds(10));
}

void Member::on_forger(session::SessionId session, Instant now) { close(session, now); }

void Member::begin_run(Instant now) {
  // Media time begins anew, and what was known of it means nothing now.
  clock_ = {};
  for (auto& [session, peer] : house_.peers.all()) peer.clock = {};
  // Nor do sequences of the old run: subscribe again.
  if (attached()) {
    const Peer* const peer = house_.peers.find(parent_);
    detach(now);
    if (peer != nullptr) house_.outbox.send(parent_, wire::Unsubscribe{});
  }
}

void Member::on_received(Instant now) {
  request_repairs(now);
  const std::uint64_t unreported = house_.reception.stats().received - reported_received_;
  if (!attached() || unreported < kReportShards) return;
  if (now - reported_at_ >= kReportSpacing)
    report(now);
  else
    early_report_at_ = std::min(early_report_at_, reported_at_ + kReportSpacing);
}

void Member::report(Instant now) {
  const Reception& reception = house_.reception;
  wire::Report report;
  // While nobody hangs on us, a slow reader of ours may slow down a publisher that can wait.
  report.next = house_.children.size() == 0 ? reception.done() : reception.next();
  report.seen = std::max(reception.seen(), reception.next());
  report.received = static_cast<std::uint32_t>(reception.stats().received);
  report.missed = static_cast<std::uint32_t>(reception.missed());
  report.lag_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>(to_us(reception.lag()), 0, UINT32_MAX));
  report.slots = house_.children.slots();
  report.free_slots = house_.children.free_slots();
  report.knows_end = reception.info() && reception.info()->ended;
  house_.outbox.send(parent_, report);
  reported_received_ = reception.stats().received;
  reported_at_ = now;
  early_report_at_ = kNever;
}

void Member::request_repairs(Instant now) {
  if (!attached()) return;
  const Peer* const parent = house_.peers.find(parent_);
  if (parent == nullptr) return;
  while (const auto request = house_.reception.next_request(parent->rtt.timeout(), now))
    house_.outbox.send(parent_, *request);
}

void Member::attend_parent(Instant now) {
  Peer* const parent = house_.peers.find(parent_);
  if (parent == nullptr) return detach(now);
  const Duration silence = now - house_.endpoint.last_received(parent_);
  if (silence >= std::clamp(4 * parent->rtt.smoothed() + std::chrono::milliseconds(300), kDeadMin, kDeadMax))
    return close(parent_, now);
  if (orphaned_since_ != kNever && now - orphaned_since_ >= kOrphanPatience) return drop_parent(now);
  if (starving(now)) {
    parent->useless_until = now + kUseless;
    return drop_parent(now);
  }
  if (now >= early_report_at_) report(now);
  if (now >= report_at_) {
    report_at_ = now + kReportInterval;
    report(now);
    house_.peers.ping(*parent, now);
  }
}

// Keeps a few sessions with others than the parent warm, so that the next parent is one round trip away.
void Member::keep_backups(Instant now) {
  backups_at_ = now + kBackupInterval;
  std::size_t kept = 0;
  if (Peer* const parent = house_.peers.find(parent_)) house_.peers.inquire(*parent, now);
  for (auto& [session, peer] : house_.peers.all()) {
    const Candidate* const candidate = candidates_.find(peer.key);
    const bool pinned = candidate != nullptr && candidate->pinned;  // the link's hosts have the whole swarm to bear
    if (session == parent_ || house_.children.has(session) || pinned) continue;
    if (++kept <= kBackups) house_.peers.inquire(peer, now);
  }
  if (kept >= kBackups || dials_.size() >= kBackups) return;
  const Candidate* const candidate =
      candidates_.best(now, [&](const Candidate& c) { return !c.pinned && !house_.peers.has_key(c.key); });
  if (candidate != nullptr) connect(*candidate, kHearsayGiveUp, now);
}

void Member::handle_deadline(Instant now) {
  if (phase_ == Phase::kAttached) {
    attend_parent(now);
    request_repairs(now);
  }
  if (phase_ == Phase::kAttached && now >= backups_at_) keep_backups(now);
  if (phase_ == Phase::kSubscribing && now >= subscribe_again_) {
    Peer* const peer = house_.peers.find(parent_);
    if (peer != nullptr && subscribe_tries_ < kSubscribeTries) {
      subscribe(*peer, now);
    } else {
      if (peer != nullptr) peer->refused_until = now + kRefused;
      phase_ = Phase::kSeeking;
      seek_at_ = now;
    }
  }
  if (phase_ == Phase::kSeeking && now >= seek_at_) seek(now);
}

Instant Member::next_deadline() const {
  switch (phase_) {
    case Phase::kSeeking:
      return seek_at_;
    case Phase::kSubscribing:
      return subscribe_again_;
    case Phase::kAttached:
      return std::min({report_at_, early_report_at_, backups_at_});
  }
  return kNever;
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
