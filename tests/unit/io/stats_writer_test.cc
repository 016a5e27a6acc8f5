#include "libcore/io/stats_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "libcore/io/system_clock.h"
#include "tests/catch.h"
#include "tests/unit/io/temporary_directory.h"

using namespace std::chrono_literals;
using namespace spate;
using Json = nlohmann::json;

namespace {

io::StatsRecord record() {
  io::StatsRecord r;
  r.utc_ms = 1'767'323'045'678;
  r.now = Instant(12'345'678us);
  r.role = "watch";
  r.stream = "0123456789abcdef";
  r.stream_stats.bytes_in = 1'000;
  r.stream_stats.lost_packets = 3;
  r.node_stats.wire_bytes_received = 1'200;
  return r;
}

}  // namespace

TEST_CASE("a statistics line has every promised field") {
  const Json json = Json::parse(io::format_stats(record()));
  for (const char* field : {"schema", "utc", "monotonic_ms", "role", "stream", "bytes_in", "bytes_out", "lag_ms",
                            "lost_packets", "repaired_packets", "duplicate_packets", "silence_ms", "parents",
                            "children", "wire_bytes_sent", "wire_bytes_received"}) {
    INFO(field);
    CHECK(json.contains(field));
  }
  CHECK(json["schema"] == 1);
  CHECK(json["utc"] == "2026-01-02T03:04:05.678Z");
  CHECK(json["monotonic_ms"] == 12'345);
  CHECK(json["bytes_in"] == 1'000);
  CHECK(json["lost_packets"] == 3);
  CHECK_FALSE(json.contains("final"));
}

TEST_CASE("lag is null until it is known, and of the whole run in the last line") {
  io::StatsRecord r = record();
  CHECK(Json::parse(io::format_stats(r))["lag_ms"]["p50"].is_null());
  r.stream_stats.lag = node::LagSummary{1'500us, 2ms, 3ms};
  r.stream_stats.lag_run = node::LagSummary{4ms, 5ms, 6ms};
  CHECK(Json::parse(io::format_stats(r))["lag_ms"]["p50"] == 1.5);
  r.final = true;
  const Json last = Json::parse(io::format_stats(r));
  CHECK(last["final"] == true);
  CHECK(last["lag_ms"]["max"] == 6.0);
}

TEST_CASE("the publisher's silence is null before it has been heard") {
  io::StatsRecord r = record();
  CHECK(Json::parse(io::format_stats(r))["silence_ms"].is_null());
  r.stream_stats.silence = 3'250us;
  CHECK(Json::parse(io::format_stats(r))["silence_ms"] == 3.25);
}

TEST_CASE("statistics go to a file, one line each") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("stats");
  {
    auto writer = std::get<io::StatsWriter>(io::StatsWriter::open(path));
    CHECK_FALSE(writer.write(record()));
    CHECK_FALSE(writer.write(record()));
  }
  std::ifstream in(path);
  std::string line;
  int lines = 0;
  for (; std::getline(in, line); ++lines) CHECK(Json::parse(line)["role"] == "watch");
  CHECK(lines == 2);
}

TEST_CASE("a statistics reader that does not read costs lines, not time") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const io::Descriptor reader(ends[0]);
  const io::Descriptor pipe(ends[1]);
  ::fcntl(pipe.get(), F_SETPIPE_SZ, 4096);
  auto writer = std::get<io::StatsWriter>(io::StatsWriter::open("fd:" + std::to_string(pipe.get())));
  for (int i = 0; i < 100; ++i) writer.write(record());
  std::string text(64 * 1024, '\0');
  const ssize_t n = ::read(reader.get(), text.data(), text.size());
  REQUIRE(n > 0);
  text.resize(static_cast<std::size_t>(n));
  CHECK(text.ends_with("}\n"));  // whole lines only
}

TEST_CASE("statistics that cannot be written are told of") {
  auto full = std::get<io::StatsWriter>(io::StatsWriter::open("/dev/full"));
  const auto failure = full.write(record());
  REQUIRE(failure);
  CHECK(failure->message == "cannot write the statistics: No space left on device");
}

TEST_CASE("a descriptor for statistics must be open") {
  CHECK(io::failure_of(io::StatsWriter::open("fd:987")) != nullptr);
  CHECK(io::failure_of(io::StatsWriter::open("fd:x")) != nullptr);
  CHECK(io::failure_of(io::StatsWriter::open("/no/such/directory/x")) != nullptr);
}
