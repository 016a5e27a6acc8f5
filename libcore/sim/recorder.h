// What a run leaves for its reports: distributions, a sample for each simulated second, and what befell whom.
//
// It is told what happens as it happens, in the order of time, and changes nothing by it. A write costs a few integer
// additions; memory grows with hosts, seconds and fail-overs, not with packets. Times are the network's.
//
//   Lag         from when a frame was due at the publisher to when it was written, over (viewer, packet). Only frames
//               due after a viewer was accepted have one: those before fill its start, and were never to be in time.
//   Start-up    from the command to join to the first write.
//   Fail-over   from the moment that a parent of a viewer could serve it no more (on_unavailable) to the viewer's first
//               write after it took others for all stripes that it had lost. It plays on meanwhile: this is how long it
//               lived on parity and repairs, or on its buffer, or paused. A change away from a parent that was still
//               there is none.
//   Measured    figures are of what belongs to the time from `measured_from` on: packets and frames that were due then,
//               viewers that joined then, and fail-overs that began then. The series, the lists of start-ups and
//               fail-overs, and the marks are of the whole run.
//   Present     from the command to join until it is gone.
//   Playing     it wrote something in that second.
//
// What is told of a host is of its present life: one that comes back after a crash begins another, which has its own
// start, its own parent and its own children.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libcore/sim/broadcast.h"
#include "libcore/sim/event_queue.h"
#include "libcore/sim/quantiles.h"

namespace spate::sim {

class Recorder {
 public:
  static constexpr HostId kNobody = UINT32_MAX;

  // One second, or the part of one at the end of a run.
  struct Sample {
    Instant at{};  // its end
    std::uint32_t viewers_present = 0;
    std::uint32_t viewers_playing = 0;
    Quantiles lag;
    std::uint64_t packets_written = 0;
    std::uint64_t packets_missed = 0;  // found missing in this second
    // Of the frames that were due in this second, over viewers: those that were to be played, and those whole. They are
    // known only once they have been played, so after the second itself.
    std::uint64_t frames = 0;
    std::uint64_t frames_whole = 0;
    std::uint64_t wire_bytes_sent = 0;  // by all hosts
    std::uint64_t stream_bytes_delivered = 0;
    std::uint64_t findings = 0;  // since the start
  };
  struct Startup {
    HostId viewer;
    Instant joined;
    Duration took;
  };
  struct Failover {
    HostId viewer;
    Instant lost;
    Duration took;
  };
  struct Mark {
    Instant at;
    std::string label;
    Duration lasts{};  // for all of them, at most; 0 if that means nothing
  };
  // The hosts of one kind of access link. Means are over its hosts.
  struct Uplink {
    std::string name;
    std::uint64_t hosts = 0;
    std::uint64_t offered_bps = 0;  // 0: without limit
    std::uint64_t used_bps = 0;     // while present, on the wire; what the link then dropped is in it
  };

  // The broadcast must outlive the recorder.
  explicit Recorder(const Broadcast& broadcast, Instant measured_from = {});

  void on_join(HostId viewer, Instant now);
  void on_accepted(HostId viewer, Instant now);
  // It took that parent for those stripes; kNobody if it cannot be said which host that is.
  void on_parent(HostId viewer, HostId parent, std::uint64_t stripes);
  // Packets [first, end); their lag is that of the last one.
  void on_write(HostId viewer, std::uint64_t first, std::uint64_t end, Instant now);
  // A gap in what a viewer wrote: that many packets, and the frames [first, end) for which it is the first.
  void on_missed(std::uint64_t packets, std::uint64_t first_frame, std::uint64_t end_frame);
  // How far a node's own idea of that frame's lag was off.
  void on_estimate(std::uint64_t frame, Duration error);

  // A host serves nobody from now on: it was paused or cut off. on_available(): it does again.
  void on_unavailable(HostId host, Instant now);
  void on_available(HostId host);
  // A host's life is over, and its children have lost it for good. For one that is gone already nothing changes.
  void on_gone(HostId host, Instant now);

  // Something befell the whole: a fault, a phase. One line.
  void on_mark(Instant at, std::string label, Duration lasts = {}) { marks_.push_back({at, std::move(label), lasts}); }

  // Closes the current second. The figures are since the start.
  void on_second(std::uint64_t wire_bytes_sent, std::uint64_t findings, Instant now);

  // At the end of the run.
  // Frames [first, end) that a viewer was to play after its last and did not.
  void on_unwritten(std::uint64_t first_frame, std::uint64_t end_frame);
  void on_depth(std::uint32_t hops);
  void on_uplink(const std::string& name, std::uint64_t rate_bps, std::uint64_t wire_bytes_sent, Duration present);
  // The least lag that is possible for a viewer.
  void on_bound(Duration lag) { bound_.add(lag); }

  // The first packet that is measured, and the frame that it is of.
  std::uint64_t measured_packet() const { return measured_packet_; }
  std::uint64_t measured_frame() const { return measured_frame_; }
  Instant measured_from() const { return measured_from_; }

  const WideHistogram& lag() const { return lag_; }
  std::uint64_t packets_written() const { return packets_written_; }
  std::uint64_t frames_spoilt() const { return frames_spoilt_; }  // missed in part, or not written
  std::uint64_t packets_by_500ms() const { return packets_by_500ms_; }
  std::uint64_t packets_by_1s() const { return packets_by_1s_; }
  const WideHistogram& estimate_error() const { return estimate_error_; }
  const Histogram& bound() const { return bound_; }  // empty if nobody computed it
  const Histogram& startup() const { return startup_; }
  const Histogram& failover() const { return failover_; }
  std::span<const Sample> series() const { return series_; }
  std::span<const Startup> startups() const { return startups_; }
  std::span<const Failover> failovers() const { return failovers_; }
  std::span<const Mark> marks() const { return marks_; }
  // By hops from the publisher: how many hosts.
  std::span<const std::uint64_t> hops() const { return hops_; }
  std::vector<Uplink> uplinks() const;

 private:
  static constexpr std::uint32_t kNoSecond = UINT32_MAX;
  // A life's number: in the order in which they were first heard of.
  using LifeId = std::uint32_t;
  static constexpr LifeId kNoLife = UINT32_MAX;

  struct Life {
    std::optional<Instant> joined;
    std::optional<Instant> accepted;
    std::optional<Instant> parent_lost;
    std::vector<LifeId> parents{};  // by stripe
    std::uint64_t lost = 0;         // stripes whose parent was lost
    std::uint32_t wrote_in = kNoSecond;
    std::uint64_t frames_end = 0;  // frames below are counted
    bool wrote = false;
    bool took_another = false;  // for all that it had lost
    bool gone = false;
  };
  struct Frames {
    std::uint64_t due = 0;
    std::uint64_t spoilt = 0;
  };
  struct UplinkSums {
    std::string name;
    std::uint64_t hosts = 0;
    std::uint64_t rate_bps = 0;
    std::uint64_t wire_bytes = 0;
    Duration present{};
    bool unlimited = false;
  };

  LifeId id_of(HostId host);
  Life& at(HostId host) { return lives_[id_of(host)]; }
  static std::uint64_t stripes_from(const Life& child, LifeId parent);
  void lose_parent(LifeId parent, Instant now);
  void count_frames(std::uint64_t first, std::uint64_t end, bool spoilt);
  void count_spoilt(std::uint64_t first, std::uint64_t end);
  void note_first_write(HostId viewer, Life& life, Instant now);
  void note_failover(HostId viewer, Life& life, Instant now);

  const Broadcast& broadcast_;
  const Instant measured_from_;
  const std::uint64_t measured_frame_;
  const std::uint64_t measured_packet_;
  std::vector<Life> lives_;
  std::vector<LifeId> present_life_;  // or the last one, by host
  std::uint32_t present_ = 0;

  WideHistogram lag_;
  std::uint64_t packets_written_ = 0;
  std::uint64_t frames_spoilt_ = 0;
  std::uint64_t packets_by_500ms_ = 0;
  std::uint64_t packets_by_1s_ = 0;
  WideHistogram estimate_error_;
  Histogram bound_;
  Histogram startup_;
  Histogram failover_;

  Sample current_;
  WideHistogram lag_now_;  // of the current second
  std::uint32_t second_ = 0;
  std::uint64_t wire_bytes_before_ = 0;
  std::vector<Frames> frames_;  // by the second they were due in
  std::vector<Sample> series_;
  std::vector<Startup> startups_;
  std::vector<Failover> failovers_;
  std::vector<Mark> marks_;
  std::vector<std::uint64_t> hops_;
  std::vector<UplinkSums> uplinks_;
};

}  // namespace spate::sim
