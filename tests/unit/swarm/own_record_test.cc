#include "libcore/swarm/own_record.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/swarm/scripted_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Address kHere = address_of(kSelf);
const Address kVictim = Address::v4(10, 51, 100, 7, 7'400);

// A viewer with one host of the link, and others that have come to it.
struct Fixture : ScriptedWorld {
  explicit Fixture(std::uint8_t others, const swarm::JoinConfig& base = join_config({})) : ScriptedWorld({1}, base) {
    run(milliseconds(500));
    for (std::uint8_t n = 0; n < others; ++n) {
      net.add(*met.emplace_back(std::make_unique<ScriptedPeer>(static_cast<std::uint8_t>(20 + n))));
      met.back()->dial(kSelf, net.now);
    }
    run(milliseconds(200));
  }
  static std::size_t handed(const ScriptedPeer& peer, const Address& address) {
    const auto records = peer.all<wire::Record>();
    return static_cast<std::size_t>(
        std::count_if(records.begin(), records.end(), [&](const auto& r) { return r.address == address; }));
  }
  void say(ScriptedPeer& peer, const wire::Control& message) {
    peer.say(message);
    run(milliseconds(100));
  }
  // Everybody says something every second.
  void talk(Duration d) {
    for (const Instant end = net.now + d; net.now < end;) {
      for (const auto& peer : met) peer->say(wire::Inquiry{});
      p1.peer.say(wire::Inquiry{});
      if (publishing) p1.tell_info(0, static_cast<std::uint64_t>(to_us(net.now - kStart)));
      run(seconds(1));
    }
  }

  std::vector<std::unique_ptr<ScriptedPeer>> met;
  bool publishing = true;
};

}  // namespace

TEST_CASE("own record: whoever speaks is told where it is seen, once, and where it has moved to", "[swarm]") {
  Fixture f(1);
  ScriptedPeer& peer = *f.met[0];
  f.talk(seconds(10));
  CHECK(peer.all<wire::Seen>() == std::vector<wire::Seen>{{peer.address}});
}

TEST_CASE("own record: who hands no record is told again, less and less often, and one that is lost is handed again",
          "[swarm]") {
  Fixture f(0);
  f.net.add(*f.met.emplace_back(std::make_unique<ScriptedPeer>(std::uint8_t{20})));
  ScriptedPeer& peer = *f.met.back();
  peer.record.reset();
  peer.dial(kSelf, f.net.now);
  f.talk(seconds(20));
  const auto told = peer.all<wire::Seen>().size();
  CHECK(told >= 4);
  CHECK(told <= 6);
  f.say(f.p1.peer, wire::Seen{kHere});
  f.talk(seconds(6));
  REQUIRE(Fixture::handed(f.p1.peer, kHere) == 1);
  f.say(f.p1.peer, wire::Seen{kHere});
  CHECK(Fixture::handed(f.p1.peer, kHere) == 2);
}

TEST_CASE("own record: where a host of the link sees us is signed for it at once, and is our word", "[swarm]") {
  Fixture f(0);
  CHECK(f.p1.peer.all<wire::Record>().empty());
  f.say(f.p1.peer, wire::Seen{kHere});
  const auto records = f.p1.peer.all<wire::Record>();
  REQUIRE(records.size() == 1);
  CHECK(records[0].address == kHere);
  CHECK(records[0].key == identity_of(kSelf).key);
  CHECK(wire::verify_record(records[0], stream_key().public_key, crypto::sodium_suite()));
}

TEST_CASE("own record: without a host of the link those of several networks must agree", "[swarm]") {
  Fixture f(OwnRecord::kNetworks);
  for (std::size_t n = 0; n + 1 < OwnRecord::kNetworks; ++n) f.say(*f.met[n], wire::Seen{kHere});
  for (const auto& peer : f.met) CHECK(Fixture::handed(*peer, kHere) == 0);
  f.say(*f.met.back(), wire::Seen{kHere});
  f.talk(seconds(3));
  for (const auto& peer : f.met) CHECK(Fixture::handed(*peer, kHere) == 1);
}

TEST_CASE("own record: liars do not make us sign where a victim is, nor keep us from signing where we are", "[swarm]") {
  Fixture f(OwnRecord::kNetworks + 1);
  f.say(f.p1.peer, wire::Seen{kHere});  // the word of the link's host holds against that of any number
  for (std::size_t n = 0; n < OwnRecord::kNetworks; ++n)
    for (int again = 0; again < 20; ++again) f.say(*f.met[n], wire::Seen{kVictim});
  ScriptedPeer& honest = *f.met.back();
  f.say(honest, wire::Seen{kHere});
  f.talk(seconds(10));
  for (const auto& peer : f.met) CHECK(Fixture::handed(*peer, kVictim) == 0);
  CHECK(Fixture::handed(f.p1.peer, kVictim) == 0);
  CHECK(Fixture::handed(honest, kHere) == 1);
}

TEST_CASE("own record: each is handed the one for where it sees us", "[swarm]") {
  Fixture f(0);
  Address other = kHere;
  other.port = 9'999;  // a NAT box that maps each destination anew
  f.say(f.p1.peer, wire::Seen{other});
  CHECK(Fixture::handed(f.p1.peer, other) == 1);
  CHECK(Fixture::handed(f.p1.peer, kHere) == 0);
}

TEST_CASE("own record: another is handed every two minutes, and soon when we are seen elsewhere", "[swarm]") {
  Fixture f(0);
  f.say(f.p1.peer, wire::Seen{kHere});
  f.talk(minutes(5));
  const auto records = f.p1.peer.all<wire::Record>();
  REQUIRE(records.size() == 3);
  CHECK(records[2].made - records[0].made >= 240);
  Address moved = kHere;
  for (unsigned i = 1; i <= 100; ++i) {
    moved.port = static_cast<std::uint16_t>(kHere.port + i);
    f.say(f.p1.peer, wire::Seen{moved});
  }
  f.talk(seconds(6));
  CHECK(Fixture::handed(f.p1.peer, moved) == 1);
  CHECK(f.p1.peer.all<wire::Record>().size() <= 7);  // one in 5 s
}

TEST_CASE("own record: nobody is handed one by whoever serves nobody, or wants nobody to know", "[swarm]") {
  swarm::JoinConfig config = join_config({});
  if (GENERATE(false, true))
    config.relay_only = true;
  else
    config.capacity_milli = 0;
  Fixture f(0, config);
  f.say(f.p1.peer, wire::Seen{kHere});
  f.talk(seconds(10));
  CHECK(f.p1.peer.all<wire::Record>().empty());
}
