// bench-crypto: what the stream's cryptography alone costs, without a socket, a pipe or a copy: the least that a
// publisher and a watcher can spend together while every packet is sealed and every viewer verifies. Prints as JSON
// seconds of CPU time per GB of stream, for bursts of one frame 25 times a second at 5, 40 and 400 Mbit/s.
#include <cstdio>
#include <vector>

#include "libcore/crypto/suite.h"
#include "libcore/wire/shard.h"
#include "tests/bench/clock.h"

namespace {

using namespace spate;

constexpr int kFrames = 200;
constexpr std::uint64_t kFramesPerSecond = 25;
constexpr std::size_t kHeaderBytes = 24;

double seconds_per_gb(std::uint64_t rate_bps) {
  const crypto::Suite& suite = crypto::sodium_suite();
  const crypto::StreamKeyPair stream = crypto::stream_key_pair({1});
  const crypto::SymmetricKey key{2};
  const std::uint64_t shards = rate_bps / (8 * kFramesPerSecond * wire::kPayloadBytes);
  const std::vector<std::uint8_t> header(kHeaderBytes, 3);
  std::vector<std::uint8_t> payload(wire::kPayloadBytes, 4);
  std::vector<std::uint8_t> sealed(payload.size() + crypto::kTagBytes);
  std::uint64_t counter = 0;
  int wrong = 0;
  const std::int64_t begin = bench::cpu_ns();
  for (int frame = 0; frame < kFrames; ++frame) {
    for (std::uint64_t i = 0; i < shards; ++i) {
      crypto::LeafHash leaf = suite.leaf_hash(header, payload, key);
      if (i % wire::kListShardsMax == 0) {
        const crypto::Signature signature = suite.sign(leaf, stream.secret);
        wrong += suite.verify(leaf, signature, stream.public_key.bytes) ? 0 : 1;
      }
      suite.seal(sealed, payload, header, key, ++counter);
      wrong += suite.open(payload, sealed, header, key, counter) ? 0 : 1;
      leaf = suite.leaf_hash(header, payload, key);
      payload[0] = leaf[0];
    }
  }
  const auto spent = static_cast<double>(bench::cpu_ns() - begin);
  if (wrong != 0) return -1;
  return spent / static_cast<double>(kFrames * shards * wire::kPayloadBytes);
}

}  // namespace

int main() {
  spate::crypto::initialise();
  std::printf("{\"at_5\": %.2f, \"at_40\": %.2f, \"at_400\": %.2f}\n", seconds_per_gb(5'000'000),
              seconds_per_gb(40'000'000), seconds_per_gb(400'000'000));
}
