// What a hostile host does beside its node: it sees datagrams on their way, and sends some that no node would. Each
// kind is at home in a file of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "libcore/base/rng.h"
#include "libcore/crypto/suite.h"
#include "libcore/node/node.h"
#include "libcore/sim/findings.h"
#include "libcore/sim/network.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

class Mischief : public WireObserver {
 public:
  struct House {  // all outlives the mischief
    Network& network;
    Findings& findings;
    const crypto::Suite& suite;
    HostId host;     // that it lives on
    Instant begins;  // nothing is done before
    std::uint64_t stream_bps;
    crypto::StreamKey stream;
    std::vector<node::Host> link;  // as everybody knows it
  };

  explicit Mischief(const House& house, Duration every = std::chrono::milliseconds(10))
      : house_(house), every_(every) {}
  // The host is there now. Once is enough: it stays.
  void start();
  void on_sent(HostId /*from*/, const Address& /*to*/, Bytes /*datagram*/, Instant /*now*/) override {}
  // Datagrams that no node sent.
  std::uint64_t deeds() const { return deeds_; }

 protected:
  // Called every so often from the beginning on, while the host is there.
  virtual void act(Instant now) = 0;
  bool at_work(Instant now) const { return started_ && now >= house_.begins && house_.network.present(house_.host); }
  // By that host's uplink, as if it came from there.
  void forge(HostId sender, const Address& from, HostId to, Bytes datagram) {
    ++deeds_;
    house_.network.forge(sender, from, to, datagram);
  }

  House house_;

 private:
  void tick();

  const Duration every_;
  bool started_ = false;
  std::uint64_t deeds_ = 0;
};

// 5,000 initiations a second to each host of the link, true ones, from 65,000 addresses that are not there.
std::unique_ptr<Mischief> make_flooder(const Mischief::House& house, std::unique_ptr<Rng> rng);
// Sends 5,000 datagrams a second once more, of the last that anybody got, to whom they were for and from whom they
// were.
std::unique_ptr<Mischief> make_replayer(const Mischief::House& house, std::unique_ptr<Rng> rng);
// Stands in the way of every second host: what these send comes from its address first. It brings what is asked there
// to one in two of them, who can answer it. A datagram of theirs that is sent there and is more than that is a finding.
std::unique_ptr<Mischief> make_copier(const Mischief::House& house, std::unique_ptr<Rng> rng);
// Has sessions with the link's hosts and those that they name, asks each of them 1,000 times a second for all of the
// stream that there is once more, and tells it 10,000 tiny messages. What it gets is bounded, or a finding.
std::unique_ptr<Mischief> make_stormer(const Mischief::House& house, std::unique_ptr<Rng> rng);
// Looks whether anybody calls where only misnamers say that somebody is, or whom only they still name: a finding.
std::unique_ptr<Mischief> make_misnamer(const Mischief::House& house, std::unique_ptr<Rng> rng);
// Nothing: that kind does no more than its node and what it is sealed with (hostile_suite.h).
std::unique_ptr<Mischief> make_mischief(HostileSpec::Kind kind, const Mischief::House& house, std::unique_ptr<Rng> rng);

}  // namespace spate::sim
