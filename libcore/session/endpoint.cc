#include "libcore/session/endpoint.h"

#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/wire/control.h"

namespace spate::session {
namespace {

// Unanswered handshakes are repeated every 250 ms for 2 s, then every 500 ms to 4 s, then every second, each + 0..33 %.
constexpr Duration kRetryFast = std::chrono::milliseconds(250);
// Waiting handshake datagrams; more are dropped and will be repeated. What strangers make us answer leaves room for the
// handshakes that we begin ourselves.
constexpr std::size_t kOutgoingMax = 512;
constexpr std::size_t kAnswersMax = 256;
constexpr std::size_t kHangUpsMax = 64;  // what finds no room is hung up with its next datagram
constexpr ByteArray<1> kNothing{};       // what opens a NAT box

Duration retry_interval(Duration since_start) {
  if (since_start < std::chrono::seconds(2)) return kRetryFast;
  if (since_start < std::chrono::seconds(4)) return 2 * kRetryFast;
  return 4 * kRetryFast;
}

}  // namespace

Endpoint::Endpoint(const crypto::Suite& suite, Rng& rng, BufferPool& pool, const ForgeryLimits& forgery_limits)
    : suite_(suite),
      rng_(rng),
      pool_(pool),
      forgery_limits_(forgery_limits),
      indices_(rng),
      half_open_(indices_, rng),
      cookies_(rng) {}

Endpoint::~Endpoint() {
  for (ServedService& served : services_) served.erase_keys();
}

void Endpoint::ServedService::erase_keys() {
  for (const MutableBytes secret :
       {MutableBytes{service.psk}, MutableBytes{self.secret}, MutableBytes{mac1_key}, MutableBytes{cookie_key}})
    crypto::erase(secret);
}

ServiceIndex Endpoint::add_service(const Service& service, const crypto::NodeKeyPair& self, bool accept, bool fixed) {
  // A vector that grows leaves what it held behind in freed memory.
  if (services_.size() == services_.capacity()) {
    std::vector<ServedService> larger;
    larger.reserve(2 * services_.size() + 4);
    larger.assign(services_.begin(), services_.end());
    for (ServedService& served : services_) served.erase_keys();
    services_.swap(larger);
  }
  services_.push_back(
      {service, self, service.mac1_key(self.public_key), service.cookie_key(self.public_key), accept, fixed, false});
  return static_cast<ServiceIndex>(services_.size() - 1);
}

void Endpoint::remove_service(ServiceIndex service) {
  services_[service].removed = true;
  for (std::uint32_t slot = 0; slot < sessions_.size(); ++slot)
    if (sessions_[slot].used && sessions_[slot].service == service) remove(slot);
  half_open_.drop_service(service);
  services_[service].erase_keys();
}

std::optional<SessionId> Endpoint::connect(ServiceIndex service, const Address& address, const crypto::NodeKey& peer,
                                           Duration give_up, Instant now, std::optional<Duration> tcp_after) {
  SPATE_CHECK(service < services_.size() && !services_[service].removed);
  if (peer == services_[service].self.public_key) return std::nullopt;
  if (const auto known = by_peer_.find({service, peer}); known != by_peer_.end()) return id_of(known->second);
  const auto slot = take_session_slot();
  if (!slot) return std::nullopt;
  Session& session = sessions_[*slot];
  session.service = service;
  session.peer = peer;
  set_address(session, address);
  session.last_received = now;
  by_peer_.emplace(PeerKey{service, peer}, *slot);
  begin_handshake(*slot, give_up, now);
  if (!session.handshake) {
    remove(*slot);
    return std::nullopt;
  }
  if (tcp_after) session.handshake->tcp_from = now + *tcp_after;
  return id_of(*slot);
}

void Endpoint::try_udp(SessionId id, Instant now) {
  Session* const session = find(id);
  if (session == nullptr || !session->current || session->handshake) return;
  if (session->address.is_tcp() && session->current->initiator()) begin_handshake(id.slot, kUdpTrial, now);
}

void Endpoint::punch(const Address& address) { send_raw(address, kNothing); }

void Endpoint::keep(SessionId id, bool kept) {
  if (Session* const session = find(id)) session->kept = kept;
}

bool Endpoint::kept(SessionId id) const {
  const Session* const session = find(id);
  return session != nullptr && session->kept;
}

void Endpoint::close(SessionId id) {
  if (find(id) != nullptr) remove(id.slot);
}

std::optional<Endpoint::Received> Endpoint::handle_datagram(const Datagram& datagram, Instant now) {
  if (const auto index = parse_data_receiver(datagram.bytes)) {
    auto received = handle_data(datagram, *index, now);
    if (!received) ++dropped_;
    return received;
  }
  if (datagram.bytes.size() == kInitiationBytes && datagram.bytes[0] == kInitiationType) {
    handle_initiation(datagram, now);
  } else if (datagram.bytes.size() == kResponseBytes && datagram.bytes[0] == kResponseType) {
    handle_response(datagram, now);
  } else if (datagram.bytes.size() == kCookieReplyBytes && datagram.bytes[0] == kCookieType) {
    handle_cookie_reply(datagram);
  } else if (datagram.bytes.size() == kNothing.size() && !datagram.from.is_tcp()) {
    handle_punch(datagram.from);
  } else {
    ++dropped_;
    hang_up(datagram.from);
  }
  return std::nullopt;
}

// What fails over UDP may be anybody's; over TCP it is whoever made the connection. What came late is no failure: an
// answer to what has been answered, or data of a session that is over.
void Endpoint::hang_up(const Address& from) {
  if (from.is_tcp() && hang_ups_.size() < kHangUpsMax) hang_ups_.push_back(from);
}

std::optional<Address> Endpoint::next_hang_up() {
  if (hang_ups_.empty()) return std::nullopt;
  return hang_ups_.pop_front();
}

void Endpoint::handle_initiation(const Datagram& datagram, Instant now) {
  const auto header = parse_initiation(datagram.bytes);
  const auto served = std::find_if(services_.begin(), services_.end(), [&](const ServedService& s) {
    return header && s.accept && !s.removed && s.service.tag == header->tag;
  });
  if (served == services_.end() || !initiation_mac1_valid(datagram.bytes, served->mac1_key)) {
    // No reason to hang up: there may be other streams on that connection.
    ++dropped_;
    return;
  }
  const InitiationIdentity identity = initiation_identity(datagram.bytes);
  if (const HalfOpen* const again = half_open_.find(identity, datagram.from)) {
    answer_raw(again->address, again->response);
    return;
  }
  if (!may_handshake(datagram, *served, now)) return;
  // Only what is authentic takes a half-open entry, perhaps another's.
  const auto index = indices_.allocate({IndexTable::Kind::kHalfOpen, UINT32_MAX});
  if (!index) return;
  auto accepted = accept_initiation(datagram.bytes, served->service, served->self, *index, rng_, suite_);
  const auto service = static_cast<ServiceIndex>(served - services_.begin());
  if (!accepted || accepted->peer == served->self.public_key || !room_for({service, accepted->peer}, datagram.from)) {
    indices_.release(*index);
    ++dropped_;
    return;
  }
  HalfOpen entry;
  entry.identity = identity;
  entry.service = service;
  entry.peer = accepted->peer;
  entry.address = datagram.from;
  entry.keys = std::make_unique<KeySet>(accepted->keys, *index, accepted->peer_index, false, now);
  entry.response = accepted->response;
  const HalfOpen& answered = half_open_.add(std::move(entry), now);
  wake_at(answered.expires);
  answer_raw(answered.address, answered.response);
}

// An initiation costs a hash or two before this, and the key agreement after it.
bool Endpoint::may_handshake(const Datagram& initiation, const ServedService& served, Instant now) {
  if (load_.add(now)) {
    if (!cookies_.proven(initiation.bytes, initiation.from, now)) {
      if (!cookie_budget_.take(kCookieReplyBytes + header_bytes(initiation.from), rng_, now)) {
        ++dropped_;
        return false;
      }
      answer_raw(initiation.from, cookies_.reply(initiation.bytes, initiation.from, served.cookie_key, now));
      ++cookies_demanded_;
      return false;
    }
    if (!proven_budget_.take(initiation.from, now)) {
      ++dropped_;
      return false;
    }
  }
  const bool may = handshake_budget_.take(1, now);
  if (!may) ++dropped_;
  return may;
}

bool Endpoint::room_for(const PeerKey& peer, const Address& address) const {
  if (by_peer_.contains(peer)) return true;
  return sessions_by_network_.count(address) < kSessionsPerNetworkMax;
}

Endpoint::Session* Endpoint::find_awaiting(std::optional<std::uint32_t> index) {
  const IndexTable::Owner owner = index ? indices_.find(*index) : IndexTable::Owner{};
  if (owner.kind != IndexTable::Kind::kSession) return nullptr;
  Session& session = sessions_[owner.slot];
  return session.handshake && session.handshake->initiation.own_index() == *index ? &session : nullptr;
}

// The cookie is proven when the initiation is next repeated, not at once: replies do not set our pace.
void Endpoint::handle_cookie_reply(const Datagram& datagram) {
  Session* const session = find_awaiting(parse_cookie_reply_receiver(datagram.bytes));
  if (session == nullptr || !session->handshake->initiation.read_cookie_reply(datagram.bytes)) ++dropped_;
}

// From a host that we call, at another port than we know: every second call goes there. Nobody has proven anything:
// nothing is sent because of it that were not sent anyway, and the port that we know is called as well.
void Endpoint::handle_punch(const Address& from) {
  for (const std::uint32_t slot : calling_) {
    const Session& session = sessions_[slot];
    Handshake& handshake = *session.handshake;
    if (session.address.ip != from.ip || session.address.port == from.port || handshake.opened) continue;
    if (services_[session.service].fixed) continue;
    handshake.opened = from;
    return;
  }
  ++dropped_;
}

void Endpoint::handle_response(const Datagram& datagram, Instant now) {
  const auto index = parse_response_receiver(datagram.bytes);
  Session* const session = find_awaiting(index);
  const auto result = session != nullptr ? session->handshake->initiation.read_response(datagram.bytes) : std::nullopt;
  if (!result) {
    ++dropped_;
    return;
  }
  const auto slot = static_cast<std::uint32_t>(session - sessions_.data());
  // It may have begun over both: where it was answered it goes on.
  const bool over_tcp = now >= session->handshake->tcp_from && datagram.from == session->address.over_tcp();
  if (over_tcp || datagram.from == session->address.over_udp() || datagram.from == session->handshake->opened)
    set_address(*session, datagram.from);
  end_handshake(*session, false);
  session->last_received = now;
  session->confirm = true;
  confirming_.push_back(slot);
  install(slot, std::make_unique<KeySet>(result->keys, *index, result->peer_index, true, now), now);
}

std::optional<Endpoint::Received> Endpoint::handle_data(const Datagram& datagram, std::uint32_t index, Instant now) {
  IndexTable::Owner owner = indices_.find(index);
  if (owner.kind == IndexTable::Kind::kFree) return std::nullopt;
  std::optional<Buffer> text;
  bool newest = true;
  std::uint64_t number = 0;
  std::uint64_t expected = 0;
  if (owner.kind == IndexTable::Kind::kHalfOpen) {
    HalfOpen& entry = half_open_.at(owner.slot);
    // The address is proven by what comes from it, not by what somebody else brings.
    if (datagram.from != entry.address) return std::nullopt;
    text = entry.keys->open(datagram.bytes, suite_, pool_, now);
    if (!text) {
      hang_up(datagram.from);
      return std::nullopt;
    }
    owner.slot = promote(entry, now);
    if (owner.slot == UINT32_MAX) return std::nullopt;
  } else {
    Session& session = sessions_[owner.slot];
    KeySet* const keys =
        session.current && session.current->own_index() == index ? session.current.get() : session.previous.get();
    if (keys == nullptr || keys->own_index() != index) return std::nullopt;
    const bool elsewhere = datagram.from.over_udp() != session.address.over_udp();
    if (services_[session.service].fixed && elsewhere) return std::nullopt;
    number = data_counter(datagram.bytes);
    expected = keys->received_next();
    const std::uint64_t forged = keys->forged();
    text = keys->open(datagram.bytes, suite_, pool_, now);
    if (!text) {
      on_forged(owner.slot, keys->forged() - forged, datagram.from);
      return std::nullopt;
    }
    newest = number >= expected;
    if (newest)
      session.loss.on_received(number - expected);
    else
      session.loss.on_late();
  }
  Session& session = sessions_[owner.slot];
  session.last_received = now;
  session.doubt.on_received(datagram.bytes.size(), now);
  if (newest && datagram.from != session.address && !services_[session.service].fixed)
    check_path(owner.slot, datagram, now);
  if (const auto message = wire::parse_path_message(text->bytes())) {
    handle_path_message(owner.slot, *message, datagram.from, now);
    text = pool_.take(0);
  }
  if (const auto part = wire::parse_part(text->bytes())) {
    if (!session.parts) session.parts = std::make_unique<Parts>();
    text = session.parts->join(*part, pool_);
    if (!text) text = pool_.take(0);
  }
  return Received{id_of(owner.slot), session.service, std::move(*text), number, expected};
}

void Endpoint::on_forged(std::uint32_t slot, std::uint64_t count, const Address& from) {
  if (count == 0) return;
  hang_up(from);
  Session& session = sessions_[slot];
  session.forged += count;
  if (session.forged == forgery_limits_.alarm) ++alarms_;
  if (session.forged < forgery_limits_.close) return;
  push_event(SessionEvent::Kind::kSilent, slot);
  remove(slot);
}

std::uint32_t Endpoint::promote(HalfOpen& entry, Instant now) {
  const PeerKey peer{entry.service, entry.peer};
  std::uint32_t slot = UINT32_MAX;
  if (const auto known = by_peer_.find(peer); known != by_peer_.end()) {
    slot = known->second;
  } else if (const auto fresh = room_for(peer, entry.address) && (by_peer_.size() < kSessionsOfOthersMax || evict(now))
                                    ? take_session_slot()
                                    : std::nullopt) {
    slot = *fresh;
    sessions_[slot].service = entry.service;
    sessions_[slot].peer = entry.peer;
    by_peer_.emplace(peer, slot);
  } else {
    half_open_.drop(entry);
    return UINT32_MAX;
  }
  Session& session = sessions_[slot];
  // Both sides dialled, and theirs came first; or ours goes to an address that was for another transport.
  if (session.handshake && (!session.current || entry.address.is_tcp() != session.address.is_tcp()))
    end_handshake(session, true);
  session.last_received = now;
  indices_.reassign(entry.keys->own_index(), {IndexTable::Kind::kSession, slot});
  const Address from = entry.address;
  auto keys = half_open_.take_keys(entry);
  // Both sides dialled at once, and both succeeded: the keys that the lesser node key initiated are used, and where
  // these were agreed on the session is.
  const bool crossed = session.current && session.current->initiator() && keys->created() <= session.current->created();
  if (crossed && services_[session.service].self.public_key < session.peer) {
    drop_keys(session.previous);
    session.previous = std::move(keys);
  } else {
    set_address(session, from);
    install(slot, std::move(keys), now);
  }
  return slot;
}

std::optional<std::uint32_t> Endpoint::take_session_slot() {
  std::uint32_t slot = 0;
  if (!free_sessions_.empty()) {
    slot = free_sessions_.back();
    free_sessions_.pop_back();
  } else if (sessions_.size() < kSessionsMax) {
    slot = static_cast<std::uint32_t>(sessions_.size());
    sessions_.emplace_back();
  } else {
    return std::nullopt;
  }
  sessions_[slot].used = true;
  return slot;
}

// Those that are silent for longest; what we have begun ourselves and is not answered yet ends by itself. Whoever goes
// is told, and for a while does not think of us as a parent. Its own session it keeps until it finds us silent, and
// what it says meanwhile, inquiries too, changes nothing here.
bool Endpoint::evict(Instant now) {
  std::optional<std::uint32_t> idle;
  for (std::uint32_t slot = 0; slot < sessions_.size(); ++slot) {
    const Session& session = sessions_[slot];
    if (!session.used || session.kept || !session.current) continue;
    if (!idle || session.last_received < sessions_[*idle].last_received) idle = slot;
  }
  if (!idle) return false;
  Session& session = sessions_[*idle];
  if (session.current->usable(now)) {
    ByteArray<16> text{};
    Writer writer(text);
    wire::write_control(writer, wire::Bye{wire::ByeReason::kDisplaced});
    const Bytes bye = Bytes{text}.first(wire::control_bytes(wire::Bye{}));
    ByteArray<text.size() + kDataOverhead> datagram{};
    const MutableBytes sealed = MutableBytes{datagram}.first(bye.size() + kDataOverhead);
    session.current->seal(sealed, bye, suite_);
    answer_raw(session.address, sealed);
  }
  push_event(SessionEvent::Kind::kSilent, *idle);
  remove(*idle);
  ++evicted_;
  return true;
}

void Endpoint::install(std::uint32_t slot, std::unique_ptr<KeySet> keys, Instant now) {
  Session& session = sessions_[slot];
  const bool is_new = !session.current;
  drop_keys(session.previous);
  session.previous = std::move(session.current);
  session.current = std::move(keys);
  session.parts.reset();  // a peer that has begun anew counts its texts from 0
  wake_at(now + kSilenceMax);
  if (is_new) push_event(SessionEvent::Kind::kEstablished, slot);
}

void Endpoint::drop_keys(std::unique_ptr<KeySet>& keys) {
  if (keys) indices_.release(keys->own_index());
  keys.reset();
}

void Endpoint::begin_handshake(std::uint32_t slot, Duration give_up, Instant now) {
  Session& session = sessions_[slot];
  const auto index = indices_.allocate({IndexTable::Kind::kSession, slot});
  if (!index) return;  // 65,536 in use
  const ServedService& served = services_[session.service];
  auto handshake = std::make_unique<Handshake>(
      Handshake{Initiation(served.service, served.self, session.peer, *index, rng_, suite_), now, now, now + give_up});
  if (!handshake->initiation.usable()) {  // the peer's key, which somebody told us, is none
    indices_.release(*index);
    return;
  }
  session.handshake = std::move(handshake);
  if (!session.current) calling_.push_back(slot);
  wake_at(now);
}

void Endpoint::end_handshake(Session& session, bool release_index) {
  std::erase(calling_, static_cast<std::uint32_t>(&session - sessions_.data()));
  if (release_index) indices_.release(session.handshake->initiation.own_index());
  session.handshake.reset();
}

void Endpoint::remove(std::uint32_t slot) {
  Session& session = sessions_[slot];
  by_peer_.erase({session.service, session.peer});
  if (session.counted) sessions_by_network_.remove(session.address);
  if (session.handshake) end_handshake(session, true);
  drop_keys(session.current);
  drop_keys(session.previous);
  const std::uint32_t generation = session.generation + 1;
  session = Session();
  session.generation = generation;
  free_sessions_.push_back(slot);
}

void Endpoint::push_event(SessionEvent::Kind kind, std::uint32_t slot) {
  events_.push_back({kind, id_of(slot), sessions_[slot].service, sessions_[slot].peer});
}

void Endpoint::set_address(Session& session, const Address& address) {
  if (session.counted) sessions_by_network_.remove(session.address);
  if (address != session.address) session.size.reset();
  if (address.is_tcp() != session.address.is_tcp()) {
    session.paths.reset();
    session.loss = {};
  }
  session.address = address;
  session.counted = true;
  sessions_by_network_.add(address);
}

void Endpoint::send_raw(const Address& to, Bytes bytes) {
  if (outgoing_.size() < kOutgoingMax) outgoing_.push_back({to, {bytes.begin(), bytes.end()}});
}

void Endpoint::answer_raw(const Address& to, Bytes bytes) {
  if (outgoing_.size() < kAnswersMax) send_raw(to, bytes);
}

void Endpoint::handle_deadline(Instant now) {
  if (now < next_deadline_) return;
  next_deadline_ = kNever;
  for (std::uint32_t slot = 0; slot < sessions_.size(); ++slot)
    if (sessions_[slot].used) check_session(slot, now);
  wake_at(half_open_.expire(now));
}

void Endpoint::check_session(std::uint32_t slot, Instant now) {
  Session& session = sessions_[slot];
  const bool connected = session.current != nullptr;
  if (connected && (now - session.last_received >= kSilenceMax || !session.current->usable(now))) {
    push_event(SessionEvent::Kind::kSilent, slot);
    return remove(slot);
  }
  if (session.paths) follow(slot, now);
  if (session.size) probe(slot, now);
  // Over TCP only who called can call again; and UDP may have come to work.
  const bool over_tcp = session.address.is_tcp();
  const bool may_renew = connected && (!over_tcp || session.current->initiator());
  if (may_renew && !session.handshake && session.current->wants_rekey(now)) {
    begin_handshake(slot, KeySet::kRejectAge - KeySet::kRekeyAge, now);
    if (over_tcp && session.handshake) session.handshake->tcp_from = now + kTcpAfter;
  }
  if (connected && session.previous && now - session.previous->last_received() >= kSilenceMax)
    drop_keys(session.previous);
  if (session.handshake && now >= session.handshake->give_up) {
    if (connected) {
      end_handshake(session, true);
    } else {
      push_event(SessionEvent::Kind::kUnreachable, slot);
      return remove(slot);
    }
  }
  if (session.handshake && now >= session.handshake->next_send) {
    Handshake& handshake = *session.handshake;
    handshake.to_opened = handshake.opened && !handshake.to_opened;
    send_raw(handshake.to_opened ? *handshake.opened : session.address.over_udp(), handshake.initiation.datagram());
    if (now >= handshake.tcp_from) send_raw(session.address.over_tcp(), handshake.initiation.datagram());
    const Duration interval = retry_interval(now - handshake.started);
    const auto jitter = static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(interval.count()) / 3 + 1));
    handshake.next_send = now + interval + Duration(jitter);
    if (now < handshake.tcp_from) handshake.next_send = std::min(handshake.next_send, handshake.tcp_from);
  }
  if (session.handshake) wake_at(std::min(session.handshake->next_send, session.handshake->give_up));
  if (connected) {
    wake_at(session.last_received + kSilenceMax);
    const Instant rekey = session.current->created() + KeySet::kRekeyAge;
    wake_at(now < rekey ? rekey : session.current->created() + KeySet::kRejectAge);
  }
}

std::optional<SessionEvent> Endpoint::next_event() {
  if (events_.empty()) return std::nullopt;
  return events_.pop_front();
}

bool Endpoint::flush(DatagramBatch& out, Instant now) {
  while (!outgoing_.empty()) {
    if (out.full()) return false;
    const Outgoing& next = outgoing_.front();
    const MutableBytes room = out.add(next.to, next.bytes.size());
    std::copy(next.bytes.begin(), next.bytes.end(), room.begin());
    outgoing_.pop_front();
  }
  while (!path_sends_.empty()) {
    if (out.full()) return false;
    const PathSend next = path_sends_.pop_front();
    const Session* const session = find(next.session);
    if (session == nullptr || !session->current || !session->current->usable(now)) continue;
    ByteArray<kTextBytesMax> text{};
    const auto message = wire::format_path_message(next.message);
    std::copy(message.begin(), message.end(), text.begin());
    session->current->seal(out.add(next.to, next.bytes), Bytes{text}.first(next.bytes - kDataOverhead), suite_);
  }
  while (!confirming_.empty()) {
    if (out.full()) return false;
    const std::uint32_t slot = confirming_.back();
    confirming_.pop_back();
    if (sessions_[slot].confirm) seal(id_of(slot), {}, out, now);
  }
  return true;
}

bool Endpoint::seal(SessionId id, Bytes text, DatagramBatch& out, Instant now) {
  SPATE_CHECK(text.size() <= kTextBytesMax);
  Session* const session = find(id);
  if (session == nullptr || !session->current || !session->current->usable(now)) return false;
  session->confirm = false;
  if (const std::size_t bytes = text.size() + kDataOverhead; carries(*session, bytes, now))
    session->current->seal(out.add(session->address, bytes), text, suite_);
  else
    seal_parts(*session, text, out);
  return true;
}

Endpoint::Session* Endpoint::find(SessionId id) {
  if (id.slot >= sessions_.size()) return nullptr;
  Session& session = sessions_[id.slot];
  return session.used && session.generation == id.generation ? &session : nullptr;
}

const Endpoint::Session* Endpoint::find(SessionId id) const { return const_cast<Endpoint*>(this)->find(id); }

bool Endpoint::established(SessionId id) const {
  const Session* const session = find(id);
  return session != nullptr && session->current;
}

const Address& Endpoint::address(SessionId id) const {
  const Session* const session = find(id);
  SPATE_CHECK(session != nullptr);
  return session->address;
}

bool Endpoint::over_tcp(SessionId id) const {
  const Session* const session = find(id);
  return session != nullptr && session->address.is_tcp();
}

const crypto::NodeKey& Endpoint::peer(SessionId id) const {
  const Session* const session = find(id);
  SPATE_CHECK(session != nullptr);
  return session->peer;
}

Instant Endpoint::last_received(SessionId id) const {
  const Session* const session = find(id);
  SPATE_CHECK(session != nullptr);
  return session->last_received;
}

Instant Endpoint::heard(SessionId id) const {
  const Session* const session = find(id);
  return session == nullptr ? Instant{} : session->last_received;
}

bool Endpoint::loses_much(SessionId id) const {
  const Session* const session = find(id);
  return session != nullptr && session->loss.heavy();
}

EndpointStats Endpoint::stats() const {
  return {dropped_,
          cookies_demanded_,
          moves_,
          alarms_,
          evicted_,
          static_cast<std::uint32_t>(by_peer_.size()),
          static_cast<std::uint32_t>(half_open_.size())};
}

}  // namespace spate::session
