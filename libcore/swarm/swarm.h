// Swarm: one stream on one node, as its publisher or as a member. The machines' common house: it takes messages apart,
// hands each to the machine whose subject it is, and lets them speak in turn.
//
//   Publisher   input, signing, the end of the run       (publisher only)
//   Member      which parent                             (members only)
//   Reception   what has come, what is missing, playout  (members only)
//   Children    whom we serve, and the sending
//   Peers       everybody we have a session with
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "libcore/base/token_bucket.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/config.h"
#include "libcore/swarm/events.h"
#include "libcore/swarm/member.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/publisher.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/stats.h"

namespace spate::swarm {

class Swarm {
 public:
  struct Host {  // what the node lends to each of its swarms
    session::Endpoint& endpoint;
    session::ServiceIndex service;
    crypto::NodeKey self;
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
  void handle_text(session::SessionId session, Buffer text, Instant now);
  void handle_deadline(Instant now);

  // Commands.
  std::size_t input_room() const;
  void input(Bytes bytes, Instant now);
  void input_waited(Duration waited);
  void end_input(Instant now);
  void hold_output(bool hold) { output_held_ = hold; }
  void leave(Instant now);

  // Output. False if the batch is full and more waits.
  bool flush(DatagramBatch& out, Instant now);
  std::optional<Event> next_event(Instant now);
  Instant next_deadline() const;
  StreamStats stats(Instant now);

 private:
  struct MessageHandler;

  void handle_control(Peer& peer, Bytes text, Instant now);
  void handle_frame(Peer& peer, Buffer frame, Instant now);
  void handle_info(Peer& peer, Bytes frame, Instant now);
  void answer_inquiry(Peer& peer, StripeMask wanted, Instant now);
  void answer_subscribe(Peer& peer, const wire::Subscribe& subscribe, Instant now);
  void introduce(Peer& asker, const crypto::NodeKey& key, Instant now);
  void tell_displaced();
  wire::Status status(Instant now) const;
  wire::Status status_for(session::SessionId child, Instant now) const;
  std::vector<wire::Route> routes(StripeMask stripes) const;
  std::optional<wire::PeerRecord> record_of(const Peer& peer) const;
  wire::Peers introductions(const Peer& asker, StripeMask wanted);
  bool has_stream() const;
  void tell_children_status(StripeMask stripes, Instant now);
  void tell_changes(Instant now);
  void send_info_to_children();
  const wire::StreamInfoFrame* info_frame() const;
  std::optional<std::uint64_t> media_now(Instant now) const;
  void check_end(Instant now);
  void stop(StopReason reason, wire::ByeReason bye, Instant now);

  Host host_;
  stream::Store store_;
  Outbox outbox_;
  Peers peers_;
  Children children_;
  std::deque<Event> events_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Reception> reception_;
  std::unique_ptr<Member> member_;
  wire::Role role_;
  bool told_receiving_ = false;  // what the children were last told
  Instant status_at_;
  unsigned statuses_ = 0;
  TokenBucket newcomers_left_;
  TokenBucket answers_left_;
  Instant info_again_ = kNever;
  Instant end_patience_ = kNever;
  std::uint64_t malformed_packets_ = 0;
  bool output_held_ = false;
  std::uint64_t control_bytes_sent_ = 0;
  std::uint64_t duplicate_bytes_ = 0;
  bool stopped_ = false;
};

}  // namespace spate::swarm
