// How large a datagram the path to one peer carries: path-MTU discovery by probes (RFC 8899), for as long as anything
// large is sent there.
//
// What is proven may be used: at first kSafe, which every path carries. Who wants more often enough for that to pay
// sends a padded probe; what is answered is proven. The largest of kSizes is probed first, the others with it from its
// first repetition on: kTries times, kRepeat, and twice that, apart; then again every kRest, while something larger is
// wanted.
//
// The peer sees first that a path has come to carry less: it says so (a doubt), and only kSafe is proven until a probe
// is answered, which is sent when as much is wanted again, kDoubtRest after the last round at the earliest. So whoever
// receives decides how long a black hole lasts, and a peer that doubts all the time gets few probes.
#pragma once

#include <array>
#include <cstdint>

#include "libcore/base/inline_vector.h"
#include "libcore/base/rng.h"
#include "libcore/base/time.h"
#include "libcore/wire/path_message.h"

namespace spate::session {

class PathSize {
 public:
  // Bytes of UDP payload. IPv6's least MTU without its headers.
  static constexpr std::size_t kSafe = 1232;
  // The largest datagram that is ever sent: 7 MPEG-TS packets with a signature, or their parity; a path of 1,452 bytes
  // (Ethernet, IPv6) carries it, and one of 1,444 (PPPoE). And the same without a signature, which WireGuard carries.
  static constexpr std::array<std::size_t, 2> kSizes{1420, 1372};
  static constexpr unsigned kWanted = 8;  // times before the first probe: it costs as much as 20 texts in two
  static constexpr unsigned kTries = 3;
  static constexpr Duration kRepeat = std::chrono::seconds(1);  // an answer may wait in a queue
  static constexpr Duration kRest = std::chrono::seconds(30);
  // A doubt frees no probe sooner after the last round began.
  static constexpr Duration kDoubtRest = std::chrono::seconds(10);

  struct Probe {
    std::size_t bytes = 0;  // of the datagram
    wire::PathToken token{};
  };
  using Probes = InlineVector<Probe, kSizes.size()>;

  std::size_t proven() const { return proven_; }
  // Something larger than what is proven waits for it.
  void want(Instant now);
  // What to send now.
  Probes due(Rng& rng, Instant now);
  // A token that is not known, or no longer, changes nothing.
  void on_answer(const wire::PathToken& token);
  void on_doubt();
  Instant next_deadline() const { return next_; }

 private:
  std::array<wire::PathToken, kSizes.size()> tokens_{};
  std::size_t proven_ = kSafe;
  unsigned wanted_ = 0;    // since the last round, or doubt
  unsigned tries_ = 0;     // of this round
  Instant next_ = kNever;  // probe
  Instant rests_until_{};
  Instant round_began_{};
};

// The receiver's part: whether what the peer sends may be too large for the path to here. So it is if something large
// came once, and then only what is small, kSmallOnly after it and later; a queue holds up both. Between two doubts are
// kSpacing, twice that, and so on to kSpacingMax, until there was none for kForget.
class PathDoubt {
 public:
  static constexpr Duration kSmallOnly = std::chrono::milliseconds(250);
  static constexpr Duration kSpacing = std::chrono::milliseconds(200);
  static constexpr Duration kSpacingMax = std::chrono::seconds(2);
  static constexpr Duration kForget = std::chrono::seconds(30);

  void on_received(std::size_t datagram_bytes, Instant now);
  // Counts a doubt that is sent now.
  bool take(Instant now);

 private:
  Instant large_{};   // the last that came
  Instant newest_{};  // of any size
  Instant doubted_{};
  Duration spacing_{};
};

}  // namespace spate::session
