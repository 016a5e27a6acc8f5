#include "tools/simulate/csv.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

#include "tools/exit_code.h"

namespace spate::tools {
namespace {

std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}
std::string ms(Duration d) { return number(to_ms(d), 3); }
std::string seconds(Instant t) { return number(to_seconds(t - Instant{}), 3); }

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

void write_table(const std::string& folder, const std::string& name, const std::string& headings,
                 const std::function<void(std::ostream&)>& rows) {
  const std::string path = folder + "/" + name;
  std::ofstream file(path, std::ios::trunc);
  file << headings << "\n";
  rows(file);
  file.close();
  if (!file) throw ToolError(kRuntime, "cannot write " + path);
}

void write_series(std::ostream& out, const sim::Recorder& recorder) {
  for (const sim::Recorder::Sample& s : recorder.series()) {
    out << seconds(s.at) << "," << s.viewers_present << "," << s.viewers_playing << "," << ms(s.lag.p50) << ","
        << ms(s.lag.p99) << "," << ms(s.lag.max) << "," << s.packets_written << "," << s.packets_missed << ",";
    if (s.frames > 0) out << number(static_cast<double>(s.frames_whole) / static_cast<double>(s.frames), 6);
    out << "," << s.wire_bytes_sent << "," << s.stream_bytes_delivered << "," << s.findings << "\n";
  }
}

}  // namespace

void prepare_csv(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder) || ::access(folder.c_str(), W_OK | X_OK) != 0)
    throw ToolError(kRuntime, "cannot write to the folder " + folder + (error ? ": " + error.message() : ""));
}

void write_csv(const std::string& folder, const Outcome& outcome) {
  const sim::Recorder& recorder = outcome.recorder;
  write_table(folder, "lag_cdf.csv", "lag_ms,share", [&](std::ostream& out) {
    const auto all = static_cast<double>(recorder.lag().count());
    for (const auto& point : recorder.lag().points())
      out << ms(point.value) << "," << number(static_cast<double>(point.count) / all, 9) << "\n";
  });
  write_table(folder, "series.csv",
              "seconds,viewers_present,viewers_playing,lag_p50_ms,lag_p99_ms,lag_max_ms,packets_written,packets_missed,"
              "continuity,wire_bytes_sent,stream_bytes_delivered,findings",
              [&](std::ostream& out) { write_series(out, recorder); });
  write_table(folder, "startup.csv", "host,joined_seconds,startup_ms", [&](std::ostream& out) {
    for (const auto& s : recorder.startups()) out << s.viewer << "," << seconds(s.joined) << "," << ms(s.took) << "\n";
  });
  write_table(folder, "failover.csv", "host,lost_seconds,failover_ms", [&](std::ostream& out) {
    for (const auto& f : recorder.failovers()) out << f.viewer << "," << seconds(f.lost) << "," << ms(f.took) << "\n";
  });
  write_table(folder, "hops.csv", "hops,hosts", [&](std::ostream& out) {
    for (std::size_t hops = 1; hops < recorder.hops().size(); ++hops)
      out << hops << "," << recorder.hops()[hops] << "\n";
  });
  write_table(folder, "uplinks.csv", "class,hosts,offered_bps,used_bps", [&](std::ostream& out) {
    for (const auto& uplink : recorder.uplinks()) {
      out << quoted(uplink.name) << "," << uplink.hosts << ",";
      if (uplink.offered_bps > 0) out << uplink.offered_bps;
      out << "," << uplink.used_bps << "\n";
    }
  });
  write_table(folder, "marks.csv", "seconds,label,lasts_seconds", [&](std::ostream& out) {
    for (const auto& mark : recorder.marks())
      out << seconds(mark.at) << "," << quoted(mark.label) << "," << seconds(Instant{} + mark.lasts) << "\n";
  });
}

}  // namespace spate::tools
