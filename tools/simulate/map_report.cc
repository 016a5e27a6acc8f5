#include "tools/simulate/map_report.h"

#include <cstdio>

#include "tools/exit_code.h"
#include "tools/simulate/json.h"
#include "tools/simulate/matrices.h"
#include "tools/simulate/text.h"

namespace spate::tools {
namespace {

using Json = nlohmann::ordered_json;

template <typename... Values>
std::string line(const char* format, Values... values) {
  char text[160];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

std::string quantiles_line(const char* label, const sim::RttQuantiles& q) {
  return line("  %-12s%9.1f%9.1f%9.1f%9.1f%9.1f\n", label, q.p5, q.p25, q.p50, q.p75, q.p95);
}

std::string name(sim::Continent continent) { return std::string(sim::continent_name(continent)); }

Json quantiles_json(const sim::RttQuantiles& q) {
  return {{"p5", rounded(q.p5)},
          {"p25", rounded(q.p25)},
          {"p50", rounded(q.p50)},
          {"p75", rounded(q.p75)},
          {"p95", rounded(q.p95)}};
}

}  // namespace

sim::MapComparison compare_map(const std::string& matrix, const std::string& places) {
  const sim::RttMatrix measured = load_matrix(matrix);
  if (places.empty()) return sim::compare_map(measured);
  const std::vector<sim::MapPlace> at = load_places(places);
  if (at.size() != measured.sites)
    throw ToolError(kUsage, places + ": has " + std::to_string(at.size()) + " places, and " + matrix + " " +
                                std::to_string(measured.sites) + " rows");
  sim::MapComparison comparison = sim::compare_map(measured, at);
  if (comparison.pairs == 0)
    throw ToolError(kUsage, places + ": no two places are left that can be where it says with such round trips");
  return comparison;
}

std::string to_table(const sim::MapComparison& comparison) {
  std::string text = "round trips of " + count_text(comparison.pairs) + " pairs of places, in milliseconds\n\n";
  text += line("  %-12s%9s%9s%9s%9s%9s\n", "", "5 %", "25 %", "50 %", "75 %", "95 %");
  text += quantiles_line("measured", comparison.measured) + quantiles_line("built-in", comparison.model);
  if (!comparison.median_error)
    return text + "\nThe built-in figures are of its own cities: --places says where the rows are.\n";
  text += "\n  deviation of a pair, median: " + percent_text(*comparison.median_error) + "\n\n";
  text += line("  %-32s%9s%10s%10s%11s\n", "between, medians", "pairs", "measured", "built-in", "deviation");
  for (const sim::ContinentPair& pair : comparison.continents)
    text += line("  %-32s%9zu%10.1f%10.1f%11s\n", (name(pair.from) + ", " + name(pair.to)).c_str(), pair.pairs,
                 pair.measured_median_ms, pair.model_median_ms, percent_text(pair.median_error).c_str());
  std::string left_out;
  for (const std::string& place : comparison.left_out) left_out += (left_out.empty() ? "" : ", ") + place;
  if (!left_out.empty()) text += "\nleft out: " + left_out + "\n";
  return text;
}

Json to_json(const sim::MapComparison& comparison) {
  Json json;
  json["pairs"] = comparison.pairs;
  json["measured_ms"] = quantiles_json(comparison.measured);
  json["built_in_ms"] = quantiles_json(comparison.model);
  if (!comparison.median_error) return json;
  json["deviation"] = rounded(*comparison.median_error);
  json["continents"] = Json::array();
  for (const sim::ContinentPair& pair : comparison.continents)
    json["continents"].push_back({{"from", name(pair.from)},
                                  {"to", name(pair.to)},
                                  {"pairs", pair.pairs},
                                  {"measured_ms", rounded(pair.measured_median_ms)},
                                  {"built_in_ms", rounded(pair.model_median_ms)},
                                  {"deviation", rounded(pair.median_error)}});
  json["left_out"] = comparison.left_out;
  return json;
}

}  // namespace spate::tools
