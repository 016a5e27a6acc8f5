// The TCP connections of a node: those that came to us, and those that we made. A datagram from one says where it is
// from, and one to there goes out on it.
//
// A connection is made by an initiation to an address over TCP that has none; what else has nowhere to go is dropped
// and counted. It is worth keeping only with a session: until we send data on it, it is half-open and has
// kHandshakeMax; later it is closed when we have sent none for kIdleMax. So a stranger costs a descriptor and what it
// has begun to send, a few KB, for 5 s. When there are too many half-open ones one of them goes, by chance: of that
// network, of all, or when descriptors are used up. So whoever comes again and again throws out its own mostly. When
// there are too many connections and none is half-open, the network that has most of them loses the one that has been
// idle for longest. Nobody is told why. What looks for whoever has to go looks at all connections, kConnectionsMax at
// most.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "libcore/base/datagram.h"
#include "libcore/base/rng.h"
#include "libcore/io/descriptor.h"
#include "libcore/io/failure.h"
#include "libcore/io/tcp_connection.h"

namespace spate::io {

struct TcpHubStats {
  std::uint64_t accepted = 0;
  std::uint64_t dialled = 0;
  std::uint64_t evicted = 0;       // that gave way
  std::uint64_t refused = 0;       // that found no room
  std::uint64_t unaddressed = 0;   // datagrams to where there is no connection
  std::uint64_t send_dropped = 0;  // datagrams that waited for too long, or were too many
  std::uint32_t connections = 0;
  std::uint32_t half_open = 0;
};

class TcpHub {
 public:
  static constexpr std::size_t kConnectionsMax = 512;
  static constexpr std::size_t kConnectionsPerNetworkMax = 64;
  static constexpr std::size_t kHalfOpenMax = 256;
  static constexpr std::size_t kHalfOpenPerNetworkMax = 4;
  static constexpr Duration kHandshakeMax = std::chrono::seconds(5);
  static constexpr Duration kIdleMax = std::chrono::seconds(15);
  // That wait on all connections together; each has TcpConnection::kQueueBytesMax.
  static constexpr std::size_t kQueuedBytesMax = 64 * 1024 * 1024;
  static constexpr std::size_t kQueuedBytesOwn = 64 * 1024;  // that a connection may have all the same
  // While descriptors are used up nobody is accepted for so long.
  static constexpr Duration kAcceptPause = std::chrono::seconds(1);
  // That receive() reads from at once, and what it reads of each.
  static constexpr std::size_t kReadsAtOnce = 16;
  static constexpr std::size_t kReadBytes = 16 * 1024;

  // How long linger() waits at most.
  static constexpr Duration kLingerMax = std::chrono::milliseconds(200);

  explicit TcpHub(std::unique_ptr<Rng> rng) : rng_(std::move(rng)) {}
  TcpHub(TcpHub&&) = default;
  TcpHub& operator=(TcpHub&&) = default;

  // Accepts connections there from now on.
  std::optional<Failure> listen(const Address& at);

  // Readable when receive() has something to do. -1: nothing ever is, as long as there has been no connection.
  int fd() const { return epoll_.get(); }

  // Accepts, reads, and goes on with what waits to be sent. The datagrams are valid until the next call of anything
  // here. `more`: ask again.
  struct Received {
    std::span<const Datagram> datagrams;
    bool more = false;
  };
  Received receive(Instant now);
  // Sends the runs of a batch that are for TCP. Does not wait.
  void send(const DatagramBatch& batch, Instant now);
  // Closes the connection with that address, if there is one.
  void hang_up(const Address& peer);
  // For the end of the process: accepts nobody any more, sends what waits and that this was all, and throws away what
  // comes until the others have closed, too. Else the kernel would forget what it has not sent, goodbyes among it, as
  // soon as something is unread. Waits.
  void linger();

  void handle_deadline(Instant now);
  Instant next_deadline() const { return next_deadline_; }
  TcpHubStats stats() const;

 private:
  // Numbers of connections; later ones have greater numbers.
  using Serial = std::uint64_t;
  static constexpr Serial kListener = 0;

  struct Entry {
    TcpConnection connection;
    Address peer;
    bool ours = false;  // we called
    bool connecting = false;
    bool half_open = true;
    Instant since;              // when it began, or data was last sent
    std::uint32_t watched = 0;  // epoll's events
    bool ended = false;         // we have said that this was all
    Instant expires() const { return since + (half_open ? kHandshakeMax : kIdleMax); }
  };

  bool open_epoll();
  bool watch_listener(int operation, std::uint32_t events);
  void pause_accepting(bool pause);
  bool accept_one(Instant now);
  bool admit(const Address& from);
  bool evict_half_open(const Address* of_network);
  bool evict_of_most();
  bool add(Descriptor fd, const Address& peer, bool ours, Instant now);
  // The connection with whom the run is for, made if it may be.
  std::optional<Serial> connection_for(const DatagramBatch& batch, const DatagramBatch::Run& run, Instant now);
  void handle_event(Serial serial, std::uint32_t events, MutableBytes room, Instant now);
  bool read(Entry& entry, MutableBytes room);
  void push(Entry& entry, Bytes datagram, Instant now);
  void flush(Serial serial, Instant now);
  void watch(Serial serial, Entry& entry);
  void close(Serial serial);

  std::unique_ptr<Rng> rng_;
  std::unique_ptr<BufferPool> pool_ = std::make_unique<BufferPool>();
  Descriptor epoll_;
  Descriptor listener_;
  Instant accepts_again_ = kNever;  // while it pauses
  std::map<Serial, Entry> entries_;
  std::map<Address, Serial> by_peer_;
  Serial last_serial_ = kListener;
  std::vector<Entry> closed_;  // what was read from them may still be looked at
  std::vector<Serial> touched_;
  std::size_t queued_bytes_ = 0;
  std::unique_ptr<std::uint8_t[]> arena_;
  std::vector<Datagram> datagrams_;
  Instant next_deadline_ = kNever;
  TcpHubStats stats_;
};

}  // namespace spate::io
