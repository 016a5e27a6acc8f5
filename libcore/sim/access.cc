#include "libcore/sim/access.h"

#include <array>

#include "libcore/sim/presets.h"

namespace spate::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

struct Access {
  std::string_view name;
  std::uint32_t share;  // of home viewers, in half percents
  std::uint32_t down_kbps;
  std::uint32_t up_kbps;
  Duration delay;         // one way
  Duration jitter;        // mean
  std::string_view loss;  // kLosses
  std::uint32_t up_queue_ms;
};

constexpr std::array<Access, 10> kAccess{{
    {"fibre", 60, 300'000, 100'000, milliseconds(2), microseconds(900), "good", 200},
    {"cable", 50, 200'000, 20'000, milliseconds(6), milliseconds(3), "typical", 500},
    {"vdsl", 30, 50'000, 10'000, milliseconds(10), milliseconds(3), "typical", 500},
    {"wifi", 16, 80'000, 20'000, milliseconds(8), milliseconds(1), "typical", 500},
    {"weak-wifi", 12, 20'000, 8'000, milliseconds(12), milliseconds(12), "weak-wifi", 800},
    {"lte", 16, 35'000, 10'000, milliseconds(30), milliseconds(6), "mobile", 800},
    {"5g", 10, 168'000, 21'000, milliseconds(18), milliseconds(6), "mobile", 500},
    {"leo", 2, 104'700, 14'800, milliseconds(20), milliseconds(6), "peak", 500},
    {"geo", 1, 48'000, 3'000, milliseconds(340), milliseconds(15), "peak", 1'500},
    {"adsl", 3, 8'000, 800, milliseconds(15), milliseconds(6), "bad", 2'000},
}};

LinkClass link_class(const Access& access) {
  LinkClass c;
  c.name = access.name;
  c.share = access.share;
  c.up.rate_bps = access.up_kbps * std::uint64_t{1'000};
  c.up.queue_bytes = std::uint64_t{access.up_kbps} * access.up_queue_ms / 8;
  c.up.delay = access.delay / 2;
  c.up.jitter = access.jitter;
  c.down.rate_bps = access.down_kbps * std::uint64_t{1'000};
  c.down.queue_bytes = 1'000'000;
  c.down.delay = access.delay / 2;
  apply(loss_named(access.loss), c);
  return c;
}

}  // namespace

std::optional<LinkClass> find_access(std::string_view name) {
  for (const Access& access : kAccess)
    if (access.name == name) return link_class(access);
  return std::nullopt;
}

std::string access_names() {
  std::string names;
  for (const Access& access : kAccess) names += (names.empty() ? "" : ", ") + std::string(access.name);
  return names;
}

}  // namespace spate::sim
