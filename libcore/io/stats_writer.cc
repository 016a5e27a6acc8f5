#include "libcore/io/stats_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "libcore/io/system_clock.h"

namespace spate::io {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFinalLinePatienceMs = 200;

double rounded(double value) { return std::round(value * 1e3) / 1e3; }
// Microseconds are all that is measured.
double rounded_ms(Duration d) { return rounded(to_ms(d)); }

Json lag_json(const std::optional<node::LagSummary>& lag) {
  if (!lag) return {{"p50", nullptr}, {"p99", nullptr}, {"max", nullptr}};
  return {{"p50", rounded_ms(lag->p50)}, {"p99", rounded_ms(lag->p99)}, {"max", rounded_ms(lag->max)}};
}

std::optional<int> parse_fd(std::string_view text) {
  int fd = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fd);
  if (error != std::errc{} || end != text.data() + text.size() || fd < 0) return std::nullopt;
  return fd;
}

}  // namespace

std::string format_stats(const StatsRecord& record) {
  const node::StreamStats& s = record.stream_stats;
  const node::NodeStats& n = record.node_stats;
  Json json = {
      {"schema", kStatsSchema},
      {"utc", iso_8601(record.utc_ms)},
      {"monotonic_ms", record.now.time_since_epoch().count() / 1'000'000},
      {"role", record.role},
      {"stream", record.stream},
      {"bytes_in", s.bytes_in},
      {"bytes_out", s.bytes_out},
      {"lag_ms", lag_json(record.final ? s.lag_run : s.lag)},
      {"latency_ms", rounded_ms(s.latency)},
      {"rtt_ms", rounded_ms(s.rtt)},
      {"silence_ms", s.silence ? Json(rounded_ms(*s.silence)) : Json(nullptr)},
      {"lost_packets", s.lost_packets},
      {"repaired_packets", s.repaired_packets},
      {"regenerated_packets", s.regenerated_packets},
      {"duplicate_packets", s.duplicate_packets},
      {"forged_packets", s.forged_packets},
      {"malformed_packets", s.malformed_packets},
      {"refused_addresses", s.refused_addresses},
      {"forged_records", s.forged_records},
      {"skipped_input_bytes", s.skipped_input_bytes},
      {"output_dropped_packets", record.output_dropped_packets},
      {"parents", s.parents},
      {"parent_switches", s.parent_switches},
      {"depth", s.depth},
      {"children", s.children},
      {"slots", rounded(static_cast<double>(s.slots) / s.stripes)},
      {"slots_used", rounded(static_cast<double>(s.slots_used) / s.stripes)},
      {"sessions", n.sessions},
      {"half_open", n.half_open},
      {"evicted", n.evicted},
      {"wire_bytes_sent", n.wire_bytes_sent},
      {"wire_bytes_received", n.wire_bytes_received},
      {"datagrams_sent", n.datagrams_sent},
      {"datagrams_received", n.datagrams_received},
      {"datagrams_dropped", n.datagrams_dropped},
      {"socket_refused", record.socket_stats.send_refused},
      {"socket_overflow", record.socket_stats.receive_overflow},
  };
  if (record.final) json["final"] = true;
  return json.dump();
}

Result<StatsWriter> StatsWriter::open(const std::string& target) {
  if (target.empty()) return StatsWriter(STDERR_FILENO, {});
  if (target.starts_with("fd:")) {
    const std::optional<int> fd = parse_fd(std::string_view(target).substr(3));
    if (!fd || ::fcntl(*fd, F_GETFL) < 0) return Failure{"'" + target + "' is not an open descriptor"};
    return StatsWriter(*fd, {});
  }
  Descriptor fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0666));
  if (!fd) return system_failure("cannot write " + target, errno);
  const int number = fd.get();
  return StatsWriter(number, std::move(fd));
}

bool StatsWriter::leads_to(const std::string& target, int fd) {
  if (target.empty()) return false;
  const std::optional<int> number =
      target.starts_with("fd:") ? parse_fd(std::string_view(target).substr(3)) : std::nullopt;
  struct stat there {};
  struct stat here {};
  if ((number ? ::fstat(*number, &there) : ::stat(target.c_str(), &there)) != 0) return false;
  return ::fstat(fd, &here) == 0 && there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

std::optional<Failure> StatsWriter::write(const StatsRecord& record) {
  const std::string line = format_stats(record) + "\n";
  pollfd ready{fd_, POLLOUT, 0};
  if (::poll(&ready, 1, record.final ? kFinalLinePatienceMs : 0) != 1) return std::nullopt;
  // Shorter than PIPE_BUF: into a pipe it goes whole, or not at all. A file takes a part of it where it is full.
  const ssize_t n = ::write(fd_, line.data(), line.size());
  if (n == static_cast<ssize_t>(line.size()) || (n < 0 && (errno == EAGAIN || errno == EINTR))) return std::nullopt;
  return system_failure("cannot write the statistics", n < 0 ? errno : ENOSPC);
}

}  // namespace spate::io
