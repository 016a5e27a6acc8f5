#include "libcore/sim/recorder.h"

#include "tests/catch.h"

using namespace spate;
using namespace spate::sim;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Instant at(Duration since_start) { return Instant{} + since_start; }

// 25 frames a second; frame f is due at f x 40 ms.
struct Fixture {
  explicit Fixture(Duration warm_up = {}) : recorder(broadcast, at(warm_up)) {}
  Broadcast broadcast{[] {
    BroadcastConfig config;
    config.frames = 1'000;
    return config;
  }()};
  Recorder recorder;

  // A viewer that joins at time zero and has parent 0.
  void add(HostId viewer) {
    recorder.on_join(viewer, at({}));
    recorder.on_parent(viewer, 0, 1);
    recorder.on_accepted(viewer, at({}));
  }
  // The last packets of a frame.
  void write(HostId viewer, std::uint64_t packets, std::uint64_t frame, Instant now) {
    const std::uint64_t end = broadcast.first_packet(frame + 1);
    recorder.on_write(viewer, end - packets, end, now);
  }
};

}  // namespace

TEST_CASE("recorder: lag counts packets, and none for what was due before a viewer was accepted", "[sim]") {
  Fixture f;
  f.recorder.on_join(1, at({}));
  f.recorder.on_accepted(1, at(milliseconds(100)));
  f.write(1, 6, 1, at(milliseconds(300)));   // due at 40 ms: fills the start
  f.write(1, 6, 5, at(milliseconds(300)));   // due at 200 ms
  f.write(1, 2, 5, at(milliseconds(800)));   // 600 ms late
  f.write(1, 1, 5, at(milliseconds(1300)));  // 1,100 ms late
  CHECK(f.recorder.lag().count() == 9);
  CHECK(f.recorder.lag().max() == milliseconds(1100));
  CHECK(f.recorder.packets_by_500ms() == 6);
  CHECK(f.recorder.packets_by_1s() == 8);
  CHECK(f.recorder.lag().count_up_to(milliseconds(100)) == 6);
}

TEST_CASE("recorder: each second has its own sample", "[sim]") {
  Fixture f;
  f.add(1);
  f.add(2);
  f.write(1, 6, 0, at(milliseconds(100)));
  f.write(1, 6, 1, at(milliseconds(140)));
  f.write(2, 6, 0, at(milliseconds(900)));
  f.recorder.on_second(5'000, 0, at(seconds(1)));
  f.write(2, 6, 25, at(milliseconds(1050)));
  f.recorder.on_gone(1, at(milliseconds(1500)));
  f.recorder.on_second(9'000, 1, at(seconds(2)));
  REQUIRE(f.recorder.series().size() == 2);
  const Recorder::Sample& first = f.recorder.series()[0];
  CHECK(first.at == at(seconds(1)));
  CHECK(first.viewers_present == 2);
  CHECK(first.viewers_playing == 2);
  CHECK(first.packets_written == 18);
  CHECK(first.stream_bytes_delivered == 18 * 188);
  CHECK(first.wire_bytes_sent == 5'000);
  CHECK(first.lag.max == milliseconds(900));
  const Recorder::Sample& second = f.recorder.series()[1];
  CHECK(second.viewers_present == 1);
  CHECK(second.viewers_playing == 1);
  CHECK(second.packets_written == 6);
  CHECK(second.wire_bytes_sent == 4'000);
  CHECK(second.lag.max == milliseconds(50));
  CHECK(second.findings == 1);
}

TEST_CASE("recorder: continuity belongs to the second in which frames were due", "[sim]") {
  Fixture f;
  f.add(1);
  f.write(1, 6, 0, at(milliseconds(100)));
  f.recorder.on_second(0, 0, at(seconds(1)));
  // Frames 1 to 9 were lost; it goes on with the tenth, a second later.
  f.recorder.on_missed(54, 1, 10);
  f.write(1, 6, 10, at(milliseconds(1'400)));
  f.write(1, 6, 26, at(milliseconds(1'500)));
  f.recorder.on_second(0, 0, at(seconds(2)));
  f.recorder.on_unwritten(27, 30);
  const auto series = f.recorder.series();
  CHECK(series[0].frames == 25);
  CHECK(series[0].frames_whole == 16);
  CHECK(series[0].packets_missed == 0);
  CHECK(series[1].packets_missed == 54);
  CHECK(series[1].frames == 5);
  CHECK(series[1].frames_whole == 2);
}

TEST_CASE("recorder: start-up is from the command to join to the first write", "[sim]") {
  Fixture f;
  f.recorder.on_join(3, at(seconds(2)));
  f.write(3, 6, 50, at(milliseconds(2'400)));
  f.write(3, 6, 51, at(milliseconds(2'440)));
  REQUIRE(f.recorder.startups().size() == 1);
  CHECK(f.recorder.startups()[0].viewer == 3);
  CHECK(f.recorder.startups()[0].joined == at(seconds(2)));
  CHECK(f.recorder.startups()[0].took == milliseconds(400));
}

TEST_CASE("recorder: a fail-over lasts from the parent's end to the first write with another", "[sim]") {
  Fixture f;
  f.add(1);
  f.add(2);
  f.recorder.on_parent(2, 1, 1);
  f.write(2, 6, 1, at(milliseconds(100)));
  f.recorder.on_gone(1, at(seconds(1)));
  f.recorder.on_gone(1, at(seconds(2)));       // it was gone already
  f.write(2, 6, 24, at(milliseconds(1'050)));  // from the buffer
  CHECK(f.recorder.failovers().empty());
  f.recorder.on_parent(2, 0, 1);
  f.write(2, 6, 25, at(milliseconds(1'300)));
  f.write(2, 6, 26, at(milliseconds(1'340)));
  REQUIRE(f.recorder.failovers().size() == 1);
  CHECK(f.recorder.failovers()[0].viewer == 2);
  CHECK(f.recorder.failovers()[0].lost == at(seconds(1)));
  CHECK(f.recorder.failovers()[0].took == milliseconds(300));
}

TEST_CASE("recorder: a fail-over ends when every stripe has a parent again", "[sim]") {
  Fixture f;
  for (HostId host = 1; host <= 3; ++host) f.add(host);
  f.recorder.on_parent(3, 1, 0b0110);
  f.recorder.on_parent(3, 2, 0b1000);
  f.write(3, 6, 1, at(milliseconds(100)));
  f.recorder.on_gone(1, at(seconds(1)));
  f.recorder.on_parent(3, 2, 0b0010);
  f.write(3, 6, 25, at(milliseconds(1'200)));
  CHECK(f.recorder.failovers().empty());
  f.recorder.on_parent(3, 0, 0b0100);
  f.write(3, 6, 26, at(milliseconds(1'400)));
  REQUIRE(f.recorder.failovers().size() == 1);
  CHECK(f.recorder.failovers()[0].took == milliseconds(400));
}

TEST_CASE("recorder: a change of parent without need, or a parent that comes back, is no fail-over", "[sim]") {
  Fixture f;
  f.add(1);
  f.add(2);
  f.add(3);
  f.write(3, 6, 1, at(milliseconds(100)));
  f.recorder.on_parent(3, 2, 1);
  f.write(3, 6, 2, at(milliseconds(140)));
  f.recorder.on_unavailable(2, at(milliseconds(200)));
  f.recorder.on_available(2);
  f.recorder.on_parent(3, 1, 1);
  f.write(3, 6, 9, at(milliseconds(500)));
  CHECK(f.recorder.failovers().empty());
}

TEST_CASE("recorder: who comes back after a crash begins another life", "[sim]") {
  Fixture f;
  f.add(1);
  f.write(1, 6, 1, at(milliseconds(100)));
  f.recorder.on_gone(1, at(seconds(1)));
  f.recorder.on_second(0, 0, at(seconds(1)));
  f.recorder.on_join(1, at(milliseconds(1'500)));
  f.write(1, 6, 30, at(milliseconds(1'800)));  // due at 1.2 s, and it is not accepted yet
  f.recorder.on_accepted(1, at(milliseconds(1'900)));
  f.write(1, 6, 50, at(milliseconds(2'100)));
  f.recorder.on_second(0, 0, at(seconds(2)));
  f.recorder.on_gone(1, at(milliseconds(2'500)));
  f.recorder.on_second(0, 0, at(seconds(3)));
  REQUIRE(f.recorder.startups().size() == 2);
  CHECK(f.recorder.startups()[1].viewer == 1);
  CHECK(f.recorder.startups()[1].joined == at(milliseconds(1'500)));
  CHECK(f.recorder.startups()[1].took == milliseconds(300));
  CHECK(f.recorder.lag().count() == 12);
  const auto series = f.recorder.series();
  CHECK(series[0].viewers_present == 0);
  CHECK(series[1].viewers_present == 1);
  CHECK(series[2].viewers_present == 0);
  // The frames between the two lives were nobody's to play.
  CHECK(series[1].frames == 20);
}

TEST_CASE("recorder: a parent that comes back after a crash is another one", "[sim]") {
  Fixture f;
  f.add(1);
  f.add(2);
  f.recorder.on_parent(2, 1, 1);
  f.write(2, 6, 1, at(milliseconds(100)));
  f.recorder.on_gone(1, at(seconds(1)));
  f.recorder.on_available(1);
  f.recorder.on_join(1, at(seconds(2)));
  f.recorder.on_parent(2, 1, 1);
  f.write(2, 6, 52, at(milliseconds(2'600)));
  REQUIRE(f.recorder.failovers().size() == 1);
  CHECK(f.recorder.failovers()[0].took == milliseconds(1'600));
}

TEST_CASE("recorder: uplinks are averaged by class, over the time that hosts were present", "[sim]") {
  Fixture f;
  f.recorder.on_uplink("home", 1'000'000, 100'000, seconds(2));
  f.recorder.on_uplink("office", 0, 10, seconds(1));
  f.recorder.on_uplink("home", 3'000'000, 50'000, seconds(1));
  const auto uplinks = f.recorder.uplinks();
  REQUIRE(uplinks.size() == 2);
  CHECK(uplinks[0].name == "home");
  CHECK(uplinks[0].hosts == 2);
  CHECK(uplinks[0].offered_bps == 2'000'000);
  CHECK(uplinks[0].used_bps == 400'000);
  CHECK(uplinks[1].offered_bps == 0);
  f.recorder.on_depth(1);
  f.recorder.on_depth(3);
  f.recorder.on_depth(3);
  CHECK(std::vector(f.recorder.hops().begin(), f.recorder.hops().end()) == std::vector<std::uint64_t>{0, 1, 0, 2});
}

TEST_CASE("recorder: what was due before the warm-up's end has no part in the figures", "[sim]") {
  Fixture f(seconds(1));
  f.add(1);
  f.write(1, 6, 24, at(milliseconds(1'500)));  // due at 960 ms, written after the warm-up, and late
  CHECK(f.recorder.lag().count() == 0);
  CHECK(f.recorder.packets_written() == 0);
  f.write(1, 6, 25, at(milliseconds(1'700)));  // due at its end: 700 ms late
  f.write(1, 2, 26, at(milliseconds(1'140)));
  CHECK(f.recorder.lag().count() == 8);
  CHECK(f.recorder.lag().max() == milliseconds(700));
  CHECK(f.recorder.packets_by_500ms() == 2);
  CHECK(f.recorder.packets_by_1s() == 8);
  CHECK(f.recorder.packets_written() == 8);
  f.recorder.on_second(0, 0, at(seconds(1)));
  CHECK(f.recorder.series()[0].packets_written == 14);
  CHECK(f.recorder.series()[0].lag.max == milliseconds(700));
}

TEST_CASE("recorder: a write over the warm-up's end counts for what was due after it", "[sim]") {
  Fixture f(seconds(1));
  f.add(1);
  const std::uint64_t boundary = f.broadcast.first_packet(25);
  CHECK(f.recorder.measured_packet() == boundary);
  f.recorder.on_write(1, boundary - 4, boundary + 2, at(milliseconds(1'100)));
  CHECK(f.recorder.lag().count() == 2);
  CHECK(f.recorder.packets_written() == 2);
}

TEST_CASE("recorder: frames missed before the warm-up's end are not spoilt", "[sim]") {
  Fixture f(seconds(1));
  f.add(1);
  f.write(1, 6, 0, at(milliseconds(100)));
  f.recorder.on_missed(54, 1, 10);
  CHECK(f.recorder.frames_spoilt() == 0);
  f.recorder.on_missed(54, 20, 27);
  CHECK(f.recorder.frames_spoilt() == 2);
  f.recorder.on_missed(54, 30, 31);
  CHECK(f.recorder.frames_spoilt() == 3);
  f.recorder.on_unwritten(40, 44);
  CHECK(f.recorder.frames_spoilt() == 7);
  f.recorder.on_second(0, 0, at(seconds(1)));
  CHECK(f.recorder.series()[0].packets_missed == 162);
}

TEST_CASE("recorder: the nodes' own idea of a lag counts after the warm-up", "[sim]") {
  Fixture f(seconds(1));
  f.recorder.on_estimate(24, milliseconds(9));
  f.recorder.on_estimate(25, milliseconds(3));
  CHECK(f.recorder.estimate_error().count() == 1);
  CHECK(f.recorder.estimate_error().max() == milliseconds(3));
}

TEST_CASE("recorder: who came or lost a parent before the warm-up's end is listed only", "[sim]") {
  Fixture f(seconds(1));
  f.add(1);
  f.add(2);
  f.recorder.on_parent(2, 1, 1);
  f.write(2, 6, 24, at(milliseconds(1'100)));
  f.recorder.on_gone(1, at(milliseconds(999)));
  f.recorder.on_parent(2, 3, 1);
  f.write(2, 6, 26, at(milliseconds(1'200)));
  CHECK(f.recorder.startup().count() == 0);
  CHECK(f.recorder.failover().count() == 0);
  f.recorder.on_join(4, at(seconds(1)));
  f.recorder.on_gone(3, at(milliseconds(1'300)));
  f.recorder.on_parent(2, 0, 1);
  f.write(2, 6, 30, at(milliseconds(1'400)));
  f.write(4, 6, 30, at(milliseconds(1'500)));
  CHECK(f.recorder.startup().count() == 1);
  CHECK(f.recorder.startup().max() == milliseconds(500));
  CHECK(f.recorder.failover().count() == 1);
  CHECK(f.recorder.failover().max() == milliseconds(100));
  CHECK(f.recorder.startups().size() == 2);
  CHECK(f.recorder.failovers().size() == 2);
}
