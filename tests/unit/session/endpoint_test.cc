#include "libcore/session/endpoint.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"
#include "tests/unit/session/endpoint_path.h"

using namespace spate;
using namespace spate::session;
using namespace spate::session::tests;

TEST_CASE("endpoint: two handshake datagrams and one of data make a session that both sides know", "[session]") {
  Path path;
  path.establish();
  REQUIRE(path.log.size() == 3);
  CHECK(path.log[0].bytes.size() == kInitiationBytes);
  CHECK(path.log[1].bytes.size() == kResponseBytes);
  CHECK(path.log[2].bytes.size() == kDataOverhead);
  CHECK(path.a.events[0].peer == path.b.keys.public_key);
  CHECK(path.b.events[0].peer == path.a.keys.public_key);
  CHECK(path.b.endpoint.address(path.b.session()) == path.a.address);
  path.send(path.a, path.b, {1, 2, 3});
  path.send(path.b, path.a, {4, 5});
  path.run_for(kOneWay);
  CHECK(path.b.texts.back() == ByteVector{1, 2, 3});
  CHECK(path.a.texts.back() == ByteVector{4, 5});
  CHECK(path.a.endpoint.stats().dropped + path.b.endpoint.stats().dropped == 0);
  CHECK(path.b.endpoint.stats().half_open == 0);
}

TEST_CASE("endpoint: the loss of any handshake datagram is recovered by a retry", "[session]") {
  const std::size_t lost = GENERATE(0u, 1u, 2u);
  Path path;
  path.fate = [&](const Sent&, std::size_t n) { return n != lost; };
  path.connect(path.a, path.b);
  path.run_for(milliseconds(400));
  REQUIRE(path.a.established() == 1);
  if (lost == 2) path.send(path.a, path.b, {1});  // the first datagram that comes confirms the keys
  path.run_for(seconds(1));
  CHECK(path.b.established() == 1);
  path.send(path.b, path.a, {7});
  path.run_for(kOneWay);
  CHECK(path.a.texts.back() == ByteVector{7});
}

TEST_CASE("endpoint: with half of everything lost a handshake succeeds within seconds", "[session]") {
  crypto::ChaChaRng rng(5);
  for (int i = 0; i < 20; ++i) {
    Path path;
    path.fate = [&](const Sent&, std::size_t) { return rng.below(2) == 0; };
    path.connect(path.a, path.b);
    path.run_for(seconds(10));
    CHECK(path.a.established() == 1);
  }
}

TEST_CASE("R11: endpoint: with 30 % lost both ways, up to three at a time, handshakes take 2 s and hardly ever more",
          "[session]") {
  crypto::ChaChaRng rng(5);
  std::vector<Duration> took;
  for (int i = 0; i < 50; ++i) {
    Path path;
    std::uint64_t burst = 0;
    path.fate = [&](const Sent&, std::size_t) {
      if (burst == 0 && rng.below(1'000) < 177) burst = 1 + rng.below(3);  // of two on average: 30 % in all
      return burst == 0 || burst-- == 0;
    };
    path.connect(path.a, path.b);
    const Instant begin = path.now;
    while (path.a.established() == 0 && path.now < begin + kGiveUp) path.run_for(milliseconds(10));
    CHECK(path.a.established() == 1);
    took.push_back(path.now - begin);
  }
  std::sort(took.begin(), took.end());
  CHECK(took[47] <= seconds(2));
}

TEST_CASE("endpoint: an unanswered handshake is repeated with the same bytes, ever more slowly, and given up",
          "[session]") {
  Path path;
  path.fate = [](const Sent&, std::size_t) { return false; };
  path.connect(path.a, path.b);
  path.run_for(seconds(30));
  CHECK(path.a.count(SessionEvent::Kind::kUnreachable) == 1);
  CHECK(path.a.endpoint.stats().sessions == 0);
  CHECK(path.log.size() >= 13);
  CHECK(path.log.size() <= 18);
  for (const Sent& sent : path.log) CHECK(sent.bytes == path.log[0].bytes);
  CHECK(path.log.back().arrives - kOneWay < kStart + kGiveUp);
  CHECK(path.log[1].arrives - path.log[0].arrives >= milliseconds(250));
}

TEST_CASE("P1: endpoint: garbage that races the true response does not spoil the handshake", "[session]") {
  Path path;
  path.connect(path.a, path.b);
  path.fate = [&](const Sent& sent, std::size_t) {
    if (sent.bytes[0] != kResponseType) return true;
    for (std::size_t i = 1; i < sent.bytes.size() - 16; ++i) {  // all but mac2, which is not read
      ByteVector garbage = sent.bytes;
      garbage[i] ^= 0x10;
      path.a.handle(sent.from, garbage, path.now);
    }
    return true;
  };
  path.run_for(milliseconds(100));
  CHECK(path.a.established() == 1);
  CHECK(path.b.established() == 1);
  CHECK(path.a.endpoint.stats().dropped == kResponseBytes - 17);
}

TEST_CASE("endpoint: H3: 100,000 datagrams without a valid mac1 or key get not one byte back", "[session]") {
  Path path;
  path.establish();
  crypto::ChaChaRng rng(7);
  const ByteVector real = initiation_to(path.b, rng);
  const ByteVector data = path.a.seal(path.a.session(), {1, 2, 3}, path.now);
  ByteVector bytes;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    bytes.resize(static_cast<std::size_t>(i % 1501));
    rng.fill(bytes);
    if (!bytes.empty() && i % 3 != 0) bytes[0] = static_cast<std::uint8_t>(rng.below(6));
    if (bytes.size() == kInitiationBytes && i % 2 == 0) {  // as near to the real one as can be without the key
      bytes = real;
      bytes[rng.below(kInitiationBytes - 16)] ^= static_cast<std::uint8_t>(1 + rng.below(255));
    }
    if (bytes.size() == data.size()) {
      bytes = data;
      bytes[rng.below(data.size())] ^= static_cast<std::uint8_t>(1 + rng.below(255));
    }
    path.b.handle(Address::v4(192, 0, 2, 1, 9), bytes, path.now);
  }
  CHECK(path.b.flush(path.now).empty());
  CHECK(path.b.texts.size() == 1);  // the handshake's own
  CHECK(path.b.events.size() == 1);
  CHECK(path.b.endpoint.stats().dropped == kCount);
  CHECK(path.b.endpoint.stats().half_open == 0);
}

TEST_CASE("P11: endpoint: zero-length datagrams are counted and answered with nothing", "[session]") {
  Path path;
  path.b.handle(path.a.address, {}, path.now);
  CHECK(path.b.endpoint.stats().dropped == 1);
  CHECK(path.b.flush(path.now).empty());
}

TEST_CASE("endpoint: a service that does not accept is silent to valid initiations", "[session]") {
  Path path;
  Host shy(3, Address::v4(10, 0, 0, 3, 3000), false);
  crypto::ChaChaRng rng(7);
  shy.handle(path.a.address, initiation_to(shy, rng), path.now);
  CHECK(shy.flush(path.now).empty());
  CHECK(shy.endpoint.stats().half_open == 0);
}

TEST_CASE("endpoint: never more bytes to an unproven address than came from it", "[session]") {
  Path path;
  crypto::ChaChaRng rng(7);
  const Address victim = Address::v4(192, 0, 2, 1, 9);
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::vector<ByteVector> initiations;
  for (int i = 0; i < 10; ++i) initiations.push_back(initiation_to(path.b, rng));
  for (int i = 0; i < 2'000; ++i) {
    const ByteVector& initiation = initiations[rng.below(initiations.size())];
    path.b.handle(victim, initiation, path.now);
    in += initiation.size();
    for (const Sent& sent : path.b.flush(path.now)) {
      CHECK(sent.to == victim);
      out += sent.bytes.size();
    }
    REQUIRE(out <= in);
    path.now += milliseconds(10);
    path.b.deadline(path.now);
  }
  CHECK(out > 0);
  CHECK(path.b.events.empty());
}

TEST_CASE("endpoint: half-open handshakes send nothing by themselves, ever", "[session]") {
  Path path;
  crypto::ChaChaRng rng(7);
  path.b.handle(Address::v4(192, 0, 2, 1, 9), initiation_to(path.b, rng), path.now);
  CHECK(path.b.flush(path.now).size() == 1);
  path.run_for(seconds(60));
  CHECK(path.log.empty());
  CHECK(path.b.endpoint.stats().half_open == 0);
  CHECK(path.b.events.empty());
}

TEST_CASE("P15: endpoint: replayed and forged data datagrams are dropped, and true ones still taken", "[session]") {
  Path path;
  path.establish();
  const ByteVector one = path.a.seal(path.a.session(), {1}, path.now);
  const ByteVector two = path.a.seal(path.a.session(), {2}, path.now);
  ByteVector forged = two;
  forged[5] = 0x7f;  // the counter, far ahead
  path.b.texts.clear();
  for (const ByteVector& datagram : {forged, two, two, one, forged, one, two})
    path.b.handle(path.a.address, datagram, path.now);
  CHECK(path.b.texts == std::vector<ByteVector>{{2}, {1}});
  CHECK(path.b.endpoint.stats().dropped == 5);
}

TEST_CASE("endpoint: who is told of a datagram can tell which others are missing, or that it is late", "[session]") {
  Path path;
  path.establish();
  const auto received = [&](const ByteVector& datagram) {
    return path.b.endpoint.handle_datagram({path.a.address, datagram}, path.now);
  };
  std::vector<ByteVector> sent;
  for (std::uint8_t n = 0; n < 4; ++n) sent.push_back(path.a.seal(path.a.session(), {n}, path.now));
  const auto first = received(sent[0]);
  REQUIRE(first);
  CHECK(first->number == first->expected);
  const auto later = received(sent[3]);
  REQUIRE(later);
  CHECK(later->number == first->number + 3);
  CHECK(later->expected == first->number + 1);
  const auto late = received(sent[1]);
  REQUIRE(late);
  CHECK(late->number == first->number + 1);
  CHECK(late->expected == later->number + 1);
}

TEST_CASE("P4: endpoint: an old handshake's datagrams, replayed, do not displace a live session", "[session]") {
  Path path;
  path.establish();
  const std::vector<Sent> handshake = path.log;
  path.run_for(seconds(8));
  path.talk_for(seconds(1));
  path.a.texts.clear();
  path.b.texts.clear();
  for (int i = 0; i < 20; ++i) {
    for (const Sent& sent : handshake) {
      (sent.to == path.a.address ? path.a : path.b).handle(sent.from, sent.bytes, path.now);
      (sent.to == path.a.address ? path.a : path.b).handle(Address::v4(192, 0, 2, 1, 9), sent.bytes, path.now);
    }
    path.run_for(milliseconds(100));
  }
  CHECK(path.a.texts.empty());
  CHECK(path.b.texts.empty());
  CHECK(path.a.events.size() == 1);
  CHECK(path.b.events.size() == 1);
  path.send(path.a, path.b, {2});
  path.send(path.b, path.a, {3});
  path.run_for(seconds(1));
  CHECK(path.b.texts == std::vector<ByteVector>{{2}});
  CHECK(path.a.texts == std::vector<ByteVector>{{3}});
  CHECK(path.b.endpoint.address(path.b.session()) == path.a.address);
}

TEST_CASE("endpoint: new keys take over only when the peer has used them", "[session]") {
  Path path;
  path.establish();
  // The same node starts anew at another address and dials; its first data datagram is withheld.
  Host again(1, Address::v4(10, 0, 0, 9, 9000));
  REQUIRE(again.keys.public_key == path.a.keys.public_key);
  again.rng = crypto::ChaChaRng(77);
  REQUIRE(again.endpoint.connect(again.service, path.b.address, path.b.keys.public_key, kGiveUp, path.now));
  again.deadline(path.now);
  for (const Sent& sent : again.flush(path.now)) path.b.handle(again.address, sent.bytes, path.now);
  const auto responses = path.b.flush(path.now);
  REQUIRE(responses.size() == 1);
  CHECK(responses[0].to == again.address);
  again.handle(path.b.address, responses[0].bytes, path.now);
  CHECK(again.established() == 1);
  CHECK(path.b.endpoint.address(path.b.session()) == path.a.address);  // not yet
  path.send(path.b, path.a, {1});
  path.run_for(kOneWay);
  CHECK(path.a.texts.back() == ByteVector{1});

  for (const Sent& sent : again.flush(path.now)) path.b.handle(again.address, sent.bytes, path.now);
  CHECK(path.b.endpoint.address(path.b.session()) == again.address);
  CHECK(path.b.endpoint.stats().sessions == 1);
  again.handle(path.b.address, path.b.seal(path.b.session(), {2}, path.now), path.now);
  CHECK(again.texts.back() == ByteVector{2});
  // What was on its way on the old keys is still read.
  path.b.handle(path.a.address, path.a.seal(path.a.session(), {3}, path.now), path.now);
  CHECK(path.b.texts.back() == ByteVector{3});
}

TEST_CASE("endpoint: simultaneous dialling makes one session on each side, and it keeps its keys young", "[session]") {
  const Duration apart = GENERATE(as<Duration>{}, milliseconds(0), milliseconds(5), milliseconds(15));
  Path path;
  path.connect(path.a, path.b);
  path.run_for(apart);
  path.b.endpoint.connect(path.b.service, path.a.address, path.a.keys.public_key, kGiveUp, path.now);
  path.run_for(seconds(2));
  CHECK(path.a.established() == 1);
  CHECK(path.b.established() == 1);
  CHECK(path.a.endpoint.stats().sessions == 1);
  CHECK(path.b.endpoint.stats().sessions == 1);
  path.a.texts.clear();
  path.b.texts.clear();
  path.talk_for(seconds(400));
  const auto received = [](const Host& host) {
    return std::count_if(host.texts.begin(), host.texts.end(), [](const auto& text) { return !text.empty(); });
  };
  CHECK(received(path.a) == 400);
  CHECK(received(path.b) == 400);
  CHECK(path.a.events.size() == 1);
  CHECK(path.b.events.size() == 1);
}

TEST_CASE("endpoint: dialling a peer that is known, oneself, or no key at all", "[session]") {
  Path path;
  path.establish();
  CHECK(path.a.endpoint.connect(path.a.service, path.b.address, path.b.keys.public_key, kGiveUp, path.now) ==
        path.a.session());
  CHECK_FALSE(path.a.endpoint.connect(path.a.service, path.b.address, path.a.keys.public_key, kGiveUp, path.now));
  CHECK_FALSE(path.a.endpoint.connect(path.a.service, path.b.address, crypto::NodeKey{}, kGiveUp, path.now));
  CHECK(path.a.endpoint.stats().sessions == 1);
}

TEST_CASE("endpoint: keys are renewed at 120 s while traffic flows, and nothing is lost", "[session]") {
  Path path;
  path.establish();
  path.a.texts.clear();
  path.b.texts.clear();
  path.talk_for(seconds(250), milliseconds(20));
  path.run_for(seconds(1));
  const auto initiations = std::count_if(path.log.begin(), path.log.end(),
                                         [](const Sent& sent) { return sent.bytes[0] == kInitiationType; });
  CHECK(initiations == 3);  // the first, and at 120 and 240 s
  const auto got = [](const Host& host, std::uint8_t what) {
    return static_cast<std::size_t>(std::count(host.texts.begin(), host.texts.end(), ByteVector{what}));
  };
  CHECK(got(path.b, 1) == path.sent_each_way);
  CHECK(got(path.a, 2) == path.sent_each_way);
  CHECK(path.a.events.size() == 1);
  CHECK(path.a.endpoint.stats().dropped + path.b.endpoint.stats().dropped == 0);
}

TEST_CASE("R13: endpoint: in a day keys are renewed 719 times, nothing is lost, and no number is used twice",
          "[session]") {
  Path path;
  path.establish();
  path.talk_for(std::chrono::hours(24) - seconds(1), seconds(5));
  path.run_for(seconds(1));
  std::size_t initiations = 0;
  std::map<std::pair<Address, ByteVector>, Instant> used;  // by sender: receiver index and counter
  std::size_t twice = 0;
  for (const Sent& sent : path.log) {
    initiations += sent.bytes[0] == kInitiationType;
    if (sent.bytes[0] != kDataType) continue;
    // Of keys that are long gone the same index may come again.
    Instant& last = used[{sent.from, {sent.bytes.begin() + 1, sent.bytes.begin() + kDataHeaderBytes}}];
    twice += last != Instant{} && sent.arrives - last < seconds(180);
    last = sent.arrives;
  }
  CHECK(initiations >= 1 + 690);  // of every 120 s, up to 5 more: it is noticed with the next that is said
  CHECK(twice == 0);
  CHECK(path.a.texts.size() >= path.sent_each_way);
  CHECK(path.b.texts.size() >= path.sent_each_way);
  CHECK(path.a.events.size() == 1);
  CHECK(path.b.events.size() == 1);
  CHECK(path.a.endpoint.stats().dropped + path.b.endpoint.stats().dropped == 0);
}

TEST_CASE("endpoint: keys that could not be renewed end the session at 180 s", "[session]") {
  Path path;
  path.establish();
  path.fate = [](const Sent& sent, std::size_t) { return sent.bytes[0] == kDataType; };
  path.talk_for(seconds(178));
  CHECK(path.a.count(SessionEvent::Kind::kSilent) == 0);
  path.run_for(seconds(3));
  CHECK(path.a.count(SessionEvent::Kind::kSilent) == 1);
  CHECK(path.b.count(SessionEvent::Kind::kSilent) == 1);
  CHECK(path.a.seal(path.a.session(), {1}, path.now).empty());
}

TEST_CASE("endpoint: a renewal of which datagrams are lost still comes in time", "[session]") {
  Path path;
  path.establish();
  crypto::ChaChaRng rng(3);
  path.fate = [&](const Sent& sent, std::size_t) { return sent.bytes[0] == kDataType || rng.below(3) == 0; };
  path.talk_for(seconds(200));
  CHECK(path.a.events.size() == 1);
  CHECK(path.b.events.size() == 1);
}

TEST_CASE("endpoint: silence for 10 s closes a session; datagrams that do not open are silence", "[session]") {
  Path path;
  path.establish();
  path.talk_for(seconds(20));
  const Instant last = path.now - seconds(1) + kOneWay;
  for (int i = 0; i < 8; ++i) {
    ByteVector forged = path.a.seal(path.a.session(), {1}, path.now);
    forged.back() ^= 1;
    path.b.handle(path.a.address, forged, path.now);
    path.run_for(seconds(1));
  }
  CHECK(path.b.events.size() == 1);
  path.run_until(last + seconds(10));
  CHECK(path.a.count(SessionEvent::Kind::kSilent) == 1);
  CHECK(path.b.count(SessionEvent::Kind::kSilent) == 1);
  CHECK_FALSE(path.b.endpoint.established(path.b.session()));
  CHECK(path.b.endpoint.stats().sessions == 0);
  path.b.handle(path.a.address, ByteVector(64, 4), path.now);
  CHECK(path.b.flush(path.now).empty());
}

TEST_CASE("P5: endpoint: nothing without the keys ends a session", "[session]") {
  Path path;
  path.establish();
  crypto::ChaChaRng rng(7);
  for (std::uint32_t type = 0; type < 256; ++type) {
    for (const std::size_t length :
         {std::size_t{1}, std::size_t{13}, std::size_t{29}, std::size_t{64}, std::size_t{92}, std::size_t{256}}) {
      ByteVector bytes(length);
      rng.fill(bytes);
      bytes[0] = static_cast<std::uint8_t>(type);
      path.b.handle(path.a.address, bytes, path.now);
    }
  }
  // Nor what names the session and was changed on its way.
  const ByteVector data = path.a.seal(path.a.session(), {1, 2, 3}, path.now);
  for (std::size_t at = 0; at < data.size(); ++at) {
    ByteVector bytes = data;
    bytes[at] ^= 1;
    path.b.handle(path.a.address, bytes, path.now);
  }
  CHECK(path.b.events.size() == 1);
  path.send(path.a, path.b, {5});
  path.run_for(kOneWay);
  CHECK(path.b.texts.back() == ByteVector{5});
}

TEST_CASE("endpoint: a closed session's name is never another's", "[session]") {
  Path path;
  path.establish();
  const SessionId old = path.a.session();
  path.a.endpoint.close(old);
  CHECK_FALSE(path.a.endpoint.established(old));
  path.a.endpoint.close(old);
  const auto fresh = path.a.endpoint.connect(path.a.service, path.b.address, path.b.keys.public_key, kGiveUp, path.now);
  REQUIRE(fresh);
  CHECK(*fresh != old);
  path.run_for(seconds(1));
  CHECK(path.a.endpoint.established(*fresh));
  CHECK_FALSE(path.a.endpoint.established(old));
  CHECK(path.a.seal(old, {1}, path.now).empty());
}

TEST_CASE("endpoint: a removed service ends its sessions and answers no more", "[session]") {
  Path path;
  path.establish();
  path.b.endpoint.remove_service(path.b.service);
  CHECK(path.b.endpoint.stats().sessions == 0);
  crypto::ChaChaRng rng(7);
  path.b.handle(path.a.address, initiation_to(path.b, rng), path.now);
  path.b.handle(path.a.address, path.a.seal(path.a.session(), {1}, path.now), path.now);
  CHECK(path.b.flush(path.now).empty());
  CHECK(path.b.events.size() == 1);
}

TEST_CASE("endpoint: the table of sessions is bounded", "[session]") {
  Path path;
  crypto::ChaChaRng rng(7);
  std::size_t taken = 0;
  for (std::size_t i = 0; i < Endpoint::kSessionsMax + 10; ++i) {
    const auto peer = crypto::generate_node_key_pair(rng).public_key;
    taken += path.a.endpoint.connect(path.a.service, path.b.address, peer, kGiveUp, path.now) ? 1u : 0u;
  }
  CHECK(taken == Endpoint::kSessionsMax);
  path.run_for(seconds(11));
  CHECK(path.a.endpoint.stats().sessions == 0);
  path.connect(path.a, path.b);
}

TEST_CASE("endpoint: two services on one address are apart", "[session]") {
  Path path;
  const Service other = stream_service({{9}}, {8});
  const ServiceIndex at_a = path.a.endpoint.add_service(other, path.a.keys, true);
  const ServiceIndex at_b = path.b.endpoint.add_service(other, path.b.keys, true);
  path.establish();
  REQUIRE(path.a.endpoint.connect(at_a, path.b.address, path.b.keys.public_key, kGiveUp, path.now));
  path.run_for(seconds(1));
  REQUIRE(path.b.events.size() == 2);
  CHECK(path.b.events[0].service == path.b.service);
  CHECK(path.b.events[1].service == at_b);
  CHECK(bytes_of(path.log) == 2 * (kInitiationBytes + kResponseBytes + kDataOverhead));
}

TEST_CASE("endpoint: a punch is one byte to that address, and means nothing there", "[session]") {
  Path path;
  path.establish();
  const std::uint32_t sessions = path.b.endpoint.stats().sessions;
  const std::uint64_t dropped = path.b.endpoint.stats().dropped;
  const std::size_t texts = path.b.texts.size();
  path.log.clear();
  path.a.endpoint.punch(path.b.address);
  path.run_for(seconds(1));
  REQUIRE(path.log.size() == 1);
  CHECK(path.log[0].to == path.b.address);
  CHECK(path.log[0].bytes.size() == 1);
  CHECK(path.b.endpoint.stats().sessions == sessions);
  CHECK(path.b.endpoint.stats().dropped == dropped + 1);
  CHECK(path.b.texts.size() == texts);
}

namespace {
// Where `host` seems to be to who has heard of it: its box has another port for each that it sends to.
Address elsewhere_at(const Host& host) {
  Address address = host.address;
  ++address.port;
  return address;
}
std::size_t sent_to(const std::vector<Sent>& log, const Address& to) {
  return static_cast<std::size_t>(std::count_if(log.begin(), log.end(), [&](const Sent& s) { return s.to == to; }));
}
}  // namespace

TEST_CASE("endpoint: who is called and punches from another port is called there, and has a session there",
          "[session]") {
  Path path;
  const auto session =
      path.a.endpoint.connect(path.a.service, elsewhere_at(path.b), path.b.keys.public_key, kGiveUp, path.now);
  REQUIRE(session);
  path.b.endpoint.punch(path.a.address);
  path.run_for(seconds(1));
  CHECK(path.a.endpoint.established(*session));
  CHECK(path.a.endpoint.address(*session) == path.b.address);
}

TEST_CASE("endpoint: nothing more is sent because of punches, and the port that was told is called as well",
          "[session]") {
  const bool punched = GENERATE(false, true);
  Path path;
  path.b.keys.public_key.bytes[0] ^= 1;  // it is there, and somebody else
  const Address told = elsewhere_at(path.b);
  Address stranger = path.b.address;
  ++stranger.ip[15];
  REQUIRE(path.a.endpoint.connect(path.a.service, told, path.b.keys.public_key, seconds(2), path.now));
  for (int i = 0; i < 20; ++i) {
    path.run_for(milliseconds(100));
    if (!punched) continue;
    for (std::uint16_t port = 1; port < 50; ++port) {
      path.a.handle({stranger.ip, port}, ByteVector(1), path.now);
      path.a.handle({path.b.address.ip, port}, ByteVector(1), path.now);
    }
  }
  CHECK(path.a.count(SessionEvent::Kind::kUnreachable) == 1);
  CHECK(path.log.size() >= 6);
  CHECK(path.log.size() <= 9);
  CHECK(sent_to(path.log, told) >= 3);
  CHECK(sent_to(path.log, told) + sent_to(path.log, {path.b.address.ip, 1}) == path.log.size());
  CHECK(sent_to(path.log, {path.b.address.ip, 1}) >= (punched ? 3u : 0u));
}

TEST_CASE("endpoint: a hidden service calls nobody elsewhere, whoever punches", "[session]") {
  Path path;
  const ServiceIndex hidden = path.a.endpoint.add_service(stream_service({{9}}, {9}), path.a.keys, false, true);
  const Address told = elsewhere_at(path.b);
  REQUIRE(path.a.endpoint.connect(hidden, told, path.b.keys.public_key, seconds(2), path.now));
  path.a.handle(path.b.address, ByteVector(1), path.now);
  path.run_for(seconds(3));
  CHECK(sent_to(path.log, told) == path.log.size());
}

TEST_CASE("endpoint: each side knows whether its path loses much of what comes, and not for sending little",
          "[session]") {
  Path path;
  path.establish();
  path.talk_for(seconds(30), milliseconds(50));
  CHECK_FALSE(path.a.endpoint.loses_much(path.a.session()));
  path.fate = [&](const Sent& sent, std::size_t n) { return sent.from != path.b.address || n % 5 != 0; };
  path.talk_for(seconds(30), milliseconds(50));
  CHECK(path.a.endpoint.loses_much(path.a.session()));
  CHECK_FALSE(path.b.endpoint.loses_much(path.b.session()));
  CHECK_FALSE(path.b.endpoint.loses_much({77, 7}));
}
