// Cuts the input into payloads of shards: 7 whole MPEG-TS packets, or 1,316 bytes of anything.
//
// TS packets pass byte-exact; what is no TS packet is skipped (ts_sync.h), and a payload does not go on across
// skipped bytes. Random-access points: the mark goes to the payload that holds the program association table
// if one came at most kTablesPackets before a video packet that can be started from (muxers write the tables right in
// front of keyframes), else to that video packet's own. So who joins there has tables and picture within its first
// packets and decodes all of it. The tables' payload can only be marked while it is still here: see ends_in_tables().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/base/time.h"
#include "libcore/stream/ts_sync.h"
#include "libcore/wire/shard.h"

namespace spate::stream {

struct Payload {
  Buffer frame;       // wire::kShardHeaderBytes of room, then the payload
  Instant read_at{};  // its first byte
  std::uint8_t flags = 0;
};

class Packetizer {
 public:
  static constexpr std::size_t kTablesPackets = 8;

  Packetizer(BufferPool& pool, bool mpeg_ts) : pool_(pool), mpeg_ts_(mpeg_ts) {}

  void push(Bytes input, Instant now);
  // No more input; the last payload is closed.
  void end(Instant now);
  // Ends the open payload, short as it is.
  void close();

  // Whole payloads, oldest first.
  std::span<Payload> ready() { return payloads_; }
  void pop_ready(std::size_t n);
  // Since when a payload is open that is neither full nor closed.
  std::optional<Instant> open_since() const;
  // The last packet, or the one before it, began the tables, so a keyframe is likely next.
  bool ends_in_tables() const { return tables_ && packets_since_tables_ <= 2; }

  const TsSync& sync() const { return sync_; }

 private:
  void drain_sync(Instant now);
  void append_packets(Bytes packets, Instant now);
  void append(Bytes bytes, Instant now);
  void inspect(Bytes packets);

  BufferPool& pool_;
  const bool mpeg_ts_;
  TsSync sync_;
  std::vector<Payload> payloads_;
  Payload open_;
  std::size_t open_bytes_ = 0;
  std::uint8_t next_flags_ = 0;
  // Which payload holds the newest tables: an index into payloads_, where the open one counts as the last.
  std::optional<std::size_t> tables_;
  std::size_t packets_since_tables_ = 0;
};

}  // namespace spate::stream
