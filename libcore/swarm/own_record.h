// Our own record: where we are, as our peers see it, signed for them to pass on.
//
// Nobody knows its address by itself: whoever speaks to us is told where we see it (wire::Seen), at once and whenever
// it has moved, and again, less and less often, as long as it hands us no record of that. An address is believed if a
// host of the link says so, the port apart; peers of kNetworks networks are believed as long as no host of the link
// says otherwise, of an address of that kind (IPv4 or IPv6, public or private). So whoever wants us to sign where
// somebody else is must be in the link, or be several where no host of the link speaks to us.
//
// Each peer gets our record for where that peer itself sees us: at no other address would it name us. It gets one at
// once when it has told us, another every kEvery, and when it tells us again, but not more often than kAsked.
// Signatures are made as often as somebody is due and what there is for that address is older than kFresh.
#pragma once

#include "libcore/base/inline_vector.h"
#include "libcore/session/endpoint.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/own_status.h"
#include "libcore/swarm/peers.h"

namespace spate::swarm {

class OwnRecord {
 public:
  static constexpr std::size_t kNetworks = 3;
  static constexpr Duration kEvery = std::chrono::minutes(2);
  static constexpr Duration kAsked = std::chrono::seconds(5);
  static constexpr Duration kFresh = std::chrono::seconds(30);

  struct House {
    const session::Endpoint& endpoint;
    Outbox& outbox;
    const Peers& peers;
    const Children& children;
    const OwnStatus& own;
    const crypto::Suite& suite;
    const crypto::Identity& self;
  };

  // `named`: we want to be; else nobody gets a record of us. Nor does anybody as long as we have no slots.
  OwnRecord(bool named, const crypto::StreamKey& stream, const House& house)
      : named_(named), stream_(stream), house_(house) {}

  // It has said something of the stream: it is told where we see it, and gets our record, if it is due.
  void on_spoken(Peer& peer, Instant now);
  void on_seen(Peer& peer, const Address& address, Instant now);

 private:
  static constexpr Duration kTellMin = std::chrono::seconds(1);
  static constexpr Duration kTellMax = std::chrono::minutes(1);
  static constexpr Duration kAgain = std::chrono::seconds(1);  // an address that is not believed may be by then
  static constexpr std::size_t kAddresses = 4;

  void hand(Peer& peer, Instant now);
  bool believed(const Address& address) const;
  const wire::Record& record_for(const Address& address, std::uint32_t seconds);

  const bool named_;
  const crypto::StreamKey stream_;
  House house_;
  InlineVector<wire::Record, kAddresses> made_;  // by address
};

}  // namespace spate::swarm
