#include "libcore/swarm/acquaintances.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/swarm/streaming_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint8_t kViewer = 10;
constexpr std::uint8_t kFirst = 100;

// Hosts beside the parent: the odd ones are far from everybody.
struct Crowd : StreamingWorld {
  explicit Crowd(std::size_t size, bool relay = false) : StreamingWorld({1}, relay) {
    net.delay = [](const Address& from, const Address& to) {
      return far(from) || far(to) ? milliseconds(80) : milliseconds(5);
    };
    for (std::size_t i = 0; i < size; ++i)
      net.add(*hosts.emplace_back(std::make_unique<ScriptedPeer>(static_cast<std::uint8_t>(kFirst + i))));
  }
  static bool far(const Address& address) { return address.ip[15] >= kFirst && address.ip[15] % 2 == 1; }
  void dial(bool far_ones) {
    for (const auto& host : hosts)
      if (far(host->address) == far_ones) host->dial(kViewer, net.now);
  }
  void all_dial() {
    for (const bool far_ones : {false, true}) dial(far_ones);
  }
  std::size_t connected(bool far_ones) const {
    return static_cast<std::size_t>(std::count_if(hosts.begin(), hosts.end(), [&](const auto& host) {
      return far(host->address) == far_ones && host->connected() && !host->template last<wire::Bye>();
    }));
  }
  wire::PeerRecord record_of(std::size_t host, std::uint16_t round_trip_ms) const {
    return {*hosts[host]->record, 0, 100'000, 0, round_trip_ms};
  }

  std::vector<std::unique_ptr<ScriptedPeer>> hosts;
};

}  // namespace

TEST_CASE("acquaintances: of those who are too many the near and the oldest stay", "[swarm]") {
  constexpr std::size_t kHosts = 100;
  Crowd f(kHosts);
  f.dial(true);
  f.run(seconds(1));
  f.dial(false);
  f.run(seconds(5));
  CHECK(f.connected(true) == kHosts / 2);  // one may be about to take something
  for (int i = 0; i < 5; ++i) {
    for (const auto& host : f.hosts) host->say(wire::Inquiry{});
    f.run(seconds(5));
  }
  CHECK(f.connected(false) == Acquaintances::kNear - 1);  // the parent is one
  CHECK(f.connected(true) == Acquaintances::kOthers + 1);
  CHECK(f.p1.child == kAll);
}

TEST_CASE("acquaintances: a relay, which others have from the link, parts from nobody", "[swarm]") {
  constexpr std::size_t kHosts = 60;
  Crowd f(kHosts, true);
  f.all_dial();
  f.run(seconds(30));
  CHECK(f.connected(true) + f.connected(false) == kHosts);
}

TEST_CASE("acquaintances: who is said to be near is called, though enough are known", "[swarm]") {
  constexpr std::size_t kHosts = 50;
  Crowd f(kHosts);
  for (std::size_t i = 0; i + 2 < kHosts; ++i) f.hosts[i]->dial(kViewer, f.net.now);  // half of them far
  f.run(seconds(15));
  const std::size_t near = kHosts - 2;
  const std::size_t far = kHosts - 1;
  REQUIRE_FALSE(f.hosts[near]->connected());
  f.p1.peer.say(wire::Peers{{f.record_of(near, 20), f.record_of(far, 170)}});
  f.run(seconds(5));
  CHECK(f.hosts[near]->connected());
  CHECK_FALSE(f.hosts[far]->connected());
}

TEST_CASE("acquaintances: the nearest are asked for others", "[swarm]") {
  constexpr std::size_t kHosts = 20;
  Crowd f(kHosts);
  f.all_dial();
  f.run(seconds(40));
  const auto asked = [&](std::size_t host) {
    const auto inquiries = f.hosts[host]->all<wire::Inquiry>();
    return std::count_if(inquiries.begin(), inquiries.end(), [](const auto& inquiry) { return inquiry.wanted != 0; });
  };
  std::ptrdiff_t near = 0;
  std::ptrdiff_t far = 0;
  for (std::size_t i = 0; i < kHosts; ++i) (Crowd::far(f.hosts[i]->address) ? far : near) += asked(i);
  CHECK(near > 2 * far);
}

TEST_CASE("acquaintances: who parts from us is spoken to no more, until it comes again", "[swarm]") {
  Crowd f(1);
  ScriptedPeer& host = *f.hosts[0];
  const auto inquiries = [&] {
    host.heard.clear();
    f.run(seconds(15));
    return host.all<wire::Inquiry>().size();
  };
  f.all_dial();
  CHECK(inquiries() > 0);
  host.say(wire::Bye{wire::ByeReason::kDisplaced});
  f.run(milliseconds(100));
  CHECK(inquiries() == 0);
  host.endpoint.close(*host.session);
  f.all_dial();
  CHECK(inquiries() > 0);
}

TEST_CASE("acquaintances: whom we called and who parted from us is not called again at once", "[swarm]") {
  Crowd f(1);
  ScriptedPeer& host = *f.hosts[0];
  unsigned sessions = 0;
  host.react = [&](const wire::Control& message, Instant) {
    if (!std::holds_alternative<wire::Inquiry>(message)) return;
    ++sessions;
    host.say(wire::Bye{wire::ByeReason::kDisplaced});
  };
  for (int i = 0; i < 30; ++i) {
    f.p1.peer.say(wire::Peers{{f.record_of(0, 0)}});
    f.run(seconds(1));
  }
  CHECK(sessions == 1);
}

TEST_CASE("acquaintances: a host of the link that leaves is called again soon: it may be restarted", "[swarm]") {
  Crowd f(0);
  f.run(seconds(3));
  REQUIRE(f.p1.peer.connected());
  f.p1.peer.say(wire::Bye{wire::ByeReason::kLeaving});
  f.run(milliseconds(50));
  f.p1.peer.endpoint.close(*f.p1.peer.session);
  f.p1.peer.session.reset();
  f.run(seconds(5));
  CHECK(f.p1.peer.connected());
}
