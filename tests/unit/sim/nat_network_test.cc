#include "libcore/sim/nat_network.h"

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using Found = NatNetwork::Found;
constexpr Instant kNow = Instant{} + std::chrono::seconds(1);

NatConfig open_box(bool hairpin = false) {
  NatConfig config;
  config.type.filtering = NatRule::kEndpoint;
  config.type.hairpin = hairpin;
  return config;
}

struct Town {
  explicit Town() : nats(crypto::ChaChaRng(1)) {}

  // Where the network's side of a host is, as the public host 0 sees it.
  Address outside_of(HostId host) { return nats.way(host, host_address(0), kNow).from; }
  bool gets_through(HostId from, HostId to, const Address& at) {
    const NatNetwork::Way way = nats.way(from, at, kNow);
    if (way.found != Found::kHost) return false;
    CHECK(way.host == to);
    return nats.admits(to, way.from, way.to, kNow);
  }

  NatNetwork nats;
};

}  // namespace

TEST_CASE("hosts' addresses and numbers agree") {
  for (const HostId host : {0u, 1u, 255u, 256u, 65'535u, 65'536u, kHostsMax - 1})
    CHECK(host_with(host_address(host)) == host);
  CHECK(host_address(0) == Address::v4(1, 0, 0, 1, 7400));
  CHECK(host_with(Address::v4(1, 0, 0, 2, 7400)) == kHostsMax);
  CHECK(host_with(Address::v4(1, 0, 0, 1, 7401)) == kHostsMax);
  CHECK(host_with(Address::v4(0, 0, 0, 1, 7400)) == kHostsMax);
  CHECK(host_with(Address::v4(201, 0, 0, 1, 7400)) == kHostsMax);
  CHECK(host_with(Address{}) == kHostsMax);
}

TEST_CASE("without boxes, a datagram goes where its address says") {
  Town town;
  town.nats.add_host(kNoBox);
  town.nats.add_host(kNoBox);
  const NatNetwork::Way way = town.nats.way(0, host_address(1), kNow);
  CHECK(way.found == Found::kHost);
  CHECK(way.host == 1);
  CHECK(way.from == host_address(0));
  CHECK(way.to == host_address(1));
  CHECK(town.nats.way(0, host_address(2), kNow).found == Found::kNobody);
  CHECK(town.nats.way(0, Address::v4(201, 0, 0, 1, 7400), kNow).found == Found::kNobody);
}

TEST_CASE("a host behind a box is seen at the box's address, and reached there") {
  Town town;
  town.nats.add_host(kNoBox);
  town.nats.add_host(kNoBox);
  NatConfig config;  // filters by address and port
  town.nats.add_host(town.nats.add_box(config));
  CHECK(town.nats.way(0, host_address(2), kNow).found == Found::kFiltered);
  const Address outside = town.outside_of(2);
  CHECK(outside == Address::v4(201, 0, 0, 1, 7400));
  CHECK(town.gets_through(0, 2, outside));
  CHECK(!town.gets_through(1, 2, outside));
  CHECK(town.gets_through(2, 1, host_address(1)));
  CHECK(town.gets_through(1, 2, outside));
  Address other_port = outside;
  ++other_port.port;
  CHECK(town.nats.way(0, other_port, kNow).found == Found::kFiltered);
}

TEST_CASE("two hosts behind boxes meet when both have sent") {
  Town town;
  town.nats.add_host(kNoBox);
  town.nats.add_host(town.nats.add_box({}));
  town.nats.add_host(town.nats.add_box({}));
  const Address first = town.outside_of(1);
  const Address second = town.outside_of(2);
  CHECK(!town.gets_through(1, 2, second));
  CHECK(town.gets_through(2, 1, first));
  CHECK(town.gets_through(1, 2, second));
}

TEST_CASE("hosts behind one box reach one another inside, and outside only by hairpin") {
  const bool hairpin = GENERATE(false, true);
  Town town;
  town.nats.add_host(kNoBox);
  const BoxId box = town.nats.add_box(open_box(hairpin));
  town.nats.add_host(box);
  town.nats.add_host(box);
  CHECK(town.gets_through(1, 2, host_address(2)));
  const Address outside = town.outside_of(2);
  CHECK(outside != town.outside_of(1));
  CHECK(town.gets_through(0, 2, outside));
  CHECK(town.gets_through(1, 2, outside) == hairpin);
  if (hairpin) CHECK(town.nats.way(1, outside, kNow).from == town.outside_of(1));
}

TEST_CASE("boxes behind a carrier's box") {
  const bool hairpin = GENERATE(false, true);
  Town town;
  town.nats.add_host(kNoBox);
  const BoxId carrier = town.nats.add_box(open_box(hairpin));
  town.nats.add_host(town.nats.add_box(open_box(), carrier));
  town.nats.add_host(town.nats.add_box({}, carrier));
  const Address first = town.outside_of(1);
  const Address second = town.outside_of(2);
  CHECK(first.ip == second.ip);
  CHECK(first.ip == Address::v4(201, 0, 0, 1, 0).ip);
  CHECK(town.gets_through(0, 1, first));
  CHECK(town.gets_through(0, 2, second));
  // At the outer address: out to the carrier's box and back.
  CHECK(town.gets_through(2, 1, first) == hairpin);
  // The second home's filter lets nobody in but whom it was sent to.
  CHECK(town.gets_through(1, 2, second) == hairpin);
  // At the home's address inside the carrier's network: directly; from outside, never.
  CHECK(town.gets_through(2, 1, Address::v4(201, 0, 1, 1, 7400)));
  CHECK(town.nats.way(0, Address::v4(201, 0, 1, 1, 7400), kNow).found == Found::kFiltered);
  CHECK(town.nats.way(2, host_address(1), kNow).found == Found::kFiltered);
}

}  // namespace spate::sim
