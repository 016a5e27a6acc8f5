#include "libcore/sim/misnaming.h"

#include <algorithm>
#include <array>

#include "libcore/base/check.h"
#include "libcore/sim/lies.h"

namespace spate::sim {
namespace {

constexpr std::array<std::uint8_t, 3> kNobody{203, 0, 113};

}  // namespace

Address Misnaming::address(std::uint64_t n) {
  return Address::v4(kNobody[0], kNobody[1], kNobody[2], static_cast<std::uint8_t>(n % 256), 7'400);
}

bool Misnaming::is_invented(const Address& address) {
  return address.is_v4() && std::equal(kNobody.begin(), kNobody.end(), address.ip.begin() + 12);
}

void Misnaming::remember(const wire::Record& record) {
  const auto known = [&](const wire::Record& r) { return r.key == record.key; };
  if (remembered_.size() < kRemembered && std::none_of(remembered_.begin(), remembered_.end(), known))
    remembered_.push_back(record);
}

void Misnaming::falsify_one(wire::PeerRecord& told) {
  remember(told.record);
  ++named_;
  if (elsewhere_)
    told.record.address = address(named_);
  else
    told.record = remembered_[named_ % remembered_.size()];
  told.free_slots = Lies::kSlots;
  told.home = wire::kAllStripes;
  told.lag_us = 0;
  told.round_trip_ms = 0;
}

void Misnaming::falsify(MutableBytes text) {
  while (!text.empty()) {
    const MutableBytes one = text.first(wire::kControlHeaderBytes + (std::size_t{text[1]} << 8 | std::size_t{text[2]}));
    text = text.subspan(one.size());
    auto message = wire::ControlReader(one).next();
    SPATE_CHECK(message);  // its own node's
    auto* const peers = std::get_if<wire::Peers>(&*message);
    if (peers == nullptr) continue;
    for (wire::PeerRecord& told : peers->peers) falsify_one(told);
    Writer out(one);
    wire::write_control(out, *message);
  }
}

}  // namespace spate::sim
