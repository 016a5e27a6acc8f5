// Swarm: one stream on one node, as its publisher or as a member. The machines' common house: it takes messages apart,
// hands each to the machine whose subject it is, and lets them speak in turn.
//
//   Publisher   input, signing, the end of the run       (publisher only)
//   Member      which parent                             (members only)
//   Reception   what has come, what is missing, playout  (members only)
//   Children    whom we serve, and the sending
//   Peers       everybody we have a session with
//   OwnRecord   where we are, for others to pass on
//   Answers     what those are told that ask
//   Bulletin    what children are told unasked
//   Keeping     whose session does not give way to a newcomer
//   Ending      when it is over
//   Freshness   whether the publisher is still heard      (members only)
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "libcore/base/token_bucket.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/answers.h"
#include "libcore/swarm/bulletin.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/config.h"
#include "libcore/swarm/ending.h"
#include "libcore/swarm/events.h"
#include "libcore/swarm/fill.h"
#include "libcore/swarm/freshness.h"
#include "libcore/swarm/introductions.h"
#include "libcore/swarm/keeping.h"
#include "libcore/swarm/member.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/own_record.h"
#include "libcore/swarm/own_status.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/publisher.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/record_check.h"
#include "libcore/swarm/stats.h"

namespace spate::swarm {

class Swarm {
 public:
  struct Host {  // what the node lends to each of its swarms
    session::Endpoint& endpoint;
    session::ServiceIndex service;
    const crypto::Identity& self;
    const crypto::Suite& suite;
    BufferPool& pool;
    TokenBucket& upload;
    std::uint32_t window_bytes;
    StreamIndex stream;
  };

  Swarm(const PublishConfig& config, const Host& host, Instant now);
  Swarm(const JoinConfig& config, const Host& host, Instant now);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  session::ServiceIndex service() const { return host_.service; }
  // It has stopped, and its goodbyes are out: nobody needs to reach it any more.
  bool gone() const { return stopped_ && outbox_.empty(); }

  // Inputs.
  void on_session(const session::SessionEvent& event, Instant now);
  void handle_text(session::Endpoint::Received received, Instant now);
  void handle_deadline(Instant now);

  // Commands.
  std::size_t input_room() const;
  Instant input_due() const;
  void input(Bytes bytes, Instant now);
  void input_waited(Duration waited);
  void end_input(Instant now);
  void hold_output(bool hold) {
    output_held_ = hold;
    if (hold && reception_) reception_->hold_output();
  }
  void leave(Instant now);

  // Output. False if the batch is full and more waits.
  bool flush(DatagramBatch& out, Instant now);
  std::optional<Event> next_event(Instant now);
  Instant next_deadline() const;
  StreamStats stats(Instant now);
  Fills fills() const;

 private:
  struct MessageHandler;

  void handle_control(Peer& peer, Bytes text, Instant now);
  void handle_frame(Peer& peer, Buffer frame, Instant now);
  void handle_info(Peer& peer, Bytes frame, Instant now);
  void check_end(Instant now);
  void stop(StopReason reason, wire::ByeReason bye);

  Host host_;
  stream::Store store_;
  Outbox outbox_;
  Peers peers_;
  Children children_;
  std::deque<Event> events_;
  RecordCheck naming_;                    // of whom we name
  RecordCheck hearsay_;                   // of whom others name: neither takes what is the other's
  std::unique_ptr<Publisher> publisher_;  // or the next three
  std::unique_ptr<Reception> reception_;
  std::unique_ptr<Member> member_;
  std::optional<Freshness> freshness_;
  const wire::Role role_;
  const bool relay_only_ = false;
  OwnStatus own_;
  OwnRecord own_record_;
  Introductions introductions_;
  Answers answers_;
  Bulletin bulletin_;
  Keeping keeping_;
  Ending ending_;
  std::uint64_t malformed_packets_ = 0;
  bool output_held_ = false;
  std::uint64_t control_bytes_sent_ = 0;
  std::uint64_t duplicate_bytes_ = 0;
  bool stopped_ = false;
};

}  // namespace spate::swarm
