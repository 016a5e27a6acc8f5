// What the two meshes have in common: random partners, who tell one another at every tick what they have.
//
// A host asks the tracker for random others until it has kWanted partners, and takes up to kMax (the publisher: as many
// as its uplink carries streams, and asks for none). Who is busy sending tells nothing. A partner that is silent for
// two seconds is replaced. A viewer begins where the first partner that it hears of has got to.
#pragma once

#include <vector>

#include "libcore/sim/schemes/host.h"

namespace spate::sim {

class PartneredHost : public SchemeHost {
 protected:
  static constexpr std::size_t kWanted = 10;
  static constexpr std::size_t kMax = 15;
  static constexpr Duration kSilence = std::chrono::seconds(2);

  struct Partner {
    HostId host;
    Address address;
    Instant heard;
    bool accepted;              // on both sides
    bool told;                  // it has sent a map
    NumberSet has;              // as far as is known
    std::uint32_t quota;        // pull-mesh: chunks that may be asked of it at a time
    std::uint32_t outstanding;  // pull-mesh: that are
    std::uint64_t served;       // pull-mesh: the order of the last request that it has answered
    std::vector<std::pair<std::uint64_t, Instant>> sent;  // random-push: lately, in the order of time
  };

  using SchemeHost::SchemeHost;

  // What it tells its partners that it has, in numbers of its scheme; `from` is the first of interest.
  virtual const NumberSet& map() const = 0;
  virtual std::uint64_t map_begin() const = 0;
  // The first shard of such a number.
  virtual std::uint64_t shard_of(std::uint64_t number) const = 0;
  virtual void on_tick_with_partners(Instant now) = 0;
  virtual void on_partner_message(const Message& message, Partner& partner, Instant now) = 0;
  virtual void on_map(Partner& /*partner*/, Instant /*now*/) {}

  std::vector<Partner>& partners() { return partners_; }
  Partner* partner(HostId host);

 private:
  void on_tick(Instant now) final;
  void on_message(const Message& message, Instant now) final;
  void on_leave(Instant now) final;
  void add(HostId host, const Address& address, bool accepted, Instant now);
  void look_for_partners(Instant now);
  void tell_partners();

  std::vector<Partner> partners_;
};

}  // namespace spate::sim
