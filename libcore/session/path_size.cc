#include "libcore/session/path_size.h"

#include <algorithm>

namespace spate::session {

void PathSize::want(Instant now) {
  if (next_ != kNever || now < rests_until_ || ++wanted_ < kWanted) return;
  wanted_ = 0;
  tries_ = 0;
  next_ = now;
}

PathSize::Probes PathSize::due(Rng& rng, Instant now) {
  Probes probes;
  if (now < next_) return probes;
  if (tries_ == 0) round_began_ = now;
  for (std::size_t i = 0; i < kSizes.size() && kSizes[i] > proven_; ++i) {
    const unsigned first_try = i == 0 ? 0 : 1;
    if (tries_ < first_try) break;
    if (tries_ == first_try) rng.fill(tokens_[i]);
    probes.push_back({kSizes[i], tokens_[i]});
  }
  ++tries_;
  next_ = tries_ < kTries ? now + kRepeat * (1 << (tries_ - 1)) : kNever;
  rests_until_ = now + kRest;
  return probes;
}

void PathSize::on_answer(const wire::PathToken& token) {
  for (std::size_t i = 0; i < kSizes.size(); ++i)
    if (token == tokens_[i] && token != wire::PathToken{}) proven_ = std::max(proven_, kSizes[i]);
  if (proven_ == kSizes[0]) next_ = kNever;
}

void PathSize::on_doubt() {
  if (proven_ == kSafe) return;
  tokens_ = {};
  proven_ = kSafe;
  wanted_ = 0;
  next_ = kNever;
  rests_until_ = round_began_ + kDoubtRest;
}

void PathDoubt::on_received(std::size_t datagram_bytes, Instant now) {
  newest_ = now;
  if (datagram_bytes <= PathSize::kSafe) return;
  large_ = now;
}

bool PathDoubt::take(Instant now) {
  if (large_ == Instant{} || newest_ - large_ < kSmallOnly) return false;
  if (now - doubted_ >= kForget) spacing_ = kSpacing / 2;
  if (now - doubted_ < spacing_) return false;
  spacing_ = std::min(2 * spacing_, kSpacingMax);
  doubted_ = now;
  return true;
}

}  // namespace spate::session
