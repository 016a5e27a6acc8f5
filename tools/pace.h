// How fast input comes that has a pace of its own: a live stream's, not a file's.
#pragma once

#include <cstddef>
#include <optional>

#include "libcore/base/time.h"

namespace spate::tools {

// Measures in spells of 3 seconds. What lay in a pipe before anybody read it comes in the first second, which is left
// out.
class Pace {
 public:
  // Bits a second, when a spell is over in half of which nothing was there to read.
  std::optional<double> on_input(std::size_t bytes, Instant now) {
    if (!spell_begins_) spell_begins_ = now + kFirst;
    if (now < *spell_begins_) {
      bytes_ = 0;
      waited_ = {};
      return std::nullopt;
    }
    bytes_ += bytes;
    const Duration spell = now - *spell_begins_;
    if (spell < kSpell) return std::nullopt;
    const double rate = static_cast<double>(bytes_) * 8 / to_seconds(spell);
    const bool of_its_own = waited_ >= spell / 2;
    spell_begins_ = now;
    bytes_ = 0;
    waited_ = {};
    if (!of_its_own) return std::nullopt;
    return rate;
  }
  void on_input_waited(Duration idle) { waited_ += idle; }

 private:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kSpell = std::chrono::seconds(3);

  std::optional<Instant> spell_begins_;
  std::size_t bytes_ = 0;
  Duration waited_{};
};

}  // namespace spate::tools
