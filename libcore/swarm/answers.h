// Answering those that ask: how we are, whom we know, whether they may have stripes from us, and who is to meet whom.
//
// An answer is far larger than its question: nobody gets two within kInterval, and all answers together have a budget
// of the upload. Whoever comes to know the swarm through us has one apart from those that know others.
#pragma once

#include "libcore/base/token_bucket.h"
#include "libcore/session/endpoint.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/introductions.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/own_status.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/publisher.h"

namespace spate::swarm {

class Answers {
 public:
  struct House {
    const session::Endpoint& endpoint;
    const stream::Store& store;
    Outbox& outbox;
    Peers& peers;
    Children& children;
    TokenBucket& upload;
    const OwnStatus& own;
    const Introductions& introductions;
    const Publisher* publisher;  // nullptr: a member
  };

  explicit Answers(const House& house);

  void on_inquiry(Peer& peer, StripeMask wanted, Instant now);
  void on_subscribe(Peer& peer, const wire::Subscribe& subscribe, Instant now);
  // Two peers of ours want to meet, and one may be behind a NAT box: it learns who wants to reach it.
  void on_rendezvous(Peer& asker, const crypto::NodeKey& key, Instant now);
  // Whom a new child has displaced, or whom we cannot serve any more, learns it.
  void tell_displaced(Instant now);

 private:
  void refuse(Peer& peer, const wire::Subscribe& subscribe, wire::SubscribeCode code, Instant now);
  std::uint64_t first_for(const wire::Subscribe& subscribe) const;

  House house_;
  TokenBucket newcomers_left_;
  TokenBucket others_left_;
};

}  // namespace spate::swarm
