// Each finding of the delivery checker can fire, and a viewer with whom all is well has none.
#include "libcore/sim/checker_delivery.h"

#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant at(Duration since_start) { return Instant{} + since_start; }

// The input lasts 40 s, there are no faults from 20 s on, and the run is over after 42 s.
struct Fixture {
  Broadcast broadcast{[] {
    BroadcastConfig config;
    config.frames = 1'000;
    return config;
  }()};
  ExpectSpec expect;
  Delivery delivery;
  Instant calm = at(seconds(20));
  Instant now = at(seconds(42));
  Findings findings;

  // One that joined after two seconds, played soon, and was told of the end after the last packet.
  Fixture() {
    ViewerRecord& record = delivery.record;
    delivery.host = 7;
    delivery.next = broadcast.packets();
    record.join = at(seconds(2));
    record.first_output = at(seconds(3));
    record.first_after = at(milliseconds(20'040));
    record.longest_pause = milliseconds(700);
    record.stopped = node::StopReason::kEnded;
  }

  // What was found, as one line; all of it must be about this viewer's liveness.
  std::string found() {
    check_delivery(expect, broadcast, delivery, calm, now, "nobody had room", findings);
    std::string text;
    for (const Finding& finding : findings.kept()) {
      CHECK(finding.rule == Rule::kLiveness);
      CHECK(finding.host == 7);
      CHECK(finding.time == now);
      text += (text.empty() ? "" : "; ") + finding.what;
    }
    return text;
  }
};

}  // namespace

TEST_CASE("delivery: a viewer with whom all is well") { CHECK(Fixture().found().empty()); }

TEST_CASE("delivery: nothing is asked of who never joined") {
  Fixture f;
  f.delivery.record = {};
  f.delivery.next.reset();
  CHECK(f.found().empty());
}

TEST_CASE("delivery: a viewer that played late") {
  Fixture f;
  f.delivery.record.first_output = at(milliseconds(7'001));
  SECTION("is found") { CHECK(f.found() == "played only 5001 ms after joining"); }
  SECTION("even if it has gone") {
    f.delivery.gone = true;
    CHECK(f.found() == "played only 5001 ms after joining");
  }
  SECTION("unless nobody asks") {
    f.expect.startup_max = {};
    CHECK(f.found().empty());
  }
  SECTION("in time is not late") {
    f.delivery.record.first_output = at(seconds(7));
    CHECK(f.found().empty());
  }
}

TEST_CASE("delivery: a viewer that missed packets") {
  Fixture f;
  f.delivery.record.packets_missed = 12;
  f.delivery.record.first_missed = 345;
  CHECK(f.found().empty());
  f.expect.complete = true;
  CHECK(f.found() == "missed 12 packets, the first 345");
}

TEST_CASE("delivery: a viewer that never played") {
  Fixture f;
  f.delivery.record.first_output.reset();
  f.delivery.record.first_after.reset();
  f.delivery.next.reset();
  SECTION("is found") { CHECK(f.found() == "never played: nobody had room"); }
  SECTION("unless it has gone") {
    f.delivery.gone = true;
    CHECK(f.found().empty());
  }
}

TEST_CASE("delivery: a viewer that did not play again after the last fault") {
  Fixture f;
  const std::string what = "did not play within 5000 ms of the last fault: nobody had room";
  SECTION("at all") {
    f.delivery.record.first_after.reset();
    CHECK(f.found() == what);
  }
  SECTION("in time") {
    f.delivery.record.first_after = at(milliseconds(25'001));
    CHECK(f.found() == what);
  }
  SECTION("but was in time") {
    f.delivery.record.first_after = at(seconds(25));
    CHECK(f.found().empty());
  }
  SECTION("but came after it") {
    f.delivery.record.join = at(seconds(24));
    f.delivery.record.first_output = f.delivery.record.first_after = at(seconds(28));
    CHECK(f.found().empty());
  }
  SECTION("but had no time to") {
    f.delivery.record.first_after.reset();
    f.now = at(seconds(25));
    CHECK(f.found().empty());
  }
}

TEST_CASE("delivery: a viewer that stood still without a fault") {
  Fixture f;
  f.delivery.record.longest_pause = milliseconds(5'001);
  CHECK(f.found() == "stood still for 5001 ms without a fault");
}

TEST_CASE("delivery: a viewer and the end of the stream") {
  Fixture f;
  SECTION("never told of it") {
    f.delivery.record.stopped.reset();
    f.delivery.next = 900;
    CHECK(f.found() == "was never told of the end; next packet 900");
  }
  SECTION("told something else") {
    f.delivery.record.stopped = node::StopReason::kStalled;
    CHECK(f.found() == "stopped early: the stream stalled, or nobody had room, for longer than it waits");
  }
  SECTION("told too early") {
    f.delivery.next = f.broadcast.packets() - 1;
    const std::string all = std::to_string(f.broadcast.packets());
    CHECK(f.found() == "ended before packet " + std::to_string(f.broadcast.packets() - 1) + " of " + all);
  }
}

}  // namespace spate::sim
