// The virtual network and its clock: hosts, their access links, the delays between them, and the loop that runs them.
//
// A datagram sent by a host passes its uplink, takes the pair's one-way delay, passes the receiver's downlink and is
// handed over. Boxes that translate addresses see it before the uplink on its way out, and before the downlink on its
// way in. What befalls hosts is said from outside: paused, cut off, clogged, removed and revived. Everything happens in
// the order of event_queue.h; time moves only from event to event. Commands from outside (at()) come last among the
// events of one host at one time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/base/datagram.h"
#include "libcore/sim/clock.h"
#include "libcore/sim/delay.h"
#include "libcore/sim/digest.h"
#include "libcore/sim/event_queue.h"
#include "libcore/sim/host_program.h"
#include "libcore/sim/link.h"
#include "libcore/sim/nat_network.h"
#include "libcore/sim/parcel.h"
#include "libcore/sim/tcp_flow.h"

namespace spate::sim {

struct HostConfig {
  LinkConfig up;
  LinkConfig down;
  ClockConfig clock;
  std::uint64_t socket_bytes = 208 * 1024;  // that wait while the host is paused, headers included
  // The host looks for datagrams and timers so often, as interrupts are held together and loops go round: what comes
  // between is handed over in one batch. Zero: at once.
  Duration wake{};
  BoxId box = kNoBox;  // the box that it is behind
};

// Datagrams. sent + duplicated = delivered + dropped() + in_flight, at any time.
struct NetworkStats {
  std::uint64_t events = 0;
  std::uint64_t sent = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;        // by a link
  std::uint64_t queue_full = 0;  // of a link, or dropped by CoDel
  std::uint64_t too_large = 0;   // for a link's MTU
  std::uint64_t nobody = 0;      // to an address without a host, or whose host is gone
  std::uint64_t filtered = 0;    // by a box that translates addresses, or a network that carries no UDP
  std::uint64_t cut = 0;         // between sides that are cut off from each other
  std::uint64_t overflow = 0;    // of the socket of a paused host, or of a clog
  std::uint64_t in_flight = 0;   // what waits at paused and clogged hosts included
  std::uint64_t harmed = 0;      // of the delivered: a bit flipped, or cut short

  std::uint64_t dropped() const { return lost + queue_full + too_large + nobody + filtered + cut + overflow; }
};
struct HostStats {
  std::uint64_t datagrams_sent = 0;
  std::uint64_t wire_bytes_sent = 0;  // with IP and UDP headers
};

// Sees every datagram that a host sends, before its uplink does, and what is handed to a host, before it is.
class WireObserver {
 public:
  virtual ~WireObserver() = default;
  virtual void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) = 0;
  virtual void on_delivered(HostId /*to*/, const Address& /*from*/, Bytes /*datagram*/, Instant /*now*/) {}
};

class Network {
 public:
  static constexpr std::size_t kHeaderBytes = 28;  // IPv4 and UDP

  // All randomness comes from forks of `rng`. The delay model must outlive the network.
  Network(const Rng& rng, DelayModel& delays);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // A new host; its number is the count of hosts before it. The program must outlive the host's removal or the
  // network's last run. It is not called before something reaches it or touch().
  HostId add(HostProgram& program, const HostConfig& config);
  // Gone without a word: what is under way to it is dropped, its program is not called again.
  void remove(HostId host);
  bool present(HostId host) const { return hosts_[host].program != nullptr; }
  // A removed host is back, with a program that knows nothing of the one before. REQUIRES !present(host).
  void revive(HostId host, HostProgram& program);

  // A paused host's program is not called. What comes meanwhile waits in its socket, and is handed over in one batch
  // when it goes on.
  void pause(HostId host);
  void resume(HostId host);
  // Hosts are on side 0. What one side sends to another may be cut; it vanishes.
  static constexpr std::size_t kSides = 8;
  void set_side(HostId host, std::size_t side);
  void cut(std::size_t from, std::size_t to, bool on);
  // What a clogged host sends, and what is sent to it, waits after the sender's uplink; unclogged, all goes on at once.
  void clog(HostId host, bool on);
  // From now on no UDP reaches or leaves it.
  void block_udp(HostId host) { hosts_[host].udp_blocked = true; }
  // Of both its links.
  void disturb(HostId host, const Disturbance& disturbance);
  void jump_clock(HostId host, Duration by);
  // The box next to the host restarts, if there is one: nothing is open, other ports are used. A carrier's does not.
  // With `new_address` it has another one, too.
  void rebind_nat(HostId host, bool new_address = false);

  // Its own: what others see it as, and reach it at, if it is behind no box.
  static Address address_of(HostId host) { return host_address(host); }
  // A box for hosts that come later, whose outside is inside the box `behind`, or the network.
  BoxId add_box(const NatConfig& config, BoxId behind = kNoBox) { return nats_.add_box(config, behind); }
  BoxId box_of(HostId host) const { return nats_.box_of(host); }
  // Whom an address leads to now, as others see it; nothing if that is nobody.
  std::optional<HostId> host_of(const Address& address) const { return nats_.host_at(address); }

  // Runs `command` at that time, then polls the host (if it is still there).
  void at(Instant time, HostId host, std::function<void()> command);
  // Polls a host's program now, after something was done to it directly.
  void touch(HostId host) { pump(host); }

  // A datagram that is not from where it says: it leaves by the sender's uplink, and its receiver is told `from`. Those
  // who observe do not see it go. Boxes let none of that in.
  void forge(HostId sender, const Address& from, HostId to, Bytes datagram);

  // Handles every event up to and including that time; the time is then `until`.
  void run_until(Instant until);

  Instant now() const { return now_; }
  // The time on a host's clock.
  Instant local_time(HostId host) const { return hosts_[host].clock.local(now_); }
  // What is under way with a frame that is in that pool does not keep the frame a second time. The pool must outlive
  // the network.
  void keep_frames_in(const SharingPool& frames) { frames_ = &frames; }
  void observe(WireObserver& observer) { observers_.push_back(&observer); }

  // Over all events: (time, destination, source, sequence, kind, hash of the datagram).
  std::uint64_t digest() const { return digest_.value(); }
  const NetworkStats& stats() const { return stats_; }
  const HostStats& stats(HostId host) const { return hosts_[host].stats; }

 private:
  enum Kind : std::uint16_t { kDownlink, kDelivery, kTimer, kCommand, kTcpUplink, kTcpDownlink, kTcpArrival };
  static constexpr std::size_t kCloggedMax = 100'000;  // datagrams that wait, of all hosts
  // Sorts after every host.
  static constexpr HostId kOutside = UINT32_MAX;
  // A host that wants its deadline handled this often at one instant will never stop.
  static constexpr int kDeadlinesAtOneInstantMax = 10'000;

  // A mark on an event's payload: there is an entry of ends_.
  static constexpr std::uint32_t kHasEnds = 1u << 31;
  // A datagram's addresses, as they are where its way turns from outwards to inwards.
  struct Ends {
    Address from;
    Address to;
  };
  struct Packet {
    Parcel parcel;
    Address from;
    Address to;
  };
  struct Host {
    HostProgram* program;
    Link up;
    Link down;
    HostClock clock;
    std::uint64_t socket_bytes;
    Duration wake;
    Duration wake_phase;
    std::uint64_t sequence = 0;
    Moment wanted{kNever, kNever};  // when its program wants to be called
    Instant deadline = kNever;      // the same by the network's clock
    std::vector<Instant> timers{};  // pending timer events, the earliest last
    int deadlines_now = 0;
    Instant deadline_handled{};
    HostStats stats{};
    bool behind_box = false;
    bool paused = false;
    bool clogged = false;
    bool udp_blocked = false;
    std::uint8_t side = 0;
    std::uint64_t waiting_bytes = 0;
    std::vector<Packet> waiting{};  // while paused
  };
  struct Clogged {
    HostId from;
    HostId to;
    Packet packet;
  };

  using Pipes = std::map<std::uint64_t, TcpPipe>;

  void handle(const Event& event);
  void deliver(const Event& first);
  bool take_delivery(const Event& event);
  // True: it is in the batch. Otherwise it waits in the socket, or found that full.
  bool reach(HostId id, Packet packet);
  void hand_over(HostId id, const Packet& packet);
  void hand_batch(HostId id);
  void fire_timer(const Event& event);
  void run_command(const Event& event);
  void pump(HostId id);
  void arm(HostId id);
  void flush(HostId id);
  void send(HostId from, const Address& to, Bytes datagram);
  void transmit(HostId from, const NatNetwork::Way& way, Bytes datagram);
  // network_tcp.cc
  Duration round_trip(HostId a, HostId b);
  void send_tcp(HostId from, const Address& to, Bytes datagram);
  Pipes::iterator pipe_between(HostId from, HostId to, Bytes datagram);
  void fill_window(std::uint64_t pipe, bool to_caller);
  void put_segment(TcpSegment segment);
  void push_segment(std::uint32_t index, Kind kind, Instant time);
  void handle_tcp(const Event& event);
  void arrive(const Event& event, HostId from, HostId to);
  TcpSegment take_segment(std::uint32_t index);
  void drop_segment(std::uint32_t index);
  Pipes::iterator close_pipe(Pipes::iterator pipe);
  void close_pipes_of(HostId host);

  NatNetwork::Way way_of(HostId from, const Address& to);
  void carry(HostId from, HostId to, const Link::Passage& passage, const Ends& ends, Bytes datagram);
  Buffer harmed(Bytes datagram, const Link::Passage& passage);
  std::uint64_t& count_of(Link::Fate fate);
  // The first time at or after `time` at which the host looks.
  static Instant next_look(const Host& host, Instant time);
  Moment moment(HostId host) const { return {now_, local_time(host)}; }
  void put(Event event, const Ends& ends, Bytes datagram);
  void drop(const Event& event, std::uint64_t& reason);
  Ends ends_of(const Event& event) const;
  Packet take_packet(const Event& event);
  static std::uint32_t index_of(const Event& event) { return event.payload & ~kHasEnds; }
  void note(const Event& event, std::uint64_t hash);

  std::unique_ptr<Rng> rng_;
  DelayModel& delays_;
  BufferPool pool_;
  EventQueue queue_;
  Instant now_{};
  NatNetwork nats_;
  std::vector<Host> hosts_;
  const SharingPool* frames_ = nullptr;
  std::vector<Parcel> packets_;  // under way, by the payload of their event
  std::vector<Ends> ends_;       // the same, where a box stands at one of its ends
  std::vector<std::uint32_t> free_packets_;
  std::vector<std::function<void()>> commands_;
  std::uint64_t command_sequence_ = 0;
  DatagramBatch out_;
  std::vector<Buffer> batch_buffers_;
  std::vector<Datagram> batch_;
  std::vector<Clogged> clogged_;
  Pipes pipes_;  // by number: later ones have greater numbers
  std::uint64_t next_pipe_ = 0;
  std::vector<TcpSegment> segments_;  // under way, by the payload of their event
  std::vector<std::uint32_t> free_segments_;
  std::array<std::uint8_t, kSides> cuts_{};  // by the sender's side: a bit for each receiver's
  std::vector<WireObserver*> observers_;
  Digest digest_;
  NetworkStats stats_;
};

}  // namespace spate::sim
