#include "libcore/swarm/dials.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kHope = std::chrono::milliseconds(300);
constexpr Duration kOtherAddress = std::chrono::milliseconds(750);  // then the host's next address is tried
// Each of them once over UDP alone; after that so long, and TCP joins earlier.
constexpr Duration kOtherAddressAgain = std::chrono::milliseconds(1'500);
constexpr Duration kTcpAgain = std::chrono::milliseconds(250);
constexpr Duration kPinnedGiveUp = std::chrono::seconds(10);
constexpr Duration kHearsayGiveUp = std::chrono::seconds(2);

}  // namespace

bool Dials::hopeful(Instant now) const {
  return std::any_of(dials_.begin(), dials_.end(), [&](const auto& d) { return now - d.second.since < kHope; });
}

bool Dials::worth(const Candidate& candidate) const {
  const bool enough = house_.peers.all().size() + dials_.size() >= kPeersKept;
  if (!candidate.pinned && (enough || house_.peers.over_tcp_only())) return false;
  return !house_.peers.has_key(candidate.key) &&
         std::none_of(dials_.begin(), dials_.end(), [&](const auto& d) { return d.second.key == candidate.key; });
}

void Dials::dial_for(StripeMask stripes, std::size_t most, Instant now) {
  while (dials_.size() < most) {
    // Those without a free slot are asked last: they name those that have one.
    const Candidate* candidate = house_.candidates.best(now, [&](const Candidate& c) {
      return (c.pinned || ((c.home & stripes) != 0 && c.free_slots > 0)) && worth(c);
    });
    if (candidate == nullptr) candidate = house_.candidates.best(now, [&](const Candidate& c) { return worth(c); });
    if (candidate == nullptr) return;
    dial(*candidate, now);
  }
}

// It may be behind a NAT box, which whoever told us of it can ask it to open.
void Dials::dial(const Candidate& candidate, Instant now) {
  const crypto::NodeKey key = candidate.key;
  if (candidate.introducer && house_.endpoint.established(*candidate.introducer))
    house_.outbox.send(*candidate.introducer, wire::Rendezvous{key});
  const auto session =
      house_.endpoint.connect(house_.service, candidate.address, key, give_up(candidate), now, tcp_after(candidate));
  if (session && house_.endpoint.established(*session)) return;  // we are about to part from it
  if (session)
    dials_[*session] = {key, now};
  else
    house_.candidates.on_failure(key, now);
}

Duration Dials::give_up(const Candidate& candidate) const {
  if (!house_.candidates.has_other_address(candidate)) return candidate.pinned ? kPinnedGiveUp : kHearsayGiveUp;
  return tcp_ && house_.candidates.failed(candidate.key) ? kOtherAddressAgain : kOtherAddress;
}

std::optional<Duration> Dials::tcp_after(const Candidate& candidate) const {
  if (!tcp_ || !candidate.pinned) return std::nullopt;
  if (hurry_tcp_) return Duration::zero();
  const bool again = house_.candidates.has_other_address(candidate) && house_.candidates.failed(candidate.key);
  return again ? kTcpAgain : session::Endpoint::kTcpAfter;
}

}  // namespace spate::swarm
