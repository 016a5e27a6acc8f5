// A host of a baseline: what all schemes have in common. It sends what a scheme gives it no faster than its uplink
// carries, keeps what comes, plays it, and counts.
//
// A datagram is a header of 16 bytes (kind, sender, a number) and a body: a shard's, or a list's. Bodies of shards are
// zeros. Nothing is enciphered, signed or checked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "libcore/node/stats.h"
#include "libcore/sim/host_program.h"
#include "libcore/sim/schemes/player.h"
#include "libcore/sim/schemes/stage.h"

namespace spate::sim {

class SchemeHost : public HostProgram {
 public:
  static constexpr std::size_t kHeaderBytes = 16;
  static constexpr std::size_t kBodyBytesMax = 1'200 - kHeaderBytes;

  struct Counts {
    node::SentBytes sent;
    std::uint64_t duplicates = 0;
    std::uint64_t duplicate_bytes = 0;
    std::uint64_t repaired = 0;
    std::uint64_t switches = 0;  // of parents
  };

  SchemeHost(Stage& stage, HostId host);

  // Commands; the network polls the host after them.
  void join(Instant now);
  void leave(Instant now) { on_leave(now); }

  const Counts& counts() const { return counts_; }
  const Player& player() const { return player_; }
  virtual std::uint32_t depth() const { return 0; }  // hops from the publisher; 0: there is no such thing

  void handle_datagrams(std::span<const Datagram> batch, Moment at) final;
  void handle_deadline(Moment at) final;
  std::optional<Moment> poll(Moment at, DatagramBatch& out) final;

 protected:
  enum class Kind : std::uint8_t { kHello, kAccept, kBye, kAlive, kMap, kAsk, kShard, kRepair };
  struct Message {
    Kind kind;
    HostId from;
    Address address;
    std::uint64_t number;
    Bytes body;
  };

  // Called every tick() from when the host joined.
  virtual Duration tick() const = 0;
  virtual void on_tick(Instant now) = 0;
  virtual void on_message(const Message& message, Instant now) = 0;
  // It has a shard that it did not have. The publisher's come from itself.
  virtual void on_shard(std::uint64_t shard, HostId from, Instant now) = 0;
  virtual void on_leave(Instant /*now*/) {}
  // The uplink is idle: whether there was something to send_shard().
  virtual bool on_idle(Instant /*now*/) { return false; }

  // Goes before all shards that wait.
  void send(Kind kind, const Address& to, std::uint64_t number = 0, std::vector<std::uint8_t> body = {});
  // Unless more than `waiting_max` of sending is before it.
  bool send_shard(const Address& to, std::uint64_t shard, bool repair, Duration waiting_max, Instant now);

  // How long what was sent keeps the uplink busy; what waits in line not counted.
  Duration busy(Instant now) const { return std::max(Duration::zero(), busy_until_ - now); }

  Stage& stage() const { return stage_; }
  HostId self() const { return self_; }
  bool publishes() const { return self_ == kPublisherHost; }
  const NumberSet& have() const { return have_; }
  // What it plays begins there. REQUIRES !player().begun().
  void begin_at(std::uint64_t shard) { player_.begin(shard); }
  Counts& counts() { return counts_; }
  Draws& draws() { return draws_; }

 private:
  static constexpr Duration kBurst = std::chrono::milliseconds(2);  // sent ahead of the uplink's pace

  struct Outgoing {
    Kind kind;
    Address to;
    std::uint64_t number;
    std::vector<std::uint8_t> body;  // not of a shard
  };
  void take_shard(std::uint64_t shard, HostId from, Instant now);
  void publish(Instant now);
  void emit(const Outgoing& what, DatagramBatch& out, Instant now);
  std::size_t bytes_of(const Outgoing& what) const;
  Duration time_of(std::uint64_t wire_bytes) const;

  Stage& stage_;
  const HostId self_;
  const std::uint64_t uplink_bps_;
  Draws draws_;
  NumberSet have_;
  Player player_;
  Counts counts_;
  std::deque<Outgoing> control_;
  std::deque<Outgoing> shards_;
  Duration shards_time_{};  // of sending, that wait
  Instant busy_until_{};
  Instant next_tick_ = kNever;
  std::uint64_t next_frame_ = 0;  // of the publisher's input
};

}  // namespace spate::sim
