// Draws the bytes of a test vector, in order; no more than there are.
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "libcore/base/check.h"
#include "libcore/base/rng.h"

namespace spate::tests {

class FixedRng final : public Rng {
 public:
  explicit FixedRng(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  void fill(MutableBytes out) override {
    const Bytes left = Bytes{bytes_}.subspan(drawn_);
    SPATE_CHECK(out.size() <= left.size());
    std::copy_n(left.begin(), out.size(), out.begin());
    drawn_ += out.size();
  }
  std::unique_ptr<Rng> fork(std::string_view) const override { return std::make_unique<FixedRng>(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t drawn_ = 0;
};

}  // namespace spate::tests
