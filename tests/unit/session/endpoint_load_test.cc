// What strangers may cost an endpoint: half-open entries, handshakes under load, cookies, sessions of one network.
#include <algorithm>
#include <vector>

#include "libcore/session/endpoint.h"
#include "libcore/wire/control.h"
#include "tests/catch.h"
#include "tests/unit/session/endpoint_path.h"

using namespace spate;
using namespace spate::session;
using namespace spate::session::tests;

namespace {

Address spoofed(std::uint32_t i) {
  return Address::v4(172, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                     static_cast<std::uint8_t>(i), 9);
}

// Valid initiations to one host, each of a node of its own, from addresses that are not the sender's.
struct Flood {
  explicit Flood(Path& target) : path(target) {}
  // So many, at this instant.
  void send(int count) {
    for (int i = 0; i < count; ++i) {
      const Initiation fresh(kService, self, path.b.keys.public_key, rng.u32(), rng);
      const Address from = spoofed(sent++);
      path.b.handle(from, {fresh.datagram().begin(), fresh.datagram().end()}, path.now);
      in += kInitiationBytes;
    }
    for (const Sent& answer : path.b.flush(path.now)) {
      if (answer.to == path.a.address) {
        path.put(answer);
        continue;
      }
      out += answer.bytes.size();
      ++answers[answer.bytes[0]];
      CHECK(answer.bytes.size() <= kInitiationBytes);
    }
    most_half_open = std::max(most_half_open, path.b.endpoint.stats().half_open);
  }
  // So many a second, while the hosts go on.
  void run_for(Duration d, int per_second) {
    constexpr Duration kStep = milliseconds(10);
    for (const Instant end = path.now + d; path.now < end;) {
      send(static_cast<int>(per_second * kStep.count() / 1'000'000'000));
      path.run_for(kStep);
    }
  }

  Path& path;
  crypto::ChaChaRng rng{7};
  crypto::NodeKeyPair self = crypto::generate_node_key_pair(rng);
  std::uint32_t sent = 0;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::size_t answers[256] = {};
  std::uint32_t most_half_open = 0;
};

// Nodes that make a session with b each, one after the other.
struct Callers {
  explicit Callers(Path& target) : path(target) {}
  void dial(const crypto::NodeKeyPair& self, const Address& from) {
    Initiation initiation(kService, self, path.b.keys.public_key, rng.u32(), rng);
    path.b.handle(from, {initiation.datagram().begin(), initiation.datagram().end()}, path.now);
    for (const Sent& sent : path.b.flush(path.now)) {
      const auto result = initiation.read_response(sent.bytes);
      if (!result) continue;
      KeySet keys(result->keys, initiation.own_index(), result->peer_index, true, path.now);
      ByteVector data(kDataOverhead);
      keys.seal(data, {}, crypto::sodium_suite());
      path.b.handle(from, data, path.now);
    }
    path.now += milliseconds(20);  // no load
  }

  Path& path;
  crypto::ChaChaRng rng{9};
};

}  // namespace

TEST_CASE("endpoint: beyond 64 at once, initiations are answered with cookies, which cost no entry", "[session]") {
  Path path;
  Flood flood(path);
  flood.send(200);
  CHECK(flood.answers[kResponseType] == 63);
  CHECK(flood.answers[kCookieType] == 137);
  CHECK(path.b.endpoint.stats().half_open == 63);
  CHECK(path.b.endpoint.stats().cookies == 137);
  CHECK(path.b.endpoint.stats().dropped == 0);
}

TEST_CASE("endpoint: cookies take no more of the uplink than they may", "[session]") {
  constexpr std::uint64_t kLimit = 20'000;
  Path path;
  path.b.endpoint.limit_cookies(kLimit, path.now);
  Flood flood(path);
  flood.run_for(seconds(10), 5'000);
  const std::uint64_t cookie = kCookieReplyBytes + header_bytes(path.a.address);
  CHECK(flood.answers[kCookieType] * cookie <= 10 * kLimit + CookieBudget::kBurstBytes + cookie);
  CHECK(flood.answers[kCookieType] * cookie >= 8 * kLimit);
  path.connect(path.a, path.b);  // asks again until it is answered
  for (int i = 0; i < 10 && path.a.established() == 0; ++i) flood.run_for(seconds(1), 400);
  CHECK(path.a.established() == 1);
}

TEST_CASE("endpoint: what strangers are answered leaves room for the handshakes that we begin", "[session]") {
  Path path;
  crypto::ChaChaRng rng(7);
  for (std::uint32_t i = 0; i < 1'000; ++i) path.b.handle(spoofed(i), initiation_to(path.b, rng), path.now);
  path.connect(path.b, path.a);
  path.b.deadline(path.now);
  const auto sent = path.b.flush(path.now);
  CHECK(sent.size() == 257);
  CHECK(sent.back().to == path.a.address);
}

TEST_CASE("P2: a flood of valid initiations from spoofed addresses keeps nobody out, nor rekeys", "[session]") {
  Path path;
  path.establish();
  path.talk_for(seconds(117));
  Flood flood(path);
  flood.run_for(milliseconds(500), 1'000);
  Host late(3, Address::v4(10, 0, 0, 3, 3000));
  // The joiner's datagrams are carried by hand: Path knows two hosts.
  REQUIRE(late.endpoint.connect(late.service, path.b.address, path.b.keys.public_key, kGiveUp, path.now));
  const Instant dialled = path.now;
  bool had_cookie = false;
  while (late.established() == 0 && path.now < dialled + seconds(4)) {
    late.deadline(path.now);
    for (const Sent& sent : late.flush(path.now)) path.b.handle(late.address, sent.bytes, path.now);
    for (const Sent& sent : path.b.flush(path.now)) {
      if (sent.to == late.address) {
        had_cookie |= sent.bytes[0] == kCookieType;
        late.handle(path.b.address, sent.bytes, path.now);
      } else {
        path.put(sent);
      }
    }
    flood.run_for(milliseconds(10), 1'000);
  }
  CHECK(late.established() == 1);
  CHECK(had_cookie);
  CHECK(path.now - dialled <= seconds(2));

  // At 120 s the keys of the older session are renewed, under the same flood.
  const auto renewals = [&] {
    return std::count_if(path.log.begin(), path.log.end(),
                         [&](const Sent& sent) { return sent.bytes[0] == kResponseType && sent.to == path.a.address; });
  };
  CHECK(renewals() == 1);
  for (int i = 0; i < 8; ++i) {
    path.send(path.a, path.b, {1});
    path.send(path.b, path.a, {2});
    flood.run_for(seconds(1), 500);
  }
  CHECK(renewals() >= 2);
  CHECK(path.a.events.size() == 1);
  CHECK(flood.answers[kCookieType] > 1'000);
  CHECK(flood.most_half_open <= HalfOpenTable::kMax);
  CHECK(flood.out <= flood.in);
}

TEST_CASE("P9: half-open handshakes are bounded whatever comes, and expire after 5 s", "[session]") {
  Path path;
  Flood flood(path);
  flood.run_for(seconds(8), 500);
  CHECK(flood.most_half_open > 0);
  CHECK(flood.most_half_open <= HalfOpenTable::kMax);
  path.run_for(HalfOpenTable::kLife);
  CHECK(path.b.endpoint.stats().half_open == 0);
  path.establish();
}

TEST_CASE("endpoint: under load one network gets 5 handshakes at once, cookie or not", "[session]") {
  Path path;
  Flood flood(path);
  flood.send(100);
  crypto::ChaChaRng rng(9);
  std::size_t responses = 0;
  for (std::uint16_t port = 1; port <= 20; ++port) {
    const Address from = Address::v4(192, 0, 2, 1, port);
    const auto self = crypto::generate_node_key_pair(rng);
    Initiation initiation(kService, self, path.b.keys.public_key, rng.u32(), rng);
    for (int round = 0; round < 2; ++round) {
      path.b.handle(from, {initiation.datagram().begin(), initiation.datagram().end()}, path.now);
      for (const Sent& sent : path.b.flush(path.now)) {
        CHECK(sent.to == from);
        if (sent.bytes[0] == kCookieType) REQUIRE(initiation.read_cookie_reply(sent.bytes));
        responses += sent.bytes[0] == kResponseType;
      }
    }
  }
  CHECK(responses == NetworkBudget::kBurst);
}

TEST_CASE("endpoint: a cookie of one address is none of another's", "[session]") {
  Path path;
  Flood flood(path);
  flood.send(100);
  crypto::ChaChaRng rng(9);
  const auto self = crypto::generate_node_key_pair(rng);
  Initiation initiation(kService, self, path.b.keys.public_key, rng.u32(), rng);
  const auto bytes = [&] { return ByteVector{initiation.datagram().begin(), initiation.datagram().end()}; };
  path.b.handle(Address::v4(192, 0, 2, 1, 1), bytes(), path.now);
  const auto cookie = path.b.flush(path.now);
  REQUIRE(cookie.size() == 1);
  REQUIRE(initiation.read_cookie_reply(cookie[0].bytes));
  path.b.handle(Address::v4(192, 0, 2, 2, 1), bytes(), path.now);
  const auto again = path.b.flush(path.now);
  REQUIRE(again.size() == 1);
  CHECK(again[0].bytes[0] == kCookieType);
  CHECK(path.b.endpoint.stats().half_open == 63);
}

TEST_CASE("P3: a cookie reply, true, replayed or from elsewhere, moves no endpoint and ends nothing", "[session]") {
  Path path;
  path.establish();
  path.talk_for(seconds(118));
  Flood flood(path);
  std::vector<Sent> cookies;
  path.fate = [&](const Sent& sent, std::size_t) {
    if (sent.bytes[0] == kCookieType) cookies.push_back(sent);
    return true;
  };
  flood.run_for(seconds(1), 1'000);
  path.send(path.a, path.b, {1});
  path.send(path.b, path.a, {1});
  const Address elsewhere = Address::v4(192, 0, 2, 66, 6);
  const auto replay = [&] {
    path.a.flush(path.now);
    for (int i = 0; i < 10; ++i)
      for (const Sent& cookie : cookies)
        for (const Address& from : {path.b.address, elsewhere}) path.a.handle(from, cookie.bytes, path.now);
    CHECK(path.a.flush(path.now).empty());  // nor is one answered, which would tell who is there
    CHECK(path.a.endpoint.address(path.a.session()) == path.b.address);
    CHECK(path.a.events.size() == 1);
  };
  for (int i = 0; i < 200 && cookies.empty(); ++i) flood.run_for(milliseconds(10), 1'000);
  REQUIRE_FALSE(cookies.empty());  // the renewal is asked for it, and waits for an answer
  const std::uint64_t dropped = path.a.endpoint.stats().dropped;
  path.a.handle(elsewhere, cookies[0].bytes, path.now);
  CHECK(path.a.endpoint.stats().dropped == dropped);  // it is a true one, and taken
  replay();
  flood.run_for(seconds(2), 1'000);
  replay();
  path.send(path.a, path.b, {9});
  path.run_for(kOneWay);
  CHECK(path.b.texts.back() == ByteVector{9});
}

TEST_CASE("endpoint: one network makes at most 256 sessions with us, and its peers may still renew theirs",
          "[session]") {
  Path path;
  Callers callers(path);
  const Address last = Address::v4(192, 0, 2, 1, 30'000);
  std::vector<crypto::NodeKeyPair> nodes;
  for (std::uint16_t i = 0; i < 300; ++i) {
    nodes.push_back(crypto::generate_node_key_pair(callers.rng));
    callers.dial(nodes.back(), Address::v4(192, 0, 2, 1, static_cast<std::uint16_t>(1'000 + i)));
  }
  CHECK(path.b.established() == Endpoint::kSessionsPerNetworkMax);
  CHECK(path.b.endpoint.stats().sessions == Endpoint::kSessionsPerNetworkMax);
  CHECK(path.b.endpoint.stats().half_open == 0);
  CHECK(path.b.endpoint.stats().dropped == 300 - Endpoint::kSessionsPerNetworkMax);
  callers.dial(nodes[0], last);  // from the same network, to take its session over
  CHECK(path.b.endpoint.address(path.b.session()) == last);
  path.connect(path.a, path.b);
  path.run_for(seconds(1));
  CHECK(path.b.established() == Endpoint::kSessionsPerNetworkMax + 1);  // another network is not concerned
}

TEST_CASE("endpoint: whoever fills the table keeps no newcomer out, nor ends what is kept", "[session]") {
  constexpr std::size_t kMax = Endpoint::kSessionsOfOthersMax;
  Path path;
  Callers callers(path);
  path.connect(path.a, path.b);
  path.run_for(seconds(1));
  REQUIRE(path.b.established() == 1);
  const SessionId kept = path.b.session();
  path.b.endpoint.keep(kept, true);
  const auto dial_all = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
      callers.dial(crypto::generate_node_key_pair(callers.rng),
                   Address::v4(192, 0, static_cast<std::uint8_t>(i / 200), 1, 1'000));
  };
  dial_all(1, kMax);
  CHECK(path.b.endpoint.stats().sessions == kMax);
  CHECK(path.b.endpoint.stats().evicted == 0);
  const SessionId first = path.b.events[1].session;
  const SessionId second = path.b.events[2].session;
  dial_all(kMax, kMax + 1);
  CHECK(path.b.established() == kMax + 1);
  CHECK(path.b.endpoint.stats().sessions == kMax);
  CHECK(path.b.endpoint.stats().evicted == 1);
  CHECK(path.b.endpoint.established(kept));
  CHECK_FALSE(path.b.endpoint.established(first));  // silent for longest
  CHECK(path.b.endpoint.established(second));
  CHECK(path.b.count(SessionEvent::Kind::kSilent) == 1);
  path.b.endpoint.keep(kept, false);
  dial_all(kMax + 1, kMax + 2);
  CHECK_FALSE(path.b.endpoint.established(kept));
  CHECK_FALSE(path.b.endpoint.kept(kept));
  // There is room for those that it calls itself.
  for (std::uint16_t i = 0; i < Endpoint::kSessionsMax - kMax; ++i)
    CHECK(path.b.endpoint.connect(path.b.service, Address::v4(198, 51, 100, 1, i),
                                  crypto::generate_node_key_pair(callers.rng).public_key, kGiveUp, path.now));
}

TEST_CASE("endpoint: whoever gives way to a newcomer is told, in one datagram that opens", "[session]") {
  Path path;
  Callers callers(path);
  path.connect(path.a, path.b);
  path.run_for(seconds(1));
  const SessionId first = path.b.session();
  std::vector<Sent> to_first;
  for (std::size_t i = 1; i <= Endpoint::kSessionsOfOthersMax; ++i) {
    callers.dial(crypto::generate_node_key_pair(callers.rng),
                 Address::v4(192, 0, static_cast<std::uint8_t>(i / 200), 1, 1'000));
    for (Sent& sent : path.b.flush(path.now))
      if (sent.to == path.a.address) to_first.push_back(std::move(sent));
  }
  CHECK_FALSE(path.b.endpoint.established(first));
  REQUIRE(to_first.size() == 1);
  path.a.handle(path.b.address, to_first[0].bytes, path.now);
  REQUIRE(path.a.texts.size() == 1);
  wire::ControlReader reader(path.a.texts[0]);
  CHECK(reader.next() == wire::Control(wire::Bye{wire::ByeReason::kDisplaced}));
  CHECK_FALSE(reader.next());
}

TEST_CASE("endpoint: a session in the place of an earlier one is another", "[session]") {
  Path path;
  path.connect(path.a, path.b);
  path.run_for(seconds(1));
  const SessionId first = path.b.session();
  path.b.endpoint.close(first);
  const SessionId second =
      *path.b.endpoint.connect(path.b.service, path.a.address, path.a.keys.public_key, kGiveUp, path.now);
  CHECK(second.slot == first.slot);
  CHECK(second != first);
  CHECK(second.number() != first.number());
  CHECK(SessionId::of(second.number()) == second);
  path.b.endpoint.keep(first, true);
  CHECK_FALSE(path.b.endpoint.kept(second));
}
