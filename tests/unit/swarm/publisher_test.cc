#include "libcore/swarm/publisher.h"

#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// A publisher and a child that reports what the test lets it report.
struct Fixture {
  Fixture() {
    net.add(host);
    net.add(child);
  }
  void subscribe(std::uint64_t first = wire::kFromNewest) {
    child.dial(1, net.now);
    net.run_for(milliseconds(100));
    REQUIRE(child.connected());
    child.say(wire::Subscribe{.first = first, .window_bytes = 10 * 1024 * 1024});
    net.run_for(milliseconds(20));
    REQUIRE(child.last<wire::SubscribeReply>());
    REQUIRE(child.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kAccepted);
  }
  std::uint64_t shards_received() {
    for (; counted < child.frames.size(); ++counted) shards += wire::parse_shard(child.frames[counted]) ? 1u : 0u;
    return shards;
  }
  void report(std::uint64_t next) {
    wire::Report report;
    report.next = report.seen = next;
    report.knows_end = true;
    child.say(report);
  }
  std::optional<wire::StreamInfo> last_info() const {
    for (auto it = child.frames.rbegin(); it != child.frames.rend(); ++it)
      if (const auto info = wire::verify_stream_info(*it, stream_key().public_key, crypto::sodium_suite())) return info;
    return std::nullopt;
  }
  // As much as it takes at once, for so long; returns the bytes.
  std::uint64_t flat_out(Duration d, bool child_reports) {
    std::uint64_t bytes = 0;
    for (const Instant end = net.now + d; net.now < end; net.run_for(std::chrono::microseconds(250))) {
      const std::size_t room = std::min<std::size_t>(host.swarm->input_room(), 16 * 1024);
      if (room > 0) host.swarm->input(ByteVector(room, 1), net.now);
      bytes += room;
      if (child_reports && child.connected()) report(child.last<wire::SubscribeReply>()->first + shards_received());
    }
    return bytes;
  }

  Net net;
  SwarmHost host{1, publish_config()};
  ScriptedPeer child{2};
  std::size_t counted = 0;  // of the child's frames
  std::uint64_t shards = 0;
};

constexpr std::uint64_t kMegabyte = 1'000'000;

}  // namespace

TEST_CASE("publisher: a report that makes room lets held input go on at once", "[swarm]") {
  Fixture f;
  f.subscribe();
  f.flat_out(milliseconds(500), false);
  REQUIRE(f.host.swarm->input_room() == 0);
  f.report(f.last_info()->head + stream::Store::kSlots);
  f.net.run_for(milliseconds(40));  // there and back
  CHECK(f.host.swarm->input_room() > 0);
}

TEST_CASE("publisher: input at its own pace is never held back, whatever the children do", "[swarm]") {
  const bool with_child = GENERATE(false, true);
  Fixture f;
  if (with_child) f.subscribe();
  for (int i = 0; i < 3'000; ++i) {
    REQUIRE(f.host.swarm->input_room() >= 8'000);
    f.host.swarm->input(ByteVector(8'000, 1), f.net.now);
    f.net.run_for(milliseconds(10));
    f.host.swarm->input_waited(milliseconds(10));
    if (with_child) f.report(0);  // stays, and needs everything
  }
}

TEST_CASE("publisher: a file waits for its first viewer, who gets it from the beginning", "[swarm]") {
  Fixture f;
  const std::uint64_t taken = f.flat_out(seconds(2), false);
  CHECK(taken > 2 * kMegabyte);
  CHECK(taken < 8 * kMegabyte);
  CHECK(f.host.swarm->input_room() == 0);
  f.subscribe();
  CHECK(f.child.last<wire::SubscribeReply>()->first == 0);
  CHECK(f.flat_out(seconds(2), true) > 10 * kMegabyte);
}

TEST_CASE("publisher: a file goes no faster than its slow child reports", "[swarm]") {
  Fixture f;
  f.subscribe();
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    f.report(i * 50);
    bytes += f.flat_out(milliseconds(50), false);
  }
  const std::uint64_t reported = 100 * 50 * wire::kPayloadBytes;
  CHECK(bytes > reported);
  CHECK(bytes < reported + 8 * kMegabyte);  // and what the store keeps for it
}

TEST_CASE("publisher: a fresh, growing word on the stream goes to every child twice a second", "[swarm]") {
  Fixture f;
  f.subscribe();
  f.child.frames.clear();
  f.counted = 0;
  for (int i = 0; i < 100; ++i) {
    f.host.swarm->input(ByteVector(4'000, 1), f.net.now);
    f.report(f.shards_received());
    f.net.run_for(milliseconds(30));
    f.host.swarm->input_waited(milliseconds(30));
  }
  std::vector<wire::StreamInfo> infos;
  for (const ByteVector& frame : f.child.frames)
    if (const auto info = wire::verify_stream_info(frame, stream_key().public_key, crypto::sodium_suite()))
      infos.push_back(*info);
  CHECK(infos.size() >= 5);
  CHECK(infos.size() <= 8);
  for (std::size_t i = 1; i < infos.size(); ++i) {
    CHECK(infos[i].media_us > infos[i - 1].media_us);
    CHECK(infos[i].head > infos[i - 1].head);
    CHECK_FALSE(infos[i].ended);
  }
}

TEST_CASE("publisher: the end waits for children that have not got everything, while they get on", "[swarm]") {
  Fixture f;
  f.subscribe();
  f.host.swarm->input(ByteVector(50'000, 1), f.net.now);
  f.net.run_for(milliseconds(20));
  f.host.swarm->end_input(f.net.now);
  CHECK(f.host.swarm->input_room() == 0);
  f.net.run_for(milliseconds(50));
  const auto info = f.last_info();
  REQUIRE(info);
  CHECK(info->ended);
  REQUIRE(info->head > 10);
  for (std::uint64_t next = 1; next <= 10; ++next) {  // slower than the patience, in sum
    f.report(next);
    f.net.run_for(milliseconds(800));
    CHECK_FALSE(f.host.stopped);
  }
  f.report(info->head);
  f.net.run_for(milliseconds(700));
  CHECK(f.host.stopped == StopReason::kEnded);
  CHECK(f.child.last<wire::Bye>() == wire::Bye{wire::ByeReason::kEnded});
}

TEST_CASE("publisher: the end waits 3 s for a child that does not get on, and for nobody", "[swarm]") {
  const bool with_child = GENERATE(true, false);
  Fixture f;
  if (with_child) f.subscribe();
  f.host.swarm->input(ByteVector(50'000, 1), f.net.now);
  f.net.run_for(milliseconds(20));
  const Instant end = f.net.now;
  f.host.swarm->end_input(end);
  for (int i = 0; i < 80 && !f.host.stopped; ++i) {
    if (with_child) f.report(2);
    f.net.run_for(milliseconds(100));
  }
  CHECK(f.host.stopped == StopReason::kEnded);
  if (with_child) CHECK(f.host.stopped_at - end >= Publisher::kDrainPatience);
  CHECK(f.host.stopped_at - end <= Publisher::kDrainPatience + milliseconds(700));
}
