// Hash lists: one that parses is written again byte for byte, and the blocks that it tells of lie where they may.
#include <algorithm>
#include <vector>

#include "libcore/base/inline_vector.h"
#include "libcore/wire/shard.h"
#include "tests/fuzz/target.h"

using namespace spate;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ByteArray<wire::hash_list_frame_bytes(wire::kListShardsMax, wire::kListParityMax)> room;
  const Bytes frame(data, size);
  const auto list = wire::parse_hash_list(frame);
  if (!list) return 0;
  SPATE_CHECK(wire::is_stream_data(frame));
  SPATE_CHECK(wire::hash_list_count(frame) == list->count());

  InlineVector<crypto::LeafHash, wire::kListShardsMax> leaves;
  for (std::size_t i = 0; i < list->count(); ++i) {
    crypto::LeafHash leaf;
    std::ranges::copy(list->leaf(i), leaf.begin());
    leaves.push_back(leaf);
  }
  InlineVector<wire::ParityProof, wire::kListParityMax> parity;
  for (std::size_t i = 0; i < list->parity_count(); ++i) {
    const wire::ParityProof proof = list->parity_proof(i);
    SPATE_CHECK(proof.index < wire::kParityMax && proof.count >= 1 && proof.count <= wire::kStripesMax);
    SPATE_CHECK(proof.first <= list->end() && list->end() - proof.first >= proof.count);
    parity.push_back(proof);
  }
  const MutableBytes again = MutableBytes(room).first(size);
  wire::write_hash_list(again, list->epoch, list->first, list->media_us, {leaves.begin(), leaves.size()},
                        {parity.begin(), parity.size()});
  std::ranges::copy(list->signature, again.end() - wire::kSignatureBytes);
  SPATE_CHECK(std::ranges::equal(again, frame));

  static ByteArray<wire::kAuthMessageBytesMax> message;
  const std::size_t bytes =
      wire::write_auth_message(message, {}, list->epoch, list->first, list->media_us, list->leaves, list->parity);
  SPATE_CHECK(bytes <= message.size());
  return 0;
}
