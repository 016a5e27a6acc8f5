#include "tools/probe_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "libcore/base/units.h"

namespace spate::tools {
namespace {

double rounded_ms(Duration d) { return std::round(to_ms(d) * 1e3) / 1e3; }

std::string milliseconds(Duration d) {
  std::string text = std::to_string(rounded_ms(d));
  return text.substr(0, text.find('.') + 4);
}

}  // namespace

double ProbeReport::loss() const {
  if (sent == 0) return 0;
  return 1 - static_cast<double>(rtts.size()) / static_cast<double>(sent);
}

Duration ProbeReport::rtt(double quantile) const {
  std::vector<Duration> sorted = rtts;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

Duration ProbeReport::jitter() const {
  double jitter = 0;
  for (std::size_t i = 1; i < rtts.size(); ++i) {
    const auto difference = static_cast<double>((rtts[i] - rtts[i - 1]).count());
    jitter += (std::abs(difference) - jitter) / 16;
  }
  return Duration(static_cast<std::int64_t>(jitter));
}

std::string format_probe_text(const std::string& target, const ProbeReport& report) {
  const std::string loss = std::to_string(std::round(report.loss() * 1e3) / 10);
  return target + ": " + std::to_string(report.rtts.size()) + " of " + std::to_string(report.sent) +
         " answered, loss " + loss.substr(0, loss.find('.') + 2) + " %\n" +  //
         "rtt ms: min " + milliseconds(report.rtt(0)) + ", p50 " + milliseconds(report.rtt(0.5)) + ", p95 " +
         milliseconds(report.rtt(0.95)) + ", p99 " + milliseconds(report.rtt(0.99)) + "; jitter " +
         milliseconds(report.jitter()) + "; handshake " + milliseconds(report.handshake) + "\n";
}

std::string format_probe_json(const std::string& target, const ProbeReport& report) {
  const nlohmann::ordered_json json = {
      {"schema", 1},
      {"target", target},
      {"sent", report.sent},
      {"received", report.rtts.size()},
      {"loss", std::round(report.loss() * 1e6) / 1e6},
      {"rtt_ms",
       {{"min", rounded_ms(report.rtt(0))},
        {"p50", rounded_ms(report.rtt(0.5))},
        {"p95", rounded_ms(report.rtt(0.95))},
        {"p99", rounded_ms(report.rtt(0.99))}}},
      {"jitter_ms", rounded_ms(report.jitter())},
      {"handshake_ms", rounded_ms(report.handshake)},
  };
  return json.dump() + "\n";
}

}  // namespace spate::tools
