// Hosts at a few sites (cities, rows of a matrix): the delay between two hosts is that between their sites.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "libcore/base/rng.h"
#include "libcore/sim/delay.h"

namespace spate::sim {

// Round trips from site to site, in whole microseconds.
struct RttTable {
  // One way between hosts of one site is half of this.
  static constexpr std::uint32_t kWithinSiteUs = 2'000;

  std::uint32_t sites = 0;
  std::vector<std::uint32_t>
      us;  // row by row: the source's, and in it the destination's; the diagonal is kWithinSiteUs

  std::uint32_t at(std::size_t from, std::size_t to) const { return us[from * sites + to]; }
};

// A host's site depends on the generator, the purpose and the host's number only. 2 bytes a host, as far as anybody
// asked.
class SiteDelay : public DelayModel {
 public:
  Duration one_way(HostId from, HostId to) final {
    const std::size_t row = site(from);
    return half(table_.at(row, site(to)));
  }
  std::uint32_t sites() const final { return table_.sites; }
  std::uint32_t site(HostId host) final {
    if (host >= host_sites_.size()) draw_up_to(host);
    return host_sites_[host];
  }
  // What it takes, exactly.
  Duration least_between(std::uint32_t from_site, std::uint32_t to_site) final;

  const RttTable& table() const { return table_; }

 protected:
  // A host is at a site with a probability proportional to its weight. REQUIRES 1 to 65,536 sites, as many weights, and
  // weights that are not all zero.
  SiteDelay(const Rng& rng, std::string_view purpose, RttTable table, std::span<const std::uint32_t> weights);

 private:
  static Duration half(std::uint32_t us) { return Duration(std::int64_t{500} * us); }
  void draw_up_to(HostId host);

  std::unique_ptr<Rng> rng_;
  RttTable table_;
  std::vector<std::uint64_t> weights_up_to_;  // and with this site
  std::vector<std::uint16_t> host_sites_;
};

}  // namespace spate::sim
