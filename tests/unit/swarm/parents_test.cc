#include "libcore/swarm/parents.h"

#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr StripeMask kAll = first_stripes(kStriping.data + kStriping.parity);
constexpr Duration kRefusedFor = milliseconds(500);
constexpr wire::ShortId kSelf = 0x5e1f;

// Parents on a host of its own, and what its peers say to it.
struct Client final : NetHost {
  Client() : NetHost(address_of(10)) {
    service = endpoint.add_service(session::stream_service(stream_key().public_key), node_keys_of(10), true);
    children.set_striping(kStriping);
    parents.begin(kStriping);
  }
  void handle_datagram(const Datagram& datagram, Instant now) override {
    auto received = endpoint.handle_datagram(datagram, now);
    while (const auto event = endpoint.next_event())
      if (event->kind == session::SessionEvent::Kind::kEstablished) peers.add(event->session, now);
    if (!received || received->text.size() == 0) return;
    Peer& peer = *peers.find(received->session);
    wire::ControlReader reader(received->text.bytes());
    while (const auto message = reader.next()) {
      if (const auto* const reply = std::get_if<wire::SubscribeReply>(&*message)) {
        fresh |= parents.on_reply(peer, *reply, kRefusedFor, now);
      } else if (const auto* const status = std::get_if<wire::Status>(&*message)) {
        peer.status = *status;
        looped |= !parents.on_status(peer, now);
      } else if (const auto* const pong = std::get_if<wire::Pong>(&*message)) {
        peers.on_pong(peer, *pong, now);
      }
    }
  }
  void handle_deadline(Instant now) override {
    endpoint.handle_deadline(now);
    parents.handle_deadline(now);
  }
  bool poll(DatagramBatch& out, Instant now) override {
    return endpoint.flush(out, now) && outbox.flush(endpoint, out, now);
  }
  Instant next_deadline(Instant) override { return std::min(endpoint.next_deadline(), parents.next_deadline()); }

  crypto::ChaChaRng rng{10};
  BufferPool pool;
  session::Endpoint endpoint{crypto::sodium_suite(), rng, pool};
  session::ServiceIndex service = 0;
  stream::Store store;
  Outbox outbox{pool};
  Peers peers{endpoint, outbox};
  TokenBucket upload{0, 0};
  Children children{8'000, store, peers, outbox, upload};
  Reception reception{join_config({}), crypto::sodium_suite(), pool, store};
  Parents parents{100'000, kSelf, {endpoint, outbox, peers, children, reception}};
  StripeMask fresh = 0;
  bool looped = false;
};

struct Fixture {
  Fixture() {
    net.add(client);
    for (ScriptedParent* parent : {&p1, &p2, &p3}) {
      net.add(parent->peer);
      parent->peer.dial(10, net.now);
    }
    net.run_for(milliseconds(200));
    for (ScriptedParent* parent : {&p1, &p2, &p3}) REQUIRE(parent->peer.connected());
  }
  Peer& peer(const ScriptedParent& parent) { return *client.peers.find_key(parent.peer.keys.public_key); }
  session::SessionId session(const ScriptedParent& parent) { return peer(parent).session; }
  void ask(ScriptedParent& parent, StripeMask stripes) {
    client.parents.ask(peer(parent), stripes, wire::kFromNewest, net.now);
  }
  void ask_and_wait(ScriptedParent& parent, StripeMask stripes) {
    ask(parent, stripes);
    net.run_for(milliseconds(20));
    REQUIRE((client.parents.from(session(parent)) & stripes) == stripes);
  }
  void tell_status(ScriptedParent& parent) {
    parent.tell_status();
    net.run_for(milliseconds(10));
  }

  Net net;
  Client client;
  Parents& parents = client.parents;
  ScriptedParent p1{1};
  ScriptedParent p2{2};
  ScriptedParent p3{3};
};

}  // namespace

TEST_CASE("parents: what is asked for and granted has a parent", "[swarm]") {
  Fixture f;
  CHECK(f.parents.all() == kAll);
  f.ask(f.p1, bit(1) | bit(2));
  CHECK(f.parents.asked() == (bit(1) | bit(2)));
  CHECK(f.parents.expected_from(f.session(f.p1)) == (bit(1) | bit(2)));
  CHECK(f.parents.served() == 0);
  f.net.run_for(milliseconds(20));
  CHECK(f.client.fresh == (bit(1) | bit(2)));
  CHECK(f.parents.asked() == 0);
  CHECK(f.parents.served() == (bit(1) | bit(2)));
  CHECK(f.parents.from(f.session(f.p1)) == (bit(1) | bit(2)));
  CHECK(f.parents.parent(1) == f.session(f.p1));
  CHECK_FALSE(f.parents.parent(0));
  CHECK(f.parents.size() == 1);
}

TEST_CASE("parents: a question says all that is wanted of that peer, and who asks", "[swarm]") {
  Fixture f;
  f.client.children.set_home(bit(7));
  f.ask_and_wait(f.p1, bit(1));
  f.client.parents.ask(f.peer(f.p1), bit(7), 50, f.net.now);
  f.net.run_for(milliseconds(10));
  const auto asked = f.p1.peer.last<wire::Subscribe>();
  REQUIRE(asked);
  CHECK(asked->stripes == (bit(1) | bit(7)));
  CHECK(asked->home == bit(7));
  CHECK(asked->slots == f.client.children.slots());
  CHECK(asked->window_bytes == 100'000);
}

TEST_CASE("parents: what is granted in part is taken, and the rest noted with the peer for a while", "[swarm]") {
  Fixture f;
  f.p1.grants = bit(1);
  f.ask(f.p1, bit(1) | bit(2));
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.served() == bit(1));
  CHECK(f.parents.asked() == 0);
  CHECK(f.peer(f.p1).refuses(2, f.net.now));
  CHECK_FALSE(f.peer(f.p1).refuses(1, f.net.now));
  CHECK_FALSE(f.peer(f.p1).refuses(2, f.net.now + kRefusedFor));
}

TEST_CASE("parents: an unanswered question is repeated, and given up after so many tries", "[swarm]") {
  Fixture f;
  f.p1.mute = true;
  f.ask(f.p1, bit(1));
  f.net.run_for(seconds(5));
  CHECK(f.p1.peer.all<wire::Subscribe>().size() == Parents::kTries);
  CHECK(f.parents.asked() == 0);
  CHECK(f.parents.size() == 0);
  f.p1.mute = false;
  f.ask(f.p1, bit(1));
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.served() == bit(1));
}

TEST_CASE("parents: who did not answer is not asked again at once, and later if nothing was heard of it", "[swarm]") {
  const bool lives = GENERATE(false, true);
  Fixture f;
  f.p1.mute = true;
  f.ask(f.p1, bit(1));
  f.net.run_for(milliseconds(20));
  if (lives) f.p1.peer.say(wire::Head{0});  // so answers may have been lost
  REQUIRE(f.net.run_until_holds(seconds(5), [&] { return f.parents.asked() == 0; }));
  CHECK(f.peer(f.p1).refuses(1, f.net.now));
  CHECK(f.peer(f.p1).refuses(1, f.net.now + seconds(1)) == !lives);
  CHECK_FALSE(f.peer(f.p1).refuses(1, f.net.now + seconds(5)));
}

TEST_CASE("parents: a stripe keeps its parent until another has granted it", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, kAll);
  f.ask(f.p2, bit(3));
  CHECK(f.parents.parent(3) == f.session(f.p1));
  f.net.run_for(milliseconds(6));
  CHECK(f.p1.child == kAll);
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.parent(3) == f.session(f.p2));
  CHECK(f.parents.parent(4) == f.session(f.p1));
  CHECK(f.p1.child == (kAll & ~bit(3)));  // it has been told
  CHECK(f.parents.served() == kAll);
}

TEST_CASE("parents: one that refuses changes nothing for who is parent already", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, kAll);
  f.p2.grants = 0;
  f.ask(f.p2, bit(3));
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.parent(3) == f.session(f.p1));
  CHECK(f.p1.child == kAll);
  CHECK(f.parents.size() == 1);
}

TEST_CASE("parents: who has given its last stripe away is told so", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(3));
  f.ask_and_wait(f.p2, bit(3));
  f.net.run_for(milliseconds(20));
  CHECK(f.p1.peer.all<wire::Unsubscribe>().size() == 1);
  CHECK(f.parents.size() == 1);
}

TEST_CASE("parents: a grant that nobody waits for is declined", "[swarm]") {
  Fixture f;
  f.p1.reply(wire::SubscribeCode::kAccepted, bit(1));
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.served() == 0);
  CHECK(f.p1.peer.all<wire::Unsubscribe>().size() == 1);
}

TEST_CASE("parents: what a parent gives beside what was asked for is declined", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1));
  f.p1.reply(wire::SubscribeCode::kAccepted, bit(1) | bit(2));
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.served() == bit(1));
  CHECK(f.p1.child == bit(1));
}

TEST_CASE("parents: what a parent grants no more is lost", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1) | bit(2));
  f.p1.reply(wire::SubscribeCode::kNoStream, bit(2));
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.served() == bit(2));
  CHECK_FALSE(f.parents.parent(1));
}

TEST_CASE("parents: an answer to an earlier question refuses nothing that was asked for later", "[swarm]") {
  Fixture f;
  f.ask(f.p1, bit(1));
  f.net.run_for(milliseconds(7));  // the answer is on its way
  f.ask(f.p1, bit(2));
  f.net.run_for(milliseconds(30));
  CHECK(f.parents.served() == (bit(1) | bit(2)));
  CHECK_FALSE(f.peer(f.p1).refuses(2, f.net.now));
}

TEST_CASE("parents: what an answer to an earlier question grants is taken", "[swarm]") {
  Fixture f;
  f.p1.mute = true;
  f.ask(f.p1, bit(1) | bit(3));
  f.ask(f.p1, bit(2));
  f.net.run_for(milliseconds(10));
  const std::uint16_t id = f.p1.peer.last<wire::Subscribe>()->id;
  f.p1.peer.say(wire::SubscribeReply{.id = static_cast<std::uint16_t>(id - 1), .stripes = bit(1)});
  f.net.run_for(milliseconds(10));
  CHECK(f.client.fresh == bit(1));
  CHECK(f.parents.served() == bit(1));
  CHECK(f.parents.asked() == (bit(2) | bit(3)));  // the last word on what it refuses comes yet
  CHECK_FALSE(f.peer(f.p1).refuses(3, f.net.now));
  f.p1.peer.say(wire::SubscribeReply{.id = id, .stripes = bit(1) | bit(2)});
  f.net.run_for(milliseconds(10));
  CHECK(f.parents.served() == (bit(1) | bit(2)));
  CHECK(f.peer(f.p1).refuses(3, f.net.now));
}

TEST_CASE("parents: each question has a number of its own, which its repetitions keep", "[swarm]") {
  Fixture f;
  f.p1.mute = true;
  f.ask(f.p1, bit(1));
  f.net.run_for(milliseconds(350));
  f.ask(f.p1, bit(2));
  f.ask(f.p2, bit(3));
  f.net.run_for(milliseconds(20));
  const auto asked = f.p1.peer.all<wire::Subscribe>();
  REQUIRE(asked.size() >= 3);
  for (std::size_t i = 0; i + 1 < asked.size(); ++i) CHECK(asked[i].id == asked[0].id);
  CHECK(asked.back().id != asked[0].id);
  CHECK(asked.back().id != f.p2.peer.last<wire::Subscribe>()->id);
}

TEST_CASE("parents: no question is number 0, however many there have been", "[swarm]") {
  Fixture f;
  f.p1.mute = true;
  for (int i = 0; i < 70'000; ++i) {
    f.ask(f.p1, bit(1));
    if (i % 1'000 == 0) f.net.run_for(milliseconds(10));
  }
  f.net.run_for(milliseconds(10));
  const auto asked = f.p1.peer.all<wire::Subscribe>();
  CHECK(asked.size() >= 70'000);
  CHECK(std::none_of(asked.begin(), asked.end(), [](const wire::Subscribe& s) { return s.id == 0; }));
}

TEST_CASE("parents: an answer to another question than the last changes nothing", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1));
  f.p1.mute = true;
  f.ask(f.p1, bit(2));
  f.net.run_for(milliseconds(20));
  const std::uint16_t id = f.p1.peer.last<wire::Subscribe>()->id;
  for (const StripeMask stripes : {StripeMask{0}, bit(1) | bit(2)})
    f.p1.peer.say(wire::SubscribeReply{.id = static_cast<std::uint16_t>(id - 1), .stripes = stripes});
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.served() == bit(1));
  CHECK(f.parents.asked() == bit(2));
  f.p1.peer.say(wire::SubscribeReply{.id = id, .stripes = bit(1) | bit(2)});
  f.net.run_for(milliseconds(20));
  CHECK(f.parents.served() == (bit(1) | bit(2)));
  CHECK(f.parents.asked() == 0);
}

TEST_CASE("parents: one that does not know us any more gives nothing, but may still be asked", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1));
  f.p1.mute = true;
  SECTION("nothing is asked for") {
    f.p1.peer.say(wire::SubscribeReply{.code = wire::SubscribeCode::kNoStream});
    f.net.run_for(milliseconds(20));
    CHECK(f.parents.size() == 0);
    CHECK_FALSE(f.peer(f.p1).refuses(1, f.net.now));
  }
  SECTION("something is") {
    f.ask(f.p1, bit(2));
    f.p1.peer.say(wire::SubscribeReply{.code = wire::SubscribeCode::kNoStream});
    f.net.run_for(milliseconds(20));
    CHECK(f.parents.served() == 0);
    CHECK(f.parents.asked() == bit(2));
    f.p1.mute = false;
    f.net.run_for(milliseconds(200));
    CHECK(f.parents.served() == bit(2));
  }
}

TEST_CASE("parents: each stripe's path is its parent's, and ourselves", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1) | bit(2));
  CHECK_FALSE(f.parents.path(1));  // nothing is known yet
  f.parents.take_rerouted();
  wire::Path path;
  path.push_back(1);
  path.push_back(2);
  f.p1.status.routes = {{bit(1), path}};
  f.tell_status(f.p1);
  REQUIRE(f.parents.path(1));
  path.push_back(kSelf);
  CHECK(f.parents.path(1) == path);
  CHECK_FALSE(f.parents.path(2));
  CHECK(f.parents.take_rerouted() == bit(1));
  f.tell_status(f.p1);
  CHECK(f.parents.take_rerouted() == 0);
}

TEST_CASE("parents: a stripe that its parent has from nobody is an orphan until it has a path again", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1) | bit(2));
  f.tell_status(f.p1);
  CHECK(f.parents.orphaned_since(1) == kNever);
  f.parents.take_rerouted();
  const auto routes = f.p1.status.routes;
  f.p1.status.routes[0].stripes &= ~bit(1);
  f.tell_status(f.p1);
  const Instant since = f.parents.orphaned_since(1);
  CHECK(since <= f.net.now);
  CHECK(f.parents.orphaned_since(2) == kNever);
  CHECK_FALSE(f.parents.path(1));
  CHECK(f.parents.take_rerouted() == bit(1));
  f.net.run_for(milliseconds(100));
  f.tell_status(f.p1);
  CHECK(f.parents.orphaned_since(1) == since);
  f.p1.status.routes = routes;
  f.tell_status(f.p1);
  CHECK(f.parents.orphaned_since(1) == kNever);
  CHECK(f.parents.path(1));
}

TEST_CASE("parents: a stripe whose path leads through us is dropped, the others are not", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1) | bit(2));
  f.tell_status(f.p1);
  CHECK_FALSE(f.client.looped);
  wire::Path path = f.p1.status.routes[0].path;
  path.push_back(kSelf);
  f.p1.status.routes = {{bit(2), f.p1.status.routes[0].path}, {bit(1), path}};
  f.tell_status(f.p1);
  CHECK(f.client.looped);
  CHECK(f.parents.served() == bit(2));
  f.net.run_for(milliseconds(10));
  CHECK(f.p1.child == bit(2));
}

TEST_CASE("parents: a path that has no room for us is as bad as a loop", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1));
  wire::Path path;
  while (!path.full()) path.push_back(7);
  f.p1.status.routes = {{bit(1), path}};
  f.tell_status(f.p1);
  CHECK(f.client.looped);
  CHECK(f.parents.served() == 0);
}

TEST_CASE("parents: hash lists are had from two of them, one that of our home", "[swarm]") {
  Fixture f;
  f.client.children.set_home(bit(2));
  f.ask_and_wait(f.p1, bit(0) | bit(3));
  f.ask_and_wait(f.p3, bit(1) | bit(4));
  f.ask_and_wait(f.p2, bit(2));
  f.net.run_for(milliseconds(50));
  const auto lists = [](const ScriptedParent& parent) { return parent.peer.last<wire::Subscribe>()->lists; };
  CHECK(lists(f.p2));
  CHECK(lists(f.p1) + lists(f.p3) == 1);
  ScriptedParent& other = lists(f.p1) ? f.p1 : f.p3;
  ScriptedParent& third = lists(f.p1) ? f.p3 : f.p1;
  f.parents.forget(f.session(other));
  f.net.run_for(milliseconds(50));
  CHECK(lists(third));  // takes its turn
}

TEST_CASE("parents: of those without our home the nearest to the publisher sends lists", "[swarm]") {
  Fixture f;
  f.client.children.set_home(bit(9));
  wire::Path path;
  for (ScriptedParent* parent : {&f.p1, &f.p2, &f.p3}) {
    path.push_back(7);
    parent->status.routes = {{kAll, path}};
  }
  f.ask_and_wait(f.p3, bit(3));
  f.ask_and_wait(f.p2, bit(2));
  f.tell_status(f.p3);
  f.tell_status(f.p2);
  f.ask(f.p1, bit(1));
  f.net.run_for(milliseconds(20));
  f.tell_status(f.p1);
  f.ask_and_wait(f.p2, bit(4));  // they are chosen when stripes come and go
  f.net.run_for(milliseconds(50));
  CHECK(f.p1.peer.last<wire::Subscribe>()->lists);
  CHECK(f.p2.peer.last<wire::Subscribe>()->lists);
  CHECK_FALSE(f.p3.peer.last<wire::Subscribe>()->lists);
}

TEST_CASE("parents: one that is gone gave what it gave, and what it was asked for is open again", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1));
  f.ask(f.p1, bit(2));
  CHECK(f.parents.forget(f.session(f.p1)) == bit(1));
  CHECK(f.parents.served() == 0);
  CHECK(f.parents.asked() == 0);
  CHECK(f.parents.forget(f.session(f.p1)) == 0);
}

TEST_CASE("parents: what it is displaced in it keeps until the end, and from another on no more", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1) | bit(2));
  f.parents.on_displaced(f.session(f.p1), bit(1) | bit(5), f.net.now);
  CHECK(f.parents.ending() == bit(1));
  CHECK(f.parents.served() == (bit(1) | bit(2)));
  // The parent counts it no more, and says so; it still comes.
  f.p1.reply(wire::SubscribeCode::kFull, bit(2));
  f.net.run_for(milliseconds(10));
  CHECK(f.parents.parent(1) == f.session(f.p1));
  f.ask_and_wait(f.p2, bit(1));
  CHECK(f.parents.ending() == 0);
  CHECK(f.parents.parent(1) == f.session(f.p2));
}

TEST_CASE("parents: what it was displaced in has no parent after the while", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1) | bit(2));
  f.ask_and_wait(f.p2, bit(3));
  f.parents.on_displaced(f.session(f.p1), bit(1), f.net.now);
  f.parents.on_displaced(f.session(f.p2), bit(3), f.net.now);
  const Instant end = f.net.now + Children::kDisplacedFor;
  CHECK(f.parents.next_deadline() <= end);
  CHECK(f.parents.take_ended(end - Duration(1)) == 0);
  CHECK(f.parents.served() == (bit(1) | bit(2) | bit(3)));
  CHECK(f.parents.take_ended(end) == (bit(1) | bit(3)));
  CHECK(f.parents.served() == bit(2));
  CHECK(f.parents.ending() == 0);
  CHECK_FALSE(f.parents.parent(1));
  CHECK(f.parents.parent(2) == f.session(f.p1));
  CHECK(f.parents.size() == 1);
  CHECK(f.parents.take_ended(end) == 0);
}

TEST_CASE("parents: those of most of the stream are reported to often, the others seldom", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, kAll & ~bit(0));
  f.ask_and_wait(f.p2, bit(0));
  for (ScriptedParent* parent : {&f.p1, &f.p2}) parent->peer.heard.clear();
  f.net.run_for(3 * Parents::kReportIntervalPart);
  const auto often = static_cast<std::size_t>(3 * Parents::kReportIntervalPart / Parents::kReportInterval);
  const std::size_t to_whole = f.p1.peer.all<wire::Report>().size();
  const std::size_t to_part = f.p2.peer.all<wire::Report>().size();
  CHECK(to_whole >= often - 2);
  CHECK(to_whole <= often + 1);
  CHECK(to_part >= 2);
  CHECK(to_part <= 4);
}

TEST_CASE("parents: hear often enough that we are here, whatever they give", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, kAll & ~bit(0));
  f.ask_and_wait(f.p2, bit(0));
  f.net.run_for(seconds(1));
  Duration longest{};
  for (const Instant end = f.net.now + seconds(10); f.net.now < end; f.net.run_for(milliseconds(10)))
    for (const ScriptedParent* parent : {&f.p1, &f.p2}) {
      const auto& endpoint = parent->peer.endpoint;
      longest = std::max(longest, f.net.now - endpoint.last_received(*parent->peer.session));
    }
  CHECK(longest > milliseconds(500));  // not too often, either
  CHECK(longest <= Sender::kConsent * 2 / 5);
}

TEST_CASE("parents: all are told soon that what is on its way is not wanted any more", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1));
  f.ask_and_wait(f.p2, bit(0));
  f.net.run_for(milliseconds(20));
  for (ScriptedParent* parent : {&f.p1, &f.p2}) parent->peer.heard.clear();
  f.parents.report_soon(f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.p1.peer.all<wire::Report>().size() == 1);
  CHECK(f.p2.peer.all<wire::Report>().size() == 1);
}

TEST_CASE("parents: a new run begins without any, and those of the old one are told", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, kAll);
  f.ask(f.p2, bit(3));
  f.parents.begin({8, 0});
  CHECK(f.parents.all() == first_stripes(8));
  CHECK(f.parents.served() == 0);
  CHECK(f.parents.asked() == 0);
  f.net.run_for(milliseconds(20));
  CHECK(f.p1.peer.all<wire::Unsubscribe>().size() == 1);
  CHECK(f.p2.peer.all<wire::Unsubscribe>().size() >= 1);
}

TEST_CASE("parents: what comes of a stripe counts if it comes from its parent", "[swarm]") {
  Fixture f;
  f.ask_and_wait(f.p1, bit(1));
  f.ask_and_wait(f.p2, bit(2));
  const Instant later = f.net.now + seconds(1);
  f.parents.on_shard(f.session(f.p2), 17, false, later);  // of stripe 1
  CHECK(f.parents.last(1) < later);
  f.parents.on_shard(f.session(f.p1), 17, false, later);
  CHECK(f.parents.last(1) == later);
  CHECK(f.parents.next(1) == 18);
  const Instant last = later + seconds(1);
  f.parents.on_shard(f.session(f.p1), 1, false, last);  // an old one is no sign of life
  CHECK(f.parents.last(1) == later);
  CHECK(f.parents.next(1) == 18);
  f.parents.on_shard(f.session(f.p1), 1, true, later + milliseconds(1));  // but that nobody else had sent
  CHECK(f.parents.last(1) == later + milliseconds(1));
  CHECK(f.parents.next(1) == 18);
  f.parents.on_shard(f.session(f.p1), 16'000'001, false, last);  // nor is one that cannot have been published yet
  CHECK(f.parents.last(1) == later + milliseconds(1));
  CHECK(f.parents.next(1) == 18);
}
