#include "libcore/swarm/bulletin.h"

#include <utility>

namespace spate::swarm {
namespace {

constexpr Duration kStatusInterval = std::chrono::seconds(1);
constexpr int kChangesAtOnce = 9;      // when there were none for a while; while we seek parents there are many
constexpr unsigned kStatusesPart = 3;  // of those to a child that has little from us one in so many is sent
constexpr Duration kEndedInfoInterval = std::chrono::milliseconds(200);

}  // namespace

void Bulletin::tell_changes(Instant now) {
  if (house_.parents) changed_ |= house_.parents->take_rerouted();
  if (house_.own.has_stream() != told_receiving_) changed_ = wire::kAllStripes;
  if (changed_ == 0 || now < changes_again_) return;
  changes_again_ = std::max(changes_again_, now - kChangesAtOnce * kChangesInterval) + kChangesInterval;
  tell_status(std::exchange(changed_, 0), now);
}

void Bulletin::tell_status(StripeMask stripes, Instant now) {
  told_receiving_ = house_.own.has_stream();
  house_.children.for_each([&](session::SessionId child) {
    if ((house_.children.stripes(child) & stripes) != 0) house_.outbox.send(child, house_.own.status_for(child, now));
  });
}

void Bulletin::tell_info() {
  const auto* const info = house_.own.info_frame();
  if (info == nullptr) return;
  house_.children.for_each_with_lists([&](session::SessionId child) { house_.outbox.send_frame(child, *info); });
}

void Bulletin::repeat_info(Instant now) {
  if (info_again_ == kNever) info_again_ = now + kEndedInfoInterval;
}

void Bulletin::handle_deadline(Instant now) {
  if (now >= status_at_) {
    status_at_ = now + kStatusInterval;
    ++statuses_;
    house_.children.for_each([&](session::SessionId child) {
      const bool whole = house_.children.whole(child);
      if (whole || statuses_ % kStatusesPart == 0) house_.outbox.send(child, house_.own.status_for(child, now));
      Peer* const peer = house_.peers.find(child);
      // A child is pinged when it comes; that ping, or its answer, may have been lost.
      if (peer != nullptr && (whole || !peer->rtt.known())) house_.peers.ping(*peer, now);
    });
  }
  if (now >= info_again_) {
    info_again_ = now + kEndedInfoInterval;
    tell_info();
  }
}

}  // namespace spate::swarm
