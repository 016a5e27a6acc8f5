#include "libcore/sim/presets.h"

namespace spate::sim {

void apply(const AccessKind& kind, LinkClass& link) {
  link = {};
  link.name = kind.name;
  link.share = kind.share;
  link.up.rate_bps = kind.up_kbps * std::uint64_t{1'000};
  link.up.queue_bytes = std::uint64_t{kind.up_kbps} * kind.up_queue_ms / 8;
  link.up.delay = kind.delay / 2;
  link.up.jitter = kind.jitter;
  link.down.rate_bps = kind.down_kbps * std::uint64_t{1'000};
  link.down.queue_bytes = 1'000'000;
  link.down.delay = kind.delay / 2;
  apply(kind.loss, link);
}

void apply(const LossKind& kind, LinkClass& link) {
  link.up.loss_ppm = kind.ppm / 2;
  link.down.loss_ppm = kind.ppm - kind.ppm / 2;
  link.up.loss_burst = link.down.loss_burst = kind.burst;
}

void apply(const ChurnKind& kind, ChurnSpec& churn) {
  churn.median = kind.median;
  churn.sigma_milli = kind.sigma_milli;
  churn.abrupt_ppm = kind.abrupt_ppm;
}

}  // namespace spate::sim
