// What a scenario names in place of numbers: kinds of access, of loss, and of how long viewers stay. spate-scenario(5)
// has them as tables. apply() says what a kind stands for; what it says nothing of stays as it is.
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

// Fibre, cable, Wi-Fi, mobile, satellite. Rates and delays are of 2020 to 2025 surveys, queues and jitter are
// judgement.
struct AccessKind {
  std::string_view name;
  std::uint32_t share;  // of home viewers, in half percents
  std::uint32_t down_kbps;
  std::uint32_t up_kbps;
  Duration delay;   // one way
  Duration jitter;  // mean
  LossKind loss;
  std::uint32_t up_queue_ms;
};
consteval LossKind loss_named(std::string_view name) {
  for (const LossKind& kind : kLosses)
    if (kind.name == name) return kind;
  SPATE_CHECK(false);  // there is none
}
inline constexpr std::array<AccessKind, 10> kAccesses{{
    {"fibre", 60, 300'000, 100'000, std::chrono::milliseconds(2), std::chrono::microseconds(900), loss_named("good"),
     200},
    {"cable", 50, 200'000, 20'000, std::chrono::milliseconds(6), std::chrono::milliseconds(3), loss_named("typical"),
     500},
    {"vdsl", 30, 50'000, 10'000, std::chrono::milliseconds(10), std::chrono::milliseconds(3), loss_named("typical"),
     500},
    {"wifi", 16, 80'000, 20'000, std::chrono::milliseconds(8), std::chrono::milliseconds(1), loss_named("typical"),
     500},
    {"weak-wifi", 12, 20'000, 8'000, std::chrono::milliseconds(12), std::chrono::milliseconds(12),
     loss_named("weak-wifi"), 800},
    {"lte", 16, 35'000, 10'000, std::chrono::milliseconds(30), std::chrono::milliseconds(6), loss_named("mobile"), 800},
    {"5g", 10, 168'000, 21'000, std::chrono::milliseconds(18), std::chrono::milliseconds(6), loss_named("mobile"), 500},
    {"leo", 2, 104'700, 14'800, std::chrono::milliseconds(20), std::chrono::milliseconds(6), loss_named("peak"), 500},
    {"geo", 1, 48'000, 3'000, std::chrono::milliseconds(340), std::chrono::milliseconds(15), loss_named("peak"), 1'500},
    {"adsl", 3, 8'000, 800, std::chrono::milliseconds(15), std::chrono::milliseconds(6), loss_named("bad"), 2'000},
}};

// Of an access nothing stays.
void apply(const AccessKind& kind, LinkClass& link);
void apply(const LossKind& kind, LinkClass& link);
void apply(const ChurnKind& kind, ChurnSpec& churn);

}  // namespace spate::sim
