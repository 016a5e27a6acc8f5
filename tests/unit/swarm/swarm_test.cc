#include "libcore/swarm/swarm.h"

#include "tests/catch.h"
#include "tests/unit/swarm/publisher_world.h"
#include "tests/unit/swarm/scripted_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("swarm: nothing of the stream goes to one who has not subscribed", "[swarm]") {
  PublisherWorld f;
  f.feed(seconds(1));
  CHECK(f.a.frames.empty());
}

TEST_CASE("swarm: malformed messages are counted, and what came before them holds", "[swarm]") {
  PublisherWorld f;
  ByteVector text(wire::control_bytes(wire::Subscribe{}));
  Writer out(text);
  wire::write_control(out, wire::Subscribe{});
  text.insert(text.end(), {17, 0, 1, 0});  // a pong of one byte
  f.a.send_frame(text);
  f.net.run_for(milliseconds(20));
  CHECK(f.host.swarm->stats(f.net.now).malformed_packets == 1);
  CHECK(f.host.swarm->stats(f.net.now).children == 1);
}

TEST_CASE("swarm: reports from one it does not serve are answered with a refusal", "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Report{});
  CHECK(f.a.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kNoStream);
  CHECK(f.a.last<wire::SubscribeReply>()->id == 0);  // to no question
}

TEST_CASE("swarm: unsubscribing and goodbye free the slot", "[swarm]") {
  const bool goodbye = GENERATE(false, true);
  PublisherWorld f;
  f.ask(f.a, wire::Subscribe{});
  REQUIRE(f.host.swarm->stats(f.net.now).children == 1);
  f.ask(f.a, goodbye ? wire::Control(wire::Bye{}) : wire::Control(wire::Unsubscribe{}));
  CHECK(f.host.swarm->stats(f.net.now).children == 0);
  f.ask(f.b, wire::Subscribe{});
  CHECK(f.b.last<wire::SubscribeReply>()->code == wire::SubscribeCode::kAccepted);
}

TEST_CASE("swarm: after handshakes and path probes every byte that is sent is counted, messages as control",
          "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Subscribe{});
  f.feed(milliseconds(400), &f.a);  // path probes are behind us, too
  f.ask(f.a, wire::Unsubscribe{});
  const std::uint64_t before = f.host.bytes_sent;
  const SentBytes counted_before = f.host.swarm->stats(f.net.now).sent;
  const auto counted = [&] { return f.host.swarm->stats(f.net.now).sent.total() - counted_before.total(); };
  f.ask(f.a, wire::Ping{5, 30});
  f.ask(f.a, wire::Inquiry{});
  CHECK(counted() == f.host.bytes_sent - before);
  const SentBytes messages = f.host.swarm->stats(f.net.now).sent;
  CHECK(messages.total() - counted_before.total() == messages.control - counted_before.control);
  f.ask(f.a, wire::Subscribe{});
  f.feed(milliseconds(400), &f.a);
  const SentBytes sent = f.host.swarm->stats(f.net.now).sent;
  CHECK(sent.payload > messages.payload);
  CHECK(sent.signatures > messages.signatures);
  CHECK(sent.control > messages.control);
  CHECK(counted() == f.host.bytes_sent - before);
}

TEST_CASE("swarm: a pong tells the publisher's clock", "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Ping{5, 30});
  const auto pong = f.a.last<wire::Pong>();
  REQUIRE(pong);
  CHECK(pong->id == 5);
  REQUIRE(pong->media_us);
  const auto now_us = static_cast<double>(to_us(f.net.now - kStart));
  CHECK(static_cast<double>(*pong->media_us) == Approx(now_us).margin(20'000));
}

TEST_CASE("swarm: a publisher that leaves ends its run, says goodbye to everybody, and stops", "[swarm]") {
  PublisherWorld f;
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

TEST_CASE("swarm: each new run of the publisher is told once", "[swarm]") {
  ScriptedWorld f({1});
  f.run(seconds(1));
  CHECK(f.viewer.epochs == std::vector<std::uint64_t>{stream::kEpoch});
  f.p1.tell_info(0, 2'000'000);
  f.p1.tell_info(0, 1'000'000, stream::kEpoch + 5);
  f.p1.tell_info(0, 3'000'000);
  f.run(seconds(1));
  CHECK(f.viewer.epochs == std::vector<std::uint64_t>{stream::kEpoch, stream::kEpoch + 5});
}

TEST_CASE("swarm: a publisher that starts anew is followed by one who knew the run before", "[swarm]") {
  JoinConfig config = join_config({1});
  config.epoch_min = stream::kEpoch;
  Net net;
  SwarmHost viewer(5, config);
  PublishConfig later = publish_config();
  later.epoch = stream::kEpoch + 1;
  SwarmHost publisher(1, later);
  net.add(viewer);
  net.add(publisher);
  for (int i = 0; i < 100; ++i, net.run_for(milliseconds(20))) publisher.swarm->input(ByteVector(2'000, 1), net.now);
  CHECK(viewer.output.size() > 100'000);
  CHECK(viewer.epochs == std::vector<std::uint64_t>{stream::kEpoch + 1});
}

TEST_CASE("swarm: a punch sends one byte that means nothing", "[swarm]") {
  PublisherWorld f;
  std::vector<std::size_t> sizes;
  f.net.fate = [&](const Address& from, const Address& to, Bytes bytes) {
    if (from == f.host.address && to == address_of(77)) sizes.push_back(bytes.size());
    return true;
  };
  f.ask(f.a, wire::Punch{address_of(77)});
  CHECK(sizes == std::vector<std::size_t>{1});
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
  CHECK(child.last<wire::Status>()->stripes.size() == kStripes + parity);
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
