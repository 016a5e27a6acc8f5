// Datagrams that do not open are counted, and end a session only when there were absurdly many.
#include <vector>

#include "libcore/session/endpoint.h"
#include "tests/catch.h"
#include "tests/unit/session/endpoint_path.h"

using namespace spate;
using namespace spate::session;
using namespace spate::session::tests;

namespace {

// b's datagrams from a, with a wrong tag.
struct Forger {
  explicit Forger(Path& path, Host& host) : target(host), datagram(path.a.seal(path.a.session(), {1}, path.now)) {
    datagram.back() ^= 1;
    datagram[9] = 1;  // a counter far ahead: nothing true will take it
  }
  void forge(int count, Instant now) {
    for (int i = 0; i < count; ++i) target.handle(Address::v4(192, 0, 2, 1, 9), datagram, now);
  }

  Host& target;
  ByteVector datagram;
};

}  // namespace

TEST_CASE("endpoint: 2^36 forgeries end a session, 2^20 are an alarm", "[session]") {
  CHECK(ForgeryLimits().alarm == 1'048'576);
  CHECK(ForgeryLimits().close == 68'719'476'736);
}

TEST_CASE("endpoint: forgeries are counted over all keys of a session, and the limit ends it", "[session]") {
  Path path(ForgeryLimits{100, 1'000});
  path.establish();
  Forger forger(path, path.b);
  forger.forge(99, path.now);
  CHECK(path.b.endpoint.stats().alarms == 0);
  forger.forge(500, path.now);
  CHECK(path.b.endpoint.stats().alarms == 1);
  path.talk_for(seconds(125));  // new keys
  Forger again(path, path.b);
  again.forge(400, path.now);
  CHECK(path.b.endpoint.established(path.b.session()));
  again.forge(1, path.now);
  CHECK_FALSE(path.b.endpoint.established(path.b.session()));
  CHECK(path.b.count(SessionEvent::Kind::kSilent) == 1);
  CHECK(path.b.endpoint.stats().sessions == 0);
  again.forge(10, path.now);  // nobody's now
  CHECK(path.b.events.size() == 2);
  CHECK(path.b.flush(path.now).empty());
}

TEST_CASE("endpoint: replays are no forgeries", "[session]") {
  Path path(ForgeryLimits{2, 3});
  path.establish();
  const ByteVector datagram = path.a.seal(path.a.session(), {1}, path.now);
  for (int i = 0; i < 100; ++i) path.b.handle(path.a.address, datagram, path.now);
  CHECK(path.b.endpoint.stats().alarms == 0);
  CHECK(path.b.endpoint.established(path.b.session()));
}

TEST_CASE("H10: endpoint: a minute's datagrams, a million times again, are dropped one and all, and change nothing",
          "[session]") {
  Path path;
  path.establish();
  std::vector<ByteVector> kept;
  for (const Sent& sent : path.log)
    if (sent.to == path.b.address && sent.bytes[0] == kDataType) kept.push_back(sent.bytes);
  for (int i = 0; i < 60 * 300; ++i) {
    kept.push_back(path.a.seal(path.a.session(), {1, 2, 3}, path.now));
    path.b.handle(path.a.address, kept.back(), path.now);
    if (i % 30 != 0) continue;
    path.send(path.b, path.a, {4});
    path.run_for(milliseconds(100));
  }
  const EndpointStats before = path.b.endpoint.stats();
  const std::size_t texts = path.b.texts.size();
  const std::size_t events = path.b.events.size();
  crypto::ChaChaRng rng(7);
  constexpr std::uint64_t kReplays = 1'000'000;
  for (std::uint64_t i = 0; i < kReplays; ++i) {
    const ByteVector& datagram = kept[static_cast<std::size_t>(rng.below(kept.size()))];
    path.b.handle(i % 2 == 0 ? path.a.address : Address::v4(192, 0, 2, 1, 9), datagram, path.now);
  }
  CHECK(path.b.endpoint.stats().dropped == before.dropped + kReplays);
  CHECK(path.b.endpoint.stats().alarms == 0);
  CHECK(path.b.endpoint.stats().moves == 0);
  CHECK(path.b.endpoint.stats().sessions == 1);
  CHECK(path.b.texts.size() == texts);
  CHECK(path.b.events.size() == events);
  CHECK(path.b.flush(path.now).empty());
  path.send(path.a, path.b, {5});
  path.run_for(kOneWay);
  CHECK(path.b.texts.back() == ByteVector{5});
}
