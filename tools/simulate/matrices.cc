#include "tools/simulate/matrices.h"

#include <utility>
#include <variant>

#include "tools/exit_code.h"
#include "tools/simulate/files.h"

namespace spate::tools {
namespace {

template <typename T>
T value_or_throw(std::variant<T, sim::MatrixError> parsed, const std::string& path) {
  if (const auto* error = std::get_if<sim::MatrixError>(&parsed))
    throw ToolError(kUsage, path + ":" + std::to_string(error->line) + ": " + error->what);
  return std::get<T>(std::move(parsed));
}

}  // namespace

sim::RttMatrix load_matrix(const std::string& path) {
  return value_or_throw(sim::parse_rtt_matrix(read_file(path)), path);
}

std::vector<sim::MapPlace> load_places(const std::string& path) {
  return value_or_throw(sim::parse_map_places(read_file(path)), path);
}

}  // namespace spate::tools
