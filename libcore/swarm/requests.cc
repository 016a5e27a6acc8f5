#include "libcore/swarm/requests.h"

#include <algorithm>
#include <vector>

#include "libcore/swarm/debt.h"

namespace spate::swarm {
namespace {

constexpr Duration kPublisherCost = std::chrono::seconds(1);  // it has everybody to bear

}  // namespace

void Requests::send(Instant now) {
  if (house_.parents.served() == 0) return;
  if (upload_debt(house_.upload, now) > kQuestionDebtMax)
    return house_.reception.hold_requests(house_.upload.ready_at(now));
  const auto choose = [&](std::uint64_t sequence, unsigned requests) { return whom_to_ask(sequence, requests); };
  left_.set_rate(std::max(kPerSecond, house_.children.shards_per_second() / 8), now);
  for (;;) {
    // What is not asked for now is asked for with what comes due until then.
    if (const Instant ready = left_.ready_at(now); ready > now) return house_.reception.hold_requests(ready);
    const auto request = house_.reception.next_request(choose, now);
    if (!request) return;
    left_.charge(1, now);
    house_.outbox.send(request->target.session, request->request);
  }
}

std::optional<RepairTarget> Requests::whom_to_ask(std::uint64_t sequence, unsigned requests) const {
  const auto parent = house_.parents.parent(house_.reception.striping().of(sequence));
  const auto target = [&](session::SessionId session) -> std::optional<RepairTarget> {
    const Peer* const peer = house_.peers.find(session);
    if (peer == nullptr) return std::nullopt;
    return RepairTarget{session, peer->rtt.timeout()};
  };
  std::vector<std::pair<Duration, session::SessionId>> others;
  house_.parents.for_each([&](session::SessionId session, StripeMask) {
    const Peer* const peer = house_.peers.find(session);
    if (peer == nullptr || session == parent) return;
    others.push_back({peer->rtt.smoothed() + (peer->says_publisher() ? kPublisherCost : Duration::zero()), session});
  });
  if (others.empty()) return parent ? target(*parent) : std::nullopt;
  std::sort(others.begin(), others.end());
  if (!parent) return target(others[requests % others.size()].second);
  const std::size_t turn = requests % (others.size() + 1);
  return target(turn == 0 ? *parent : others[turn - 1].second);
}

}  // namespace spate::swarm
