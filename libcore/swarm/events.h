// What a stream's swarm has to tell its owner.
#pragma once

#include <cstdint>
#include <variant>

#include "libcore/base/address.h"
#include "libcore/base/buffer.h"
#include "libcore/base/time.h"
#include "libcore/swarm/stripes.h"

namespace spate::swarm {

// Which of a node's streams; small and dense.
using StreamIndex = std::uint32_t;

// Why a stream stopped for good.
enum class StopReason : std::uint8_t {
  kEnded,        // the publisher said so, and everything was played and passed on
  kUnreachable,  // no host of the link answered within connect_timeout
  kStalled,      // idle_timeout or retry_for ran out
  kWrongSecret,  // the content secret is missing or does not open this stream
  kOldRun,       // within connect_timeout nobody had a run that is not before epoch_min
  kLeft,         // leave() was carried out
};

struct Joined {  // a parent accepted us for the first time
  StreamIndex stream = 0;
};
struct Played {  // bytes to write, in order; the frame keeps them alive
  StreamIndex stream = 0;
  Buffer frame;
  Bytes bytes;
  Duration lag{};              // from the publisher's reading to now, by our estimate of its clock
  bool discontinuity = false;  // something before it was lost or passed over
  bool passed_over = false;    // that has happened, because output was held for long
};
struct Stopped {
  StreamIndex stream = 0;
  StopReason reason = StopReason::kEnded;
};
struct ParentChanged {  // for logs
  StreamIndex stream = 0;
  Address parent;
  StripeMask stripes = 0;  // that it gives now, and did not before
};
struct RunBegan {  // the publisher's signed word of a run that is later than all before it
  StreamIndex stream = 0;
  std::uint64_t epoch = 0;
};
struct FellSilent {  // nothing new that the publisher signed has come for Freshness::kPatience
  StreamIndex stream = 0;
};
struct Resumed {  // it has come, after so long
  StreamIndex stream = 0;
  Duration silence{};
};
struct Starved {  // the publisher has more, by its signed word, and nobody has sent any of it for Freshness::kPatience
  StreamIndex stream = 0;
};
struct Fed {  // something has come, after so long
  StreamIndex stream = 0;
  Duration hunger{};
};
using Event = std::variant<Joined, Played, Stopped, ParentChanged, RunBegan, FellSilent, Resumed, Starved, Fed>;

}  // namespace spate::swarm
