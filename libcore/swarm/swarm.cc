#include "libcore/swarm/swarm.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr std::size_t kIntroductionLooks = 64;  // at peers, for one answer
constexpr Duration kStatusInterval = std::chrono::seconds(1);
constexpr unsigned kStatusesPart = 3;  // of those to a child that has little from us one in so many is sent
constexpr Duration kAnswerInterval = std::chrono::milliseconds(20);
constexpr std::uint64_t kAnswersPerSecond = 256 * 1024;
constexpr std::uint64_t kAnswersPerSecondMin = 2 * 1024;
constexpr std::size_t kManyChildren = 8;  // who has more is asked by many
constexpr std::size_t kPeersOfMany = 6;
constexpr std::uint64_t kNamesBytes = 700;   // about, of an answer that names peers
constexpr std::uint64_t kPunchBytes = 80;    // about, of an introduction
constexpr std::uint64_t kStatusBytes = 120;  // and of one that does not
constexpr Duration kAnswerDebtMax = std::chrono::milliseconds(50);
constexpr Duration kEndedInfoInterval = std::chrono::milliseconds(200);
constexpr Duration kEndPatience = std::chrono::seconds(2);  // for what is still missing when the run has ended

// What answers to inquiries may take of the upload, in bytes a second.
std::uint64_t answers_rate(const TokenBucket& upload) {
  return upload.unlimited() ? kAnswersPerSecond : std::max(kAnswersPerSecondMin, upload.rate() / 20);
}

LagSummary summary(const Histogram& lags) { return {lags.quantile(0.5), lags.quantile(0.99), lags.max()}; }

}  // namespace

Swarm::Swarm(const PublishConfig& config, const Host& host, Instant now)
    : host_(host),
      outbox_(host.pool),
      peers_(host.endpoint, outbox_),
      children_(config.capacity_milli, store_, peers_, outbox_, host.upload),
      role_(wire::Role::kPublisher),
      status_at_(now),
      newcomers_left_(answers_rate(host.upload), 2 * answers_rate(host.upload)),
      answers_left_(answers_rate(host.upload) / 4, answers_rate(host.upload) / 2) {
  const Striping striping{config.stripes, config.parity};
  children_.set_striping(striping);
  children_.set_home(striping.mask());
  publisher_ = std::make_unique<Publisher>(config, host.suite, host.pool, store_, children_, now);
}

Swarm::Swarm(const JoinConfig& config, const Host& host, Instant now)
    : host_(host),
      store_(config.history_shards),
      outbox_(host.pool),
      peers_(host.endpoint, outbox_),
      children_(config.capacity_milli, store_, peers_, outbox_, host.upload),
      role_(config.output ? wire::Role::kWatcher : wire::Role::kRelay),
      status_at_(now),
      newcomers_left_(answers_rate(host.upload), 2 * answers_rate(host.upload)),
      answers_left_(answers_rate(host.upload) / 4, answers_rate(host.upload) / 2) {
  reception_ = std::make_unique<Reception>(config, host.suite, host.pool, store_);
  const Member::House house{host.endpoint, host.service, outbox_,     peers_,     children_,
                            *reception_,   events_,      host.stream, host.upload};
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
  void operator()(const wire::Inquiry& m) const { swarm.answer_inquiry(peer, m.wanted, now); }
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
    swarm.outbox_.send(peer.session, wire::SubscribeReply{0, wire::SubscribeCode::kNoStream, 0, 0});
  }
  void operator()(const wire::RepairRequest& m) const { swarm.children_.on_repair_request(peer.session, m, now); }
  void operator()(const wire::Hole& m) const {
    if (!swarm.member_ || !swarm.member_->is_parent(peer.session)) return;
    const bool publisher = peer.status && peer.status->role == wire::Role::kPublisher;
    const bool only = swarm.member_->parents().from(peer.session) == swarm.member_->parents().all();
    swarm.reception_->on_hole(m, publisher || only, now);
    swarm.member_->on_received(now);
  }
  void operator()(const wire::Bye& m) const {
    swarm.children_.remove(peer.session);
    if (swarm.member_) swarm.member_->on_bye(peer, m, now);
  }
  void operator()(const wire::Head& m) const {
    if (!swarm.member_ || !swarm.member_->is_parent(peer.session)) return;
    // It speaks of what it sends us only.
    const StripeMask stripes = swarm.member_->parents().from(peer.session);
    if (stripes != swarm.member_->parents().all()) return;
    swarm.reception_->on_head(m.next, now);
    swarm.member_->on_received(now);
  }
  void operator()(const wire::Displaced& m) const {
    if (swarm.member_) swarm.member_->on_displaced(peer.session, m, now);
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
  const Reception::From from{session.slot, member_->parents().from(session), rtt};
  const stream::Verdict verdict = reception_->take(std::move(frame), from, media_now(now), now);
  if (is_list && has_data && verdict == stream::Verdict::kStored) children_.on_list(list_first);
  if (!reception_->stored_parity().empty()) children_.on_parity(reception_->stored_parity());
  if (!reception_->stored().empty()) children_.on_stored(reception_->stored());
  if (verdict == stream::Verdict::kDuplicate) duplicate_bytes_ += payload;
  if (verdict == stream::Verdict::kForged) return member_->on_forger(session, now);
  if (shard) member_->on_shard(session, sequence, now);
  if (parity) member_->parents().on_parity(session, parity->index, now);
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
      children_.set_striping(reception_->striping());
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

wire::Status Swarm::status(Instant now) const {
  wire::Status status;
  status.role = role_;
  status.receiving = has_stream();
  status.no_upload = children_.slots() == 0;
  status.slots = children_.slots();
  status.free_slots = children_.free_slots();
  status.home = children_.home();
  status.open = children_.open();
  status.yields = children_.yields_to(kContributes);
  status.yields_home = children_.yields_to(kPassesOn);
  if (!member_) {
    for (unsigned i = 0; i < children_.striping().all(); ++i) status.lags.push_back(0);
    return status;
  }
  const auto media = media_now(now);
  const auto lag_us = [&](StripeMask stripes) {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(to_us(reception_->lag(stripes, media, now)), 0, UINT32_MAX));
  };
  const StripeMask flowing = member_->flowing();
  for (StripeMask* const stripes : {&status.open, &status.yields, &status.yields_home}) *stripes &= flowing;
  status.lag_us = lag_us(children_.home());
  for (unsigned i = 0; i < children_.striping().all(); ++i) {
    const std::uint32_t units = (lag_us(bit(i)) + wire::kLagUnitUs / 2) / wire::kLagUnitUs;
    const bool has = (flowing & bit(i)) != 0;
    status.lags.push_back(has ? static_cast<std::uint8_t>(std::min(units, wire::kLagNone - 1u)) : wire::kLagNone);
  }
  return status;
}

// The ways of the stripes that the child has from us; none of a stripe that we have from nobody.
wire::Status Swarm::status_for(session::SessionId child, Instant now) const {
  wire::Status told = status(now);
  told.routes = routes(children_.stripes(child));
  // Ways that are long and all different do not fit; what is not told counts as not there.
  while (wire::control_bytes(told) > Outbox::kDatagramTextBytes) told.routes.pop_back();
  return told;
}

std::vector<wire::Route> Swarm::routes(StripeMask stripes) const {
  if (publisher_) return {wire::Route{stripes, {}}};
  std::vector<wire::Route> routes;
  for_each_stripe(stripes & member_->parents().all(), [&](unsigned stripe) {
    const auto path = member_->parents().path(stripe);
    if (!path) return;
    const auto same = std::find_if(routes.begin(), routes.end(), [&](const wire::Route& r) { return r.path == *path; });
    if (same != routes.end())
      same->stripes |= bit(stripe);
    else if (routes.size() < wire::kRoutesMax)
      routes.push_back({bit(stripe), *path});
  });
  return routes;
}

std::optional<wire::PeerRecord> Swarm::record_of(const Peer& peer) const {
  if (!host_.endpoint.established(peer.session)) return std::nullopt;
  wire::PeerRecord record{peer.key, host_.endpoint.address(peer.session), 0, 0, 0};
  if (const wire::Report* const report = children_.report_of(peer.session)) {
    record.free_slots = report->free_slots;
    record.lag_us = report->lag_us;
    record.home = children_.passed_on_by(peer.session);
    return report->slots > 0 ? std::optional(record) : std::nullopt;
  }
  if (!peer.status || !peer.status->receiving || peer.status->slots == 0) return std::nullopt;
  record.free_slots = peer.status->free_slots;
  record.lag_us = peer.status->lag_us;
  record.home = peer.status->home;
  return record;
}

// Those of our peers who may serve the asker: with free slots first, then the nearest to the publisher; one for each
// stripe that it wants before there is a second for any.
wire::Peers Swarm::introductions(const Peer& asker, StripeMask wanted) {
  std::vector<wire::PeerRecord> records;
  const auto add = [&](const Peer& peer) {
    if (peer.session == asker.session) return;
    if (const auto record = record_of(peer)) records.push_back(*record);
  };
  children_.for_each([&](session::SessionId child) {
    if (const Peer* const peer = peers_.find(child)) add(*peer);
  });
  // A publisher asks nobody for a status, and may have sessions with a whole swarm. Of many peers those that follow the
  // asker's session: each asker is told of others.
  const auto& all = peers_.all();
  auto it = all.upper_bound(asker.session);
  for (std::size_t looks = member_ ? std::min(all.size(), kIntroductionLooks) : 0; looks > 0; --looks, ++it) {
    if (it == all.end()) it = all.begin();
    if (!children_.has(it->first)) add(it->second);
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    if ((a.free_slots > 0) != (b.free_slots > 0)) return a.free_slots > 0;
    return std::tie(a.lag_us, a.key) < std::tie(b.lag_us, b.key);
  });
  wire::Peers peers;
  StripeMask open = wanted;
  const auto useful = [&](const wire::PeerRecord& r) { return r.free_slots > 0 && (r.home & open) != 0; };
  std::stable_partition(records.begin(), records.end(), [&](const wire::PeerRecord& r) {
    if (!useful(r)) return false;
    open &= ~r.home;
    return true;
  });
  const std::size_t most = children_.size() > kManyChildren ? kPeersOfMany : wire::kPeersMax;
  for (const wire::PeerRecord& record : records)
    if (peers.peers.size() < most) peers.peers.push_back(record);
  return peers;
}

// An answer is far larger than its question, so there is one for each kAnswerInterval at most.
void Swarm::answer_inquiry(Peer& peer, StripeMask wanted, Instant now) {
  // Who has no upload left to answer with is no parent to be found.
  if (now - peer.answered_at < kAnswerInterval || host_.upload.ready_at(now) - now > kAnswerDebtMax) return;
  // Whoever comes to know the swarm through us must not wait for those that know others.
  TokenBucket& left = peer.answered_at == Instant{} ? newcomers_left_ : answers_left_;
  const bool names = wanted != 0 && left.take(kNamesBytes, now);
  if (!names && !left.take(kStatusBytes, now)) return;
  peer.answered_at = now;
  outbox_.send(peer.session, children_.has(peer.session) ? status_for(peer.session, now) : status(now));
  if (!names) return;
  if (const wire::Peers peers = introductions(peer, wanted); !peers.peers.empty()) outbox_.send(peer.session, peers);
  if (const auto* const info = info_frame()) outbox_.send_frame(peer.session, *info);
}

void Swarm::answer_subscribe(Peer& peer, const wire::Subscribe& subscribe, Instant now) {
  const auto refuse = [&](wire::SubscribeCode code) {
    children_.remove(peer.session);
    outbox_.send(peer.session, wire::SubscribeReply{subscribe.id, code, 0, 0});
    answer_inquiry(peer, subscribe.stripes, now);
  };
  if (!has_stream()) return refuse(wire::SubscribeCode::kNoStream);
  if (children_.slots() == 0) return refuse(wire::SubscribeCode::kNoUpload);
  StripeMask allowed = subscribe.stripes;
  if (member_) {
    allowed &= member_->parents().served() & ~member_->parents().from(peer.session);
    for_each_stripe(allowed & member_->parents().all(), [&](unsigned stripe) {
      const auto path = member_->parents().path(stripe);
      if (!path || path->contains(peer.short_id)) allowed &= ~bit(stripe);
    });
  }
  // A file that nobody has seen yet is sent from its beginning; a live stream from its newest random-access point.
  const bool from_start = publisher_ && !publisher_->live() && store_.tail() == 0;
  const std::uint64_t newest = from_start ? 0 : store_.start_for_joiner();
  const std::uint64_t first =
      subscribe.first == wire::kFromNewest ? newest : std::clamp(subscribe.first, store_.tail(), store_.head());
  const bool live = !publisher_ || publisher_->live();
  const bool fresh = !children_.has(peer.session);
  const wire::SubscribeReply reply = children_.subscribe(peer.session, subscribe, allowed, first, live, now);
  outbox_.send(peer.session, reply);
  if (reply.stripes != 0) outbox_.send(peer.session, status_for(peer.session, now));
  if (reply.code != wire::SubscribeCode::kAccepted) answer_inquiry(peer, subscribe.stripes & ~reply.stripes, now);
  if (fresh && reply.stripes != 0) peers_.ping(peer, now);  // its round trip sets how much may be on the way to it
  tell_displaced();
}

void Swarm::tell_displaced() {
  for (const Children::DisplacedChild& displaced : children_.take_displaced()) {
    wire::Displaced told{displaced.stripes, {}};
    if (const Peer* const by = displaced.by ? peers_.find(*displaced.by) : nullptr)
      told.by = {by->key, host_.endpoint.address(by->session), 1, 0, children_.passed_on_by(by->session)};
    outbox_.send(displaced.session, told);
  }
}

// Two peers of ours want to meet, and one may be behind a NAT box: it learns who wants to reach it.
void Swarm::introduce(Peer& asker, const crypto::NodeKey& key, Instant now) {
  const Peer* const target = peers_.find_key(key);
  if (target == nullptr || target->session == asker.session || !asker.introductions.take(1, now)) return;
  if (!newcomers_left_.take(kPunchBytes, now)) return;
  outbox_.send(target->session, wire::Punch{host_.endpoint.address(asker.session)});
}

void Swarm::tell_children_status(StripeMask stripes, Instant now) {
  told_receiving_ = has_stream();
  children_.for_each([&](session::SessionId child) {
    if ((children_.stripes(child) & stripes) != 0) outbox_.send(child, status_for(child, now));
  });
}

// What children must know at once: who has the stream, and by which way.
void Swarm::tell_changes(Instant now) {
  StripeMask changed = member_ ? member_->parents().take_rerouted() : 0;
  if (has_stream() != told_receiving_) changed = wire::kAllStripes;
  if (changed != 0) tell_children_status(changed, now);
}

void Swarm::send_info_to_children() {
  const auto* const info = info_frame();
  if (info == nullptr) return;
  children_.for_each_with_lists([&](session::SessionId child) { outbox_.send_frame(child, *info); });
}

void Swarm::handle_deadline(Instant now) {
  if (stopped_) return;
  if (publisher_) {
    publisher_->handle_deadline(now);
    children_.on_parity(publisher_->made_parity());
    if (publisher_->take_info_due()) send_info_to_children();
  } else {
    reception_->handle_deadline(now);
    member_->handle_deadline(now);
  }
  children_.handle_deadline(now);
  tell_displaced();
  for (const session::SessionId silent : children_.take_silent()) {
    if (Peer* const peer = peers_.find(silent)) peer->status.reset();
  }
  if (now >= status_at_) {
    status_at_ = now + kStatusInterval;
    ++statuses_;
    children_.for_each([&](session::SessionId child) {
      const bool whole = children_.whole(child);
      if (whole || statuses_ % kStatusesPart == 0) outbox_.send(child, status_for(child, now));
      if (!whole) return;
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
  if (stopped_) return;
  publisher_->input(bytes, now);
  children_.on_parity(publisher_->made_parity());
}

void Swarm::end_input(Instant now) {
  SPATE_CHECK(publisher_ != nullptr);
  if (stopped_) return;
  publisher_->end(now);
  children_.on_parity(publisher_->made_parity());
  if (publisher_->take_info_due()) send_info_to_children();
}

// A publisher that leaves ends its run: what its children have been sent is all there will be.
void Swarm::leave(Instant now) {
  if (publisher_ && !stopped_) end_input(now);
  stop(StopReason::kLeft, publisher_ ? wire::ByeReason::kEnded : wire::ByeReason::kLeaving, now);
}

bool Swarm::flush(DatagramBatch& out, Instant now) {
  if (!stopped_ && children_.size() > 0) tell_changes(now);
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
  stats.slots_used = children_.used();
  stats.stripes = children_.striping().all();
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
  stats.regenerated_packets = received.regenerated;
  stats.duplicate_packets = reception_->duplicates();
  stats.duplicate_bytes = duplicate_bytes_;
  stats.forged_packets = received.forged;
  stats.parents = static_cast<std::uint32_t>(member_->parents().size());
  stats.depth = static_cast<std::uint32_t>(member_->depth());
  stats.parent_switches = member_->switches();
  stats.latency = reception_->latency();
  stats.rtt = member_->parent_rtt();
  (void)now;
  return stats;
}

}  // namespace spate::swarm
