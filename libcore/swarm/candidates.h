// Where else the stream may be had: addresses from the link (pinned) and from what peers told us (hearsay).
//
// At most kMax of them. Hearsay is dropped after kHearsayTries failures; the link's hosts are tried for ever, more
// and more slowly.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/session/endpoint.h"
#include "libcore/swarm/config.h"
#include "libcore/swarm/stripes.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

struct Candidate {
  crypto::NodeKey key;
  Address address;
  bool pinned = false;
  std::uint16_t free_slots = 0;  // as told
  std::uint32_t lag_us = 0;
  StripeMask home = 0;
  std::optional<session::SessionId> introducer = {};  // who told us of it last
  Duration round_trip = Duration::max();              // measured, or at most this, as a rule; max(): nothing is known
  bool measured = false;
  unsigned failures = 0;
  Instant not_before{};
};

class Candidates {
 public:
  static constexpr std::size_t kMax = 128;
  static constexpr unsigned kHearsayTries = 3;
  static constexpr Duration kParted = std::chrono::minutes(5);
  static constexpr Duration kPartedPinned = std::chrono::seconds(10);

  void add_pinned(const Host& host);
  // `round_trip`: from us through the introducer.
  void add_hearsay(const wire::PeerRecord& record, session::SessionId introducer,
                   Duration round_trip = Duration::max());
  // There was a session with it, and one of us had enough: it is not called for kParted, or kPartedPinned.
  void on_parted(const crypto::NodeKey& key, Duration round_trip, Instant now);
  void on_failure(const crypto::NodeKey& key, Instant now);
  void on_success(const crypto::NodeKey& key);

  // The best one to dial now for which wanted() holds: the link's hosts, then those with free slots, then the least
  // lag.
  template <typename Predicate>
  const Candidate* best(Instant now, Predicate wanted) const {
    const Candidate* found = nullptr;
    for (const Candidate& c : candidates_)
      if (c.not_before <= now && wanted(c) && (found == nullptr || better(c, *found))) found = &c;
    return found;
  }
  // The nearest of them, among those that anything is known of.
  template <typename Predicate>
  const Candidate* nearest(Instant now, Predicate wanted) const {
    const Candidate* found = nullptr;
    for (const Candidate& c : candidates_)
      if (c.not_before <= now && c.round_trip != Duration::max() && wanted(c) &&
          (found == nullptr || c.round_trip < found->round_trip))
        found = &c;
    return found;
  }
  // The same host may be reached elsewhere, too.
  bool has_other_address(const Candidate& candidate) const;
  // In vain at one of its addresses, since it last answered.
  bool failed(const crypto::NodeKey& key) const;
  const Candidate* find(const crypto::NodeKey& key) const;
  bool pinned(const crypto::NodeKey& key) const {
    const Candidate* const candidate = find(key);
    return candidate != nullptr && candidate->pinned;
  }
  const std::vector<Candidate>& all() const { return candidates_; }

 private:
  static bool better(const Candidate& a, const Candidate& b);

  std::vector<Candidate> candidates_;
};

}  // namespace spate::swarm
