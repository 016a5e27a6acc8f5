// CLI11 options in the units of units.h.
#pragma once

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <string>

#include "tests/bench/units.h"

namespace spate::bench {

// What CLI11 calls with an option's text: sets the field to what the parser makes of it.
template <typename Field, typename Parser>
auto set(Field& field, Parser parser) {
  return [&field, parser](const std::string& text) {
    try {
      field = parser(text);
    } catch (const std::invalid_argument& e) {
      throw CLI::ValidationError(e.what());
    }
  };
}

}  // namespace spate::bench
