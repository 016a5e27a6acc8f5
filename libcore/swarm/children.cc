#include "libcore/swarm/children.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate::swarm {
namespace {

constexpr std::uint64_t kShardWireBytes = 1232;  // for turning windows into counts
constexpr std::uint64_t kUdpIpBytes = 48;
// A child may keep up to 31 shards to itself before it reports; a list of 48 must fit beside them.
constexpr std::uint64_t kWindowShardsMin = 96;
constexpr std::uint64_t kBurstUs = 40'000;
constexpr Duration kRateWindow = std::chrono::milliseconds(250);
constexpr Duration kPatience = std::chrono::seconds(3);  // with a child that has stopped moving
constexpr Duration kStuck = std::chrono::milliseconds(500);
// Repairs to one child: as many as the stream has shards, and at least so many.
constexpr std::uint64_t kRepairsPerSecond = 200;
constexpr std::uint64_t kRepairsBurst = 4096;
constexpr std::uint32_t kLossSample = 64;
constexpr Duration kMarkerRepeat = std::chrono::milliseconds(9);

std::uint64_t list_shards(const stream::StoredShard& shard) {
  return (shard.list.size() - wire::hash_list_frame_bytes(0)) / sizeof(crypto::LeafHash);
}

}  // namespace

Children::Children(std::uint16_t slots, stream::Store& store, Peers& peers, Outbox& outbox, TokenBucket& upload)
    : slots_(slots), store_(store), peers_(peers), outbox_(outbox), upload_(upload) {}

Children::Child* Children::find(session::SessionId session) {
  const auto it =
      std::find_if(children_.begin(), children_.end(), [&](const Child& c) { return c.session == session; });
  return it == children_.end() ? nullptr : &*it;
}
const Children::Child* Children::find(session::SessionId session) const {
  return const_cast<Children*>(this)->find(session);
}
bool Children::has(session::SessionId session) const { return find(session) != nullptr; }

void Children::add(session::SessionId session, std::uint64_t first, std::uint32_t window_bytes, Instant now) {
  SPATE_CHECK(free_slots() > 0 && !has(session));
  Child child;
  child.session = session;
  child.first = child.cursor = child.landed = first;
  child.window_bytes = window_bytes;
  child.heard = child.moved = now;
  child.repairs = TokenBucket(kRepairsPerSecond, kRepairsBurst);
  children_.push_back(std::move(child));
}

void Children::remove(session::SessionId session) {
  std::erase_if(children_, [&](const Child& c) { return c.session == session; });
}

std::uint64_t Children::first(session::SessionId session) const {
  const Child* const child = find(session);
  SPATE_CHECK(child != nullptr);
  return child->first;
}

void Children::on_report(session::SessionId session, const wire::Report& report, Instant now) {
  Child* const child = find(session);
  if (child == nullptr) return;
  child->heard = now;
  const std::uint32_t received = report.received - child->loss_base_received;
  const std::uint32_t missed = report.missed - child->loss_base_missed;
  if (received >= kLossSample) {
    child->lossy = std::uint64_t{missed} * 200 > received;
    child->loss_base_received = report.received;
    child->loss_base_missed = report.missed;
  }
  // A peer may claim to have seen what it was not sent; that is not worth more than the truth.
  const std::uint64_t seen = std::min(report.seen, child->cursor);
  if (seen > child->landed || std::min(report.next, child->cursor) > child->report.next) {
    child->moved = now;
    last_progress_ = now;
  }
  child->landed = std::max(child->landed, seen);
  child->report = report;
  child->report.next = std::min(report.next, child->cursor);
  child->reported = true;
}

void Children::on_repair_request(session::SessionId session, const wire::RepairRequest& request, Instant now) {
  Child* const child = find(session);
  if (child == nullptr) return;
  child->heard = now;
  const bool list = request.kind == wire::RepairRequest::Kind::kList;
  const bool with_lists = request.kind == wire::RepairRequest::Kind::kShardsWithLists;
  std::uint64_t list_queued = UINT64_MAX;
  child->repairs.set_rate(std::max(kRepairsPerSecond, shards_per_second_), now);
  for (const wire::RepairRequest::Range& range : request.ranges) {
    for (std::uint64_t i = 0; i < range.count; ++i) {
      if (!child->repairs.take(1, now)) return;  // whatever the answer is
      const std::uint64_t sequence = request.base + range.offset + i;
      // Not sent yet: it is on its way. (A restarted store may end before the cursor.)
      if (sequence >= std::min(child->cursor, store_.head())) return;
      if (sequence < store_.tail()) {
        const std::uint64_t gone = std::min(store_.tail() - sequence, range.count - i);
        outbox_.send(session, wire::Hole{sequence, static_cast<std::uint16_t>(gone)});
        i += gone - 1;
        continue;
      }
      if (store_.at(sequence).given_up) {
        outbox_.send(session, wire::Hole{sequence, 1});
        continue;
      }
      // What is absent here is being repaired here, and will be passed on when it comes.
      if (!store_.at(sequence).present() && !list) continue;
      if (child->urgent.size() >= kUrgentMax) return;
      const stream::StoredShard& shard = store_.at(sequence);
      if (with_lists && shard.list && shard.list_first != list_queued) {
        list_queued = shard.list_first;
        child->urgent.push_back({sequence, true, true});
      }
      child->urgent.push_back({sequence, list, true});
    }
  }
}

void Children::on_stored(std::span<const std::uint64_t> sequences) {
  for (Child& child : children_)
    for (const std::uint64_t sequence : sequences)
      if (sequence < child.cursor && sequence >= child.first && child.urgent.size() < kUrgentMax)
        child.urgent.push_back({sequence, false, false});
}

void Children::restart(std::uint64_t first) {
  for (Child& child : children_) {
    child.first = child.cursor = child.landed = first;
    child.list_sent = child.late_list_sent = UINT64_MAX;
    child.urgent.clear();
    child.report = {};
    child.reported = false;
    child.loss_base_received = child.loss_base_missed = 0;
  }
}

void Children::measure_rate(Instant now) {
  // A run that began anew, or a join, is no rate.
  if (store_.head() < rate_head_ || store_.head() - rate_head_ > stream::Store::kSlots) {
    rate_head_ = store_.head();
    rate_since_ = now;
  }
  if (now - rate_since_ < kRateWindow) return;
  const auto elapsed = static_cast<std::uint64_t>((now - rate_since_).count());
  shards_per_second_ = (store_.head() - rate_head_) * 1'000'000'000u / elapsed;
  rate_head_ = store_.head();
  rate_since_ = now;
}

// 1.25 times what the path holds at the stream's rate, and a burst: as much as the stream makes in 40 ms and a bit,
// but not more than the child's socket can hold. So a joiner that catches up is not sent everything at once.
std::uint64_t Children::window_shards(const Child& child) const {
  const Peer* const peer = peers_.find(child.session);
  const Duration rtt = peer != nullptr && peer->rtt.known() ? peer->rtt.least() : Duration::zero();
  const auto path_us = static_cast<std::uint64_t>(to_us(rtt * 5 / 4));
  const std::uint64_t path = shards_per_second_ * path_us / 1'000'000;
  const std::uint64_t burst = kWindowShardsMin + shards_per_second_ * kBurstUs / 1'000'000;
  return path + std::min(burst, std::max<std::uint64_t>(child.window_bytes / kShardWireBytes, 1));
}

std::uint64_t Children::send(Child& child, Bytes frame, session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  const std::uint64_t before = out.totals().wire_bytes;
  if (!endpoint.seal(child.session, frame, out, now)) return 0;
  upload_.charge(frame.size() + session::kDataOverhead + kUdpIpBytes, now);
  return out.totals().wire_bytes - before;
}

void Children::send_shard(Child& child, const stream::StoredShard& shard, bool repair, session::Endpoint& endpoint,
                          DatagramBatch& out, Instant now) {
  const std::uint64_t bytes = send(child, shard.frame.bytes(), endpoint, out, now);
  const std::uint64_t payload = shard.payload().size();
  stats_.payload_bytes_sent += payload;
  if (repair) {
    ++stats_.repairs_sent;
    stats_.sent.repairs += bytes;
  } else if (bytes > 0) {
    const std::uint64_t proof = shard.frame.size() - wire::kShardHeaderBytes - payload;
    stats_.sent.payload += payload;
    stats_.sent.signatures += proof;
    stats_.sent.headers += bytes - payload - proof;
  }
}

void Children::send_list(Child& child, const stream::StoredShard& shard, bool repair, session::Endpoint& endpoint,
                         DatagramBatch& out, Instant now) {
  const std::uint64_t bytes = send(child, shard.list.bytes(), endpoint, out, now);
  (repair ? stats_.sent.repairs : stats_.sent.signatures) += bytes;
}

bool Children::send_urgent(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  const Urgent urgent = child.urgent.front();
  child.urgent.pop_front();
  if (!store_.covers(urgent.sequence)) return true;
  const stream::StoredShard& shard = store_.at(urgent.sequence);
  if (urgent.list) {
    if (shard.list) send_list(child, shard, urgent.repair, endpoint, out, now);
  } else if (shard.present()) {
    // If the shard was late because its list was, the child has not had the list either.
    if (shard.list && !urgent.repair && shard.list_first != child.list_sent &&
        shard.list_first != child.late_list_sent) {
      child.late_list_sent = shard.list_first;
      send_list(child, shard, false, endpoint, out, now);
      if (out.full()) {
        child.urgent.push_front(urgent);
        return false;
      }
    }
    send_shard(child, shard, urgent.repair, endpoint, out, now);
  }
  return true;
}

bool Children::pump_child(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now,
                          bool& progressed) {
  const std::uint64_t window = window_shards(child);
  for (std::uint64_t sent = 0; sent < kQuantum;) {
    if (out.full()) return false;
    if (Instant ready = upload_.ready_at(now); ready > now) {
      upload_ready_ = ready;
      return true;
    }
    if (!child.urgent.empty()) {
      if (!send_urgent(child, endpoint, out, now)) return false;
      ++sent;
      progressed = true;
      continue;
    }
    if (child.cursor < store_.tail()) {  // too slow for us: what fell out is lost to it
      child.landed += store_.tail() - child.cursor;
      child.cursor = store_.tail();
    }
    if (child.cursor >= store_.head()) return true;
    const stream::StoredShard& shard = store_.at(child.cursor);
    if (!shard.present()) {
      ++child.cursor;  // passed on when it comes
      continue;
    }
    // A list promises its shards, so once it is sent they follow, whatever the window says.
    const std::uint64_t on_the_way = child.cursor - child.landed;
    const bool begun = shard.list && child.list_sent == shard.list_first;
    const std::uint64_t needs = shard.list ? list_shards(shard) : 1;
    if (!begun && on_the_way > 0 && on_the_way + needs > window) return true;
    if (shard.list && !begun) {
      child.list_sent = shard.list_first;
      send_list(child, shard, false, endpoint, out, now);
      if (out.full()) return false;
    }
    send_shard(child, shard, false, endpoint, out, now);
    ++child.cursor;
    ++sent;
    progressed = true;
    child.moved = now;
    child.marker_at = shard.list ? kNever : now + kMarkerDelay;
    child.markers_left = child.lossy ? 2 : 1;
    if (shard.list && child.lossy) {
      if (child.cursor == shard.list_first + needs) child.urgent.push_back({child.cursor - 1, true, false});
    }
  }
  return true;
}

bool Children::pump(session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  measure_rate(now);
  upload_ready_ = kNever;
  bool progressed = true;
  while (progressed && !children_.empty()) {
    progressed = false;
    for (std::size_t i = 0; i < children_.size(); ++i) {
      turn_ = (turn_ + 1) % children_.size();
      if (!pump_child(children_[turn_], endpoint, out, now, progressed)) return false;
      if (upload_ready_ != kNever) return true;  // and the next one begins when there is something to share again
    }
  }
  return true;
}

void Children::handle_deadline(Instant now) {
  for (Child& child : children_) {
    if (now - child.heard >= kSilenceMax) silent_.push_back(child.session);
    if (now >= child.marker_at) {
      outbox_.send(child.session, wire::Head{child.cursor});
      child.marker_at = --child.markers_left > 0 ? now + kMarkerRepeat : kNever;
    }
    // Reports may be lost, and with them the news that everything landed.
    if (child.cursor > child.landed && now - child.moved >= kStuck) {
      child.landed = child.cursor;
    }
  }
  for (const session::SessionId session : silent_) remove(session);
}

Instant Children::next_deadline() const {
  Instant next = upload_ready_;
  for (const Child& child : children_) {
    next = std::min({next, child.heard + kSilenceMax, child.marker_at});
    if (child.cursor > child.landed) next = std::min(next, child.moved + kStuck);
  }
  return next;
}

std::vector<session::SessionId> Children::take_silent() { return std::exchange(silent_, {}); }

// The lowest sequence that the child may still want from us.
std::uint64_t Children::needed(const Child& child) const {
  return child.reported ? std::max(child.report.next, child.first) : child.first;
}

std::uint64_t Children::backlog(Instant now) const {
  std::uint64_t most = 0;
  for (const Child& child : children_)
    if (now - child.moved < kPatience) most = std::max(most, store_.head() - std::min(store_.head(), needed(child)));
  return most;
}

bool Children::all_have_the_end(std::uint64_t head) const {
  return std::all_of(children_.begin(), children_.end(),
                     [&](const Child& c) { return c.reported && c.report.knows_end && c.report.next >= head; });
}

const wire::Report* Children::report_of(session::SessionId session) const {
  const Child* const child = find(session);
  return child != nullptr && child->reported ? &child->report : nullptr;
}

}  // namespace spate::swarm
