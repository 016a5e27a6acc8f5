// Control messages: what peers tell each other beside the stream itself (README.md, "Control messages").
//
// A datagram carries one or more. ControlReader takes them apart without allocating; what does not parse exactly is
// reported as malformed, never guessed at.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "libcore/base/address.h"
#include "libcore/base/inline_vector.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/keys.h"
#include "libcore/wire/record.h"

namespace spate::wire {

inline constexpr std::uint8_t kControlTypeMin = 16;
inline constexpr std::size_t kControlHeaderBytes = 3;
inline constexpr std::size_t kPathMax = 16;
inline constexpr std::size_t kRoutesMax = 16;
inline constexpr std::size_t kStripesAllMax = 35;  // of data and parity
inline constexpr std::uint32_t kLagUnitUs = 4'000;
inline constexpr std::uint8_t kLagNone = 255;
inline constexpr std::uint8_t kPlaceNone = 255;
inline constexpr std::size_t kPeersMax = 8;  // which fill a datagram
inline constexpr std::size_t kRepairRangesMax = 64;
inline constexpr std::uint64_t kFromNewest = UINT64_MAX;

// A set of stripes: bit s stands for stripe s.
using StripeMask = std::uint64_t;
inline constexpr StripeMask kAllStripes = UINT64_MAX;

// The first four bytes of a node's key: enough to see a loop, not to trust.
using ShortId = std::uint32_t;
ShortId short_id(const crypto::NodeKey& key);

struct Ping {
  std::uint32_t id = 0;
  std::uint16_t padding = 0;
  bool operator==(const Ping&) const = default;
};
struct Pong {
  std::uint32_t id = 0;
  std::uint32_t held_us = 0;
  std::optional<std::uint64_t> media_us;  // the publisher's clock as the sender knows it, when it sent this
  std::uint16_t padding = 0;
  bool operator==(const Pong&) const = default;
};
enum class Role : std::uint8_t { kPublisher = 0, kRelay = 1, kWatcher = 2 };
// The nodes that some stripes pass through: from the publisher's child down to the sender. Empty for the publisher.
using Path = InlineVector<ShortId, kPathMax>;
struct Route {
  StripeMask stripes = 0;
  Path path;
  bool operator==(const Route&) const = default;
};
struct StripeStatus {
  // From the publisher's reading of a shard to its arrival at the sender, in units of kLagUnit, rounded; kLagNone: it
  // does not have it.
  std::uint8_t lag = kLagNone;
  // Who is given it: whoever asks (0), or whoever has so many slots for it, in the place of somebody who has less
  // (swarm/children/standing.h). kPlaceNone: nobody, or it takes that much.
  std::uint8_t place = kPlaceNone;
  bool operator==(const StripeStatus&) const = default;
};
struct Status {
  Role role = Role::kWatcher;
  bool receiving = false;  // it has the stream now and may serve it
  bool no_upload = false;
  std::uint16_t slots = 0;  // each for one stripe of one child
  std::uint16_t free_slots = 0;
  std::uint32_t lag_us = 0;  // from the publisher's reading of a shard to its arrival at the sender: home stripes
  StripeMask home = 0;       // the stripes that it is there to pass on
  InlineVector<StripeStatus, kStripesAllMax> stripes;
  std::vector<Route> routes;  // of what it sends to the receiver of this; at most kRoutesMax
  bool operator==(const Status&) const = default;
};
struct Inquiry {
  StripeMask wanted = 0;  // the peers to be named should be at home in these
  bool operator==(const Inquiry&) const = default;
};
// A peer, as somebody names it. Where it is says the peer, all else whoever names it.
struct PeerRecord {
  static constexpr std::uint16_t kRoundTripUnknown = UINT16_MAX;

  Record record;
  std::uint16_t free_slots = 0;
  std::uint32_t lag_us = 0;  // of its home stripes
  StripeMask home = 0;
  std::uint16_t round_trip_ms = kRoundTripUnknown;  // between it and whoever names it
  bool operator==(const PeerRecord&) const = default;
};
struct Peers {
  InlineVector<PeerRecord, kPeersMax> peers;
  bool operator==(const Peers&) const = default;
};
// The set of stripes that the sender wants from now on, in place of any earlier one.
struct Subscribe {
  std::uint16_t id = 0;  // told again in the reply
  StripeMask stripes = kAllStripes;
  std::uint64_t first = kFromNewest;  // where those begin that it did not have
  std::uint32_t window_bytes = 0;
  bool lists = true;  // hash lists, too
  std::uint16_t slots = 0;
  StripeMask home = 0;
  bool hosts_only = false;  // the sender has nobody but the link's hosts
  bool operator==(const Subscribe&) const = default;
};
enum class SubscribeCode : std::uint8_t {
  kAccepted = 0,
  kFull = 1,
  kLoop = 2,
  kNoStream = 3,
  kNoUpload = 4,
};
struct SubscribeReply {
  std::uint16_t id = 0;                           // of the request; 0 if there was none
  SubscribeCode code = SubscribeCode::kAccepted;  // why not all of them are granted, if they are not
  StripeMask stripes = 0;                         // all that the receiver has here now
  std::uint64_t first = 0;                        // where sending to it began
  bool operator==(const SubscribeReply&) const = default;
};
struct Unsubscribe {
  bool operator==(const Unsubscribe&) const = default;
};
struct Report {
  std::uint64_t next = 0;
  std::uint64_t seen = 0;
  std::uint32_t received = 0;
  std::uint32_t missed = 0;
  std::uint32_t lag_us = 0;
  std::uint16_t slots = 0;
  std::uint16_t free_slots = 0;
  StripeMask passes_on = 0;  // that it is at home in, or sends to somebody now
  bool knows_end = false;    // that the run has ended, and where
  bool operator==(const Report&) const = default;
};
struct RepairRequest {
  enum class Kind : std::uint8_t { kShards = 0, kList = 1, kShardsWithLists = 2 };
  struct Range {
    std::uint16_t offset = 0;  // from base
    std::uint8_t count = 1;
    bool operator==(const Range&) const = default;
  };
  Kind kind = Kind::kShards;
  std::uint64_t base = 0;
  InlineVector<Range, kRepairRangesMax> ranges;
  bool operator==(const RepairRequest&) const = default;
};
struct Hole {
  std::uint64_t first = 0;
  std::uint16_t count = 0;
  bool operator==(const Hole&) const = default;
};
enum class ByeReason : std::uint8_t { kLeaving = 0, kEnded = 1, kDisplaced = 2 };
struct Bye {
  ByeReason reason = ByeReason::kLeaving;
  bool operator==(const Bye&) const = default;
};
struct Head {
  std::uint64_t next = 0;
  bool operator==(const Head&) const = default;
};
// "Let the node of this key open its NAT box for me."
struct Rendezvous {
  crypto::NodeKey key;
  bool operator==(const Rendezvous&) const = default;
};
// "Somebody at this address wants to reach you."
struct Punch {
  Address address;
  bool operator==(const Punch&) const = default;
};
// These stripes will soon end here; that one, which took the place, has them. Without a key: there is nobody to name.
struct Displaced {
  StripeMask stripes = 0;
  PeerRecord by;
  bool operator==(const Displaced&) const = default;
};
// The receiver is seen there.
struct Seen {
  Address address;
  bool operator==(const Seen&) const = default;
};

// A record is the sender's own, to be passed on.
using Control = std::variant<Ping, Pong, Status, Inquiry, Peers, Subscribe, SubscribeReply, Unsubscribe, Report,
                             RepairRequest, Hole, Bye, Head, Rendezvous, Punch, Displaced, Seen, Record>;

class ControlReader {
 public:
  explicit ControlReader(Bytes datagram) : rest_(datagram) {}

  // The next message of a known type; unknown types are skipped. Nothing at the end or when malformed().
  std::optional<Control> next();
  bool malformed() const { return malformed_; }

 private:
  Bytes rest_;
  bool malformed_ = false;
};

std::size_t control_bytes(const Control& message);
// REQUIRES out.room() >= control_bytes(message).
void write_control(Writer& out, const Control& message);

}  // namespace spate::wire
