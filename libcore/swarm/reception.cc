#include "libcore/swarm/reception.h"

#include <algorithm>

#include "libcore/stream/content_key.h"
#include "libcore/wire/record.h"

namespace spate::swarm {
namespace {

constexpr std::uint64_t kLossSample = 128;
constexpr Duration kTailPatience = std::chrono::milliseconds(5);  // between a list and its shards, or two of these
constexpr Duration kListGuard = std::chrono::milliseconds(2);
// A block's parity is sent when the block is whole, which takes a frame or two. It is waited for no longer than so much
// after what is missing should have come, nor than so much after its own usual time.
constexpr Duration kParityPatience = std::chrono::milliseconds(45);
constexpr Duration kParityLate = std::chrono::milliseconds(20);
constexpr Duration kBacklogPatience = std::chrono::milliseconds(800);
// Nothing at all has come for so long; when it comes again, what was published meanwhile comes beside what is new.
constexpr Duration kOutage = std::chrono::seconds(1);
constexpr Duration kFlowWindow = std::chrono::milliseconds(500);
constexpr Duration kResuming = std::chrono::milliseconds(500);
constexpr Duration kUnknownList = std::chrono::milliseconds(20);
// What its parent has not sent a later one of may wait in a queue, which asking makes longer: so much more patience,
// unless its path loses much.
constexpr Duration kOldPatience = std::chrono::milliseconds(400);  // with what a new parent sends beside its news
constexpr Duration kUnproven = std::chrono::milliseconds(400);
constexpr Duration kUnknownStripe = std::chrono::milliseconds(150);  // patience with one of which nothing has come yet

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
  if (info->epoch < config_.epoch_min) return on_old_run(frame);
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
  if (info->head > std::max(stored_end_, holes_end_) && !lacking_since_) lacking_since_ = now;
  // So far behind that the verifier would refuse what comes next: the publisher's word moves us on.
  if (started_ && info->head > store_.head() + stream::Verifier::kJumpMax) {
    store_.advance_head(info->head);
    note_seen(info->head, 0, now);
    advance();
  }
  return InfoResult::kNews;
}

// A replay, or news from a host that does not know better. Its signature is looked at once: who repeats it costs us
// nothing, and no forger makes us say that there was such a run.
Reception::InfoResult Reception::on_old_run(Bytes frame) {
  if (!old_run_offered_) old_run_offered_ = wire::verify_stream_info(frame, config_.stream, suite_).has_value();
  return old_run_offered_ ? InfoResult::kNothingNew : InfoResult::kForged;
}

std::uint64_t Reception::believable(std::uint64_t media_us, Instant now) const {
  if (!info_) return media_us;
  const auto since = static_cast<std::uint64_t>(to_us(std::max(now - info_at_, Duration::zero())));
  const std::uint64_t least = std::max(info_->media_us + since, newest_media_us_);
  return std::clamp(media_us, least, least + static_cast<std::uint64_t>(to_us(kUnheardMax)));
}

std::optional<std::uint32_t> Reception::stream_seconds(Instant now) const {
  if (!info_) return std::nullopt;
  const auto since = static_cast<std::uint64_t>(to_us(std::max(now - info_at_, Duration::zero())));
  return wire::stream_seconds(info_->epoch, info_->media_us + since);
}

void Reception::begin_run(const wire::StreamInfo& info) {
  verifier_.begin_epoch(info.epoch, info.media_us, info.stripes, info.parity);
  store_.restart(info.head);
  gaps_.clear();
  striping_ = {info.stripes, info.parity};
  arrivals_.restart(striping_.all() + 1);
  turn_from_.assign(striping_.all(), 0);
  parentless_ = mute_ = losing_ = 0;
  skips_.clear();
  newest_media_us_ = info.media_us;
  started_ = stored_in_run_ = false;
  resumed_at_ = flow_since_ = {};
  out_ = false;
  next_ = seen_ = noticed_ = stored_end_ = info.head;
  holes_end_ = 0;
  lacking_since_.reset();
  list_asked_ = UINT64_MAX;
  list_due_ = tail_due_ = kNever;
}

void Reception::start(std::uint64_t first, std::optional<std::uint64_t> media_now, Instant now) {
  if (started_ && stored_in_run_) return;
  // A second one's word may only take us back, for the first may have been a lie.
  if (started_) first = std::min(first, store_.tail());
  started_ = true;
  proven_head_ = info_ ? info_->head : 0;
  backlog_end_ = std::max(first, proven_head_);
  store_.restart(first);
  playout_.start(first, backlog_end_, now);
  next_ = seen_ = noticed_ = played_next_ = stored_end_ = first;
  // What comes is judged from here on: the backlog is no outage.
  flow_since_ = now;
  flow_seen_ = backlog_end_;
  flow_received_ = stats_.received;
  out_ = false;
  joined_media_us_ = media_now.value_or(info_ ? info_->media_us : 0);
}

// Where the frame just stored ends. A list's shards need not have come.
std::uint64_t Reception::proven_end(bool is_list) const {
  if (is_list) return store_.head();
  const auto stored = verifier_.stored();
  return stored.empty() ? 0 : *std::max_element(stored.begin(), stored.end()) + 1;
}

stream::Verdict Reception::take(Buffer frame, const From& from, std::optional<std::uint64_t> media_now, Instant now) {
  if (!started_) return stream::Verdict::kStale;
  const bool is_list = frame.bytes()[0] == wire::kHashList;
  const auto list = is_list ? wire::parse_hash_list(frame.bytes()) : std::nullopt;
  const std::uint64_t list_media_us = list ? list->media_us : 0;
  const auto shard = is_list ? std::nullopt : wire::parse_shard(frame.bytes());
  const std::uint64_t frame_sequence = shard ? wire::restore(shard->sequence_low, store_.head()) : 0;
  const stream::Verdict verdict = verifier_.take(std::move(frame), from.neighbour, now);
  if (verdict == stream::Verdict::kForged) ++stats_.forged;
  if (is_list && verdict == stream::Verdict::kStored) note_list(list_media_us, now);
  // It came by another way before: so late is its stripe.
  if (shard && verdict == stream::Verdict::kDuplicate && store_.covers(frame_sequence))
    note_turn(frame_sequence, from, now);
  std::uint64_t newest = seen_;
  if (verdict == stream::Verdict::kStored) proven_head_ = std::max(proven_head_, proven_end(is_list));
  const std::span<const std::uint64_t> stored = verifier_.stored();
  const std::size_t regenerated = verifier_.regenerated().size();
  stats_.regenerated += regenerated;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const std::uint64_t sequence = stored[i];
    note_stored(sequence, from, is_list, i + regenerated >= stored.size(), media_now, now);
    newest = std::max(newest, sequence + 1);
  }
  for (const stream::ParityId& id : verifier_.stored_parity()) note_parity(id.first, id.index, from, now);
  if (from.stripes != 0) one_parent_ = in_order(from) != 0;  // who is no parent any more says nothing of that
  losing_ = from.loses ? losing_ | from.stripes : losing_ & ~from.stripes;
  note_seen(newest, in_order(from), now);
  advance();
  tail_due_ = seen_ < store_.head() ? now + kTailPatience : kNever;
  watch_for_list(now);
  if (stats_.received - loss_base_received_ >= kLossSample) judge_loss();
  return verdict;
}

// Lists have their own usual time: they come with the stripes of some parents only.
void Reception::note_list(std::uint64_t media_us, Instant now) {
  if (list_requests_ == 0 && media_us >= joined_media_us_) arrivals_.add(striping_.all(), media_us, now);
  newest_media_us_ = std::max(newest_media_us_, media_us);
}

// Who passes on stripes from different parents does so in the order in which they come to it.
StripeMask Reception::in_order(const From& from) const {
  return (from.stripes & striping_.mask()) == striping_.mask() ? from.stripes : 0;
}

void Reception::note_parity(std::uint64_t first, unsigned index, const From& from, Instant now) {
  const unsigned stripe = striping_.data + index;
  const stream::StoredShard* const shard = store_.find(first);
  if (stripe >= striping_.all() || (from.stripes & bit(stripe)) == 0 || shard == nullptr) return;
  if (shard->media_us >= joined_media_us_) arrivals_.add(stripe, shard->media_us, now);
}

// Few enough of its block are missing, and the parity may be on its way. Not where one parent sends everything: it
// surely has what is lost, and its answer takes a round trip, while parity may take a block's time, and then not do.
bool Reception::parity_may_come(const Gaps::Missing& missing, Instant now) const {
  const Instant end = missing.expected + kParityPatience;
  if (one_parent_ || now >= end) return false;
  const std::uint64_t first = missing.sequence - missing.sequence % striping_.data;
  unsigned absent = 0;
  std::uint64_t media_us = newest_media_us_;  // of the block: parity is as old as its first
  for (std::uint64_t s = std::max(first, store_.tail()); s < std::min(first + striping_.data, seen_); ++s) {
    if (!store_.at(s).present())
      ++absent;
    else
      media_us = std::min(media_us, store_.at(s).media_us);
  }
  return absent <= count(parity() & attended()) && parity_usually_comes(media_us, now - kParityLate, end);
}

// Some of a block of that age: usually later than `from`, and before `to`. What is not known may come.
bool Reception::parity_usually_comes(std::uint64_t media_us, Instant from, Instant to) const {
  bool comes = false;
  for_each_stripe(parity() & attended(), [&](unsigned stripe) {
    const bool known = arrivals_.known(stripe);
    comes |= !known || (arrivals_.expected(stripe, media_us) > from && arrivals_.mean(stripe, media_us) < to);
  });
  return comes;
}

// The stripe's parent has sent this one.
void Reception::note_turn(std::uint64_t sequence, const From& from, Instant now) {
  const unsigned stripe = striping_.of(sequence);
  if ((from.stripes & bit(stripe)) == 0) return;
  const std::uint64_t media_us = store_.at(sequence).media_us;
  if (store_.at(sequence).present() && media_us >= joined_media_us_) arrivals_.add(stripe, media_us, now);
  const std::uint64_t from_here = std::max(sequence >= backlog_end_ ? backlog_end_ : 0, turn_from_[stripe]);
  gaps_.overtaken(from_here, sequence, in_order(from) | bit(stripe), striping_, now);
}

void Reception::note_stored(std::uint64_t sequence, const From& from, bool is_list, bool regenerated,
                            std::optional<std::uint64_t> media_now, Instant now) {
  const stream::StoredShard& shard = store_.at(sequence);
  ++stats_.received;
  stats_.bytes_in += shard.payload().size();
  // What was regenerated was not late on its path: that tells the guard nothing.
  const bool asked_for = gaps_.on_filled(sequence, from.rtt, is_list || regenerated, now);
  if (asked_for && !regenerated) ++stats_.repaired;
  if (!asked_for && !regenerated) note_turn(sequence, from, now);
  if (media_now) {
    last_lag_ = lag_of(*media_now, shard.media_us);
    if (shard.media_us >= joined_media_us_) {
      playout_.on_arrival(last_lag_);
      if (!config_.output) lag_meter_.add(last_lag_);
    }
  }
  newest_media_us_ = std::max(newest_media_us_, shard.media_us);
  judge_flow(now);
  if (now - resumed_at_ < kResuming) {
    backlog_end_ = std::max(backlog_end_, sequence);
    if (resumed_at_ == now)
      playout_.resume(backlog_end_, now);
    else
      playout_.extend_backlog(backlog_end_);
  }
  stored_end_ = std::max(stored_end_, sequence + 1);
  last_stored_ = now;
  lacking_since_.reset();
  stored_in_run_ = true;
}

// Out is a stream of which nothing, or less than half, comes; it is back when nearly all does.
void Reception::judge_flow(Instant now) {
  if (stored_in_run_ && now - last_stored_ >= kOutage) resumed_at_ = now;
  if (now - flow_since_ < kFlowWindow) return;
  const std::uint64_t passed = seen_ - std::min(seen_, flow_seen_);
  const std::uint64_t came = stats_.received - flow_received_;
  const bool was_out = out_;
  if (2 * came < passed) out_ = true;
  if (8 * came >= 7 * passed) out_ = false;
  if (was_out && !out_) resumed_at_ = now;
  playout_.set_out(out_);
  flow_since_ = now;
  flow_seen_ = seen_;
  flow_received_ = stats_.received;
}

// The loss of late: counts that fade by an eighth with each sample.
void Reception::judge_loss() {
  recent_received_ += stats_.received - loss_base_received_ - recent_received_ / 8;
  recent_missed_ += missed() - loss_base_missed_ - recent_missed_ / 8;
  loss_base_received_ = stats_.received;
  loss_base_missed_ = missed();
  copies_ = one_parent_ ? Gaps::copies_for(recent_missed_, recent_received_) : 0;
}

void Reception::watch_for_list(Instant now) {
  const std::uint64_t lacking = verifier_.lacks_list();
  if (lacking == list_asked_) return;
  list_asked_ = lacking;
  list_copies_ = list_requests_ = 0;
  list_due_ = kNever;
  if (lacking == UINT64_MAX) return;
  const unsigned lists = striping_.all();
  list_due_ = now + (arrivals_.known(lists) ? kListGuard : kUnknownList);
  if (arrivals_.known(lists)) list_due_ = std::max(list_due_, arrivals_.expected(lists, newest_media_us_));
}

// What is missing below `next` is overdue at once if its sender has sent a later one, else when its stripe usually
// comes.
void Reception::note_seen(std::uint64_t next, StripeMask overtaken, Instant now) {
  seen_ = std::max(seen_, next);
  noticed_ = std::max(noticed_, next_);
  if (noticed_ >= seen_) return;
  const auto expected = [&](std::uint64_t sequence) {
    const unsigned stripe = striping_.of(sequence);
    if (sequence < backlog_end_) return Gaps::When{now + kBacklogPatience};
    if (((overtaken | ~attended()) & bit(stripe)) != 0) return Gaps::When{now};
    if (!arrivals_.known(stripe)) return Gaps::When{now + kUnknownStripe};
    const bool proven = one_parent_ || (losing_ & bit(stripe)) != 0;
    return Gaps::When{arrivals_.expected(stripe, newest_media_us_), proven ? Duration{} : kUnproven};
  };
  noticed_ = gaps_.notice(noticed_, seen_, store_, expected, now);
}

std::uint64_t Reception::resume_from(StripeMask stripes) const {
  if (!started_) return wire::kFromNewest;
  std::uint64_t from = seen_;
  StripeMask left = stripes & first_stripes(striping_.data);
  for (std::uint64_t s = std::min(seen_, store_.head()); s > std::max(next_, store_.tail()) && left != 0; --s) {
    const StripeMask stripe = bit(striping_.of(s - 1));
    if ((left & stripe) == 0) continue;
    if (store_.at(s - 1).present())
      left &= ~stripe;
    else
      from = s - 1;
  }
  return from;
}

void Reception::forget_parent(StripeMask stripes) {
  losing_ &= ~stripes;
  mute_ &= ~stripes;
  skips_.forget(stripes);
}

// It sends from where we asked for, but what is new goes first.
void Reception::on_new_parent(StripeMask stripes, Instant now) {
  parentless_ &= ~stripes;
  forget_parent(stripes);
  gaps_.restart(backlog_end_, stripes, striping_, now + kOldPatience);
  for_each_stripe(stripes & striping_.mask(), [&](unsigned stripe) {
    arrivals_.forget(stripe);
    turn_from_[stripe] = seen_;
  });
}

// Others may have what is missing.
void Reception::on_no_parent(StripeMask stripes, Instant now) {
  parentless_ |= stripes;
  forget_parent(stripes);
  gaps_.restart(0, stripes, striping_, now);
}

void Reception::on_mute(StripeMask stripes, Instant now) {
  const StripeMask newly = stripes & ~mute_;
  mute_ = stripes;
  if (newly != 0) gaps_.overtaken(backlog_end_, seen_, newly, striping_, now);
}

Duration Reception::lag(StripeMask stripes, std::optional<std::uint64_t> media_now, Instant now) const {
  Duration sum{};
  int n = 0;
  for_each_stripe(stripes & striping_.mask(), [&](unsigned stripe) {
    if (!arrivals_.known(stripe)) return;
    sum += arrivals_.age(stripe);
    ++n;
  });
  if (n == 0 || !media_now) return last_lag_;
  // Ages are told by our clock, lags by the publisher's.
  return sum / n + std::chrono::microseconds(static_cast<std::int64_t>(*media_now)) - now.time_since_epoch();
}

void Reception::on_head(std::uint64_t next, Instant now) {
  // Head is a neighbour's word: it may run ahead of what has been proven, but not carry the store away with it.
  if (!started_ || next > proven_head_ + stream::Verifier::kJumpMax) return;
  if (next > store_.head()) store_.advance_head(next);
  note_seen(next, striping_.mask(), now);
  advance();
}

void Reception::on_hole(const wire::Hole& hole, bool final, Instant now) {
  if (!final) return gaps_.ask_next(hole.first, hole.first + hole.count, now);
  const std::uint64_t end = std::min(hole.first + hole.count, store_.head());
  for (std::uint64_t s = std::max(hole.first, store_.tail()); s < end; ++s) {
    if (store_.at(s).present() || store_.at(s).given_up) continue;
    store_.at(s).given_up = true;
    gaps_.drop(s);
    ++stats_.given_up;
  }
  holes_end_ = std::max(holes_end_, end);
  if (info_ && holes_end_ >= info_->head) lacking_since_.reset();
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

wire::RepairRequest Reception::list_request(Duration timeout, Instant now) {
  if (list_copies_ > 0) {
    --list_copies_;
  } else {
    list_copies_ = copies_;
    ++list_requests_;
  }
  list_due_ = now + (list_copies_ > 0 ? Gaps::kCopySpacing : timeout);
  wire::RepairRequest request;
  request.kind = wire::RepairRequest::Kind::kList;
  request.base = list_asked_;
  request.ranges.push_back({0, 1});
  return request;
}

// Of all that it asks for: what came without its list would not be held for as long as asking for that takes.
bool Reception::have_lists(const wire::RepairRequest& request) const {
  for (const wire::RepairRequest::Range& range : request.ranges)
    for (std::uint64_t s = request.base + range.offset, end = s + range.count; s < end; ++s)
      if (!store_.covers(s) || !store_.at(s).list) return false;
  return true;
}

std::optional<Reception::Output> Reception::next_output(std::optional<std::uint64_t> media_now, Instant now) {
  if (!config_.output || !started_) return std::nullopt;
  const auto item = playout_.poll(store_, media_now, now);
  if (!item) {
    advance();  // playout may have skipped a gap
    return std::nullopt;
  }
  Output output;
  output.lag = media_now ? lag_of(*media_now, item->shard->media_us) : Duration::zero();
  output.discontinuity = item->sequence != played_next_ || (item->shard->flags & wire::kFlagDiscontinuity) != 0;
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
  if (media_now && item->shard->media_us >= joined_media_us_) lag_meter_.add(output.lag);
  return output;
}

void Reception::handle_deadline(Instant now) {
  verifier_.handle_deadline(now);
  watch_for_list(now);
  while (const auto skip = skips_.take_due(now, gaps_.reorder_guard()))
    gaps_.lost(skip->missing, skip->stripes, striping_, skip->since, now);
  if (now >= tail_due_) {
    tail_due_ = kNever;
    note_seen(store_.head(), 0, now);
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
  Instant next = std::min({verifier_.next_deadline(), tail_due_, skips_.next_deadline(gaps_.reorder_guard())});
  if (attached) next = std::min(next, std::max(requests_held_until_, std::min(gaps_.next_deadline(), list_due_)));
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
