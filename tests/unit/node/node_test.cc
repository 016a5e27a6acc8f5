#include "libcore/node/node.h"

#include <set>

#include "tests/catch.h"
#include "tests/unit/swarm/node_host.h"

using namespace spate;
using namespace spate::node;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kRate = 250'000;  // bytes a second

swarm::PublishConfig private_publish_config() {
  swarm::PublishConfig config = publish_config();
  config.swarm_secret.fill(7);
  config.content_secret = crypto::SymmetricKey{1, 2, 3};
  return config;
}
swarm::JoinConfig private_join_config() {
  swarm::JoinConfig config = join_config({1});
  config.swarm_secret.fill(7);
  config.content_secret = crypto::SymmetricKey{1, 2, 3};
  return config;
}

}  // namespace

TEST_CASE("node: what one publishes the other plays, byte for byte, with 5 % of all datagrams lost", "[node]") {
  const std::uint64_t loss_percent = GENERATE(0u, 5u, 20u);
  crypto::ChaChaRng rng(9);
  Net net;
  net.fate = [&](const Address&, const Address&, Bytes) { return rng.below(100) >= loss_percent; };
  NodeHost a(1);
  NodeHost b(2);
  net.add(a);
  net.add(b);
  a.node.publish(publish_config(), net.now);
  b.node.join(join_config({1}), net.now);
  REQUIRE(net.run_until_holds(seconds(10), [&] { return b.joined; }));
  Feed feed(a, kRate);
  feed.run(net, seconds(10));
  feed.end(net);
  net.run_for(seconds(8));
  CHECK(b.output == feed.all);
  CHECK(b.stopped == StopReason::kEnded);
  CHECK(a.stopped == StopReason::kEnded);
  const StreamStats stats = b.node.stats(0, net.now);
  CHECK(stats.lost_packets == 0);
  CHECK(stats.bytes_out == feed.all.size());
  if (loss_percent > 0) CHECK(stats.repaired_packets > 0);
}

TEST_CASE("node: the same inputs at the same times make the same datagrams", "[node]") {
  const auto run = [] {
    Net net;
    std::vector<ByteVector> datagrams;
    crypto::ChaChaRng rng(9);
    net.fate = [&](const Address&, const Address&, Bytes bytes) {
      datagrams.emplace_back(bytes.begin(), bytes.end());
      return rng.below(20) != 0;
    };
    NodeHost a(1);
    NodeHost b(2);
    net.add(a);
    net.add(b);
    a.node.publish(publish_config(), net.now);
    b.node.join(join_config({1}), net.now);
    Feed(a, kRate).run(net, seconds(3));
    return datagrams;
  };
  const auto first = run();
  CHECK(first.size() > 500);
  CHECK(first == run());
}

TEST_CASE("node: a stream that has stopped answers nobody, and may be joined again", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  NodeHost c(3);
  for (NodeHost* host : {&a, &b, &c}) net.add(*host);
  a.node.publish(publish_config(), net.now);
  a.node.publish(private_publish_config(), net.now);  // goes on, so that the host itself is there
  b.node.join(join_config({1}), net.now);
  net.run_for(seconds(1));
  REQUIRE(b.joined);
  a.node.end_input(0, net.now);
  REQUIRE(net.run_until_holds(seconds(10), [&] { return a.stopped && b.stopped; }));
  net.run_for(milliseconds(100));
  CHECK(a.node.stats().sessions == 0);
  CHECK(b.node.stats().sessions == 0);

  const std::uint64_t sent = a.node.stats().datagrams_sent;
  c.node.join(join_config({1}), net.now);
  net.run_for(seconds(3));
  CHECK(a.node.stats().datagrams_sent == sent);
  CHECK(c.node.stats().sessions == 1);  // dialling

  swarm::PublishConfig again = publish_config();
  ++again.epoch;
  a.node.publish(again, net.now);
  b.joined = false;
  const StreamIndex stream = b.node.join(join_config({1}), net.now);
  REQUIRE(net.run_until_holds(seconds(10), [&] { return b.joined && c.joined; }));
  CHECK(b.node.stats(stream, net.now).parents == 1);
}

TEST_CASE("node: what a stream that has stopped had kept is room for those that follow", "[node]") {
  BufferPool pool;
  Net net;
  NodeHost a(1);
  NodeHost b(2, 0, 0, &pool);
  net.add(a);
  net.add(b);
  a.node.publish(publish_config(), net.now);
  Feed feed(a, kRate);
  std::vector<std::size_t> blocks;
  for (int round = 0; round < 4; ++round) {
    b.joined = false;
    b.node.join(join_config({1}), net.now);
    feed.run(net, seconds(5));
    REQUIRE(b.joined);
    b.node.leave(net.now);
    feed.run(net, milliseconds(100));
    CHECK(b.node.stats().sessions == 0);
    blocks.push_back(pool.blocks_allocated());
  }
  CHECK(blocks.front() > 5 * kRate / 1'316);
  CHECK(blocks.back() <= blocks.front() * 3 / 2);  // whoever joins is sent what was before, too
}

TEST_CASE("node: a chain of two hops plays the same bytes", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  NodeHost c(3);
  for (NodeHost* host : {&a, &b, &c}) net.add(*host);
  auto publish = publish_config();
  publish.capacity_milli = 1'000;
  a.node.publish(publish, net.now);
  b.node.join(join_config({1}), net.now);
  Feed feed(a, kRate);
  feed.run(net, seconds(1));
  REQUIRE(b.joined);
  c.node.join(join_config({1}), net.now);
  feed.run(net, seconds(5));
  feed.end(net);
  net.run_for(seconds(5));
  CHECK(c.node.stats(0, net.now).depth <= 2);
  CHECK(a.node.stats(0, net.now).bytes_out < feed.all.size() * 5 / 4);  // one copy, and a moment of two
  CHECK(is_end_of(c.output, feed.all));
  CHECK(c.output.size() > feed.all.size() / 2);
  for (NodeHost* host : {&a, &b, &c}) CHECK(host->stopped == StopReason::kEnded);
}

TEST_CASE("node: one behind a box is reached because whoever named it has it open the box", "[node]") {
  const bool introduced = GENERATE(true, false);
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  NodeHost c(3);
  for (NodeHost* host : {&a, &b, &c}) net.add(*host);
  // What comes to b comes through only from where b has sent something before.
  std::set<Address> opened;
  std::size_t punches = 0;
  net.fate = [&](const Address& from, const Address& to, Bytes bytes) {
    if (from == b.address) {
      if (bytes.size() == 1 && to == c.address) {
        ++punches;
        if (!introduced) return false;
      }
      if (bytes.size() > 1 || introduced) opened.insert(to);
    }
    return to != b.address || opened.count(from) > 0;
  };
  auto publish = publish_config();
  publish.capacity_milli = 1'000;  // for one that has it all
  a.node.publish(publish, net.now);
  b.node.join(join_config({1}), net.now);
  Feed feed(a, kRate);
  feed.run(net, seconds(2));
  REQUIRE(b.joined);
  auto config = join_config({1});
  config.capacity_milli = 0;  // nobody makes room for it
  c.node.join(config, net.now);
  feed.run(net, seconds(5));
  CHECK(punches > 0);
  CHECK(c.joined == introduced);
}

TEST_CASE("node: a private stream comes out plain at one who has its secrets", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  net.add(a);
  net.add(b);
  a.node.publish(private_publish_config(), net.now);
  b.node.join(private_join_config(), net.now);
  REQUIRE(net.run_until_holds(seconds(5), [&] { return b.joined; }));
  Feed feed(a, kRate);
  feed.run(net, seconds(3));
  feed.end(net);
  net.run_for(seconds(5));
  CHECK(b.output == feed.all);
}

TEST_CASE("node: a relay without the content secret forwards a private stream to one who has it", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost relay(2);
  NodeHost viewer(3);
  for (NodeHost* host : {&a, &relay, &viewer}) net.add(*host);
  a.node.publish(private_publish_config(), net.now);
  auto config = private_join_config();
  config.content_secret.reset();
  config.output = false;
  relay.node.join(config, net.now);
  Feed feed(a, kRate);
  feed.run(net, seconds(1));
  REQUIRE(relay.joined);
  config = private_join_config();
  config.hosts = {host_of(2)};
  viewer.node.join(config, net.now);
  feed.run(net, seconds(4));
  feed.end(net);
  net.run_for(seconds(5));
  CHECK(relay.output.empty());
  CHECK(relay.stopped == StopReason::kEnded);
  CHECK(is_end_of(viewer.output, feed.all));
  CHECK(viewer.output.size() > feed.all.size() / 2);
  CHECK(viewer.node.stats(0, net.now).lost_packets == 0);
}

TEST_CASE("node: a wrong or missing content secret ends with kWrongSecret and plays nothing", "[node]") {
  const bool missing = GENERATE(false, true);
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  net.add(a);
  net.add(b);
  a.node.publish(private_publish_config(), net.now);
  auto config = private_join_config();
  config.content_secret->fill(9);
  if (missing) config.content_secret.reset();
  b.node.join(config, net.now);
  Feed feed(a, kRate);
  feed.run(net, seconds(3));
  CHECK(b.stopped == StopReason::kWrongSecret);
  CHECK(b.output.empty());
}

TEST_CASE("node: a receiver of the whole stream that vanishes is sent nothing of it after 2 s", "[node]") {
  Net net;
  std::uint64_t to_b = 0;
  std::size_t large = 0;
  NodeHost a(1);
  NodeHost b(2);
  net.add(a);
  net.add(b);
  net.fate = [&](const Address&, const Address& to, Bytes bytes) {
    if (to != b.address) return true;
    to_b += bytes.size();
    large += bytes.size() > 500;
    return true;
  };
  a.node.publish(publish_config(), net.now);
  b.node.join(join_config({1}), net.now);
  Feed feed(a, kRate);
  feed.run(net, seconds(3));
  REQUIRE(b.joined);
  b.up = false;
  large = 0;
  feed.run(net, seconds(2));
  CHECK(large > 0);  // it was not known at once
  to_b = 0;
  large = 0;
  feed.run(net, seconds(6));
  CHECK(large == 0);
  CHECK(to_b < 10'000);
  feed.run(net, seconds(4));  // 10 s after the last that was heard there is no session
  to_b = 0;
  feed.run(net, seconds(5));
  CHECK(to_b == 0);
}

TEST_CASE("node: a wrong swarm secret meets silence", "[node]") {
  Net net;
  std::vector<Address> senders;
  net.fate = [&](const Address& from, const Address&, Bytes) {
    senders.push_back(from);
    return true;
  };
  NodeHost a(1);
  NodeHost b(2);
  net.add(a);
  net.add(b);
  a.node.publish(private_publish_config(), net.now);
  auto config = private_join_config();
  config.swarm_secret.fill(8);
  b.node.join(config, net.now);
  net.run_for(seconds(15));
  CHECK(b.stopped == StopReason::kUnreachable);
  CHECK(std::count(senders.begin(), senders.end(), a.address) == 0);
  CHECK(senders.size() >= 10);
}

TEST_CASE("node: nobody at the link's hosts ends with kUnreachable after connect_timeout", "[node]") {
  Net net;
  NodeHost b(2);
  net.add(b);
  auto config = join_config({1});
  config.connect_timeout = seconds(3);
  b.node.join(config, net.now);
  net.run_for(seconds(5));
  CHECK(b.stopped == StopReason::kUnreachable);
  CHECK(b.stopped_at >= kStart + seconds(3));
  CHECK(b.stopped_at < kStart + milliseconds(3'100));
}

TEST_CASE("node: a publisher that dies leaves its viewers stalled after retry_for, not before", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  net.add(a);
  net.add(b);
  a.node.publish(publish_config(), net.now);
  auto config = join_config({1});
  config.retry_for = seconds(4);
  b.node.join(config, net.now);
  Feed feed(a, kRate);
  feed.run(net, seconds(2));
  a.up = false;
  const Instant died = net.now;
  net.run_for(seconds(7));
  CHECK(b.stopped == StopReason::kStalled);
  CHECK(b.stopped_at - died >= seconds(4));
  CHECK(b.stopped_at - died <= seconds(6));
}

TEST_CASE("node: leaving ends at once, and the parent knows", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  net.add(a);
  net.add(b);
  a.node.publish(publish_config(), net.now);
  b.node.join(join_config({1}), net.now);
  Feed feed(a, kRate);
  feed.run(net, seconds(2));
  REQUIRE(a.node.stats(0, net.now).children == 1);
  b.node.leave(net.now);
  net.run_for(milliseconds(20));
  CHECK(b.stopped == StopReason::kLeft);
  CHECK(a.node.stats(0, net.now).children == 0);
}

TEST_CASE("node: the upload limit holds over every second", "[node]") {
  constexpr std::uint64_t kLimit = 400'000;  // bytes
  Net net;
  NodeHost a(1, kLimit * 8);
  NodeHost b(2);
  NodeHost c(3);
  for (NodeHost* host : {&a, &b, &c}) net.add(*host);
  a.node.publish(publish_config(), net.now);
  for (NodeHost* host : {&b, &c}) {
    auto config = join_config({1});
    config.capacity_milli = 0;
    host->node.join(config, net.now);
  }
  net.run_for(seconds(1));
  Feed feed(a, 500'000);  // twice that would be needed
  std::vector<std::uint64_t> sent;
  for (int i = 0; i < 80; ++i) {
    sent.push_back(a.bytes_sent);
    feed.run(net, milliseconds(100));
  }
  for (std::size_t i = 10; i < sent.size(); ++i) {
    CAPTURE(i);
    CHECK(sent[i] - sent[i - 10] <= kLimit + 64 * 1024 + kLimit / 6);  // the burst; control messages are not held back
  }
  CHECK(sent[79] - sent[39] > 4 * kLimit * 9 / 10);
}

TEST_CASE("node: with no slots for children it serves nobody and says so", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  NodeHost c(3);
  for (NodeHost* host : {&a, &b, &c}) net.add(*host);
  auto publish = publish_config();
  publish.capacity_milli = 1'000;
  a.node.publish(publish, net.now);
  auto config = join_config({1});
  config.capacity_milli = 0;
  b.node.join(config, net.now);
  Feed feed(a, kRate);
  feed.run(net, seconds(1));
  REQUIRE(b.joined);
  config.hosts.push_back(host_of(2));
  c.node.join(config, net.now);  // it would pass nothing on either, so nobody makes room for it
  feed.run(net, seconds(5));
  CHECK_FALSE(c.joined);
  CHECK(b.node.stats(0, net.now).children == 0);
}

TEST_CASE("P17: node: a ping of any size from an authenticated peer is answered, and no datagram is too large",
          "[node]") {
  Net net;
  std::size_t largest = 0;
  net.fate = [&](const Address& from, const Address&, Bytes bytes) {
    if (from == address_of(1)) largest = std::max(largest, bytes.size());
    return true;
  };
  NodeHost a(1);
  ScriptedPeer evil(2);
  net.add(a);
  net.add(evil);
  a.node.publish(publish_config(), net.now);
  evil.dial(1, net.now);
  net.run_for(seconds(1));
  REQUIRE(evil.connected());
  for (const unsigned padding : {0u, 5u, 10u, 1000u, 1185u, 1196u, 1300u, 1384u, 1400u, 1436u, 1529u}) {
    // Sealed by hand: an outbox sends no such thing.
    evil.heard.clear();
    const wire::Control ping = wire::Ping{7, static_cast<std::uint16_t>(padding)};
    ByteVector text(wire::control_bytes(ping));
    Writer writer(text);
    wire::write_control(writer, ping);
    DatagramBatch batch;
    REQUIRE(seal_in_parts(evil.endpoint, *evil.session, text, batch, net.now));
    for (const DatagramBatch::Run& run : batch.runs())
      for (std::size_t i = 0; i < run.count; ++i) a.handle_datagram({evil.address, batch.datagram(run, i)}, net.now);
    net.run_for(milliseconds(20));
    CHECK(evil.all<wire::Pong>().size() == 1);
  }
  CHECK(largest <= 1'232);
}

TEST_CASE("node: random control messages from an authenticated peer break nothing", "[node]") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u);
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  ScriptedPeer evil(3);
  for (NetHost* host : std::initializer_list<NetHost*>{&a, &b, &evil}) net.add(*host);
  a.node.publish(publish_config(), net.now);
  b.node.join(join_config({1}), net.now);
  REQUIRE(net.run_until_holds(seconds(5), [&] { return b.joined; }));
  crypto::ChaChaRng rng(seed);
  const auto number = [&]() -> std::uint64_t {
    switch (rng.below(6)) {
      case 0:
        return 0;
      case 1:
        return UINT64_MAX;
      case 2:
        return UINT64_MAX - rng.below(1 << 20);
      case 3:
        return std::uint64_t{1} << rng.below(64);
      default:
        return rng.below(3'000);
    }
  };
  const auto small = [&] { return static_cast<std::uint16_t>(number()); };
  const auto wide = [&] { return static_cast<std::uint32_t>(number()); };
  // One in two is what a host says; the others are nobody's.
  const auto any_record = [&] {
    const auto host = static_cast<std::uint8_t>(rng.below(4));
    wire::Record record = signed_record(host);
    if (rng.below(2) == 0) rng.fill(record.key.bytes);
    return record;
  };
  const auto random_message = [&]() -> wire::Control {
    switch (rng.below(18)) {
      case 0:
        return wire::Ping{wide(), static_cast<std::uint16_t>(rng.below(1'190))};
      case 1:
        return wire::Pong{wide(), wide(), number() >> 17, 0};
      case 2: {
        wire::Status status;
        status.receiving = true;
        status.slots = small();
        status.free_slots = small();
        status.lag_us = wide();
        status.home = number();
        for (auto n = rng.below(wire::kStripesAllMax + 1); n > 0; --n)
          status.stripes.push_back(
              {static_cast<std::uint8_t>(rng.below(256)), static_cast<std::uint8_t>(rng.below(256))});
        for (auto n = rng.below(6); n > 0; --n) {
          wire::Route& route = status.routes.emplace_back();
          route.stripes = number();
          for (auto hops = rng.below(wire::kPathMax + 1); hops > 0; --hops) route.path.push_back(wide());
        }
        return status;
      }
      case 3:
        return wire::Inquiry{number()};
      case 4: {
        wire::Peers peers;
        for (auto n = rng.below(wire::kPeersMax + 1); n > 0; --n) {
          peers.peers.push_back({any_record(), small(), wide(), number()});
        }
        return peers;
      }
      case 5:
        return wire::Subscribe{.id = small(),
                               .stripes = rng.below(2) == 0 ? number() : wire::kAllStripes,
                               .first = number(),
                               .window_bytes = wide(),
                               .lists = rng.below(2) == 0,
                               .slots = small(),
                               .home = number()};
      case 6:
        // Ids are counted from 1: it may well guess one.
        return wire::SubscribeReply{.id = static_cast<std::uint16_t>(rng.below(2) == 0 ? rng.below(100) : small()),
                                    .code = static_cast<wire::SubscribeCode>(rng.below(5)),
                                    .stripes = number(),
                                    .first = number()};
      case 7:
        return wire::Unsubscribe{};
      case 8: {
        const std::uint64_t next = number();
        return wire::Report{next, std::max(next, number()), wide(), wide(), wide(), small(), small()};
      }
      case 9: {
        wire::RepairRequest request;
        request.kind = static_cast<wire::RepairRequest::Kind>(rng.below(3));
        request.base = std::min(number(), UINT64_MAX - 0x20000);
        for (auto n = rng.below(65); n > 0; --n)
          request.ranges.push_back({small(), static_cast<std::uint8_t>(rng.below(256))});
        return request;
      }
      case 10:
        return wire::Hole{std::min(number(), UINT64_MAX - 0x10000), small()};
      case 11:
        return wire::Bye{wire::ByeReason::kLeaving};
      case 12: {
        return wire::Displaced{number(), {any_record(), small(), wide(), number()}};
      }
      case 13:
        return wire::Rendezvous{node_keys_of(static_cast<std::uint8_t>(rng.below(4))).public_key};
      case 14:
        return wire::Punch{address_of(static_cast<std::uint8_t>(rng.below(4)))};
      case 15:
        return wire::Seen{address_of(static_cast<std::uint8_t>(rng.below(4)))};
      case 16:
        return any_record();
      default:
        return wire::Head{number()};
    }
  };
  Feed feed(a, kRate);
  for (int round = 0; round < 300; ++round) {
    for (const std::uint8_t host : {std::uint8_t{1}, std::uint8_t{2}}) {
      if (!evil.connected() || evil.endpoint.address(*evil.session) != address_of(host)) {
        if (evil.session) evil.endpoint.close(*evil.session);
        evil.session.reset();
        evil.dial(host, net.now);
        feed.run(net, milliseconds(20));
      }
      for (int i = 0; i < 12; ++i) evil.say(random_message());
      if (rng.below(4) == 0) {
        ByteVector frame(1 + rng.below(1'100));
        rng.fill(frame);
        frame[0] = static_cast<std::uint8_t>(rng.below(16));
        evil.send_frame(frame);
      }
      feed.run(net, milliseconds(20));
    }
  }
  evil.up = false;
  feed.end(net);
  net.run_for(seconds(10));
  CHECK(b.stopped == StopReason::kEnded);
  CHECK(is_end_of(b.output, feed.all));
  CHECK(b.output.size() == feed.all.size());
}

TEST_CASE("node: a parent that says the stream begins where it does not loses its child, not the stream", "[node]") {
  const std::uint64_t lie = GENERATE(std::uint64_t{0}, UINT64_MAX - 1, std::uint64_t{1} << 40);
  Net net;
  NodeHost a(1);
  ScriptedParent evil(2);
  NodeHost b(3);
  for (NetHost* host : std::initializer_list<NetHost*>{&a, &evil.peer, &b}) net.add(*host);
  net.delay = [&](const Address& from, const Address& to) {
    return from == address_of(2) || to == address_of(2) ? milliseconds(1) : milliseconds(40);
  };
  a.node.publish(publish_config(), net.now);
  Feed feed(a, 12'000'000);  // so that the beginning is soon far away
  feed.run(net, seconds(3));
  evil.first = lie;
  b.node.join(join_config({1, 2}), net.now);
  net.run_until_holds(seconds(5), [&] { return b.joined; });
  evil.mute = true;
  evil.peer.up = false;
  Feed slow(a, kRate);
  slow.run(net, seconds(10));
  CHECK(b.output.size() > 5 * kRate);
}

TEST_CASE("node: a relay that restarts within a second, with the same key and address, gets the stream", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost before(2);
  net.add(a);
  net.add(before);
  a.node.publish(publish_config(), net.now);
  before.node.join(join_config({1}), net.now);
  REQUIRE(net.run_until_holds(seconds(5), [&] { return before.joined; }));
  Feed feed(a, 5'000'000);
  feed.run(net, seconds(5));
  before.up = false;
  NodeHost after(2, 0, 1);
  net.add(after);
  after.node.join(join_config({1}), net.now);
  const std::size_t at_restart = feed.all.size();
  feed.run(net, seconds(2));
  feed.end(net);
  net.run_for(seconds(5));
  CHECK(is_end_of(after.output, feed.all));
  CHECK(after.output.size() + 1'500'000 > feed.all.size() - at_restart);
}

TEST_CASE("node: two streams on one address do not mix", "[node]") {
  Net net;
  NodeHost a(1);
  NodeHost b(2);
  net.add(a);
  net.add(b);
  auto second = publish_config();
  second.key = stream::stream_keys(9);
  a.node.publish(publish_config(), net.now);
  const StreamIndex other = a.node.publish(second, net.now);
  auto config = join_config({1});
  config.stream = second.key.public_key;
  b.node.join(config, net.now);
  REQUIRE(net.run_until_holds(seconds(5), [&] { return b.joined; }));
  const ByteVector wanted(5'000, 1);
  const ByteVector unwanted(5'000, 2);
  for (int i = 0; i < 20; ++i) {
    a.node.input(0, unwanted, net.now);
    a.node.input(other, wanted, net.now);
    net.run_for(milliseconds(20));
  }
  net.run_for(milliseconds(200));
  CHECK(b.output.size() == 100'000);
  CHECK(std::count(b.output.begin(), b.output.end(), 1) == 100'000);
}
