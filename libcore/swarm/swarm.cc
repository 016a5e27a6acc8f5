#include "libcore/swarm/swarm.h"

#include <algorithm>

#include "libcore/swarm/tally.h"

namespace spate::swarm {

Swarm::Swarm(const PublishConfig& config, const Host& host, Instant now)
    : host_(host),
      outbox_(host.pool),
      peers_(host.endpoint, outbox_),
      children_(config.capacity_milli, store_, peers_, outbox_, host.upload),
      naming_(host.suite, config.key.public_key),
      hearsay_(host.suite, config.key.public_key),
      publisher_(std::make_unique<Publisher>(config, host.suite, host.pool, store_, children_, now)),
      role_(wire::Role::kPublisher),
      own_(role_, {children_, publisher_.get(), nullptr, nullptr}),
      own_record_(false, config.key.public_key,
                  {host.endpoint, outbox_, peers_, children_, own_, host.suite, host.self}),
      introductions_(false, {host.endpoint, peers_, children_, own_, naming_}),
      answers_(
          {host.endpoint, store_, outbox_, peers_, children_, host.upload, own_, introductions_, publisher_.get()}),
      bulletin_({outbox_, peers_, children_, own_, nullptr}, now),
      keeping_(host.endpoint, children_, nullptr),
      ending_({children_, events_, publisher_.get(), nullptr, nullptr}) {
  const Striping striping{config.stripes, config.parity};
  children_.set_striping(striping);
  children_.set_home(striping.mask());
}

Swarm::Swarm(const JoinConfig& config, const Host& host, Instant now)
    : host_(host),
      store_(config.history_shards),
      outbox_(host.pool),
      peers_(host.endpoint, outbox_, config.relay_only),
      children_(config.relay_only ? 0 : config.capacity_milli, store_, peers_, outbox_, host.upload),
      naming_(host.suite, config.stream),
      hearsay_(host.suite, config.stream),
      reception_(std::make_unique<Reception>(config, host.suite, host.pool, store_)),
      member_(
          std::make_unique<Member>(config, host.window_bytes,
                                   Member::House{host.endpoint, host.service, outbox_, peers_, children_, *reception_,
                                                 events_, host.stream, host.upload, hearsay_, host.self},
                                   now)),
      freshness_(std::in_place, *reception_, host.stream),
      role_(config.output ? wire::Role::kWatcher : wire::Role::kRelay),
      relay_only_(config.relay_only),
      own_(role_, {children_, nullptr, reception_.get(), member_.get()}),
      own_record_(!config.relay_only, config.stream,
                  {host.endpoint, outbox_, peers_, children_, own_, host.suite, host.self}),
      introductions_(true, {host.endpoint, peers_, children_, own_, naming_}),
      answers_({host.endpoint, store_, outbox_, peers_, children_, host.upload, own_, introductions_, nullptr}),
      bulletin_({outbox_, peers_, children_, own_, &member_->parents()}, now),
      keeping_(host.endpoint, children_, &member_->parents()),
      ending_({children_, events_, nullptr, reception_.get(), member_.get()}) {}

Swarm::~Swarm() = default;

void Swarm::on_session(const session::SessionEvent& event, Instant now) {
  if (stopped_) return;
  if (event.kind == session::SessionEvent::Kind::kEstablished) {
    if (!host_.endpoint.established(event.session)) return;
    Peer& peer = peers_.add(event.session, now);
    if (member_) member_->on_established(peer, now);
    return;
  }
  children_.remove(event.session);
  peers_.remove(event.session);
  if (member_) member_->on_gone(event.session, event.peer, now);
}

void Swarm::handle_text(session::Endpoint::Received received, Instant now) {
  Peer* const peer = peers_.find(received.session);
  if (stopped_ || peer == nullptr) return;
  if (member_ && received.number != received.expected) member_->on_skipped(*peer, received, now);
  if (received.text.size() == 0) return;
  if (received.text.bytes()[0] >= wire::kControlTypeMin)
    handle_control(*peer, received.text.bytes(), now);
  else if (member_)
    handle_frame(*peer, std::move(received.text), now);
}

// Each message to the machine whose subject it is. A handler may end the session: nothing after it may use the peer.
struct Swarm::MessageHandler {
  Swarm& swarm;
  Peer& peer;
  Instant now;

  void operator()(const wire::Ping& m) const {
    if (peer.pings.take(1, now)) swarm.outbox_.answer(peer.session, m, swarm.own_.media_now(now));
  }
  void operator()(const wire::Pong& m) const { swarm.peers_.on_pong(peer, m, now); }
  void operator()(const wire::Status& m) const {
    peer.status = m;
    peer.status_at = now;
    if (swarm.member_) swarm.member_->on_status(peer, now);
  }
  void operator()(const wire::Inquiry& m) const { swarm.answers_.on_inquiry(peer, m.wanted, now); }
  void operator()(const wire::Peers& m) const {
    if (swarm.member_) swarm.member_->on_peers(peer.session, m, now);
  }
  void operator()(const wire::Subscribe& m) const { swarm.answers_.on_subscribe(peer, m, now); }
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
    if (peer.subscribes.take(1, now))
      swarm.outbox_.send(peer.session, wire::SubscribeReply{0, wire::SubscribeCode::kNoStream, 0, 0});
  }
  void operator()(const wire::RepairRequest& m) const { swarm.children_.on_repair_request(peer.session, m, now); }
  void operator()(const wire::Hole& m) const {
    if (swarm.member_) swarm.member_->on_hole(peer, m, now);
  }
  void operator()(const wire::Bye& m) const {
    swarm.children_.remove(peer.session);
    if (swarm.member_) swarm.member_->on_bye(peer, m, now);
  }
  void operator()(const wire::Head& m) const {
    if (swarm.member_) swarm.member_->on_head(peer, m, now);
  }
  void operator()(const wire::Displaced& m) const {
    if (swarm.member_) swarm.member_->on_displaced(peer.session, m, now);
  }
  void operator()(const wire::Seen& m) const { swarm.own_record_.on_seen(peer, m.address, now); }
  void operator()(const wire::Record& m) const { swarm.introductions_.on_record(peer, m, now); }
  void operator()(const wire::Rendezvous& m) const {
    if (!swarm.relay_only_) swarm.answers_.on_rendezvous(peer, m.key, now);
  }
  void operator()(const wire::Punch& m) const {
    if (swarm.relay_only_) return;
    if (swarm.peers_.may_tell(peer.session, m.address) && peer.introductions.take(1, now))
      swarm.host_.endpoint.punch(m.address);
  }
};

void Swarm::handle_control(Peer& peer, Bytes text, Instant now) {
  const session::SessionId session = peer.session;
  // Who only measures the path wants no more than it sent.
  if (text[0] != wire::kControlTypeMin) own_record_.on_spoken(peer, now);
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
  // From anybody else than a parent nothing was asked.
  if (!reception_->info() || peer.sends_until < now) return;
  const session::SessionId session = peer.session;
  const Duration rtt = peer.rtt.known() ? peer.rtt.minimum() : Duration::zero();
  const auto shard = wire::parse_shard(frame.bytes());
  const auto list = shard ? std::nullopt : wire::parse_hash_list(frame.bytes());
  const auto parity = wire::parse_parity(frame.bytes());
  const std::uint64_t payload = shard ? shard->payload.size() : 0;
  const std::uint64_t sequence = shard ? wire::restore(shard->sequence_low, store_.head()) : 0;
  const std::uint64_t list_first = list ? list->first : 0;
  const bool is_list = list.has_value();
  const bool has_data = !list || list->count() > 0;
  const Reception::From from{session.number(), member_->parents().from(session), rtt, peers_.loses(peer)};
  const std::uint64_t repaired = reception_->stats().repaired;
  const stream::Verdict verdict = reception_->take(std::move(frame), from, own_.media_now(now), now);
  if (reception_->stats().repaired > repaired) peer.answering.on_answered();
  if (is_list && has_data && verdict == stream::Verdict::kStored) children_.on_list(list_first);
  if (!reception_->stored_parity().empty()) children_.on_parity(reception_->stored_parity());
  if (!reception_->stored().empty()) children_.on_stored(reception_->stored());
  if (verdict == stream::Verdict::kDuplicate) duplicate_bytes_ += payload;
  if (verdict == stream::Verdict::kForged) return member_->on_forger(session, now);
  if (shard) member_->on_shard(session, sequence, verdict == stream::Verdict::kStored, now);
  if (parity) member_->parents().on_parity(session, parity->index, now);
  // What they sent was held for a while: a session may be over by now, and its place another's.
  for (const std::uint64_t forger : reception_->forgers()) member_->on_forger(session::SessionId::of(forger), now);
  member_->on_received(now);
}

void Swarm::handle_info(Peer& peer, Bytes frame, Instant now) {
  switch (reception_->on_info(frame, now)) {
    case Reception::InfoResult::kForged:
      return member_->on_forger(peer.session, now);
    case Reception::InfoResult::kWrongSecret:
      return stop(StopReason::kWrongSecret, wire::ByeReason::kLeaving);
    case Reception::InfoResult::kNothingNew:
      return;
    case Reception::InfoResult::kNewRun:
      events_.push_back(RunBegan{host_.stream, reception_->info()->epoch});
      children_.set_striping(reception_->striping());
      children_.restart(store_.head());
      bulletin_.begin_run();
      ending_.begin_run();
      member_->begin_run(now);
      break;
    case Reception::InfoResult::kNews:
      break;
  }
  if (reception_->info()->ended) {
    reception_->on_head(reception_->info()->head, now);
    ending_.on_ended(now);
  }
  bulletin_.tell_info();
  own_record_.on_spoken(peer, now);
}

void Swarm::handle_deadline(Instant now) {
  if (stopped_) return;
  if (publisher_) {
    publisher_->handle_deadline(now);
    children_.on_parity(publisher_->made_parity());
    if (publisher_->take_info_due()) bulletin_.tell_info();
  } else {
    reception_->handle_deadline(now);
    member_->handle_deadline(now);
    while (const auto event = freshness_->judge(now)) events_.push_back(*event);
  }
  children_.handle_deadline(now);
  answers_.tell_displaced(now);
  for (const session::SessionId silent : children_.take_silent()) {
    if (Peer* const peer = peers_.find(silent)) peer->status.reset();
  }
  bulletin_.handle_deadline(now);
  keeping_.handle_deadline(now);
  check_end(now);
}

void Swarm::check_end(Instant now) {
  if (reception_ && reception_->info() && reception_->info()->ended) bulletin_.repeat_info(now);
  if (const auto end = ending_.judge(now)) stop(end->reason, end->bye);
}

void Swarm::stop(StopReason reason, wire::ByeReason bye) {
  if (stopped_) return;
  stopped_ = true;
  for (const auto& [session, peer] : peers_.all()) {
    outbox_.send(session, wire::Bye{bye});
    outbox_.close(session);
  }
  children_.clear();
  store_.restart(store_.head());  // what it keeps goes to nobody any more; the figures stay
  events_.push_back(Stopped{host_.stream, reason});
}

std::size_t Swarm::input_room() const { return publisher_ && !stopped_ ? publisher_->input_room() : 0; }

Instant Swarm::input_due() const { return publisher_ ? publisher_->input_due() : Instant::min(); }

void Swarm::input_waited(Duration waited) {
  SPATE_CHECK(publisher_ != nullptr);
  publisher_->input_waited(waited);
}

void Swarm::input(Bytes bytes, Instant now) {
  SPATE_CHECK(publisher_ != nullptr);
  if (stopped_) return;
  publisher_->input(bytes, now);
  children_.on_parity(publisher_->made_parity());
}

void Swarm::end_input(Instant now) {
  SPATE_CHECK(publisher_ != nullptr);
  if (stopped_) return;
  publisher_->end(now);
  children_.on_parity(publisher_->made_parity());
  if (publisher_->take_info_due()) bulletin_.tell_info();
}

// A publisher that leaves ends its run: what its children have been sent is all there will be.
void Swarm::leave(Instant now) {
  if (publisher_ && !stopped_) end_input(now);
  stop(StopReason::kLeft, publisher_ ? wire::ByeReason::kEnded : wire::ByeReason::kLeaving);
}

bool Swarm::flush(DatagramBatch& out, Instant now) {
  if (!stopped_ && children_.size() > 0) bulletin_.tell_changes(now);
  const std::uint64_t before = out.totals().wire_bytes;
  const bool flushed = outbox_.flush(host_.endpoint, out, now);
  const std::uint64_t control = out.totals().wire_bytes - before;
  host_.upload.charge(control, now);  // control is never held back, but counts
  control_bytes_sent_ += control;
  children_.on_control(control);
  return flushed && children_.pump(host_.endpoint, out, now);
}

std::optional<Event> Swarm::next_event(Instant now) {
  if (!events_.empty()) {
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  if (stopped_ || !reception_ || output_held_) return std::nullopt;
  if (auto output = reception_->next_output(own_.media_now(now), now))
    return Played{host_.stream, std::move(output->frame), output->bytes,
                  output->lag,  output->discontinuity,    reception_->passed_over() > 0};
  if (reception_->info() && reception_->info()->ended) {
    check_end(now);
    if (!events_.empty()) return next_event(now);
  }
  return std::nullopt;
}

Instant Swarm::next_deadline() const {
  if (stopped_) return kNever;
  Instant next = std::min(children_.next_deadline(), bulletin_.next_deadline());
  if (publisher_) return std::min(next, publisher_->next_deadline());
  // The ends of patience are looked at with the member's own, closely spaced deadlines.
  return std::min({next, reception_->next_deadline(member_->attached(), !output_held_), member_->next_deadline(),
                   freshness_->next_deadline()});
}

Fills Swarm::fills() const {
  const Children::Waiting waiting = children_.waiting();
  return {{{"messages on their way out", outbox_.waiting(), Outbox::kWaitingMax + session::Endpoint::kSessionsMax},
           {"late shards for a child", waiting.late, Child::kUrgentMax},
           {"repairs for a child", waiting.asked, Child::kUrgentMax},
           {"parity shards for a child", waiting.parity, Child::kParityMax},
           {"ranges of the past for a child", waiting.past, Backlogs::kOfOne},
           {"frames without a proof", reception_ ? reception_->held() : 0, stream::Verifier::kHeldTotalMax},
           {"missing shards", reception_ ? reception_->missing() : 0, Gaps::kMissingMax},
           {"candidates", member_ ? member_->candidates() : 0, Candidates::kMax}}};
}

StreamStats Swarm::stats(Instant now) {
  StreamStats stats;
  add_children(stats, children_);
  if (publisher_) add_publisher(stats, *publisher_);
  if (reception_) add_reception(stats, *reception_, role_ == wire::Role::kWatcher, now);
  if (member_) add_member(stats, *member_);
  stats.sent.control += control_bytes_sent_;
  stats.malformed_packets = malformed_packets_;
  stats.refused_addresses = peers_.refused_addresses();
  stats.duplicate_bytes = duplicate_bytes_;
  return stats;
}

}  // namespace spate::swarm
