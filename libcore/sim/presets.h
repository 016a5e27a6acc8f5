// What a scenario names in place of numbers: kinds of loss, and of how long viewers stay. spate-scenario(5) has them as
// tables, with where they are from.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "libcore/base/check.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

// Share of time in loss and mean length of a lossy spell, as the path as a whole has it: half goes to each direction.
// A spell is as long as its packets take at 4 Mbit/s.
struct LossKind {
  std::string_view name;
  std::uint32_t ppm;
  Duration burst;
};
inline constexpr std::array<LossKind, 12> kLosses{{
    {"home-wifi", 15, std::chrono::microseconds(2'400)},
    {"good", 500, std::chrono::microseconds(2'900)},
    {"typical", 2'000, std::chrono::microseconds(3'600)},
    {"mobile", 3'000, std::chrono::microseconds(4'800)},
    {"satellite", 5'000, std::chrono::microseconds(7'200)},
    {"peak", 7'000, std::chrono::microseconds(4'800)},
    {"bursty", 10'000, std::chrono::microseconds(11'800)},
    {"bad", 15'000, std::chrono::microseconds(7'200)},
    {"weak-wifi", 20'000, std::chrono::microseconds(7'200)},
    {"cafe", 30'000, std::chrono::microseconds(9'600)},
    {"in-flight", 70'000, std::chrono::microseconds(12'000)},
    {"torture", 100'000, std::chrono::microseconds(19'200)},
}};

struct ChurnKind {
  std::string_view name;
  Duration median;
  std::uint32_t sigma_milli;
  std::uint32_t abrupt_ppm;
};
inline constexpr std::array<ChurnKind, 4> kChurns{{
    {"broadcast", std::chrono::seconds(600), 1'500, 500'000},
    {"zapping", std::chrono::seconds(360), 2'258, 500'000},
    {"on-demand", std::chrono::seconds(197), 1'337, 500'000},
    {"torture", std::chrono::seconds(60), 1'500, 1'000'000},
}};

inline void apply(const LossKind& kind, LinkClass& link) {
  link.up.loss_ppm = kind.ppm / 2;
  link.down.loss_ppm = kind.ppm - kind.ppm / 2;
  link.up.loss_burst = link.down.loss_burst = kind.burst;
}
inline void apply(const ChurnKind& kind, ChurnSpec& churn) {
  churn.median = kind.median;
  churn.sigma_milli = kind.sigma_milli;
  churn.abrupt_ppm = kind.abrupt_ppm;
}

// REQUIRES that there is one.
constexpr const LossKind& loss_named(std::string_view name) {
  for (const LossKind& kind : kLosses)
    if (kind.name == name) return kind;
  SPATE_CHECK(false);
}

}  // namespace spate::sim
