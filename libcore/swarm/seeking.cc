#include "libcore/swarm/seeking.h"

#include <algorithm>

#include "libcore/swarm/debt.h"
#include "libcore/swarm/home_choice.h"

namespace spate::swarm {
namespace {

constexpr std::size_t kDialsMax = 8;
constexpr Duration kInterval = std::chrono::milliseconds(25);
constexpr Duration kGather = std::chrono::milliseconds(60);      // for better parents, once one is found
constexpr Duration kGatherMax = std::chrono::milliseconds(700);  // for as many as it takes to play

}  // namespace

void Seeking::seek(Instant now) {
  const StripeMask lacking = house_.wants.stripes();
  if (lacking == 0) {
    // What has been asked for may be refused.
    house_.wants.seek_at(kNever);
    gather_since_ = kNever;
    return;
  }
  house_.wants.seek_at(now + kInterval);
  if (house_.wants.striped()) assign(now);
  if (upload_debt(house_.upload, now) > kQuestionDebtMax) return;
  for (const session::SessionId mute : house_.inquiring.ask(lacking, now)) house_.leaving.close(mute, now);
  house_.dials.dial_for(house_.wants.stripes(), kDialsMax, now);
}

void Seeking::assign(Instant now) {
  if (house_.children.home() == 0) choose_home();
  Plan plan;
  for_each_stripe(house_.wants.stripes(), [&](unsigned stripe) {
    const Offer best = house_.offers.best(stripe, plan, now);
    if (best.peer != nullptr) plan[best.peer->session] |= bit(stripe);
  });
  if (plan.empty() || gathers(plan, now)) return;
  for (const auto& [session, stripes] : plan) {
    Peer& peer = *house_.peers.find(session);
    peer.sends_until = kNever;
    const std::uint64_t first = house_.reception.resume_from(stripes & ~house_.parents.served());
    house_.parents.ask(peer, stripes, first, now);
  }
}

// A plan of a joiner's can wait for a better one.
bool Seeking::gathers(const Plan& plan, Instant now) {
  if (house_.reception.started()) return false;
  if (gather_since_ == kNever) gather_since_ = now;
  StripeMask planned = 0;
  for (const auto& [session, stripes] : plan) planned |= stripes;
  const Striping& striping = house_.reception.striping();
  const bool enough = count(planned & first_stripes(striping.data)) + striping.parity >= striping.data;
  const Instant until = gather_since_ + (enough ? kGather : kGatherMax);
  if (now >= until || !better_may_come(now)) return false;
  house_.wants.seek_soon(until);
  return true;
}

void Seeking::choose_home() {
  if (house_.children.slots() == 0) return;
  house_.children.set_home(bit(scarcest_stripe(house_.reception.striping(), self_, house_.peers, house_.candidates)));
}

}  // namespace spate::swarm
