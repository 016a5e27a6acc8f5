// Endpoint: all secured paths of one address. Handshakes, keys and their renewal, and who a datagram is from.
//
// Guarantees:
//   - a datagram without a valid mac1, or that no key opens, is answered with nothing and changes nothing but a
//   counter;
//   - before a peer has proven its address it is sent at most the bytes that came from it, and costs a bounded
//   half-open entry; while handshakes are many it must prove a cookie first, which costs nothing kept;
//   - no network has more than its share of the half-open entries, of the handshakes under load, and of the sessions;
//   - a session takes over from an older one with the same peer only when the peer has used the new keys;
//   - a peer whose address changes is followed when it has answered a challenge there and its old address is dead
//   (path_check.h); until then it is sent challenges there, in at most the bytes that came from there;
//   - no datagram is larger than its path has been shown to carry (path_size.h), but for probes; a larger text goes in
//   two;
//   - keys are renewed after 120 s and refused after 180 s; a session silent for kSilenceMax is closed;
//   - handshakes go over UDP, and where we may over TCP when UDP has not been answered: a session is where the answer
//   came from, until its keys are renewed. Over TCP its peer does not move.
// It does not know what travels inside (the swarm's affair) but for a goodbye to whoever gives way, and starts nothing
// but handshakes by itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "libcore/base/fifo.h"
#include "libcore/base/token_bucket.h"
#include "libcore/session/cookie_budget.h"
#include "libcore/session/cookies.h"
#include "libcore/session/half_open.h"
#include "libcore/session/handshake.h"
#include "libcore/session/handshake_load.h"
#include "libcore/session/index_table.h"
#include "libcore/session/key_set.h"
#include "libcore/session/network_budget.h"
#include "libcore/session/network_counts.h"
#include "libcore/session/parts.h"
#include "libcore/session/path_check.h"
#include "libcore/session/path_loss.h"
#include "libcore/session/path_size.h"

namespace spate::session {

// Names one session for as long as it lives; never reused for another.
struct SessionId {
  std::uint32_t slot = UINT32_MAX;
  std::uint32_t generation = 0;
  auto operator<=>(const SessionId&) const = default;
  // The same as one number, for those that know nothing of sessions.
  std::uint64_t number() const { return std::uint64_t{generation} << 32 | slot; }
  static SessionId of(std::uint64_t number) {
    return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32)};
  }
};

struct SessionEvent {
  enum class Kind : std::uint8_t {
    kEstablished,
    kUnreachable,  // the handshake was not answered in time; the session is gone
    // Nothing authentic came for kSilenceMax, the keys grew too old, too much was forged, or a newcomer needed the
    // place; the session is gone.
    kSilent,
  };
  Kind kind = Kind::kEstablished;
  SessionId session;
  ServiceIndex service = 0;
  crypto::NodeKey peer;
};

struct EndpointStats {
  std::uint64_t dropped = 0;  // datagrams that changed nothing
  std::uint64_t cookies = 0;  // demanded
  std::uint64_t moves = 0;    // peers followed to another address
  std::uint64_t alarms = 0;   // sessions that reached ForgeryLimits::alarm
  std::uint64_t evicted = 0;  // sessions that gave way to newcomers
  std::uint32_t sessions = 0;
  std::uint32_t half_open = 0;
};

// Of datagrams of one session that did not open, so many that somebody is trying keys (RFC 9001, section 6.6). An
// object of its own so that tests need not send 2^36.
struct ForgeryLimits {
  std::uint64_t alarm = std::uint64_t{1} << 20;  // counted
  std::uint64_t close = std::uint64_t{1} << 36;  // the session ends
};

class Endpoint {
 public:
  static constexpr std::size_t kSessionsMax = 4096;
  // Of them peers that come to us have so many: when these are taken, whoever is not kept and was silent for longest
  // gives way to a newcomer, and is told so in one datagram. The others are for whom we connect() to.
  static constexpr std::size_t kSessionsOfOthersMax = kSessionsMax - 128;
  // With peers of one network, counted when they ask; we ourselves may connect() to more.
  static constexpr std::size_t kSessionsPerNetworkMax = 256;
  static constexpr std::size_t kHalfOpenMax = HalfOpenTable::kMax;
  static constexpr Duration kSilenceMax = std::chrono::seconds(10);
  // For so long UDP alone is tried.
  static constexpr Duration kTcpAfter = std::chrono::milliseconds(750);
  static constexpr Duration kUdpTrial = std::chrono::seconds(1);
  static constexpr std::size_t kTextBytesMax = PathSize::kSizes[0] - kDataOverhead;
  // That are taken part in, under load or not.
  static constexpr std::uint64_t kHandshakesPerSecond = 200;
  static constexpr std::uint64_t kHandshakesBurst = 128;

  Endpoint(const crypto::Suite& suite, Rng& rng, BufferPool& pool, const ForgeryLimits& forgery_limits = {});
  ~Endpoint();  // erases its keys

  // What a flood of handshakes is answered with may take so much of the uplink, in bytes a second with their headers
  // (0, and at first: whatever it takes). Who is not answered asks again.
  void limit_cookies(std::uint64_t rate, Instant now) { cookie_budget_.set_rate(rate, now); }

  // Serves this service under that key. With accept false only our own initiations make sessions. With `fixed` peers
  // are where we connected to: what comes from elsewhere is dropped unread. With both nothing of this service is ever
  // sent to an address that connect() was not given.
  ServiceIndex add_service(const Service& service, const crypto::NodeKeyPair& self, bool accept, bool fixed = false);
  // Ends its sessions without a word and answers for it no more. The service may be added again, under a new index.
  void remove_service(ServiceIndex service);
  bool serves(ServiceIndex service) const { return !services_[service].removed; }

  // Begins a handshake, to be given up after that time, unless there is a session with the peer already. Not answered
  // for `tcp_after` it goes on over TCP, too, to the same host and port. Nothing when the table is full, or the peer's
  // key is our own or no key at all.
  std::optional<SessionId> connect(ServiceIndex service, const Address& address, const crypto::NodeKey& peer,
                                   Duration give_up, Instant now, std::optional<Duration> tcp_after = std::nullopt);
  // Calls the peer of a session over TCP that we began again, over UDP alone, for kUdpTrial: if that is answered the
  // session goes on there. Of any other session it does nothing.
  void try_udp(SessionId id, Instant now);
  // Sends one byte there, which means nothing: it opens a NAT box of ours for what comes from that address. Whoever is
  // there and calls us learns by it which port the box has opened for it, where that depends on whom we send to.
  void punch(const Address& address);
  // What should come from there does not. If only what is small has come of late, the peer is asked to send all in
  // small datagrams, until its path has been shown to carry large ones again. False if nothing was said.
  bool doubt(SessionId id, Instant now);
  // Whether the session is of use, and does not give way to a newcomer; at first it is not. Unknown ids are ignored.
  void keep(SessionId id, bool kept);
  bool kept(SessionId id) const;  // tests ask; elsewhere only evict() wants to know
  // Forgets a session without a word or an event. Unknown ids are ignored.
  void close(SessionId id);

  struct Received {
    SessionId session;
    ServiceIndex service;
    Buffer text;  // may be empty: a keep-alive
    // The datagram's number under its keys, and one past the highest before it: those in between have not come (yet),
    // and if it is lower itself, it is late. Both are 0 for the first under new keys of the other's making.
    std::uint64_t number = 0;
    std::uint64_t expected = 0;
  };
  std::optional<Received> handle_datagram(const Datagram& datagram, Instant now);
  void handle_deadline(Instant now);
  Instant next_deadline() const { return next_deadline_; }
  std::optional<SessionEvent> next_event();
  // An address over TCP from which something came that is not authentic: its connection is to be closed.
  std::optional<Address> next_hang_up();

  // Writes waiting handshake datagrams, path messages and key confirmations. False if the batch is full and more waits.
  bool flush(DatagramBatch& out, Instant now);
  // Seals text into the batch, as one datagram or two. False if the session is not established or its keys are too old.
  // REQUIRES !out.full() and text.size() <= kTextBytesMax.
  bool seal(SessionId id, Bytes text, DatagramBatch& out, Instant now);

  bool established(SessionId id) const;
  // REQUIRES that the session exists (established, or connecting).
  const Address& address(SessionId id) const;
  bool over_tcp(SessionId id) const;  // false for unknown ids
  const crypto::NodeKey& peer(SessionId id) const;
  Instant last_received(SessionId id) const;
  // The same, of any session; long ago, if there is none of that id.
  Instant heard(SessionId id) const;
  // Of what that peer sends much is lost on its way here (PathLoss::heavy()); false for unknown ids.
  bool loses_much(SessionId id) const;
  EndpointStats stats() const;

 private:
  struct ServedService {
    Service service;
    crypto::NodeKeyPair self;
    crypto::SymmetricKey mac1_key;
    crypto::SymmetricKey cookie_key;
    bool accept = false;
    bool fixed = false;
    bool removed = false;

    void erase_keys();
  };
  struct Handshake {
    Initiation initiation;
    Instant started{};
    Instant next_send{};
    Instant give_up{};
    Instant tcp_from = kNever;           // over TCP as well, from then on
    std::optional<Address> opened = {};  // the peer's box has opened another port for us
    bool to_opened = false;              // the last one went there
  };
  // What each datagram needs comes first: there are many sessions, and few of them are in the cache.
  struct Session {
    std::unique_ptr<KeySet> current;
    Instant last_received{};
    std::uint32_t generation = 0;
    ServiceIndex service = 0;
    Address address;
    bool used = false;
    bool counted = false;  // its address, in sessions_by_network_
    bool confirm = false;  // owes the peer a first datagram on new keys
    bool kept = false;     // does not give way to newcomers
    std::unique_ptr<KeySet> previous;
    std::unique_ptr<Handshake> handshake;
    std::unique_ptr<PathCheck> paths;  // while there is something to check
    std::unique_ptr<PathSize> size;    // once something large was sent
    std::unique_ptr<Parts> parts;      // once one has come
    std::uint16_t parted = 0;          // texts sent in two parts
    PathDoubt doubt;
    PathLoss loss;
    std::uint64_t forged = 0;  // under all its keys
    crypto::NodeKey peer;
  };

  struct PathSend {
    SessionId session;
    Address to;
    wire::PathMessage message;
    std::size_t bytes = 0;  // of the datagram
  };
  using PeerKey = std::pair<ServiceIndex, crypto::NodeKey>;
  struct Outgoing {
    Address to;
    std::vector<std::uint8_t> bytes;
  };

  void handle_initiation(const Datagram& datagram, Instant now);
  bool may_handshake(const Datagram& initiation, const ServedService& served, Instant now);
  void handle_response(const Datagram& datagram, Instant now);
  void handle_cookie_reply(const Datagram& datagram);
  void handle_punch(const Address& from);
  std::optional<Received> handle_data(const Datagram& datagram, std::uint32_t index, Instant now);
  void on_forged(std::uint32_t slot, std::uint64_t count, const Address& from);
  void hang_up(const Address& from);
  void check_path(std::uint32_t slot, const Datagram& datagram, Instant now);
  void handle_path_message(std::uint32_t slot, const wire::PathMessage& message, const Address& from, Instant now);
  void send_path(std::uint32_t slot, const Address& to, const wire::PathMessage& message,
                 std::size_t bytes = PathCheck::kDatagramBytes);
  void follow(std::uint32_t slot, Instant now);
  bool carries(Session& session, std::size_t bytes, Instant now);
  void probe(std::uint32_t slot, Instant now);
  void seal_parts(Session& session, Bytes text, DatagramBatch& out);
  PathCheck& paths_of(Session& session);
  // There is a session with that peer, or there may be one.
  bool room_for(const PeerKey& peer, const Address& address) const;
  std::uint32_t promote(HalfOpen& entry, Instant now);
  std::optional<std::uint32_t> take_session_slot();
  bool evict(Instant now);
  void install(std::uint32_t slot, std::unique_ptr<KeySet> keys, Instant now);
  void drop_keys(std::unique_ptr<KeySet>& keys);
  void begin_handshake(std::uint32_t slot, Duration give_up, Instant now);
  void end_handshake(Session& session, bool release_index);
  void remove(std::uint32_t slot);
  void push_event(SessionEvent::Kind kind, std::uint32_t slot);
  void set_address(Session& session, const Address& address);
  // The session whose handshake, still unanswered, has this receiver index.
  Session* find_awaiting(std::optional<std::uint32_t> index);
  void send_raw(const Address& to, Bytes bytes);
  void answer_raw(const Address& to, Bytes bytes);
  void check_session(std::uint32_t slot, Instant now);
  Session* find(SessionId id);
  const Session* find(SessionId id) const;
  SessionId id_of(std::uint32_t slot) const { return {slot, sessions_[slot].generation}; }
  void wake_at(Instant when) { next_deadline_ = std::min(next_deadline_, when); }

  const crypto::Suite& suite_;
  Rng& rng_;
  BufferPool& pool_;
  const ForgeryLimits forgery_limits_;
  IndexTable indices_;
  std::vector<ServedService> services_;
  std::vector<Session> sessions_;
  std::vector<std::uint32_t> free_sessions_;
  NetworkCounts sessions_by_network_;
  HalfOpenTable half_open_;
  HandshakeLoad load_;
  CookieIssuer cookies_;
  NetworkBudget proven_budget_;
  std::map<PeerKey, std::uint32_t> by_peer_;
  Fifo<SessionEvent> events_;
  Fifo<Outgoing> outgoing_;
  Fifo<PathSend> path_sends_;
  Fifo<Address> hang_ups_;
  std::vector<std::uint32_t> confirming_;
  std::vector<std::uint32_t> calling_;  // who has not answered yet, nor has a session
  TokenBucket handshake_budget_{kHandshakesPerSecond, kHandshakesBurst};
  CookieBudget cookie_budget_;
  Instant next_deadline_ = kNever;
  std::uint64_t dropped_ = 0;
  std::uint64_t cookies_demanded_ = 0;
  std::uint64_t moves_ = 0;
  std::uint64_t alarms_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace spate::session
