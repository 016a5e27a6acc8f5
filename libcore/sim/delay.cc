#include "libcore/sim/delay.h"

#include <string>

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

constexpr std::uint32_t kSide = 1u << 16;

std::uint64_t integer_sqrt(std::uint64_t n) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit > 0; bit >>= 1)
    if ((root | bit) * (root | bit) <= n) root |= bit;
  return root;
}

std::uint64_t square(std::uint32_t a, std::uint32_t b) {
  const std::uint64_t distance = a > b ? a - b : b - a;
  return distance * distance;
}

}  // namespace

PlaneDelay::PlaneDelay(const Rng& rng, Duration minimum, Duration maximum)
    : rng_(rng.fork("plane")), minimum_(minimum), maximum_(maximum) {
  SPATE_CHECK(minimum >= Duration::zero() && minimum <= maximum);
}

PlaneDelay::Place PlaneDelay::place(HostId host) {
  while (places_.size() <= host) {
    const std::unique_ptr<Rng> draws = rng_->fork(std::to_string(places_.size()));
    const auto x = static_cast<std::uint32_t>(draws->below(kSide));
    places_.push_back({x, static_cast<std::uint32_t>(draws->below(kSide))});
  }
  return places_[host];
}

Duration PlaneDelay::one_way(HostId from, HostId to) {
  static const std::uint64_t kDiagonal = integer_sqrt(2 * square(0, kSide));
  const Place a = place(from);
  const Place b = place(to);
  const auto distance = static_cast<std::int64_t>(integer_sqrt(square(a.x, b.x) + square(a.y, b.y)));
  return minimum_ + Duration((maximum_ - minimum_).count() * distance / static_cast<std::int64_t>(kDiagonal));
}

}  // namespace spate::sim
