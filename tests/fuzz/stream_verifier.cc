// Verify before forward: of an honest run nothing else is ever stored than the frames that were published, whatever
// comes in whatever order, and what is regenerated is one of them too.
//
// An odd first byte: the publisher itself lies, and signs lists of any kind. Then nothing is true any more, but nothing
// may break either.
#include <algorithm>
#include <map>
#include <vector>

#include "libcore/sim/fast_suite.h"
#include "libcore/stream/source.h"
#include "libcore/stream/verifier.h"
#include "tests/fuzz/target.h"

using namespace spate;
using namespace spate::stream;

namespace {

using ByteVector = std::vector<std::uint8_t>;

constexpr Instant kStart{std::chrono::hours(1)};
constexpr std::uint64_t kEpoch = 1'700'000'000'000;
constexpr std::uint8_t kStripes = 5;
constexpr std::uint8_t kParity = 2;
constexpr std::size_t kBurst = 27;  // shards

// What an honest publisher sends, made once.
struct Run {
  sim::FastSuite suite;
  crypto::StreamKeyPair key = crypto::stream_key_pair({1});
  std::vector<ByteVector> frames;
  std::map<std::uint64_t, ByteVector> shards;

  Run() {
    BufferPool pool;
    Store store;
    Source source({key, kEpoch, false, std::nullopt, kStripes, kParity}, suite, pool, store, kStart);
    Instant now = kStart;
    // Small ones that carry their signatures, and a burst that lists prove.
    for (std::uint8_t i = 0; i < 8; ++i) {
      source.push(ByteVector(i < 6 ? 40 + i : kBurst * wire::kPayloadBytes, i), now);
      now += std::chrono::milliseconds(i < 6 ? 300 : 1);
      source.handle_deadline(now);
    }
    source.end(now);
    for (std::uint64_t sequence = 0; sequence < store.head(); ++sequence) {
      const StoredShard& shard = store.at(sequence);
      add(shard.frame);
      if (shard.list) add(shard.list);
      shards.emplace(sequence, copy(shard.frame));
    }
    for (std::size_t i = 0; i < store.blocks().size(); ++i) {
      add(store.blocks().at(i).list);
      for (const Buffer& parity : store.blocks().at(i).parity)
        if (parity) add(parity);
    }
    SPATE_CHECK(shards.size() > kBurst && frames.size() > shards.size() && frames.size() < 200);
  }
  static ByteVector copy(const Buffer& frame) { return {frame.bytes().begin(), frame.bytes().end()}; }
  void add(const Buffer& frame) {
    if (frames.empty() || frames.back() != copy(frame)) frames.push_back(copy(frame));
  }
};

// Of any shape that can be written.
ByteVector signed_list(const Run& run, fuzz::Input& input) {
  const std::uint64_t first = input.u8();
  std::vector<crypto::LeafHash> leaves(input.below(wire::kListShardsMax + 1));
  std::vector<wire::ParityProof> parity(input.below(wire::kListParityMax + 1));
  for (crypto::LeafHash& leaf : leaves) leaf.fill(input.u8());
  for (wire::ParityProof& proof : parity) {
    proof.first = first + leaves.size() - std::min<std::uint64_t>(input.u8(), first + leaves.size());
    proof.index = input.u8() & 7;
    proof.count = static_cast<std::uint8_t>(1 + input.below(wire::kStripesMax));
    // The leaf of what any block's parity 0 may be.
    proof.leaf.fill(input.u8());
  }
  ByteVector frame(wire::hash_list_frame_bytes(leaves.size(), parity.size()));
  wire::write_hash_list(frame, kEpoch, first, 0, leaves, parity);
  if (const auto list = wire::parse_hash_list(frame)) {
    ByteArray<wire::kAuthMessageBytesMax> message;
    const std::size_t bytes =
        wire::write_auth_message(message, run.key.public_key, kEpoch, first, 0, list->leaves, list->parity);
    std::ranges::copy(run.suite.sign(Bytes{message}.first(bytes), run.key.secret), frame.end() - wire::kSignatureBytes);
  }
  return frame;
}

class Trial {
 public:
  Trial(const Run& run, bool honest)
      : run_(run), honest_(honest), verifier_(run.key.public_key, run.suite, pool_, store_) {
    verifier_.begin_epoch(kEpoch, 0, kStripes, kParity);
  }

  void act(fuzz::Input& input) {
    const std::uint8_t action = input.u8();
    if (action < 200) return take(run_.frames[action % run_.frames.size()], true);
    ByteVector frame = run_.frames[input.below(run_.frames.size())];
    if (action < 230) {
      const std::size_t at = input.u16() % frame.size();
      const std::uint8_t change = input.u8();
      frame[at] ^= change;
      take(frame, change == 0);
    } else if (action < 240) {
      frame.resize(std::min<std::size_t>(frame.size(), input.u16()));
      take(frame, false);
    } else if (action < 250 && !honest_) {
      take(signed_list(run_, input), false);
    } else {
      now_ += std::chrono::milliseconds(input.u8() * 10);
      verifier_.handle_deadline(now_);
      SPATE_CHECK(verifier_.next_deadline() > now_);
    }
  }

 private:
  void take(const ByteVector& bytes, bool published) {
    Buffer frame = pool_.take(bytes.size());
    std::ranges::copy(bytes, frame.writable().begin());
    const Verdict verdict = verifier_.take(std::move(frame), neighbour_++ % 3, now_);
    if (!honest_) return;
    // One that was cut or changed may be equal to none that was published, so it is not stored.
    if (!published && std::ranges::find(run_.frames, bytes) == run_.frames.end())
      SPATE_CHECK(verdict != Verdict::kStored);
    if (published) SPATE_CHECK(verdict != Verdict::kForged);
    for (const std::uint64_t sequence : verifier_.stored())
      SPATE_CHECK(std::ranges::equal(store_.at(sequence).frame.bytes(), run_.shards.at(sequence)));
    SPATE_CHECK(verifier_.stats().blocks_broken == 0);
  }

  const Run& run_;
  const bool honest_;
  BufferPool pool_;
  Store store_{256};
  Verifier verifier_;
  std::uint32_t neighbour_ = 0;
  Instant now_ = kStart;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Run run;
  fuzz::Input input(data, size);
  Trial trial(run, input.u8() % 2 == 0);
  while (!input.empty()) trial.act(input);
  return 0;
}
