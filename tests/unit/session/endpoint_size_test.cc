// How large datagrams may be: probes, parts and doubts between two endpoints.
#include "libcore/session/endpoint.h"
#include "tests/catch.h"
#include "tests/unit/session/endpoint_path.h"

using namespace spate;
using namespace spate::session;
using namespace spate::session::tests;

namespace {

const ByteVector kLarge(Endpoint::kTextBytesMax, 77);

// A path that drops what is larger, quietly.
struct NarrowPath : Path {
  explicit NarrowPath(std::size_t most) : largest(most) {
    fate = [this](const Sent& sent, std::size_t) { return sent.bytes.size() <= largest; };
    establish();
    log.clear();
  }
  // Whether the text arrives; in how many datagrams it is sent is left in `log`.
  bool large_arrives(const ByteVector& text = kLarge) {
    b.texts.clear();
    log.clear();
    for (Sent& sent : a.seal_all(a.session(), text, now)) put(std::move(sent));
    run_for(milliseconds(200));
    return std::ranges::count(b.texts, text) == 1;
  }
  // Until probes have been answered, or have not.
  void use() {
    for (unsigned i = 0; i < 2 * PathSize::kWanted; ++i) large_arrives();
  }

  std::size_t largest;
};

}  // namespace

TEST_CASE("endpoint: what is large goes in two until the path is known to carry it, then in one", "[session]") {
  NarrowPath path(1'420);
  for (unsigned i = 1; i < PathSize::kWanted; ++i) {
    CHECK(path.large_arrives());
    CHECK(path.log.size() == 2);
  }
  CHECK(path.large_arrives());
  CHECK(path.log.size() == 2 + 1 + 1);  // a probe and its answer
  CHECK(path.large_arrives());
  CHECK(path.log.size() == 1);
  CHECK(path.log[0].bytes.size() == 1'420);
}

TEST_CASE("endpoint: on a path that never carries what is large it arrives all the same", "[session]") {
  NarrowPath path(1'232);
  std::size_t probes = 0;
  for (int i = 0; i < 100; ++i) {
    path.send(path.b, path.a, {1});  // the session is in use both ways
    CHECK(path.large_arrives());
    for (const Sent& sent : path.log) probes += sent.bytes.size() > 1'232;
  }
  CHECK(probes == 1 + 2 * (PathSize::kTries - 1));  // in 20 s
}

TEST_CASE("endpoint: a path between the two sizes carries what it can in one", "[session]") {
  NarrowPath path(1'380);
  path.use();
  CHECK(path.large_arrives(ByteVector(1'343, 7)));
  CHECK(path.log.size() == 1);
  CHECK(path.large_arrives());
  CHECK(path.log.size() == 2);
}

TEST_CASE("endpoint: after a doubt of the receiver's a path that carries less is used again", "[session]") {
  NarrowPath path(1'420);
  path.use();
  path.largest = 1'300;
  CHECK_FALSE(path.large_arrives());
  path.b.endpoint.doubt(path.b.session(), path.now);  // it may be a queue
  path.run_for(kOneWay);
  CHECK_FALSE(path.large_arrives());
  path.send(path.a, path.b, {1});
  path.run_for(kOneWay);
  path.b.endpoint.doubt(path.b.session(), path.now);
  path.run_for(kOneWay);
  CHECK(path.large_arrives());
  // Not in one again by itself.
  path.run_for(seconds(5));
  CHECK(path.large_arrives());
}

TEST_CASE("endpoint: doubts grow rarer, and are answered with nothing", "[session]") {
  NarrowPath path(1'420);
  path.use();
  path.run_for(milliseconds(100));
  path.log.clear();
  path.send(path.a, path.b, {1});
  for (int i = 0; i < 100; ++i) {
    path.run_for(milliseconds(50));
    path.b.endpoint.doubt(path.b.session(), path.now);
  }
  CHECK(path.log.size() == 1 + 5);  // in 5 s: at 0, 0.2, 0.6, 1.4 and 3 s
  for (const Sent& sent : path.log) CHECK(sent.bytes.size() < 100);
}

TEST_CASE("endpoint: a peer that has moved is sent nothing large until its new path has shown that it carries it",
          "[session]") {
  NarrowPath path(1'420);
  path.use();
  const Address old = path.b.address;
  path.b.address = Address::v4(10, 0, 0, 2, 2001);
  path.fate = [&](const Sent& sent, std::size_t) { return sent.to != old && sent.bytes.size() <= 1'232; };
  path.send(path.b, path.a, ByteVector(200, 1));
  path.run_for(seconds(1));
  REQUIRE(path.a.endpoint.address(path.a.session()) == path.b.address);
  CHECK(path.large_arrives());
}

TEST_CASE("endpoint: doubts that were for nothing do not keep the next from being heard for long", "[session]") {
  NarrowPath path(1'420);
  path.use();
  const auto small_only = [&] {
    path.run_for(milliseconds(300));
    path.send(path.a, path.b, {1});
    path.send(path.b, path.a, {1});
    path.run_for(milliseconds(50));
  };
  const auto doubt = [&] {
    const Instant begin = path.now;
    while (!path.b.endpoint.doubt(path.b.session(), path.now)) path.run_for(milliseconds(50));
    return path.now - begin;
  };
  for (int i = 0; i < 10; ++i) {  // each when it is next possible
    small_only();
    doubt();
    for (const Instant end = path.now + PathSize::kDoubtRest; path.now < end;) {
      path.send(path.b, path.a, {1});
      path.use();
    }
  }
  path.largest = 1'232;
  small_only();
  CHECK(doubt() <= PathDoubt::kSpacingMax);
  path.run_for(kOneWay);
  CHECK(path.large_arrives());
}

TEST_CASE("endpoint: a peer that doubts all the time gets few probes", "[session]") {
  NarrowPath path(1'420);
  path.use();
  std::size_t probes = 0;
  for (const Instant end = path.now + seconds(30); path.now < end;) {
    path.send(path.b, path.a, {wire::kPathDoubt, 0, 0, 0, 0, 0, 0, 0, 0});
    path.run_for(kOneWay);
    CHECK(path.large_arrives());
    if (path.log.size() > 2) ++probes;
  }
  CHECK(probes <= 4);
}

TEST_CASE("endpoint: a flood of probes leaves room for what others are told, and one from elsewhere is not answered",
          "[session]") {
  NarrowPath path(1'420);
  const ByteVector probe{wire::kPathProbe, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0};
  path.b.handle(Address::v4(192, 0, 2, 66, 6), path.a.seal(path.a.session(), probe, path.now), path.now);
  CHECK(path.b.flush(path.now).size() <= 2);  // challenges: there, and where the peer was
  path.now += seconds(1);
  for (int i = 0; i < 300; ++i) path.b.handle(path.a.address, path.a.seal(path.a.session(), probe, path.now), path.now);
  CHECK(path.b.flush(path.now).size() <= PathCheck::kAnswersBurst);
}
