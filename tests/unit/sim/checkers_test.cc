// Every checker can fail: a known bug is planted in front of each, and beside it stands what it must let pass.
#include "libcore/crypto/chacha_rng.h"
#include "libcore/crypto/suite.h"
#include "libcore/session/endpoint.h"
#include "libcore/session/handshake.h"
#include "libcore/sim/checker_amplification.h"
#include "libcore/sim/checker_bounds.h"
#include "libcore/sim/checker_datagram.h"
#include "libcore/sim/checker_forward.h"
#include "libcore/sim/checker_hidden.h"
#include "libcore/sim/checker_nonce.h"
#include "libcore/sim/checker_upload.h"
#include "libcore/wire/shard.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kNow{std::chrono::seconds(1)};
const Address kSomebody = Network::address_of(9);

std::vector<std::uint8_t> datagram(std::size_t bytes, std::uint8_t type) {
  std::vector<std::uint8_t> out(bytes);
  if (!out.empty()) out[0] = type;
  return out;
}

}  // namespace

TEST_CASE("the datagram checker finds what is empty or too large") {
  Findings findings;
  DatagramChecker checker(findings);
  checker.on_sent(1, kSomebody, datagram(1, 4), kNow);
  checker.on_sent(1, kSomebody, datagram(1'420, 4), kNow);
  CHECK(findings.none());
  checker.on_sent(1, kSomebody, datagram(1'421, 4), kNow);
  CHECK(findings.safety() == 1);
  checker.on_sent(1, kSomebody, {}, kNow);
  CHECK(findings.safety() == 2);
}

TEST_CASE("the forward checker finds a shard that was never published") {
  Findings findings;
  ForwardChecker checker(0, findings);
  std::vector<std::uint8_t> shard = datagram(500, wire::kShardInline);
  checker.on_seal(0, shard, {}, 0, kNow);
  checker.on_seal(3, shard, {}, 0, kNow);
  checker.on_seal(3, datagram(40, 16), {}, 1, kNow);  // control is everybody's own
  CHECK(findings.none());
  shard.back() ^= 1;
  checker.on_seal(3, shard, {}, 2, kNow);
  CHECK(findings.safety() == 1);
  checker.on_seal(3, datagram(200, wire::kHashList), {}, 3, kNow);
  CHECK(findings.safety() == 2);
  // In two parts it is the same.
  const auto seal_parts = [&](HostId host, Bytes text) {
    for (const bool second : {false, true}) {
      std::vector<std::uint8_t> part(wire::kPartHeaderBytes + text.size() / 2);
      wire::write_part(part, {second, 1, text.subspan(second ? text.size() / 2 : 0, text.size() / 2)});
      checker.on_seal(host, part, {}, 4, kNow);
    }
  };
  const auto parity = datagram(600, wire::kParity);
  seal_parts(3, parity);
  CHECK(findings.safety() == 3);
  seal_parts(0, parity);
  seal_parts(3, parity);
  checker.on_seal(3, parity, {}, 5, kNow);
  CHECK(findings.safety() == 3);
}

TEST_CASE("the hidden checker finds what goes between a hidden host and anybody but the link's, either way") {
  class NoDelay final : public DelayModel {
    Duration one_way(HostId, HostId) override { return {}; }
  } delays;
  class Nobody final : public HostProgram {
    void handle_datagrams(std::span<const Datagram>, Moment) override {}
    void handle_deadline(Moment) override {}
    std::optional<Moment> poll(Moment, DatagramBatch&) override { return Moment{kNever, kNever}; }
  } nobody;
  Findings findings;
  Network network(crypto::ChaChaRng(1), delays);
  for (int i = 0; i < 4; ++i) network.add(nobody, {});
  HiddenChecker checker(network, findings);
  const auto send = [&](HostId from, HostId to) {
    checker.on_sent(from, Network::address_of(to), datagram(40, 4), kNow);
  };
  send(2, 3);
  checker.add_link_host(0);
  checker.add_hidden(2);
  send(0, 2);
  send(2, 0);
  send(1, 3);
  send(1, 0);
  CHECK(findings.none());
  send(2, 3);
  CHECK(findings.safety() == 1);
  send(3, 2);
  CHECK(findings.safety() == 2);
  checker.on_sent(2, Network::address_of(99), datagram(1, 0), kNow);
  CHECK(findings.safety() == 3);
}

TEST_CASE("the nonce checker finds a counter that is used again") {
  Findings findings;
  NonceChecker checker(findings);
  const crypto::SymmetricKey one{1};
  const crypto::SymmetricKey two{2};
  checker.on_seal(1, {}, one, 0, kNow);
  checker.on_seal(1, {}, two, 0, kNow);
  checker.on_seal(1, {}, one, 1, kNow);
  checker.on_seal(1, {}, one, 5, kNow);
  CHECK(findings.none());
  SECTION("at once") { checker.on_seal(1, {}, one, 5, kNow); }
  SECTION("later") { checker.on_seal(1, {}, one, 0, kNow); }
  SECTION("by another host") { checker.on_seal(2, {}, two, 0, kNow); }
  CHECK(findings.safety() == 1);
}

TEST_CASE("the amplification checker finds more bytes out than in before an address is proven") {
  Findings findings;
  AmplificationChecker checker(findings);
  checker.on_delivered(1, kSomebody, datagram(256, session::kInitiationType), kNow);
  checker.on_sent(1, kSomebody, datagram(92, session::kResponseType), kNow);
  checker.on_sent(1, kSomebody, datagram(92, session::kResponseType), kNow);
  CHECK(findings.none());
  SECTION("a third answer is too much") {
    checker.on_sent(1, kSomebody, datagram(92, session::kResponseType), kNow);
    CHECK(findings.safety() == 1);
  }
  std::vector<std::uint8_t> data = datagram(40, session::kDataType);
  data.back() = 7;  // of its tag
  SECTION("data from there that can be opened proves it") {
    checker.on_delivered(1, kSomebody, data, kNow);
    checker.on_open(1, Bytes{data}.subspan(13), kNow);
    for (int i = 0; i < 10; ++i) checker.on_sent(1, kSomebody, datagram(1'200, session::kDataType), kNow);
    CHECK(findings.none());
  }
  SECTION("data that nobody could open proves nothing") {
    checker.on_delivered(1, kSomebody, data, kNow);
    SECTION("at all") {}
    SECTION("or another host did") { checker.on_open(2, Bytes{data}.subspan(13), kNow); }
    SECTION("or what was opened is something else") { checker.on_open(1, datagram(27, 9), kNow); }
    SECTION("or it was opened at another time") { checker.on_open(1, Bytes{data}.subspan(13), kNow + seconds(1)); }
    checker.on_sent(1, kSomebody, datagram(1'200, session::kDataType), kNow);
    CHECK(findings.safety() == 1);
  }
  SECTION("a handshake of one's own is no answer, and the answer to it proves the address") {
    for (int i = 0; i < 10; ++i) checker.on_sent(2, kSomebody, datagram(256, session::kInitiationType), kNow);
    checker.on_delivered(2, kSomebody, datagram(92, session::kResponseType), kNow);
    checker.on_sent(2, kSomebody, datagram(1'200, session::kDataType), kNow);
    CHECK(findings.none());
  }
  SECTION("an answer that nobody sent proves nothing") {
    checker.on_sent(2, kSomebody, datagram(256, session::kInitiationType), kNow);
    std::vector<std::uint8_t> forged = datagram(92, session::kResponseType);
    forged[20] = 1;
    checker.on_delivered(2, kSomebody, forged, kNow);
    checker.on_sent(2, kSomebody, datagram(1'200, session::kDataType), kNow);
    CHECK(findings.safety() == 1);
  }
  SECTION("data to somebody unknown is too much at once") {
    checker.on_sent(2, kSomebody, datagram(40, session::kDataType), kNow);
    CHECK(findings.safety() == 1);
  }
}

TEST_CASE("the amplification checker forgets handshakes that nobody waits for, and no others") {
  Findings findings;
  AmplificationChecker checker(findings);
  std::size_t most = 0;
  for (std::uint8_t second = 0; second < 250; ++second) {
    const Instant now = kNow + seconds(second);
    std::vector<std::uint8_t> initiation = datagram(256, session::kInitiationType);
    std::vector<std::uint8_t> response = datagram(92, session::kResponseType);
    initiation[4] = response[8] = response[20] = second;
    const Address somebody = Network::address_of(1'000 + second);
    checker.on_sent(2, somebody, initiation, now);
    checker.on_delivered(1, kSomebody, initiation, now);
    checker.on_sent(1, kSomebody, response, now);
    const Instant late = now + milliseconds(second % 2 == 0 ? 0 : 900);
    checker.on_delivered(2, Network::address_of(5'000), response, late);  // a box has changed where it comes from
    checker.on_sent(2, somebody, datagram(1'200, session::kDataType), late);
    most = std::max(most, checker.handshakes());
  }
  CHECK(findings.none());
  CHECK(most <= 2 * 2 * 60);  // an initiation and a response a second, for twice the time that they are kept
}

TEST_CASE("the amplification checker takes an answer for one as long as somebody may wait for it") {
  Findings findings;
  AmplificationChecker checker(findings);
  checker.on_delivered(1, kSomebody, datagram(256, session::kInitiationType), kNow);
  checker.on_sent(1, kSomebody, datagram(92, session::kResponseType), kNow);
  const Duration after = GENERATE(Duration{}, seconds(1), AmplificationChecker::kHandshakeLife - milliseconds(1),
                                  2 * AmplificationChecker::kHandshakeLife, seconds(100'000));
  checker.on_delivered(2, kSomebody, datagram(92, session::kResponseType), kNow + after);
  checker.on_sent(2, kSomebody, datagram(1'200, session::kDataType), kNow + after);
  CHECK(findings.none() == (after < AmplificationChecker::kHandshakeLife));
}

TEST_CASE("the upload checker finds a host that goes on above its limit") {
  Findings findings;
  UploadChecker checker(findings);
  checker.set_limit(1, 8'000'000);
  const auto send_for = [&](Duration span, Duration interval) {
    for (Instant now = kNow; now < kNow + span; now += interval)
      checker.on_sent(1, kSomebody, datagram(972, 4), now);  // 1,000 with its headers: 1 ms
  };
  SECTION("a burst, and the limit for ever") {
    for (int i = 0; i < 60; ++i) checker.on_sent(1, kSomebody, datagram(972, 4), kNow);
    send_for(seconds(20), milliseconds(1));
    CHECK(findings.none());
  }
  SECTION("a tenth more") {
    send_for(seconds(4), std::chrono::microseconds(900));
    CHECK(findings.safety() == 1);
  }
  SECTION("no limit") {
    checker.set_limit(1, 0);
    send_for(seconds(2), std::chrono::microseconds(10));
    CHECK(findings.none());
  }
}

TEST_CASE("the bounds checker finds tables that grow, and a network that loses count") {
  Findings findings;
  node::NodeStats node;
  node.sessions = session::Endpoint::kSessionsMax;
  node.half_open = session::Endpoint::kHalfOpenMax;
  node::Fills fills{{{"things", 3, 3}, {"others", 0, 1}}};
  check_bounds(1, node, fills, kNow, findings);
  NetworkStats network;
  network.sent = 10;
  network.duplicated = 1;
  network.delivered = 6;
  network.lost = network.queue_full = network.nobody = network.in_flight = 1;
  network.cut = 1;
  check_conservation(network, kNow, findings);
  CHECK(findings.none());
  ++node.sessions;
  check_bounds(1, node, fills, kNow, findings);
  CHECK(findings.safety() == 1);
  node.sessions = 0;
  ++node.half_open;
  check_bounds(1, node, fills, kNow, findings);
  CHECK(findings.safety() == 2);
  node.half_open = 0;
  fills[1].has = 2;
  check_bounds(1, node, fills, kNow, findings);
  CHECK(findings.safety() == 3);
  CHECK(findings.kept().back().what == "holds 2 others, at most 1 are allowed");
  ++network.delivered;
  check_conservation(network, kNow, findings);
  CHECK(findings.safety() == 4);
}

}  // namespace spate::sim
