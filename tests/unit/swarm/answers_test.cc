#include "libcore/swarm/answers.h"

#include <algorithm>

#include "tests/catch.h"
#include "tests/unit/swarm/publisher_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr unsigned kData = PublishConfig{}.stripes;

// In how many stripes whoever asks might be served.
long places(const wire::Status& status) {
  return std::count_if(status.stripes.begin(), status.stripes.end(),
                       [](const wire::StripeStatus& stripe) { return stripe.place != wire::kPlaceNone; });
}

}  // namespace

TEST_CASE("answers: an inquiry is answered with the status and the publisher's word", "[swarm]") {
  PublisherWorld f;
  f.feed(milliseconds(100));
  f.ask(f.a, wire::Inquiry{wire::kAllStripes});
  const auto status = f.a.last<wire::Status>();
  REQUIRE(status);
  CHECK(status->role == wire::Role::kPublisher);
  CHECK(status->receiving);
  CHECK(status->slots == kData);
  CHECK(status->free_slots == kData);
  CHECK(status->home == first_stripes(kData));
  REQUIRE(status->stripes.size() == kData);
  CHECK(status->stripes[3] == wire::StripeStatus{0, 0});
  REQUIRE(f.a.frames.size() == 1);
  CHECK(wire::verify_stream_info(f.a.frames[0], stream_key().public_key, crypto::sodium_suite()));
}

TEST_CASE("answers: full, it refuses and introduces those it serves", "[swarm]") {
  PublisherWorld f;
  wire::Subscribe subscribe;
  subscribe.home = bit(4);
  f.reported = bit(4);
  f.ask(f.a, subscribe);
  CHECK(f.a.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kAccepted);
  f.feed(milliseconds(300), &f.a);
  f.ask(f.b, wire::Subscribe{});
  CHECK(f.b.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kFull);
  const auto peers = f.b.last<wire::Peers>();
  REQUIRE(peers);
  REQUIRE(peers->peers.size() == 1);
  CHECK(peers->peers[0] == wire::PeerRecord{*f.a.record, 3, 70'000, bit(4), 10});
  CHECK(f.b.last<wire::Status>()->free_slots == 0);
}

TEST_CASE("answers: with no slots at all it refuses for good", "[swarm]") {
  PublisherWorld f(0);
  f.ask(f.a, wire::Subscribe{});
  CHECK(f.a.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kNoUpload);
  CHECK(f.a.last<wire::Status>()->no_upload);
}

TEST_CASE("answers: who asks for some stripes is given those, and told which way they come", "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Subscribe{.stripes = bit(1) | bit(5), .window_bytes = 100'000});
  const auto reply = f.a.last<wire::SubscribeReply>();
  REQUIRE(reply);
  CHECK(reply->code == wire::SubscribeCode::kAccepted);
  CHECK(reply->stripes == (bit(1) | bit(5)));
  const auto status = f.a.last<wire::Status>();
  REQUIRE(status);
  CHECK(status->free_slots == kData - 2);
  CHECK(status->routes == std::vector<wire::Route>{{bit(1) | bit(5), {}}});
  f.a.frames.clear();
  f.feed(milliseconds(500), &f.a);
  std::size_t shards = 0;
  for (const ByteVector& frame : f.a.frames)
    if (const auto shard = wire::parse_shard(frame)) {
      ++shards;
      CHECK((bit(static_cast<unsigned>(shard->sequence_low % kData)) & reply->stripes) != 0);
    }
  CHECK(shards > 3);
}

TEST_CASE("answers: what has room is granted, and the rest refused with introductions", "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Subscribe{.stripes = first_stripes(kData - 2), .window_bytes = 100'000, .slots = 8, .home = bit(2)});
  f.reported = bit(2);
  f.feed(milliseconds(100), &f.a);
  f.ask(f.b, wire::Subscribe{});
  const auto reply = f.b.last<wire::SubscribeReply>();
  REQUIRE(reply);
  CHECK(reply->code == wire::SubscribeCode::kFull);
  CHECK(count(reply->stripes) == 2);
  const auto peers = f.b.last<wire::Peers>();
  REQUIRE(peers);
  REQUIRE(peers->peers.size() == 1);
  CHECK(peers->peers[0].home == bit(2));
}

TEST_CASE("answers: a new child is pinged until its round trip is known, also when the first ping is lost", "[swarm]") {
  PublisherWorld f;
  bool deaf = true;
  f.net.fate = [&](const Address&, const Address& to, Bytes) { return !deaf || to != f.a.address; };
  f.ask(f.a, wire::Subscribe{.stripes = bit(1), .window_bytes = 100'000});
  deaf = false;
  REQUIRE(f.host.swarm->stats(f.net.now).children == 1);
  f.a.answers_pings = false;
  f.feed(milliseconds(3'500), &f.a);
  CHECK(f.a.all<wire::Ping>().size() >= 3);
  CHECK(f.a.all<wire::Ping>().size() <= 4);
  f.a.answers_pings = true;
  f.feed(milliseconds(1'500), &f.a);
  f.a.heard.clear();
  f.feed(milliseconds(3'500), &f.a);
  CHECK(f.a.all<wire::Ping>().empty());
}

TEST_CASE("answers: a repeated subscription gets the same answer and costs no second slot", "[swarm]") {
  PublisherWorld f;
  f.feed(milliseconds(100));
  f.ask(f.a, wire::Subscribe{});
  f.feed(milliseconds(100));
  f.ask(f.a, wire::Subscribe{});
  const auto replies = f.a.all<wire::SubscribeReply>();
  REQUIRE(replies.size() == 2);
  CHECK(replies[0] == replies[1]);
  CHECK(f.host.swarm->stats(f.net.now).children == 1);
}

TEST_CASE("answers: one that has reported and asks for the newest again was restarted, and gets the newest",
          "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Subscribe{});
  f.feed(seconds(1), &f.a);
  f.ask(f.a, wire::Subscribe{});
  const auto replies = f.a.all<wire::SubscribeReply>();
  REQUIRE(replies.size() == 2);
  CHECK(replies[1].code == wire::SubscribeCode::kAccepted);
  CHECK(replies[1].first > replies[0].first + 20);
  CHECK(f.host.swarm->stats(f.net.now).children == 1);
}

TEST_CASE("answers: an impossible first sequence is brought into what is here", "[swarm]") {
  const std::uint64_t wish = GENERATE(UINT64_MAX - 1, std::uint64_t{1} << 40);
  PublisherWorld f;
  f.feed(milliseconds(200));
  f.ask(f.a, wire::Subscribe{.first = wish, .window_bytes = 100'000});
  const auto reply = f.a.last<wire::SubscribeReply>();
  REQUIRE(reply);
  CHECK(reply->first < 1'000);
}

TEST_CASE("answers: an answer names the question, whatever it says", "[swarm]") {
  const std::uint32_t room = GENERATE(0u, 1u);
  PublisherWorld f(room);
  std::uint16_t id = 0xfffe;
  for (ScriptedPeer* peer : {&f.a, &f.b, &f.a}) {
    f.ask(*peer, wire::Subscribe{.id = ++id});
    REQUIRE(peer->last<wire::SubscribeReply>());
    CHECK(peer->last<wire::SubscribeReply>()->id == id);
  }
  CHECK(f.b.last<wire::SubscribeReply>()->code ==
        (room == 0 ? wire::SubscribeCode::kNoUpload : wire::SubscribeCode::kFull));
}

TEST_CASE("answers: a member without the stream serves nobody", "[swarm]") {
  Net net;
  SwarmHost member(5, join_config({}));
  ScriptedPeer peer(2);
  net.add(member);
  net.add(peer);
  peer.dial(5, net.now);
  net.run_for(milliseconds(100));
  peer.say(wire::Subscribe{});
  net.run_for(milliseconds(50));
  CHECK(peer.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kNoStream);
  CHECK_FALSE(peer.last<wire::Status>()->receiving);
}

TEST_CASE("answers: a member refuses its own parent as a child", "[swarm]") {
  Net net;
  SwarmHost member(5, join_config({1}));
  ScriptedParent parent(1);
  net.add(member);
  net.add(parent.peer);
  net.run_for(milliseconds(500));
  REQUIRE(member.parent());
  parent.peer.say(wire::Subscribe{});
  net.run_for(milliseconds(50));
  REQUIRE(parent.peer.last<wire::SubscribeReply>());
  CHECK(parent.peer.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kLoop);
  // Nor does it offer what would be refused.
  parent.peer.say(wire::Inquiry{wire::kAllStripes});
  net.run_for(milliseconds(50));
  REQUIRE(parent.peer.last<wire::Status>());
  CHECK(places(*parent.peer.last<wire::Status>()) == 0);
}

TEST_CASE("answers: a datagram full of inquiries is answered once", "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Subscribe{});
  f.net.run_for(seconds(1));
  f.a.heard.clear();
  for (int i = 0; i < 400; ++i) f.a.say(wire::Inquiry{wire::kAllStripes});
  f.net.run_for(milliseconds(15));
  CHECK(f.a.all<wire::Status>().size() <= 2);  // one answer, and perhaps the regular word to a child
}

TEST_CASE("answers: of pings, and of reports of one that is no child, so many are answered and no more", "[swarm]") {
  PublisherWorld f;
  f.net.run_for(seconds(2));
  f.a.heard.clear();
  for (int i = 0; i < 100; ++i) {
    for (std::uint32_t n = 0; n < 100; ++n) f.a.say(wire::Ping{n, 0});
    for (int n = 0; n < 100; ++n) f.a.say(wire::Report{});
    f.net.run_for(milliseconds(10));
  }
  const std::size_t pongs = f.a.all<wire::Pong>().size();
  const std::size_t replies = f.a.all<wire::SubscribeReply>().size();
  CHECK(pongs >= Peer::kPingsBurst);
  CHECK(pongs <= Peer::kPingsBurst + Peer::kPingsPerSecond + 1);
  CHECK(replies >= Peer::kSubscribesBurst);
  CHECK(replies <= Peer::kSubscribesBurst + Peer::kSubscribesPerSecond + 1);
  f.b.heard.clear();
  f.ask(f.b, wire::Ping{7, 0});  // each has a budget of its own
  CHECK(f.b.all<wire::Pong>().size() == 1);
}

TEST_CASE("answers: who wants no names is told the status only", "[swarm]") {
  PublisherWorld f;
  f.ask(f.b, wire::Subscribe{});
  f.feed(milliseconds(100), &f.b);
  f.ask(f.a, wire::Inquiry{0});
  CHECK(f.a.last<wire::Status>());
  CHECK(f.a.all<wire::Peers>().empty());
  CHECK(f.a.frames.empty());
}

TEST_CASE("answers: who is displaced is told by whom, and keeps its stripe for a moment", "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Subscribe{});
  const wire::Subscribe subscribe{.stripes = bit(3), .window_bytes = 100'000, .slots = 100, .home = bit(3)};
  f.ask(f.b, subscribe);
  CHECK(f.b.last<wire::SubscribeReply>()->stripes == bit(3));
  const auto displaced = f.a.last<wire::Displaced>();
  REQUIRE(displaced);
  CHECK(displaced->stripes == bit(3));
  CHECK(displaced->by.record == f.b.record);
  CHECK(displaced->by.home == bit(3));
}

TEST_CASE("answers: whoever serves nobody is named to nobody, nor told to meet anybody", "[swarm]") {
  PublisherWorld f;
  f.ask(f.b, wire::Subscribe{.stripes = bit(2), .window_bytes = 100'000});
  f.ask(f.b, wire::Report{0, 0, 0, 0, 70'000, 0, 0, 0});
  f.ask(f.b, wire::Status{});
  f.a.heard.clear();
  f.ask(f.a, wire::Rendezvous{f.b.keys.public_key});
  CHECK(f.b.all<wire::Punch>().empty());
  f.ask(f.a, wire::Inquiry{wire::kAllStripes});
  for (const wire::Peers& peers : f.a.all<wire::Peers>())
    for (const wire::PeerRecord& peer : peers.peers) CHECK(peer.record.key != f.b.record->key);
}

TEST_CASE("answers: who wants to meet a peer of ours is announced to it, and nobody else", "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Rendezvous{f.b.keys.public_key});
  CHECK(f.b.all<wire::Punch>() == std::vector<wire::Punch>{{f.a.address}});
  CHECK(f.a.all<wire::Punch>().empty());
  f.ask(f.a, wire::Rendezvous{f.a.keys.public_key});          // itself
  f.ask(f.a, wire::Rendezvous{node_keys_of(99).public_key});  // a stranger
  CHECK(f.a.all<wire::Punch>().empty());
  CHECK(f.b.all<wire::Punch>().size() == 1);
}

TEST_CASE("answers: introductions and punches are limited", "[swarm]") {
  PublisherWorld f;
  std::size_t punches = 0;
  f.net.fate = [&](const Address&, const Address& to, Bytes) {
    punches += to == address_of(77) ? 1u : 0u;
    return true;
  };
  for (int i = 0; i < 2'000; ++i) f.a.say(wire::Punch{address_of(77)});
  for (int i = 0; i < 2'000; ++i) f.a.say(wire::Rendezvous{f.b.keys.public_key});
  f.net.run_for(milliseconds(100));
  CHECK(punches > 0);
  CHECK(punches <= Peer::kIntroductionsBurst + Peer::kIntroductionsPerSecond);
  CHECK(f.b.all<wire::Punch>().size() <= Peer::kIntroductionsBurst + Peer::kIntroductionsPerSecond);
}

TEST_CASE("answers: many that want to meet one peer make us tell it no more than one may", "[swarm]") {
  PublisherWorld f;
  std::vector<std::unique_ptr<ScriptedPeer>> askers;
  for (std::uint8_t n = 100; n < 120; ++n) {
    f.net.add(*askers.emplace_back(std::make_unique<ScriptedPeer>(n)));
    askers.back()->dial(1, f.net.now);
  }
  f.net.run_for(milliseconds(100));
  for (const auto& asker : askers)
    for (int i = 0; i < 10; ++i) asker->say(wire::Rendezvous{f.b.keys.public_key});
  f.net.run_for(milliseconds(500));
  CHECK(f.b.all<wire::Punch>().size() >= 4 * Peer::kIntroductionsBurst);
  CHECK(f.b.all<wire::Punch>().size() <= 4 * Peer::kIntroductionsBurst + 2 * Peer::kIntroductionsPerSecond + 1);
}

TEST_CASE("answers: one that asks for a peer all the time does not keep others from meeting it", "[swarm]") {
  PublisherWorld f;
  ScriptedPeer honest(100);
  f.net.add(honest);
  honest.dial(1, f.net.now);
  for (int i = 0; i < 50; ++i) {
    for (int n = 0; n < 20; ++n) f.a.say(wire::Rendezvous{f.b.keys.public_key});
    f.net.run_for(milliseconds(20));
  }
  f.b.heard.clear();
  honest.say(wire::Rendezvous{f.b.keys.public_key});
  f.net.run_for(milliseconds(20));
  const auto punches = f.b.all<wire::Punch>();
  CHECK(std::any_of(punches.begin(), punches.end(),
                    [&](const wire::Punch& punch) { return punch.address == honest.address; }));
}

TEST_CASE("answers: nobody is sent a byte at an address that whoever names it cannot know", "[swarm]") {
  PublisherWorld f;
  std::size_t elsewhere = 0;
  f.net.fate = [&](const Address& from, const Address& to, Bytes) {
    elsewhere += from == address_of(1) && to != f.a.address && to != f.b.address ? 1u : 0u;
    return true;
  };
  for (const Address& told : {Address::v4(127, 0, 0, 1, 7'400), Address::v4(224, 0, 0, 1, 7'400),
                              Address::v4(169, 254, 0, 1, 7'400), Address::v4(10, 0, 0, 77, 53), Address{}})
    f.a.say(wire::Punch{told});
  f.net.run_for(milliseconds(100));
  CHECK(elsewhere == 0);
  CHECK(f.host.swarm->stats(f.net.now).refused_addresses == 5);
}

TEST_CASE("answers: a member that knows nothing of the stream yet answers with a status all the same", "[swarm]") {
  Net net;
  SwarmHost member(5, join_config({}));
  ScriptedPeer peer(2);
  net.add(member);
  net.add(peer);
  peer.dial(5, net.now);
  net.run_for(milliseconds(100));
  peer.say(wire::Inquiry{wire::kAllStripes});
  net.run_for(milliseconds(50));
  REQUIRE(peer.last<wire::Status>());
  CHECK_FALSE(peer.last<wire::Status>()->receiving);
  CHECK(places(*peer.last<wire::Status>()) == 0);
}

TEST_CASE("answers: ways so many and so long that no datagram holds them are told in part", "[swarm]") {
  Net net;
  SwarmHost member(5, join_config({1}), 0);
  ScriptedParent parent(1);
  ScriptedPeer child(2);
  net.add(member);
  net.add(parent.peer);
  net.add(child);
  parent.status.routes.clear();
  for (unsigned s = 0; s < wire::kRoutesMax; ++s) {
    wire::Route& route = parent.status.routes.emplace_back();
    route.stripes = bit(s);
    for (wire::ShortId hop = 1; hop < wire::kPathMax; ++hop) route.path.push_back(100 * s + hop);
  }
  net.run_for(milliseconds(500));
  REQUIRE(parent.child == kStriping.mask());
  parent.tell_status();
  child.dial(5, net.now);
  net.run_for(milliseconds(100));
  child.say(wire::Subscribe{});
  net.run_for(milliseconds(100));
  REQUIRE(child.last<wire::SubscribeReply>());
  CHECK(count(child.last<wire::SubscribeReply>()->stripes) >= wire::kRoutesMax);
  REQUIRE(child.last<wire::Status>());
  CHECK(child.last<wire::Status>()->routes.size() > wire::kRoutesMax / 2);
}
