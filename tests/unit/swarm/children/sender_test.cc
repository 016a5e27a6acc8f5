// What sending costs, and how it is counted.
#include "tests/unit/swarm/children/fixture.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Fixture = ChildrenFixture;

}  // namespace

TEST_CASE("children: bytes sent in any time are at most limit x time + burst", "[swarm]") {
  constexpr std::uint64_t kRate = 200'000;
  constexpr std::uint64_t kBurst = 20'000;
  Fixture f(kRate, kBurst);
  f.server.publish(2'000, f.net.now);
  f.net.run_for(seconds(6));  // it is not seen as the pace of the stream any more
  for (ScriptedPeer* child : {&f.a, &f.b}) child->say(wire::Ping{});
  f.net.run_for(milliseconds(10));
  f.add(f.a, 0, 4'000 * kShardWireBytes);
  f.add(f.b, 0, 4'000 * kShardWireBytes);
  const std::uint64_t before = f.server.bytes_sent;
  const Instant start = f.net.now;
  bool held = true;
  f.net.each_step = [&] {
    const auto ns = static_cast<std::uint64_t>((f.net.now - start).count());
    held =
        held && f.server.bytes_sent - before <= kBurst + kRate * 11 / 10 * ns / 1'000'000'000 + 2'000;  // 10 %: control
  };
  for (int i = 0; i < 30; ++i) {
    f.report(f.a, f.sequences(f.a).size());
    f.report(f.b, f.sequences(f.b).size());
    f.net.run_for(milliseconds(100));
  }
  CHECK(held);
  CHECK(f.server.bytes_sent - before > 3 * kRate * 95 / 100);
}

TEST_CASE("children: who has been silent for 2 s is sent nothing until it speaks", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.a.say(wire::Ping{});
  f.net.run_for(milliseconds(10));
  const Instant spoke = f.net.now;
  f.add_live(f.a, bit(0), 0);
  const auto streams_until = [&](Instant end) {
    const std::size_t before = f.a.frames.size();
    while (f.net.now < end) {
      f.server.publish(4, f.net.now);
      f.net.run_for(milliseconds(20));
    }
    return f.a.frames.size() - before;
  };
  CHECK(streams_until(spoke + Sender::kConsent - milliseconds(50)) > 0);
  f.net.run_until(spoke + Sender::kConsent + milliseconds(20));
  const ChildrenStats before = f.server.children.stats();
  CHECK(streams_until(spoke + Sender::kConsent + milliseconds(500)) == 0);
  CHECK(f.server.children.stats().sent.total() == before.sent.total());
  CHECK(f.server.children.stats().payload_bytes_sent == before.payload_bytes_sent);
  f.a.say(wire::Ping{});
  f.net.run_for(milliseconds(20));
  CHECK(streams_until(f.net.now + milliseconds(200)) >= 10);  // what is new: a shard each 20 ms
}

TEST_CASE("children: what is sent is counted by what it was for, to the byte", "[swarm]") {
  constexpr std::uint64_t kHeaders = 28 + session::kDataOverhead;
  Fixture f;
  std::uint64_t frames_and_lists = 0;  // on the wire
  f.net.fate = [&](const Address& from, const Address&, Bytes bytes) {
    if (from == f.server.address && bytes.size() > 150) frames_and_lists += bytes.size() + 28;
    return true;
  };
  f.server.publish(30, f.net.now);  // one burst, so one list
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  const SentBytes in_turn = f.server.children.stats().sent;
  CHECK(in_turn.payload == 30 * wire::kPayloadBytes);
  CHECK(in_turn.headers == 30 * (kHeaders + wire::kShardHeaderBytes));
  CHECK(in_turn.signatures == kHeaders + wire::hash_list_frame_bytes(30, 0));
  CHECK(in_turn.repairs == 0);
  CHECK(in_turn.total() == frames_and_lists);
  f.a.say(f.request(3, 4));
  f.net.run_for(milliseconds(20));
  const SentBytes sent = f.server.children.stats().sent;
  CHECK(sent.repairs == 4 * (kHeaders + wire::kShardHeaderBytes + wire::kPayloadBytes));
  CHECK(sent.total() - sent.repairs == in_turn.total());
  CHECK(sent.total() == frames_and_lists);
}

TEST_CASE("children: lists and shards alike are charged to the upload limit, of a stream that is too much for it",
          "[swarm]") {
  constexpr std::uint64_t kBytesPerSecond = 100'000;
  Fixture f(kBytesPerSecond, 1'000, 1'000, {16, 0});
  f.add(f.a, 0);
  const Instant begin = f.net.now;
  // Many lists: the first shard of each follows it at once.
  for (int i = 0; i < 100; ++i) {
    f.server.publish(5, f.net.now);
    Fixture::report(f.a, f.server.store.head(), false);
    f.net.run_for(milliseconds(50));
  }
  std::uint64_t bytes = 0;
  for (const ByteVector& frame : f.a.frames) bytes += frame.size() + session::kDataOverhead + 28;
  const auto allowed = kBytesPerSecond * static_cast<std::uint64_t>(to_us(f.net.now - begin)) / 1'000'000;
  CHECK(bytes <= allowed + 4'000);
  CHECK(bytes >= allowed / 2);
}
