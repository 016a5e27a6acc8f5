// Where else the stream may be had: addresses from the link (pinned) and from what peers told us (hearsay).
//
// At most kMax of them. Hearsay is dropped after kHearsayTries failures, or when the record that says where it is has
// become too old; the link's hosts are tried for ever, more and more slowly.
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
  std::optional<crypto::IdentityKey> identity = {};  // nobody has told us of this host of the link
  std::uint32_t made = 0;                            // the record that says where it is
  Instant expires = kNever;                          // that is too old then
  std::uint16_t free_slots = 0;                      // as told
  std::uint32_t lag_us = 0;
  StripeMask home = 0;
  std::optional<session::SessionId> introducer = {};  // who told us of it last
  Duration round_trip = Duration::max();              // measured, or at most this, as a rule; max(): nothing is known
  bool measured = false;
  unsigned failures = 0;
  Instant not_before{};

  bool may_be_called(Instant now) const { return not_before <= now && now < expires; }
};

class Candidates {
 public:
  static constexpr std::size_t kMax = 128;
  static constexpr unsigned kHearsayTries = 3;
  static constexpr Duration kParted = std::chrono::minutes(5);
  static constexpr Duration kPartedPinned = std::chrono::seconds(10);
  // A record that says the same as one known is a newer word only if it is so much younger.
  static constexpr std::uint32_t kNewerSeconds = 60;

  void add_pinned(const Host& host);
  // Takes what is told of a peer that is known, if its record says nothing that the one which is known does not.
  // False: the record must be checked. `round_trip`: from us through the introducer.
  bool update(const wire::PeerRecord& record, session::SessionId introducer, Instant now,
              Duration round_trip = Duration::max());
  // Its record is right: its own word, of that node, good for `life` from now. The newest word holds, but for where a
  // host of the link is.
  void add_hearsay(const wire::PeerRecord& record, const crypto::NodeKey& node, session::SessionId introducer,
                   Duration life, Instant now, Duration round_trip = Duration::max());
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
      if (c.may_be_called(now) && wanted(c) && (found == nullptr || better(c, *found))) found = &c;
    return found;
  }
  // The nearest of them, among those that anything is known of.
  template <typename Predicate>
  const Candidate* nearest(Instant now, Predicate wanted) const {
    const Candidate* found = nullptr;
    for (const Candidate& c : candidates_)
      if (c.may_be_called(now) && c.round_trip != Duration::max() && wanted(c) &&
          (found == nullptr || c.round_trip < found->round_trip))
        found = &c;
    return found;
  }
  // The same host may be reached elsewhere, too.
  bool has_other_address(const Candidate& candidate) const;
  // In vain at one of its addresses, since it last answered.
  bool failed(const crypto::NodeKey& key) const;
  const Candidate* find(const crypto::NodeKey& key) const;
  const Candidate* find(const crypto::IdentityKey& key) const;
  bool pinned(const crypto::NodeKey& key) const {
    const Candidate* const candidate = find(key);
    return candidate != nullptr && candidate->pinned;
  }
  const std::vector<Candidate>& all() const { return candidates_; }

 private:
  static bool better(const Candidate& a, const Candidate& b);
  static void hear(Candidate& candidate, const wire::PeerRecord& record, session::SessionId introducer,
                   Duration round_trip);

  std::vector<Candidate> candidates_;
};

}  // namespace spate::swarm
