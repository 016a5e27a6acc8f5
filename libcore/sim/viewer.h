// A host that joins the broadcast, plays it and forwards it, and records what a viewer would feel.
#pragma once

#include "libcore/sim/checker_output.h"
#include "libcore/sim/peer.h"
#include "libcore/sim/publisher.h"
#include "libcore/sim/recorder.h"

namespace spate::sim {

struct ViewerRecord {
  std::optional<Instant> join;      // told to join
  std::optional<Instant> accepted;  // a parent accepted it
  std::optional<Instant> first_output;
  std::optional<Instant> last_output;
  std::optional<Instant> first_after;  // the first write since watch_for_pauses()
  std::optional<node::StopReason> stopped;
  Duration longest_pause{};  // between two writes
  std::uint64_t packets_written = 0;
  std::uint64_t packets_missed = 0;  // between the first and the last written
  std::optional<std::uint64_t> first_missed;
  std::optional<std::uint64_t> first_packet;
  std::uint64_t bytes_written = 0;
  // What its node had counted as lost after the last gap of which nothing is measured.
  std::uint64_t lost_before = 0;
};

class Viewer final : public Peer {
 public:
  Viewer(const PeerConfig& config, std::unique_ptr<Rng> rng, std::function<void()> stopped, const Broadcast& broadcast,
         const Publisher& publisher, Findings& findings, Recorder& recorder);

  void join(const node::JoinConfig& config, Instant now);
  // Says goodbye; poll the host, then remove it.
  void leave();
  // From now on, longest_pause and first_after are of the time after `now`.
  void watch_for_pauses(Instant now);

  const ViewerRecord& record() const { return record_; }
  std::optional<std::uint64_t> next() const { return checker_.next(); }

 private:
  bool begun() const override { return record_.join.has_value(); }
  void on_event(const node::Event& event, Instant now) override;
  void on_played(const node::Played& played, Instant now);
  void note_missed(std::uint64_t first, std::uint64_t end);

  const Broadcast& broadcast_;
  const Publisher& publisher_;
  Recorder& recorder_;
  OutputChecker checker_;
  ViewerRecord record_;
  std::uint64_t spoilt_end_ = 0;  // frames below are judged
};

}  // namespace spate::sim
