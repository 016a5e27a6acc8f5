// Delays as somebody measured them: a matrix of round trips.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "libcore/sim/site_delay.h"

namespace spate::sim {

inline constexpr std::uint32_t kMatrixRowsMax = 4'096;
inline constexpr std::uint32_t kMatrixEntryMaxMs = 10'000;

using RttMatrix = RttTable;

struct MatrixError {
  std::size_t line = 0;  // from 1; the last one if something is missing at the end
  std::string what;      // what was expected, and what was found
};

// N lines of N numbers: round trips in milliseconds, decimals allowed (what is below a microsecond is cut off),
// separated by spaces, tabs or one comma; row: source, column: destination. `#` starts a comment; lines with nothing
// else are skipped. Whatever stands on the diagonal is ignored. An error: fewer than 2 or more than 4,096 rows, rows of
// different lengths, an entry that is missing, negative, not a number or above 10 s.
std::variant<RttMatrix, MatrixError> parse_rtt_matrix(std::string_view text);

// Each host is at a row, all rows being equally likely. One way from a host to another is half the entry at the
// sender's row and the receiver's column, so it may differ from the way back; 1 ms within a row.
class MatrixDelay final : public SiteDelay {
 public:
  MatrixDelay(const Rng& rng, RttMatrix matrix);
};

}  // namespace spate::sim
