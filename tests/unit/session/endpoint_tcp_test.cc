// One session over either of two transports.
#include <vector>

#include "libcore/session/endpoint.h"
#include "tests/catch.h"
#include "tests/unit/session/endpoint_path.h"

using namespace spate;
using namespace spate::session;
using namespace spate::session::tests;

namespace {

const auto kNoUdp = [](const Sent& sent, std::size_t) { return sent.to.is_tcp(); };

bool any_over_tcp(const Path& path) {
  return std::any_of(path.log.begin(), path.log.end(), [](const Sent& sent) { return sent.to.is_tcp(); });
}

// a is on TCP.
void establish_over_tcp(Path& path) {
  path.fate = kNoUdp;
  path.connect(path.a, path.b, Endpoint::kTcpAfter);
  path.run_for(seconds(1));
  REQUIRE(path.a.established() == 1);
  REQUIRE(path.b.established() == 1);
}
void establish(Path& path, bool over_tcp) {
  if (over_tcp)
    establish_over_tcp(path);
  else
    path.establish();
}

}  // namespace

TEST_CASE("endpoint: where UDP is answered nothing goes over TCP", "[session]") {
  Path path;
  path.connect(path.a, path.b, Endpoint::kTcpAfter);
  path.run_for(seconds(5));
  CHECK(path.a.endpoint.address(path.a.session()) == path.b.address);
  CHECK_FALSE(any_over_tcp(path));
}

TEST_CASE("endpoint: where UDP is not answered TCP is tried after 750 ms, if we may", "[session]") {
  Path path;
  path.fate = kNoUdp;
  SECTION("we may not") {
    path.connect(path.a, path.b);
    path.run_for(seconds(9));
    CHECK_FALSE(any_over_tcp(path));
    CHECK(path.a.established() == 0);
  }
  SECTION("we may") {
    path.connect(path.a, path.b, Endpoint::kTcpAfter);
    path.run_for(Endpoint::kTcpAfter - milliseconds(1));
    CHECK_FALSE(any_over_tcp(path));
    path.run_for(milliseconds(1) + 2 * kOneWay);
    REQUIRE(path.a.established() == 1);
    path.run_for(seconds(1));
    CHECK(path.a.endpoint.address(path.a.session()) == path.b.address.over_tcp());
    CHECK(path.b.endpoint.address(path.b.session()) == path.a.address.over_tcp());
    path.send(path.b, path.a, {7});
    CHECK_FALSE(path.b.endpoint.next_hang_up());
    CHECK_FALSE(path.a.endpoint.next_hang_up());
  }
}

TEST_CASE("endpoint: over TCP large texts go whole at once, and nothing is probed or doubted", "[session]") {
  Path path;
  establish_over_tcp(path);
  path.log.clear();
  const auto sent = path.b.seal_all(path.b.session(), ByteVector(Endpoint::kTextBytesMax, 9), path.now);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].to == path.a.address.over_tcp());
  CHECK_FALSE(path.b.endpoint.doubt(path.b.session(), path.now));
  path.run_for(seconds(2));
  CHECK(path.log.empty());
}

TEST_CASE("endpoint: what comes over another transport is read and moves nobody", "[session]") {
  Path path;
  const bool over_tcp = GENERATE(false, true);
  establish(path, over_tcp);
  const Address before = path.b.endpoint.address(path.b.session());
  const Address copier = over_tcp ? Address::v4(192, 0, 2, 6, 6) : Address::v4(192, 0, 2, 6, 6).over_tcp();
  path.log.clear();
  path.b.handle(copier, path.a.seal(path.a.session(), {5}, path.now), path.now);
  path.run_for(seconds(2));
  CHECK(path.b.texts.back() == ByteVector{5});
  CHECK(path.b.endpoint.address(path.b.session()) == before);
  CHECK(std::none_of(path.log.begin(), path.log.end(), [&](const Sent& sent) { return sent.to == copier; }));
}

TEST_CASE("endpoint: a peer that calls again over TCP goes on in its session", "[session]") {
  Path path;
  path.establish();
  path.fate = kNoUdp;
  path.a.endpoint.close(path.a.session());
  path.a.events.clear();
  path.connect(path.a, path.b, Duration::zero());
  path.run_for(seconds(1));
  CHECK(path.a.established() == 1);
  CHECK(path.b.events.size() == 1);  // the same session
  CHECK(path.b.endpoint.address(path.b.session()) == path.a.address.over_tcp());
}

TEST_CASE("endpoint: with its keys a session over TCP is renewed, by who called, and over UDP if that works",
          "[session]") {
  const bool udp_works = GENERATE(false, true);
  Path path;
  establish_over_tcp(path);
  if (udp_works) path.fate = nullptr;
  path.talk_for(KeySet::kRekeyAge + seconds(70));
  CHECK(path.a.endpoint.address(path.a.session()) == (udp_works ? path.b.address : path.b.address.over_tcp()));
  CHECK(path.b.endpoint.address(path.b.session()) == (udp_works ? path.a.address : path.a.address.over_tcp()));
  CHECK(path.a.texts.size() >= path.sent_each_way - 1);
  for (const Sent& sent : path.log) CHECK_FALSE((sent.from.over_udp() == path.b.address && sent.bytes[0] == 1));
}

TEST_CASE("endpoint: who began a session over TCP can try UDP, and goes on there if that works", "[session]") {
  const bool udp_works = GENERATE(false, true);
  const bool by_who_called = GENERATE(false, true);
  Path path;
  establish_over_tcp(path);
  if (udp_works) path.fate = nullptr;
  path.log.clear();
  Host& who = by_who_called ? path.a : path.b;
  who.endpoint.try_udp(who.session(), path.now);
  path.talk_for(seconds(5), milliseconds(100));
  const bool moved = udp_works && by_who_called;
  CHECK(path.a.endpoint.over_tcp(path.a.session()) == !moved);
  CHECK(path.b.endpoint.over_tcp(path.b.session()) == !moved);
  CHECK(path.a.texts.size() == path.sent_each_way);
  const auto calls = std::count_if(path.log.begin(), path.log.end(),
                                   [](const Sent& sent) { return sent.bytes[0] == kInitiationType; });
  CHECK(calls <= (by_who_called ? 5 : 0));
}

TEST_CASE("endpoint: when each calls the other at once, over another transport, both agree on one", "[session]") {
  Path path;
  const bool swapped = GENERATE(false, true);
  Host& over_tcp = swapped ? path.b : path.a;
  Host& over_udp = swapped ? path.a : path.b;
  path.fate = [&](const Sent& sent, std::size_t) {
    return sent.to.is_tcp() || sent.from != over_tcp.address || sent.bytes[0] != kInitiationType;
  };
  path.connect(over_tcp, over_udp, Duration::zero());
  path.connect(over_udp, over_tcp);
  path.run_for(seconds(1));
  // Who called over UDP has the lesser key, and so these keys stand, or the other.
  const bool on_udp = over_udp.keys.public_key < over_tcp.keys.public_key;
  CHECK(path.a.endpoint.over_tcp(path.a.session()) == !on_udp);
  CHECK(path.b.endpoint.over_tcp(path.b.session()) == !on_udp);
  path.send(path.a, path.b, {1});
  path.send(path.b, path.a, {2});
  path.run_for(seconds(1));
  CHECK(path.a.texts.back() == ByteVector{2});
  CHECK(path.b.texts.back() == ByteVector{1});
}

TEST_CASE("endpoint: who sends over TCP what is not authentic is hung up, and over UDP is not", "[session]") {
  Path path;
  const bool over_tcp = GENERATE(false, true);
  establish(path, over_tcp);
  const Address from = path.b.endpoint.address(path.b.session());
  ByteVector bad = path.a.seal(path.a.session(), {1, 2, 3}, path.now);
  SECTION("data that does not open") { bad.back() ^= 1; }
  SECTION("nothing known") { bad = {9, 9, 9}; }
  path.b.handle(from, bad, path.now);
  CHECK(path.b.endpoint.next_hang_up() == (over_tcp ? std::optional(from) : std::nullopt));
  CHECK_FALSE(path.b.endpoint.next_hang_up());
}

TEST_CASE("endpoint: what comes over TCP and is only late, or for another stream, is no reason to hang up",
          "[session]") {
  Path path;
  std::vector<Sent> answers;
  path.fate = [&](const Sent& sent, std::size_t) {
    if (sent.from.over_udp() == path.b.address && sent.to.is_tcp()) answers.push_back(sent);
    return sent.to.is_tcp();
  };
  path.connect(path.a, path.b, Duration::zero());
  path.run_for(seconds(1));
  REQUIRE(path.a.established() == 1);
  REQUIRE_FALSE(answers.empty());
  path.a.handle(answers[0].from, answers[0].bytes, path.now);  // the answer, again
  path.b.endpoint.close(path.b.session());
  path.b.handle(path.a.address.over_tcp(), path.a.seal(path.a.session(), {1}, path.now), path.now);  // of no session
  ByteVector other = initiation_to(path.b, path.a.rng);  // for a stream that is not here: others may be
  other[230] ^= 1;
  path.b.handle(path.a.address.over_tcp(), other, path.now);
  CHECK_FALSE(path.a.endpoint.next_hang_up());
  CHECK_FALSE(path.b.endpoint.next_hang_up());
}
