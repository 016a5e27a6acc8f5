#include "libcore/sim/checker_output.h"

#include <vector>

#include "tests/catch.h"

namespace spate::sim {
namespace {

constexpr std::size_t kPacketBytes = Broadcast::kPacketBytes;
constexpr Instant kLate{std::chrono::hours(1)};

struct Output {
  Output()
      : broadcast([] {
          BroadcastConfig config;
          config.frames = 100;
          return config;
        }()) {}

  // Writes packets first .. first + count - 1; how many findings there are then.
  std::uint64_t write(std::uint64_t first, std::size_t count, bool discontinuity = false, Instant now = kLate) {
    std::vector<std::uint8_t> bytes(count * kPacketBytes);
    broadcast.write(first * kPacketBytes, bytes);
    checker.on_output(bytes, discontinuity, now);
    return findings.safety();
  }

  Broadcast broadcast;
  Findings findings;
  OutputChecker checker{broadcast, 3, findings};
};

}  // namespace

TEST_CASE("whole packets in order are right, and so is a gap that is announced") {
  Output output;
  CHECK(output.write(30, 6) == 0);
  CHECK(output.write(36, 6) == 0);
  CHECK(output.write(60, 1, true) == 0);
  CHECK(output.checker.next() == 61u);
}

TEST_CASE("a repeated packet is found") {
  Output output;
  output.write(30, 6);
  CHECK(output.write(30, 6) == 1);
}
TEST_CASE("a late packet is found") {
  Output output;
  output.write(30, 6);
  output.write(42, 6, true);
  CHECK(output.write(36, 6, true) == 1);
}
TEST_CASE("a silent gap is found") {
  Output output;
  output.write(30, 6);
  CHECK(output.write(42, 6) == 1);
}
TEST_CASE("a packet before its time is found") {
  Output output;
  CHECK(output.write(30, 6, false, Instant{}) == 0);
  CHECK(output.write(5'000, 6, true, Instant{}) == 1);
}
TEST_CASE("part of a packet is found") {
  Output output;
  std::vector<std::uint8_t> bytes(kPacketBytes - 1);
  output.broadcast.write(0, bytes);
  output.checker.on_output(bytes, false, kLate);
  CHECK(output.findings.safety() == 1);
  output.checker.on_output({}, false, kLate);
  CHECK(output.findings.safety() == 2);
}
TEST_CASE("a changed bit is found") {
  Output output;
  std::vector<std::uint8_t> bytes(6 * kPacketBytes);
  output.broadcast.write(0, bytes);
  bytes[700] ^= 4;
  CHECK(!output.checker.on_output(bytes, false, kLate));
  CHECK(output.findings.safety() == 1);
}
TEST_CASE("packets swapped within one write are found") {
  Output output;
  std::vector<std::uint8_t> bytes(2 * kPacketBytes);
  output.broadcast.write(kPacketBytes, MutableBytes{bytes}.first(kPacketBytes));
  output.broadcast.write(0, MutableBytes{bytes}.last(kPacketBytes));
  output.checker.on_output(bytes, false, kLate);
  CHECK(output.findings.safety() == 1);
}

}  // namespace spate::sim
