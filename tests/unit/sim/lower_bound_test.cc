#include "libcore/sim/lower_bound.h"

#include <algorithm>
#include <array>
#include <optional>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/world_delay.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class UniformDelay final : public DelayModel {
 public:
  explicit UniformDelay(Duration delay) : delay_(delay) {}
  Duration one_way(HostId, HostId) override { return delay_; }
  std::uint32_t sites() const override { return 1; }
  std::uint32_t site(HostId) override { return 0; }
  Duration least_between(std::uint32_t, std::uint32_t) override { return delay_; }

 private:
  Duration delay_;
};

class TableDelay final : public DelayModel {
 public:
  explicit TableDelay(std::vector<std::vector<Duration>> table) : table_(std::move(table)) {}
  Duration one_way(HostId from, HostId to) override { return table_[from][to]; }

 private:
  std::vector<std::vector<Duration>> table_;
};

// The same delays, without sites.
class SitelessDelay final : public DelayModel {
 public:
  explicit SitelessDelay(DelayModel& delays) : delays_(delays) {}
  Duration one_way(HostId from, HostId to) override { return delays_.one_way(from, to); }

 private:
  DelayModel& delays_;
};

constexpr std::uint32_t kPacketBytes = 1'260;

// All schedules in which host 0 publishes: whoever has the packet sends copies one after the other.
class Schedules {
 public:
  Schedules(DelayModel& delays, std::span<const BoundHost> hosts, std::uint32_t bytes)
      : delays_(delays), hosts_(hosts), bytes_(bytes), informed_(hosts.size()), uplink_free_(hosts.size()) {
    best_by_host.assign(hosts.size(), Duration::max());
    best_by_rank.assign(hosts.size() - 1, Duration::max());
    informed_[0] = best_by_host[0] = uplink_free_[0] = Duration{};
    explore(1);
  }

  std::vector<Duration> best_by_host;
  std::vector<Duration> best_by_rank;

 private:
  void explore(std::size_t informed) {
    if (informed == hosts_.size()) {
      std::vector<Duration> times;
      for (std::size_t i = 1; i < hosts_.size(); ++i) {
        times.push_back(*informed_[i]);
        best_by_host[i] = std::min(best_by_host[i], *informed_[i]);
      }
      std::ranges::sort(times);
      for (std::size_t i = 0; i < times.size(); ++i) best_by_rank[i] = std::min(best_by_rank[i], times[i]);
      return;
    }
    for (HostId from = 0; from < hosts_.size(); ++from) {
      if (!informed_[from]) continue;
      const Duration was_free = uplink_free_[from];
      const std::uint64_t bps = hosts_[from].uplink_bps;
      uplink_free_[from] += nanoseconds(bps == 0 ? 0 : bytes_ * std::uint64_t{8'000'000'000} / bps);
      for (HostId to = 0; to < hosts_.size(); ++to) {
        if (informed_[to]) continue;
        informed_[to] = uplink_free_[to] =
            uplink_free_[from] + hosts_[from].up + delays_.one_way(from, to) + hosts_[to].down;
        explore(informed + 1);
        informed_[to].reset();
      }
      uplink_free_[from] = was_free;
    }
  }

  DelayModel& delays_;
  std::span<const BoundHost> hosts_;
  std::uint32_t bytes_;
  std::vector<std::optional<Duration>> informed_;
  std::vector<Duration> uplink_free_;
};

}  // namespace

TEST_CASE("equal hosts at equal distances: the postal model's figures") {
  // A stream of `rate`, uplinks of 1.3 times and a publisher of 10 times that.
  const auto slowest_ms = [](std::uint64_t rate, Duration delay, std::size_t receivers) {
    UniformDelay delays(delay);
    std::vector<BoundHost> hosts(receivers + 1, BoundHost{rate * 13 / 10, {}, {}});
    hosts[0].uplink_bps = rate * 10;
    return to_ms(lower_bound(delays, hosts, 0, kPacketBytes).by_rank.back());
  };
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(10), 100) - 27) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(10), 1'000) - 44) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(10), 10'000) - 62) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(10), 100'000) - 80) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(25), 100) - 50) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(25), 1'000) - 79) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(25), 10'000) - 110) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(25), 100'000) - 141) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(50), 100) - 75) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(50), 1'000) - 127) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(50), 10'000) - 179) < 1);
  CHECK(std::abs(slowest_ms(4'000'000, milliseconds(50), 100'000) - 227) < 1);
  CHECK(std::abs(slowest_ms(8'000'000, milliseconds(25), 100) - 38) < 1);
  CHECK(std::abs(slowest_ms(8'000'000, milliseconds(25), 1'000) - 64) < 1);
  CHECK(std::abs(slowest_ms(8'000'000, milliseconds(25), 10'000) - 89) < 1);
  CHECK(std::abs(slowest_ms(8'000'000, milliseconds(25), 100'000) - 114) < 1);
}

TEST_CASE("no schedule of a small swarm beats the bounds, and the bound by host is reached") {
  crypto::ChaChaRng rng(1);
  int reached = 0;
  int ranks = 0;
  for (int round = 0; round < 60; ++round) {
    constexpr std::size_t kHosts = 6;
    std::vector<std::vector<Duration>> table(kHosts, std::vector<Duration>(kHosts));
    for (auto& row : table)
      for (Duration& delay : row) delay = microseconds(rng.below(round % 2 == 0 ? 100'000 : 3'000));
    TableDelay delays(std::move(table));
    std::vector<BoundHost> hosts(kHosts);
    for (BoundHost& host : hosts) {
      host.uplink_bps = rng.below(8) == 0 ? 0 : 300'000 + rng.below(20'000'000);
      host.up = microseconds(rng.below(5'000));
      host.down = microseconds(rng.below(5'000));
    }
    const LowerBound bound = lower_bound(delays, hosts, 0, kPacketBytes);
    const Schedules all(delays, hosts, kPacketBytes);
    CHECK(bound.by_host == all.best_by_host);
    for (std::size_t rank = 0; rank < bound.by_rank.size(); ++rank) {
      CHECK(bound.by_rank[rank] <= all.best_by_rank[rank]);
      reached += bound.by_rank[rank] == all.best_by_rank[rank];
      ++ranks;
    }
    CHECK(std::ranges::is_sorted(bound.by_rank));
  }
  CHECK(reached * 2 > ranks);
}

TEST_CASE("a schedule that holds a copy back for a fast host does not beat the bound by rank") {
  // The publisher has a copy every 10 ms. The nearest host is slow; the next one, a moment later, could inform all.
  std::vector<std::vector<Duration>> table(5, std::vector<Duration>(5, microseconds(1)));
  table[0] = {microseconds(0), microseconds(1), microseconds(500), milliseconds(50), milliseconds(50)};
  TableDelay delays(std::move(table));
  std::vector<BoundHost> hosts(5, BoundHost{10'000, {}, {}});
  hosts[0].uplink_bps = 1'008'000;
  hosts[2].uplink_bps = 1'000'000'000;
  const LowerBound bound = lower_bound(delays, hosts, 0, kPacketBytes);
  const Schedules all(delays, hosts, kPacketBytes);
  CHECK(all.best_by_rank.back() < milliseconds(11));
  for (std::size_t rank = 0; rank < 4; ++rank) CHECK(bound.by_rank[rank] <= all.best_by_rank[rank]);
}

TEST_CASE("equal uplinks at equal distances: the bound by rank is reached") {
  for (const int delay_ms : {0, 1, 3, 20}) {
    UniformDelay delays{milliseconds(delay_ms)};
    std::vector<BoundHost> hosts(6, BoundHost{5'000'000, milliseconds(1), milliseconds(2)});
    hosts[0].uplink_bps = 9'000'000;
    CHECK(lower_bound(delays, hosts, 0, kPacketBytes).by_rank == Schedules(delays, hosts, kPacketBytes).best_by_rank);
  }
}

TEST_CASE("unlimited uplinks: everybody is a way away, and the publisher's own host is nobody's way") {
  UniformDelay delays{milliseconds(10)};
  const LowerBound bound = lower_bound(delays, std::vector<BoundHost>(50), 7, kPacketBytes);
  CHECK(bound.by_rank == std::vector<Duration>(49, milliseconds(10)));
  CHECK(bound.by_host[7] == Duration{});
  CHECK(bound.quantile_ppm(0) == milliseconds(10));
  CHECK(lower_bound(delays, std::vector<BoundHost>(1), 0, kPacketBytes).by_rank.empty());
  CHECK(lower_bound(delays, std::vector<BoundHost>(2), 1, kPacketBytes).by_rank ==
        std::vector<Duration>{milliseconds(10)});
}

TEST_CASE("quantiles are those of the receivers, rounded up") {
  const LowerBound bound{{}, {milliseconds(1), milliseconds(2), milliseconds(3), milliseconds(4)}};
  CHECK(bound.quantile_ppm(500'000) == milliseconds(2));
  CHECK(bound.quantile_ppm(500'001) == milliseconds(3));
  CHECK(bound.quantile_ppm(990'000) == milliseconds(4));
  CHECK(bound.quantile_ppm(1'000'000) == milliseconds(4));
}

namespace {

std::vector<BoundHost> varied_hosts(std::size_t count) {
  crypto::ChaChaRng rng(3);
  std::vector<BoundHost> hosts(count);
  for (BoundHost& host : hosts) {
    constexpr std::array<std::uint64_t, 4> kUplinks = {400'000, 2'800'000, 6'400'000, 20'000'000};
    host.uplink_bps = kUplinks[rng.below(4)];
    host.up = microseconds(500 + rng.below(8'000));
    host.down = microseconds(500 + rng.below(8'000));
  }
  hosts[0].uplink_bps = 40'000'000;
  return hosts;
}

}  // namespace

TEST_CASE("with cities for hosts the bounds are the same") {
  const std::vector<BoundHost> hosts = varied_hosts(1'300);
  for (const auto continent : {std::optional<Continent>{}, std::optional(Continent::kEurope)}) {
    WorldDelay delays(crypto::ChaChaRng(1), continent);
    SitelessDelay siteless(delays);
    const LowerBound by_city = lower_bound(delays, hosts, 0, kPacketBytes);
    const LowerBound by_host = lower_bound(siteless, hosts, 0, kPacketBytes);
    CHECK(by_city.by_host == by_host.by_host);
    CHECK(by_city.by_rank == by_host.by_rank);
  }
}

TEST_CASE("with fields of the plane for hosts the bounds are not above, and hardly below") {
  const std::vector<BoundHost> hosts = varied_hosts(1'300);
  PlaneDelay delays(crypto::ChaChaRng(1), milliseconds(5), milliseconds(80));
  SitelessDelay siteless(delays);
  const LowerBound by_field = lower_bound(delays, hosts, 0, kPacketBytes);
  const LowerBound by_host = lower_bound(siteless, hosts, 0, kPacketBytes);
  for (std::size_t i = 0; i < hosts.size(); ++i) REQUIRE(by_field.by_host[i] <= by_host.by_host[i]);
  for (std::size_t i = 0; i < by_host.by_rank.size(); ++i) {
    REQUIRE(by_field.by_rank[i] <= by_host.by_rank[i]);
    REQUIRE(by_field.by_rank[i] > by_host.by_rank[i] - milliseconds(10));
  }
}

TEST_CASE("a hundred thousand hosts in the world are bounded in a moment") {
  WorldDelay delays(crypto::ChaChaRng(1));
  const LowerBound bound = lower_bound(delays, varied_hosts(100'000), 0, kPacketBytes);
  CHECK(bound.by_rank.size() == 99'999);
  CHECK(bound.quantile_ppm(500'000) > milliseconds(20));
  CHECK(bound.quantile_ppm(990'000) < milliseconds(400));
}

}  // namespace spate::sim
