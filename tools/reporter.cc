#include "tools/reporter.h"

#include "libcore/io/format.h"
#include "libcore/io/log.h"
#include "libcore/io/system_clock.h"
#include "tools/common.h"

namespace spate::tools {
namespace {

constexpr Duration kStatusEvery = std::chrono::seconds(1);
constexpr Duration kStatsEveryMin = std::chrono::milliseconds(10);

std::string plural(std::uint64_t n, const std::string& one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

std::string lag_text(const std::optional<node::LagSummary>& lag) {
  if (!lag) return "";
  return ", lag " + io::format_duration(lag->p50) + " (p99 " + io::format_duration(lag->p99) + ")";
}

}  // namespace

Reporter::Reporter(std::string_view role, const StatsOptions& options, node::Node& node, const io::UdpSocket& socket)
    : role_(role), node_(node), socket_(socket) {
  every_ = options.every.value_or(options.file.empty() ? Duration::zero() : std::chrono::seconds(1));
  if (every_ > Duration::zero()) {
    every_ = std::max(every_, kStatsEveryMin);
    writer_.emplace(value_or_throw(io::StatsWriter::open(options.file)));
  } else if (io::StatusLine::possible()) {
    every_ = kStatusEvery;
  }
}

void Reporter::add_stream(node::StreamIndex stream, const crypto::StreamKey& key, Instant now) {
  const std::string name = short_name(key);
  std::erase_if(streams_, [&](const Stream& earlier) {
    if (earlier.name != name) return false;
    if (writer_) write(earlier, stats_of(earlier, now), now, true);
    return true;
  });
  streams_.push_back({stream, name, now});
  if (every_ > Duration::zero() && next_tick_ == kNever) next_tick_ = now + every_;
}

void Reporter::tick(Instant now) {
  // After a pause of the whole process one line is due, not one for each that was missed.
  next_tick_ += every_;
  if (next_tick_ <= now) next_tick_ = now + every_;
  if (!writer_) return show_status(now);
  for (const Stream& stream : streams_) write(stream, stats_of(stream, now), now, false);
}

// What a watcher has played is out when it is written.
node::StreamStats Reporter::stats_of(const Stream& stream, Instant now) const {
  node::StreamStats stats = node_.stats(stream.index, now);
  if (output_ != nullptr) stats.bytes_out = output_->written_bytes();
  return stats;
}

// Before they came into the output's queue, and out of it.
std::uint64_t Reporter::dropped(const node::StreamStats& stats) const {
  return output_ == nullptr ? 0 : stats.passed_over_packets + output_->queue().dropped_packets();
}

// What cannot be written is told once, and is no reason to stop.
void Reporter::write(const Stream& stream, const node::StreamStats& stats, Instant now, bool final) {
  if (stats_failed_) return;
  io::StatsRecord record;
  record.utc_ms = io::utc_ms();
  record.now = now;
  record.role = role_;
  record.stream = stream.name;
  record.stream_stats = stats;
  record.node_stats = node_.stats();
  record.socket_stats = socket_.stats();
  record.output_dropped_packets = dropped(stats);
  record.final = final;
  if (const auto failure = writer_->write(record)) {
    stats_failed_ = true;
    io::log::warning(failure->message + "; no more of them are written");
  }
}

void Reporter::show_status(Instant now) {
  std::string line;
  for (Stream& stream : streams_) {
    const node::StreamStats stats = stats_of(stream, now);
    const double rate = static_cast<double>(stats.bytes_in - stream.bytes_before) * 8 / to_seconds(every_);
    stream.bytes_before = stats.bytes_in;
    line += (line.empty() ? "" : "  |  ") + io::format_duration(now - stream.since) + "  " + io::format_bit_rate(rate);
    if (role_ != "publish") line += "  from " + plural(stats.parents, "peer") + lag_text(stats.lag);
    line += "  to " + plural(stats.children, "peer");
    if (stats.lost_packets > 0) line += "  lost " + std::to_string(stats.lost_packets);
  }
  status_line_.show(line);
}

std::string Reporter::summary_of(const Stream& stream, const node::StreamStats& stats, Instant now) const {
  std::string line = io::format_duration(now - stream.since) + ": ";
  if (streams_.size() > 1) line = stream.name + ", " + line;
  line += io::format_bytes(stats.bytes_in) + " in, " + io::format_bytes(stats.bytes_out) + " out";
  line += lag_text(stats.lag_run);
  line += ", " + std::to_string(stats.lost_packets) + " lost, " + std::to_string(stats.repaired_packets) + " repaired";
  if (dropped(stats) > 0) line += ", " + std::to_string(dropped(stats)) + " dropped (the output's reader was slow)";
  if (stats.skipped_input_bytes > 0)
    line += ", " + io::format_bytes(stats.skipped_input_bytes) + " of input were not MPEG-TS";
  return line;
}

void Reporter::finish(Instant now, bool summary) {
  status_line_.erase();
  for (const Stream& stream : streams_) {
    const node::StreamStats stats = stats_of(stream, now);
    if (writer_) write(stream, stats, now, true);
    if (summary) io::log::notice(summary_of(stream, stats, now));
  }
}

}  // namespace spate::tools
