#include "libcore/sim/link.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

constexpr std::uint64_t kNanosecondsPerByteAtOneBps = 8'000'000'000;

// The mean good spell that makes bad ones of mean length `burst` a share of loss_ppm / 10^6 of all time.
Duration mean_good_spell(Duration burst, std::uint32_t loss_ppm) {
  return Duration(burst.count() * static_cast<std::int64_t>(kMillion - loss_ppm) / static_cast<std::int64_t>(loss_ppm));
}

}  // namespace

Link::Link(const LinkConfig& config, const Rng& rng)
    : config_(config), jitter_draws_(*rng.fork("jitter")), loss_draws_(*rng.fork("loss")) {
  SPATE_CHECK(config.loss_ppm <= kMillion && config.duplicate_ppm <= kMillion);
  SPATE_CHECK(config.queue_bytes < UINT64_MAX / kNanosecondsPerByteAtOneBps);
  queue_time_max_ = serialisation(config.queue_bytes);
  bad_spell_ = loss_draws_.chance_ppm(config.loss_ppm);
}

Duration Link::serialisation(std::uint64_t bytes) const {
  if (config_.rate_bps == 0) return Duration::zero();
  return Duration(
      static_cast<std::int64_t>((bytes * kNanosecondsPerByteAtOneBps + config_.rate_bps - 1) / config_.rate_bps));
}

Link::Passage Link::send(std::size_t bytes, Instant now) {
  const Duration waits = queueing(now) + serialisation(bytes);
  if (waits > queue_time_max_) return {Fate::kQueueFull, {}, {}};
  const Instant sent = now + waits;
  free_at_ = sent;
  if (lost_at(sent)) return {Fate::kLost, {}, {}};
  Passage passage{Fate::kCarried, arrival(sent), {}};
  if (jitter_draws_.chance_ppm(config_.duplicate_ppm)) passage.copy_arrives = arrival(sent);
  return passage;
}

bool Link::lost_at(Instant time) {
  if (config_.loss_ppm == 0 || config_.loss_ppm == kMillion) return config_.loss_ppm != 0;
  if (config_.loss_burst == Duration::zero()) return loss_draws_.chance_ppm(config_.loss_ppm);
  const Duration good = mean_good_spell(config_.loss_burst, config_.loss_ppm);
  // The first spell began at time zero; the exponential does not mind that it began in the middle.
  if (spell_ends_ == Instant{}) spell_ends_ += loss_draws_.exponential(bad_spell_ ? config_.loss_burst : good);
  while (spell_ends_ <= time) {
    bad_spell_ = !bad_spell_;
    spell_ends_ += loss_draws_.exponential(bad_spell_ ? config_.loss_burst : good);
  }
  return bad_spell_;
}

Instant Link::arrival(Instant sent) {
  Instant at = sent + config_.delay;
  if (config_.jitter > Duration::zero()) at += jitter_draws_.exponential(config_.jitter);
  if (!config_.reorders) at = std::max(at, last_arrival_);
  last_arrival_ = std::max(last_arrival_, at);
  return at;
}

}  // namespace spate::sim
