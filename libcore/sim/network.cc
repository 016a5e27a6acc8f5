#include "libcore/sim/network.h"

#include <algorithm>
#include <string>
#include <utility>

#include "libcore/base/check.h"

namespace spate::sim {

Network::Network(const Rng& rng, DelayModel& delays) : rng_(rng.fork("network")), delays_(delays), nats_(*rng_) {}

HostId Network::add(HostProgram& program, const HostConfig& config) {
  const auto id = static_cast<HostId>(hosts_.size());
  SPATE_CHECK(id < kHostsMax);
  const std::string name = std::to_string(id);
  hosts_.push_back({&program, Link(config.up, *rng_->fork(name + " up")),
                    Link(config.down, *rng_->fork(name + " down")), HostClock(config.clock), config.socket_bytes,
                    config.wake, Draws(*rng_->fork(name + " wake")).between({}, config.wake)});
  hosts_.back().behind_box = config.box != kNoBox;
  nats_.add_host(config.box);
  return id;
}

void Network::remove(HostId host) {
  Host& gone = hosts_[host];
  gone.program = nullptr;
  gone.paused = false;
  for (Packet& packet : gone.waiting) {
    packet.parcel = {};
    --stats_.in_flight;
    ++stats_.nobody;
  }
  gone.waiting.clear();
  gone.waiting_bytes = 0;
  close_pipes_of(host);
}

void Network::revive(HostId host, HostProgram& program) {
  SPATE_CHECK(!present(host));
  hosts_[host].program = &program;
  hosts_[host].wanted = {kNever, kNever};
  hosts_[host].deadline = kNever;
}

void Network::pause(HostId host) { hosts_[host].paused = present(host); }

void Network::resume(HostId host) {
  Host& host_ref = hosts_[host];
  if (!std::exchange(host_ref.paused, false) || !present(host)) return;
  for (Packet& packet : host_ref.waiting) {
    --stats_.in_flight;
    hand_over(host, packet);
  }
  host_ref.waiting.clear();
  host_ref.waiting_bytes = 0;
  if (!batch_.empty()) host_ref.program->handle_datagrams(batch_, moment(host));
  batch_.clear();
  batch_buffers_.clear();
  if (host_ref.deadline <= now_) host_ref.program->handle_deadline(moment(host));
  pump(host);
}

void Network::set_side(HostId host, std::size_t side) {
  SPATE_CHECK(side < kSides);
  hosts_[host].side = static_cast<std::uint8_t>(side);
}

void Network::cut(std::size_t from, std::size_t to, bool on) {
  SPATE_CHECK(from < kSides && to < kSides);
  const auto bit = static_cast<std::uint8_t>(1u << to);
  cuts_[from] = static_cast<std::uint8_t>(on ? cuts_[from] | bit : cuts_[from] & ~bit);
}

void Network::clog(HostId host, bool on) {
  hosts_[host].clogged = on;
  if (on) return;
  const auto free = [this](const Clogged& c) { return !hosts_[c.from].clogged && !hosts_[c.to].clogged; };
  for (Clogged& c : clogged_) {
    if (!free(c)) continue;
    --stats_.in_flight;
    carry(c.from, c.to, {Link::Fate::kCarried, Link::Harm::kNone, now_}, {c.packet.from, c.packet.to},
          c.packet.parcel.whole(pool_).bytes());
    c.packet.parcel = {};
  }
  std::erase_if(clogged_, [](const Clogged& c) { return !c.packet.parcel; });
}

void Network::disturb(HostId host, const Disturbance& disturbance) {
  hosts_[host].up.disturb(disturbance, now_);
  hosts_[host].down.disturb(disturbance, now_);
}

void Network::rebind_nat(HostId host, bool new_address) {
  if (!hosts_[host].behind_box) return;
  NatBox& box = nats_.box(nats_.box_of(host));
  new_address ? box.renumber() : box.rebind();
}

void Network::jump_clock(HostId host, Duration by) {
  Host& jumper = hosts_[host];
  jumper.clock.jump(by, now_);
  const Instant wanted = std::min(jumper.wanted.now, jumper.clock.first_showing(jumper.wanted.local));
  jumper.deadline = next_look(jumper, std::max(now_, wanted));
  if (present(host)) arm(host);
}

void Network::at(Instant time, HostId host, std::function<void()> command) {
  SPATE_CHECK(time >= now_ && host < hosts_.size());
  queue_.push({time, host, kOutside, command_sequence_++, kCommand, 0, static_cast<std::uint32_t>(commands_.size())});
  commands_.push_back(std::move(command));
}

void Network::run_until(Instant until) {
  for (const Event* first = queue_.peek(); first != nullptr && first->time <= until; first = queue_.peek()) {
    const Event event = queue_.pop();
    now_ = event.time;
    handle(event);
  }
  now_ = std::max(now_, until);
}

void Network::handle(const Event& event) {
  switch (event.kind) {
    case kDownlink:
    case kDelivery:
      return deliver(event);
    case kTimer:
      return fire_timer(event);
    case kCommand:
      return run_command(event);
    default:
      return handle_tcp(event);
  }
}

void Network::note(const Event& event, std::uint64_t hash) {
  ++stats_.events;
  digest_.add(static_cast<std::uint64_t>(event.time.time_since_epoch().count()));
  digest_.add(std::uint64_t{event.destination} << 32 | event.source);
  digest_.add(event.sequence << 2 | event.kind);
  digest_.add(hash);
}

// What reaches a host at one instant is handed over in one batch.
void Network::deliver(const Event& first) {
  const HostId id = first.destination;
  bool any = take_delivery(first);
  for (const Event* next = queue_.peek();
       next != nullptr && next->time == now_ && next->destination == id && next->kind <= kDelivery;
       next = queue_.peek())
    any |= take_delivery(queue_.pop());
  if (any) hand_batch(id);
}

void Network::hand_batch(HostId id) {
  if (batch_.empty()) return;
  hosts_[id].program->handle_datagrams(batch_, moment(id));
  batch_.clear();
  batch_buffers_.clear();
  pump(id);
}

// Puts the packet of an event into the batch, or further on its way.
bool Network::take_delivery(const Event& event) {
  Host& host = hosts_[event.destination];
  if (host.program == nullptr) {
    drop(event, stats_.nobody);
    return false;
  }
  if (event.kind == kDownlink) {
    if (host.udp_blocked) {
      drop(event, stats_.filtered);
      return false;
    }
    if (host.behind_box) {
      const Ends& ends = ends_[index_of(event)];
      if (!nats_.admits(event.destination, ends.from, ends.to, now_)) {
        drop(event, stats_.filtered);
        return false;
      }
    }
    const Link::Passage passage = host.down.send(event.bytes + kHeaderBytes, now_);
    note(event, static_cast<std::uint64_t>(passage.fate));
    if (passage.fate != Link::Fate::kCarried) {
      drop(event, count_of(passage.fate));
      return false;
    }
    if (passage.harm != Link::Harm::kNone) {
      Parcel& parcel = packets_[index_of(event)];
      parcel = Parcel(harmed(parcel.whole(pool_).bytes(), passage));
    }
    if (passage.copy_arrives) {
      ++stats_.duplicated;
      put({next_look(host, *passage.copy_arrives), event.destination, event.source, hosts_[event.source].sequence++,
           kDelivery, event.bytes, 0},
          ends_of(event), packets_[index_of(event)].whole(pool_).bytes());
    }
    const Instant looks = next_look(host, passage.arrives);
    if (looks > EventQueue::kTimeMax) {
      drop(event, stats_.lost);
      return false;
    }
    if (looks > now_) {
      Event later = event;
      later.time = looks;
      later.kind = kDelivery;
      queue_.push(later);
      return false;
    }
  }
  note(event, packets_[index_of(event)].print());
  return reach(event.destination, take_packet(event));
}

bool Network::reach(HostId id, Packet packet) {
  Host& host = hosts_[id];
  if (!host.paused) {
    hand_over(id, packet);
    return true;
  }
  const std::uint64_t bytes = packet.parcel.size() + kHeaderBytes;
  if (host.waiting_bytes + bytes > host.socket_bytes) {
    ++stats_.overflow;
    return false;
  }
  host.waiting_bytes += bytes;
  host.waiting.push_back(std::move(packet));
  ++stats_.in_flight;
  return false;
}

// Into the batch.
void Network::hand_over(HostId id, const Packet& packet) {
  ++stats_.delivered;
  const Buffer& datagram = batch_buffers_.emplace_back(packet.parcel.whole(pool_));
  for (WireObserver* observer : observers_) observer->on_delivered(id, packet.from, datagram.bytes(), now_);
  batch_.push_back({packet.from, datagram.bytes()});
}

void Network::fire_timer(const Event& event) {
  const HostId id = event.destination;
  Host& host = hosts_[id];
  SPATE_CHECK(!host.timers.empty() && host.timers.back() == event.time);
  host.timers.pop_back();
  if (host.program == nullptr || host.paused) return;
  if (host.deadline > now_) return arm(id);
  host.deadlines_now = host.deadline_handled == now_ ? host.deadlines_now + 1 : 0;
  host.deadline_handled = now_;
  SPATE_CHECK(host.deadlines_now < kDeadlinesAtOneInstantMax);
  note(event, 0);
  host.program->handle_deadline(moment(id));
  pump(id);
}

void Network::run_command(const Event& event) {
  note(event, 0);
  const std::function<void()> command = std::exchange(commands_[event.payload], nullptr);
  command();
  pump(event.destination);
}

Instant Network::next_look(const Host& host, Instant time) {
  if (host.wake == Duration::zero() || time > EventQueue::kTimeMax) return time;
  const Duration since = (time.time_since_epoch() + host.wake - host.wake_phase) % host.wake;
  return since == Duration::zero() ? time : time + host.wake - since;
}

void Network::pump(HostId id) {
  if (!present(id) || hosts_[id].paused) return;
  for (;;) {
    const std::optional<Moment> wanted = hosts_[id].program->poll(moment(id), out_);
    flush(id);
    if (!wanted) continue;
    Host& host = hosts_[id];
    host.wanted = *wanted;
    host.deadline = next_look(host, std::max(now_, std::min(wanted->now, host.clock.first_showing(wanted->local))));
    break;
  }
  arm(id);
}

// A timer event stays in the queue until its time, wanted or not. A later deadline waits for the timers before it; an
// earlier one needs a timer of its own. So the pending timers are a stack.
void Network::arm(HostId id) {
  Host& host = hosts_[id];
  if (host.deadline > EventQueue::kTimeMax) return;
  if (!host.timers.empty() && host.timers.back() <= host.deadline) return;
  host.timers.push_back(host.deadline);
  queue_.push({host.deadline, id, id, host.sequence++, kTimer, 0, 0});
}

void Network::flush(HostId id) {
  for (const DatagramBatch::Run& run : out_.runs())
    for (std::size_t i = 0; i < run.count; ++i) send(id, run.to, out_.datagram(run, i));
  out_.clear();
}

void Network::send(HostId from, const Address& to, Bytes datagram) {
  for (WireObserver* observer : observers_) observer->on_sent(from, to, datagram, now_);
  if (to.is_tcp()) return send_tcp(from, to, datagram);
  transmit(from, way_of(from, to), datagram);
}

void Network::forge(HostId sender, const Address& from, HostId to, Bytes datagram) {
  const bool known = to < hosts_.size();
  const auto found = !known                  ? NatNetwork::Found::kNobody
                     : hosts_[to].behind_box ? NatNetwork::Found::kFiltered
                                             : NatNetwork::Found::kHost;
  transmit(sender, {found, to, from, known ? host_address(to) : Address{}}, datagram);
}

void Network::transmit(HostId from, const NatNetwork::Way& way, Bytes datagram) {
  Host& host = hosts_[from];
  ++stats_.sent;
  ++host.stats.datagrams_sent;
  if (host.udp_blocked) {
    ++stats_.filtered;
    return;
  }
  host.stats.wire_bytes_sent += datagram.size() + kHeaderBytes;
  const Link::Passage passage = host.up.send(datagram.size() + kHeaderBytes, now_);
  if (passage.fate != Link::Fate::kCarried) {
    ++count_of(passage.fate);
    return;
  }
  if (way.found == NatNetwork::Found::kFiltered) {
    ++stats_.filtered;
    return;
  }
  const HostId destination = way.host;
  if (way.found == NatNetwork::Found::kNobody || !present(destination)) {
    ++stats_.nobody;
    return;
  }
  if ((cuts_[host.side] >> hosts_[destination].side & 1) != 0) {
    ++stats_.cut;
    return;
  }
  Buffer copy;
  if (passage.harm != Link::Harm::kNone) {
    copy = harmed(datagram, passage);
    datagram = copy.bytes();
  }
  if (!host.clogged && !hosts_[destination].clogged)
    return carry(from, destination, passage, {way.from, way.to}, datagram);
  if (clogged_.size() >= kCloggedMax) {
    ++stats_.overflow;
    return;
  }
  ++stats_.in_flight;
  clogged_.push_back({from, destination, {{}, way.from, way.to}});
  clogged_.back().packet.parcel.keep(datagram, frames_, pool_);
}

// Between hosts that no box stands before, addresses say it all.
NatNetwork::Way Network::way_of(HostId from, const Address& to) {
  const HostId host = host_with(to);
  if (hosts_[from].behind_box || host >= hosts_.size() || hosts_[host].behind_box) return nats_.way(from, to, now_);
  return {NatNetwork::Found::kHost, host, host_address(from), to};
}

// From the sender's uplink on.
void Network::carry(HostId from, HostId to, const Link::Passage& passage, const Ends& ends, Bytes datagram) {
  const Duration delay = delays_.one_way(from, to);
  const auto bytes = static_cast<std::uint16_t>(datagram.size());
  if (passage.copy_arrives) {
    ++stats_.duplicated;
    put({*passage.copy_arrives + delay, to, from, hosts_[from].sequence++, kDownlink, bytes, 0}, ends, datagram);
  }
  put({passage.arrives + delay, to, from, hosts_[from].sequence++, kDownlink, bytes, 0}, ends, datagram);
}

// A copy with the harm done to it; never empty.
Buffer Network::harmed(Bytes datagram, const Link::Passage& passage) {
  ++stats_.harmed;
  Buffer copy = pool_.take(datagram.size());
  const MutableBytes bytes = copy.writable();
  std::copy(datagram.begin(), datagram.end(), bytes.begin());
  if (passage.harm == Link::Harm::kTruncated) {
    copy.resize(1 + static_cast<std::size_t>(passage.harm_draw % datagram.size()));
  } else {
    const std::uint64_t bit = passage.harm_draw % (datagram.size() * 8);
    bytes[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
  return copy;
}

std::uint64_t& Network::count_of(Link::Fate fate) {
  switch (fate) {
    case Link::Fate::kQueueFull:
    case Link::Fate::kCoDel:
      return stats_.queue_full;
    case Link::Fate::kTooLarge:
      return stats_.too_large;
    default:
      return stats_.lost;
  }
}

// Sends a datagram on its way to the event, whose payload it becomes. Where no box stands, the event's hosts say the
// addresses, and memory for them is neither written nor read. What would arrive after the end of time is lost.
//
// The datagram is copied last: the event's fields are read again as soon as they are written, which a processor that
// waits for memory to take a datagram in does not do before all of it is there.
void Network::put(Event event, const Ends& ends, Bytes datagram) {
  if (event.time > EventQueue::kTimeMax) {
    ++stats_.lost;
    return;
  }
  if (free_packets_.empty()) {
    free_packets_.push_back(static_cast<std::uint32_t>(packets_.size()));
    packets_.emplace_back();
    ends_.emplace_back();
  }
  const std::uint32_t index = free_packets_.back();
  free_packets_.pop_back();
  event.payload = index;
  if (hosts_[event.source].behind_box || hosts_[event.destination].behind_box ||
      ends.from != host_address(event.source)) {
    ends_[index] = ends;
    event.payload |= kHasEnds;
  }
  ++stats_.in_flight;
  queue_.push(event);
  packets_[index].keep(datagram, frames_, pool_);
}

Network::Ends Network::ends_of(const Event& event) const {
  if ((event.payload & kHasEnds) != 0) return ends_[index_of(event)];
  return {host_address(event.source), host_address(event.destination)};
}

Network::Packet Network::take_packet(const Event& event) {
  const Ends ends = ends_of(event);
  free_packets_.push_back(index_of(event));
  --stats_.in_flight;
  return {std::move(packets_[index_of(event)]), ends.from, ends.to};
}

void Network::drop(const Event& event, std::uint64_t& reason) {
  packets_[index_of(event)] = {};
  free_packets_.push_back(index_of(event));
  --stats_.in_flight;
  ++reason;
}

}  // namespace spate::sim
