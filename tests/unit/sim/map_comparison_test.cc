#include "libcore/sim/map_comparison.h"

#include "tests/catch.h"

namespace spate::sim {
namespace {

std::vector<MapPlace> parsed(std::string_view text) {
  const auto result = parse_map_places(text);
  if (const auto* error = std::get_if<MatrixError>(&result)) FAIL(error->line << ": " << error->what);
  return std::get<std::vector<MapPlace>>(result);
}

std::size_t refused_line(std::string_view text) {
  const auto result = parse_map_places(text);
  const auto* error = std::get_if<MatrixError>(&result);
  return error ? error->line : 0;
}

// The model's own cities, and what it says, times `percent`.
std::pair<RttMatrix, std::vector<MapPlace>> own_map(std::size_t count, std::uint32_t percent) {
  RttMatrix matrix{static_cast<std::uint32_t>(count), {}};
  std::vector<MapPlace> places;
  for (std::size_t a = 0; a < count; ++a) {
    places.push_back({std::string(cities()[a].name), cities()[a].place});
    for (std::size_t b = 0; b < count; ++b) matrix.us.push_back(world_rtts().at(a, b) * percent / 100);
  }
  return {matrix, places};
}

}  // namespace

TEST_CASE("a table of places is read") {
  const auto places = parsed(
      "row,city,country,lat,lon,population\r\n0,Bonn,DE,50.7374,7.0982,330\r\n\n1,Nowhere,,,,\n2,Suva,FJ,-18.145,178,"
      "1\n");
  REQUIRE(places.size() == 3);
  CHECK(places[0].name == "Bonn");
  CHECK(places[0].at == GeoPoint{5'074, 710});
  CHECK_FALSE(places[1].at);
  CHECK(places[2].at == GeoPoint{-1'815, 17'800});
  CHECK(parsed("latitude,longitude\n1,-2").at(0).at == GeoPoint{100, -200});
}

TEST_CASE("a table of places with something wrong is refused") {
  CHECK(refused_line("") == 1);
  CHECK(refused_line("1,2\n") == 1);
  CHECK(refused_line("lat,lon\n1,2,3\n") == 2);
  CHECK(refused_line("lat,lon\n1,2\n1\n") == 3);
  CHECK(refused_line("lat,lon\n91,2\n") == 2);
  CHECK(refused_line("lat,lon\n1,-180.01\n") == 2);
  CHECK(refused_line("lat,lon\n1,\n") == 2);
  CHECK(refused_line("lat,lon\n1,east\n") == 2);
  CHECK(refused_line("lat,lon\n1,1e2\n") == 2);
  CHECK(refused_line("lat,lon\n99999999999999999999999,1\n") == 2);
}

TEST_CASE("the model does not differ from itself, and by a fifth from what is a quarter more") {
  const auto [same, places] = own_map(250, 100);
  const MapComparison nothing = compare_map(same, places);
  CHECK(nothing.pairs == 250 * 249);
  CHECK(nothing.median_error == 0);
  CHECK(nothing.left_out.empty());
  CHECK(nothing.continents.size() == 21);
  CHECK(nothing.model.p50 == nothing.measured.p50);

  const auto [more, same_places] = own_map(250, 125);
  const MapComparison fifth = compare_map(more, same_places);
  CHECK(std::abs(*fifth.median_error - 0.2) < 0.001);
  CHECK(std::abs(fifth.measured.p95 / fifth.model.p95 - 1.25) < 0.001);
  for (const ContinentPair& pair : fifth.continents) {
    CHECK(std::abs(pair.median_error - 0.2) < 0.001);
    CHECK(pair.from <= pair.to);
  }
}

TEST_CASE("without places there are quantiles only") {
  const MapComparison figures = compare_map(own_map(250, 100).first);
  CHECK(figures.model.p25 == figures.measured.p25);
  CHECK(figures.model.p5 < figures.model.p25);
  CHECK_FALSE(figures.median_error);
  CHECK(figures.continents.empty());
}

TEST_CASE("places that cannot be where the table says are left out, and those of which it says nothing") {
  auto [matrix, places] = own_map(60, 100);
  places[40].at = GeoPoint{-4'000, 17'000};
  places[50].at.reset();
  const MapComparison figures = compare_map(matrix, places);
  CHECK(figures.left_out == std::vector<std::string>{places[40].name, places[50].name});
  CHECK(figures.pairs == 58 * 57);
  CHECK(figures.median_error == 0);

  for (MapPlace& place : places) place.at.reset();
  CHECK(compare_map(matrix, places).pairs == 0);
}

}  // namespace spate::sim
