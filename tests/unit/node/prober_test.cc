#include "libcore/node/prober.h"

#include "libcore/session/service.h"
#include "tests/catch.h"
#include "tests/unit/swarm/node_host.h"

using namespace spate;
using namespace spate::node;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Fixture {
  Fixture() {
    net.add(prober);
    net.add(host);
    net.fate = [this](const Address& from, const Address&, Bytes bytes) {
      if (from == prober.address) last_question = bytes.size();
      if (from == host.address) last_answer = bytes.size();
      return true;
    };
  }
  void connect() {
    host.node.publish(publish_config(), net.now);
    prober.node.probe({host.address, session::probe_node_key_pair().public_key}, std::nullopt, net.now);
    net.run_for(seconds(1));
    REQUIRE(prober.connected);
  }

  Net net;
  NodeHost prober{1};
  NodeHost host{2};
  std::size_t last_question = 0;
  std::size_t last_answer = 0;
};

}  // namespace

TEST_CASE("prober: by its address alone, whoever serves a public stream answers, and the round trips are told",
          "[node]") {
  Fixture f;
  f.connect();
  CHECK(*f.prober.connected >= milliseconds(10));
  CHECK(*f.prober.connected < milliseconds(11));
  for (std::uint32_t id = 1; id <= 5; ++id) {
    f.prober.node.probe_ping(id, 100, f.net.now);
    f.net.run_for(milliseconds(50));
  }
  REQUIRE(f.prober.replies.size() == 5);
  for (std::uint32_t id = 1; id <= 5; ++id) {
    CHECK(f.prober.replies[id - 1].id == id);
    CHECK(f.prober.replies[id - 1].rtt >= milliseconds(10));
    CHECK(f.prober.replies[id - 1].rtt < milliseconds(11));
  }
}

TEST_CASE("prober: a second call gives the first host up", "[node]") {
  Fixture f;
  f.prober.node.probe({address_of(9), session::probe_node_key_pair().public_key}, std::nullopt, f.net.now);
  f.net.run_for(seconds(1));
  REQUIRE(!f.prober.connected);
  f.connect();
  CHECK(*f.prober.connected < milliseconds(11));
  CHECK(f.prober.node.stats().sessions == 1);
}

TEST_CASE("prober: a reply is never larger than its ping with room for it, nor than a datagram", "[node]") {
  Fixture f;
  f.connect();
  std::uint32_t id = 0;
  for (const std::size_t bytes : {17u, 18u, 64u, 500u, 1'000u, 1'203u, 1'500u, 9'000u}) {
    f.last_question = f.last_answer = 0;
    f.prober.node.probe_ping(++id, bytes, f.net.now);
    f.net.run_for(milliseconds(50));
    CAPTURE(bytes, f.last_question);
    CHECK(f.prober.replies.size() == id);
    CHECK(f.last_answer > 0);
    CHECK(f.last_answer <= f.last_question);
    CHECK(f.last_question <= 1'232);
  }
}

TEST_CASE("P17: prober: pings larger than any that is sent do not stop a host", "[node]") {
  Fixture f;
  f.host.node.publish(publish_config(), f.net.now);
  BufferPool pool;
  crypto::ChaChaRng rng(5);
  session::Endpoint endpoint(crypto::sodium_suite(), rng, pool);
  const auto service = endpoint.add_service(session::probe_service(), crypto::generate_node_key_pair(rng), false);
  const Address from = address_of(9);
  const auto session =
      endpoint.connect(service, f.host.address, session::probe_node_key_pair().public_key, seconds(10), f.net.now);
  REQUIRE(session);
  DatagramBatch batch;
  const auto exchange = [&] {
    endpoint.flush(batch, f.net.now);
    std::vector<ByteVector> out;
    for (const auto& run : batch.runs())
      for (std::size_t i = 0; i < run.count; ++i) {
        const Bytes bytes = batch.datagram(run, i);
        out.emplace_back(bytes.begin(), bytes.end());
      }
    batch.clear();
    for (const ByteVector& datagram : out) f.host.handle_datagram({from, datagram}, f.net.now);
    DatagramBatch answers;
    f.host.poll(answers, f.net.now);
    std::size_t largest = 0;
    for (const auto& run : answers.runs())
      for (std::size_t i = 0; i < run.count; ++i) {
        largest = std::max(largest, answers.datagram(run, i).size());
        endpoint.handle_datagram({f.host.address, answers.datagram(run, i)}, f.net.now);
      }
    return largest;
  };
  endpoint.handle_deadline(f.net.now);
  exchange();
  exchange();
  REQUIRE(endpoint.established(*session));
  for (const unsigned padding : {0u, 9u, 10u, 1196u, 1206u, 1300u, 1384u, 1400u, 1436u, 1529u}) {
    const wire::Control ping = wire::Ping{1, static_cast<std::uint16_t>(padding)};
    ByteVector text(wire::control_bytes(ping));
    Writer writer(text);
    wire::write_control(writer, ping);
    REQUIRE(seal_in_parts(endpoint, *session, text, batch, f.net.now));
    const std::size_t answer = exchange();
    CHECK(answer > 0);
    CHECK(answer <= 1'232);
  }
}

TEST_CASE("prober: a lost ping makes no reply, a repeated pong no second one", "[node]") {
  Fixture f;
  f.connect();
  f.net.fate = [&](const Address& from, const Address&, Bytes) { return from != f.host.address; };
  f.prober.node.probe_ping(1, 100, f.net.now);
  f.net.run_for(seconds(1));
  f.net.fate = nullptr;
  f.prober.node.probe_ping(2, 100, f.net.now);
  f.net.run_for(seconds(1));
  REQUIRE(f.prober.replies.size() == 1);
  CHECK(f.prober.replies[0].id == 2);
}

TEST_CASE("prober: a node that serves only a private stream is silent to probes", "[node]") {
  Net net;
  NodeHost prober(1);
  net.add(prober);
  Node shy(NodeHost::config_of(2), crypto::sodium_suite(), std::make_unique<crypto::ChaChaRng>(2));
  PublishConfig secret = publish_config();
  secret.swarm_secret.fill(7);
  shy.publish(secret, net.now);
  std::size_t questions = 0;
  DatagramBatch out;
  net.fate = [&](const Address& from, const Address&, Bytes bytes) {
    const Datagram datagram{from, bytes};
    shy.handle_datagrams({&datagram, 1}, net.now);
    ++questions;
    return false;
  };
  prober.node.probe({address_of(2), session::probe_node_key_pair().public_key}, std::nullopt, net.now);
  net.run_for(seconds(5));
  shy.poll(net.now, out);
  CHECK(questions > 5);
  CHECK(out.empty());
  CHECK_FALSE(prober.connected);
}

TEST_CASE("prober: a stream's host answers a probe of its stream without making a child of the prober", "[node]") {
  Fixture f;
  f.host.node.publish(publish_config(), f.net.now);
  f.prober.node.probe(host_of(2), join_config({2}), f.net.now);
  f.net.run_for(seconds(1));
  REQUIRE(f.prober.connected);
  f.prober.node.probe_ping(1, 200, f.net.now);
  f.net.run_for(milliseconds(50));
  CHECK(f.prober.replies.size() == 1);
  CHECK(f.last_answer <= f.last_question);
  CHECK(f.host.node.stats(0, f.net.now).children == 0);
}
