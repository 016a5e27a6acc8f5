#include "libcore/swarm/publisher.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate::swarm {
namespace {

constexpr Duration kPaceWindow = std::chrono::milliseconds(100);
constexpr std::size_t kManyChildren = 8;
constexpr Duration kPaceGlance = std::chrono::milliseconds(5);

}  // namespace

Publisher::Publisher(const PublishConfig& config, const crypto::Suite& suite, BufferPool& pool, stream::Store& store,
                     Children& children, Instant now)
    : key_(config.key),
      epoch_(config.epoch),
      suite_(suite),
      store_(store),
      children_(children),
      source_({config.key, config.epoch, config.mpeg_ts, config.content_secret, config.stripes, config.parity}, suite,
              pool, store, now),
      next_info_(now),
      pace_since_(now) {
  sign_info(now);
}

void Publisher::input(Bytes bytes, Instant now) {
  SPATE_CHECK(bytes.size() <= input_room());
  judge_pace(now);
  source_.set_one_way(children_.one_level());
  source_.push(bytes, now);
  judge_backlog(now);
}

// Input that we wait for more than half of the time has a pace of its own.
void Publisher::judge_pace(Instant now) {
  const Duration elapsed = now - pace_since_;
  if (elapsed < kPaceWindow) return;
  live_ = waited_ * 2 > elapsed;
  pace_since_ = now;
  waited_ = Duration::zero();
}

void Publisher::judge_backlog(Instant now) {
  had_child_ = had_child_ || children_.size() > 0;
  const std::uint64_t backlog = had_child_ ? children_.backlog(now) : store_.head();
  const bool was_held = held_back_;
  // What was live a moment ago may be a file now.
  const bool lately_paced = now - pace_since_ < kPaceGlance || waited_ * 2 > now - pace_since_;
  held_back_ = !(live_ && lately_paced) && backlog > kBacklogMax && ended_at_ == kNever;
  if (was_held && !held_back_) {
    // Time spent holding the input back says nothing of its pace.
    pace_since_ = now;
    waited_ = Duration::zero();
  }
}

void Publisher::end(Instant now) {
  if (ended_at_ != kNever) return;
  source_.end(now);
  ended_at_ = now;
  held_back_ = true;
  sign_info(now);
}

void Publisher::sign_info(Instant now) {
  info_frame_ = wire::sign_stream_info(source_.info(now), key_, suite_);
  info_due_ = true;
  const Duration running = children_.size() > kManyChildren ? kInfoIntervalMany : kInfoInterval;
  next_info_ = now + (ended_at_ == kNever ? running : kInfoIntervalEnded);
}

bool Publisher::take_info_due() { return std::exchange(info_due_, false); }

bool Publisher::drained(Instant now) const {
  if (ended_at_ == kNever) return false;
  if (now - ended_at_ >= kDrainMax) return true;
  return children_.all_have_the_end(store_.head()) ||
         now - std::max(ended_at_, children_.last_progress()) >= kDrainPatience;
}

void Publisher::handle_deadline(Instant now) {
  source_.handle_deadline(now);
  if (now >= next_info_) sign_info(now);
  on_report(now);  // a silent child may be gone
}

Instant Publisher::next_deadline() const { return std::min(source_.next_deadline(), next_info_); }

}  // namespace spate::swarm
