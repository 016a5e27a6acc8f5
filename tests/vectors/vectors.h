// Reads tests/vectors/session.json and stream.json, which generate.py computes from the specifications.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "libcore/base/bytes.h"

namespace spate::tests {

std::vector<std::uint8_t> from_hex(const std::string& hex);

// The bytes of one field, or its text; they throw when it is not there.
std::vector<std::uint8_t> session_vector(const std::string& group, const std::string& field);
std::vector<std::uint8_t> stream_vector(const std::string& group, const std::string& field);
std::string stream_text(const std::string& group, const std::string& field);

template <std::size_t N>
ByteArray<N> to_array(const std::vector<std::uint8_t>& bytes) {
  ByteArray<N> out{};
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), out.begin());
  return out;
}

}  // namespace spate::tests
