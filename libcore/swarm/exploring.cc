#include "libcore/swarm/exploring.h"

namespace spate::swarm {
namespace {

constexpr std::size_t kRound = 9;  // intervals until everybody has been asked: sessions end after 10 s of silence
// So long a stripe is then left alone, twice as long each time: what others say of their lags is not all there is to
// it.
constexpr Duration kRest = std::chrono::seconds(3);
constexpr int kDoublings = 5;
constexpr unsigned kImprovements = 6;  // at a time
// A stripe changes its parent if it comes so much sooner, and a tenth.
constexpr Duration kWorth = std::chrono::milliseconds(15);

}  // namespace

void Exploring::handle_deadline(Instant now) {
  if (now < at_) return;
  at_ = now + kInterval;
  house_.acquaintances.renew(now);  // who is asked for names and how it is answers the first question
  inquire_in_turn(now);
  improve(now);
}

void Exploring::inquire_in_turn(Instant now) {
  auto& all = house_.peers.all();
  const std::size_t turns = (all.size() + kRound - 1) / kRound;
  for (std::size_t i = 0; i < turns; ++i) {
    auto it = all.upper_bound(last_);
    if (it == all.end()) it = all.begin();
    const auto& [session, peer] = *it;
    last_ = session;
    // The link's hosts have the whole swarm to bear.
    const bool names = i == 0 && !peer.pinned && all.size() < Acquaintances::kFew;  // else Acquaintances asks
    house_.peers.inquire(peer, names ? house_.parents.all() : 0, now);
  }
}

void Exploring::improve(Instant now) {
  const auto media = house_.clock.media_us(now);
  if (house_.wants.stripes() != 0 || house_.parents.asked() != 0 || !media) return;
  for (unsigned n = 0; n < kImprovements; ++n) {
    Offer best;
    unsigned best_stripe = 0;
    Duration best_gain{};
    for_each_stripe(house_.parents.served() & ~house_.parents.asked(), [&](unsigned stripe) {
      if (improvements_[stripe].not_before > now) return;
      const Offer found = house_.offers.best(stripe, {}, now);
      if (found.peer == nullptr) return;
      const Peer* const parent = house_.peers.find(*house_.parents.parent(stripe));
      Duration current = house_.reception.lag(bit(stripe), media, now);
      if (parent != nullptr) {
        const unsigned gives = count(house_.parents.expected_from(parent->session));
        current += house_.offers.crowding(*parent, gives - 1);
      }
      const Duration gain = current - found.cost;
      if (gain < kWorth + current / 10 || gain <= best_gain) return;
      best = found;
      best_stripe = stripe;
      best_gain = gain;
    });
    if (best.peer == nullptr) return;
    Improvement& made = improvements_[best_stripe];
    made.not_before = now + kRest * (1 << made.doublings);
    made.doublings = std::min(made.doublings + 1, kDoublings);
    best.peer->sends_until = kNever;
    house_.parents.ask(*best.peer, bit(best_stripe), house_.reception.seen(), now);
  }
}

}  // namespace spate::swarm
