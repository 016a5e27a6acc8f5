// The peers of one stream that we have a session with, and what we know of each: round trip, clock, status.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/base/token_bucket.h"
#include "libcore/session/clock_sync.h"
#include "libcore/session/endpoint.h"
#include "libcore/session/rtt.h"
#include "libcore/session/session_map.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/stripes.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

// How often what a peer is asked for comes from it: falls by an eighth with each shard that it is asked for, and rises
// by a quarter of what is left with each that comes. Who always has it stands at kAlways, who never has it at 0.
class Answering {
 public:
  static constexpr unsigned kAlways = 170;  // where a rise makes good a fall: s / 8 = (256 - s) / 4

  void on_asked(unsigned shards) {
    for (; shards > 0 && share_ >= 8; --shards) share_ -= share_ / 8;
  }
  void on_answered() { share_ += (256 - share_) / 4; }
  // In thousandths of all that it is asked for.
  unsigned in_vain_permille() const { return 1'000 - 1'000 * std::min(share_, kAlways) / kAlways; }

 private:
  unsigned share_ = kAlways;
};

struct Peer {
  static constexpr std::uint64_t kIntroductionsPerSecond = 20;
  static constexpr std::uint64_t kIntroductionsBurst = 16;

  // spate-probe sends one every 20 ms.
  static constexpr std::uint64_t kPingsPerSecond = 100;
  static constexpr std::uint64_t kPingsBurst = 100;

  static constexpr std::uint64_t kSubscribesPerSecond = 20;
  static constexpr std::uint64_t kSubscribesBurst = 64;
  // Of the past it is sent so much: the whole stream of 20 s at once, and then an eighth of it, in milliseconds of one
  // stripe of 17.
  static constexpr std::uint64_t kPastBurst = 17 * 20'000;
  static constexpr std::uint64_t kPastPerSecond = 17 * 125;

  // Of others it may name so many that are news.
  static constexpr std::uint64_t kRecordsPerSecond = 4;
  static constexpr std::uint64_t kRecordsBurst = 48;
  // Of what it lacks it may ask for as much as the stream has shards, and at least so much.
  static constexpr std::uint64_t kRepairsPerSecond = 50;
  static constexpr std::uint64_t kRepairsBurst = 512;
  static constexpr Duration kQueueing = std::chrono::milliseconds(30);

  // What every frame needs comes first, then what is asked of many peers at a time: few of them are in the cache.
  session::SessionId session;
  Instant sends_until{};  // it may send us shards: it is a parent, or was one a moment ago
  session::RttEstimator rtt;
  Answering answering;  // when it is asked for what is missing
  wire::ShortId short_id = 0;
  bool pinned = false;  // the link names it
  bool parted = false;  // we were too many for it: it is asked nothing more
  // The least time until a ping was answered, held back or not: by this nobody can seem nearer than it is.
  Duration distance = Duration::max();
  Instant status_at{};
  Instant inquired_at{};
  Instant asked_since{};               // the first inquiry that nothing was heard after
  Instant useless_until{};             // as a parent it lived, and sent nothing
  std::vector<Instant> refused_until;  // by stripe: it would not give us that one
  std::optional<wire::Status> status;  // its last word
  std::optional<wire::Record> record;  // its newest of where it is
  crypto::NodeKey key;
  session::ClockSync clock;  // the publisher's clock, as told by this peer
  Instant met{};             // the session's beginning
  Instant pinged_at{};
  Instant pinged_first{};  // since it was heard last
  Instant answered_at{};   // when it was last told our status and peers
  Address told_address;    // at which it was told that we see it
  Instant tell_next{};     // not again before, and the while after that
  Duration tell_wait{};
  std::optional<Address> sees_us_at;  // by its word
  std::optional<Instant> handed_at;   // our record
  Instant hand_next{};                // not before
  Instant record_next{};              // another is not taken before
  bool record_right = false;          // it was checked
  bool record_forged = false;         // it handed one that was not its own, and none is taken any more
  TokenBucket introductions{kIntroductionsPerSecond, kIntroductionsBurst};  // that it may still ask of us
  // Others may ask to meet it: one alone cannot take what is left for the rest.
  TokenBucket introduced{4 * kIntroductionsPerSecond, 4 * kIntroductionsBurst};
  TokenBucket subscribes{kSubscribesPerSecond,
                         kSubscribesBurst};         // that it may still send, reports of no child among them
  TokenBucket pings{kPingsPerSecond, kPingsBurst};  // that it may still have answered
  // Not the child's: it could subscribe anew to have them full again.
  TokenBucket past{kPastPerSecond, kPastBurst};
  TokenBucket repairs{kRepairsPerSecond, kRepairsBurst};
  TokenBucket records{kRecordsPerSecond, kRecordsBurst};  // of others that it names, to be checked

  // Answers stand in a queue on their way: a late one is no lost one.
  bool queues() const { return rtt.known() && rtt.smoothed() > rtt.minimum() * 3 / 2 + kQueueing; }

  // The publisher or a relay: by its own word, which only the link makes worth something.
  bool says_publisher() const { return status && status->role == wire::Role::kPublisher; }
  bool surely_publisher() const { return pinned && says_publisher(); }
  bool surely_serves() const { return pinned && status && status->role != wire::Role::kWatcher; }

  void refuse(StripeMask stripes, Instant until) {
    if (stripes != 0) refused_until.resize(std::max<std::size_t>(refused_until.size(), std::bit_width(stripes)));
    for_each_stripe(stripes, [&](unsigned s) { refused_until[s] = std::max(refused_until[s], until); });
  }
  bool refuses(unsigned stripe, Instant now) const {
    return stripe < refused_until.size() && refused_until[stripe] > now;
  }
};

class Peers {
 public:
  static constexpr Duration kPingAgain = std::chrono::milliseconds(500);

  // `relay_only`: nobody but the link's hosts is to be met.
  Peers(session::Endpoint& endpoint, Outbox& outbox, bool relay_only = false)
      : endpoint_(endpoint), outbox_(outbox), relay_only_(relay_only) {}

  Peer& add(session::SessionId session, Instant now);
  void remove(session::SessionId session);
  Peer* find(session::SessionId session);
  // By its node key; looks at all of them.
  Peer* find_key(const crypto::NodeKey& key);
  const Peer* find_key(const crypto::NodeKey& key) const;
  bool over_tcp(session::SessionId session) const { return endpoint_.over_tcp(session); }
  // Of what is sent there, in front of each datagram; 0 if there is no session.
  std::uint64_t header_bytes(session::SessionId session) const {
    return endpoint_.established(session) ? spate::header_bytes(endpoint_.address(session)) : 0;
  }
  // There are some, and none over UDP: nobody can reach us, and we reach nobody but the link's hosts.
  bool over_tcp_only() const;
  // Nobody else is to be had, by our choice or not.
  bool hosts_only() const { return relay_only_ || over_tcp_only(); }
  bool has_key(const crypto::NodeKey& key) const { return find_key(key) != nullptr; }
  // In the order of session ids.
  session::SessionMap<Peer>& all() { return peers_; }
  const session::SessionMap<Peer>& all() const { return peers_; }

  Instant heard(session::SessionId session) const { return endpoint_.heard(session); }  // as Endpoint says
  // What does not come from it in time is most likely lost: its path loses much, and not because of a queue that is
  // full.
  bool loses(const Peer& peer) const { return endpoint_.loses_much(peer.session) && !peer.queues(); }
  void ping(Peer& peer, Instant now);
  // Nothing has been heard of it for longer than an answer takes. By the first ping that was not answered: who is
  // suspect is pinged often.
  bool mute(const Peer& peer, Instant now) const {
    return heard(peer.session) < peer.pinged_first && now - peer.pinged_first > peer.rtt.timeout();
  }
  // How is it, and whom does it know for those stripes? With a ping, unless there was one less than kPingAgain ago.
  void inquire(Peer& peer, StripeMask wanted, Instant now);
  void on_pong(Peer& peer, const wire::Pong& pong, Instant now);
  // May that peer's word make us send to that address (may_be_told)? What may not is counted.
  bool may_tell(session::SessionId from, const Address& address);
  std::uint64_t refused_addresses() const { return refused_addresses_; }

 private:
  struct Outstanding {
    std::uint32_t id = 0;
    Instant sent{};
    session::SessionId peer;
  };

  // A ping younger than this gives way to no newer one, as long as there is room for kOutstandingMax.
  static constexpr Duration kAnswerable = std::chrono::seconds(5);
  static constexpr std::size_t kOutstandingMax = 256;

  Outstanding& outstanding(std::uint32_t id) { return outstanding_[id % outstanding_.size()]; }
  void make_room(std::uint32_t id, Instant now);

  session::Endpoint& endpoint_;
  Outbox& outbox_;
  const bool relay_only_;
  session::SessionMap<Peer> peers_;
  std::vector<Peer*> by_slot_;  // the same, by their sessions' slots: each frame looks for its sender
  std::vector<Outstanding> outstanding_ = std::vector<Outstanding>(8);  // the newest pings, by id modulo the size
  std::uint32_t next_ping_ = 1;
  std::uint64_t refused_addresses_ = 0;
};

}  // namespace spate::swarm
