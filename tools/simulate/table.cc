#include "tools/simulate/table.h"

#include <initializer_list>

#include "libcore/io/format.h"
#include "tools/simulate/text.h"

namespace spate::tools {
namespace {

struct Cell {
  std::string name;
  std::string value;
};

// Bytes that start a character, which is as wide as one column.
std::size_t width(const std::string& text) {
  std::size_t columns = 0;
  for (const char c : text) columns += (c & 0xc0) != 0x80 ? 1 : 0;
  return columns;
}

std::string right(const std::string& text, std::size_t columns) {
  return std::string(columns - std::min(columns, width(text)), ' ') + text;
}
std::string left(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, width(text)), ' ');
}

class Table {
 public:
  void heading(const std::string& text) { text_ += "\n" + text + "\n"; }
  void row(const std::string& label, std::initializer_list<Cell> cells) {
    std::string line = "  " + left(label, 12);
    for (const Cell& cell : cells) line += "  " + left(cell.name, 5) + right(cell.value, 9);
    text_ += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  // One figure, and what it is.
  void figure(const std::string& label, const std::string& value, const std::string& remark = "") {
    text_ += "  " + left(label, 12) + "  " + right(value, 14) + (remark.empty() ? "" : "   " + remark) + "\n";
  }
  void line(const std::string& text) { text_ += text + "\n"; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// What needs fewer figures than the lag, in its columns.
void add_short_times(Table& table, const std::string& label, const sim::Quantiles& times) {
  const auto ms = milliseconds_text;
  table.row(label, {{"p50", ms(times.p50)}, {"p95", ms(times.p95)}, {"", ""}, {"", ""}, {"max", ms(times.max)}});
}

void add_times(Table& table, const sim::RunResult& result) {
  const auto ms = milliseconds_text;
  table.heading("Time");
  table.row("lag", {{"p50", ms(result.lag.p50)},
                    {"p90", ms(result.lag.p90)},
                    {"p99", ms(result.lag.p99)},
                    {"p99.9", ms(result.lag.p999)},
                    {"max", ms(result.lag.max)}});
  if (result.bound) table.row("least lag", {{"p50", ms(result.bound->p50)}, {"", ""}, {"p99", ms(result.bound->p99)}});
  if (result.tells_startup()) add_short_times(table, "start-up", result.startup);
  if (result.tells_join()) add_short_times(table, "joining", result.join);
  if (result.failovers > 0) add_short_times(table, "fail-over", result.failover);
}

void add_delivery(Table& table, const sim::RunResult& result) {
  table.heading("Delivery");
  table.row("delivered", {{"500ms", percent_text(result.delivered_by_500ms)},
                          {"1s", percent_text(result.delivered_by_1s)},
                          {"ever", percent_text(result.delivered_ever)}});
  table.figure("continuity", percent_text(result.continuity), "frames that were whole");
  table.figure("packets lost", count_text(result.lost_packets),
               count_text(result.repaired_packets) + " repaired, " + count_text(result.duplicate_packets) + " twice, " +
                   count_text(result.forged_packets) + " forged");
}

void add_cost(Table& table, const sim::RunResult& result) {
  const sim::Overhead& overhead = result.overhead;
  table.heading("Cost");
  table.figure("overhead", percent_text(overhead.total),
               "headers " + percent_text(overhead.headers) + ", signatures " + percent_text(overhead.signatures) +
                   ", parity " + percent_text(overhead.parity));
  table.line("                                 repairs " + percent_text(overhead.repairs) + ", duplicates " +
             percent_text(overhead.duplicates) + ", control " + percent_text(overhead.control));
  table.figure("publisher", factor_text(result.publisher_upload_x), "the stream's rate, sent");
  if (result.resource_index) table.figure("uplinks", factor_text(*result.resource_index), "what all viewers need");
  table.figure("tree", count_text(result.depth_max),
               (result.depth_max == 1 ? "hop" : "hops") + std::string(" at most; ") +
                   count_text(result.parent_switches) +
                   (result.parent_switches == 1 ? " change of parent" : " changes of parent"));
}

std::string warm_up_text(const sim::RunResult& result) {
  if (result.warm_up == Duration::zero()) return "";
  return ", warm-up of " + io::format_duration(result.warm_up) + " left out";
}

}  // namespace

std::string to_table(const Outcome& outcome) {
  const sim::RunResult& result = outcome.result;
  Table table;
  table.line(outcome.scenario + ": " + counted(result.peers, "host") + ", " + io::format_duration(result.simulated) +
             ", seed " + std::to_string(result.seed) + warm_up_text(result) +
             (result.interrupted ? " (interrupted)" : ""));
  add_times(table, result);
  add_delivery(table, result);
  add_cost(table, result);
  table.heading("Run");
  table.figure("digest", hexadecimal(result.digest));
  table.figure("computed in", io::format_duration(from_seconds(outcome.wall_seconds)),
               short_count_text(static_cast<double>(result.network.events)) + " events, " +
                   io::format_bytes(peak_memory_bytes() / result.peers) + " of memory a host");
  table.figure("safety", outcome.safe() ? "safe" : "BROKEN",
               outcome.safe() ? "" : counted(result.safety_findings, "finding"));
  table.figure("liveness",
               result.interrupted ? "not judged"
               : outcome.alive()  ? "alive"
                                  : "BROKEN",
               outcome.alive() ? "" : counted(result.liveness_findings, "finding"));
  return table.take();
}

}  // namespace spate::tools
