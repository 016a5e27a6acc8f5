#include <map>
#include <optional>
#include <string>

#include "libcore/session/handshake.h"
#include "libcore/sim/mischief/mischief.h"
#include "libcore/sim/misnaming.h"
#include "libcore/swarm/record_check.h"

namespace spate::sim {
namespace {

constexpr Duration kLate = std::chrono::seconds(10);  // a call goes on for a while

// The lies are told by its node (misnaming.h). This one sees whether anybody calls where these lead.
class Misnamer final : public Mischief {
 public:
  explicit Misnamer(const House& house) : Mischief(house) {}

  void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) override {
    heard_[from] = now;
    if (datagram.size() != session::kInitiationBytes || datagram[0] != session::kInitiationType) return;
    if (Misnaming::is_invented(to))
      house_.findings.add(Rule::kSafety, now, from, "calls where nobody is but by a misnamer's word");
    const std::optional<HostId> called = house_.network.host_of(to);
    const auto heard = called ? heard_.find(*called) : heard_.end();
    if (heard == heard_.end() || house_.network.present(*called)) return;
    if (now - heard->second > swarm::RecordCheck::kAgeMax + kLate)
      house_.findings.add(Rule::kSafety, now, from, "calls host " + std::to_string(*called) + ", which left long ago");
  }

 private:
  void act(Instant /*now*/) override {}

  std::map<HostId, Instant> heard_;  // when each was last heard
};

}  // namespace

std::unique_ptr<Mischief> make_misnamer(const Mischief::House& house, std::unique_ptr<Rng> /*rng*/) {
  return std::make_unique<Misnamer>(house);
}

}  // namespace spate::sim
