#include "tools/simulate/report.h"

#include <cmath>
#include <fstream>

#include "libcore/io/format.h"
#include "tools/exit_code.h"
#include "tools/simulate/charts.h"
#include "tools/simulate/files.h"
#include "tools/simulate/filter.h"
#include "tools/simulate/page.h"
#include "tools/simulate/text.h"

namespace spate::tools {
namespace {

// "95.2 ms" with a small unit.
std::string large(const std::string& value) {
  const std::size_t space = value.find(' ');
  if (space == value.npos) return escaped(value);
  return escaped(value.substr(0, space)) + "<small>" + escaped(value.substr(space + 1)) + "</small>";
}

std::string figure(const std::string& value, const std::string& name, const std::string& remark) {
  return "<div class=\"figure\"><b>" + large(value) + "</b><span>" + name + "</span><em>" + remark + "</em></div>\n";
}

std::string item(const std::string& name, const std::string& value) {
  return "<div><dt>" + name + "</dt><dd>" + escaped(value) + "</dd></div>\n";
}

std::string verdict(const Outcome& outcome) {
  const sim::RunResult& result = outcome.result;
  const auto pill = [](const std::string& kind, const std::string& text) {
    return "<span class=\"verdict " + kind + "\">" + text + "</span>";
  };
  std::string html =
      outcome.safe() ? pill("good", "safe") : pill("bad", counted(result.safety_findings, "safety finding"));
  if (result.interrupted)
    html += pill("wait", "interrupted");
  else
    html +=
        outcome.alive() ? pill("good", "alive") : pill("bad", counted(result.liveness_findings, "liveness finding"));
  return html;
}

std::string head(const Outcome& outcome) {
  const sim::RunResult& result = outcome.result;
  std::string html = "<header><div class=\"kicker\">spate-simulate &#183; seed " + std::to_string(result.seed) +
                     "</div>\n<div class=\"top\"><h1>" + escaped(outcome.scenario) + "</h1>" + verdict(outcome) +
                     "</div>\n<p class=\"lead\">";
  if (!outcome.purpose.empty()) html += escaped(outcome.purpose) + "<br>";
  std::string warm_up;
  if (result.warm_up > Duration::zero())
    warm_up = "; a warm-up of " + escaped(io::format_duration(result.warm_up)) + " is left out of the figures";
  return html + counted(result.peers, "host") + " on a virtual network for " +
         escaped(io::format_duration(result.simulated)) + warm_up + ".</p></header>\n";
}

std::string figures(const Outcome& outcome) {
  const sim::RunResult& result = outcome.result;
  const auto ms = milliseconds_text;
  std::string html = "<div class=\"figures\">\n";
  html += figure(ms(result.lag.p50), "lag, median",
                 result.bound ? "least possible " + ms(result.bound->p50) : "from due to written");
  html += figure(ms(result.lag.p99), "lag, 99 %",
                 result.bound ? "least possible " + ms(result.bound->p99) : "longest " + ms(result.lag.max));
  html += figure(percent_text(result.continuity), "continuity", "frames that were whole");
  html +=
      figure(percent_text(result.delivered_by_1s), "delivered in 1 s",
             percent_text(result.delivered_by_500ms) + " in 500 ms, " + percent_text(result.delivered_ever) + " ever");
  if (result.tells_startup())
    html += figure(ms(result.startup.p50), "start-up, median", "95 % within " + ms(result.startup.p95));
  else
    html += figure("none", "start-ups", "nobody came after the warm-up");
  if (result.failovers == 0)
    html += figure("none", "fail-overs", "no viewer lost its parent");
  else
    html += figure(ms(result.failover.p50), "fail-over, median",
                   count_text(result.failovers) + " of them, 95 % within " + ms(result.failover.p95));
  html += figure(percent_text(result.overhead.total), "overhead", "sent beside the stream itself");
  html +=
      figure(factor_text(result.publisher_upload_x), "publisher&#8217;s upload",
             result.resource_index ? "all uplinks hold " + factor_text(*result.resource_index) + " what viewers need"
                                   : "times the stream&#8217;s rate");
  return html + "</div>\n";
}

std::string pictures(const Outcome& outcome) {
  const sim::RunResult& result = outcome.result;
  const bool bound = outcome.recorder.bound().count() > 0;
  std::string html = "<div class=\"pictures\">\n";
  html += picture("Lag", key(1, "share written within") + (bound ? key(7, "least possible") : ""),
                  "How old packets were when viewers wrote them, over every packet of every viewer.",
                  lag_chart(outcome), true);
  html += picture("Lag over time", key(1, "median") + key(2, "99 %"), "Of what was written in each second.",
                  lag_over_time_chart(outcome));
  html += picture("Continuity over time", key(3, "whole frames"), "By the second in which the frames were due.",
                  continuity_chart(outcome));
  html += picture("Viewers", key(7, "present") + key(1, "playing"), "Playing: wrote something in that second.",
                  viewers_chart(outcome));
  html += picture("Traffic", key(2, "sent") + key(1, "delivered"),
                  "Megabits a second: sent by all hosts, written by viewers.", traffic_chart(outcome));
  std::string parts;
  for (const OverheadPart& part : overhead_parts(outcome.result.overhead))
    if (std::abs(part.share) >= 0.00005) parts += key(part.colour, part.name + " " + percent_text(part.share));
  html += picture("Overhead", parts, "Bytes on the wire beside the stream, over the stream bytes delivered.",
                  overhead_chart(outcome), true);
  html += picture("Start-up" + std::string(result.failovers == 0 ? "" : " and fail-over"),
                  key(1, "start-up") + (result.failovers == 0 ? "" : key(2, "fail-over")),
                  "Share of viewers that played so soon after joining" +
                      std::string(result.failovers == 0 ? "." : ", or with a new parent."),
                  startup_chart(outcome));
  html += picture("Hops", key(1, "hosts"), "How far from the publisher hosts were when the input ended.",
                  hops_chart(outcome));
  html += picture("Uplinks", key(1, "used") + key(7, "offered"), "Mean of a host while it was there, by kind of link.",
                  uplink_chart(outcome), true);
  return html + "</div>\n";
}

std::string marks(const Outcome& outcome) {
  const auto all = outcome.recorder.marks();
  if (all.empty()) return "";
  std::string html = "<section><h2>What happened</h2><ol>\n";
  for (std::size_t i = 0; i < std::min(all.size(), kMarksShown); ++i)
    html += "<li>" + escaped(io::format_duration(all[i].at - Instant{})) + " &#183; " + escaped(all[i].label) +
            (all[i].lasts > Duration::zero() ? ", for " + escaped(io::format_duration(all[i].lasts)) : "") + "</li>\n";
  html += "</ol>";
  if (all.size() > kMarksShown) html += "<p>and " + count_text(all.size() - kMarksShown) + " more</p>";
  return html + "</section>\n";
}

std::string findings(const Outcome& outcome) {
  if (outcome.result.findings.empty()) return "";
  std::string html = "<section><h2>Findings</h2><ul class=\"findings\">\n";
  for (const sim::Finding& finding : outcome.result.findings) html += "<li>" + escaped(describe(finding)) + "</li>\n";
  html += "</ul>";
  if (const std::string more = unlisted(outcome.result); !more.empty()) html += "<p>" + more + "</p>";
  return html + "</section>\n";
}

std::string details(const Outcome& outcome) {
  const sim::RunResult& result = outcome.result;
  const sim::NetworkStats& network = result.network;
  const double events = static_cast<double>(network.events);
  std::string html = "<section><h2>Details</h2><dl>\n";
  html += item("digest", hexadecimal(result.digest));
  html += item("events", count_text(network.events));
  html += item("computed in", io::format_duration(from_seconds(outcome.wall_seconds)) + ", " +
                                  short_count_text(events / std::max(outcome.wall_seconds, 1e-6)) + " events/s");
  html += item("memory a host", io::format_bytes(peak_memory_bytes() / result.peers));
  html += item("packets lost for good", count_text(result.lost_packets));
  html += item("repaired", count_text(result.repaired_packets));
  html += item("came twice", count_text(result.duplicate_packets));
  html += item("forged", count_text(result.forged_packets));
  html += item("datagrams sent", count_text(network.sent));
  html += item("lost by links", count_text(network.lost));
  html += item("queue full", count_text(network.queue_full));
  html += item("changes of parent", count_text(result.parent_switches));
  return html + "</dl></section>\n";
}

}  // namespace

void prepare_report(const std::string& path) {
  if (!program_exists("gnuplot"))
    throw ToolError(kRuntime, "--report needs gnuplot; install it: apt-get install gnuplot-nox");
  check_writable(path);
}

void write_report(const std::string& path, const Outcome& outcome) {
  const std::string title = escaped(outcome.scenario) + " &#183; spate-simulate";
  write_file(path, page_of(title, head(outcome) + figures(outcome) + findings(outcome) + pictures(outcome) +
                                      marks(outcome) + "<section><h2>Run it again</h2><pre>" +
                                      escaped(outcome.command) + "</pre></section>\n" + details(outcome)));
}

}  // namespace spate::tools
