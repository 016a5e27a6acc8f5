#include "libcore/stream/packetizer.h"

#include <algorithm>
#include <utility>

#include "libcore/base/check.h"

namespace spate::stream {
namespace {

constexpr std::size_t kPacketsBytes = wire::kPayloadBytes / kTsPacketBytes * kTsPacketBytes;
static_assert(kPacketsBytes == wire::kPayloadBytes);

}  // namespace

void Packetizer::push(Bytes input, Instant now) {
  if (!mpeg_ts_) {
    append(input, now);
    return;
  }
  sync_.push(input);
  drain_sync(now);
}

void Packetizer::end(Instant now) {
  if (mpeg_ts_) {
    sync_.end();
    drain_sync(now);
  }
  close();
}

void Packetizer::close() {
  if (open_bytes_ == 0) return;
  open_.frame.resize(wire::kShardHeaderBytes + open_bytes_);
  payloads_.push_back(std::move(open_));
  open_ = {};
  open_bytes_ = 0;
}

void Packetizer::pop_ready(std::size_t n) {
  SPATE_CHECK(n <= payloads_.size());
  payloads_.erase(payloads_.begin(), payloads_.begin() + static_cast<std::ptrdiff_t>(n));
  if (tables_) tables_ = *tables_ >= n ? std::optional(*tables_ - n) : std::nullopt;
}

std::optional<Instant> Packetizer::open_since() const {
  return open_bytes_ > 0 ? std::optional(open_.read_at) : std::nullopt;
}

void Packetizer::drain_sync(Instant now) {
  for (TsSync::Run run = sync_.next(); !run.packets.empty(); run = sync_.next()) {
    if (run.discontinuity) {
      close();
      next_flags_ |= wire::kFlagDiscontinuity;
    }
    append(run.packets, now);
  }
}

void Packetizer::append(Bytes bytes, Instant now) {
  while (!bytes.empty()) {
    if (open_bytes_ == 0) open_ = {pool_.take(wire::kShardHeaderBytes + wire::kPayloadBytes), now, next_flags_};
    next_flags_ = 0;
    const Bytes taken = bytes.first(std::min(bytes.size(), wire::kPayloadBytes - open_bytes_));
    if (mpeg_ts_) inspect(taken);
    const MutableBytes room = open_.frame.writable().subspan(wire::kShardHeaderBytes + open_bytes_);
    std::copy(taken.begin(), taken.end(), room.begin());
    open_bytes_ += taken.size();
    bytes = bytes.subspan(taken.size());
    if (open_bytes_ == wire::kPayloadBytes) close();
  }
}

// Marks the random-access points of packets that go to the open payload.
void Packetizer::inspect(Bytes packets) {
  for (; !packets.empty(); packets = packets.subspan(kTsPacketBytes)) {
    const TsPacket packet(packets.first(kTsPacketBytes));
    if (packet.starts_pat()) {
      tables_ = payloads_.size();
      packets_since_tables_ = 0;
    } else if (packet.starts_video_random_access()) {
      const bool has_tables = tables_ && *tables_ < payloads_.size();
      (has_tables ? payloads_[*tables_] : open_).flags |= wire::kFlagRandomAccess;
      tables_.reset();
    }
    if (tables_ && ++packets_since_tables_ > kTablesPackets) tables_.reset();
  }
}

}  // namespace spate::stream
