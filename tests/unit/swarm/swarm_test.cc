#include "libcore/swarm/swarm.h"

#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr unsigned kData = PublishConfig{}.stripes;

struct Fixture {
  explicit Fixture(std::uint32_t children = 1) : host(1, with_room_for(children)) {
    net.add(host);
    for (ScriptedPeer* peer : {&a, &b}) {
      net.add(*peer);
      peer->dial(1, net.now);
    }
    net.run_for(milliseconds(100));
    REQUIRE(a.connected());
    REQUIRE(b.connected());
  }
  // For so many that have the whole stream from here.
  static PublishConfig with_room_for(std::uint32_t children) {
    PublishConfig config = publish_config();
    config.parity = 0;
    config.capacity_milli = children * 1'000;
    return config;
  }
  void feed(Duration d, ScriptedPeer* reporter = nullptr) {
    for (const Instant end = net.now + d; net.now < end; net.run_for(milliseconds(20))) {
      host.swarm->input_waited(milliseconds(20));
      host.swarm->input(ByteVector(2'000, 1), net.now);
      if (reporter != nullptr) reporter->say(wire::Report{0, 0, 0, 0, 70'000, 4, 3, reported});
    }
  }
  void ask(ScriptedPeer& peer, const wire::Control& message) {
    peer.say(message);
    net.run_for(milliseconds(20));
  }

  Net net;
  SwarmHost host;
  ScriptedPeer a{2};
  ScriptedPeer b{3};
  StripeMask reported = 0;  // what the reporter passes on
};

}  // namespace

TEST_CASE("swarm: an inquiry is answered with the status and the publisher's word", "[swarm]") {
  Fixture f;
  f.feed(milliseconds(100));
  f.ask(f.a, wire::Inquiry{wire::kAllStripes});
  const auto status = f.a.last<wire::Status>();
  REQUIRE(status);
  CHECK(status->role == wire::Role::kPublisher);
  CHECK(status->receiving);
  CHECK(status->slots == kData);
  CHECK(status->free_slots == kData);
  CHECK(status->home == first_stripes(kData));
  CHECK(status->open == status->home);
  CHECK(status->lags.size() == kData);
  CHECK(status->lags[3] == 0);
  REQUIRE(f.a.frames.size() == 1);
  CHECK(wire::verify_stream_info(f.a.frames[0], stream_key().public_key, crypto::sodium_suite()));
}

TEST_CASE("swarm: nothing of the stream goes to one who has not subscribed", "[swarm]") {
  Fixture f;
  f.feed(seconds(1));
  CHECK(f.a.frames.empty());
}

TEST_CASE("swarm: full, it refuses and introduces those it serves", "[swarm]") {
  Fixture f;
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
  CHECK(peers->peers[0] == wire::PeerRecord{f.a.keys.public_key, f.a.address, 3, 70'000, bit(4)});
  CHECK(f.b.last<wire::Status>()->free_slots == 0);
}

TEST_CASE("swarm: with no slots at all it refuses for good", "[swarm]") {
  Fixture f(0);
  f.ask(f.a, wire::Subscribe{});
  CHECK(f.a.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kNoUpload);
  CHECK(f.a.last<wire::Status>()->no_upload);
}

TEST_CASE("swarm: who asks for some stripes is given those, and told which way they come", "[swarm]") {
  Fixture f;
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

TEST_CASE("swarm: what has room is granted, and the rest refused with introductions", "[swarm]") {
  Fixture f;
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

TEST_CASE("swarm: malformed messages are counted, and what came before them holds", "[swarm]") {
  Fixture f;
  ByteVector text(wire::control_bytes(wire::Subscribe{}));
  Writer out(text);
  wire::write_control(out, wire::Subscribe{});
  text.insert(text.end(), {17, 0, 1, 0});  // a pong of one byte
  f.a.send_frame(text);
  f.net.run_for(milliseconds(20));
  CHECK(f.host.swarm->stats(f.net.now).malformed_packets == 1);
  CHECK(f.host.swarm->stats(f.net.now).children == 1);
}

TEST_CASE("swarm: a repeated subscription gets the same answer and costs no second slot", "[swarm]") {
  Fixture f;
  f.feed(milliseconds(100));
  f.ask(f.a, wire::Subscribe{});
  f.feed(milliseconds(100));
  f.ask(f.a, wire::Subscribe{});
  const auto replies = f.a.all<wire::SubscribeReply>();
  REQUIRE(replies.size() == 2);
  CHECK(replies[0] == replies[1]);
  CHECK(f.host.swarm->stats(f.net.now).children == 1);
}

TEST_CASE("swarm: one that has reported and asks for the newest again was restarted, and gets the newest", "[swarm]") {
  Fixture f;
  f.ask(f.a, wire::Subscribe{});
  f.feed(seconds(1), &f.a);
  f.ask(f.a, wire::Subscribe{});
  const auto replies = f.a.all<wire::SubscribeReply>();
  REQUIRE(replies.size() == 2);
  CHECK(replies[1].code == wire::SubscribeCode::kAccepted);
  CHECK(replies[1].first > replies[0].first + 20);
  CHECK(f.host.swarm->stats(f.net.now).children == 1);
}

TEST_CASE("swarm: an impossible first sequence is brought into what is here", "[swarm]") {
  const std::uint64_t wish = GENERATE(UINT64_MAX - 1, std::uint64_t{1} << 40);
  Fixture f;
  f.feed(milliseconds(200));
  f.ask(f.a, wire::Subscribe{.first = wish, .window_bytes = 100'000});
  const auto reply = f.a.last<wire::SubscribeReply>();
  REQUIRE(reply);
  CHECK(reply->first < 1'000);
}

TEST_CASE("swarm: reports from one it does not serve are answered with a refusal", "[swarm]") {
  Fixture f;
  f.ask(f.a, wire::Report{});
  CHECK(f.a.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kNoStream);
  CHECK(f.a.last<wire::SubscribeReply>()->id == 0);  // to no question
}

TEST_CASE("swarm: an answer names the question, whatever it says", "[swarm]") {
  const std::uint32_t room = GENERATE(0u, 1u);
  Fixture f(room);
  std::uint16_t id = 0xfffe;
  for (ScriptedPeer* peer : {&f.a, &f.b, &f.a}) {
    f.ask(*peer, wire::Subscribe{.id = ++id});
    REQUIRE(peer->last<wire::SubscribeReply>());
    CHECK(peer->last<wire::SubscribeReply>()->id == id);
  }
  CHECK(f.b.last<wire::SubscribeReply>()->code ==
        (room == 0 ? wire::SubscribeCode::kNoUpload : wire::SubscribeCode::kFull));
}

TEST_CASE("swarm: unsubscribing and goodbye free the slot", "[swarm]") {
  const bool goodbye = GENERATE(false, true);
  Fixture f;
  f.ask(f.a, wire::Subscribe{});
  REQUIRE(f.host.swarm->stats(f.net.now).children == 1);
  f.ask(f.a, goodbye ? wire::Control(wire::Bye{}) : wire::Control(wire::Unsubscribe{}));
  CHECK(f.host.swarm->stats(f.net.now).children == 0);
  f.ask(f.b, wire::Subscribe{});
  CHECK(f.b.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kAccepted);
}

TEST_CASE("swarm: after the handshakes every byte that is sent is counted, messages as control", "[swarm]") {
  Fixture f;
  const std::uint64_t before = f.host.bytes_sent;
  const SentBytes counted_before = f.host.swarm->stats(f.net.now).sent;
  const auto counted = [&] { return f.host.swarm->stats(f.net.now).sent.total() - counted_before.total(); };
  f.ask(f.a, wire::Ping{5, 30});
  f.ask(f.a, wire::Inquiry{});
  CHECK(counted() == f.host.bytes_sent - before);
  const SentBytes messages = f.host.swarm->stats(f.net.now).sent;
  CHECK(messages.total() == messages.control);
  f.ask(f.a, wire::Subscribe{});
  f.feed(milliseconds(400), &f.a);
  const SentBytes sent = f.host.swarm->stats(f.net.now).sent;
  CHECK(sent.payload > 0);
  CHECK(sent.signatures > 0);
  CHECK(sent.control > messages.control);
  CHECK(counted() == f.host.bytes_sent - before);
}

TEST_CASE("swarm: a pong tells the publisher's clock", "[swarm]") {
  Fixture f;
  f.ask(f.a, wire::Ping{5, 30});
  const auto pong = f.a.last<wire::Pong>();
  REQUIRE(pong);
  CHECK(pong->id == 5);
  REQUIRE(pong->media_us);
  const auto now_us = static_cast<double>(to_us(f.net.now - kStart));
  CHECK(static_cast<double>(*pong->media_us) == Approx(now_us).margin(20'000));
}

TEST_CASE("swarm: a member without the stream serves nobody", "[swarm]") {
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

TEST_CASE("swarm: a member refuses its own parent as a child", "[swarm]") {
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
}

TEST_CASE("swarm: a datagram full of inquiries is answered once", "[swarm]") {
  Fixture f;
  f.ask(f.a, wire::Subscribe{});
  f.net.run_for(seconds(1));
  f.a.heard.clear();
  for (int i = 0; i < 400; ++i) f.a.say(wire::Inquiry{wire::kAllStripes});
  f.net.run_for(milliseconds(15));
  CHECK(f.a.all<wire::Status>().size() <= 2);  // one answer, and perhaps the regular word to a child
}

TEST_CASE("swarm: a publisher that leaves ends its run, says goodbye to everybody, and stops", "[swarm]") {
  Fixture f;
  f.ask(f.a, wire::Subscribe{});
  f.host.swarm->leave(f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.host.stopped == StopReason::kLeft);
  CHECK(f.a.last<wire::Bye>() == wire::Bye{wire::ByeReason::kEnded});
  CHECK(f.b.last<wire::Bye>() == wire::Bye{wire::ByeReason::kEnded});
  const std::uint64_t sent = f.host.bytes_sent;
  f.a.say(wire::Inquiry{});
  f.net.run_for(seconds(5));
  CHECK(f.host.bytes_sent == sent);
}

TEST_CASE("swarm: a publisher that starts again under a new epoch is followed", "[swarm]") {
  Net net;
  SwarmHost viewer(5, join_config({1}));
  SwarmHost first(1, publish_config());
  net.add(viewer);
  net.add(first);
  const auto feed = [&](SwarmHost& publisher, std::uint8_t fill, int n) {
    for (int i = 0; i < n; ++i, net.run_for(milliseconds(20))) publisher.swarm->input(ByteVector(2'000, fill), net.now);
  };
  feed(first, 1, 100);
  CHECK(viewer.output.size() > 100'000);
  first.up = false;
  PublishConfig config = publish_config();
  config.epoch += 5'000;
  SwarmHost second(1, config);
  net.add(second);
  viewer.output.clear();
  feed(second, 2, 300);
  CHECK(std::count(viewer.output.begin(), viewer.output.end(), 2) > 400'000);
  CHECK_FALSE(viewer.stopped);
}

TEST_CASE("swarm: who wants no names is told the status only", "[swarm]") {
  Fixture f;
  f.ask(f.b, wire::Subscribe{});
  f.feed(milliseconds(100), &f.b);
  f.ask(f.a, wire::Inquiry{0});
  CHECK(f.a.last<wire::Status>());
  CHECK(f.a.all<wire::Peers>().empty());
  CHECK(f.a.frames.empty());
}

TEST_CASE("swarm: who is displaced is told by whom, and keeps its stripe for a moment", "[swarm]") {
  Fixture f;
  f.ask(f.a, wire::Subscribe{});
  const wire::Subscribe subscribe{.stripes = bit(3), .window_bytes = 100'000, .slots = 100, .home = bit(3)};
  f.ask(f.b, subscribe);
  CHECK(f.b.last<wire::SubscribeReply>()->stripes == bit(3));
  const auto displaced = f.a.last<wire::Displaced>();
  REQUIRE(displaced);
  CHECK(displaced->stripes == bit(3));
  CHECK(displaced->by.key == f.b.keys.public_key);
  CHECK(displaced->by.address == f.b.address);
  CHECK(displaced->by.home == bit(3));
}

TEST_CASE("swarm: who wants to meet a peer of ours is announced to it, and nobody else", "[swarm]") {
  Fixture f;
  f.ask(f.a, wire::Rendezvous{f.b.keys.public_key});
  CHECK(f.b.all<wire::Punch>() == std::vector<wire::Punch>{{f.a.address}});
  CHECK(f.a.all<wire::Punch>().empty());
  f.ask(f.a, wire::Rendezvous{f.a.keys.public_key});          // itself
  f.ask(f.a, wire::Rendezvous{node_keys_of(99).public_key});  // a stranger
  CHECK(f.a.all<wire::Punch>().empty());
  CHECK(f.b.all<wire::Punch>().size() == 1);
}

TEST_CASE("swarm: a punch sends one byte that means nothing", "[swarm]") {
  Fixture f;
  std::vector<std::size_t> sizes;
  f.net.fate = [&](const Address& from, const Address& to, Bytes bytes) {
    if (from == f.host.address && to == address_of(77)) sizes.push_back(bytes.size());
    return true;
  };
  f.ask(f.a, wire::Punch{address_of(77)});
  CHECK(sizes == std::vector<std::size_t>{1});
}

TEST_CASE("swarm: introductions and punches are limited", "[swarm]") {
  Fixture f;
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

TEST_CASE("swarm: a member that knows nothing of the stream yet answers with a status all the same", "[swarm]") {
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
  CHECK(peer.last<wire::Status>()->open == 0);
}

TEST_CASE("swarm: ways so many and so long that no datagram holds them are told in part", "[swarm]") {
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
  child.say(wire::Subscribe{.guest = true});
  net.run_for(milliseconds(100));
  REQUIRE(child.last<wire::SubscribeReply>());
  CHECK(count(child.last<wire::SubscribeReply>()->stripes) >= wire::kRoutesMax);
  REQUIRE(child.last<wire::Status>());
  CHECK(child.last<wire::Status>()->routes.size() > wire::kRoutesMax / 2);
}

TEST_CASE("swarm: a publisher has as many stripes, and parity, as it is told", "[swarm]") {
  const unsigned parity = GENERATE(0u, 1u, 3u);
  constexpr unsigned kStripes = 6;
  PublishConfig config = publish_config();
  config.stripes = kStripes;
  config.parity = static_cast<std::uint8_t>(parity);
  config.capacity_milli = 2'000;
  Net net;
  SwarmHost host(1, config);
  ScriptedPeer child(2);
  net.add(host);
  net.add(child);
  child.dial(1, net.now);
  net.run_for(milliseconds(100));
  child.say(wire::Inquiry{wire::kAllStripes});
  child.say(wire::Subscribe{.window_bytes = 1'000'000});
  net.run_for(milliseconds(20));
  REQUIRE(child.last<wire::Status>());
  CHECK(child.last<wire::Status>()->home == first_stripes(kStripes + parity));
  CHECK(child.last<wire::Status>()->lags.size() == kStripes + parity);
  REQUIRE(child.last<wire::SubscribeReply>());
  CHECK(child.last<wire::SubscribeReply>()->stripes == first_stripes(kStripes + parity));
  for (unsigned i = 0; i < 4 * kStripes; ++i, net.run_for(milliseconds(10))) {
    host.swarm->input_waited(milliseconds(10));
    host.swarm->input(ByteVector(500, 1), net.now);
  }
  std::size_t shards = 0;
  std::vector<std::size_t> parities(parity);
  for (const ByteVector& frame : child.frames) {
    if (const auto info = wire::parse_stream_info(frame)) {
      CHECK(info->stripes == kStripes);
      CHECK(info->parity == parity);
    } else if (const auto shard = wire::parse_shard(frame)) {
      ++shards;
      CHECK(shard->stripe == shard->sequence_low % kStripes);
    } else if (const auto frame_of_parity = wire::parse_parity(frame)) {
      REQUIRE(frame_of_parity->index < parity);
      ++parities[frame_of_parity->index];
    }
  }
  CHECK(shards == 4 * kStripes);
  CHECK(parities == std::vector<std::size_t>(parity, 4));
}
