#include "libcore/stream/verifier.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate::stream {
namespace {

bool equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace

Verifier::Verifier(const crypto::StreamKey& stream, const crypto::Suite& suite, BufferPool& pool, Store& store)
    : stream_(stream), suite_(suite), pool_(pool), store_(store) {
  stored_.reserve(wire::kListShardsMax);
}

void Verifier::begin_epoch(std::uint64_t epoch, std::uint64_t media_us) {
  epoch_changed_ = begun_ && epoch != epoch_;
  begun_ = true;
  epoch_ = epoch;
  salt_ = wire::leaf_salt(stream_, epoch);
  media_reference_ = media_us;
  held_.clear();
}

void Verifier::advance_media(std::uint64_t media_us) { media_reference_ = std::max(media_reference_, media_us); }

Verdict Verifier::take(Buffer frame, std::uint32_t neighbour, Instant now) {
  SPATE_CHECK(begun_);
  stored_.clear();
  forgers_.clear();
  if (epoch_changed_) {
    grace_until_ = now + kEpochGrace;
    epoch_changed_ = false;
  }
  if (frame.size() == 0) return Verdict::kForged;
  if (frame.bytes().front() == wire::kHashList) return take_list(std::move(frame), now);
  return take_shard(std::move(frame), neighbour, now);
}

Verdict Verifier::take_shard(Buffer frame, std::uint32_t neighbour, Instant now) {
  const std::optional<wire::ShardView> shard = wire::parse_shard(frame.bytes());
  if (!shard) return Verdict::kForged;
  const wire::ShardHeader header = shard->header(store_.head(), media_reference_);
  const std::uint64_t sequence = header.sequence;
  if (sequence < store_.tail() || sequence >= store_.head() + kJumpMax || sequence >= kSequenceEnd)
    return Verdict::kStale;

  const StoredShard* const slot = store_.covers(sequence) ? &store_.at(sequence) : nullptr;
  if (slot != nullptr && slot->present()) return duplicate();
  // A shard that carries a signature is judged by it even if a list covers the shard too: it is the frame that will
  // be forwarded, and the next node may not have the list.
  if (shard->has_signature) {
    if (!inline_proof_holds(*shard, header)) return wrong(now);
  } else {
    if (slot == nullptr || !slot->list) return hold(std::move(frame), sequence, neighbour, now);
    if (!list_proof_holds(*shard, header, *slot)) return wrong(now);
  }
  store_shard(std::move(frame), *shard, header, now);
  return Verdict::kStored;
}

Verdict Verifier::take_list(Buffer frame, Instant now) {
  const std::optional<wire::HashListView> list = wire::parse_hash_list(frame.bytes());
  if (!list) return Verdict::kForged;
  if (list->epoch != epoch_) return Verdict::kStale;
  const std::uint64_t first = list->first;
  const std::uint64_t end = first + list->count();
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
  if (!tells_more) return duplicate();

  if (!signature_holds(first, list->media_us, list->leaves, list->signature)) return Verdict::kForged;
  advance_media(list->media_us);
  const std::size_t count = list->count();
  store_.insert_list(pool_.shared(std::move(frame)), first, count);
  release_held(first, end, now);
  return Verdict::kStored;
}

// Both limits drop the oldest. One neighbour cannot push out what others sent before kHeldTotalMax is reached.
Verdict Verifier::hold(Buffer frame, std::uint64_t sequence, std::uint32_t neighbour, Instant now) {
  std::size_t count = 0;
  std::size_t oldest = held_.size();
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const Held& held = held_[i];
    if (held.neighbour == neighbour && count++ == 0) oldest = i;
    // What another neighbour sent may be a forgery, so only the same bytes make it a duplicate.
    if (held.sequence == sequence && (held.neighbour == neighbour || equal(held.frame.bytes(), frame.bytes())))
      return duplicate();
  }
  if (count >= kHeldMax || held_.size() >= kHeldTotalMax) {
    if (count < kHeldMax) oldest = 0;
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(oldest));
    ++stats_.held_dropped;
  }
  held_.push_back({std::move(frame), sequence, now, neighbour});
  return Verdict::kHeld;
}

void Verifier::release_held(std::uint64_t first, std::uint64_t end, Instant now) {
  if (held_.empty()) return;
  const auto covered = [first, end](const Held& held) { return held.sequence >= first && held.sequence < end; };
  auto keep = held_.begin();
  for (Held& held : held_) {
    if (covered(held)) {
      freed_.push_back(std::move(held));
    } else {
      if (&*keep != &held) *keep = std::move(held);
      ++keep;
    }
  }
  held_.erase(keep, held_.end());
  std::sort(freed_.begin(), freed_.end(), [](const Held& a, const Held& b) {
    return a.sequence != b.sequence ? a.sequence < b.sequence : a.since < b.since;
  });

  for (Held& held : freed_) {
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
  freed_.clear();
}

bool Verifier::inline_proof_holds(const wire::ShardView& shard, const wire::ShardHeader& header) {
  const crypto::LeafHash leaf = suite_.leaf_hash(wire::leaf_header(header), shard.payload, salt_);
  return signature_holds(header.sequence, header.media_us, leaf, shard.signature);
}

bool Verifier::list_proof_holds(const wire::ShardView& shard, const wire::ShardHeader& header,
                                const StoredShard& slot) const {
  const std::optional<wire::HashListView> list = wire::parse_hash_list(slot.list.bytes());
  SPATE_CHECK(list && header.sequence - slot.list_first < list->count());
  const crypto::LeafHash leaf = suite_.leaf_hash(wire::leaf_header(header), shard.payload, salt_);
  return equal(leaf, list->leaf(static_cast<std::size_t>(header.sequence - slot.list_first)));
}

bool Verifier::signature_holds(std::uint64_t first, std::uint64_t media_us, Bytes leaves, Bytes signature_bytes) {
  ++stats_.signatures;
  ByteArray<wire::kAuthMessageBytesMax> message;
  const std::size_t size = wire::write_auth_message(message, stream_, epoch_, first, media_us, leaves);
  crypto::Signature signature;
  std::copy(signature_bytes.begin(), signature_bytes.end(), signature.begin());
  return suite_.verify(Bytes{message}.first(size), signature, stream_);
}

void Verifier::store_shard(Buffer frame, const wire::ShardView& shard, const wire::ShardHeader& header, Instant now) {
  advance_media(header.media_us);
  StoredShard stored;
  stored.header = header;
  stored.payload_offset = static_cast<std::uint16_t>(frame.size() - shard.payload.size());
  stored.arrived = now;
  stored.frame = pool_.shared(std::move(frame));
  const bool inserted = store_.insert(std::move(stored));
  SPATE_CHECK(inserted);
  stored_.push_back(header.sequence);
}

bool Verifier::holds(std::uint64_t sequence) const {
  return std::any_of(held_.begin(), held_.end(), [&](const Held& held) { return held.sequence == sequence; });
}

std::uint64_t Verifier::lacks_list() const {
  std::uint64_t lowest = UINT64_MAX;
  for (const Held& held : held_) lowest = std::min(lowest, held.sequence);
  return lowest;
}

Instant Verifier::next_deadline() const { return held_.empty() ? kNever : held_.front().since + kHoldTime; }

void Verifier::handle_deadline(Instant now) {
  const auto fresh =
      std::find_if(held_.begin(), held_.end(), [now](const Held& held) { return held.since + kHoldTime > now; });
  stats_.held_dropped += static_cast<std::uint64_t>(fresh - held_.begin());
  held_.erase(held_.begin(), fresh);
}

}  // namespace spate::stream
