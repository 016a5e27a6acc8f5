// One that serves two children, for the tests of Children and its machines.
#pragma once

#include "libcore/stream/source.h"
#include "libcore/swarm/children.h"
#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

namespace spate::tests {

using namespace spate::swarm;

constexpr std::uint32_t kChildWindow = 160 * 1024;

// Whoever serves, with a source of shards.
struct ChildrenServer final : NetHost {
  explicit ChildrenServer(std::uint64_t upload_rate, std::uint64_t upload_burst, std::uint32_t capacity_milli,
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
      if (event->kind == session::SessionEvent::Kind::kEstablished) peers.add(event->session, now);
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
  // That many shards of full size; returns one past the last.
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

// And two children that it serves: what they are sent, they keep.
struct ChildrenFixture {
  // Without a word about stripes there is one, and a child has all or nothing.
  explicit ChildrenFixture(std::uint64_t upload_rate = 0, std::uint64_t upload_burst = 0,
                           std::uint32_t capacity_milli = 3'000, const Striping& striping = {})
      : server(upload_rate, upload_burst, capacity_milli, striping) {
    net.add(server);
    for (ScriptedPeer* child : {&a, &b}) {
      net.add(*child);
      child->dial(1, net.now);
    }
    net.run_for(std::chrono::seconds(1));
    REQUIRE(a.connected());
    REQUIRE(b.connected());
    for (ScriptedPeer* child : {&a, &b}) prove_path(net, server.outbox, at_server(*child), *child);
  }
  session::SessionId at_server(const ScriptedPeer& child) {
    for (const auto& [session, peer] : server.peers.all())
      if (peer.key == child.keys.public_key) return session;
    FAIL("no such child");
    return {};
  }
  void add(ScriptedPeer& child, std::uint64_t first = 0, std::uint32_t window = kChildWindow) {
    wire::Subscribe request;
    request.first = first;
    request.window_bytes = window;
    const auto reply = server.children.subscribe(at_server(child), request, wire::kAllStripes, first, false, net.now);
    CHECK(reply.code == wire::SubscribeCode::kAccepted);
    CHECK(reply.first == first);
  }
  // Those stripes from `first` on, of a stream that goes on.
  wire::SubscribeReply add_live(ScriptedPeer& child, StripeMask stripes, std::uint64_t first, bool lists = true) {
    const wire::Subscribe request{.stripes = stripes, .first = first, .window_bytes = kChildWindow, .lists = lists};
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
  ChildrenServer server;
  ScriptedPeer a{2};
  ScriptedPeer b{3};
};

inline std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> all;
  for (; from < to; ++from) all.push_back(from);
  return all;
}

}  // namespace spate::tests
