#include "libcore/swarm/dials.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kHope = std::chrono::milliseconds(300);
constexpr Duration kOtherAddress = std::chrono::milliseconds(750);  // then the host's next address is tried
constexpr Duration kPinnedGiveUp = std::chrono::seconds(10);
constexpr Duration kHearsayGiveUp = std::chrono::seconds(2);

}  // namespace

bool Dials::hopeful(Instant now) const {
  return std::any_of(dials_.begin(), dials_.end(), [&](const auto& d) { return now - d.second.since < kHope; });
}

bool Dials::worth(const Candidate& candidate) const {
  const bool enough = house_.peers.all().size() + dials_.size() >= kPeersKept;
  if (!candidate.pinned && enough) return false;
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
  const bool alone = !house_.candidates.has_other_address(candidate);
  const Duration give_up = !alone ? kOtherAddress : candidate.pinned ? kPinnedGiveUp : kHearsayGiveUp;
  if (candidate.introducer && house_.endpoint.established(*candidate.introducer))
    house_.outbox.send(*candidate.introducer, wire::Rendezvous{key});
  const auto session = house_.endpoint.connect(house_.service, candidate.address, key, give_up, now);
  if (session && house_.endpoint.established(*session)) return;  // we are about to part from it
  if (session)
    dials_[*session] = {key, now};
  else
    house_.candidates.on_failure(key, now);
}

}  // namespace spate::swarm
