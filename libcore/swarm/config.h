// What a stream's swarm is told when it begins: to publish, or to join.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/base/address.h"
#include "libcore/base/time.h"
#include "libcore/crypto/keys.h"

namespace spate::swarm {

struct PublishConfig {
  crypto::StreamKeyPair key;
  // Milliseconds since 1970 at the start of the run; greater than that of any earlier run of the key, whatever clocks
  // did meanwhile.
  std::uint64_t epoch = 0;
  bool mpeg_ts = true;
  crypto::SymmetricKey swarm_secret{};                 // all zero for a public stream
  std::optional<crypto::SymmetricKey> content_secret;  // private stream
  std::uint8_t stripes = 16;                           // of data, 1 to wire::kStripesMax
  std::uint8_t parity = 1;                             // stripes of it, 0 to wire::kParityMax
  std::uint32_t capacity_milli = 8'000;  // thousandths of the stream, parity and all, for all children together
};

struct Host {
  Address address;
  crypto::NodeKey key;
};

struct JoinConfig {
  crypto::StreamKey stream;
  crypto::SymmetricKey swarm_secret{};
  std::optional<crypto::SymmetricKey> content_secret;
  std::uint64_t epoch_min = 0;           // earlier runs are refused
  std::vector<Host> hosts;               // the link's, resolved
  std::uint32_t capacity_milli = 8'000;  // as above
  bool output = true;                    // false: a relay, which plays nothing
  // Nobody but the link's hosts is to learn our address: nobody else is called, answered or served, and where the hosts
  // are is never believed but from the link. The capacity is then nought.
  bool relay_only = false;
  // The link's hosts may be called over TCP, too, where UDP is not answered.
  bool tcp = false;
  std::uint64_t history_shards = 16'384;                // kept for children and repairs, at most stream::Store::kSlots
  std::optional<Duration> latency;                      // nothing = automatic
  Duration connect_timeout = std::chrono::seconds(10);  // until a parent has accepted us
  Duration idle_timeout = std::chrono::seconds(30);     // once joined, without a word of the publisher, or
                                                        // anything of what that says it has; 0 = for ever
  Duration retry_for = std::chrono::seconds(30);        // without any parent, once joined; 0 = for ever
};

}  // namespace spate::swarm
