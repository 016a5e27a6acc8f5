// Safety: to an address that has not proven itself, a host answers with at most the bytes that came from there. A
// handshake that the host itself begins is no answer.
//
// What a datagram says it is proves nothing, as anybody can send the first byte of another. Proven is an address from
// which sealed data came that the host could open, or an answer to a handshake that some host did send and nothing
// harmed on the way.
#pragma once

#include <unordered_map>

#include "libcore/sim/findings.h"
#include "libcore/sim/generations.h"
#include "libcore/sim/hash_table.h"
#include "libcore/sim/network.h"
#include "libcore/sim/watched_suite.h"

namespace spate::sim {

class AmplificationChecker final : public WireObserver, public OpenObserver {
 public:
  explicit AmplificationChecker(Findings& findings) : findings_(findings) {}
  void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) override;
  void on_delivered(HostId to, const Address& from, Bytes datagram, Instant now) override;
  void on_open(HostId host, Bytes sealed, Instant now) override;

  // Longer than any host waits for the answer to a handshake: later it proves nothing to anybody.
  static constexpr Duration kHandshakeLife = std::chrono::seconds(60);
  // Those of which something is known.
  std::size_t handshakes() const { return begun_.size() + answers_.size(); }

 private:
  struct Sent {};
  struct Path {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    bool proven = false;
  };
  static std::uint64_t key_of(HostId host, const Address& address);

  Findings& findings_;
  Generations<std::uint64_t> begun_{kHandshakeLife};  // by host and index: the path that a handshake went
  Generations<Sent> answers_{kHandshakeLife};         // to handshakes, that were sent; by a hash
  // Data that came from unproven addresses at this instant, by host and tag: the path. A host opens it at once, or
  // never.
  std::unordered_map<std::uint64_t, std::uint64_t> unopened_;
  Instant instant_{};
  HashTable<Path> paths_;  // by a hash of host and address
};

}  // namespace spate::sim
