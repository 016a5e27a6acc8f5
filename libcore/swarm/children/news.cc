#include "libcore/swarm/children/news.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr std::uint64_t kQuantum = 48;  // shards to one child before the next has its turn
constexpr Duration kStuck = std::chrono::milliseconds(500);

std::uint64_t list_shards(const stream::StoredShard& shard) { return wire::hash_list_count(shard.list.bytes()); }

}  // namespace

bool News::pump(Outgoing& out) {
  bool progressed = true;
  while (progressed) {
    progressed = false;
    line_up();
    for (const auto& [unused, child] : line_) {
      const bool room = pump_child(house_.table[child], out, progressed);
      if (!room || house_.sender.waits()) return room;
    }
  }
  return true;
}

// Who has news to come, the oldest first, as a queue would send them: where the upload is short, all are late alike.
void News::line_up() {
  line_.clear();
  for (std::uint32_t i = 0; i < house_.table.size(); ++i) {
    const Child& child = house_.table[i];
    if (!child.late.waiting.empty())
      line_.push_back({std::min(child.late.waiting.front().sequence, child.cursor), i});
    else if (child.cursor < house_.store.head() || !child.parity.waiting.empty())
      line_.push_back({child.cursor, i});
  }
  std::sort(line_.begin(), line_.end());
}

bool News::pump_child(Child& child, Outgoing& out, bool& progressed) {
  const std::uint64_t window = house_.window.shards(child);
  const std::uint64_t before = out.batch.totals().datagrams;
  while (out.batch.totals().datagrams - before < kQuantum) {
    if (out.full()) return false;
    if (house_.sender.must_wait(out.now)) return true;
    if (!child.late.waiting.empty()) {
      if (!house_.latecomers.send(child, out)) return false;
      progressed = true;
      continue;
    }
    catch_up(child);
    if (child.cursor >= house_.store.head() || !may_send_next(child, window)) {
      if (!house_.parity.due(child)) return true;
      if (!house_.parity.send(child, out)) return false;
      continue;
    }
    if (!send_next(child, out)) return false;
    progressed = true;
  }
  return true;
}

void News::catch_up(Child& child) const {
  const stream::Store& store = house_.store;
  // Far behind, what is old is worth less to it than what is new; others may have it.
  const std::uint64_t far = StreamRate::kNewsShards + house_.rate.shards_per_second();
  if (!house_.table.whole(child) && house_.rate.age(child.cursor) > far) child.cursor = child.landed = store.head();
  if (child.cursor < store.tail()) {  // too slow for us: what fell out is lost to it
    child.landed += store.tail() - child.cursor;
    child.cursor = store.tail();
  }
}

// Is it the next one's time? A list promises its shards, so once it is sent they follow, whatever the window says.
bool News::may_send_next(const Child& child, std::uint64_t window) const {
  if (!house_.table.whole(child)) return true;
  const stream::StoredShard& shard = house_.store.at(child.cursor);
  const std::uint64_t on_the_way = child.cursor - child.landed;
  const bool begun = shard.list && child.list_sent == shard.list_first;
  const std::uint64_t needs = shard.list ? list_shards(shard) : 1;
  return begun || on_the_way == 0 || on_the_way + needs <= window;
}

// What stands at the cursor: the list first, then the shard. False if the batch filled up in between.
bool News::send_next(Child& child, Outgoing& out) {
  const stream::StoredShard& shard = house_.store.at(child.cursor);
  if (shard.list && child.lists && child.list_sent != shard.list_first) {
    child.list_sent = shard.list_first;
    house_.sender.list(child, shard, Sender::Why::kInTurn, out);
    if (out.full()) return false;
  }
  // Where there is too much to send, those that have lost their place are the first to go without.
  const StripeMask due = house_.load.late() ? child.stripes : child.due();
  const bool mine = (due & bit(house_.table.striping().of(child.cursor))) != 0;
  if (mine && shard.present()) {
    house_.sender.shard(child, shard, Sender::Why::kInTurn, out);
    child.moved = out.now;
    if (house_.table.whole(child)) house_.markers.on_sent(child, shard, out.now);
  }
  ++child.cursor;  // what is absent is passed on when it comes
  if (shard.list && child.lists && child.report.lossy && child.cursor == shard.list_first + list_shards(shard))
    house_.latecomers.repeat_list(child, child.cursor - 1);
  return true;
}

// Reports may be lost, and with them the news that everything landed.
void News::handle_deadline(Child& child, Instant now) const {
  if (child.cursor > child.landed && now - child.moved >= kStuck) child.landed = child.cursor;
}

Instant News::next_deadline(const Child& child) { return child.cursor > child.landed ? child.moved + kStuck : kNever; }

}  // namespace spate::swarm
