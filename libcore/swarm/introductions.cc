#include "libcore/swarm/introductions.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace spate::swarm {
namespace {

constexpr std::size_t kLooks = 64;        // at peers, for one answer
constexpr std::size_t kManyChildren = 8;  // who has more is asked by many
constexpr std::size_t kPeersOfMany = 6;

}  // namespace

std::optional<wire::PeerRecord> Introductions::record_of(const Peer& peer) const {
  if (!endpoint_.established(peer.session)) return std::nullopt;
  wire::PeerRecord record{peer.key, endpoint_.address(peer.session), 0, 0, 0};
  if (const wire::Report* const report = children_.report_of(peer.session)) {
    record.free_slots = report->free_slots;
    record.lag_us = report->lag_us;
    record.home = children_.passed_on_by(peer.session);
    return report->slots > 0 ? std::optional(record) : std::nullopt;
  }
  if (!peer.status || !peer.status->receiving || peer.status->slots == 0) return std::nullopt;
  record.free_slots = peer.status->free_slots;
  record.lag_us = peer.status->lag_us;
  record.home = peer.status->home;
  return record;
}

wire::Peers Introductions::for_asker(const Peer& asker, StripeMask wanted) const {
  std::vector<wire::PeerRecord> records;
  const auto add = [&](const Peer& peer) {
    if (peer.session == asker.session) return;
    if (const auto record = record_of(peer)) records.push_back(*record);
  };
  const auto& all = peers_.all();
  children_.for_each([&](session::SessionId child) {
    if (const auto it = all.find(child); it != all.end()) add(it->second);
  });
  // Of many peers those that follow the asker's session: each asker is told of others.
  auto it = all.upper_bound(asker.session);
  for (std::size_t looks = asks_ ? std::min(all.size(), kLooks) : 0; looks > 0; --looks, ++it) {
    if (it == all.end()) it = all.begin();
    if (!children_.has(it->first)) add(it->second);
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    if ((a.free_slots > 0) != (b.free_slots > 0)) return a.free_slots > 0;
    return std::tie(a.lag_us, a.key) < std::tie(b.lag_us, b.key);
  });
  wire::Peers peers;
  StripeMask open = wanted;
  const auto useful = [&](const wire::PeerRecord& r) { return r.free_slots > 0 && (r.home & open) != 0; };
  std::stable_partition(records.begin(), records.end(), [&](const wire::PeerRecord& r) {
    if (!useful(r)) return false;
    open &= ~r.home;
    return true;
  });
  const std::size_t most = children_.size() > kManyChildren ? kPeersOfMany : wire::kPeersMax;
  for (const wire::PeerRecord& record : records)
    if (peers.peers.size() < most) peers.peers.push_back(record);
  return peers;
}

}  // namespace spate::swarm
