// Datagrams over TCP: what is lost comes later and holds up what is behind it. A connection begins with one round trip.
// Boxes let what is called from inside through, and nothing else; whoever is no box's can be called.
#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/session/handshake.h"
#include "libcore/sim/network.h"

namespace spate::sim {
namespace {

constexpr Duration kRetransmitMargin = std::chrono::milliseconds(50);  // beyond a round trip

std::size_t bytes_on_wire(const Buffer& datagram) {
  return datagram.size() + static_cast<std::size_t>(header_bytes(host_address(0).over_tcp()));
}

}  // namespace

Duration Network::round_trip(HostId a, HostId b) { return delays_.one_way(a, b) + delays_.one_way(b, a); }

void Network::send_tcp(HostId from, const Address& to, Bytes datagram) {
  ++stats_.sent;
  ++hosts_[from].stats.datagrams_sent;
  const HostId there = host_with(to);
  const auto pipe = there < hosts_.size() && present(there) ? pipe_between(from, there, datagram) : pipes_.end();
  if (pipe == pipes_.end()) {
    ++stats_.nobody;
    return;
  }
  ++stats_.in_flight;
  Buffer bytes = pool_.take(datagram.size());
  std::copy(datagram.begin(), datagram.end(), bytes.writable().begin());
  const bool to_caller = from == pipe->second.called;
  TcpFlow& flow = pipe->second.flows[to_caller];
  flow.waiting.push_back({std::move(bytes), now_});
  if (flow.waiting.size() > TcpFlow::kQueueDatagramsMax) {
    flow.waiting.pop_front();
    --stats_.in_flight;
    ++stats_.queue_full;
  }
  fill_window(pipe->first, to_caller);
}

// The one that there is, or a new one, if the datagram makes one.
Network::Pipes::iterator Network::pipe_between(HostId from, HostId to, Bytes datagram) {
  const auto known = std::find_if(pipes_.begin(), pipes_.end(), [&](const auto& p) {
    const TcpPipe& pipe = p.second;
    return (pipe.caller == from && pipe.called == to) || (pipe.caller == to && pipe.called == from);
  });
  if (known != pipes_.end() || datagram[0] != session::kInitiationType || hosts_[to].behind_box) return known;
  TcpPipe pipe{from, to, now_ + round_trip(from, to)};
  return pipes_.emplace(next_pipe_++, std::move(pipe)).first;
}

void Network::fill_window(std::uint64_t id, bool to_caller) {
  TcpPipe& pipe = pipes_.at(id);
  TcpFlow& flow = pipe.flows[to_caller];
  while (!flow.waiting.empty() && flow.under_way_bytes < TcpFlow::kWindowBytes) {
    TcpFlow::Waiting next = flow.waiting.pop_front();
    if (now_ - next.since > TcpFlow::kQueueAgeMax) {
      --stats_.in_flight;
      ++stats_.queue_full;
      continue;
    }
    flow.under_way_bytes += next.bytes.size();
    put_segment({std::move(next.bytes), id, flow.sent++, std::max(now_, pipe.opens), to_caller});
  }
}

void Network::put_segment(TcpSegment segment) {
  if (free_segments_.empty()) {
    free_segments_.push_back(static_cast<std::uint32_t>(segments_.size()));
    segments_.emplace_back();
  }
  const std::uint32_t index = free_segments_.back();
  free_segments_.pop_back();
  const Instant leaves = segment.since;
  segments_[index] = std::move(segment);
  push_segment(index, kTcpUplink, leaves);
}

// Its next event: at its sender, or at its receiver.
void Network::push_segment(std::uint32_t index, Kind kind, Instant time) {
  const TcpSegment& segment = segments_[index];
  const TcpPipe& pipe = pipes_.at(segment.pipe);
  const HostId from = segment.to_caller ? pipe.called : pipe.caller;
  const HostId to = segment.to_caller ? pipe.caller : pipe.called;
  const auto bytes = static_cast<std::uint16_t>(segment.bytes.size());
  queue_.push({std::min(time, EventQueue::kTimeMax), kind == kTcpUplink ? from : to, from, hosts_[from].sequence++,
               kind, bytes, index});
}

void Network::handle_tcp(const Event& event) {
  TcpSegment& segment = segments_[event.payload];
  const auto found = pipes_.find(segment.pipe);
  if (found == pipes_.end()) return drop_segment(event.payload);  // closed meanwhile
  const TcpPipe& pipe = found->second;
  const HostId from = event.source;
  const HostId to = from == pipe.caller ? pipe.called : pipe.caller;
  if (event.kind == kTcpArrival) return arrive(event, from, to);
  Link& link = event.kind == kTcpUplink ? hosts_[from].up : hosts_[to].down;
  if (event.kind == kTcpUplink) hosts_[from].stats.wire_bytes_sent += bytes_on_wire(segment.bytes);
  const Link::Passage passage = link.send(bytes_on_wire(segment.bytes), now_, true);
  note(event, static_cast<std::uint64_t>(passage.fate));
  const bool cut = (cuts_[hosts_[from].side] >> hosts_[to].side & 1) != 0 || hosts_[from].clogged || hosts_[to].clogged;
  if (passage.fate != Link::Fate::kCarried || cut) {
    if (now_ - segment.since > TcpFlow::kGiveUp) {
      close_pipe(found);
      return drop_segment(event.payload);
    }
    return push_segment(event.payload, kTcpUplink, now_ + round_trip(from, to) + kRetransmitMargin);
  }
  if (event.kind == kTcpUplink)
    push_segment(event.payload, kTcpDownlink, passage.arrives + delays_.one_way(from, to));
  else
    push_segment(event.payload, kTcpArrival, next_look(hosts_[to], passage.arrives));
}

// Hands over what is in order now.
void Network::arrive(const Event& event, HostId from, HostId to) {
  TcpSegment segment = take_segment(event.payload);
  note(event, fingerprint(segment.bytes.bytes()));
  TcpFlow& flow = pipes_.at(segment.pipe).flows[segment.to_caller];
  flow.early.emplace(segment.number, std::move(segment.bytes));
  while (!flow.early.empty() && flow.early.begin()->first == flow.handed) {
    Packet packet{Parcel(std::move(flow.early.begin()->second)), host_address(from).over_tcp(),
                  host_address(to).over_tcp()};
    flow.early.erase(flow.early.begin());
    ++flow.handed;
    flow.under_way_bytes -= packet.parcel.size();
    --stats_.in_flight;
    reach(to, std::move(packet));
  }
  fill_window(segment.pipe, segment.to_caller);
  hand_batch(to);
}

TcpSegment Network::take_segment(std::uint32_t index) {
  free_segments_.push_back(index);
  return std::move(segments_[index]);
}

void Network::drop_segment(std::uint32_t index) {
  take_segment(index);
  --stats_.in_flight;
  ++stats_.nobody;
}

// What is under way is dropped where it is.
Network::Pipes::iterator Network::close_pipe(Pipes::iterator pipe) {
  for (const TcpFlow& flow : pipe->second.flows) {
    stats_.in_flight -= flow.early.size() + flow.waiting.size();
    stats_.nobody += flow.early.size() + flow.waiting.size();
  }
  return pipes_.erase(pipe);
}

void Network::close_pipes_of(HostId host) {
  for (auto it = pipes_.begin(); it != pipes_.end();)
    it = it->second.caller == host || it->second.called == host ? close_pipe(it) : std::next(it);
}

}  // namespace spate::sim
