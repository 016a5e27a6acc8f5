#include "libcore/sim/misnaming.h"

#include <array>

#include "tests/catch.h"

using namespace spate;

namespace {

wire::PeerRecord honest(std::uint8_t n) { return {{{{n}}, Address::v4(1, 2, 3, n, 7'400), n, {}}, 1, 5'000, 1, 90}; }

// What becomes of those that the node names, in one datagram with something else.
wire::Peers told(sim::Misnaming& misnaming, const wire::Peers& peers) {
  std::array<std::uint8_t, 1'500> room{};
  Writer out(room);
  wire::write_control(out, wire::Ping{7, 0});
  wire::write_control(out, peers);
  misnaming.falsify(MutableBytes{room}.first(out.size()));
  wire::ControlReader reader(Bytes{room}.first(out.size()));
  CHECK(reader.next() == wire::Control(wire::Ping{7, 0}));
  const auto message = reader.next();
  REQUIRE(message);
  REQUIRE(std::holds_alternative<wire::Peers>(*message));
  return std::get<wire::Peers>(*message);
}

}  // namespace

TEST_CASE("misnaming: one names who is there at addresses where nobody is, as the best there are", "[sim]") {
  sim::Misnaming misnaming(4);
  const wire::Peers peers = told(misnaming, {{honest(1), honest(2)}});
  REQUIRE(peers.peers.size() == 2);
  for (std::uint8_t i = 0; i < 2; ++i) {
    const wire::PeerRecord& peer = peers.peers[i];
    CHECK(peer.record.key == honest(static_cast<std::uint8_t>(i + 1)).record.key);
    CHECK(sim::Misnaming::is_invented(peer.record.address));
    CHECK(peer.free_slots > 1'000);
    CHECK(peer.lag_us == 0);
  }
  CHECK_FALSE(sim::Misnaming::is_invented(honest(1).record.address));
}

TEST_CASE("misnaming: another names for ever those of whom it heard first", "[sim]") {
  sim::Misnaming misnaming(5);
  told(misnaming, {{honest(1), honest(2)}});
  wire::PeerRecord newer = honest(1);
  newer.record.made = 99;
  told(misnaming, {{newer}});
  const wire::Peers peers = told(misnaming, {{newer, newer}});
  for (const wire::PeerRecord& peer : peers.peers)
    CHECK((peer.record == honest(1).record || peer.record == honest(2).record));
}
