// In which order and at which pace Children sends what: news, repairs, backlogs, parity; and what it sheds.
#include "libcore/stream/source.h"
#include "libcore/swarm/children.h"
#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Striping kStripes{4, 1};

// Whoever serves: it sends only when the test pumps.
struct Server final : NetHost {
  Server() : NetHost(address_of(1)) {
    service = endpoint.add_service(session::stream_service(stream_key().public_key), node_keys_of(1), true);
    stream::SourceConfig config;
    config.key = stream_key();
    config.epoch = stream::kEpoch;
    config.mpeg_ts = false;
    config.stripes = kStripes.data;
    config.parity = kStripes.parity;
    source.emplace(config, crypto::sodium_suite(), pool, store, kStart);
    children.set_striping(kStripes);
    children.set_home(kStripes.mask());
  }
  void handle_datagram(const Datagram& datagram, Instant now) override {
    endpoint.handle_datagram(datagram, now);
    while (const auto event = endpoint.next_event())
      if (event->kind == session::SessionEvent::Kind::kEstablished) peers.add(event->session, now);
  }
  void handle_deadline(Instant now) override { endpoint.handle_deadline(now); }
  bool poll(DatagramBatch& out, Instant now) override {
    if (!endpoint.flush(out, now) || !outbox.flush(endpoint, out, now)) return false;
    return !pumps || children.pump(endpoint, out, now);
  }
  Instant next_deadline(Instant) override {
    return pumps ? std::min(endpoint.next_deadline(), children.next_deadline()) : endpoint.next_deadline();
  }
  void publish(std::size_t shards, Instant now) {
    source->push(ByteVector(shards * wire::kPayloadBytes, 1), now);
    children.on_parity(source->made_parity());
    while (source->next_deadline() != kNever) {
      source->handle_deadline(source->next_deadline());
      children.on_parity(source->made_parity());
    }
  }

  crypto::ChaChaRng rng{1};
  BufferPool pool;
  session::Endpoint endpoint{crypto::sodium_suite(), rng, pool};
  session::ServiceIndex service = 0;
  stream::Store store;
  Outbox outbox{pool};
  Peers peers{endpoint, outbox};
  TokenBucket upload{0, 0};
  Children children{10'000, store, peers, outbox, upload};
  std::optional<stream::Source> source;
  bool pumps = true;
};

struct Fixture {
  Fixture() {
    net.add(server);
    for (ScriptedPeer* child : {&a, &b, &c}) {
      net.add(*child);
      child->dial(1, net.now);
    }
    net.run_for(milliseconds(100));
    for (ScriptedPeer* child : {&a, &b, &c}) REQUIRE(child->connected());
    for (ScriptedPeer* child : {&a, &b, &c}) prove_path(net, server.outbox, at_server(*child), *child);
  }
  session::SessionId at_server(const ScriptedPeer& child) {
    return server.peers.find_key(child.keys.public_key)->session;
  }
  void add(ScriptedPeer& child, StripeMask stripes, std::uint64_t first, bool lists = false) {
    const wire::Subscribe request{.stripes = stripes, .first = first, .window_bytes = 1'000'000, .lists = lists};
    CHECK(server.children.subscribe(at_server(child), request, wire::kAllStripes, first, true, net.now).stripes ==
          stripes);
  }
  // Whoever is silent is sent nothing.
  void speak() {
    for (ScriptedPeer* child : {&a, &b, &c}) child->say(wire::Ping{});
  }
  // A shard each few milliseconds: one of every stripe after the other, with its proof inside.
  void stream(std::size_t shards) {
    for (; shards > 0; --shards) {
      if (shards % 100 == 1) speak();
      server.publish(1, net.now);
      net.run_for(milliseconds(2));
    }
  }
  // To whom the datagrams of one pump go, in order.
  std::vector<Address> pump() {
    DatagramBatch batch;
    REQUIRE(server.children.pump(server.endpoint, batch, net.now));
    std::vector<Address> to;
    for (const DatagramBatch::Run& run : batch.runs()) to.insert(to.end(), run.count, run.to);
    return to;
  }
  static std::vector<std::uint64_t> sequences(const ScriptedPeer& child) {
    std::vector<std::uint64_t> all;
    for (const ByteVector& frame : child.frames)
      if (const auto shard = wire::parse_shard(frame)) all.push_back(shard->sequence_low);
    return all;
  }
  static std::size_t parities(const ScriptedPeer& child) {
    return static_cast<std::size_t>(std::count_if(child.frames.begin(), child.frames.end(), [](const ByteVector& f) {
      return wire::parse_parity(f).has_value();
    }));
  }
  static std::size_t lists(const ScriptedPeer& child) {
    return static_cast<std::size_t>(std::count_if(child.frames.begin(), child.frames.end(), [](const ByteVector& f) {
      return wire::parse_hash_list(f).has_value();
    }));
  }

  Net net;
  Server server;
  ScriptedPeer a{2};
  ScriptedPeer b{3};
  ScriptedPeer c{4};
};

}  // namespace

TEST_CASE("children: news goes out before repairs, and those before a backlog", "[swarm]") {
  Fixture f;
  f.stream(800);
  const std::uint64_t head = f.server.store.head();
  f.server.pumps = false;
  f.add(f.c, bit(2), head - 400);
  f.add(f.b, bit(1), head);
  f.add(f.a, bit(0), head);
  REQUIRE(head % kStripes.data == 0);
  wire::RepairRequest request;
  request.base = head - 3;
  request.ranges.push_back({0, 1});
  f.server.children.on_repair_request(f.at_server(f.b), request, f.net.now);
  f.server.publish(1, f.net.now);  // of stripe 0
  const auto to = f.pump();
  REQUIRE(to.size() >= 3);
  CHECK(to[0] == f.a.address);
  CHECK(to[1] == f.b.address);
  for (std::size_t i = 2; i < to.size(); ++i) CHECK(to[i] == f.c.address);
}

TEST_CASE("children: a backlog comes at a pace of its own beside what is new, and all of it", "[swarm]") {
  Fixture f;
  f.stream(1'200);
  const std::uint64_t first = f.server.store.head() - 1'000;
  f.add(f.a, bit(2), first);
  f.net.run_for(milliseconds(10));
  const std::uint64_t head = f.server.store.head();
  CHECK(f.sequences(f.a).size() < 100);  // of 250
  f.stream(8);
  f.net.run_for(milliseconds(10));
  const auto seen = f.sequences(f.a);
  CHECK(std::count_if(seen.begin(), seen.end(), [&](std::uint64_t s) { return s >= head; }) == 2);
  for (int i = 0; i < 40; ++i) {
    f.a.say(wire::Report{});
    f.server.children.on_report(f.at_server(f.a), {}, f.net.now);
    f.stream(50);
  }
  f.net.run_for(milliseconds(20));
  auto all = f.sequences(f.a);
  std::sort(all.begin(), all.end());
  std::vector<std::uint64_t> expected;
  for (std::uint64_t s = first; s < f.server.store.head(); ++s)
    if (kStripes.of(s) == 2) expected.push_back(s);
  CHECK(all.size() == expected.size());
  CHECK((all == expected));
}

TEST_CASE("children: of a backlog nothing is sent that neither the child nor one of its own waits for any more",
          "[swarm]") {
  Fixture f;
  f.stream(1'200);
  const std::uint64_t head = f.server.store.head();
  f.add(f.a, bit(2), head - 1'000);
  f.net.run_for(milliseconds(10));
  const std::size_t before = f.sequences(f.a).size();
  const bool has_children = GENERATE(false, true);
  wire::Report report;
  report.next = head - 8;
  report.slots = 4;
  report.free_slots = has_children ? 3 : 4;
  f.server.children.on_report(f.at_server(f.a), report, f.net.now);
  f.net.run_for(seconds(1));
  const auto all = f.sequences(f.a);
  if (has_children) {
    CHECK(all.size() > before + 20);  // who waits for it may be below
  } else {
    CHECK(all.size() <= before + 3);  // one may have been on its way
    CHECK(std::count_if(all.begin(), all.end(), [&](std::uint64_t s) { return s >= head - 8; }) == 2);
  }
}

TEST_CASE("children: stripes added to a child's begin where it asks, without a second copy of what it had", "[swarm]") {
  Fixture f;
  f.add(f.a, bit(0), 0);
  f.stream(16);
  f.net.run_for(milliseconds(10));
  REQUIRE(f.sequences(f.a).size() == 4);
  f.add(f.a, bit(0) | bit(3), 8);
  f.net.run_for(milliseconds(20));
  auto all = f.sequences(f.a);
  std::sort(all.begin(), all.end());
  CHECK(all == std::vector<std::uint64_t>{0, 4, 8, 11, 12, 15});
}

TEST_CASE("children: parity goes to those who have its stripe, and ahead of it the list if that proves no data",
          "[swarm]") {
  Fixture f;
  f.add(f.a, bit(kStripes.data), 0, true);
  f.add(f.b, bit(kStripes.data), 0, false);
  f.add(f.c, bit(0), 0, true);
  for (unsigned i = 0; i < 4 * kStripes.data; ++i) {  // blocks of one shard of each stripe
    f.server.source->push(ByteVector(wire::kPayloadBytes, 1), f.net.now);
    f.server.children.on_parity(f.server.source->made_parity());
    f.net.run_for(milliseconds(5));
  }
  f.net.run_for(milliseconds(50));
  const stream::Block* const block = f.server.store.blocks().find(0);
  REQUIRE(block != nullptr);
  REQUIRE(wire::hash_list_count(block->list.bytes()) == 0);  // of parity only
  CHECK(f.parities(f.a) == 4);
  CHECK(f.parities(f.b) == 4);
  CHECK(f.parities(f.c) == 0);
  CHECK(f.lists(f.a) == 4);
  CHECK(f.lists(f.b) == 4);  // that it wants no lists is said of those of data
  CHECK(f.lists(f.c) == 0);  // and to whom has no parity it says nothing
  for (const ScriptedPeer* child : {&f.a, &f.b}) {
    std::uint64_t proven = 0;
    for (const ByteVector& frame : child->frames) {
      if (const auto list = wire::parse_hash_list(frame)) proven = list->parity_proof(0).first;
      if (const auto parity = wire::parse_parity(frame)) CHECK(parity->first(proven) == proven);
    }
  }
  CHECK(f.server.children.stats().sent.parity > 0);
}

TEST_CASE("children: a displaced stripe is sent until its while is over", "[swarm]") {
  Fixture f;
  f.add(f.a, bit(0), 0);
  const wire::Subscribe request{.stripes = bit(0), .first = 0, .window_bytes = 100'000, .slots = 100, .home = bit(0)};
  // Every place of the stripe is taken; others are there in name only.
  std::uint32_t n = 100;
  while (f.server.children.take_displaced().empty()) {
    REQUIRE(++n < 200);
    f.server.children.subscribe({n, 0}, request, wire::kAllStripes, 0, true, f.net.now);
  }
  f.stream(8);
  f.net.run_for(milliseconds(10));
  CHECK(f.sequences(f.a) == std::vector<std::uint64_t>{0, 4});
  f.server.children.handle_deadline(f.net.now + Children::kDisplacedFor);
  f.stream(8);
  f.net.run_for(milliseconds(10));
  CHECK(f.sequences(f.a).size() == 2);
}

TEST_CASE("children: the slots follow what the upload limit carries, and leaves are shed for want of them", "[swarm]") {
  Fixture f;
  f.add(f.a, bit(0) | bit(1), 0);  // a leaf in both
  const wire::Subscribe request{.stripes = bit(0), .first = 0, .window_bytes = 100'000, .slots = 100, .home = bit(0)};
  REQUIRE(f.server.children.subscribe(f.at_server(f.b), request, wire::kAllStripes, 0, true, f.net.now).stripes ==
          bit(0));
  const auto report_all = [&] {
    f.server.children.on_report(f.at_server(f.a), {}, f.net.now);
    wire::Report report;
    report.slots = 100;
    report.passes_on = bit(0);
    f.server.children.on_report(f.at_server(f.b), report, f.net.now);
  };
  const auto stream_on = [&](int rounds) {
    for (; rounds > 0; --rounds) {
      report_all();
      f.stream(100);
      f.server.children.handle_deadline(f.net.now);
    }
  };
  const std::uint16_t before = f.server.children.slots();
  CHECK(before == 10 * kStripes.all());
  stream_on(20);
  CHECK(f.server.children.slots() == before);  // nothing limits
  // 500 shards a second in four stripes: each is 150 kB a second or so. Two can be carried.
  f.server.upload = TokenBucket(400'000, 20'000);
  stream_on(10);
  CHECK(f.server.children.slots() == 2);
  const auto shed = f.server.children.take_displaced();
  REQUIRE(shed.size() == 1);
  CHECK(shed[0].session == f.at_server(f.a));
  CHECK_FALSE(shed[0].by);
  stream_on(5);  // what has lost its place is sent for a little longer
  CHECK(count(f.server.children.stripes(f.at_server(f.a))) == 1);
  CHECK(f.server.children.stripes(f.at_server(f.b)) == bit(0));
}
