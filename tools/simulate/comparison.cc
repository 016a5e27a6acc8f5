#include "tools/simulate/comparison.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

#include "libcore/io/format.h"
#include "tools/exit_code.h"
#include "tools/simulate/charts.h"
#include "tools/simulate/files.h"
#include "tools/simulate/json.h"
#include "tools/simulate/page.h"
#include "tools/simulate/text.h"

namespace spate::tools {
namespace {

constexpr const char* kSpate = "spate";
constexpr const char* kWhatBaselinesAre =
    "baseline: reconstructed from the literature, spared cryptography and a search for peers";

std::vector<Scheme> all_schemes() {
  std::vector<Scheme> all{{kSpate, std::nullopt}};
  for (const sim::SchemeEntry& entry : sim::kSchemes) all.push_back({std::string(entry.text), entry.name});
  return all;
}

using Row = std::array<std::string, 8>;
const Row kHeading{"scheme", "lag p50", "p99", "in 500 ms", "in 1 s", "ever", "overhead", "publisher"};

Row row_of(const SchemeOutcome& outcome) {
  const sim::RunResult& result = outcome.result;
  return {outcome.name,
          milliseconds_text(result.lag.p50),
          milliseconds_text(result.lag.p99),
          percent_text(result.delivered_by_500ms),
          percent_text(result.delivered_by_1s),
          percent_text(result.delivered_ever),
          percent_text(result.overhead.total),
          factor_text(result.publisher_upload_x)};
}

// The world's, which all have in common.
std::string world_text(const sim::RunResult& result) {
  std::string text = counted(result.peers, "host") + ", seed " + std::to_string(result.seed);
  if (result.warm_up > Duration::zero()) text += ", warm-up of " + io::format_duration(result.warm_up) + " left out";
  return text;
}

bool any_baseline(std::span<const SchemeOutcome> outcomes) {
  return std::any_of(outcomes.begin(), outcomes.end(), [](const SchemeOutcome& o) { return o.baseline; });
}

}  // namespace

std::vector<Scheme> parse_schemes(const std::string& text) {
  const std::vector<Scheme> all = all_schemes();
  if (text.empty()) return {all.front()};
  std::vector<Scheme> schemes;
  std::istringstream words(text + ",");
  for (std::string word; std::getline(words, word, ',');) {
    bool known = false;
    for (const Scheme& scheme : all) {
      if (word != "all" && word != scheme.name) continue;
      known = true;
      const auto same = [&](const Scheme& other) { return other.name == scheme.name; };
      if (std::none_of(schemes.begin(), schemes.end(), same)) schemes.push_back(scheme);
    }
    if (!known)
      throw ToolError(kUsage, "--scheme: '" + word + "' is none of spate, single-tree, pull-mesh, random-push, all");
  }
  return schemes;
}

bool compares(const SimulateOptions& options) {
  const std::vector<Scheme> schemes = parse_schemes(options.scheme);
  return std::any_of(schemes.begin(), schemes.end(), [](const Scheme& scheme) { return scheme.baseline.has_value(); });
}

SchemeOutcome scheme_outcome(const Scheme& scheme, const Outcome& outcome) {
  SchemeOutcome kept{scheme.name, scheme.baseline.has_value(), outcome.result, outcome.recorder.lag(), {}};
  kept.json["scheme"] = kept.name;
  kept.json["baseline"] = kept.baseline;
  kept.json.update(to_json(outcome));
  if (!kept.baseline) return kept;
  // What means nothing to them.
  for (const char* name : {"crypto", "lag_estimate_error_ms", "join_ms", "lost_packets", "forged_packets",
                           "hostile_deeds", "input_held_ms_max", "safety_findings", "liveness_findings", "findings"})
    kept.json.erase(name);
  return kept;
}

std::string to_table(const std::string& scenario, std::span<const SchemeOutcome> outcomes) {
  std::string text = scenario + ": " + world_text(outcomes.front().result) + "\n\n";
  const auto add = [&](const Row& row, const std::string& remark) {
    char line[160];
    // The one character that is not a byte is the last column's.
    std::snprintf(line, sizeof line, "  %-11s  %9s %9s  %9s %9s %9s  %9s %*s", row[0].c_str(), row[1].c_str(),
                  row[2].c_str(), row[3].c_str(), row[4].c_str(), row[5].c_str(), row[6].c_str(),
                  row[7].find('\xc3') == row[7].npos ? 9 : 10, row[7].c_str());
    text += line + remark + "\n";
  };
  add(kHeading, "");
  for (const SchemeOutcome& outcome : outcomes)
    add(row_of(outcome),
        std::string(outcome.baseline ? "  *" : "") + (outcome.result.interrupted ? " interrupted" : ""));
  if (const auto& bound = outcomes.front().result.bound)
    add({"least", milliseconds_text(bound->p50), milliseconds_text(bound->p99), "", "", "", "", ""}, "");
  text.erase(text.find_last_not_of(" \n") + 1);
  text += "\n";
  if (any_baseline(outcomes)) text += std::string("\n  * ") + kWhatBaselinesAre + "\n";
  return text;
}

nlohmann::ordered_json to_json(std::span<const SchemeOutcome> outcomes) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const SchemeOutcome& outcome : outcomes) all.push_back(outcome.json);
  return all;
}

void write_report(const std::string& path, const std::string& scenario, const std::string& command,
                  std::span<const SchemeOutcome> outcomes) {
  std::string body = "<header><div class=\"kicker\">spate-simulate &#183; comparison</div>\n<div class=\"top\"><h1>" +
                     escaped(scenario) + "</h1></div>\n<p class=\"lead\">" +
                     escaped(world_text(outcomes.front().result)) + ".</p></header>\n<table>\n";
  const auto add = [&body](const char* cell, const Row& row, const std::string& remark) {
    body += "<tr>";
    for (const std::string& text : row)
      body += std::string("<") + cell + ">" + escaped(text) + (&text == &row[0] ? remark : "") + "</" + cell + ">";
    body += "</tr>\n";
  };
  add("th", kHeading, "");
  for (const SchemeOutcome& outcome : outcomes) add("td", row_of(outcome), outcome.baseline ? " *" : "");
  body += "</table>\n";
  if (any_baseline(outcomes)) body += "<p class=\"note\">* " + escaped(kWhatBaselinesAre) + "</p>\n";
  std::string keys;
  std::vector<LagCurve> curves;
  for (const SchemeOutcome& outcome : outcomes) {
    const int colour = static_cast<int>(curves.size()) + 1;
    curves.push_back({outcome.name, &outcome.lag, outcome.result.delivered_ever, colour});
    keys += key(colour, outcome.name);
  }
  body += "<div class=\"pictures\">\n" +
          picture("Lag", keys, "Share of all packets that viewers were owed, written within.", lag_curves_chart(curves),
                  true) +
          "</div>\n<section><h2>Run it again</h2><pre>" + escaped(command) + "</pre></section>\n";
  write_file(path, page_of(escaped(scenario) + " &#183; comparison &#183; spate-simulate", body));
}

}  // namespace spate::tools
