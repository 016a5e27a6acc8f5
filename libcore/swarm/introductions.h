// Whom we name to those that look for parents.
#pragma once

#include <optional>

#include "libcore/session/endpoint.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/own_status.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/record_check.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

class Introductions {
 public:
  static constexpr std::size_t kNamed = 16;  // at most, in as many messages as it takes
  static constexpr Duration kRecordSpacing = std::chrono::seconds(2);
  using Named = InlineVector<wire::PeerRecord, kNamed>;
  // A wire::PeerRecord without the record.
  struct Word {
    std::uint16_t free_slots = 0;
    std::uint32_t lag_us = 0;
    StripeMask home = 0;
    std::uint16_t round_trip_ms = wire::PeerRecord::kRoundTripUnknown;
  };

  struct House {
    const session::Endpoint& endpoint;
    Peers& peers;
    const Children& children;
    const OwnStatus& own;
    RecordCheck& records;
  };

  // `asks`: we ask peers for their status, as a member does. A publisher asks nobody, and knows its children only.
  Introductions(bool asks, const House& house) : asks_(asks), house_(house) {}

  // A peer has handed us its record, to be passed on. What does not say where we see it is not kept, nor what is no
  // younger than what there is, nor more often than each kRecordSpacing: each may have to be checked.
  void on_record(Peer& peer, const wire::Record& record, Instant now) const;

  // Those of our peers who may serve the asker: with free slots first, then our children before others, then who claims
  // to pass on little before who claims to pass on much, then the nearest to the publisher, but none nearer than its
  // round trip lets it be; one for each stripe that the asker wants before there is a second for any. For claims cost
  // nothing: whoever claims room for everything, at once, is named for what nobody else gives. Where not all are named,
  // the last place is for whoever has from us, and gives, most of what those before it leave open: else a relay were
  // behind more hosts of one stripe each than are named.
  //
  // Nobody is named without a record of its own that is young, says where the session has it, and has been checked.
  Named for_asker(const Peer& asker, StripeMask wanted, Instant now) const;
  // The record of that peer, if it can be named.
  std::optional<wire::Record> record_of(Peer& peer, Instant now) const;
  // By its own word it has no slots: it is named to nobody, nor told to meet anybody.
  bool serves_nobody(const Peer& peer) const;

 private:
  // The same, but for the check.
  bool has_record(const Peer& peer, Instant now) const;
  std::optional<Word> told_of(const Peer& peer, Instant now) const;

  const bool asks_;
  House house_;
};

}  // namespace spate::swarm
