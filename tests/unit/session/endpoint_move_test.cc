// A peer's address changes, or seems to.
#include <map>
#include <vector>

#include "libcore/session/endpoint.h"
#include "tests/catch.h"
#include "tests/unit/session/endpoint_path.h"

using namespace spate;
using namespace spate::session;
using namespace spate::session::tests;

namespace {

const Address kElsewhere = Address::v4(192, 0, 2, 66, 6);

bool is_path_message(const Sent& sent) { return sent.bytes.size() == PathCheck::kDatagramBytes; }

// a's box rebinds: what it sends comes from the new address, what is sent to the old one is lost.
void rebind(Path& path, const Address& fresh) {
  const Address old = path.a.address;
  path.a.address = fresh;
  path.fate = [old](const Sent& sent, std::size_t) { return sent.to != old; };
}

}  // namespace

TEST_CASE("endpoint: a peer behind a box that rebinds is followed, port or address", "[session]") {
  const Address fresh = GENERATE(Address::v4(10, 0, 0, 1, 1001), Address::v4(10, 0, 0, 77, 1000));
  Path path;
  path.establish();
  rebind(path, fresh);
  path.send(path.a, path.b, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  path.run_for(milliseconds(100));
  CHECK(path.b.endpoint.address(path.b.session()) == fresh);
  CHECK(path.b.endpoint.stats().moves == 1);
  path.send(path.b, path.a, {7});
  path.run_for(kOneWay);
  CHECK(path.a.texts.back() == ByteVector{7});
  CHECK(path.a.events.size() == 1);
  CHECK(path.b.events.size() == 1);
}

TEST_CASE("endpoint: with a fixed service nothing is sent but to where we connected, and nothing else is read",
          "[session]") {
  Path path;
  path.a.endpoint.remove_service(path.a.service);
  path.a.service = path.a.endpoint.add_service(kService, path.a.keys, false, true);
  path.establish();
  // A copy from elsewhere is not taken for the original, which still opens when it comes.
  const ByteVector datagram = path.b.seal(path.b.session(), {7}, path.now);
  path.log.clear();
  path.a.handle(kElsewhere, datagram, path.now);
  CHECK(path.a.texts.empty());
  path.a.handle(path.b.address, datagram, path.now);
  CHECK(path.a.texts == std::vector<ByteVector>{{7}});
  // The peer moves, or seems to.
  for (int i = 0; i < 20; ++i) {
    path.a.handle(kElsewhere, path.b.seal(path.b.session(), {8}, path.now), path.now);
    path.run_for(milliseconds(50));
  }
  CHECK(path.a.texts.size() == 1);
  CHECK(path.a.endpoint.address(path.a.session()) == path.b.address);
  for (const Sent& sent : path.log) CHECK(sent.to != kElsewhere);
}

TEST_CASE("endpoint: a peer whose address changes every 5 s keeps its session", "[session]") {
  Path path;
  path.establish();
  for (std::uint16_t i = 1; i <= 30; ++i) {  // through a renewal of the keys, too
    rebind(path, Address::v4(10, 0, 1, static_cast<std::uint8_t>(i), i));
    path.talk_for(seconds(5), milliseconds(100));
    CHECK(path.b.endpoint.address(path.b.session()) == path.a.address);
  }
  CHECK(path.a.events.size() == 1);
  CHECK(path.b.events.size() == 1);
  CHECK(path.b.endpoint.stats().moves == 30);
}

TEST_CASE("P12: a change of the port alone is challenged, too, and nothing else goes there before", "[session]") {
  Path path;
  path.establish();
  const Address old = path.a.address;
  const Address fresh = Address::v4(10, 0, 0, 1, 1001);
  rebind(path, fresh);
  path.log.clear();
  path.send(path.a, path.b, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  path.run_for(kOneWay);
  path.send(path.b, path.a, {7});  // Path::send() says where it goes to; the endpoint decides
  CHECK(path.b.endpoint.address(path.b.session()) == old);
  std::size_t challenges = 0;
  for (const Sent& sent : path.log)
    if (sent.from == path.b.address && sent.to == fresh && is_path_message(sent)) ++challenges;
  CHECK(challenges == 1);
  path.run_for(milliseconds(100));
  CHECK(path.b.endpoint.address(path.b.session()) == fresh);
}

TEST_CASE("P12: copies of a peer's packets that arrive first, from behind its own box, move nothing", "[session]") {
  // The copier carries everything both ways, faster than the path itself; the original arrives after its copy.
  const Address copier = GENERATE(Address::v4(10, 0, 0, 1, 1001), Address::v4(192, 0, 2, 66, 6));
  const bool carries_back = GENERATE(true, false);
  Path path;
  path.establish();
  std::uint64_t to_copier = 0;
  std::uint64_t from_copier = 0;
  for (int i = 0; i < 200; ++i) {
    const ByteVector datagram = path.a.seal(path.a.session(), ByteVector(50, 1), path.now);
    path.b.handle(copier, datagram, path.now);
    from_copier += datagram.size();
    for (int hop = 0; hop < 4; ++hop) {
      for (const Sent& sent : path.b.flush(path.now)) {
        if (sent.to == copier) {
          to_copier += sent.bytes.size();
          if (!carries_back) continue;
        }
        path.a.handle(path.b.address, sent.bytes, path.now);
      }
      for (const Sent& sent : path.a.flush(path.now)) {
        path.b.handle(copier, sent.bytes, path.now);
        path.b.handle(path.a.address, sent.bytes, path.now);
        from_copier += sent.bytes.size();
      }
      path.now += milliseconds(5);
      path.a.deadline(path.now);
      path.b.deadline(path.now);
    }
    path.b.handle(path.a.address, datagram, path.now);
    path.now += milliseconds(30);
    path.a.deadline(path.now);
    path.b.deadline(path.now);
    REQUIRE(path.b.endpoint.address(path.b.session()) == path.a.address);
    REQUIRE(to_copier <= from_copier);
  }
  CHECK(to_copier > 0);
  CHECK(path.b.endpoint.stats().moves == 0);
  CHECK(path.b.events.size() == 1);
}

TEST_CASE("P12: who copies both ways and keeps what is answered to the copies moves nothing", "[session]") {
  const Address copier = Address::v4(192, 0, 2, 66, 6);
  Path path;
  path.establish();
  for (int i = 0; i < 50; ++i) {
    const ByteVector datagram = path.a.seal(path.a.session(), ByteVector(50, 1), path.now);
    path.b.handle(copier, datagram, path.now);
    for (int hop = 0; hop < 4; ++hop) {
      for (const Sent& sent : path.b.flush(path.now)) {
        if (sent.to != copier) path.a.handle(copier, sent.bytes, path.now);
        path.a.handle(path.b.address, sent.bytes, path.now);  // what asks for a proof is brought to who can give it
      }
      for (const Sent& sent : path.a.flush(path.now)) {
        if (sent.to == copier) continue;
        path.b.handle(copier, sent.bytes, path.now);
        path.b.handle(path.a.address, sent.bytes, path.now);
      }
      path.now += milliseconds(5);
      path.a.deadline(path.now);
      path.b.deadline(path.now);
    }
    path.b.handle(path.a.address, datagram, path.now);
    path.now += milliseconds(30);
    path.a.deadline(path.now);
    path.b.deadline(path.now);
    REQUIRE(path.b.endpoint.address(path.b.session()) == path.a.address);
    REQUIRE(path.a.endpoint.address(path.a.session()) == path.b.address);
  }
}

TEST_CASE("endpoint: who copies moves nothing if a challenge is lost, or its answer", "[session]") {
  const bool answer = GENERATE(false, true);
  Path path;
  path.establish();
  // What is sent to the copier is brought to the peer first, and the answer to that comes back.
  std::size_t count = 0;
  path.fate = [&](const Sent& sent, std::size_t) {
    if (!is_path_message(sent) || sent.from != (answer ? path.a : path.b).address || sent.to == kElsewhere) return true;
    return count++ != (answer ? 1 : 0);
  };
  path.b.handle(kElsewhere, path.a.seal(path.a.session(), ByteVector(50, 1), path.now), path.now);
  for (int ms = 0; ms < 500; ++ms) {
    path.run_for(milliseconds(1));
    for (Sent& sent : path.wire)
      if (sent.to == kElsewhere) sent.to = path.a.address;
    REQUIRE(path.b.endpoint.address(path.b.session()) == path.a.address);
  }
  CHECK(count > 1);
}

TEST_CASE("endpoint: a peer that lies about its address sends a stream to nobody", "[session]") {
  Path path;
  path.establish();
  const Address victim = kElsewhere;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (int i = 0; i < 1'000; ++i) {
    const ByteVector datagram = path.a.seal(path.a.session(), {}, path.now);
    in += datagram.size();
    path.b.handle(victim, datagram, path.now);
    path.b.seal(path.b.session(), ByteVector(1'000, 1), path.now);
    for (const Sent& sent : path.b.flush(path.now))
      if (sent.to == victim) out += sent.bytes.size();
    path.now += milliseconds(5);
    path.b.deadline(path.now);
    REQUIRE(out <= in);
  }
  CHECK(out > 0);
  CHECK(path.b.endpoint.address(path.b.session()) == path.a.address);
}

TEST_CASE("endpoint: what was overtaken, replayed or forged starts no challenge", "[session]") {
  Path path;
  path.establish();
  const ByteVector older = path.a.seal(path.a.session(), ByteVector(50, 1), path.now);
  const ByteVector newer = path.a.seal(path.a.session(), ByteVector(50, 2), path.now);
  ByteVector forged = path.a.seal(path.a.session(), ByteVector(50, 3), path.now);
  forged.back() ^= 1;
  path.b.handle(path.a.address, newer, path.now);
  for (const ByteVector& datagram : {older, newer, forged}) path.b.handle(kElsewhere, datagram, path.now);
  CHECK(path.b.flush(path.now).empty());
  CHECK(path.b.texts.back() == ByteVector(50, 1));  // late, but true
}

TEST_CASE("P8: challenges without end are answered within a bound, and others go on", "[session]") {
  Path path;
  path.establish();
  const auto challenge = wire::format_path_message({wire::kPathChallenge, {1, 2, 3}});
  const auto ask = [&] {
    path.b.handle(path.a.address, path.a.seal(path.a.session(), {challenge.begin(), challenge.end()}, path.now),
                  path.now);
  };
  std::size_t answers = 0;
  for (int i = 0; i < 10'000; ++i) ask();
  for (const Sent& sent : path.b.flush(path.now)) {
    CHECK(sent.to == path.a.address);
    CHECK(is_path_message(sent));
    ++answers;
  }
  CHECK(answers == PathCheck::kAnswersBurst);
  path.send(path.b, path.a, {7});
  path.run_for(kOneWay);
  CHECK(path.a.texts.back() == ByteVector{7});
}

TEST_CASE("endpoint: path messages are not told to those above", "[session]") {
  Path path;
  path.establish();
  path.b.texts.clear();
  for (const std::uint8_t type : {wire::kPathChallenge, wire::kPathResponse}) {
    const auto text = wire::format_path_message({type, {1}});
    path.send(path.a, path.b, {text.begin(), text.end()});
  }
  path.run_for(kOneWay);
  CHECK(path.b.texts == std::vector<ByteVector>{{}, {}});
  path.run_for(seconds(2));  // forgets that it counted
  CHECK(path.b.endpoint.stats().moves == 0);
}
