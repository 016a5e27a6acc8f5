#include "libcore/sim/lies.h"

#include <algorithm>
#include <array>

#include "libcore/base/check.h"
#include "libcore/sim/digest.h"
#include "libcore/sim/nat_network.h"

namespace spate::sim {
namespace {

constexpr std::uint64_t kFarAhead = 100'000;
constexpr std::uint16_t kHoled = 64;
constexpr std::uint64_t kInventedEvery = 3;  // of the statuses
constexpr std::uint8_t kUnknownType = 255;   // is skipped
constexpr HostId kHostsNamed = 64;

std::size_t message_bytes(Bytes text) {
  return wire::kControlHeaderBytes + (std::size_t{text[1]} << 8 | std::size_t{text[2]});
}

}  // namespace

std::uint64_t Lies::draw() { return Digest::mix(std::uint64_t{host_} << 40 ^ ++drawn_); }

// The publisher's, another's, one within whoever is told, a well-known service's, or nobody's.
Address Lies::address() {
  const std::uint64_t chance = draw();
  const auto low = static_cast<std::uint8_t>(chance >> 32);
  switch (chance % 5) {
    case 0:
      return host_address(0);
    case 1:
      return host_address(static_cast<HostId>(chance >> 32) % kHostsNamed);
    case 2:
      return Address::v4(127, 0, 0, 1, 7400);
    case 3:
      return Address::v4(198, 51, 100, low, 53);
    default:
      return Address::v4(203, 0, 113, low, 7400);
  }
}

void Lies::praise(wire::PeerRecord& told) {
  told.free_slots = kSlots;
  told.lag_us = 0;
  told.home = wire::kAllStripes;
  told.round_trip_ms = 0;
}

void Lies::on_shard(std::uint32_t sequence_low) {
  newest_ = std::max<std::uint64_t>(newest_, sequence_low);  // runs are short
}

// False: there is nothing to be gained.
bool Lies::falsify_one(wire::Control& message) {
  if (auto* const status = std::get_if<wire::Status>(&message)) {
    status->role = wire::Role::kPublisher;
    status->receiving = true;
    status->no_upload = false;
    status->slots = status->free_slots = kSlots;
    status->lag_us = 0;
    status->home = wire::kAllStripes;
    std::fill(status->stripes.begin(), status->stripes.end(), wire::StripeStatus{0, 0});
    for (wire::Route& route : status->routes)  // no loop is ever seen in these, and none is like the one before
      for (wire::ShortId& id : route.path) id = static_cast<wire::ShortId>(draw());
    return true;
  }
  if (auto* const subscribe = std::get_if<wire::Subscribe>(&message)) {
    subscribe->slots = kSlots;
    subscribe->home = wire::kAllStripes;
    return true;
  }
  if (auto* const report = std::get_if<wire::Report>(&message)) {
    newest_ = std::max(newest_, report->seen);
    report->lag_us = 0;
    report->slots = report->free_slots = kSlots;
    report->passes_on = wire::kAllStripes;
    return true;
  }
  if (auto* const head = std::get_if<wire::Head>(&message)) {
    head->next += kFarAhead;
    return true;
  }
  if (auto* const peers = std::get_if<wire::Peers>(&message)) {
    for (wire::PeerRecord& told : peers->peers) {
      praise(told);
      named_ = told;
    }
    return true;
  }
  return false;
}

// As many as there is room for.
void Lies::invent(MutableBytes room) {
  const std::uint64_t exists = newest_ - std::min<std::uint64_t>(newest_, draw() % 256);
  std::array<wire::Control, 4> inventions{wire::Hole{exists, kHoled}, wire::Head{newest_ + kFarAhead},
                                          wire::Punch{address()}, wire::Displaced{wire::kAllStripes, named_}};
  if (draw() % 2 == 0) std::reverse(inventions.begin(), inventions.end());
  Writer out(room);
  for (const wire::Control& invention : inventions)
    if (const std::size_t bytes = wire::control_bytes(invention);
        bytes == out.room() || bytes + wire::kControlHeaderBytes <= out.room())
      wire::write_control(out, invention);
  if (out.room() == 0) return;
  const auto left = static_cast<std::uint16_t>(out.room() - wire::kControlHeaderBytes);
  out.u8(kUnknownType).u16(left);
  std::fill_n(out.skip(left).begin(), left, std::uint8_t{0});
}

void Lies::falsify(MutableBytes text) {
  while (!text.empty()) {
    const MutableBytes one = text.first(message_bytes(text));
    text = text.subspan(one.size());
    auto message = wire::ControlReader(one).next();
    SPATE_CHECK(message);  // its own node's
    if (std::holds_alternative<wire::Status>(*message) && ++statuses_ % kInventedEvery == 0) {
      invent(one);
    } else if (falsify_one(*message)) {
      Writer out(one);
      wire::write_control(out, *message);
      SPATE_CHECK(out.room() == 0);
    }
  }
}

}  // namespace spate::sim
