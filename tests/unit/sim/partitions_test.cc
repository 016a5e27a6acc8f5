#include "libcore/sim/partitions.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

class NoDelay final : public DelayModel {
 public:
  Duration one_way(HostId /*from*/, HostId /*to*/) override { return {}; }
};

// Sends one byte to each of four hosts when it is asked to, and notes from whom something came.
class Greeter final : public HostProgram {
 public:
  void handle_datagrams(std::span<const Datagram> batch, Moment /*at*/) override {
    for (const Datagram& datagram : batch) heard.push_back(datagram.from);
  }
  void handle_deadline(Moment /*at*/) override {}
  std::optional<Moment> poll(Moment /*at*/, DatagramBatch& out) override {
    for (; greets > 0; --greets) out.add(Network::address_of(greets - 1), 1)[0] = 0;
    return Moment{kNever, kNever};
  }

  HostId greets = 0;
  std::vector<Address> heard;
};

struct Fixture {
  NoDelay delays;
  std::array<Greeter, 4> hosts;
  Network network{crypto::ChaChaRng(1), delays};
  Partitions partitions{network};

  Fixture() {
    for (Greeter& host : hosts) network.add(host, {});
  }
  // Everybody greets everybody; "01" is there if host 1 heard host 0.
  std::set<std::string> heard() {
    for (Greeter& host : hosts) host.heard.clear();
    for (HostId host = 0; host < 4; ++host) {
      hosts[host].greets = 4;
      network.touch(host);
    }
    network.run_until(network.now() + std::chrono::seconds(1));
    std::set<std::string> pairs;
    for (HostId from = 0; from < 4; ++from)
      for (HostId to = 0; to < 4; ++to)
        if (from != to && std::ranges::count(hosts[to].heard, Network::address_of(from)) == 1)
          pairs.insert(std::to_string(from) + std::to_string(to));
    return pairs;
  }
};

const std::set<std::string> kAll{"01", "02", "03", "10", "12", "13", "20", "21", "23", "30", "31", "32"};

}  // namespace

TEST_CASE("a group is cut off from the others, and not from itself") {
  Fixture f;
  REQUIRE(f.heard() == kAll);
  f.partitions.begin(9, {1, 2}, false);
  CHECK(f.heard() == std::set<std::string>{"12", "21", "03", "30"});
  f.partitions.end(9);
  CHECK(f.heard() == kAll);
}

TEST_CASE("one way, only what the group sends is lost") {
  Fixture f;
  f.partitions.begin(0, {1, 2}, true);
  CHECK(f.heard() == std::set<std::string>{"12", "21", "03", "30", "01", "02", "31", "32"});
}

TEST_CASE("a host in two groups is cut off by each until it ends") {
  Fixture f;
  f.partitions.begin(0, {1, 2}, false);
  f.partitions.begin(1, {2, 3}, false);
  CHECK(f.heard().empty());
  SECTION("the first ends first") {
    f.partitions.end(0);
    CHECK(f.heard() == std::set<std::string>{"01", "10", "23", "32"});
    f.partitions.end(1);
  }
  SECTION("the second ends first") {
    f.partitions.end(1);
    CHECK(f.heard() == std::set<std::string>{"03", "30", "12", "21"});
    f.partitions.end(0);
  }
  CHECK(f.heard() == kAll);
}

TEST_CASE("the same group twice is free when both have ended") {
  Fixture f;
  f.partitions.begin(0, {1}, false);
  f.partitions.begin(1, {1}, false);
  f.partitions.begin(2, {1}, true);
  f.partitions.end(1);
  f.partitions.end(0);
  CHECK(f.heard().size() == 9);
  f.partitions.end(2);
  CHECK(f.heard() == kAll);
}

}  // namespace spate::sim
