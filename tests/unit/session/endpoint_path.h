// Two endpoints and the datagrams between them, in virtual time.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/session/endpoint.h"
#include "tests/catch.h"

namespace spate::session::tests {

using std::chrono::milliseconds;
using std::chrono::seconds;

using ByteVector = std::vector<std::uint8_t>;

inline constexpr Instant kStart{std::chrono::hours(1)};
inline constexpr Duration kOneWay = milliseconds(10);
inline constexpr Duration kGiveUp = seconds(10);
inline const Service kService = stream_service({{1, 2, 3}}, {4, 5, 6});

struct Sent {
  Address from;
  Address to;
  ByteVector bytes;
  Instant arrives;
};

// An endpoint, its address, and what it was told.
struct Host {
  Host(std::uint64_t seed, const Address& at, bool accept = true, const ForgeryLimits& limits = {})
      : rng(seed), address(at), endpoint(crypto::sodium_suite(), rng, pool, limits) {
    service = endpoint.add_service(kService, keys, accept);
  }

  std::vector<Sent> flush(Instant now) {
    std::vector<Sent> sent;
    for (bool done = false; !done;) {
      done = endpoint.flush(batch, now);
      take(sent, now);
    }
    return sent;
  }
  // As many data datagrams as it takes.
  std::vector<Sent> seal_all(SessionId session, const ByteVector& text, Instant now) {
    std::vector<Sent> sent;
    take(sent, now);
    endpoint.seal(session, text, batch, now);
    take(sent, now);
    return sent;
  }
  // One data datagram.
  ByteVector seal(SessionId session, const ByteVector& text, Instant now) {
    const auto sent = seal_all(session, text, now);
    if (sent.empty()) return {};
    REQUIRE(sent.size() == 1);
    return sent[0].bytes;
  }
  void handle(const Address& from, const ByteVector& bytes, Instant now) {
    auto received = endpoint.handle_datagram({from, bytes}, now);
    if (received) texts.emplace_back(received->text.bytes().begin(), received->text.bytes().end());
    while (const auto event = endpoint.next_event()) events.push_back(*event);
  }
  void deadline(Instant now) {
    endpoint.handle_deadline(now);
    while (const auto event = endpoint.next_event()) events.push_back(*event);
  }
  std::size_t count(SessionEvent::Kind kind) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const SessionEvent& e) { return e.kind == kind; }));
  }
  std::size_t established() const { return count(SessionEvent::Kind::kEstablished); }
  SessionId session() const {
    REQUIRE(established() > 0);
    return std::find_if(events.begin(), events.end(),
                        [](const SessionEvent& e) { return e.kind == SessionEvent::Kind::kEstablished; })
        ->session;
  }

  crypto::ChaChaRng rng;
  BufferPool pool;
  Address address;
  crypto::NodeKeyPair keys = crypto::generate_node_key_pair(rng);
  Endpoint endpoint;
  ServiceIndex service = 0;
  DatagramBatch batch;
  std::vector<ByteVector> texts;
  std::vector<SessionEvent> events;

 private:
  void take(std::vector<Sent>& sent, Instant now) {
    for (const DatagramBatch::Run& run : batch.runs())
      for (std::size_t i = 0; i < run.count; ++i) {
        const Bytes bytes = batch.datagram(run, i);
        const Address from = run.to.is_tcp() ? address.over_tcp() : address;
        sent.push_back({from, run.to, {bytes.begin(), bytes.end()}, now + kOneWay});
      }
    batch.clear();
  }
};

// Two hosts and the path between them.
struct Path {
  // What happens to the n-th datagram (from 0): false, it is lost.
  using Fate = std::function<bool(const Sent&, std::size_t)>;

  // The limits are b's.
  explicit Path(const ForgeryLimits& limits = {}) : b(2, Address::v4(10, 0, 0, 2, 2000), true, limits) {}

  void deliver_due() {
    for (bool moved = true; moved;) {
      moved = false;
      collect();
      for (std::size_t i = 0; i < wire.size(); ++i) {
        if (wire[i].arrives > now) continue;
        const Sent sent = wire[i];
        wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(i));
        (sent.to.over_udp() == a.address ? a : b).handle(sent.from, sent.bytes, now);
        moved = true;
        break;
      }
    }
  }
  void collect() {
    for (Host* host : {&a, &b})
      for (Sent& sent : host->flush(now)) put(std::move(sent));
  }
  void put(Sent sent) {
    const bool arrives = !fate || fate(sent, log.size());
    log.push_back(sent);
    if (arrives) wire.push_back(std::move(sent));
  }
  void run_until(Instant end) {
    while (true) {
      deliver_due();
      Instant next = std::min(a.endpoint.next_deadline(), b.endpoint.next_deadline());
      for (const Sent& sent : wire) next = std::min(next, sent.arrives);
      if (next > end) break;
      now = std::max(now, next);
      deliver_due();
      a.deadline(now);
      b.deadline(now);
    }
    now = end;
  }
  void run_for(Duration d) { run_until(now + d); }
  void connect(Host& from, Host& to, std::optional<Duration> tcp_after = std::nullopt) {
    REQUIRE(from.endpoint.connect(from.service, to.address, to.keys.public_key, kGiveUp, now, tcp_after));
  }
  void establish() {
    connect(a, b);
    run_for(seconds(1));
    REQUIRE(a.established() == 1);
    REQUIRE(b.established() == 1);
  }
  // From one to the other, over the path.
  void send(Host& from, Host& to, const ByteVector& text) {
    const ByteVector datagram = from.seal(from.session(), text, now);
    REQUIRE_FALSE(datagram.empty());
    if (from.endpoint.over_tcp(from.session()))
      put({from.address.over_tcp(), to.address.over_tcp(), datagram, now + kOneWay});
    else
      put({from.address, to.address, datagram, now + kOneWay});
  }
  // Both ways, every so often.
  void talk_for(Duration d, Duration every = seconds(1)) {
    for (const Instant end = now + d; now < end;) {
      send(a, b, {1});
      send(b, a, {2});
      sent_each_way += 1;
      run_for(every);
    }
  }

  Host a{1, Address::v4(10, 0, 0, 1, 1000)};
  Host b;
  Instant now = kStart;
  std::vector<Sent> wire;
  std::vector<Sent> log;
  Fate fate;
  std::size_t sent_each_way = 0;
};

inline std::uint64_t bytes_of(const std::vector<Sent>& sent) {
  std::uint64_t bytes = 0;
  for (const Sent& s : sent) bytes += s.bytes.size();
  return bytes;
}

// A valid initiation from a node of its own.
inline ByteVector initiation_to(const Host& host, Rng& rng) {
  const auto self = crypto::generate_node_key_pair(rng);
  const Initiation initiation(kService, self, host.keys.public_key, rng.u32(), rng);
  return {initiation.datagram().begin(), initiation.datagram().end()};
}

}  // namespace spate::session::tests
