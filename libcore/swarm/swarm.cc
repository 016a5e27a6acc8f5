#include "libcore/swarm/swarm.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr std::size_t kIntroductionLooks = 64;  // at peers, for one answer
constexpr Duration kStatusInterval = std::chrono::seconds(1);
constexpr Duration kAnswerInterval = std::chrono::milliseconds(20);
constexpr Duration kEndedInfoInterval = std::chrono::milliseconds(200);
constexpr Duration kEndPatience = std::chrono::seconds(2);  // for what is still missing when the run has ended

LagSummary summary(const Histogram& lags) { return {lags.quantile(0.5), lags.quantile(0.99), lags.max()}; }

}  // namespace

Swarm::Swarm(const PublishConfig& config, const Host& host, Instant now)
    : host_(host),
      outbox_(host.pool),
      peers_(host.endpoint, outbox_),
      children_(config.children_max, store_, peers_, outbox_, host.upload),
      role_(wire::Role::kPublisher),
      status_at_(now) {
  publisher_ = std::make_unique<Publisher>(config, host.suite, host.pool, store_, children_, now);
}

Swarm::Swarm(const JoinConfig& config, const Host& host, Instant now)
    : host_(host),
      store_(config.history_shards),
      outbox_(host.pool),
      peers_(host.endpoint, outbox_),
      children_(config.children_max, store_, peers_, outbox_, host.upload),
      role_(config.output ? wire::Role::kWatcher : wire::Role::kRelay),
      status_at_(now) {
  reception_ = std::make_unique<Reception>(config, host.suite, host.pool, store_);
  const Member::House house{host.endpoint, host.service, outbox_, peers_, children_, *reception_, events_, host.stream};
  member_ = std::make_unique<Member>(config, host.window_bytes, wire::short_id(host.self), house, now);
}

Swarm::~Swarm() = default;

void Swarm::on_session(const session::SessionEvent& event, Instant now) {
  if (stopped_) return;
  if (event.kind == session::SessionEvent::Kind::kEstablished) {
    if (!host_.endpoint.established(event.session)) return;
    Peer& peer = peers_.add(event.session);
    if (member_) member_->on_established(peer, now);
    return;
  }
  children_.remove(event.session);
  peers_.remove(event.session);
  if (member_) member_->on_gone(event.session, event.peer, now);
}

void Swarm::handle_text(session::SessionId session, Buffer text, Instant now) {
  Peer* const peer = peers_.find(session);
  if (stopped_ || peer == nullptr || text.size() == 0) return;
  if (text.bytes()[0] >= wire::kControlTypeMin)
    handle_control(*peer, text.bytes(), now);
  else if (member_)
    handle_frame(*peer, std::move(text), now);
}

// Each message to the machine whose subject it is. A handler may end the session: nothing after it may use the peer.
struct Swarm::MessageHandler {
  Swarm& swarm;
  Peer& peer;
  Instant now;

  void operator()(const wire::Ping& m) const { swarm.outbox_.answer(peer.session, m, swarm.media_now(now)); }
  void operator()(const wire::Pong& m) const { swarm.peers_.on_pong(peer, m, now); }
  void operator()(const wire::Status& m) const {
    peer.status = m;
    peer.status_at = now;
    if (swarm.member_) swarm.member_->on_status(peer, now);
  }
  void operator()(const wire::Inquiry&) const { swarm.answer_inquiry(peer, now); }
  void operator()(const wire::Peers& m) const {
    if (swarm.member_) swarm.member_->on_peers(peer.session, m);
  }
  void operator()(const wire::Subscribe& m) const { swarm.answer_subscribe(peer, m, now); }
  void operator()(const wire::SubscribeReply& m) const {
    if (swarm.member_) swarm.member_->on_subscribe_reply(peer, m, now);
  }
  void operator()(const wire::Unsubscribe&) const { swarm.children_.remove(peer.session); }
  void operator()(const wire::Report& m) const {
    if (swarm.children_.has(peer.session)) {
      swarm.children_.on_report(peer.session, m, now);
      if (swarm.publisher_) swarm.publisher_->on_report(now);
      return;
    }
    swarm.outbox_.send(peer.session, wire::SubscribeReply{wire::SubscribeCode::kNoStream, 0});
  }
  void operator()(const wire::RepairRequest& m) const { swarm.children_.on_repair_request(peer.session, m, now); }
  void operator()(const wire::Hole& m) const {
    if (swarm.member_ && swarm.member_->is_parent(peer.session)) swarm.reception_->on_hole(m);
  }
  void operator()(const wire::Bye& m) const {
    swarm.children_.remove(peer.session);
    if (swarm.member_) swarm.member_->on_bye(peer, m, now);
  }
  void operator()(const wire::Head& m) const {
    if (!swarm.member_ || !swarm.member_->is_parent(peer.session)) return;
    swarm.reception_->on_head(m.next, now);
    swarm.member_->on_received(now);
  }
  void operator()(const wire::Rendezvous& m) const { swarm.introduce(peer, m.key, now); }
  void operator()(const wire::Punch& m) const {
    if (peer.introductions.take(1, now)) swarm.host_.endpoint.punch(m.address);
  }
};

void Swarm::handle_control(Peer& peer, Bytes text, Instant now) {
  const session::SessionId session = peer.session;
  wire::ControlReader reader(text);
  while (const auto message = reader.next()) {
    Peer* const still = peers_.find(session);
    if (still == nullptr || stopped_) return;
    std::visit(MessageHandler{*this, *still, now}, *message);
  }
  if (reader.malformed()) ++malformed_packets_;
}

void Swarm::handle_frame(Peer& peer, Buffer frame, Instant now) {
  if (frame.bytes()[0] == wire::kStreamInfo) return handle_info(peer, frame.bytes(), now);
  // From anybody else than the parent nothing was asked.
  if (!reception_->info() || !member_->is_parent(peer.session)) return;
  const session::SessionId session = peer.session;
  const Duration rtt = peer.rtt.known() ? peer.rtt.minimum() : Duration::zero();
  const auto shard = wire::parse_shard(frame.bytes());
  const std::uint64_t payload = shard ? shard->payload.size() : 0;
  const stream::Verdict verdict = reception_->take(std::move(frame), session.slot, rtt, media_now(now), now);
  if (!reception_->stored().empty()) children_.on_stored(reception_->stored());
  if (verdict == stream::Verdict::kDuplicate) duplicate_bytes_ += payload;
  if (verdict == stream::Verdict::kForged) return member_->on_forger(session, now);
  for (const std::uint32_t slot : reception_->forgers())
    for (const auto& [other, unused] : peers_.all())
      if (other.slot == slot) {
        member_->on_forger(other, now);
        break;
      }
  member_->on_received(now);
}

void Swarm::handle_info(Peer& peer, Bytes frame, Instant now) {
  switch (reception_->on_info(frame, now)) {
    case Reception::InfoResult::kForged:
      return member_->on_forger(peer.session, now);
    case Reception::InfoResult::kWrongSecret:
      return stop(StopReason::kWrongSecret, wire::ByeReason::kLeaving, now);
    case Reception::InfoResult::kNothingNew:
      return;
    case Reception::InfoResult::kNewRun:
      children_.restart(store_.head());
      end_patience_ = info_again_ = kNever;
      member_->begin_run(now);
      break;
    case Reception::InfoResult::kNews:
      break;
  }
  if (reception_->info()->ended) {
    reception_->on_head(reception_->info()->head, now);
    if (end_patience_ == kNever) end_patience_ = now + kEndPatience;
  }
  send_info_to_children();
}

bool Swarm::has_stream() const { return publisher_ != nullptr || member_->receiving(); }

std::optional<std::uint64_t> Swarm::media_now(Instant now) const {
  if (publisher_) return publisher_->media_us(now);
  return member_->media_now(now);
}

const wire::StreamInfoFrame* Swarm::info_frame() const {
  if (publisher_) return &publisher_->info_frame();
  return reception_->info() ? &reception_->info_frame() : nullptr;
}

wire::Status Swarm::status() const {
  wire::Status status;
  status.role = role_;
  status.receiving = has_stream();
  status.no_upload = children_.slots() == 0;
  status.slots = children_.slots();
  status.free_slots = children_.free_slots();
  if (member_) {
    status.lag_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>(to_us(reception_->lag()), 0, UINT32_MAX));
    status.path = member_->path();
  }
  return status;
}

// Those of our peers who may serve the asker: with free slots first, then the nearest to the publisher.
wire::Peers Swarm::introductions(const Peer& asker) {
  std::vector<wire::PeerRecord> records;
  const auto add = [&](const Peer& peer, std::uint16_t slots, std::uint16_t free_slots, std::uint32_t lag_us) {
    if (slots == 0 || peer.session == asker.session || !host_.endpoint.established(peer.session)) return;
    records.push_back({peer.key, host_.endpoint.address(peer.session), free_slots, lag_us});
  };
  children_.for_each([&](session::SessionId child) {
    const wire::Report* const report = children_.report_of(child);
    const Peer* const peer = peers_.find(child);
    if (report != nullptr && peer != nullptr) add(*peer, report->slots, report->free_slots, report->lag_us);
  });
  // A publisher asks nobody for a status, and may have sessions with a whole swarm. Of many peers those that follow the
  // asker's session: each asker is told of others.
  const auto& all = peers_.all();
  auto it = all.upper_bound(asker.session);
  for (std::size_t looks = member_ ? std::min(all.size(), kIntroductionLooks) : 0; looks > 0; --looks, ++it) {
    if (it == all.end()) it = all.begin();
    const Peer& peer = it->second;
    if (peer.status && peer.status->receiving && !children_.has(peer.session))
      add(peer, peer.status->slots, peer.status->free_slots, peer.status->lag_us);
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    if ((a.free_slots > 0) != (b.free_slots > 0)) return a.free_slots > 0;
    return std::tie(a.lag_us, a.key) < std::tie(b.lag_us, b.key);
  });
  wire::Peers peers;
  for (const wire::PeerRecord& record : records)
    if (!peers.peers.full()) peers.peers.push_back(record);
  return peers;
}

// An answer is far larger than its question, so there is one for each kAnswerInterval at most.
void Swarm::answer_inquiry(Peer& peer, Instant now) {
  if (now - peer.answered_at < kAnswerInterval) return;
  peer.answered_at = now;
  outbox_.send(peer.session, status());
  if (const wire::Peers peers = introductions(peer); !peers.peers.empty()) outbox_.send(peer.session, peers);
  if (const auto* const info = info_frame()) outbox_.send_frame(peer.session, *info);
}

void Swarm::answer_subscribe(Peer& peer, const wire::Subscribe& subscribe, Instant now) {
  const auto refuse = [&](wire::SubscribeCode code) {
    outbox_.send(peer.session, wire::SubscribeReply{code, 0});
    answer_inquiry(peer, now);
  };
  if (subscribe.stripes != wire::kAllStripes) return refuse(wire::SubscribeCode::kWholeOnly);
  if (children_.has(peer.session)) {
    // The reply may have been lost, or the child has forgotten us (it was restarted): the second shows in where it
    // wants to begin, and in that it has reported before.
    const std::uint64_t first = children_.first(peer.session);
    const bool forgot = children_.report_of(peer.session) != nullptr;
    if (subscribe.first == first || (subscribe.first == wire::kFromNewest && !forgot)) {
      outbox_.send(peer.session, wire::SubscribeReply{wire::SubscribeCode::kAccepted, first});
      return;
    }
    children_.remove(peer.session);
  }
  if (!has_stream()) return refuse(wire::SubscribeCode::kNoStream);
  if (member_ && (member_->is_parent(peer.session) || member_->path().contains(peer.short_id)))
    return refuse(wire::SubscribeCode::kLoop);
  if (children_.slots() == 0) return refuse(wire::SubscribeCode::kNoUpload);
  if (children_.free_slots() == 0) return refuse(wire::SubscribeCode::kFull);
  // A file that nobody has seen yet is sent from its beginning; a live stream from its newest random-access point.
  const bool from_start = publisher_ && !publisher_->live() && store_.tail() == 0;
  const std::uint64_t newest = from_start ? 0 : store_.start_for_joiner();
  const std::uint64_t first =
      subscribe.first == wire::kFromNewest ? newest : std::clamp(subscribe.first, store_.tail(), store_.head());
  children_.add(peer.session, first, subscribe.window_bytes, now);
  peers_.ping(peer, now);  // its round trip sets how much may be on the way to it
  outbox_.send(peer.session, wire::SubscribeReply{wire::SubscribeCode::kAccepted, first});
}

// Two peers of ours want to meet, and one may be behind a NAT box: it learns who wants to reach it.
void Swarm::introduce(Peer& asker, const crypto::NodeKey& key, Instant now) {
  const Peer* const target = peers_.find_key(key);
  if (target == nullptr || target->session == asker.session || !asker.introductions.take(1, now)) return;
  outbox_.send(target->session, wire::Punch{host_.endpoint.address(asker.session)});
}

void Swarm::tell_children_status() {
  told_status_ = status();
  children_.for_each([&](session::SessionId child) { outbox_.send(child, told_status_); });
}

void Swarm::send_info_to_children() {
  const auto* const info = info_frame();
  if (info == nullptr) return;
  children_.for_each([&](session::SessionId child) { outbox_.send_frame(child, *info); });
}

void Swarm::handle_deadline(Instant now) {
  if (stopped_) return;
  if (publisher_) {
    publisher_->handle_deadline(now);
    if (publisher_->take_info_due()) send_info_to_children();
  } else {
    reception_->handle_deadline(now);
    member_->handle_deadline(now);
  }
  children_.handle_deadline(now);
  for (const session::SessionId silent : children_.take_silent()) {
    if (Peer* const peer = peers_.find(silent)) peer->status.reset();
  }
  if (now >= status_at_) {
    status_at_ = now + kStatusInterval;
    tell_children_status();
    children_.for_each([&](session::SessionId child) {
      if (Peer* const peer = peers_.find(child)) peers_.ping(*peer, now);
    });
  }
  if (now >= info_again_) {
    info_again_ = now + kEndedInfoInterval;
    send_info_to_children();
  }
  check_end(now);
}

// Ends a run that is over, for us and for those we serve; gives up on a swarm that cannot be reached.
void Swarm::check_end(Instant now) {
  if (publisher_) {
    if (publisher_->drained(now)) stop(StopReason::kEnded, wire::ByeReason::kEnded, now);
    return;
  }
  if (reception_->info() && reception_->info()->ended) {
    if (info_again_ == kNever) info_again_ = now + kEndedInfoInterval;
    if (now >= end_patience_ && now - reception_->last_stored() >= kEndPatience) reception_->give_up_rest();
    const bool overdue = now >= end_patience_ && now - end_patience_ >= Publisher::kDrainMax;
    const bool children_done = overdue || children_.all_have_the_end(reception_->info()->head) ||
                               now - std::max(end_patience_, children_.last_progress()) >= Publisher::kDrainPatience;
    if (reception_->finished() && events_.empty() && children_done)
      return stop(StopReason::kEnded, wire::ByeReason::kEnded, now);
    return;
  }
  if (const auto reason = member_->stop_reason(now)) stop(*reason, wire::ByeReason::kLeaving, now);
}

void Swarm::stop(StopReason reason, wire::ByeReason bye, Instant) {
  if (stopped_) return;
  stopped_ = true;
  for (const auto& [session, peer] : peers_.all()) {
    outbox_.send(session, wire::Bye{bye});
    outbox_.close(session);
  }
  children_.clear();
  events_.push_back(Stopped{host_.stream, reason});
}

std::size_t Swarm::input_room() const { return publisher_ && !stopped_ ? publisher_->input_room() : 0; }

void Swarm::input_waited(Duration waited) {
  SPATE_CHECK(publisher_ != nullptr);
  publisher_->input_waited(waited);
}

void Swarm::input(Bytes bytes, Instant now) {
  SPATE_CHECK(publisher_ != nullptr);
  if (!stopped_) publisher_->input(bytes, now);
}

void Swarm::end_input(Instant now) {
  SPATE_CHECK(publisher_ != nullptr);
  if (stopped_) return;
  publisher_->end(now);
  if (publisher_->take_info_due()) send_info_to_children();
}

// A publisher that leaves ends its run: what its children have been sent is all there will be.
void Swarm::leave(Instant now) {
  if (publisher_ && !stopped_) end_input(now);
  stop(StopReason::kLeft, publisher_ ? wire::ByeReason::kEnded : wire::ByeReason::kLeaving, now);
}

bool Swarm::flush(DatagramBatch& out, Instant now) {
  if (!stopped_ && children_.size() > 0) {
    const wire::Status current = status();
    if (current.receiving != told_status_.receiving || current.path != told_status_.path) tell_children_status();
  }
  const std::uint64_t before = out.totals().wire_bytes;
  const bool flushed = outbox_.flush(host_.endpoint, out, now);
  const std::uint64_t control = out.totals().wire_bytes - before;
  host_.upload.charge(control, now);  // control is never held back, but counts
  control_bytes_sent_ += control;
  return flushed && children_.pump(host_.endpoint, out, now);
}

std::optional<Event> Swarm::next_event(Instant now) {
  if (!events_.empty()) {
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  if (stopped_ || !reception_ || output_held_) return std::nullopt;
  if (auto output = reception_->next_output(media_now(now), now))
    return Played{host_.stream, std::move(output->frame), output->bytes, output->lag, output->discontinuity};
  if (reception_->info() && reception_->info()->ended) {
    check_end(now);
    if (!events_.empty()) return next_event(now);
  }
  return std::nullopt;
}

Instant Swarm::next_deadline() const {
  if (stopped_) return kNever;
  Instant next = std::min({children_.next_deadline(), status_at_, info_again_});
  if (publisher_) return std::min(next, publisher_->next_deadline());
  // The ends of patience are looked at with the member's own, closely spaced deadlines.
  return std::min({next, reception_->next_deadline(member_->attached(), !output_held_), member_->next_deadline()});
}

StreamStats Swarm::stats(Instant now) {
  StreamStats stats;
  stats.children = static_cast<std::uint32_t>(children_.size());
  stats.slots = children_.slots();
  stats.bytes_out = children_.stats().payload_bytes_sent;
  stats.malformed_packets = malformed_packets_;
  stats.sent = children_.stats().sent;
  stats.sent.control += control_bytes_sent_;
  if (publisher_) {
    stats.bytes_in = publisher_->stats().bytes_in;
    stats.skipped_input_bytes = publisher_->stats().bytes_skipped;
    return stats;
  }
  const ReceptionStats& received = reception_->stats();
  stats.bytes_in = received.bytes_in;
  if (role_ == wire::Role::kWatcher) stats.bytes_out = received.bytes_out;
  LagMeter& lags = reception_->lag_meter();
  if (lags.period.count() > 0) stats.lag = summary(lags.period);
  if (lags.run.count() > 0) stats.lag_run = summary(lags.run);
  lags.period.clear();
  stats.lost_packets = reception_->lost();
  stats.repaired_packets = received.repaired;
  stats.duplicate_packets = reception_->duplicates();
  stats.duplicate_bytes = duplicate_bytes_;
  stats.forged_packets = received.forged;
  stats.parents = member_->attached() ? 1 : 0;
  stats.depth = static_cast<std::uint32_t>(member_->path().size());
  stats.parent_switches = member_->switches();
  stats.latency = reception_->latency();
  stats.rtt = member_->parent_rtt();
  (void)now;
  return stats;
}

}  // namespace spate::swarm
