#include "libcore/session/path_check.h"

#include <algorithm>

namespace spate::session {

PathCheck::Candidate* PathCheck::find(const Address& address, Instant now) {
  const auto found = std::find_if(candidates_.begin(), candidates_.end(), [&](const Candidate& candidate) {
    return candidate.address == address && now < candidate.expires;
  });
  return found == candidates_.end() ? nullptr : found;
}

// One challenge or answer to an address that has not proven itself comes out of what was received from it.
bool PathCheck::can_pay(const Candidate& candidate) { return candidate.received - candidate.sent >= kDatagramBytes; }

bool PathCheck::pay(Candidate& candidate) {
  if (!can_pay(candidate)) return false;
  candidate.sent += kDatagramBytes;
  return true;
}

PathCheck::Challenges PathCheck::on_packet(const Address& from, std::size_t bytes, const Address& current, Rng& rng,
                                           Instant now) {
  Candidate* candidate = find(from, now);
  if (candidate == nullptr) {
    InlineVector<Candidate, kCandidatesMax> kept;
    for (const Candidate& c : candidates_)
      if (now < c.expires) kept.push_back(c);
    candidates_.clear();
    for (std::size_t i = kept.full() ? 1 : 0; i < kept.size(); ++i) candidates_.push_back(kept[i]);
    Candidate fresh;
    fresh.address = from;
    rng.fill(fresh.token);
    rng.fill(fresh.old_token);
    fresh.expires = now + kLife;
    candidates_.push_back(fresh);
    candidate = candidates_.end() - 1;
  }
  candidate->received += bytes;
  if (candidate->decides || candidate->old_answered || now < candidate->next_challenge || now < next_round_) return {};
  if (!pay(*candidate)) return {};
  if (candidate->first_challenge == Instant{}) candidate->first_challenge = now;
  candidate->next_challenge = now + kRepeat;
  next_round_ = now + kRoundSpacing;
  return {{from, candidate->token}, {current, candidate->old_token}};
}

std::optional<wire::PathToken> PathCheck::on_response(const wire::PathToken& token, Instant now) {
  std::optional<wire::PathToken> again;
  for (Candidate& candidate : candidates_) {
    if (now >= candidate.expires || candidate.first_challenge == Instant{}) continue;
    if (token == candidate.old_token) {
      candidate.old_answered = true;
      candidate.decides.reset();
    } else if (token == candidate.token && !candidate.old_answered && !candidate.decides) {
      const Duration took = now - candidate.first_challenge;
      candidate.decides = now + std::clamp(took * 3 / 2, kGraceMin, kGraceMax);
      candidate.asks_again = now + took / 4;
      candidate.expires = std::max(candidate.expires, *candidate.decides + kGraceMin);
      again = candidate.old_token;
    }
  }
  return again;
}

bool PathCheck::may_answer(const Address& to, const Address& challenged_from, const Address& current, Instant now) {
  idle_at_ = now + std::chrono::seconds(1);
  Candidate* const candidate = to == current ? nullptr : find(to, now);
  if (to != current && (candidate == nullptr || !can_pay(*candidate))) return false;
  if (!(challenged_from == current ? answers_ : answers_elsewhere_).take(1, now)) return false;
  return candidate == nullptr || pay(*candidate);
}

std::optional<wire::PathToken> PathCheck::ask_again(Instant now) {
  for (Candidate& candidate : candidates_) {
    if (!candidate.decides || now < candidate.asks_again) continue;
    candidate.asks_again = kNever;
    return candidate.old_token;
  }
  return std::nullopt;
}

std::optional<Address> PathCheck::on_deadline(Instant now) {
  for (const Candidate& candidate : candidates_)
    if (candidate.decides && now >= *candidate.decides) return candidate.address;
  return std::nullopt;
}

Instant PathCheck::next_deadline(Instant now) const {
  Instant next = now < idle_at_ ? idle_at_ : kNever;
  for (const Candidate& candidate : candidates_) {
    if (now >= candidate.expires) continue;
    next = std::min(next, candidate.decides ? std::min(*candidate.decides, candidate.asks_again) : candidate.expires);
  }
  return next;
}

}  // namespace spate::session
