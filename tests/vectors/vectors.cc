#include "tests/vectors/vectors.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace spate::tests {

std::vector<std::uint8_t> from_hex(const std::string& hex) {
  if (hex.size() % 2 != 0) throw std::invalid_argument("odd number of hexadecimal digits");
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::vector<std::uint8_t> session_vector(const std::string& group, const std::string& field) {
  static const nlohmann::json file = nlohmann::json::parse(std::ifstream(SPATE_TESTS_DIR "/vectors/session.json"));
  return from_hex(file.at(group).at(field).get<std::string>());
}

std::vector<std::uint8_t> stream_vector(const std::string& group, const std::string& field) {
  return from_hex(stream_text(group, field));
}

std::string stream_text(const std::string& group, const std::string& field) {
  static const nlohmann::json file = nlohmann::json::parse(std::ifstream(SPATE_TESTS_DIR "/vectors/stream.json"));
  return file.at(group).at(field).get<std::string>();
}

}  // namespace spate::tests
