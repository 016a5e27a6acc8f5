// Node: one spate host, without its sockets, clock, files or threads.
//
// Inputs: handle_datagrams(), handle_deadline(), and the commands. Output: poll(), called again and again until it
// answers kDeadline. Given the same inputs at the same times and the same Rng, a node does the same, byte for
// byte; the simulator and the tools run this very class.
//
// Nothing that a peer sends makes a node throw, abort, grow without bound, or answer before it has proven itself.
// A node serves any number of streams up to kStreamsMax over one address.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/base/datagram.h"
#include "libcore/base/rng.h"
#include "libcore/base/time.h"
#include "libcore/crypto/suite.h"
#include "libcore/node/stats.h"
#include "libcore/swarm/config.h"
#include "libcore/swarm/events.h"

namespace spate::node {

inline constexpr std::size_t kStreamsMax = 64;

// Which of a node's streams; small and dense.
using swarm::Fed;
using swarm::FellSilent;
using swarm::Host;
using swarm::JoinConfig;
using swarm::Joined;
using swarm::ParentChanged;
using swarm::Played;
using swarm::PublishConfig;
using swarm::Resumed;
using swarm::RunBegan;
using swarm::Starved;
using swarm::Stopped;
using swarm::StopReason;
using swarm::StreamIndex;

struct NodeConfig {
  crypto::Identity identity;  // made by the suite
  // What the socket's receive buffer really holds, in bytes of datagrams; peers keep at most that much unread.
  std::uint32_t receive_window_bytes = 160 * 1024;
  // All streams together, on the wire; 0 = unlimited. Bits per second.
  std::uint64_t upload_limit_bps = 0;
};

struct ProbeReply {
  std::uint32_t id = 0;
  Duration rtt{};
};
struct ProbeConnected {
  Duration handshake_rtt{};
};
using Event = std::variant<Joined, Played, Stopped, ParentChanged, RunBegan, FellSilent, Resumed, Starved, Fed,
                           ProbeReply, ProbeConnected>;

struct Poll {
  enum class Kind : std::uint8_t {
    kSend,      // the batch is full: send it, clear it, poll again
    kEvent,     // `event` holds something; poll again
    kDeadline,  // nothing more now: send the batch, and call handle_deadline() at `deadline` at the latest
  };
  Kind kind = Kind::kDeadline;
  std::optional<Event> event;
  Instant deadline = kNever;
};

class Node {
 public:
  // Without a pool it has its own. One that it shares with other nodes outlives them all.
  Node(const NodeConfig& config, const crypto::Suite& suite, std::unique_ptr<Rng> rng, BufferPool* pool = nullptr);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Inputs.
  void handle_datagrams(std::span<const Datagram> batch, Instant now);
  void handle_deadline(Instant now);

  // Commands.
  StreamIndex publish(const PublishConfig& config, Instant now);
  StreamIndex join(const JoinConfig& config, Instant now);
  // Publisher: how many bytes of input it will take now; 0 while its children hold it back (ask again after poll()).
  std::size_t input_room(StreamIndex stream) const;
  // Publisher: until then a little input gains nothing by being taken, and may be left where it is to gather.
  Instant input_due(StreamIndex stream) const;
  // Publisher: one burst of input, at most input_room() bytes.
  void input(StreamIndex stream, Bytes bytes, Instant now);
  // Publisher: the caller has been idle so long for want of input. Input that keeps us waiting has a pace of its own
  // and is never held back; without these calls it is taken for a file's.
  void input_waited(StreamIndex stream, Duration waited);
  // Publisher: no more input. Stopped{kEnded} follows when all children have everything, or have had their time.
  void end_input(StreamIndex stream, Instant now);
  // Members: the reader of what is played is behind, play nothing for now. What waits too long is lost to it; those we
  // forward to do not notice. A publisher of a file slows down if there are none.
  void hold_output(bool hold);
  // Says goodbye to every peer of every stream; Stopped{kLeft} follows for each at once.
  void leave(Instant now);
  // Measures the path to a host: connects (ProbeConnected), then each ping of `bytes` payload may bring a ProbeReply.
  // Uses the probe service, or a stream's if `service_of` is given. One host at a time: another call ends the first.
  void probe(const Host& host, const std::optional<JoinConfig>& service_of, Instant now);
  void probe_ping(std::uint32_t id, std::size_t bytes, Instant now);

  // Output: datagrams into `out`, events, and the next deadline.
  Poll poll(Instant now, DatagramBatch& out);
  // Asked for after what has come over TCP: the far end of a connection that is to be closed, for it sent what is not
  // authentic.
  std::optional<Address> next_hang_up();

  StreamStats stats(StreamIndex stream, Instant now);
  NodeStats stats() const;
  Fills fills(StreamIndex stream) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spate::node
