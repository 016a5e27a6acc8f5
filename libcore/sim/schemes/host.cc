#include "libcore/sim/schemes/host.h"

#include <algorithm>
#include <string>
#include <utility>

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"

namespace spate::sim {

SchemeHost::SchemeHost(Stage& stage, HostId host)
    : stage_(stage),
      self_(host),
      uplink_bps_(stage.uplink_bps(host)),
      draws_(*stage.rng().fork("scheme " + std::to_string(host))),
      have_(stage.window()),
      player_(stage.broadcast(), stage.shards(),
              stage.resident(host).role == Role::kViewer ? &stage.recorder() : nullptr, host, stage.patience()) {}

void SchemeHost::join(Instant now) {
  next_tick_ = now + draws_.between({}, tick());
  if (!publishes()) on_tick(now);
}

void SchemeHost::handle_datagrams(std::span<const Datagram> batch, Moment at) {
  for (const Datagram& datagram : batch) {
    Reader reader(datagram.bytes);
    Message message{static_cast<Kind>(reader.u8()), 0, datagram.from, 0, {}};
    reader.bytes(3);
    message.from = reader.u32();
    message.number = reader.u64();
    message.body = reader.rest();
    on_message(message, at.now);
    if (message.kind == Kind::kShard || message.kind == Kind::kRepair) take_shard(message.number, message.from, at.now);
  }
}

void SchemeHost::take_shard(std::uint64_t shard, HostId from, Instant now) {
  if (!have_.add(shard)) {
    ++counts_.duplicates;
    counts_.duplicate_bytes += stage_.shards().bytes(shard);
    return;
  }
  if (!publishes()) {
    if (!player_.begun()) player_.begin(shard);
    player_.play(have_, now);
  }
  on_shard(shard, from, now);
}

// All that is due, in one burst.
void SchemeHost::publish(Instant now) {
  for (; next_frame_ < stage_.broadcast().frames() && stage_.broadcast().due(next_frame_) <= now; ++next_frame_)
    for (std::uint64_t shard = have_.end(); shard < stage_.shards().end_of(next_frame_); ++shard)
      take_shard(shard, self_, now);
}

void SchemeHost::handle_deadline(Moment at) {
  if (publishes()) publish(at.now);
  player_.play(have_, at.now);
  if (at.now < next_tick_) return;
  next_tick_ = at.now + tick();
  on_tick(at.now);
}

std::optional<Moment> SchemeHost::poll(Moment at, DatagramBatch& out) {
  const Instant now = at.now;
  while (!out.full()) {
    if (!control_.empty()) {
      emit(control_.front(), out, now);
      control_.pop_front();
    } else if (busy_until_ <= now + kBurst && !shards_.empty()) {
      shards_time_ -= time_of(bytes_of(shards_.front()));
      emit(shards_.front(), out, now);
      shards_.pop_front();
    } else if (busy_until_ > now + kBurst || !on_idle(now)) {
      Instant wanted = std::min(next_tick_, player_.deadline(have_));
      if (busy_until_ > now + kBurst) wanted = std::min(wanted, busy_until_ - kBurst);
      if (publishes() && next_frame_ < stage_.broadcast().frames())
        wanted = std::min(wanted, stage_.broadcast().due(next_frame_));
      return Moment{wanted, kNever};
    }
  }
  return std::nullopt;
}

void SchemeHost::send(Kind kind, const Address& to, std::uint64_t number, std::vector<std::uint8_t> body) {
  control_.push_back({kind, to, number, std::move(body)});
}

bool SchemeHost::send_shard(const Address& to, std::uint64_t shard, bool repair, Duration waiting_max, Instant now) {
  if (busy(now) + shards_time_ > waiting_max) return false;
  shards_.push_back({repair ? Kind::kRepair : Kind::kShard, to, shard, {}});
  shards_time_ += time_of(bytes_of(shards_.back()));
  return true;
}

std::size_t SchemeHost::bytes_of(const Outgoing& what) const {
  const bool shard = what.kind == Kind::kShard || what.kind == Kind::kRepair;
  return Network::kHeaderBytes + kHeaderBytes + (shard ? stage_.shards().bytes(what.number) : what.body.size());
}

Duration SchemeHost::time_of(std::uint64_t wire_bytes) const {
  return Duration(static_cast<std::int64_t>(wire_bytes * 8 * 1'000'000'000 / uplink_bps_));
}

void SchemeHost::emit(const Outgoing& what, DatagramBatch& out, Instant now) {
  const std::size_t wire_bytes = bytes_of(what);
  const MutableBytes bytes = out.add(what.to, wire_bytes - Network::kHeaderBytes);
  std::fill(bytes.begin(), bytes.end(), 0);
  Writer writer(bytes);
  writer.u32(static_cast<std::uint32_t>(what.kind) << 24).u32(self_).u64(what.number).bytes(what.body);
  busy_until_ = std::max(busy_until_, now) + time_of(wire_bytes);
  if (what.kind == Kind::kShard) {
    const std::size_t payload = stage_.shards().bytes(what.number);
    counts_.sent.payload += payload;
    counts_.sent.headers += wire_bytes - payload;
  } else {
    (what.kind == Kind::kRepair ? counts_.sent.repairs : counts_.sent.control) += wire_bytes;
  }
}

}  // namespace spate::sim
