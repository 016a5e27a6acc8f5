// Has the peer moved? What one session knows of addresses other than its own that the peer's packets come from.
//
// Anybody who sees a packet can send a copy of it from elsewhere, and it may arrive before the original. So nothing is
// sent to a new address but challenges, in no more bytes than came from there, and what the session sends stays where
// it is until
//   - the peer has answered a challenge sent to the new address (RFC 9000, section 8.2), and
//   - has not answered one sent to the old address at the same time, which it was given half as long again as the new
//     one took, from then on (kGraceMin..kGraceMax): a box that rebinds leaves a dead path behind, a copier does not,
//     but may have a faster one. It is sent once more when the new address has answered, and again a
//     quarter of that time later, for it, or its answer, may have been lost.
// A peer whose old path still works is not followed. A port is an address like any other.
//
// Bounds: kCandidatesMax addresses, for kLife each; what is challenged next displaces the oldest. A round of
// challenges, of two datagrams, each kRoundSpacing at the most; kAnswersPerSecond answers.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/address.h"
#include "libcore/base/inline_vector.h"
#include "libcore/base/rng.h"
#include "libcore/base/token_bucket.h"
#include "libcore/session/key_set.h"
#include "libcore/wire/path_message.h"

namespace spate::session {

class PathCheck {
 public:
  static constexpr std::size_t kCandidatesMax = 4;
  static constexpr Duration kLife = std::chrono::seconds(3);
  static constexpr Duration kRepeat = std::chrono::milliseconds(100);  // of one address's challenge
  static constexpr Duration kRoundSpacing = std::chrono::milliseconds(25);
  static constexpr Duration kGraceMin = std::chrono::milliseconds(20);
  static constexpr Duration kGraceMax = std::chrono::milliseconds(500);
  static constexpr std::uint64_t kAnswersPerSecond = 40;
  static constexpr std::uint64_t kAnswersBurst = 8;
  static constexpr std::size_t kDatagramBytes = wire::kPathMessageBytes + kDataOverhead;

  struct Challenge {
    Address to;
    wire::PathToken token{};
  };
  using Challenges = InlineVector<Challenge, 2>;

  // An authentic packet, newer than all before it, of so many bytes came from an address that is not the session's.
  // What to challenge now: that address and the session's, or nothing.
  Challenges on_packet(const Address& from, std::size_t bytes, const Address& current, Rng& rng, Instant now);
  // The peer answered a challenge. One that is not known, or no longer, changes nothing. With what to challenge the
  // session's address once more, if it is time for that.
  std::optional<wire::PathToken> on_response(const wire::PathToken& token, Instant now);
  // May a challenge of the peer's be answered to there: where it came from, or where the peer is? Counts the answer.
  // Those that came from elsewhere have a budget of their own: whoever forwards them takes nothing from the peer's.
  bool may_answer(const Address& to, const Address& challenged_from, const Address& current, Instant now);

  // What to challenge the session's address with for the last time, if it is time.
  std::optional<wire::PathToken> ask_again(Instant now);
  // The address to follow from now on, if it is time: then this object has done its work.
  std::optional<Address> on_deadline(Instant now);
  // kNever: nothing is remembered.
  Instant next_deadline(Instant now) const;

 private:
  struct Candidate {
    Address address;
    wire::PathToken token{};
    wire::PathToken old_token{};
    Instant expires{};
    Instant first_challenge{};
    Instant next_challenge{};
    std::uint64_t received = 0;  // bytes
    std::uint64_t sent = 0;      // bytes; never more than received
    bool old_answered = false;
    Instant asks_again = kNever;
    std::optional<Instant> decides;  // when the old path's time to answer is up
  };

  Candidate* find(const Address& address, Instant now);
  static bool can_pay(const Candidate& candidate);
  static bool pay(Candidate& candidate);

  InlineVector<Candidate, kCandidatesMax> candidates_;  // the oldest first
  Instant next_round_{};
  TokenBucket answers_{kAnswersPerSecond, kAnswersBurst};
  TokenBucket answers_elsewhere_{kAnswersPerSecond, kAnswersBurst};
  Instant idle_at_{};  // answers are counted until then
};

}  // namespace spate::session
