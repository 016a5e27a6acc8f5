#include "libcore/sim/cities.h"

#include <array>
#include <set>

#include "tests/catch.h"

namespace spate::sim {

TEST_CASE("the built-in cities are sound: on the globe, named once, none upon another, continent by continent") {
  std::set<std::string_view> names;
  CHECK(cities().size() == 250);
  for (std::size_t i = 0; i < cities().size(); ++i) {
    const City& city = cities()[i];
    INFO(city.name);
    CHECK(on_globe(city.place));
    CHECK(names.insert(city.name).second);
    CHECK(city.population >= 100);
    CHECK(city.population < 40'000);
    if (i > 0) CHECK(cities()[i - 1].continent <= city.continent);
    for (std::size_t j = 0; j < i; ++j) CHECK(great_circle_metres(city.place, cities()[j].place) > 20'000);
    CHECK(nearest_city(city.place) == i);
  }
}

TEST_CASE("the continents' shares of the population are near their shares of Internet users") {
  std::array<double, kContinents> people{};
  double all = 0;
  for (const City& city : cities()) {
    people[static_cast<std::size_t>(city.continent)] += city.population;
    all += city.population;
  }
  const auto percent = [&](Continent continent) { return 100 * people[static_cast<std::size_t>(continent)] / all; };
  CHECK(std::abs(percent(Continent::kAfrica) - 12) < 2);
  CHECK(std::abs(percent(Continent::kAsia) - 52) < 3);
  CHECK(std::abs(percent(Continent::kEurope) - 13) < 2);
  CHECK(std::abs(percent(Continent::kNorthAmerica) - 12) < 2);
  CHECK(std::abs(percent(Continent::kOceania) - 1) < 0.5);
  CHECK(std::abs(percent(Continent::kSouthAmerica) - 9) < 2);
}

TEST_CASE("continents have names") {
  for (std::size_t i = 0; i < kContinents; ++i) {
    const auto continent = static_cast<Continent>(i);
    CHECK(continent_named(continent_name(continent)) == continent);
  }
  CHECK_FALSE(continent_named("Europe"));
  CHECK_FALSE(continent_named(""));
}

}  // namespace spate::sim
