#include "libcore/swarm/requests.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "libcore/swarm/children/standing.h"
#include "libcore/swarm/debt.h"

namespace spate::swarm {
namespace {

constexpr Duration kPublisherCost = std::chrono::seconds(1);        // it has everybody to bear
constexpr Duration kFewSlotsCost = std::chrono::milliseconds(100);  // nor is there much to spare where there are few
constexpr Duration kInVainCost = std::chrono::milliseconds(150);    // of asking who does not have it
// An answer that has not come after one and a half round trips, and this, is not waited for.
constexpr Duration kAnswering = std::chrono::milliseconds(30);

}  // namespace

void Requests::send(Instant now) {
  if (house_.parents.served() == 0) return;
  if (upload_debt(house_.upload, now) > kQuestionDebtMax)
    return house_.reception.hold_requests(house_.upload.ready_at(now));
  const auto choose = [&](std::uint64_t sequence, unsigned turns) { return whom_to_ask(sequence, turns); };
  const std::uint64_t shards = house_.children.shards_per_second();
  const Striping& striping = house_.reception.striping();
  const std::uint64_t lossy = shards * count(house_.reception.losing()) / striping.all();
  left_.set_rate(std::max(kPerSecond, shards / 8 + lossy), now);
  for (;;) {
    // What is not asked for now is asked for with what comes due until then.
    if (const Instant ready = left_.ready_at(now); ready > now) return house_.reception.hold_requests(ready);
    const auto request = house_.reception.next_request(choose, now);
    if (!request) return;
    left_.charge(1, now);
    if (Peer* const peer = house_.peers.find(request->target.session))
      peer->answering.on_asked(std::accumulate(request->request.ranges.begin(), request->request.ranges.end(), 0u,
                                               [](unsigned n, const auto& range) { return n + range.count; }));
    house_.outbox.send(request->target.session, request->request);
  }
}

// What a parent lacks most likely never came to it; others have the stripe by other ways. So the nearest of them is
// asked first, then the parent, then the rest. But the publisher has all that its own children lack.
std::optional<RepairTarget> Requests::whom_to_ask(std::uint64_t sequence, unsigned turns) const {
  const auto parent = house_.parents.parent(house_.reception.striping().of(sequence));
  std::vector<std::pair<Duration, const Peer*>> order;
  house_.parents.for_each([&](session::SessionId session, StripeMask) {
    const Peer* const peer = house_.peers.find(session);
    if (peer != nullptr) order.push_back({session == parent ? Duration::max() : cost(*peer), peer});
  });
  if (order.empty()) return std::nullopt;
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second->session) < std::pair(b.first, b.second->session);
  });
  if (order.size() > 1 && order.back().second->session == parent)
    std::rotate(order.begin() + (order.back().second->says_publisher() ? 0 : 1), order.end() - 1, order.end());
  const Peer& peer = *order[turns % order.size()].second;
  return RepairTarget{peer.session, std::min(peer.rtt.timeout(), peer.rtt.smoothed() * 3 / 2 + kAnswering),
                      peer.queues(), house_.peers.loses(peer)};
}

Duration Requests::cost(const Peer& peer) const {
  Duration cost = peer.rtt.smoothed();
  cost += kInVainCost * static_cast<int>(peer.answering.in_vain_permille()) / 1'000;
  if (peer.says_publisher()) cost += kPublisherCost;
  if (!peer.status || !contributes(peer.status->slots, house_.reception.striping())) cost += kFewSlotsCost;
  return cost;
}

}  // namespace spate::swarm
