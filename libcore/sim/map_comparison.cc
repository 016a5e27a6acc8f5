#include "libcore/sim/map_comparison.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libcore/base/check.h"
#include "libcore/base/decimal.h"

namespace spate::sim {
namespace {

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

// Hundredths of a degree, rounded; nothing unless it is a number from -limit to limit degrees.
std::optional<std::int16_t> degrees(std::string_view text, std::int64_t limit) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::optional<std::uint64_t> thousandths = parse_decimal(text, 1'000, Finer::kCutOff);
  if (!thousandths || *thousandths > 1'000'000) return std::nullopt;
  const auto hundredths = static_cast<std::int64_t>((*thousandths + 5) / 10);
  if (hundredths > limit * 100) return std::nullopt;
  return static_cast<std::int16_t>(negative ? -hundredths : hundredths);
}

struct Column {
  std::string_view name;
  std::string_view other_name;
  std::optional<std::size_t> index = std::nullopt;
};

double quantile(const std::vector<double>& sorted, int percent) {
  return sorted[std::min(sorted.size() - 1, sorted.size() * static_cast<std::size_t>(percent) / 100)];
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return quantile(values, 50);
}

RttQuantiles quantiles(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  return {quantile(values, 5), quantile(values, 25), quantile(values, 50), quantile(values, 75), quantile(values, 95)};
}

double error(double model, double measured) {
  return (model > measured ? model - measured : measured - model) / measured;
}

std::vector<double> all_ms(const RttTable& table) {
  std::vector<double> all;
  for (std::size_t a = 0; a < table.sites; ++a)
    for (std::size_t b = 0; b < table.sites; ++b)
      if (a != b) all.push_back(table.at(a, b) / 1e3);
  return all;
}

// Whether a ping was faster than light in a fibre, or had no duration: then there is something wrong.
bool impossible(const RttMatrix& measured, std::size_t a, std::size_t b, GeoPoint at_a, GeoPoint at_b) {
  return measured.at(a, b) == 0 || std::uint64_t{measured.at(a, b)} * 100 < great_circle_metres(at_a, at_b);
}

// Leaves out one place after the other, the worst first: a place that is wrong spoils its pairs with all others.
std::vector<std::size_t> credible(const RttMatrix& measured, std::span<const MapPlace> places) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < places.size(); ++i)
    if (places[i].at) kept.push_back(i);
  std::vector<std::size_t> bad(places.size());
  const auto both_ways = [&](std::size_t a, std::size_t b) {
    return static_cast<std::size_t>(impossible(measured, a, b, *places[a].at, *places[b].at)) +
           static_cast<std::size_t>(impossible(measured, b, a, *places[b].at, *places[a].at));
  };
  for (const std::size_t a : kept)
    for (const std::size_t b : kept)
      if (a != b) bad[a] += both_ways(a, b);
  while (!kept.empty()) {
    const auto worst = std::ranges::max_element(kept, {}, [&](std::size_t i) { return bad[i]; });
    const std::size_t place = *worst;
    if (bad[place] * 10 <= 2 * (kept.size() - 1)) break;
    kept.erase(worst);
    for (const std::size_t other : kept) bad[other] -= both_ways(place, other);
  }
  return kept;
}

struct Samples {
  std::vector<double> measured;
  std::vector<double> model;
  std::vector<double> errors;
};

}  // namespace

std::variant<std::vector<MapPlace>, MatrixError> parse_map_places(std::string_view text) {
  std::vector<MapPlace> places;
  std::array<Column, 3> columns = {{{"lat", "latitude"}, {"lon", "longitude"}, {"city", "name"}}};
  auto& [latitude, longitude, name] = columns;
  std::size_t width = 0;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::vector<std::string_view> fields = split(line);
    if (width == 0) {
      width = fields.size();
      for (Column& column : columns)
        for (std::size_t i = 0; i < width; ++i)
          if (fields[i] == column.name || fields[i] == column.other_name) column.index = i;
      if (!latitude.index || !longitude.index)
        return MatrixError{line_number, "expected the names of the columns, among them lat and lon"};
      continue;
    }
    if (line.empty()) continue;
    if (fields.size() != width)
      return MatrixError{line_number, "expected " + std::to_string(width) + " values, as in the first line, found " +
                                          std::to_string(fields.size())};
    MapPlace place;
    if (name.index) place.name = fields[*name.index];
    const std::string_view north = fields[*latitude.index];
    const std::string_view east = fields[*longitude.index];
    if (!north.empty() || !east.empty()) {
      const auto degrees_north = degrees(north, 90);
      const auto degrees_east = degrees(east, 180);
      if (!degrees_north || !degrees_east)
        return MatrixError{line_number, "expected degrees, -90 to 90 and -180 to 180, or nothing for both"};
      place.at = GeoPoint{*degrees_north, *degrees_east};
    }
    places.push_back(std::move(place));
  }
  if (width == 0) return MatrixError{1, "expected the names of the columns, among them lat and lon"};
  return places;
}

MapComparison compare_map(const RttMatrix& measured, std::span<const MapPlace> places) {
  SPATE_CHECK(places.size() == measured.sites);
  const std::vector<std::size_t> kept = credible(measured, places);
  MapComparison result;
  for (std::size_t i = 0; i < places.size(); ++i)
    if (!std::ranges::binary_search(kept, i)) result.left_out.push_back(places[i].name);

  std::vector<Continent> on(places.size());
  for (const std::size_t i : kept) on[i] = cities()[nearest_city(*places[i].at)].continent;
  Samples all;
  std::array<std::array<Samples, kContinents>, kContinents> by_continents;
  for (const std::size_t a : kept) {
    for (const std::size_t b : kept) {
      if (a == b || measured.at(a, b) == 0) continue;
      const double ping = measured.at(a, b) / 1e3;
      const double model = world_rtt_us(*places[a].at, on[a], *places[b].at, on[b]) / 1e3;
      const auto [from, to] = std::minmax(on[a], on[b]);
      for (Samples* samples : {&all, &by_continents[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)]}) {
        samples->measured.push_back(ping);
        samples->model.push_back(model);
        samples->errors.push_back(error(model, ping));
      }
    }
  }
  result.pairs = all.measured.size();
  if (result.pairs == 0) return result;
  result.measured = quantiles(std::move(all.measured));
  result.model = quantiles(std::move(all.model));
  result.median_error = median(std::move(all.errors));
  for (std::size_t from = 0; from < kContinents; ++from) {
    for (std::size_t to = from; to < kContinents; ++to) {
      const Samples& samples = by_continents[from][to];
      if (samples.measured.empty()) continue;
      result.continents.push_back({static_cast<Continent>(from), static_cast<Continent>(to), samples.measured.size(),
                                   median(samples.measured), median(samples.model), median(samples.errors)});
    }
  }
  return result;
}

MapComparison compare_map(const RttMatrix& measured) {
  MapComparison result;
  std::vector<double> pings = all_ms(measured);
  result.pairs = pings.size();
  result.measured = quantiles(std::move(pings));
  result.model = quantiles(all_ms(world_rtts()));
  return result;
}

}  // namespace spate::sim
