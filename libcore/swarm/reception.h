// What a member of the swarm has of the stream: proven shards, gaps under repair, and what it plays of them.
//
// Frames go in, from whichever neighbour; out come the sequences to pass on, the repairs to ask for, and the bytes to
// write. The Store is the swarm's, shared with Children.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "libcore/base/histogram.h"
#include "libcore/stream/playout.h"
#include "libcore/stream/store.h"
#include "libcore/stream/verifier.h"
#include "libcore/swarm/arrivals.h"
#include "libcore/swarm/config.h"
#include "libcore/swarm/gaps.h"
#include "libcore/swarm/skips.h"
#include "libcore/swarm/stripes.h"
#include "libcore/wire/control.h"
#include "libcore/wire/stream_info.h"

namespace spate::swarm {

// Arrival (relay) or playing (watcher) lags, since the last summary and since the start.
struct LagMeter {
  Histogram period;
  Histogram run;
  void add(Duration lag) {
    period.add(lag);
    run.add(lag);
  }
};

struct ReceptionStats {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t received = 0;     // and regenerated
  std::uint64_t regenerated = 0;  // out of parity
  std::uint64_t repaired = 0;
  std::uint64_t given_up = 0;  // holes that nobody filled
  std::uint64_t forged = 0;
};

class Reception {
 public:
  // A relay gives up a missing shard after so long; a watcher when playout skips it.
  static constexpr Duration kGiveUp = std::chrono::seconds(3);

  Reception(const JoinConfig& config, const crypto::Suite& suite, BufferPool& pool, stream::Store& store);

  enum class InfoResult : std::uint8_t {
    kNews,    // of the run we know; pass it on
    kNewRun,  // another epoch: begin anew
    kNothingNew,
    kForged,
    kWrongSecret,  // we play, and cannot decipher this
  };
  InfoResult on_info(Bytes frame, Instant now);
  const std::optional<wire::StreamInfo>& info() const { return info_; }
  const wire::StreamInfoFrame& info_frame() const { return info_frame_; }
  Instant info_at() const { return info_at_; }
  // The publisher's clock as wire::stream_seconds(), by its signed word and ours since then: it may be behind, not
  // ahead. Nothing before info().
  std::optional<std::uint32_t> stream_seconds(Instant now) const;
  // Somebody has offered a run from before config.epoch_min, truly the publisher's.
  bool old_run_offered() const { return old_run_offered_; }
  // The publisher's clock, told as `media_us` by somebody, within what its signed words allow: no earlier than they
  // say, and no more than kUnheardMax later.
  static constexpr Duration kUnheardMax = std::chrono::seconds(5);
  std::uint64_t believable(std::uint64_t media_us, Instant now) const;

  bool started() const { return started_; }
  // Sending begins at this sequence. Only the first call of a run counts that anything came of. What was published
  // before that moment is played, but says nothing about lag.
  void start(std::uint64_t first, std::optional<std::uint64_t> media_now, Instant now);
  // Where a new parent of those stripes should go on: at the first of what is missing of them to the end. Single ones
  // before that are repaired.
  std::uint64_t resume_from(StripeMask stripes) const;

  // How the run is striped; one stripe before info().
  const Striping& striping() const { return striping_; }

  struct From {
    std::uint64_t neighbour = 0;
    StripeMask stripes = 0;  // that it is the parent for
    Duration rtt{};
    bool loses = false;  // what does not come in time is lost (Peers)
  };
  stream::Verdict take(Buffer frame, const From& from, std::optional<std::uint64_t> media_now, Instant now);
  std::span<const std::uint64_t> stored() const { return verifier_.stored(); }
  std::span<const stream::ParityId> stored_parity() const { return verifier_.stored_parity(); }
  std::span<const std::uint64_t> forgers() const { return verifier_.forgers(); }
  void on_head(std::uint64_t next, Instant now);
  // A parent does not have these. `final`: nor has anybody else; if not, others are asked.
  void on_hole(const wire::Hole& hole, bool final, Instant now);
  // A datagram of the neighbour that gives us those stripes is here whose number is not `expected`, the next.
  void on_skipped(std::uint64_t neighbour, StripeMask stripes, std::uint64_t expected, std::uint64_t number,
                  Instant now) {
    skips_.on_datagram(neighbour, stripes & striping_.mask(), expected, number, now);
  }
  // The parents of these, and of no others, give no sign of life: others are asked for what is missing of them.
  void on_mute(StripeMask stripes, Instant now);
  // These stripes come from somebody else now, or from nobody.
  void on_new_parent(StripeMask stripes, Instant now);
  void on_no_parent(StripeMask stripes, Instant now);

  // The next repair request, if one is due. choose(sequence, turns) says whom to ask for a shard that has been asked
  // for so often, or nobody.
  struct Request {
    RepairTarget target;
    wire::RepairRequest request;
  };
  template <typename Choose>
  std::optional<Request> next_request(Choose choose, Instant now);

  struct Output {
    Buffer frame;
    Bytes bytes;
    Duration lag;
    bool discontinuity;
  };
  std::optional<Output> next_output(std::optional<std::uint64_t> media_now, Instant now);

  // No output is taken for a while.
  void hold_output() { playout_.hold(); }
  // Nothing is asked for before then.
  void hold_requests(Instant until) { requests_held_until_ = until; }
  void handle_deadline(Instant now);
  // `attached`: there is a parent to ask for repairs; without one they wait.
  // `playing`: output is being taken from us.
  Instant next_deadline(bool attached, bool playing) const;

  // Every sequence below it has come or been given up.
  std::uint64_t next() const { return next_; }
  // The same, and it has been played if this node plays.
  std::uint64_t done() const { return config_.output && started_ ? std::min(next_, playout_.next()) : next_; }
  std::uint64_t seen() const { return seen_; }
  // One past the highest shard that has come: no neighbour's word, but proof.
  std::uint64_t stored_end() const { return stored_end_; }
  // Shards that had to be asked for or never came.
  std::uint64_t missed() const { return stats_.repaired + stats_.given_up; }
  // The run has ended, and there is nothing left to wait for or to play.
  bool finished() const;
  // It has ended and `now` is long after: whatever is missing will not come.
  void give_up_rest();

  Instant last_stored() const { return last_stored_; }
  // When something newer than before came that the publisher had signed.
  Instant last_word() const { return std::max(info_at_, last_stored_); }
  // Since when the publisher has had more, by its word, without anything having come; nothing while it comes.
  std::optional<Instant> lacking_since() const { return lacking_since_; }
  Duration lag() const { return last_lag_; }
  // The stripes that come by paths that lose much.
  StripeMask losing() const { return losing_ & striping_.mask(); }
  // Of those stripes, usually; lag() where that is not known. media_now as above.
  Duration lag(StripeMask stripes, std::optional<std::uint64_t> media_now, Instant now) const;
  LagMeter& lag_meter() { return lag_meter_; }
  Duration latency() const { return playout_.latency(); }
  // Output has begun at a newer point since this was last asked: what is older is not wanted any more.
  bool take_jump() { return playout_.take_jump(); }
  std::uint64_t lost() const { return config_.output ? playout_.lost() : stats_.given_up; }
  std::uint64_t passed_over() const { return playout_.passed_over(); }
  std::uint64_t duplicates() const { return verifier_.stats().duplicates; }
  const ReceptionStats& stats() const { return stats_; }
  // That are waited for or asked for: at most Gaps::kMissingMax.
  std::size_t missing() const { return gaps_.size(); }
  // Frames that wait for their list: at most stream::Verifier::kHeldTotalMax.
  std::size_t held() const { return verifier_.held(); }

 private:
  InfoResult on_old_run(Bytes frame);
  void begin_run(const wire::StreamInfo& info);
  StripeMask in_order(const From& from) const;
  void note_turn(std::uint64_t sequence, const From& from, Instant now);
  void note_parity(std::uint64_t first, unsigned index, const From& from, Instant now);
  bool parity_may_come(const Gaps::Missing& missing, Instant now) const;
  bool parity_usually_comes(std::uint64_t media_us, Instant from, Instant to) const;
  // Whose parents are there, and have said something of late.
  StripeMask attended() const { return striping_.mask() & ~parentless_ & ~mute_; }
  StripeMask parity() const { return striping_.mask() & ~first_stripes(striping_.data); }
  void note_stored(std::uint64_t sequence, const From& from, bool is_list, bool regenerated,
                   std::optional<std::uint64_t> media_now, Instant now);
  void forget_parent(StripeMask stripes);
  void note_seen(std::uint64_t next, StripeMask overtaken, Instant now);
  void note_list(std::uint64_t media_us, Instant now);
  wire::RepairRequest list_request(Duration timeout, Instant now);
  bool have_lists(const wire::RepairRequest& request) const;
  std::uint64_t proven_end(bool is_list) const;
  void judge_loss();
  void judge_flow(Instant now);
  void watch_for_list(Instant now);
  void advance();
  bool secret_fits(const wire::StreamInfo& info);

  const JoinConfig config_;
  const crypto::Suite& suite_;
  BufferPool& pool_;
  stream::Store& store_;
  stream::Verifier verifier_;
  stream::Playout playout_;
  Striping striping_;
  Arrivals arrivals_{Striping{}.all() + 1};  // and of hash lists
  StripeMask parentless_ = 0;
  StripeMask mute_ = 0;    // their parents may be dead
  StripeMask losing_ = 0;  // their parents' paths lose much
  // By stripe: what is below comes out of turn, for its parent is new.
  std::vector<std::uint64_t> turn_from_ = std::vector<std::uint64_t>(Striping{}.all());
  std::uint64_t backlog_end_ = 0;  // what is below was published before we joined, and comes beside what is new
  Gaps gaps_;
  Skips skips_;
  std::optional<wire::StreamInfo> info_;
  wire::StreamInfoFrame info_frame_{};
  Instant info_at_{};
  bool old_run_offered_ = false;
  std::optional<crypto::SymmetricKey> content_key_;
  bool started_ = false;
  bool stored_in_run_ = false;
  std::uint64_t proven_head_ = 0;  // what the publisher itself has told of, by a shard, a list or an information
  std::uint64_t next_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t noticed_ = 0;  // gaps below it are known to gaps_
  unsigned copies_ = 0;        // of each request, by the loss of late; of many parents one has it, or the parity
  bool one_parent_ = false;
  std::uint64_t recent_received_ = 0;
  std::uint64_t recent_missed_ = 0;
  std::uint64_t loss_base_received_ = 0;
  std::uint64_t loss_base_missed_ = 0;
  Instant tail_due_ = kNever;  // when what a list has announced counts as missing
  std::uint64_t list_asked_ = UINT64_MAX;
  Instant list_due_ = kNever;
  unsigned list_copies_ = 0;
  unsigned list_requests_ = 0;
  Instant requests_held_until_ = Instant::min();
  std::uint64_t newest_media_us_ = 0;  // of the newest shard or list
  std::uint64_t played_next_ = 0;
  std::uint64_t joined_media_us_ = 0;
  Instant last_stored_{};
  std::uint64_t stored_end_ = 0;
  std::uint64_t holes_end_ = 0;  // nobody has what is missing below
  std::optional<Instant> lacking_since_;
  Instant resumed_at_{};  // after an outage
  bool out_ = false;      // less than half comes
  Instant flow_since_{};  // judged last, with the counts of then
  std::uint64_t flow_seen_ = 0;
  std::uint64_t flow_received_ = 0;
  Duration last_lag_{};
  LagMeter lag_meter_;
  ReceptionStats stats_;
};

template <typename Choose>
std::optional<Reception::Request> Reception::next_request(Choose choose, Instant now) {
  if (now >= list_due_) {
    if (const std::optional<RepairTarget> target = choose(list_asked_, list_requests_))
      return Request{*target, list_request(target->timeout, now)};
    list_due_ = now + Gaps::kRecheck;
  }
  if (now < gaps_.next_deadline()) return std::nullopt;  // mostly; and a request is large
  wire::RepairRequest request;
  const auto choose_missing = [&](const Gaps::Missing& missing) -> std::optional<RepairTarget> {
    if (verifier_.holds(missing.sequence)) return std::nullopt;
    if (missing.requests == 0 && parity_may_come(missing, now)) return std::nullopt;
    return choose(missing.sequence, missing.turns);
  };
  const std::optional<RepairTarget> target = gaps_.take_due(now, copies_, request, choose_missing);
  if (!target) return std::nullopt;
  // Where a list is missing, too, one answer brings both.
  request.kind = have_lists(request) ? wire::RepairRequest::Kind::kShards : wire::RepairRequest::Kind::kShardsWithLists;
  return Request{*target, request};
}

}  // namespace spate::swarm
