#include "libcore/swarm/candidates.h"

#include <algorithm>
#include <utility>

namespace spate::swarm {
namespace {
constexpr Duration kBackoff = std::chrono::milliseconds(250);  // doubled with each failure, to 4 s
}

void Candidates::add_pinned(const Host& host) { candidates_.push_back({host.key, host.address, true}); }

void Candidates::hear(Candidate& candidate, const wire::PeerRecord& record, session::SessionId introducer,
                      Duration round_trip) {
  candidate.free_slots = record.free_slots;
  candidate.lag_us = record.lag_us;
  candidate.home = record.home;
  candidate.introducer = introducer;
  if (!candidate.measured) candidate.round_trip = std::min(candidate.round_trip, round_trip);
}

bool Candidates::update(const wire::PeerRecord& record, session::SessionId introducer, Instant now,
                        Duration round_trip) {
  const auto known = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const Candidate& c) { return c.identity == record.record.key; });
  if (known == candidates_.end() || now >= known->expires) return false;
  const auto younger = static_cast<std::int32_t>(record.record.made - known->made);
  const bool same = known->pinned || known->address == record.record.address;
  if (younger > (same ? static_cast<std::int32_t>(kNewerSeconds) : 0)) return false;
  hear(*known, record, introducer, round_trip);
  return true;
}

void Candidates::add_hearsay(const wire::PeerRecord& record, const crypto::NodeKey& node, session::SessionId introducer,
                             Duration life, Instant now, Duration round_trip) {
  std::erase_if(candidates_, [&](const Candidate& c) { return now >= c.expires; });
  const auto known =
      std::find_if(candidates_.begin(), candidates_.end(), [&](const Candidate& c) { return c.key == node; });
  if (known != candidates_.end()) {
    hear(*known, record, introducer, round_trip);
    known->identity = record.record.key;
    known->made = record.record.made;
    if (known->pinned) return;
    if (std::exchange(known->address, record.record.address) != record.record.address) known->failures = 0;
    known->expires = now + life;
    return;
  }
  Candidate fresh{node, record.record.address, false, record.record.key, record.record.made, now + life};
  hear(fresh, record, introducer, round_trip);
  if (candidates_.size() < kMax) {
    candidates_.push_back(fresh);
    return;
  }
  const auto worst = std::max_element(candidates_.begin(), candidates_.end(), [](const auto& a, const auto& b) {
    if (a.pinned != b.pinned) return a.pinned;  // the link's hosts are kept
    return better(a, b);
  });
  if (!worst->pinned && better(fresh, *worst)) *worst = fresh;
}

void Candidates::on_parted(const crypto::NodeKey& key, Duration round_trip, Instant now) {
  for (Candidate& c : candidates_) {
    if (c.key != key) continue;
    if (round_trip != Duration::max()) c.round_trip = round_trip;
    c.measured = round_trip != Duration::max();
    c.not_before = now + (c.pinned ? kPartedPinned : kParted);
  }
}

void Candidates::on_failure(const crypto::NodeKey& key, Instant now) {
  // A host may have several addresses: the one that was tried is the first that was not being avoided.
  auto it = std::find_if(candidates_.begin(), candidates_.end(),
                         [&](const auto& c) { return c.key == key && c.not_before <= now; });
  if (it == candidates_.end())
    it = std::find_if(candidates_.begin(), candidates_.end(), [&](const auto& c) { return c.key == key; });
  if (it == candidates_.end()) return;
  ++it->failures;
  if (!it->pinned && it->failures >= kHearsayTries) {
    candidates_.erase(it);
    return;
  }
  it->not_before = std::max(it->not_before, now + kBackoff * (1 << std::min(it->failures - 1, 4u)));
}

void Candidates::on_success(const crypto::NodeKey& key) {
  for (Candidate& c : candidates_)
    if (c.key == key) c.failures = 0;
}

bool Candidates::has_other_address(const Candidate& candidate) const {
  return std::any_of(candidates_.begin(), candidates_.end(),
                     [&](const Candidate& c) { return c.key == candidate.key && c.address != candidate.address; });
}

bool Candidates::failed(const crypto::NodeKey& key) const {
  return std::any_of(candidates_.begin(), candidates_.end(),
                     [&](const Candidate& c) { return c.key == key && c.failures > 0; });
}

const Candidate* Candidates::find(const crypto::NodeKey& key) const {
  for (const Candidate& c : candidates_)
    if (c.key == key) return &c;
  return nullptr;
}

const Candidate* Candidates::find(const crypto::IdentityKey& key) const {
  for (const Candidate& c : candidates_)
    if (c.identity == key) return &c;
  return nullptr;
}

bool Candidates::better(const Candidate& a, const Candidate& b) {
  if (a.pinned != b.pinned) return a.pinned;
  if ((a.free_slots > 0) != (b.free_slots > 0)) return a.free_slots > 0;
  return a.lag_us < b.lag_us;
}

}  // namespace spate::swarm
