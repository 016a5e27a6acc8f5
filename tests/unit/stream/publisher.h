// A publisher for tests: a Source, and its frames in the order in which they are sent: lists ahead of what they prove,
// and a block's parity behind its shards.
#pragma once

#include "libcore/stream/source.h"
#include "tests/unit/stream/material.h"

namespace spate::stream {

// The stripes of data and of parity of a SourceConfig by default.
inline constexpr std::uint8_t kStripes = SourceConfig{}.stripes;
inline constexpr std::uint8_t kParity = SourceConfig{}.parity;

// The most that carry signatures of their own.
inline constexpr std::size_t kInlineMax = 24;

inline SourceConfig source_config(bool mpeg_ts = true, std::uint64_t epoch = kEpoch, std::uint8_t key = 1) {
  SourceConfig config;
  config.key = stream_keys(key);
  config.epoch = epoch;
  config.mpeg_ts = mpeg_ts;
  return config;
}

class Publisher {
 public:
  explicit Publisher(const SourceConfig& config = source_config(), std::uint64_t first = 0)
      : source(config, crypto::sodium_suite(), pool, store, kStart), next_(first), parity_next_(first) {
    store.restart(first);
  }

  // One burst of that many shards: a list proves more than kInlineMax, and fewer soon after other signatures. The rest
  // carry their own.
  void burst(std::size_t shards, Instant now) { source.push(ts_packets(rng, kPacketsPerShard * shards), now); }

  // The frames not taken yet.
  std::vector<ByteVector> take_frames() {
    std::vector<ByteVector> frames;
    take_parity(frames);
    for (; next_ < store.head();) {
      const StoredShard& shard = store.at(next_);
      if (shard.list && (frames.empty() || shard.list_first == next_)) frames.push_back(copy(shard.list));
      frames.push_back(copy(shard.frame));
      ++next_;
      take_parity(frames);
    }
    return frames;
  }

  crypto::ChaChaRng rng{1};
  BufferPool pool;
  Store store;
  Source source;

 private:
  static ByteVector copy(const Buffer& frame) { return {frame.bytes().begin(), frame.bytes().end()}; }

  // Of blocks whose shards have all been taken.
  void take_parity(std::vector<ByteVector>& frames) {
    const Blocks& blocks = store.blocks();
    for (std::size_t i = blocks.reaching(parity_next_); i < blocks.size() && blocks.at(i).end() <= next_; ++i) {
      const Block& block = blocks.at(i);
      const bool told = !list_.empty() && std::ranges::equal(list_, block.list.bytes());
      if (wire::hash_list_count(block.list.bytes()) == 0 && !told) frames.push_back(list_ = copy(block.list));
      for (const Buffer& parity : block.parity)
        if (parity) frames.push_back(copy(parity));
      parity_next_ = block.end();
    }
  }

  std::uint64_t next_;
  std::uint64_t parity_next_;  // blocks that end above it are not taken yet
  ByteVector list_;            // the last that proves only parity
};

}  // namespace spate::stream
