// Scenario files: one that is read is written in a form that is read as the same; an error names a line of the file.
#include <algorithm>
#include <string>

#include "libcore/sim/scenario_reader.h"
#include "libcore/sim/scenario_writer.h"
#include "tests/fuzz/target.h"

using namespace spate;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text({data, size});
  const auto parsed = sim::parse_scenario(text);
  if (const auto* const error = std::get_if<sim::ScenarioError>(&parsed)) {
    SPATE_CHECK(!error->what.empty());
    SPATE_CHECK(error->line <= 1u + static_cast<std::size_t>(std::ranges::count(text, '\n')));
    return 0;
  }
  const std::string written = sim::format_scenario(std::get<sim::Scenario>(parsed));
  const auto again = sim::parse_scenario(written);
  SPATE_CHECK(std::holds_alternative<sim::Scenario>(again));
  SPATE_CHECK(sim::format_scenario(std::get<sim::Scenario>(again)) == written);
  return 0;
}
