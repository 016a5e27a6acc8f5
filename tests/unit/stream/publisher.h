// A publisher for tests: a Source, and its frames in the order in which they are sent.
#pragma once

#include "libcore/stream/source.h"
#include "tests/unit/stream/material.h"

namespace spate::stream {

inline SourceConfig source_config(bool mpeg_ts = true, std::uint64_t epoch = kEpoch, std::uint8_t key = 1) {
  SourceConfig config;
  config.key = stream_keys(key);
  config.epoch = epoch;
  config.mpeg_ts = mpeg_ts;
  return config;
}

class Publisher {
 public:
  explicit Publisher(const SourceConfig& config = source_config(), Instant start = kStart)
      : source(config, crypto::sodium_suite(), pool, store, start) {}

  // One burst of that many shards: inline proofs for one, a list for many.
  void burst(std::size_t shards, Instant now) { source.push(ts_packets(rng, 6 * shards), now); }

  // The frames not taken yet: each list ahead of its shards.
  std::vector<ByteVector> take_frames() {
    std::vector<ByteVector> frames;
    for (; next_ < store.head(); ++next_) {
      const StoredShard& shard = store.at(next_);
      if (shard.list && (frames.empty() || shard.list_first == next_)) frames.push_back(copy(shard.list));
      frames.push_back(copy(shard.frame));
    }
    return frames;
  }

  crypto::ChaChaRng rng{1};
  BufferPool pool;
  Store store;
  Source source;

 private:
  static ByteVector copy(const Buffer& frame) { return {frame.bytes().begin(), frame.bytes().end()}; }

  std::uint64_t next_ = 0;
};

}  // namespace spate::stream
