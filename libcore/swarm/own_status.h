// What we say of ourselves: whether we have the stream and how late it is, what room there is, and which way it comes.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/swarm/children.h"
#include "libcore/swarm/member.h"
#include "libcore/swarm/publisher.h"
#include "libcore/swarm/reception.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

class OwnStatus {
 public:
  struct House {
    const Children& children;
    const Publisher* publisher;  // or, of a member:
    const Reception* reception;
    const Member* member;
  };

  OwnStatus(wire::Role role, const House& house) : role_(role), house_(house) {}

  bool has_stream() const { return house_.publisher != nullptr || house_.member->receiving(); }
  std::optional<std::uint64_t> media_now(Instant now) const;
  // The publisher's clock as wire::stream_seconds(), by its signed word. Nothing as long as none has come.
  std::optional<std::uint32_t> stream_seconds(Instant now) const;
  // The publisher's word; nullptr if none has come.
  const wire::StreamInfoFrame* info_frame() const;

  wire::Status status(Instant now) const;
  // With the ways of the stripes that the child has from us.
  wire::Status status_for(session::SessionId child, Instant now) const;
  // To who asks: only what he could have without a loop is open to him.
  wire::Status answer_to(const Peer& asker, Instant now) const;
  // Of what a peer asks for, what it may have without having it from itself.
  StripeMask allowed(const Peer& peer, StripeMask asked) const;

 private:
  void add_stripes(wire::Status& status, Instant now) const;

  const wire::Role role_;
  House house_;
};

}  // namespace spate::swarm
