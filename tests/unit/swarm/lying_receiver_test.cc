// P10, the lying receiver: whatever a child says of what has landed, how much it can take and what it lacks, it is sent
// no more than libcore/session/README.md states, and others get theirs.
#include "tests/unit/swarm/children/fixture.h"
#include "tests/unit/swarm/publisher_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr StripeMask kAllData = first_stripes(16);
constexpr std::uint64_t kFar = std::uint64_t{1} << 62;

// Two hundred shards a second for that long; a tells the truth of them ten times a second.
template <typename F>
void stream_for(ChildrenFixture& f, std::chrono::milliseconds time, F each_20_ms) {
  for (auto left = time; left > milliseconds(0); left -= milliseconds(20)) {
    f.server.publish(4, f.net.now);
    if (left % milliseconds(100) == milliseconds(0)) ChildrenFixture::report(f.a, f.server.store.head(), false);
    each_20_ms();
    f.net.run_for(milliseconds(20));
  }
}

// What a, who is honest, was sent.
bool has_all(const ChildrenFixture& f) { return f.sequences(f.a) == range(0, f.server.store.head()); }

std::uint64_t bytes_of(const ScriptedPeer& child) {
  std::uint64_t bytes = 0;
  for (const ByteVector& frame : child.frames) bytes += frame.size();
  return bytes;
}

}  // namespace

TEST_CASE("P10: children: reports that are far ahead, far behind or neither bring nobody a shard more", "[swarm]") {
  ChildrenFixture f(0, 0, 3'000, {16, 0});
  f.add_live(f.a, kAllData, 0);
  f.add_live(f.b, kAllData, 0);
  const int kind = GENERATE(0, 1, 2, 3, 4);
  CAPTURE(kind);
  std::uint32_t turn = 0;
  stream_for(f, milliseconds(5'000), [&] {
    ++turn;
    wire::Report lie;
    if (kind == 0) lie.next = lie.seen = UINT64_MAX;
    if (kind == 1) lie.next = lie.seen = 0;
    if (kind == 2) lie.seen = UINT64_MAX;
    if (kind == 3) lie.next = lie.seen = turn % 2 == 0 ? kFar : 0;
    if (kind == 4) lie.received = turn * 100, lie.missed = turn * 99;  // it has lost nearly everything
    for (int i = 0; i < 10; ++i) f.b.say(lie);
  });
  const auto sent = f.sequences(f.b);
  CHECK(has_all(f));
  CHECK(std::adjacent_find(sent.begin(), sent.end(), std::greater_equal<>()) == sent.end());  // each once, in order
  CHECK(f.lists(f.b) <= 2 * f.lists(f.a));
  CHECK(bytes_of(f.b) <= bytes_of(f.a) * 11 / 10);
  CHECK(f.server.children.stats().repairs_sent == 0);
}

TEST_CASE("P10: children: of the past nothing is sent sooner for a window without end", "[swarm]") {
  ChildrenFixture f;
  f.server.publish(4'000, f.net.now);
  f.net.run_for(seconds(6));  // that is not seen as the pace of the stream any more
  f.b.say(wire::Ping{});
  f.net.run_for(milliseconds(10));
  f.add(f.b, 0, UINT32_MAX);
  f.net.run_for(milliseconds(20));
  // 96 of them, and whole lists.
  CHECK(f.sequences(f.b).size() >= 96);
  CHECK(f.sequences(f.b).size() <= 96 + 48);
}

TEST_CASE("P10: children: a round trip that is drawn out does not make the window endless", "[swarm]") {
  ChildrenFixture f(0, 0, 3'000, {16, 0});
  f.add_live(f.a, kAllData, 0);
  f.b.answers_pings = false;
  std::optional<std::uint32_t> asked;
  f.b.react = [&](const wire::Control& message, Instant) {
    if (const auto* const ping = std::get_if<wire::Ping>(&message)) asked = ping->id;
  };
  f.server.peers.ping(*f.server.peers.find(f.at_server(f.b)), f.net.now);
  stream_for(f, milliseconds(3'000), [] {});
  REQUIRE(asked);
  f.b.say(wire::Pong{*asked, 0, 1, 0});
  f.net.run_for(milliseconds(10));
  f.add_live(f.b, kAllData, 0);
  stream_for(f, milliseconds(5'000), [&] { ChildrenFixture::report(f.b, 0, false); });
  CHECK(f.sequences(f.b).size() <= f.server.store.head());
  CHECK(has_all(f));
}

TEST_CASE("P10: children: nobody has the run to its end who has not been sent it", "[swarm]") {
  ChildrenFixture f(50'000, 2'000);
  f.server.publish(1'000, f.net.now);
  f.add(f.b, 0);
  f.net.run_for(milliseconds(100));
  REQUIRE(f.sequences(f.b).size() < 500);
  ChildrenFixture::report(f.b, kFar, true);
  f.net.run_for(milliseconds(20));
  CHECK_FALSE(f.server.children.all_have_the_end(1'000));
}

TEST_CASE("P10: children: who asks for everything all the time is sent once more what the stream makes, and no more",
          "[swarm]") {
  const bool whole = GENERATE(true, false);
  CAPTURE(whole);
  ChildrenFixture f(0, 0, 3'000, {16, 0});
  f.add_live(f.a, kAllData, 0);
  stream_for(f, milliseconds(2'000), [] {});
  const std::uint64_t begin = f.server.store.head();
  f.add_live(f.b, whole ? kAllData : bit(0), begin);
  stream_for(f, milliseconds(10'000), [&] {
    wire::RepairRequest all;
    all.kind = wire::RepairRequest::Kind::kShardsWithLists;
    const std::uint64_t head = f.server.store.head();
    for (std::size_t i = 0; i < wire::kRepairRangesMax; ++i)
      all.ranges.push_back({static_cast<std::uint16_t>(i * 255), 255});
    all.base = head > 2'000 ? head - 2'000 : 0;
    for (int i = 0; i < 20; ++i) f.b.say(all);  // a thousand a second
    ChildrenFixture::report(f.b, kFar, false);
  });
  const std::uint64_t made = f.server.store.head() - begin;
  const std::uint64_t in_turn = whole ? made : made / 16;
  const std::uint64_t again = whole ? made : made / 4;
  CHECK(f.sequences(f.b).size() <= in_turn + Peer::kRepairsBurst + again + 50);
  CHECK(f.sequences(f.b).size() >= in_turn + again);  // it does what it says
  CHECK(has_all(f));
}

TEST_CASE("P10: children: of a limited upload who asks for everything has an eighth for repairs, and others all theirs",
          "[swarm]") {
  constexpr std::uint64_t kRate = 1'000'000;  // the stream takes 250,000 of it, for each
  ChildrenFixture f(kRate, 20'000, 3'000, {16, 0});
  f.add_live(f.a, kAllData, 0);
  stream_for(f, milliseconds(2'000), [] {});
  f.add_live(f.b, kAllData, f.server.store.head());
  const std::uint64_t before = f.server.children.stats().sent.repairs;
  stream_for(f, milliseconds(10'000), [&] {
    const std::uint64_t head = f.server.store.head();
    for (int i = 0; i < 20; ++i) f.b.say(f.request(head - 250, 250));
    ChildrenFixture::report(f.b, head, false);
  });
  const std::uint64_t repairs = f.server.children.stats().sent.repairs - before;
  CHECK(repairs <= 10 * kRate / 8 + kRate / 8);
  CHECK(repairs >= 10 * kRate / 16);
  CHECK(has_all(f));
}

TEST_CASE("P10: a file's publisher does not send it again and again to who comes again and again", "[swarm]") {
  PublisherWorld f;
  for (int i = 0; i < 100; ++i) {  // it never waited for its input
    if (f.host.swarm->input_room() >= 20'000) f.host.swarm->input(ByteVector(20'000, 1), f.net.now);
    f.net.run_for(milliseconds(20));
  }
  const bool goes_on = GENERATE(true, false);
  CAPTURE(goes_on);
  if (!goes_on) f.net.run_for(seconds(5));
  const std::uint64_t before = f.host.bytes_sent;
  std::uint64_t fed = 0;
  for (int i = 0; i < 200; ++i) {
    f.a.say(wire::Unsubscribe{});
    f.a.say(wire::Subscribe{.id = static_cast<std::uint16_t>(i + 1), .first = 0, .window_bytes = UINT32_MAX});
    for (int j = 0; j < 10; ++j) {
      f.a.say(wire::Report{UINT64_MAX, UINT64_MAX});
      if (goes_on && f.host.swarm->input_room() >= 5'000)
        f.host.swarm->input(ByteVector(5'000, 1), f.net.now), fed += 5'000;
      f.net.run_for(milliseconds(5));
    }
  }
  CAPTURE(fed);
  // What is new, 20 s of it at once, and an eighth; not 200 times all that is here.
  constexpr std::uint64_t kPerSecond = 1'000'000;
  CHECK(f.host.bytes_sent - before <= (fed + 20 * kPerSecond + 10 * kPerSecond / 8) * 5 / 4);
}
