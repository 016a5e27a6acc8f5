// The publisher of a stream: its Source, how fast it takes input, and the end of the run.
//
// Input that comes at its own pace (an encoder) is never held back: a child too slow for it loses what it misses.
// Input that is always there (a file) is taken as fast as the children report that they have it, and waits
// for the first of them once a quarter of the store is full (a shorter file with nobody watching just ends). Which of
// the two it is shows in how long the input lets us wait (input_waited()).
#pragma once

#include <cstdint>

#include "libcore/stream/source.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/config.h"
#include "libcore/wire/record.h"

namespace spate::swarm {

class Publisher {
 public:
  static constexpr Duration kInfoInterval = std::chrono::milliseconds(500);
  static constexpr Duration kInfoIntervalMany = std::chrono::milliseconds(1'000);  // with many children
  static constexpr Duration kInfoIntervalEnded = std::chrono::milliseconds(100);
  // At the end, children that make no progress for so long are waited for no more.
  static constexpr Duration kDrainPatience = std::chrono::seconds(3);
  // And those that make some, for so long.
  static constexpr Duration kDrainMax = std::chrono::seconds(60);

  Publisher(const PublishConfig& config, const crypto::Suite& suite, BufferPool& pool, stream::Store& store,
            Children& children, Instant now);

  std::size_t input_room() const { return held_back_ ? 0 : kInputMax; }
  // Less of it than fills a list is of no use before.
  Instant input_due() const { return source_.input_due(); }
  void input(Bytes bytes, Instant now);
  // The caller has been idle so long for want of input.
  void input_waited(Duration waited) { waited_ += waited; }
  // A child has reported.
  void on_report(Instant now) {
    if (held_back_ && ended_at_ == kNever) judge_backlog(now);
  }
  void end(Instant now);
  // Paced input so far, as opposed to a file's.
  bool live() const { return live_; }

  // By the last input(), handle_deadline() or end().
  std::span<const stream::ParityId> made_parity() const { return source_.made_parity(); }
  std::uint32_t stream_seconds(Instant now) const { return wire::stream_seconds(epoch_, media_us(now)); }
  std::uint64_t media_us(Instant now) const { return source_.media_us(now); }
  const wire::StreamInfoFrame& info_frame() const { return info_frame_; }
  // A fresh info frame is due (and has been made): send it to every child.
  bool take_info_due();
  // Everything is with the children, or they have had their time.
  bool drained(Instant now) const;

  void handle_deadline(Instant now);
  Instant next_deadline() const;
  const stream::SourceStats& stats() const { return source_.stats(); }

 private:
  // One full hash list: while it travels, the next is made.
  static constexpr std::size_t kInputMax = wire::kListShardsMax * wire::kPayloadBytes;
  static constexpr std::uint64_t kBacklogMax = stream::Store::kSlots / 4;

  void sign_info(Instant now);
  void judge_pace(Instant now);
  void judge_backlog(Instant now);

  const crypto::StreamKeyPair key_;
  const std::uint64_t epoch_;
  const crypto::Suite& suite_;
  stream::Store& store_;
  Children& children_;
  stream::Source source_;
  wire::StreamInfoFrame info_frame_{};
  bool info_due_ = true;
  Instant next_info_;
  bool held_back_ = false;
  bool had_child_ = false;
  bool live_ = false;
  Instant ended_at_ = kNever;
  Duration waited_{};  // since pace_since_, in which time the input was wanted
  Instant pace_since_;
};

}  // namespace spate::swarm
