#include "libcore/sim/link.h"

#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/sim/event_queue.h"

namespace spate::sim {
namespace {

// Work is counted in billionths of a bit: what a link of one bit a second does in a nanosecond.
constexpr std::uint64_t kWorkPerByte = 8'000'000'000;
constexpr std::uint64_t kLargestPacket = 1'500;

// The mean good spell that makes bad ones of mean length `burst` a share of loss_ppm / 10^6 of all time.
Duration mean_good_spell(Duration burst, std::uint32_t loss_ppm) {
  return Duration(burst.count() * static_cast<std::int64_t>(kMillion - loss_ppm) / static_cast<std::int64_t>(loss_ppm));
}

Link::Passage dropped(Link::Fate fate) {
  Link::Passage passage;
  passage.fate = fate;
  return passage;
}

// The smaller MTU, where 0 is none.
std::uint32_t smaller_mtu(std::uint32_t a, std::uint32_t b) { return a == 0 || b == 0 ? a + b : std::min(a, b); }

}  // namespace

Link::Link(const LinkConfig& config, const Rng& rng)
    : config_(config),
      jitter_draws_(*rng.fork("jitter")),
      loss_draws_(*rng.fork("loss")),
      harm_draws_(*rng.fork("harm")),
      disturbance_draws_(*rng.fork("disturbance")),
      rate_changes_(config.trace != nullptr) {
  SPATE_CHECK(config.loss_ppm <= kMillion && config.duplicate_ppm <= kMillion);
  SPATE_CHECK(config.corrupt_ppm <= kMillion && config.truncate_ppm <= kMillion);
  SPATE_CHECK(config.queue_bytes < UINT64_MAX / kWorkPerByte);
  queue_time_max_ = serialisation(config.queue_bytes);
  bad_spell_ = loss_draws_.chance_ppm(config.loss_ppm);
  if (config.trace && !config.trace_in_step) {
    Draws draws(*rng.fork("trace"));
    trace_offset_ = draws.between(Duration::zero(), config.trace->period());
  }
}

Duration Link::serialisation(std::uint64_t bytes) const {
  if (config_.rate_bps == 0) return Duration::zero();
  return Duration(static_cast<std::int64_t>((bytes * kWorkPerByte + config_.rate_bps - 1) / config_.rate_bps));
}

void Link::disturb(const Disturbance& disturbance, Instant now) {
  SPATE_CHECK(disturbance.extra_loss_ppm <= kMillion && disturbance.rate_factor_ppm > 0 &&
              disturbance.rate_factor_ppm <= kMillion);
  SPATE_CHECK(disturbance.extra_delay >= Duration::zero());
  if (disturbance.until <= now) return;
  if (disturbance.rate_factor_ppm == kMillion) {
    disturbances_.push_back(disturbance);
    return;
  }
  const Wide waiting = work_between(now, free_at_);
  if (config_.rate_bps != 0) rate_changes_ = true;
  disturbances_.push_back(disturbance);
  if (waiting > 0) free_at_ = served(waiting, now);  // at the rates there are now
}

Link::Passage Link::send(std::size_t bytes, Instant now, bool in_parts) {
  Trouble trouble{0, Duration::zero(), config_.mtu_bytes};
  if (!disturbances_.empty()) trouble = trouble_at(now);
  if (!in_parts && trouble.mtu_bytes != 0 && bytes > trouble.mtu_bytes) return dropped(Fate::kTooLarge);
  const std::optional<Instant> sent = sent_at(bytes, now);
  if (!sent || *sent > EventQueue::kTimeMax) return dropped(Fate::kQueueFull);
  if (config_.codel && codel_.drops(queueing(now), std::max(now, free_at_), in_short_queue(now)))
    return dropped(Fate::kCoDel);
  free_at_ = *sent;
  if (lost_at(*sent) || disturbance_draws_.chance_ppm(trouble.loss_ppm)) return dropped(Fate::kLost);
  Passage passage;
  passage.arrives = arrival(*sent + trouble.delay);
  if (jitter_draws_.chance_ppm(config_.duplicate_ppm)) passage.copy_arrives = arrival(*sent + trouble.delay);
  if (config_.corrupt_ppm + config_.truncate_ppm != 0) do_harm(passage);
  return passage;
}

Link::Trouble Link::trouble_at(Instant now) {
  std::erase_if(disturbances_, [now](const Disturbance& disturbance) { return disturbance.until <= now; });
  Trouble trouble{0, Duration::zero(), config_.mtu_bytes};
  std::uint64_t kept_ppm = kMillion;
  for (const Disturbance& disturbance : disturbances_) {
    kept_ppm = kept_ppm * (kMillion - disturbance.extra_loss_ppm) / kMillion;
    trouble.delay += disturbance.extra_delay;
    trouble.mtu_bytes = smaller_mtu(trouble.mtu_bytes, disturbance.mtu_bytes);
  }
  trouble.loss_ppm = static_cast<std::uint32_t>(kMillion - kept_ppm);
  return trouble;
}

std::optional<Instant> Link::sent_at(std::size_t bytes, Instant now) const {
  if (!rate_changes_) {
    const Duration waits = queueing(now) + serialisation(bytes);
    if (waits > queue_time_max_) return std::nullopt;
    return now + waits;
  }
  const Wide work = Wide{bytes} * kWorkPerByte;
  if (work_between(now, free_at_) + work > Wide{config_.queue_bytes} * kWorkPerByte) return std::nullopt;
  return served(work, std::max(now, free_at_));
}

// The rate at a time not before now, and how long it will stay.
Link::Service Link::service_at(Instant time) const {
  Service service{config_.rate_bps, kNever};
  if (config_.trace) {
    const RateTrace::Step step = config_.trace->at(time + trace_offset_);
    service = {step.rate_bps, step.until - trace_offset_};
  }
  for (const Disturbance& disturbance : disturbances_) {
    if (disturbance.rate_factor_ppm == kMillion || disturbance.until <= time) continue;
    if (service.rate_bps > 0) {
      const Wide rate = Wide{service.rate_bps} * disturbance.rate_factor_ppm / kMillion;
      service.rate_bps = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rate));
    }
    service.until = std::min(service.until, disturbance.until);
  }
  return service;
}

// When that much is done, begun at that time; some time past the last if it is not done by then.
Instant Link::served(Wide work, Instant from) const {
  while (from <= EventQueue::kTimeMax) {
    const Service service = service_at(from);
    if (service.rate_bps > 0) {
      const Wide takes = (work + service.rate_bps - 1) / service.rate_bps;
      if (service.until == kNever || takes <= static_cast<Wide>((service.until - from).count()))
        return from + Duration(static_cast<std::int64_t>(takes));
      work -= Wide{service.rate_bps} * static_cast<Wide>((service.until - from).count());
    }
    from = service.until;
  }
  return from;
}

Link::Wide Link::work_between(Instant from, Instant to) const {
  Wide work = 0;
  while (from < to) {
    const Service service = service_at(from);
    const Instant until = std::min(service.until, to);
    work += Wide{service.rate_bps} * static_cast<Wide>((until - from).count());
    from = until;
  }
  return work;
}

bool Link::in_short_queue(Instant now) const {
  return rate_changes_ ? work_between(now, free_at_) <= Wide{kLargestPacket} * kWorkPerByte
                       : queueing(now) <= serialisation(kLargestPacket);
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
  if (config_.jitter > Duration::zero())
    at += std::min(draw_jitter(config_.jitter_kind, config_.jitter, jitter_draws_), EventQueue::kTimeMax - Instant{});
  if (!config_.reorders) at = std::max(at, last_arrival_);
  last_arrival_ = std::max(last_arrival_, at);
  return at;
}

void Link::do_harm(Passage& passage) {
  if (harm_draws_.chance_ppm(config_.corrupt_ppm)) passage.harm = Harm::kBitFlipped;
  if (harm_draws_.chance_ppm(config_.truncate_ppm)) passage.harm = Harm::kTruncated;
  if (passage.harm != Harm::kNone) passage.harm_draw = harm_draws_.u64();
}

}  // namespace spate::sim
