#include "libcore/swarm/introductions.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/swarm/publisher_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;

namespace {

// Two children, a and b, and one that asks for others. One of the children is farther away than the other.
struct Fixture : PublisherWorld {
  explicit Fixture(const Address& far = {}, std::uint32_t room = 2) : PublisherWorld(room) {
    net.add(asker);
    net.delay = [far](const Address& from, const Address& to) {
      return from == far || to == far ? milliseconds(100) : milliseconds(5);
    };
    asker.dial(1, net.now);
    net.run_for(milliseconds(100));
    for (ScriptedPeer* child : {&a, &b}) {
      child->say(wire::Subscribe{.stripes = 1, .window_bytes = 100'000});
      net.run_for(milliseconds(300));  // the ping's answer, too
    }
  }
  void report(ScriptedPeer& child, Duration lag, std::uint16_t slots, StripeMask passes_on) {
    child.say(wire::Report{0, 0, 0, 0, static_cast<std::uint32_t>(to_us(lag)), slots, slots, passes_on});
    net.run_for(milliseconds(250));
  }
  std::vector<crypto::IdentityKey> named_for(StripeMask wanted) {
    asker.say(wire::Inquiry{wanted});
    net.run_for(milliseconds(50));
    std::vector<crypto::IdentityKey> keys;
    const auto peers = asker.last<wire::Peers>();
    REQUIRE(peers);
    for (const wire::PeerRecord& record : peers->peers) keys.push_back(record.record.key);
    return keys;
  }
  std::vector<crypto::IdentityKey> keys(const ScriptedPeer& first, const ScriptedPeer& second) const {
    return {first.record->key, second.record->key};
  }

  ScriptedPeer asker{4};
};

}  // namespace

TEST_CASE("introductions: whoever claims room for everything, at once, is named after who claims a little", "[swarm]") {
  Fixture f;
  const bool a_lies = GENERATE(false, true);
  ScriptedPeer& liar = a_lies ? f.a : f.b;
  ScriptedPeer& honest = a_lies ? f.b : f.a;
  f.report(liar, Duration::zero(), UINT16_MAX, wire::kAllStripes);
  f.report(honest, milliseconds(70), 3, bit(2));
  CHECK(f.named_for(bit(2)) == f.keys(honest, liar));
  CHECK(f.named_for(bit(2) | bit(5)) == f.keys(honest, liar));
  CHECK(f.named_for(bit(5)) == f.keys(liar, honest));  // for what nobody else gives
}

TEST_CASE("introductions: nobody is nearer to the publisher than its round trip lets it be", "[swarm]") {
  const bool a_is_far = GENERATE(false, true);
  Fixture f(a_is_far ? address_of(2) : address_of(3));
  ScriptedPeer& far = a_is_far ? f.a : f.b;
  ScriptedPeer& near = a_is_far ? f.b : f.a;
  f.report(far, Duration::zero(), 3, bit(2));
  f.report(near, milliseconds(40), 3, bit(2));
  CHECK(f.named_for(bit(2)) == f.keys(near, far));
  f.report(near, milliseconds(140), 3, bit(2));
  CHECK(f.named_for(bit(2)) == f.keys(far, near));
}

TEST_CASE("introductions: who asks from near by is named those who are near us, and is told how near", "[swarm]") {
  const bool a_is_far = GENERATE(false, true);
  const bool asker_is_near = GENERATE(false, true);
  Fixture f(a_is_far ? address_of(2) : address_of(3), 3);
  ScriptedPeer& far = a_is_far ? f.a : f.b;
  ScriptedPeer& near = a_is_far ? f.b : f.a;
  f.report(far, milliseconds(120), 3, bit(2));
  f.report(near, milliseconds(180), 3, bit(2));  // later, but nearer by more than that
  f.asker.answers_pings = asker_is_near;
  f.asker.say(wire::Subscribe{.stripes = 1, .window_bytes = 100'000});  // which makes it pinged
  f.net.run_for(milliseconds(300));
  CHECK(f.named_for(bit(2)) == (asker_is_near ? f.keys(near, far) : f.keys(far, near)));
  const auto peers = f.asker.last<wire::Peers>();
  for (const wire::PeerRecord& record : peers->peers)
    CHECK(record.round_trip_ms == (record.record.address == far.address ? 200 : 10));
}

TEST_CASE("introductions: of many children the last one named gives what those before it leave open", "[swarm]") {
  constexpr unsigned kHosts = 9;
  constexpr unsigned kNamed = 6;
  Fixture f({}, kHosts + 2);
  std::vector<std::unique_ptr<ScriptedPeer>> hosts;  // each passes on one stripe; f.a all of them, as a relay does
  for (unsigned s = 0; s < kHosts; ++s) {
    f.net.add(*hosts.emplace_back(std::make_unique<ScriptedPeer>(static_cast<std::uint8_t>(20 + s))));
    hosts.back()->dial(1, f.net.now);
  }
  f.net.run_for(milliseconds(100));
  for (const auto& host : hosts) host->say(wire::Subscribe{.stripes = 1, .window_bytes = 100'000});
  f.a.say(wire::Subscribe{.window_bytes = 100'000});
  f.net.run_for(milliseconds(300));
  for (unsigned s = 0; s < kHosts; ++s) hosts[s]->say(wire::Report{0, 0, 0, 0, 30'000 + 1'000 * s, 3, 3, bit(s)});
  f.report(f.b, milliseconds(10), 40, wire::kAllStripes);  // a liar: it has one stripe
  f.report(f.a, milliseconds(30), 40, wire::kAllStripes);
  REQUIRE(f.host.swarm->stats(f.net.now).children == kHosts + 2);
  const auto nearest_hosts = [&](unsigned n) {
    std::vector<crypto::IdentityKey> keys;
    for (unsigned s = 0; s < n; ++s) keys.push_back(hosts[s]->record->key);
    return keys;
  };
  std::vector<crypto::IdentityKey> with_relay = nearest_hosts(kNamed - 1);
  with_relay.push_back(f.a.record->key);
  CHECK(f.named_for(first_stripes(PublishConfig{}.stripes)) == with_relay);
  CHECK(f.named_for(first_stripes(kNamed + 1)) == with_relay);
  CHECK(f.named_for(first_stripes(kNamed)) == nearest_hosts(kNamed));  // one stripe is left open, and a host gives it
}

TEST_CASE("introductions: nobody is named without a record that is its own and young, of where it is", "[swarm]") {
  Fixture f;
  f.report(f.a, milliseconds(10), 3, bit(2));
  f.report(f.b, milliseconds(20), 3, bit(2));
  REQUIRE(f.named_for(bit(2)) == f.keys(f.a, f.b));
  f.net.run_for(Introductions::kRecordSpacing);
  f.report(f.a, milliseconds(10), 3, bit(2));
  f.report(f.b, milliseconds(20), 3, bit(2));
  SECTION("anothers") { f.a.say(signed_record(9, f.a.address, f.a.record->made + 1)); }
  SECTION("forged") {
    wire::Record forged = *f.a.record;
    ++forged.made;
    f.a.say(forged);
    f.net.run_for(milliseconds(100));
    CHECK(f.named_for(bit(2)) == std::vector{f.b.record->key});
    f.a.say(*f.a.record);  // too late
  }
  SECTION("from the future") { f.a.say(signed_record(2, f.a.address, 60)); }
  f.net.run_for(milliseconds(100));
  CHECK(f.named_for(bit(2)) == std::vector{f.b.record->key});
}

TEST_CASE("introductions: what is no younger than the record that there is, or comes too soon, changes nothing",
          "[swarm]") {
  Fixture f;
  f.report(f.a, milliseconds(10), 3, bit(2));
  f.report(f.b, milliseconds(20), 3, bit(2));
  REQUIRE(f.named_for(bit(2)) == f.keys(f.a, f.b));
  wire::Record forged = *f.a.record;
  if (GENERATE(false, true)) ++forged.made;
  forged.signature[9] ^= 1;
  f.a.say(forged);
  f.net.run_for(milliseconds(100));
  CHECK(f.named_for(bit(2)) == f.keys(f.a, f.b));
}

TEST_CASE("introductions: a record of where the session does not have it changes nothing", "[swarm]") {
  Fixture f;
  f.report(f.a, milliseconds(10), 3, bit(2));
  f.a.say(signed_record(2, address_of(99), 1));
  f.net.run_for(milliseconds(100));
  const auto named = f.named_for(bit(2));
  CHECK(std::find(named.begin(), named.end(), f.a.record->key) != named.end());
  const auto peers = f.asker.last<wire::Peers>();
  for (const wire::PeerRecord& told : peers->peers) CHECK(told.record.address != address_of(99));
}

TEST_CASE("introductions: who does not renew its record is named for five minutes", "[swarm]") {
  Fixture f;
  for (int minute = 1; minute <= 6; ++minute) {
    for (int i = 0; i < 60; ++i) {
      f.a.say(wire::Report{0, 0, 0, 0, 10'000, 3, 3, bit(2)});
      f.b.say(wire::Report{0, 0, 0, 0, 20'000, 3, 3, bit(2)});
      f.asker.say(wire::Ping{1, 0});
      f.net.run_for(std::chrono::seconds(1));
    }
    if (minute % 2 == 0) f.b.say(signed_record(3, f.b.address, static_cast<std::uint32_t>(60 * minute)));
    f.net.run_for(milliseconds(100));
    CAPTURE(minute);
    CHECK(f.named_for(bit(2)) == (minute < 5 ? f.keys(f.a, f.b) : std::vector{f.b.record->key}));
  }
}
