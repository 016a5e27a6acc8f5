#include "libcore/stream/source.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "libcore/base/check.h"
#include "libcore/stream/content_key.h"
#include "libcore/stream/packetizer.h"
#include "libcore/stream/parity_maker.h"
#include "libcore/stream/signing_budget.h"

namespace spate::stream {
namespace {

constexpr Duration kSteadyGap = std::chrono::microseconds(2'500);
constexpr int kSteadyPushes = 8;
constexpr std::size_t kInlineMax = 24;
constexpr std::size_t kInlineMaxOneWay = 3;
constexpr Duration kInlineInterval = std::chrono::microseconds(2'200);

}  // namespace

struct Source::Impl {
  Impl(const SourceConfig& source_config, const crypto::Suite& crypto_suite, BufferPool& buffer_pool,
       Store& shard_store, Instant start_time);

  void note_push(Instant now);
  void note_sync();
  void settle(Instant now);
  void set_deadline(Instant now, bool joining);
  bool joins(Instant now);
  std::optional<Instant> oldest();
  void sign_ready(Instant now);
  void sign_list(std::size_t n, Instant now);
  void sign_inline(Instant now);
  std::size_t blocks_that_fit() const;
  Buffer make_list(std::uint64_t first, std::uint64_t first_media_us, std::size_t blocks, Instant now);
  void store_blocks(std::size_t n, const Buffer& list);
  void prove_parity(Instant now);
  void close_old_block(Instant now);
  wire::ShardHeader prepare(Payload& payload, std::uint64_t sequence);
  crypto::Signature sign(std::uint64_t first, std::uint64_t first_media_us, Bytes leaf_hashes, Bytes parity_proofs,
                         Instant now);
  void store_shard(const wire::ShardHeader& header, Payload& payload, std::size_t payload_offset, Instant now);
  std::uint64_t media_us(Instant now) const { return static_cast<std::uint64_t>(to_us(now - start)); }

  const SourceConfig config;
  const crypto::Suite& suite;
  BufferPool& pool;
  Store& store;
  const Instant start;
  const crypto::SymmetricKey salt;
  std::optional<crypto::SymmetricKey> cipher_key;
  Packetizer packetizer;
  ParityMaker parity;
  SigningBudget budget;
  Instant last_push;
  Instant last_signature = Instant::min();
  int steady_pushes = 0;  // in a row, each soon after the one before
  bool one_way = false;
  bool ended = false;
  Instant deadline = kNever;
  std::vector<ParityId> made_parity;
  std::vector<wire::ShardHeader> headers;  // scratch of sign_list()
  std::vector<crypto::LeafHash> leaves;    // and of make_list()
  std::vector<wire::ParityProof> proofs;
  SourceStats stats;
};

Source::Impl::Impl(const SourceConfig& source_config, const crypto::Suite& crypto_suite, BufferPool& buffer_pool,
                   Store& shard_store, Instant start_time)
    : config(source_config),
      suite(crypto_suite),
      pool(buffer_pool),
      store(shard_store),
      start(start_time),
      salt(wire::leaf_salt(config.key.public_key, config.epoch)),
      packetizer(buffer_pool, config.mpeg_ts),
      parity(config.stripes, config.parity, salt, crypto_suite, buffer_pool),
      last_push(start_time) {
  if (config.content_secret) cipher_key = content_key(*config.content_secret, config.epoch);
  headers.reserve(wire::kListShardsMax);
  leaves.reserve(wire::kListShardsMax);
  proofs.reserve(wire::kListParityMax);
}

void Source::Impl::note_push(Instant now) {
  // What came while nothing could be signed may have been left to gather.
  const Instant taken_since = std::max(last_push, std::min(budget.next(), now));
  steady_pushes = now - taken_since <= kSteadyGap ? std::min(steady_pushes + 1, kSteadyPushes) : 0;
  last_push = now;
}

void Source::Impl::note_sync() {
  stats.bytes_skipped = packetizer.sync().bytes_skipped();
  stats.sync_losses = packetizer.sync().sync_losses();
}

// Signs what is to be signed now, and sets the deadline for the rest.
void Source::Impl::settle(Instant now) {
  while (packetizer.ready().size() >= wire::kListShardsMax) sign_list(wire::kListShardsMax, now);
  const std::optional<Instant> waiting_since = oldest();
  const bool overdue = waiting_since && now - *waiting_since >= kHoldMax;
  const bool joining = !overdue && joins(now);
  // Tables that a keyframe may yet mark wait, with all that came before them.
  const bool tables_wait = joining && packetizer.ends_in_tables();
  if (waiting_since && (overdue || budget.affords(now)) && !tables_wait) {
    if (!joining || packetizer.ready().size() >= 2) packetizer.close();
    sign_ready(now);
  }
  set_deadline(now, joining);
}

void Source::Impl::set_deadline(Instant now, bool joining) {
  deadline = kNever;
  const std::optional<Instant> waiting_since = oldest();
  if (!waiting_since) return;
  const std::optional<Instant> open_since = packetizer.open_since();
  const bool waits_for_budget = !packetizer.ready().empty() && !(joining && packetizer.ends_in_tables());
  Instant joined = kNever;
  if (joining) joined = packetizer.ends_in_tables() ? last_push + kJoinMax : *open_since + kJoinMax;
  deadline = std::min(joined, waits_for_budget || !joining ? budget.next() : kNever);
  deadline = std::clamp(deadline, now, *waiting_since + kHoldMax);
}

// Is something about to come that what is held should wait for?
bool Source::Impl::joins(Instant now) {
  if (packetizer.ends_in_tables()) return now - last_push < kJoinMax;
  const std::optional<Instant> open_since = packetizer.open_since();
  return steady_pushes == kSteadyPushes && open_since && now - *open_since < kJoinMax;
}

std::optional<Instant> Source::Impl::oldest() {
  return packetizer.ready().empty() ? packetizer.open_since() : std::optional(packetizer.ready().front().read_at);
}

void Source::Impl::sign_ready(Instant now) {
  const std::size_t n = packetizer.ready().size();
  if (n == 0) return;
  const std::size_t inline_max = one_way ? kInlineMaxOneWay : kInlineMax;
  const bool rare = now - static_cast<int>(n) * kInlineInterval >= last_signature;
  if (n > 1 && (n > inline_max || !rare)) return sign_list(n, now);
  for (std::size_t i = 0; i < n; ++i) sign_inline(now);
  prove_parity(now);
}

void Source::Impl::sign_list(std::size_t n, Instant now) {
  const std::span<Payload> payloads = packetizer.ready().first(n);
  const std::uint64_t first = store.head();
  headers.clear();
  leaves.clear();
  for (Payload& payload : payloads) {
    const wire::ShardHeader header = prepare(payload, first + headers.size());
    const MutableBytes frame = payload.frame.writable();
    wire::write_shard_header(frame, header, nullptr);
    leaves.push_back(suite.leaf_hash(wire::leaf_header(header), frame.subspan(wire::kShardHeaderBytes), salt));
    headers.push_back(header);
    parity.add(header.sequence, frame, now);
  }

  const std::size_t blocks = blocks_that_fit();
  const Buffer list = make_list(first, headers.front().media_us, blocks, now);
  last_signature = now;
  store.insert_list(list, first, n);
  for (std::size_t i = 0; i < n; ++i) store_shard(headers[i], payloads[i], wire::kShardHeaderBytes, now);
  store_blocks(blocks, list);
  packetizer.pop_ready(n);
  prove_parity(now);
}

// A block's parity is proven by one list.
std::size_t Source::Impl::blocks_that_fit() const {
  if (parity.made().empty()) return 0;
  return std::min(parity.made().size(), wire::kListParityMax / parity.parity());
}

// A signed list of the shards with these `leaves`, and of the parity of the first closed blocks.
Buffer Source::Impl::make_list(std::uint64_t first, std::uint64_t first_media_us, std::size_t blocks, Instant now) {
  proofs.clear();
  for (const MadeBlock& block : parity.made().first(blocks))
    for (std::uint8_t i = 0; i < parity.parity(); ++i) proofs.push_back({block.first, i, block.count, block.leaves[i]});
  Buffer list = pool.take(wire::hash_list_frame_bytes(leaves.size(), proofs.size()));
  const MutableBytes frame = list.writable();
  wire::write_hash_list(frame, config.epoch, first, first_media_us, leaves, proofs);
  const std::optional<wire::HashListView> view = wire::parse_hash_list(frame);
  SPATE_CHECK(view);
  const crypto::Signature signature = sign(first, first_media_us, view->leaves, view->parity, now);
  std::copy(signature.begin(), signature.end(), frame.last(wire::kSignatureBytes).begin());
  return list;
}

void Source::Impl::store_blocks(std::size_t n, const Buffer& list) {
  for (MadeBlock& made : parity.made().first(n)) {
    Block* const block = store.blocks().insert(made.first, made.count, list);
    SPATE_CHECK(block != nullptr);
    for (std::uint8_t i = 0; i < parity.parity(); ++i) {
      block->tell(i, made.leaves[i]);
      block->parity[i] = std::move(made.frames[i]);
      made_parity.push_back({made.first, i});
      ++stats.parity;
    }
  }
  parity.pop_made(n);
}

// Lists for closed blocks that no list of shards proves. Their signatures say nothing of how rare those of shards are.
void Source::Impl::prove_parity(Instant now) {
  leaves.clear();
  while (const std::size_t blocks = blocks_that_fit())
    store_blocks(blocks, make_list(store.head(), media_us(now), blocks, now));
}

void Source::Impl::close_old_block(Instant now) {
  const std::optional<Instant> since = parity.open_since();
  if (!since || now - *since < kBlockAgeMax) return;
  parity.close();
  prove_parity(now);
}

void Source::Impl::sign_inline(Instant now) {
  Payload& payload = packetizer.ready().front();
  const wire::ShardHeader header = prepare(payload, store.head());
  const std::size_t payload_bytes = payload.frame.size() - wire::kShardHeaderBytes;
  payload.frame.resize(wire::shard_frame_bytes(payload_bytes, true));
  const MutableBytes frame = payload.frame.writable();
  const MutableBytes moved = frame.last(payload_bytes);
  std::memmove(moved.data(), frame.data() + wire::kShardHeaderBytes, payload_bytes);
  const crypto::LeafHash leaf = suite.leaf_hash(wire::leaf_header(header), moved, salt);
  const crypto::Signature signature = sign(header.sequence, header.media_us, leaf, {}, now);
  last_signature = now;
  const std::size_t payload_offset = wire::write_shard_header(frame, header, &signature);
  parity.add(header.sequence, frame, now);
  store_shard(header, payload, payload_offset, now);
  packetizer.pop_ready(1);
}

// The payload's header; the payload is enciphered if it is to be.
wire::ShardHeader Source::Impl::prepare(Payload& payload, std::uint64_t sequence) {
  if (cipher_key) suite.xor_stream(payload.frame.writable().subspan(wire::kShardHeaderBytes), *cipher_key, sequence);
  const std::uint8_t stripe = static_cast<std::uint8_t>(sequence % config.stripes);
  return {sequence, media_us(payload.read_at), stripe, payload.flags};
}

crypto::Signature Source::Impl::sign(std::uint64_t first, std::uint64_t first_media_us, Bytes leaf_hashes,
                                     Bytes parity_proofs, Instant now) {
  ByteArray<wire::kAuthMessageBytesMax> message;
  const std::size_t size = wire::write_auth_message(message, config.key.public_key, config.epoch, first, first_media_us,
                                                    leaf_hashes, parity_proofs);
  budget.spend(now);
  ++stats.signatures;
  return suite.sign(Bytes{message}.first(size), config.key.secret);
}

void Source::Impl::store_shard(const wire::ShardHeader& header, Payload& payload, std::size_t payload_offset,
                               Instant now) {
  StoredShard shard;
  shard.media_us = header.media_us;
  shard.flags = header.flags;
  shard.frame = std::move(payload.frame);
  shard.payload_offset = static_cast<std::uint16_t>(payload_offset);
  shard.arrived = now;
  const bool inserted = store.insert(header.sequence, std::move(shard));
  SPATE_CHECK(inserted);
  ++stats.shards;
}

Source::Source(const SourceConfig& config, const crypto::Suite& suite, BufferPool& pool, Store& store, Instant start)
    : impl_(std::make_unique<Impl>(config, suite, pool, store, start)) {}

Source::~Source() = default;

void Source::push(Bytes input, Instant now) {
  SPATE_CHECK(!impl_->ended);
  impl_->made_parity.clear();
  if (input.empty()) return;
  impl_->stats.bytes_in += input.size();
  impl_->note_push(now);
  impl_->packetizer.push(input, now);
  impl_->note_sync();
  impl_->settle(now);
  impl_->close_old_block(now);
}

void Source::end(Instant now) {
  impl_->made_parity.clear();
  if (impl_->ended) return;
  impl_->packetizer.end(now);
  impl_->note_sync();
  while (impl_->packetizer.ready().size() >= wire::kListShardsMax) impl_->sign_list(wire::kListShardsMax, now);
  impl_->sign_ready(now);
  impl_->parity.close();
  impl_->prove_parity(now);
  impl_->deadline = kNever;
  impl_->ended = true;
}

void Source::set_one_way(bool one_way) { impl_->one_way = one_way; }

bool Source::ended() const { return impl_->ended; }

Instant Source::next_deadline() const {
  const std::optional<Instant> block_since = impl_->parity.open_since();
  return std::min(impl_->deadline, block_since ? *block_since + kBlockAgeMax : kNever);
}

Instant Source::input_due() const { return impl_->budget.next(); }

void Source::handle_deadline(Instant now) {
  impl_->made_parity.clear();
  if (now >= impl_->deadline) impl_->settle(now);
  impl_->close_old_block(now);
}

std::span<const ParityId> Source::made_parity() const { return impl_->made_parity; }

std::uint64_t Source::head() const { return impl_->store.head(); }

std::uint64_t Source::media_us(Instant now) const { return impl_->media_us(now); }

wire::StreamInfo Source::info(Instant now) const {
  wire::StreamInfo info;
  info.epoch = impl_->config.epoch;
  info.head = head();
  info.media_us = media_us(now);
  info.stripes = impl_->config.stripes;
  info.mpeg_ts = impl_->config.mpeg_ts;
  info.is_private = impl_->cipher_key.has_value();
  info.ended = impl_->ended;
  info.stripes = impl_->config.stripes;
  info.parity = impl_->config.parity;
  if (impl_->cipher_key) info.key_check = key_check(*impl_->cipher_key);
  return info;
}

const SourceStats& Source::stats() const { return impl_->stats; }

}  // namespace spate::stream
