#include <map>
#include <optional>
#include <string>
#include <utility>

#include "libcore/base/reader.h"
#include "libcore/session/handshake.h"
#include "libcore/session/path_check.h"
#include "libcore/sim/mischief/mischief.h"

namespace spate::sim {
namespace {

bool is_data(Bytes datagram) { return datagram.size() >= 5 && datagram[0] == session::kDataType; }
std::uint32_t receiver_index(Bytes datagram) { return Reader(datagram.subspan(1)).u32(); }

// Copies come from the copier's own address. What is sent there is known by who sends it and the index that its
// receiver chose, which two receivers may have in common. Whose that is no challenge tells: that may be for where
// another copier's copies come from.
class Copier final : public Mischief {
 public:
  explicit Copier(const House& house) : Mischief(house) {}

  void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) override {
    if (from == house_.host || !is_data(datagram)) return;
    const std::optional<HostId> receiver = house_.network.host_of(to);
    if (!receiver || *receiver == house_.host) return;
    if (datagram.size() != session::PathCheck::kDatagramBytes) owners_[{from, receiver_index(datagram)}] = *receiver;
    // It leaves by the victim's own uplink, just before the original: it comes first.
    if (at_work(now) && is_victim(from)) forge(from, Network::address_of(house_.host), *receiver, datagram);
  }

  void on_delivered(HostId to, const Address& from, Bytes datagram, Instant now) override {
    if (to != house_.host || !at_work(now) || !is_data(datagram)) return;
    const std::optional<HostId> sender = house_.network.host_of(from);
    if (!sender) return;
    const auto owner = owners_.find({*sender, receiver_index(datagram)});
    if (owner == owners_.end()) return;  // for the node that lives here
    if (datagram.size() > session::PathCheck::kDatagramBytes)
      house_.findings.add(Rule::kSafety, now, *sender,
                          "sent " + std::to_string(datagram.size()) + " bytes to where only copies come from");
    else if (is_answered_for(owner->second))
      forge(house_.host, from, owner->second, datagram);
  }

 private:
  static bool is_victim(HostId host) { return host % 2 == 1; }
  // The others are not brought what asks for a proof of the address, nor the answers to their own questions.
  static bool is_answered_for(HostId host) { return host % 4 == 1; }

  void act(Instant /*now*/) override {}

  std::map<std::pair<HostId, std::uint32_t>, HostId> owners_;  // by sender and index
};

}  // namespace

std::unique_ptr<Mischief> make_copier(const Mischief::House& house, std::unique_ptr<Rng> /*rng*/) {
  return std::make_unique<Copier>(house);
}

}  // namespace spate::sim
