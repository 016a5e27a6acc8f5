#include "libcore/stream/verifier.h"

#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/stream/regeneration.h"

namespace spate::stream {
namespace {

bool equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace

Verifier::Verifier(const crypto::StreamKey& stream, const crypto::Suite& suite, BufferPool& pool, Store& store)
    : stream_(stream), suite_(suite), pool_(pool), store_(store) {
  stored_.reserve(wire::kListShardsMax);
}

void Verifier::begin_epoch(std::uint64_t epoch, std::uint64_t media_us, std::uint8_t stripes, std::uint8_t parity) {
  SPATE_CHECK(stripes >= 1 && stripes <= wire::kStripesMax && parity <= wire::kParityMax);
  epoch_changed_ = begun_ && epoch != epoch_;
  begun_ = true;
  epoch_ = epoch;
  stripes_ = stripes;
  parity_ = stripes > 1 ? parity : 0;
  salt_ = wire::leaf_salt(stream_, epoch);
  media_reference_ = media_us;
  held_.clear();
  stored_.clear();
  stored_parity_.clear();
  forgers_.clear();
}

void Verifier::advance_media(std::uint64_t media_us) { media_reference_ = std::max(media_reference_, media_us); }

Verdict Verifier::take(Buffer frame, std::uint64_t neighbour, Instant now) {
  SPATE_CHECK(begun_);
  stored_.clear();
  received_ = 0;
  stored_parity_.clear();
  forgers_.clear();
  if (epoch_changed_) {
    grace_until_ = now + kEpochGrace;
    epoch_changed_ = false;
  }
  if (frame.size() == 0) return Verdict::kForged;
  const std::uint8_t type = frame.bytes().front();
  if (type == wire::kHashList) return take_list(std::move(frame), now);
  if (type == wire::kParity) return take_parity(std::move(frame), neighbour, now);
  return take_shard(std::move(frame), neighbour, now);
}

Verdict Verifier::take_shard(Buffer frame, std::uint64_t neighbour, Instant now) {
  const std::optional<wire::ShardView> shard = wire::parse_shard(frame.bytes());
  if (!shard) return Verdict::kForged;
  const wire::ShardHeader header = shard->header(store_.head(), media_reference_);
  const std::uint64_t sequence = header.sequence;
  if (sequence < store_.tail() || sequence >= store_.head() + kJumpMax || sequence >= kSequenceEnd)
    return Verdict::kStale;
  if (header.stripe != sequence % stripes_) return wrong(now);

  const StoredShard* const slot = store_.covers(sequence) ? &store_.at(sequence) : nullptr;
  if (slot != nullptr && slot->present()) return duplicate();
  // A shard that carries a signature is judged by it even if a list covers the shard too: it is the frame that will
  // be forwarded, and the next node may not have the list.
  if (shard->has_signature) {
    if (!inline_proof_holds(*shard, header)) return wrong(now);
  } else {
    if (slot == nullptr || !slot->list) return hold(std::move(frame), sequence, HeldFrame::kShard, neighbour, now);
    if (!list_proof_holds(*shard, header, *slot)) return wrong(now);
  }
  store_shard(std::move(frame), *shard, header, now);
  received_ = stored_.size();
  regenerate(sequence, sequence + 1, now);
  return Verdict::kStored;
}

Verdict Verifier::take_parity(Buffer frame, std::uint64_t neighbour, Instant now) {
  const std::optional<wire::ParityView> parity = wire::parse_parity(frame.bytes());
  if (!parity) return Verdict::kForged;
  const std::uint64_t first = parity->first(store_.head());
  if (first + parity->count <= store_.tail() || first >= store_.head() + kJumpMax || first >= kSequenceEnd)
    return Verdict::kStale;
  if (parity->index >= parity_ || !is_block(first, parity->count)) return wrong(now);

  Block* const block = store_.blocks().find(first);
  if (block == nullptr) {
    if (!store_.blocks().admits(first, parity->count)) return Verdict::kStale;
    return hold(std::move(frame), first, parity->index, neighbour, now);
  }
  if (block->parity[parity->index]) return duplicate();
  if (!parity_proof_holds(*parity, *block)) return wrong(now);
  store_parity(std::move(frame), *block, parity->index);
  regenerate(*block, now);
  return Verdict::kStored;
}

Verdict Verifier::take_list(Buffer frame, Instant now) {
  const std::optional<wire::HashListView> list = wire::parse_hash_list(frame.bytes());
  if (!list) return Verdict::kForged;
  if (list->epoch != epoch_) return Verdict::kStale;
  const std::uint64_t first = list->first;
  const std::uint64_t end = list->end();
  if (end <= store_.tail() || end > store_.head() + kJumpMax || end > kSequenceEnd) return Verdict::kStale;

  bool tells_more = end > store_.head();
  for (std::uint64_t sequence = std::max(first, store_.tail()); sequence < std::min(end, store_.head()); ++sequence) {
    const StoredShard& slot = store_.at(sequence);
    if (!slot.list) {
      tells_more = true;
    } else if (slot.list_first == first && equal(slot.list.bytes(), frame.bytes())) {
      return duplicate();
    }
  }
  for (std::size_t i = 0; i < list->parity_count(); ++i) tells_more = tells_more || !told_of(list->parity_proof(i));
  if (!tells_more) return duplicate();

  if (!signature_holds(first, list->media_us, list->leaves, list->parity, list->signature)) return Verdict::kForged;
  advance_media(list->media_us);
  const Buffer kept = pool_.shared(std::move(frame));
  store_.insert_list(kept, first, static_cast<std::size_t>(end - first));
  const std::uint64_t lowest = insert_blocks(kept);
  release_shards(first, end, now);
  received_ = stored_.size();
  release_parity(now);
  regenerate(std::min(first, lowest), end, now);
  return Verdict::kStored;
}

// Nothing more can be learnt from this proof: its block is known, or cannot be kept.
bool Verifier::told_of(const wire::ParityProof& proof) const {
  if (proof.index >= parity_ || !is_block(proof.first, proof.count)) return true;
  return !store_.blocks().admits(proof.first, proof.count);
}

// Returns the lowest sequence of the blocks that the list is the first to tell of.
std::uint64_t Verifier::insert_blocks(const Buffer& list_frame) {
  const wire::HashListView list = *wire::parse_hash_list(list_frame.bytes());
  std::uint64_t lowest = UINT64_MAX;
  for (std::size_t i = 0; i < list.parity_count(); ++i) {
    const wire::ParityProof proof = list.parity_proof(i);
    Block* block = store_.blocks().find(proof.first);
    const bool of_this_list = block != nullptr && block->list.bytes().data() == list_frame.bytes().data();
    if (!of_this_list) {
      if (told_of(proof)) continue;
      block = store_.blocks().insert(proof.first, proof.count, list_frame);
    }
    if (proof.index >= parity_ || block->count != proof.count) continue;
    block->tell(proof.index, proof.leaf);
    lowest = std::min(lowest, proof.first);
  }
  return lowest;
}

Verdict Verifier::hold(Buffer frame, std::uint64_t sequence, std::uint8_t parity, std::uint64_t neighbour,
                       Instant now) {
  return held_.add({std::move(frame), sequence, parity, neighbour, now}) ? Verdict::kHeld : duplicate();
}

void Verifier::release_shards(std::uint64_t first, std::uint64_t end, Instant now) {
  const auto covered = [&](const HeldFrame& held) {
    return held.is_shard() && held.sequence >= first && held.sequence < end;
  };
  for (HeldFrame& held : held_.take(covered)) {
    if (!store_.covers(held.sequence)) continue;  // below the tail by now
    const wire::ShardView shard = *wire::parse_shard(held.frame.bytes());
    const wire::ShardHeader header = shard.header(held.sequence, media_reference_);
    const StoredShard& slot = store_.at(held.sequence);
    if (!list_proof_holds(shard, header, slot)) {
      if (wrong(now) == Verdict::kForged) forgers_.push_back(held.neighbour);
    } else if (slot.present()) {
      ++stats_.duplicates;
    } else {
      store_shard(std::move(held.frame), shard, header, now);
    }
  }
}

void Verifier::release_parity(Instant now) {
  const auto block_of = [this](const HeldFrame& held) { return store_.blocks().find(held.sequence); };
  const auto covered = [&](const HeldFrame& held) { return !held.is_shard() && block_of(held) != nullptr; };
  for (HeldFrame& held : held_.take(covered)) {
    Block& block = *block_of(held);
    if (!parity_proof_holds(*wire::parse_parity(held.frame.bytes()), block)) {
      if (wrong(now) == Verdict::kForged) forgers_.push_back(held.neighbour);
    } else if (block.parity[held.parity]) {
      ++stats_.duplicates;
    } else {
      store_parity(std::move(held.frame), block, held.parity);
    }
  }
}

// Blocks that hold some of [from, to).
void Verifier::regenerate(std::uint64_t from, std::uint64_t to, Instant now) {
  Blocks& blocks = store_.blocks();
  for (std::size_t i = blocks.reaching(from); i < blocks.size() && blocks.at(i).first < to; ++i)
    regenerate(blocks.at(i), now);
}

void Verifier::regenerate(Block& block, Instant now) {
  if (block.broken) return;
  const BlockPositions positions = regenerable(store_, block);
  if (positions.empty()) return;
  BlockFrames frames;
  bool fits = regenerate_frames(frames, positions, store_, block, stripes_, pool_);
  for (std::size_t k = 0; fits && k < positions.size(); ++k) {
    const std::uint64_t sequence = block.first + positions[k];
    if (sequence < store_.tail()) continue;
    const wire::ShardView shard = *wire::parse_shard(frames[k].bytes());
    const wire::ShardHeader header = shard.header(sequence, media_reference_);
    const Proof proof = prove(shard, header);
    fits = proof != Proof::kWrong;
    if (proof != Proof::kRight) continue;
    store_shard(std::move(frames[k]), shard, header, now);
    ++stats_.regenerated;
  }
  if (fits) return;
  // Shards and parity are all proven, so it was the publisher that made what does not go together.
  block.broken = true;
  ++stats_.blocks_broken;
}

Verifier::Proof Verifier::prove(const wire::ShardView& shard, const wire::ShardHeader& header) {
  if (shard.has_signature) return inline_proof_holds(shard, header) ? Proof::kRight : Proof::kWrong;
  const StoredShard& slot = store_.at(header.sequence);
  if (!slot.list) return Proof::kNoList;
  return list_proof_holds(shard, header, slot) ? Proof::kRight : Proof::kWrong;
}

bool Verifier::inline_proof_holds(const wire::ShardView& shard, const wire::ShardHeader& header) {
  const crypto::LeafHash leaf = suite_.leaf_hash(wire::leaf_header(header), shard.payload, salt_);
  return signature_holds(header.sequence, header.media_us, leaf, {}, shard.signature);
}

bool Verifier::list_proof_holds(const wire::ShardView& shard, const wire::ShardHeader& header,
                                const StoredShard& slot) const {
  const std::optional<wire::HashListView> list = wire::parse_hash_list(slot.list.bytes());
  SPATE_CHECK(list && header.sequence - slot.list_first < list->count());
  const crypto::LeafHash leaf = suite_.leaf_hash(wire::leaf_header(header), shard.payload, salt_);
  return equal(leaf, list->leaf(static_cast<std::size_t>(header.sequence - slot.list_first)));
}

bool Verifier::parity_proof_holds(const wire::ParityView& parity, const Block& block) const {
  if (parity.count != block.count || !block.tells_of(parity.index)) return false;
  const auto header = wire::parity_leaf_header(block.first, parity.index, parity.count);
  return suite_.leaf_hash(header, parity.symbol, salt_) == block.leaves[parity.index];
}

bool Verifier::signature_holds(std::uint64_t first, std::uint64_t media_us, Bytes leaves, Bytes parity,
                               Bytes signature_bytes) {
  ++stats_.signatures;
  ByteArray<wire::kAuthMessageBytesMax> message;
  const std::size_t size = wire::write_auth_message(message, stream_, epoch_, first, media_us, leaves, parity);
  crypto::Signature signature;
  std::copy(signature_bytes.begin(), signature_bytes.end(), signature.begin());
  return suite_.verify(Bytes{message}.first(size), signature, stream_.bytes);
}

void Verifier::store_shard(Buffer frame, const wire::ShardView& shard, const wire::ShardHeader& header, Instant now) {
  advance_media(header.media_us);
  StoredShard stored;
  stored.media_us = header.media_us;
  stored.flags = header.flags;
  stored.payload_offset = static_cast<std::uint16_t>(frame.size() - shard.payload.size());
  stored.arrived = now;
  stored.frame = pool_.shared(std::move(frame));
  const bool inserted = store_.insert(header.sequence, std::move(stored));
  SPATE_CHECK(inserted);
  stored_.push_back(header.sequence);
}

void Verifier::store_parity(Buffer frame, Block& block, std::uint8_t index) {
  block.parity[index] = pool_.shared(std::move(frame));
  stored_parity_.push_back({block.first, index});
}

VerifierStats Verifier::stats() const {
  VerifierStats stats = stats_;
  stats.held_dropped = held_.dropped();
  return stats;
}

}  // namespace spate::stream
