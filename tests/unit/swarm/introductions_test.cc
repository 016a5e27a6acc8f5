#include "libcore/swarm/introductions.h"

#include "tests/catch.h"
#include "tests/unit/swarm/publisher_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;

namespace {

// Two children, a and b, and one that asks for others. One of the children is farther away than the other.
struct Fixture : PublisherWorld {
  explicit Fixture(const Address& far = {}) : PublisherWorld(2) {
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
  std::vector<crypto::NodeKey> named_for(StripeMask wanted) {
    asker.say(wire::Inquiry{wanted});
    net.run_for(milliseconds(50));
    std::vector<crypto::NodeKey> keys;
    const auto peers = asker.last<wire::Peers>();
    REQUIRE(peers);
    for (const wire::PeerRecord& record : peers->peers) keys.push_back(record.key);
    return keys;
  }
  std::vector<crypto::NodeKey> keys(const ScriptedPeer& first, const ScriptedPeer& second) const {
    return {first.keys.public_key, second.keys.public_key};
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
