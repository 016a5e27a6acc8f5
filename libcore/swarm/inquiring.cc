#include "libcore/swarm/inquiring.h"

#include <algorithm>

#include "libcore/swarm/children/standing.h"

namespace spate::swarm {
namespace {

constexpr Duration kStatusFresh = std::chrono::milliseconds(250);
constexpr Duration kStatusStale = std::chrono::seconds(2);  // in vain
constexpr std::size_t kFewPeers = 4;
constexpr Duration kPinnedRepeat = std::chrono::seconds(5);
constexpr Duration kPinnedRepeatFew = std::chrono::milliseconds(250);
constexpr std::size_t kInVainInquiries = 3;  // a time, then
constexpr Duration kSeekIntervalInVain = std::chrono::milliseconds(200);
constexpr Duration kSeekIntervalLeaf = std::chrono::milliseconds(800);
constexpr Duration kRepeat = std::chrono::milliseconds(100);
constexpr Duration kPatience = std::chrono::milliseconds(1'500);

}  // namespace

std::vector<session::SessionId> Inquiring::ask(StripeMask lacking, Instant now) {
  const bool in_vain = house_.attachment.ever() && house_.wants.in_vain(lacking, now);
  const Duration fresh_for = in_vain ? kStatusStale : kStatusFresh;
  // Who passes on little waits longer for what there is too little of.
  const bool gives = contributes(house_.children.slots(), house_.reception.striping());
  if (in_vain) house_.wants.seek_at(now + (gives ? kSeekIntervalInVain : kSeekIntervalLeaf));
  std::size_t left = in_vain ? kInVainInquiries : house_.peers.all().size();
  std::vector<session::SessionId> mute;
  for (const auto& [session, peer] : house_.peers.all()) {
    if (left == 0) break;
    const Instant heard = house_.endpoint.last_received(session);
    if (peer.asked_since > heard && now - peer.asked_since > kPatience) {
      mute.push_back(session);
      continue;
    }
    const bool fresh = peer.status && now - peer.status_at < fresh_for;
    const Duration timeout = std::max(kRepeat, peer.rtt.known() ? peer.rtt.timeout() : kRepeat);
    const Duration spared = house_.peers.all().size() > kFewPeers ? kPinnedRepeat : kPinnedRepeatFew;
    const Duration repeat = peer.pinned ? std::max(timeout, spared) : timeout;
    if (fresh || now - peer.inquired_at < repeat) continue;
    if (peer.asked_since <= heard) peer.asked_since = now;
    // One is asked for others; the first time, everybody is.
    const bool names = !peer.status || now - named_at_ >= (in_vain ? kStatusStale : kRepeat);
    if (names) named_at_ = now;
    house_.peers.inquire(peer, names ? lacking : 0, now);
    --left;
  }
  return mute;
}

bool Inquiring::waiting(Instant now) const {
  return std::any_of(house_.peers.all().begin(), house_.peers.all().end(), [&](const auto& entry) {
    return !entry.second.status && now - entry.second.inquired_at < kRepeat;
  });
}

}  // namespace spate::swarm
