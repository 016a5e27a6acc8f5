#include "libcore/swarm/children.h"

#include "libcore/stream/source.h"
#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint32_t kWindow = 160 * 1024;

// Whoever serves, with a source of shards, and the children that it serves: what they are sent, they keep.
struct Server final : NetHost {
  explicit Server(std::uint64_t upload_rate, std::uint64_t upload_burst, std::uint32_t capacity_milli,
                  const Striping& striping)
      : NetHost(address_of(1)),
        upload(upload_rate, upload_burst),
        children(capacity_milli, store, peers, outbox, upload) {
    children.set_striping(striping);
    children.set_home(striping.mask());
    service = endpoint.add_service(session::stream_service(stream_key().public_key), node_keys_of(1), true);
    stream::SourceConfig config;
    config.key = stream_key();
    config.epoch = stream::kEpoch;
    config.mpeg_ts = false;
    config.parity = static_cast<std::uint8_t>(striping.parity);
    source.emplace(config, crypto::sodium_suite(), pool, store, kStart);
  }
  void handle_datagram(const Datagram& datagram, Instant now) override {
    auto received = endpoint.handle_datagram(datagram, now);
    while (const auto event = endpoint.next_event())
      if (event->kind == session::SessionEvent::Kind::kEstablished) peers.add(event->session);
    if (!received || received->text.size() == 0) return;
    wire::ControlReader reader(received->text.bytes());
    while (const auto message = reader.next()) {
      if (const auto* const report = std::get_if<wire::Report>(&*message))
        children.on_report(received->session, *report, now);
      else if (const auto* const request = std::get_if<wire::RepairRequest>(&*message))
        children.on_repair_request(received->session, *request, now);
    }
  }
  void handle_deadline(Instant now) override {
    endpoint.handle_deadline(now);
    children.handle_deadline(now);
  }
  bool poll(DatagramBatch& out, Instant now) override {
    return endpoint.flush(out, now) && outbox.flush(endpoint, out, now) && children.pump(endpoint, out, now);
  }
  Instant next_deadline(Instant) override { return std::min(endpoint.next_deadline(), children.next_deadline()); }
  // That many shards of 1,128 bytes; returns one past the last.
  std::uint64_t publish(std::size_t shards, Instant now) {
    source->push(ByteVector(shards * wire::kPayloadBytes, 1), now);
    children.on_parity(source->made_parity());
    while (source->next_deadline() != kNever) {
      source->handle_deadline(source->next_deadline());
      children.on_parity(source->made_parity());
    }
    return store.head();
  }
  // Takes a sequence out of the store, as if it had not come yet.
  Buffer take_out(std::uint64_t sequence) { return std::exchange(store.at(sequence).frame, Buffer()); }

  crypto::ChaChaRng rng{1};
  BufferPool pool;
  session::Endpoint endpoint{crypto::sodium_suite(), rng, pool};
  session::ServiceIndex service = 0;
  stream::Store store;
  Outbox outbox{pool};
  Peers peers{endpoint, outbox};
  TokenBucket upload;
  Children children;
  std::optional<stream::Source> source;
};

struct Fixture {
  // Without a word about stripes there is one, and a child has all or nothing.
  explicit Fixture(std::uint64_t upload_rate = 0, std::uint64_t upload_burst = 0, std::uint32_t capacity_milli = 3'000,
                   const Striping& striping = {})
      : server(upload_rate, upload_burst, capacity_milli, striping) {
    net.add(server);
    for (ScriptedPeer* child : {&a, &b}) {
      net.add(*child);
      child->dial(1, net.now);
    }
    net.run_for(seconds(1));
    REQUIRE(a.connected());
    REQUIRE(b.connected());
  }
  session::SessionId at_server(const ScriptedPeer& child) {
    for (const auto& [session, peer] : server.peers.all())
      if (peer.key == child.keys.public_key) return session;
    FAIL("no such child");
    return {};
  }
  void add(ScriptedPeer& child, std::uint64_t first = 0, std::uint32_t window = kWindow) {
    wire::Subscribe request;
    request.first = first;
    request.window_bytes = window;
    const auto reply = server.children.subscribe(at_server(child), request, wire::kAllStripes, first, false, net.now);
    CHECK(reply.code == wire::SubscribeCode::kAccepted);
    CHECK(reply.first == first);
  }
  // Those stripes from `first` on, of a stream that goes on.
  wire::SubscribeReply add_live(ScriptedPeer& child, StripeMask stripes, std::uint64_t first, bool lists = true) {
    const wire::Subscribe request{.stripes = stripes, .first = first, .window_bytes = kWindow, .lists = lists};
    return server.children.subscribe(at_server(child), request, wire::kAllStripes, first, true, net.now);
  }
  static std::size_t lists(const ScriptedPeer& child) {
    return static_cast<std::size_t>(std::count_if(child.frames.begin(), child.frames.end(), [](const ByteVector& f) {
      return wire::parse_hash_list(f).has_value();
    }));
  }
  // The sequences of the shards that the child was sent, in order.
  static std::vector<std::uint64_t> sequences(const ScriptedPeer& child) {
    std::vector<std::uint64_t> all;
    for (const ByteVector& frame : child.frames)
      if (const auto shard = wire::parse_shard(frame)) all.push_back(shard->sequence_low);
    return all;
  }
  static void report(ScriptedPeer& child, std::uint64_t next, bool knows_end = true) {
    wire::Report report;
    report.knows_end = knows_end;
    report.next = report.seen = next;
    report.received = static_cast<std::uint32_t>(next);
    child.say(report);
  }
  static wire::RepairRequest request(std::uint64_t base, std::uint8_t count) {
    wire::RepairRequest r;
    r.base = base;
    r.ranges.push_back({0, count});
    return r;
  }

  Net net;
  Server server;
  ScriptedPeer a{2};
  ScriptedPeer b{3};
};

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> all;
  for (; from < to; ++from) all.push_back(from);
  return all;
}

}  // namespace

TEST_CASE("children: each is sent everything from its first sequence on, once and in order", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.add(f.a, 0);
  f.add(f.b, 15);
  f.net.run_for(milliseconds(20));
  const std::uint64_t head = f.server.publish(10, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == range(0, head));
  CHECK(f.sequences(f.b) == range(15, head));
}

TEST_CASE("children: each hash list goes once, ahead of its shards", "[swarm]") {
  Fixture f;
  f.server.publish(40, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  std::size_t lists = 0;
  std::uint64_t proven = 0;
  for (const ByteVector& frame : f.a.frames) {
    if (const auto list = wire::parse_hash_list(frame)) {
      ++lists;
      proven = list->first + list->count();
    } else if (const auto shard = wire::parse_shard(frame); shard && !shard->has_signature) {
      CHECK(shard->sequence_low < proven);
    }
  }
  CHECK(lists >= 1);
  CHECK(lists <= 2);
  CHECK(f.sequences(f.a).size() == 40);
}

TEST_CASE("children: what comes late is passed on at once, to those it was due to", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  Buffer frame = f.server.take_out(7);
  f.add(f.a, 0);
  f.add(f.b, 10);
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a).size() == 19);
  f.server.store.at(7).frame = std::move(frame);
  const std::uint64_t stored = 7;
  f.server.children.on_stored({&stored, 1});
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a).back() == 7);
  CHECK(f.sequences(f.a).size() == 20);
  CHECK(f.sequences(f.b) == range(10, 20));
}

TEST_CASE("children: no more is on the way than the child's window, until it reports", "[swarm]") {
  Fixture f;
  f.server.publish(1'000, f.net.now);
  f.add(f.a, 0, 100 * 1232);
  f.net.run_for(milliseconds(100));
  const std::size_t first = f.sequences(f.a).size();
  CHECK(first >= 96);  // whole lists
  CHECK(first <= 120);
  f.report(f.a, 50);
  f.net.run_for(milliseconds(100));
  CHECK(f.sequences(f.a).size() >= first + 48);
  CHECK(f.sequences(f.a).size() <= first + 50);
  f.report(f.a, 100'000);  // a lie is worth no more than the truth
  f.net.run_for(milliseconds(50));
  CHECK(f.sequences(f.a).size() <= 2 * first + 50);
}

TEST_CASE("children: a slow child does not slow another", "[swarm]") {
  Fixture f;
  f.server.publish(1'000, f.net.now);
  f.add(f.a, 0, 32 * 1232);
  f.add(f.b, 0, 4'000 * 1232);
  for (int i = 0; i < 40; ++i) {
    f.net.run_for(milliseconds(5));
    f.report(f.b, f.sequences(f.b).size());
  }
  CHECK(f.sequences(f.b) == range(0, 1'000));
  CHECK(f.sequences(f.a).size() < 100);
}

TEST_CASE("children: bytes sent in any time are at most limit x time + burst", "[swarm]") {
  constexpr std::uint64_t kRate = 200'000;
  constexpr std::uint64_t kBurst = 20'000;
  Fixture f(kRate, kBurst);
  f.server.publish(2'000, f.net.now);
  f.net.run_for(seconds(6));  // it is not seen as the pace of the stream any more
  f.add(f.a, 0, 4'000 * 1232);
  f.add(f.b, 0, 4'000 * 1232);
  const std::uint64_t before = f.server.bytes_sent;
  const Instant start = f.net.now;
  bool held = true;
  f.net.each_step = [&] {
    const auto ns = static_cast<std::uint64_t>((f.net.now - start).count());
    held =
        held && f.server.bytes_sent - before <= kBurst + kRate * 11 / 10 * ns / 1'000'000'000 + 2'000;  // 10 %: control
  };
  for (int i = 0; i < 30; ++i) {
    f.report(f.a, f.sequences(f.a).size());
    f.report(f.b, f.sequences(f.b).size());
    f.net.run_for(milliseconds(100));
  }
  CHECK(held);
  CHECK(f.server.bytes_sent - before > 3 * kRate * 95 / 100);
}

TEST_CASE("children: those that are alike share what the upload limit leaves them", "[swarm]") {
  Fixture f(200'000, 20'000);
  f.server.publish(2'000, f.net.now);
  f.net.run_for(seconds(6));
  f.add(f.a, 0, 4'000 * 1232);
  f.add(f.b, 0, 4'000 * 1232);
  for (int i = 0; i < 30; ++i) {
    f.report(f.a, f.sequences(f.a).size());
    f.report(f.b, f.sequences(f.b).size());
    f.net.run_for(milliseconds(100));
  }
  const auto sent_a = static_cast<double>(f.sequences(f.a).size());
  CHECK(sent_a == Approx(static_cast<double>(f.sequences(f.b).size())).epsilon(0.2));
}

TEST_CASE("children: a repair request is answered with the shards that are here, once each", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  f.a.say(f.request(3, 4));
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == range(3, 7));
  CHECK(f.server.children.stats().repairs_sent == 4);
}

TEST_CASE("children: what is sent is counted by what it was for, to the byte", "[swarm]") {
  constexpr std::uint64_t kHeaders = 28 + session::kDataOverhead;
  Fixture f;
  std::uint64_t frames_and_lists = 0;  // on the wire
  f.net.fate = [&](const Address& from, const Address&, Bytes bytes) {
    if (from == f.server.address && bytes.size() > 150) frames_and_lists += bytes.size() + 28;
    return true;
  };
  f.server.publish(30, f.net.now);  // one burst, so one list
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  const SentBytes in_turn = f.server.children.stats().sent;
  CHECK(in_turn.payload == 30 * wire::kPayloadBytes);
  CHECK(in_turn.headers == 30 * (kHeaders + wire::kShardHeaderBytes));
  CHECK(in_turn.signatures == kHeaders + wire::hash_list_frame_bytes(30, 0));
  CHECK(in_turn.repairs == 0);
  CHECK(in_turn.total() == frames_and_lists);
  f.a.say(f.request(3, 4));
  f.net.run_for(milliseconds(20));
  const SentBytes sent = f.server.children.stats().sent;
  CHECK(sent.repairs == 4 * (kHeaders + wire::kShardHeaderBytes + wire::kPayloadBytes));
  CHECK(sent.total() - sent.repairs == in_turn.total());
  CHECK(sent.total() == frames_and_lists);
}

TEST_CASE("children: what fell out of the store, or was given up, is a hole", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.server.take_out(5);
  f.server.store.at(5).given_up = true;
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.say(f.request(5, 1));
  f.net.run_for(milliseconds(20));
  CHECK(f.a.all<wire::Hole>() == std::vector<wire::Hole>{{5, 1}});
}

TEST_CASE("children: what is not here yet, or was not sent yet, makes no hole", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.server.take_out(5);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  f.a.say(f.request(5, 1));
  f.a.say(f.request(20, 200));
  f.a.say(f.request(std::uint64_t{1} << 60, 200));
  f.net.run_for(milliseconds(20));
  CHECK(f.a.all<wire::Hole>().empty());
  CHECK(f.a.frames.empty());
}

TEST_CASE("children: a list is sent on request", "[swarm]") {
  Fixture f;
  f.server.publish(40, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  wire::RepairRequest request = f.request(20, 1);
  request.kind = wire::RepairRequest::Kind::kList;
  f.a.say(request);
  f.net.run_for(milliseconds(20));
  REQUIRE(f.a.frames.size() == 1);
  const auto list = wire::parse_hash_list(f.a.frames[0]);
  REQUIRE(list);
  CHECK(list->first <= 20);
  CHECK(list->first + list->count() > 20);
}

TEST_CASE("children: repairs to one child are limited", "[swarm]") {
  Fixture f;
  f.server.publish(300, f.net.now);
  f.add(f.a, 0, 1'000 * 1232);
  f.net.run_for(milliseconds(100));
  f.a.frames.clear();
  for (int i = 0; i < 100; ++i) {
    f.a.say(f.request(0, 250));
    f.net.run_for(milliseconds(10));
  }
  CHECK(f.sequences(f.a).size() < 6'000);  // of 25,000 asked for
}

TEST_CASE("children: P17: a repair request for what a restarted store does not hold harms nothing", "[swarm]") {
  Fixture f;
  f.server.publish(100, f.net.now);
  f.add(f.a, 0, 1'000 * 1232);
  f.net.run_for(milliseconds(50));
  f.server.store.restart(60);
  f.a.say(f.request(55, 30));
  f.net.run_for(milliseconds(20));
  CHECK(f.a.all<wire::Hole>() == std::vector<wire::Hole>{{55, 5}});
}

TEST_CASE("children: one that says nothing for 1.5 s is removed, one that reports is kept", "[swarm]") {
  Fixture f;
  f.add(f.a);
  f.add(f.b);
  const Instant start = f.net.now;
  while (f.net.now < start + seconds(3)) {
    f.report(f.b, 0);
    f.net.run_for(milliseconds(100));
    const bool expected = f.net.now - start < Children::kSilenceMax;
    CHECK(f.server.children.has(f.at_server(f.a)) == expected);
  }
  CHECK(f.server.children.has(f.at_server(f.b)));
  CHECK(f.server.children.take_silent() == std::vector<session::SessionId>{f.at_server(f.a)});
  CHECK(f.server.children.take_silent().empty());
  CHECK(f.server.children.free_slots() == 2);
}

TEST_CASE("children: a burst with nothing behind it is closed by its head, soon and once", "[swarm]") {
  Fixture f;
  f.add(f.a);
  const std::uint64_t head = f.server.publish(1, f.net.now);
  f.net.run_for(milliseconds(5 + 1));
  CHECK(f.a.all<wire::Head>().empty());
  f.net.run_for(milliseconds(500));
  CHECK(f.a.all<wire::Head>() == std::vector<wire::Head>{{head}});
}

TEST_CASE("children: a burst that a hash list announced needs no head", "[swarm]") {
  Fixture f;
  f.add(f.a);
  f.server.publish(30, f.net.now);
  f.net.run_for(milliseconds(500));
  CHECK(f.sequences(f.a) == range(0, 30));
  CHECK(f.a.all<wire::Head>().empty());
}

TEST_CASE("children: on a lossy path the head is said twice", "[swarm]") {
  Fixture f;
  f.add(f.a);
  f.server.publish(100, f.net.now);
  wire::Report report;
  report.received = 100;
  report.missed = 5;
  report.next = report.seen = 100;
  f.net.run_for(milliseconds(50));
  f.a.say(report);
  f.net.run_for(milliseconds(50));
  f.a.heard.clear();
  const std::uint64_t head = f.server.publish(1, f.net.now);
  f.net.run_for(milliseconds(500));
  CHECK(f.a.all<wire::Head>() == std::vector<wire::Head>{{head}, {head}});
}

TEST_CASE("children: slots, and whether all have the run to its end", "[swarm]") {
  Fixture f;
  f.add(f.a);
  f.add(f.b);
  CHECK(f.server.children.slots() == 3);
  CHECK(f.server.children.free_slots() == 1);
  CHECK(f.server.children.size() == 2);
  f.server.publish(10, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK_FALSE(f.server.children.all_have_the_end(10));
  f.report(f.a, 10);
  f.report(f.b, 9);
  f.net.run_for(milliseconds(20));
  CHECK(f.server.children.all_have_the_end(9));
  CHECK_FALSE(f.server.children.all_have_the_end(10));
  CHECK(f.server.children.backlog(f.net.now) >= 1);
  f.report(f.b, 10, false);
  f.net.run_for(milliseconds(20));
  CHECK_FALSE(f.server.children.all_have_the_end(10));  // it might wait for more
  f.report(f.b, 10);
  f.net.run_for(milliseconds(20));
  CHECK(f.server.children.all_have_the_end(10));
  CHECK(f.server.children.backlog(f.net.now) == 0);
  f.server.children.remove(f.at_server(f.a));
  CHECK_FALSE(f.server.children.has(f.at_server(f.a)));
  CHECK(f.server.children.free_slots() == 2);
}

TEST_CASE("children: a child that was left behind goes on from what is still here", "[swarm]") {
  Fixture f;
  f.add(f.a, 0, 32 * 1232);
  for (int i = 0; i < 20; ++i) f.server.publish(1'000, f.net.now);
  const std::uint64_t tail = f.server.store.tail();
  REQUIRE(tail > 1'000);
  f.report(f.a, 32);
  f.net.run_for(milliseconds(50));
  REQUIRE_FALSE(f.sequences(f.a).empty());
  CHECK(f.sequences(f.a).back() >= tail);
}

TEST_CASE("children: lists and shards alike are charged to the upload limit, of a stream that is too much for it",
          "[swarm]") {
  constexpr std::uint64_t kBytesPerSecond = 100'000;
  Fixture f(kBytesPerSecond, 1'000, 1'000, {16, 0});
  f.add(f.a, 0);
  const Instant begin = f.net.now;
  // Many lists: the first shard of each follows it at once.
  for (int i = 0; i < 100; ++i) {
    f.server.publish(5, f.net.now);
    Fixture::report(f.a, f.server.store.head(), false);
    f.net.run_for(milliseconds(50));
  }
  std::uint64_t bytes = 0;
  for (const ByteVector& frame : f.a.frames) bytes += frame.size() + session::kDataOverhead + 28;
  const auto allowed = kBytesPerSecond * static_cast<std::uint64_t>(to_us(f.net.now - begin)) / 1'000'000;
  CHECK(bytes <= allowed + 4'000);
  CHECK(bytes >= allowed / 2);
}

TEST_CASE("children: one that has a part of the stream may be silent for longer", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(0), 0);
  const Instant start = f.net.now;
  f.net.run_until(start + Children::kSilenceMaxPart - milliseconds(50));
  CHECK(f.server.children.has(f.at_server(f.a)));
  f.net.run_until(start + Children::kSilenceMaxPart + milliseconds(50));
  CHECK_FALSE(f.server.children.has(f.at_server(f.a)));
}

TEST_CASE("children: each is sent its stripes only", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(1), 0);
  f.add_live(f.b, bit(0) | bit(3), 0);
  f.server.publish(12, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == std::vector<std::uint64_t>{1, 5, 9});
  CHECK(f.sequences(f.b) == std::vector<std::uint64_t>{0, 3, 4, 7, 8, 11});
  // What comes late goes to those whose stripe it is.
  f.a.frames.clear();
  f.b.frames.clear();
  const std::uint64_t late = 5;
  f.server.children.on_stored({&late, 1});
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == std::vector<std::uint64_t>{5});
  CHECK(f.sequences(f.b).empty());
}

TEST_CASE("children: hash lists go to those who want them, and with repairs to those who ask", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(1), 0, true);
  f.add_live(f.b, bit(1), 0, false);
  f.server.publish(30, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.lists(f.a) == 1);
  CHECK(f.lists(f.b) == 0);
  CHECK(f.sequences(f.b) == f.sequences(f.a));
  f.b.frames.clear();
  wire::RepairRequest request = f.request(1, 1);
  request.kind = wire::RepairRequest::Kind::kShardsWithLists;
  f.b.say(request);
  f.net.run_for(milliseconds(20));
  CHECK(f.lists(f.b) == 1);
  CHECK(f.sequences(f.b) == std::vector<std::uint64_t>{1});
  // A list that comes by itself, too.
  f.a.frames.clear();
  f.b.frames.clear();
  f.server.children.on_list(0);
  f.net.run_for(milliseconds(20));
  CHECK(f.lists(f.b) == 0);
}

TEST_CASE("children: what is asked for twice before it is sent is sent once", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  for (int i = 0; i < 3; ++i) f.a.say(f.request(3, 2));  // in one datagram
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == range(3, 5));
  f.a.say(f.request(3, 1));  // but it may be lost, and asked for again
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a).size() == 3);
}

TEST_CASE("children: repairs that have waited too long are not sent any more", "[swarm]") {
  Fixture f;
  f.server.publish(100, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(100));
  REQUIRE(f.sequences(f.a).size() == 100);
  f.report(f.a, 100);
  f.server.upload = TokenBucket(10'000, 2'000);
  f.a.say(f.request(0, 100));
  f.net.run_for(seconds(1));
  f.report(f.a, 100);
  f.net.run_for(seconds(1));  // one that is at home in all stripes is waited for longer
  const std::uint64_t sent = f.server.children.stats().repairs_sent;
  CHECK(sent >= 2);
  CHECK(sent <= 30);
  f.report(f.a, 100);
  f.net.run_for(seconds(1));
  CHECK(f.server.children.stats().repairs_sent == sent);
}

TEST_CASE("children: a repair of a stripe that the child has from elsewhere is answered, too", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(0), 0);
  f.server.publish(8, f.net.now);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  f.a.say(f.request(7, 1));
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == std::vector<std::uint64_t>{7});
}
