#include "libcore/swarm/own_status.h"

#include <algorithm>

#include "libcore/swarm/outbox.h"
#include "libcore/swarm/ways.h"

namespace spate::swarm {

std::optional<std::uint64_t> OwnStatus::media_now(Instant now) const {
  if (house_.publisher) return house_.publisher->media_us(now);
  return house_.member->media_now(now);
}

std::optional<std::uint32_t> OwnStatus::stream_seconds(Instant now) const {
  return house_.publisher ? house_.publisher->stream_seconds(now) : house_.reception->stream_seconds(now);
}

const wire::StreamInfoFrame* OwnStatus::info_frame() const {
  if (house_.publisher) return &house_.publisher->info_frame();
  return house_.reception->info() ? &house_.reception->info_frame() : nullptr;
}

wire::Status OwnStatus::status(Instant now) const {
  wire::Status status;
  const Children& children = house_.children;
  status.role = role_;
  status.receiving = has_stream();
  status.no_upload = children.slots() == 0;
  status.slots = children.slots();
  status.free_slots = children.free_slots();
  status.home = children.home();
  if (house_.publisher)
    for (const std::uint8_t place : children.places()) status.stripes.push_back({0, place});
  else
    add_stripes(status, now);
  return status;
}

// A member has no room in what does not come.
void OwnStatus::add_stripes(wire::Status& status, Instant now) const {
  const auto media = media_now(now);
  const auto lag_us = [&](StripeMask stripes) {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(to_us(house_.reception->lag(stripes, media, now)), 0, UINT32_MAX));
  };
  const StripeMask flowing = house_.member->flowing();
  status.lag_us = lag_us(status.home);
  const Admission::Places places = house_.children.places();
  for (unsigned i = 0; i < places.size(); ++i) {
    wire::StripeStatus stripe;
    if ((flowing & bit(i)) != 0) {
      const std::uint32_t units = (lag_us(bit(i)) + wire::kLagUnitUs / 2) / wire::kLagUnitUs;
      stripe = {static_cast<std::uint8_t>(std::min(units, wire::kLagNone - 1u)), places[i]};
    }
    status.stripes.push_back(stripe);
  }
}

wire::Status OwnStatus::status_for(session::SessionId child, Instant now) const {
  wire::Status told = status(now);
  const StripeMask stripes = house_.children.stripes(child);
  if (house_.publisher)
    told.routes = {wire::Route{stripes, {}}};
  else
    told.routes = routes(house_.member->parents(), stripes);
  // Ways that are long and all different do not fit; what is not told counts as not there.
  while (wire::control_bytes(told) > Outbox::kDatagramTextBytes) told.routes.pop_back();
  return told;
}

wire::Status OwnStatus::answer_to(const Peer& asker, Instant now) const {
  wire::Status told = house_.children.has(asker.session) ? status_for(asker.session, now) : status(now);
  const StripeMask free_of_loops = allowed(asker, house_.children.striping().mask());
  for (unsigned i = 0; i < told.stripes.size(); ++i)
    if ((free_of_loops & bit(i)) == 0) told.stripes[i].place = wire::kPlaceNone;
  return told;
}

StripeMask OwnStatus::allowed(const Peer& peer, StripeMask asked) const {
  return house_.publisher ? asked : free_of_loops(house_.member->parents(), peer, asked);
}

}  // namespace spate::swarm
