// A publisher's frames for tests of those who receive them: one shard each with its proof inside.
#pragma once

#include <optional>

#include "libcore/stream/source.h"
#include "tests/unit/swarm/hosts.h"

namespace spate::tests {

struct Broadcast {
  explicit Broadcast(std::uint64_t epoch = stream::kEpoch, std::optional<crypto::SymmetricKey> secret = std::nullopt,
                     const swarm::Striping& striping = {kStriping.data, 0}) {
    stream::SourceConfig config;
    config.key = stream_key();
    config.epoch = epoch;
    config.mpeg_ts = false;
    config.content_secret = secret;
    config.stripes = static_cast<std::uint8_t>(striping.data);
    config.parity = static_cast<std::uint8_t>(striping.parity);
    source.emplace(config, crypto::sodium_suite(), pool, store, kStart);
  }
  // One shard; returns its sequence.
  std::uint64_t publish(Instant now) {
    source->push(ByteVector(100, static_cast<std::uint8_t>(store.head() & 0xff)), now);
    while (source->next_deadline() != kNever) source->handle_deadline(source->next_deadline());
    return store.head() - 1;
  }
  ByteVector frame(std::uint64_t sequence) {
    const Bytes bytes = store.at(sequence).frame.bytes();
    return {bytes.begin(), bytes.end()};
  }
  wire::StreamInfoFrame info(Instant now) {
    return wire::sign_stream_info(source->info(now), stream_key(), crypto::sodium_suite());
  }

  BufferPool pool;
  stream::Store store;
  std::optional<stream::Source> source;
};

}  // namespace spate::tests
