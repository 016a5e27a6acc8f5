#include "libcore/swarm/reception.h"

#include <algorithm>

#include "libcore/stream/content_key.h"

namespace spate::swarm {
namespace {

constexpr std::uint64_t kLossSample = 128;
constexpr Duration kTailPatience = std::chrono::milliseconds(5);  // between a list and its shards, or two of these
constexpr Duration kListGuard = std::chrono::milliseconds(2);

Duration lag_of(std::uint64_t media_now, std::uint64_t media_us) {
  return std::chrono::microseconds(static_cast<std::int64_t>(media_now) - static_cast<std::int64_t>(media_us));
}

}  // namespace

Reception::Reception(const JoinConfig& config, const crypto::Suite& suite, BufferPool& pool, stream::Store& store)
    : config_(config),
      suite_(suite),
      pool_(pool),
      store_(store),
      verifier_(config.stream, suite, pool, store),
      playout_(config.latency) {}

bool Reception::secret_fits(const wire::StreamInfo& info) {
  content_key_.reset();
  if (!info.is_private || !config_.output) return true;
  if (!config_.content_secret) return false;
  content_key_ = stream::content_key(*config_.content_secret, info.epoch);
  return stream::key_check(*content_key_) == info.key_check;
}

Reception::InfoResult Reception::on_info(Bytes frame, Instant now) {
  const auto info = wire::parse_stream_info(frame);
  if (!info) return InfoResult::kForged;
  const bool new_run = !info_ || info->epoch > info_->epoch;
  if (!new_run && (info->epoch < info_->epoch || info->media_us <= info_->media_us)) return InfoResult::kNothingNew;
  if (!wire::verify_stream_info(frame, config_.stream, suite_)) return InfoResult::kForged;
  if (new_run && !secret_fits(*info)) return InfoResult::kWrongSecret;
  info_ = *info;
  std::copy(frame.begin(), frame.end(), info_frame_.begin());
  info_at_ = now;
  if (new_run) {
    begin_run(*info);
    return InfoResult::kNewRun;
  }
  verifier_.advance_media(info->media_us);
  proven_head_ = std::max(proven_head_, info->head);
  // So far behind that the verifier would refuse what comes next: the publisher's word moves us on.
  if (started_ && info->head > store_.head() + stream::Verifier::kJumpMax) {
    store_.advance_head(info->head);
    note_seen(info->head, now);
    advance();
  }
  return InfoResult::kNews;
}

void Reception::begin_run(const wire::StreamInfo& info) {
  verifier_.begin_epoch(info.epoch, info.media_us);
  store_.restart(info.head);
  gaps_.clear();
  started_ = stored_in_run_ = false;
  stored_end_ = 0;
  list_asked_ = UINT64_MAX;
  list_due_ = tail_due_ = kNever;
}

void Reception::start(std::uint64_t first, std::optional<std::uint64_t> media_now) {
  if (started_ && stored_in_run_) return;
  started_ = true;
  proven_head_ = std::max(first, info_ ? info_->head : 0);
  store_.restart(first);
  playout_.start(first);
  next_ = seen_ = noticed_ = played_next_ = stored_end_ = first;
  joined_media_us_ = media_now.value_or(info_ ? info_->media_us : 0);
}

// Where the frame just stored ends. A list's shards need not have come.
std::uint64_t Reception::proven_end(bool is_list) const {
  if (is_list) return store_.head();
  return verifier_.stored().empty() ? 0 : verifier_.stored().back() + 1;
}

stream::Verdict Reception::take(Buffer frame, std::uint32_t neighbour, Duration rtt,
                                std::optional<std::uint64_t> media_now, Instant now) {
  if (!started_) return stream::Verdict::kStale;
  const bool is_list = frame.bytes()[0] == wire::kHashList;
  const stream::Verdict verdict = verifier_.take(std::move(frame), neighbour, now);
  if (verdict == stream::Verdict::kForged) ++stats_.forged;
  std::uint64_t newest = seen_;
  if (verdict == stream::Verdict::kStored) proven_head_ = std::max(proven_head_, proven_end(is_list));
  for (const std::uint64_t sequence : verifier_.stored()) {
    const stream::StoredShard& shard = store_.at(sequence);
    ++stats_.received;
    stats_.bytes_in += shard.payload().size();
    if (gaps_.on_filled(sequence, rtt, is_list, now)) ++stats_.repaired;
    if (media_now) {
      last_lag_ = lag_of(*media_now, shard.header.media_us);
      playout_.on_arrival(last_lag_);
      if (!config_.output && shard.header.media_us >= joined_media_us_) lag_meter_.add(last_lag_);
    }
    newest = std::max(newest, sequence + 1);
    stored_end_ = std::max(stored_end_, sequence + 1);
    last_stored_ = now;
    stored_in_run_ = true;
  }
  note_seen(newest, now);
  advance();
  tail_due_ = seen_ < store_.head() ? now + kTailPatience : kNever;
  watch_for_list(now);
  if (stats_.received - loss_base_received_ >= kLossSample) judge_loss();
  return verdict;
}

// The loss of late: counts that fade by an eighth with each sample.
void Reception::judge_loss() {
  recent_received_ += stats_.received - loss_base_received_ - recent_received_ / 8;
  recent_missed_ += missed() - loss_base_missed_ - recent_missed_ / 8;
  loss_base_received_ = stats_.received;
  loss_base_missed_ = missed();
  copies_ = Gaps::copies_for(recent_missed_, recent_received_);
}

void Reception::watch_for_list(Instant now) {
  const std::uint64_t lacking = verifier_.lacks_list();
  if (lacking == list_asked_) return;
  list_asked_ = lacking;
  list_copies_ = 0;
  list_due_ = lacking == UINT64_MAX ? kNever : now + kListGuard;
}

void Reception::note_seen(std::uint64_t next, Instant now) {
  seen_ = std::max(seen_, next);
  noticed_ = std::max(noticed_, next_);
  if (noticed_ < seen_) noticed_ = gaps_.notice(noticed_, seen_, store_, now);
}

void Reception::on_head(std::uint64_t next, Instant now) {
  // Head is a neighbour's word: it may run ahead of what has been proven, but not carry the store away with it.
  if (!started_ || next > proven_head_ + stream::Verifier::kJumpMax) return;
  if (next > store_.head()) store_.advance_head(next);
  note_seen(next, now);
  advance();
}

void Reception::on_hole(const wire::Hole& hole) {
  const std::uint64_t end = std::min(hole.first + hole.count, store_.head());
  for (std::uint64_t s = std::max(hole.first, store_.tail()); s < end; ++s) {
    if (store_.at(s).present() || store_.at(s).given_up) continue;
    store_.at(s).given_up = true;
    gaps_.drop(s);
    ++stats_.given_up;
  }
  advance();
}

void Reception::advance() {
  const std::uint64_t before = next_;
  next_ = std::max(next_, store_.tail());
  if (config_.output) next_ = std::max(next_, std::min(playout_.next(), store_.head()));
  while (next_ < store_.head() && (store_.at(next_).present() || store_.at(next_).given_up)) ++next_;
  seen_ = std::max(seen_, next_);
  if (next_ != before) gaps_.drop_below(next_);
}

std::optional<wire::RepairRequest> Reception::next_request(Duration timeout, Instant now) {
  wire::RepairRequest request;
  if (now >= list_due_) {
    list_copies_ = list_copies_ > 0 ? list_copies_ - 1 : copies_;
    list_due_ = now + (list_copies_ > 0 ? Gaps::kCopySpacing : timeout);
    request.kind = wire::RepairRequest::Kind::kList;
    request.base = list_asked_;
    request.ranges.push_back({0, 1});
    return request;
  }
  const auto held = [&](std::uint64_t sequence) { return verifier_.holds(sequence); };
  if (!gaps_.take_due(now, timeout + gaps_.guard(), copies_, request, held)) return std::nullopt;
  // Where a list is missing, too, one answer brings both.
  const bool has_list = store_.covers(request.base) && store_.at(request.base).list;
  request.kind = has_list ? wire::RepairRequest::Kind::kShards : wire::RepairRequest::Kind::kShardsWithLists;
  return request;
}

std::optional<Reception::Output> Reception::next_output(std::optional<std::uint64_t> media_now, Instant now) {
  if (!config_.output || !started_) return std::nullopt;
  const auto item = playout_.poll(store_, media_now, now);
  if (!item) {
    advance();  // playout may have skipped a gap
    return std::nullopt;
  }
  Output output;
  output.lag = media_now ? lag_of(*media_now, item->shard->header.media_us) : Duration::zero();
  output.discontinuity = item->sequence != played_next_ || (item->shard->header.flags & wire::kFlagDiscontinuity) != 0;
  played_next_ = item->sequence + 1;
  if (content_key_) {
    const Bytes cipher = item->shard->payload();
    output.frame = pool_.take(cipher.size());
    std::copy(cipher.begin(), cipher.end(), output.frame.writable().begin());
    suite_.xor_stream(output.frame.writable(), *content_key_, item->sequence);
    output.bytes = output.frame.bytes();
  } else {
    output.frame = item->shard->frame;
    output.bytes = item->shard->payload();
  }
  stats_.bytes_out += output.bytes.size();
  if (media_now && item->shard->header.media_us >= joined_media_us_) lag_meter_.add(output.lag);
  return output;
}

void Reception::handle_deadline(Instant now) {
  verifier_.handle_deadline(now);
  watch_for_list(now);
  if (now >= tail_due_) {
    tail_due_ = kNever;
    note_seen(store_.head(), now);
  }
  if (config_.output) return;
  if (const auto stale = gaps_.older_than(now - kGiveUp)) {
    for (std::uint64_t s = next_; s <= *stale && s < store_.head(); ++s) {
      if (store_.at(s).present() || store_.at(s).given_up) continue;
      store_.at(s).given_up = true;
      gaps_.drop(s);
      ++stats_.given_up;
    }
    advance();
  }
}

Instant Reception::next_deadline(bool attached, bool playing) const {
  Instant next = std::min(verifier_.next_deadline(), tail_due_);
  if (attached) next = std::min({next, gaps_.next_deadline(), list_due_});
  if (config_.output && started_ && playing) next = std::min(next, playout_.next_deadline());
  return next;
}

bool Reception::finished() const {
  if (!info_ || !info_->ended) return false;
  if (!started_) return true;
  return next_ >= info_->head && (!config_.output || playout_.next() >= info_->head);
}

void Reception::give_up_rest() {
  if (!info_ || !started_) return;
  store_.advance_head(std::max(store_.head(), info_->head));
  for (std::uint64_t s = next_; s < store_.head(); ++s) {
    if (!store_.covers(s) || store_.at(s).present() || store_.at(s).given_up) continue;
    store_.at(s).given_up = true;
    ++stats_.given_up;
  }
  gaps_.clear();
  advance();
}

}  // namespace spate::swarm
