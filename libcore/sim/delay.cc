#include "libcore/sim/delay.h"

#include <string>

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

constexpr std::uint32_t kSide = 1u << 16;
constexpr std::uint32_t kFields = 32;  // along a side of the board
constexpr std::uint32_t kField = kSide / kFields;

std::uint64_t integer_sqrt(std::uint64_t n) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit > 0; bit >>= 1)
    if ((root | bit) * (root | bit) <= n) root |= bit;
  return root;
}

std::uint64_t square(std::uint64_t n) { return n * n; }

std::uint32_t apart(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : b - a; }

// Between the nearest points of two fields, along one side.
std::uint32_t fields_apart(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t steps = apart(a, b);
  return steps > 1 ? (steps - 1) * kField : 0;
}

}  // namespace

Duration DelayModel::least_between(std::uint32_t, std::uint32_t) { return {}; }

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

Duration PlaneDelay::over(std::uint32_t dx, std::uint32_t dy) const {
  static const std::uint64_t kDiagonal = integer_sqrt(2 * square(kSide));
  const auto distance = static_cast<std::int64_t>(integer_sqrt(square(dx) + square(dy)));
  return minimum_ + Duration((maximum_ - minimum_).count() * distance / static_cast<std::int64_t>(kDiagonal));
}

Duration PlaneDelay::one_way(HostId from, HostId to) {
  const Place a = place(from);
  const Place b = place(to);
  return over(apart(a.x, b.x), apart(a.y, b.y));
}

std::uint32_t PlaneDelay::sites() const { return kFields * kFields; }

std::uint32_t PlaneDelay::site(HostId host) {
  const Place at = place(host);
  return at.y / kField * kFields + at.x / kField;
}

Duration PlaneDelay::least_between(std::uint32_t from_site, std::uint32_t to_site) {
  SPATE_CHECK(from_site < sites() && to_site < sites());
  return over(fields_apart(from_site % kFields, to_site % kFields),
              fields_apart(from_site / kFields, to_site / kFields));
}

}  // namespace spate::sim
