// Finds whole MPEG-TS packets in a stream of bytes.
//
// In sync, a packet is out as soon as its 188 bytes are here: nothing is looked for behind it. A byte other than
// 0x47 where a packet should begin loses sync. Sync is found at the first offset with kSyncBytes sync bytes at
// 188-byte spacing, and the packets in between come out too: after garbage the wait is less than kSyncBytes packets,
// and nothing whole is lost. Two rules for the edges: input whose very first byte is 0x47 is in sync from the start (a
// live stream must not be held back to be sure of it); at the end of input fewer sync bytes will do, if all agree.
//
// What comes out depends on the input's bytes only, not on how they were cut into pushes. Memory: under 8 KiB.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/bytes.h"
#include "libcore/stream/ts_packet.h"

namespace spate::stream {

class TsSync {
 public:
  static constexpr std::size_t kSyncBytes = 5;

  struct Run {
    Bytes packets;               // whole packets; empty: no more for now
    bool discontinuity = false;  // bytes before it were skipped
  };

  TsSync();

  // Then call next() until its run is empty. The input must stay until then.
  void push(Bytes input);
  // No more input. Call next() until its run is empty.
  void end();
  // The next packets, as many as lie together. The view lasts until the next call.
  Run next();

  std::uint64_t bytes_skipped() const { return bytes_skipped_; }
  std::uint64_t sync_losses() const { return sync_losses_; }

 private:
  enum class State { kStart, kSynced, kSearching };
  enum class Match { kNo, kYes, kNeedsMore };

  Bytes carried() const { return Bytes{carry_}.subspan(carry_begin_); }
  Bytes next_synced();
  void search();
  Match match_at(Bytes window, std::size_t offset) const;
  void carry_input(std::size_t bytes);
  void skip_carried(std::size_t bytes);
  void lose_sync();

  State state_ = State::kStart;
  bool ended_ = false;
  bool skipped_since_run_ = false;
  Bytes input_;                      // of the last push, not taken yet
  std::vector<std::uint8_t> carry_;  // what came before input_ and is not out yet
  std::size_t carry_begin_ = 0;
  std::uint64_t bytes_skipped_ = 0;
  std::uint64_t sync_losses_ = 0;
};

}  // namespace spate::stream
