#include "libcore/sim/nat.h"

#include <set>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::seconds;

const Address kOutside = Address::v4(201, 0, 0, 1, 0);
const Address kInside = Address::v4(1, 0, 0, 1, 7400);
const Address kRemote = Address::v4(1, 0, 1, 1, 7400);
const Address kSameIp = Address::v4(1, 0, 1, 1, 7401);
const Address kOther = Address::v4(1, 0, 2, 1, 7400);

NatBox box_of(NatScope mapping, NatScope filtering, NatPorts ports = NatPorts::kPreserving) {
  NatConfig config;
  config.mapping = mapping;
  config.filtering = filtering;
  config.ports = ports;
  return NatBox(config, kOutside, crypto::ChaChaRng(1));
}

}  // namespace

TEST_CASE("what a mapping depends on") {
  const auto ports_of = [](NatScope scope) {
    NatBox box = box_of(scope, NatScope::kPort, NatPorts::kRandom);
    std::set<std::uint16_t> ports;
    for (const Address& remote : {kRemote, kSameIp, kOther, kRemote})
      ports.insert(box.outbound(kInside, remote, Instant{})->port);
    return ports.size();
  };
  CHECK(ports_of(NatScope::kAny) == 1);
  CHECK(ports_of(NatScope::kAddress) == 2);
  CHECK(ports_of(NatScope::kPort) == 3);
}

TEST_CASE("whom a filter lets in") {
  const auto lets_in = [](NatScope filtering, const Address& remote) {
    NatBox box = box_of(NatScope::kAny, filtering);
    const Address outside = *box.outbound(kInside, kRemote, Instant{});
    const std::optional<Address> to = box.inbound(outside.port, remote, Instant{} + seconds(1));
    if (to) CHECK(*to == kInside);
    CHECK(box.holder(outside.port) == kInside);
    CHECK(!box.inbound(static_cast<std::uint16_t>(outside.port + 1), remote, Instant{} + seconds(1)));
    return to.has_value();
  };
  CHECK(lets_in(NatScope::kAny, kOther));
  CHECK(lets_in(NatScope::kAddress, kRemote));
  CHECK(lets_in(NatScope::kAddress, kSameIp));
  CHECK(!lets_in(NatScope::kAddress, kOther));
  CHECK(lets_in(NatScope::kPort, kRemote));
  CHECK(!lets_in(NatScope::kPort, kSameIp));
  CHECK(!lets_in(NatScope::kPort, kOther));
}

TEST_CASE("how ports are chosen") {
  SECTION("preserving: the same, or the next that is free") {
    NatBox box = box_of(NatScope::kPort, NatScope::kPort);
    CHECK(box.outbound(kInside, kRemote, Instant{}) == Address::v4(201, 0, 0, 1, 7400));
    CHECK(box.outbound(kInside, kOther, Instant{})->port == 7401);
    CHECK(box.outbound(kInside, kRemote, Instant{})->port == 7400);
  }
  SECTION("contiguous, around the end") {
    NatBox box = box_of(NatScope::kPort, NatScope::kAny, NatPorts::kContiguous);
    Address remote = kRemote;
    std::uint16_t last = box.outbound(kInside, remote, Instant{})->port;
    for (int i = 0; i < 200'000; ++i) {
      ++remote.port;
      if (i % 1'000 == 0) box.rebind();
      const std::uint16_t port = box.outbound(kInside, remote, Instant{})->port;
      REQUIRE(port == (last == 65'535 ? 1'024 : last + 1));
      last = port;
    }
  }
  SECTION("random") {
    NatBox box = box_of(NatScope::kPort, NatScope::kAny, NatPorts::kRandom);
    Address remote = kRemote;
    std::set<std::uint16_t> ports;
    for (int i = 0; i < 5'000; ++i) {
      ++remote.port;
      const std::uint16_t port = box.outbound(kInside, remote, Instant{})->port;
      REQUIRE(port >= 1'024);
      ports.insert(port);
    }
    CHECK(ports.size() == 5'000);
  }
}

TEST_CASE("mappings end when nothing is sent from inside") {
  NatBox box = box_of(NatScope::kAny, NatScope::kAddress, NatPorts::kRandom);
  const std::uint16_t port = box.outbound(kInside, kRemote, Instant{})->port;
  CHECK(box.inbound(port, kRemote, Instant{} + seconds(119)));
  // That prolonged nothing.
  CHECK(!box.inbound(port, kRemote, Instant{} + seconds(120)));
  CHECK(box.outbound(kInside, kRemote, Instant{} + seconds(120))->port != port);

  SECTION("each remote host's permission for itself") {
    const Instant start = Instant{} + seconds(1'000);
    const std::uint16_t used = box.outbound(kInside, kRemote, start)->port;
    for (int i = 1; i <= 3; ++i) CHECK(box.outbound(kInside, kOther, start + seconds(50 * i))->port == used);
    CHECK(box.inbound(used, kOther, start + seconds(160)));
    CHECK(!box.inbound(used, kRemote, start + seconds(160)));
  }
}

TEST_CASE("a box that restarts uses other ports") {
  for (const NatPorts ports : {NatPorts::kPreserving, NatPorts::kContiguous, NatPorts::kRandom}) {
    NatBox box = box_of(NatScope::kAny, NatScope::kAny, ports);
    std::set<std::uint16_t> seen;
    for (int i = 0; i < 20; ++i) {
      const std::uint16_t port = box.outbound(kInside, kRemote, Instant{})->port;
      CHECK(box.inbound(port, kOther, Instant{}));
      CHECK(seen.insert(port).second);
      box.rebind();
      CHECK(!box.inbound(port, kOther, Instant{}));
    }
  }
}

TEST_CASE("a box's tables are bounded, and cleared of what has ended") {
  NatConfig config;
  config.mapping = NatScope::kPort;
  config.flows_max = 100;
  NatBox box(config, kOutside, crypto::ChaChaRng(1));
  Address remote = kRemote;
  for (int i = 0; i < 50; ++i, ++remote.port) REQUIRE(box.outbound(kInside, remote, Instant{} + seconds(i)));
  CHECK(box.flows() == 100);
  CHECK(!box.outbound(kInside, remote, Instant{} + seconds(50)));
  CHECK(box.outbound(kInside, kRemote, Instant{} + seconds(50)));  // is open
  ++remote.port;
  CHECK(box.outbound(kInside, remote, Instant{} + seconds(121)));
  CHECK(box.flows() <= 100);
  for (int i = 0; i < 10'000; ++i, ++remote.port) box.outbound(kInside, remote, Instant{} + seconds(200 + i));
  CHECK(box.flows() <= 100);
}

TEST_CASE("boxes are drawn by their shares") {
  std::uint32_t sum = 0;
  for (const NatType& type : nat_types()) sum += type.share_ppm;
  CHECK(sum == kMillion);
  crypto::ChaChaRng rng(3);
  Draws draws(rng);
  int symmetric = 0;
  int full_cone = 0;
  double timeouts = 0;
  constexpr int kBoxes = 100'000;
  for (int i = 0; i < kBoxes; ++i) {
    const NatConfig config = draw_nat(draws);
    symmetric += config.mapping != NatScope::kAny ? 1 : 0;
    full_cone += config.mapping == NatScope::kAny && config.filtering == NatScope::kAny ? 1 : 0;
    timeouts += to_seconds(config.timeout);
  }
  CHECK(symmetric == Approx(0.165 * kBoxes).epsilon(0.02));
  CHECK(full_cone == Approx(0.214 * kBoxes).epsilon(0.02));
  CHECK(timeouts / kBoxes == Approx(0.15 * 30 + 0.25 * 60 + 0.3 * 120 + 0.3 * 240).epsilon(0.01));
}

}  // namespace spate::sim
