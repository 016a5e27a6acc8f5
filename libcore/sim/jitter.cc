#include "libcore/sim/jitter.h"

#include <algorithm>
#include <array>

namespace spate::sim {
namespace {

// Quantiles of the log-normal distribution of sigma 0.6 and mean 1, in units of 2^-16: at i/32 of all, then at i/32 of
// the last 32nd, of that one's last 32nd, and of that one's. The ends, which lie at zero and infinity, are cut.
constexpr std::array<std::uint32_t, 129> kLogNormal = {
    9691,   17903,  21805,  24824,  27451,  29863,  32147,  34355,  36522,  38672,  40827,  43002,  45214,
    47479,  49810,  52225,  54740,  57377,  60159,  63113,  66273,  69683,  73396,  77485,  82047,  87222,
    93213,  100343, 109159, 120712, 137424, 167375, 167375, 168793, 170262, 171785, 173367, 175012, 176725,
    178512, 180378, 182332, 184382, 186536, 188805, 191203, 193743, 196443, 199323, 202407, 205726, 209316,
    213222, 217504, 222236, 227519, 233489, 240342, 248365, 258013, 270059, 285982, 309198, 351061, 351061,
    353047, 355103, 357237, 359452, 361756, 364155, 366658, 369273, 372010, 374880, 377897, 381076, 384434,
    387991, 391771, 395803, 400120, 404765, 409788, 415253, 421240, 427854, 435235, 443573, 453136, 464325,
    477765, 494525, 516642, 548813, 606596, 606596, 609329, 612160, 615095, 618143, 621311, 624610, 628050,
    631642, 635402, 639344, 643485, 647847, 652453, 657330, 662512, 668035, 673948, 680305, 687177, 694648,
    702828, 711860, 721931, 733297, 746323, 761546, 779810, 802552, 832509, 875976, 953749, 1036058};
constexpr int kLevels = 4;

// Poisson's distribution of mean 12: how many of 2^32 draws are at most i.
constexpr std::array<std::uint32_t, 32> kPoisson12 = {
    26389,      343059,     2243081,    9843168,    32643429,   87364056,   196805310,  384418887,
    665839253,  1041066407, 1491338993, 1982545449, 2473751906, 2927173251, 3315820118, 3626737612,
    3859925732, 4024529111, 4134264697, 4203571382, 4245155394, 4268917686, 4281878937, 4288641328,
    4292022524, 4293645498, 4294394563, 4294727480, 4294870159, 4294929199, 4294952815, 4294961956};

constexpr Duration kWifiUsual = std::chrono::milliseconds(1);
constexpr Duration kWifiStep = std::chrono::microseconds(7'500);
constexpr Duration kWifiLate = 12 * kWifiStep;

// value * factor / 2^16, for values up to 4 hours and factors up to 16 * 2^16.
Duration scaled(Duration value, std::uint64_t factor) {
  return Duration(static_cast<std::int64_t>(static_cast<std::uint64_t>(value.count()) * factor >> 16));
}

Duration log_normal(Duration mean, Draws& draws) {
  std::uint64_t x = draws.u64();
  std::size_t first = 0;
  for (int level = 1; level < kLevels && x >> 59 == 31; ++level) {
    x <<= 5;
    first += 32;
  }
  const std::uint32_t* quantile = &kLogNormal[first + (x >> 59)];
  const std::uint64_t rest = x >> 27 & UINT32_MAX;
  return scaled(mean, quantile[0] + ((quantile[1] - quantile[0]) * rest >> 32));
}

Duration wifi(Duration mean, Draws& draws) {
  Duration jitter = draws.exponential(std::min(mean, kWifiUsual));
  if (mean <= kWifiUsual) return jitter;
  const std::int64_t late_ppm = (mean - kWifiUsual).count() * kMillion / kWifiLate.count();
  if (!draws.chance_ppm(static_cast<std::uint32_t>(std::min<std::int64_t>(late_ppm, kMillion)))) return jitter;
  const auto x = static_cast<std::uint32_t>(draws.u64() >> 32);
  const auto steps = std::upper_bound(kPoisson12.begin(), kPoisson12.end() - 1, x) - kPoisson12.begin();
  // Anywhere between one whole number of steps and the next, half a step down so that the mean stays.
  const Duration late = steps * kWifiStep + draws.between(Duration::zero(), kWifiStep) - kWifiStep / 2;
  return jitter + std::max(late, Duration::zero());
}

}  // namespace

Duration draw_jitter(JitterKind kind, Duration mean, Draws& draws) {
  switch (kind) {
    case JitterKind::kLogNormal:
      return log_normal(mean, draws);
    case JitterKind::kWifi:
      return wifi(mean, draws);
    default:
      return draws.exponential(mean);
  }
}

}  // namespace spate::sim
