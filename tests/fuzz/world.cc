#include "tests/fuzz/world.h"

#include <algorithm>
#include <utility>

namespace spate::fuzz {
namespace {

// A fuzzer makes thousands of worlds a second; this one's room is their biggest part.
DatagramBatch& batch() {
  static DatagramBatch one;
  return one;
}

}  // namespace

Address address_of(std::size_t host) { return Address::v4(10, 0, static_cast<std::uint8_t>(host), 1, 1000); }

void World::collect(std::size_t host) {
  constexpr unsigned kPollsMax = 1'000;
  Place& place = places_[host];
  if (!place.program) return;
  for (unsigned polls = 0;; ++polls) {
    SPATE_CHECK(polls < kPollsMax);  // it must come to an end
    place.deadline = place.program->poll(batch(), now_);
    for (const DatagramBatch::Run& run : batch().runs())
      for (std::size_t i = 0; i < run.count; ++i) {
        const Bytes bytes = batch().datagram(run, i);
        if (waiting_.size() < kWaitingMax) waiting_.push_back({address_of(host), run.to, {bytes.begin(), bytes.end()}});
      }
    batch().clear();
    if (!place.program->more()) return;
  }
}

void World::poll() {
  for (std::size_t host = 0; host < places_.size(); ++host) collect(host);
}

void World::advance(Duration time, bool all) {
  const Instant end = now_ + time;
  while (now_ < end) {
    poll();
    if (all) deliver_all();
    poll();
    Instant next = end;
    for (const Place& place : places_)
      if (place.program) next = std::min(next, place.deadline);
    if (all && !waiting_.empty()) next = now_;
    now_ = std::min(end, std::max(next, now_ + kStepMin));
    for (Place& place : places_)
      if (place.program && place.deadline <= now_) place.program->handle_deadline(now_);
  }
  poll();
}

void World::deliver(std::size_t i) {
  const Waiting datagram = std::move(waiting_[i]);
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
  for (std::size_t host = 0; host < places_.size(); ++host) {
    if (!places_[host].program || address_of(host) != datagram.to) continue;
    places_[host].program->handle_datagram({datagram.from, datagram.bytes}, now_);
    collect(host);
  }
}

// Those that wait now; what they bring about waits.
void World::deliver_all() {
  for (std::size_t n = waiting_.size(); n > 0; --n) deliver(0);
}

void disturb(World& world, Input& input) {
  auto& waiting = world.waiting();
  const std::size_t what = input.below(8);
  if (waiting.empty()) return;
  const std::size_t i = input.u8() % waiting.size();
  const auto at = waiting.begin() + static_cast<std::ptrdiff_t>(i);
  switch (what) {
    case 0:
      return world.deliver(i);
    case 1:
      waiting.erase(at);
      return;
    case 2:  // twice
      if (waiting.size() < World::kWaitingMax) waiting.push_back(World::Waiting(*at));
      return;
    case 3:  // changed
      if (const std::size_t place = input.u16(); !at->bytes.empty()) at->bytes[place % at->bytes.size()] ^= input.u8();
      return;
    case 4:  // cut
      at->bytes.resize(std::min<std::size_t>(at->bytes.size(), input.u8() * 6u));
      return;
    case 5:  // from elsewhere
      at->from = address_of(input.below(world.hosts() + 1));
      return;
    case 6:  // to somebody else
      at->to = address_of(input.below(world.hosts()));
      return;
    default:
      std::reverse(at, waiting.end());
  }
}

}  // namespace spate::fuzz
