#include "libcore/sim/matrix_delay.h"

#include <optional>
#include <utility>
#include <vector>

#include "libcore/base/decimal.h"
#include "libcore/base/text.h"

namespace spate::sim {
namespace {

// The entries of a line that is not empty; those between two commas may be.
std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> entries;
  while (true) {
    std::size_t end = 0;
    while (end < line.size() && !is_blank(line[end]) && line[end] != ',') ++end;
    entries.push_back(line.substr(0, end));
    line = trimmed(line.substr(end));
    if (line.empty()) return entries;
    if (line.front() == ',') line = trimmed(line.substr(1));
  }
}

std::string count(std::size_t n, std::string_view what) { return std::to_string(n) + ' ' + std::string(what); }

}  // namespace

std::variant<RttMatrix, MatrixError> parse_rtt_matrix(std::string_view text) {
  RttMatrix matrix;
  std::size_t line_number = 0;
  std::size_t rows = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;

    const auto error = [&](std::string what) { return MatrixError{line_number, std::move(what)}; };
    const std::vector<std::string_view> entries = split(line);
    if (rows == 0) {
      if (entries.size() < 2) return error("expected at least 2 numbers");
      if (entries.size() > kMatrixRowsMax)
        return error("expected at most " + count(kMatrixRowsMax, "numbers, found ") + std::to_string(entries.size()));
      matrix.sites = static_cast<std::uint32_t>(entries.size());
    }
    if (entries.size() != matrix.sites)
      return error("expected " + count(matrix.sites, "numbers, as in the first row, found ") +
                   std::to_string(entries.size()));
    if (rows == matrix.sites) return error("expected " + count(matrix.sites, "rows, as many as columns, found more"));
    for (std::size_t column = 0; column < entries.size(); ++column) {
      if (column == rows) {
        matrix.us.push_back(RttTable::kWithinSiteUs);
        continue;
      }
      const std::optional<std::uint64_t> us = parse_decimal(entries[column], 1'000, Finer::kCutOff);
      if (!us || *us > std::uint64_t{kMatrixEntryMaxMs} * 1'000) {
        std::string what = "expected a number of milliseconds from 0 to " + std::to_string(kMatrixEntryMaxMs) +
                           " in column " + std::to_string(column + 1) + ", found ";
        if (entries[column].empty()) return error(what + "nothing");
        return error(what + '"' + std::string(entries[column].substr(0, 40)) + '"');
      }
      matrix.us.push_back(static_cast<std::uint32_t>(*us));
    }
    ++rows;
  }
  if (line_number == 0) line_number = 1;
  if (rows == 0) return MatrixError{line_number, "expected at least 2 rows of numbers, found none"};
  if (rows < matrix.sites)
    return MatrixError{line_number,
                       "expected " + count(matrix.sites, "rows, as many as columns, found ") + std::to_string(rows)};
  return matrix;
}

MatrixDelay::MatrixDelay(const Rng& rng, RttMatrix matrix)
    : SiteDelay(rng, "rows", matrix, std::vector<std::uint32_t>(matrix.sites, 1)) {}

}  // namespace spate::sim
