// Pitfalls that other protocols fell into, where no other test of the session is about them.
#include <vector>

#include "libcore/crypto/hash.h"
#include "libcore/session/endpoint.h"
#include "tests/catch.h"
#include "tests/unit/session/endpoint_path.h"

using namespace spate;
using namespace spate::session;
using namespace spate::session::tests;

namespace {

// What b answers to whom, when it is b's time.
void exchange(Host& a, Host& b, Instant a_now, Instant b_now) {
  a.deadline(a_now);
  b.deadline(b_now);
  for (int hop = 0; hop < 4; ++hop) {
    for (const Sent& sent : a.flush(a_now)) b.handle(a.address, sent.bytes, b_now);
    for (const Sent& sent : b.flush(b_now)) a.handle(b.address, sent.bytes, a_now);
  }
}

}  // namespace

TEST_CASE("P4: clocks that are far apart, or go back with a restart, keep nobody out", "[session]") {
  const Duration apart = GENERATE(as<Duration>{}, std::chrono::hours(24 * 365 * 50), -std::chrono::minutes(59));
  Host a(1, Address::v4(10, 0, 0, 1, 1000));
  Host b(2, Address::v4(10, 0, 0, 2, 2000));
  REQUIRE(a.endpoint.connect(a.service, b.address, b.keys.public_key, kGiveUp, kStart + apart));
  exchange(a, b, kStart + apart, kStart);
  CHECK(a.established() == 1);
  CHECK(b.established() == 1);

  // The same node, restarted with its clock at another time, dials again.
  Host again(1, Address::v4(10, 0, 0, 1, 1000));
  again.rng = crypto::ChaChaRng(77);
  REQUIRE(again.keys.public_key == a.keys.public_key);
  REQUIRE(again.endpoint.connect(again.service, b.address, b.keys.public_key, kGiveUp, kStart - apart));
  exchange(again, b, kStart - apart, kStart + seconds(1));
  CHECK(again.established() == 1);
  again.handle(b.address, b.seal(b.session(), {2}, kStart + seconds(1)), kStart - apart);
  CHECK(again.texts.back() == ByteVector{2});
}

TEST_CASE("P6: two hosts that are fed each other's spoofed datagrams have nothing to tell each other", "[session]") {
  Path path;
  path.establish();
  path.log.clear();
  crypto::ChaChaRng rng(7);
  // Of every type and of the sizes that types have, and what each has sent itself, reflected.
  std::vector<ByteVector> spoofed;
  for (std::size_t type = 0; type < 8; ++type)
    for (const std::size_t size : {std::size_t{1}, std::size_t{29}, std::size_t{38}, kCookieReplyBytes, kResponseBytes,
                                   kInitiationBytes, std::size_t{1'232}}) {
      ByteVector bytes(size);
      rng.fill(bytes);
      bytes[0] = static_cast<std::uint8_t>(type);
      spoofed.push_back(bytes);
    }
  spoofed.push_back({});
  spoofed.push_back(path.a.seal(path.a.session(), {1}, path.now));
  spoofed.push_back(initiation_to(path.b, rng));
  for (int round = 0; round < 3; ++round)
    for (const ByteVector& bytes : spoofed) {
      if (bytes.size() != kInitiationBytes) path.b.handle(path.a.address, bytes, path.now);
      path.a.handle(path.b.address, bytes, path.now);
    }
  path.run_for(seconds(5));
  CHECK(path.log.empty());
}

TEST_CASE("P7: datagrams for sessions that are not there are answered with nothing", "[session]") {
  Path path;
  path.establish();
  const ByteVector data = path.a.seal(path.a.session(), {1}, path.now);
  const ByteVector response = path.log[1].bytes;
  REQUIRE(response[0] == kResponseType);
  path.b.endpoint.close(path.b.session());
  path.a.endpoint.close(path.a.session());
  path.log.clear();
  const std::uint64_t dropped = path.b.endpoint.stats().dropped;
  path.b.handle(path.a.address, data, path.now);
  path.b.handle(path.a.address, response, path.now);
  ByteVector cookie(kCookieReplyBytes);
  cookie[0] = kCookieType;
  cookie[1] = kProtocolVersion;
  path.b.handle(path.a.address, cookie, path.now);
  path.run_for(seconds(5));
  CHECK(path.log.empty());
  CHECK(path.b.endpoint.stats().dropped == dropped + 3);
}

TEST_CASE("P9: what knows the responder's key but is no handshake keeps nothing there", "[session]") {
  Path path;
  crypto::ChaChaRng rng(7);
  const auto mac1_key = kService.mac1_key(path.b.keys.public_key);
  constexpr int kCount = 2'000;
  for (int i = 0; i < kCount; ++i) {
    ByteVector bytes = initiation_to(path.b, rng);
    bytes[60] ^= 1;  // within the sealed static key
    const auto mac1 = crypto::blake2b<kMacBytes>({Bytes{bytes}.first(kInitiationBytes - 2 * kMacBytes)}, mac1_key);
    std::copy(mac1.begin(), mac1.end(), bytes.end() - 2 * kMacBytes);
    path.b.handle(Address::v4(192, 0, 2, 1, 9), bytes, path.now);
    path.now += milliseconds(10);
  }
  CHECK(path.b.endpoint.stats().dropped == kCount);
  CHECK(path.b.endpoint.stats().half_open == 0);
  CHECK(path.b.endpoint.stats().sessions == 0);
  CHECK(path.b.flush(path.now).empty());
  path.establish();
}

TEST_CASE("P17: no datagram of any type and size stops a host, cut or lengthened at will", "[session]") {
  Path path;
  crypto::ChaChaRng rng(7);
  path.establish();
  path.run_for(seconds(1));
  const ByteVector data = path.a.seal(path.a.session(), ByteVector(50, 1), path.now);
  std::vector<ByteVector> whole{data};
  for (const Sent& sent : path.log) whole.push_back(sent.bytes);
  for (const ByteVector& bytes : whole)
    for (std::size_t size = 0; size <= bytes.size() + 40; ++size) {
      ByteVector cut = bytes;
      cut.resize(size);
      for (Host* const host : {&path.a, &path.b}) host->handle(Address::v4(192, 0, 2, 1, 9), cut, path.now);
    }
  path.send(path.a, path.b, {5});
  path.run_for(kOneWay);
  CHECK(path.b.texts.back() == ByteVector{5});
  // Nor any text, however long, of a peer's.
  for (std::size_t size = 0; size <= 1'200; size += 7)
    for (const std::uint8_t type : {wire::kPart, wire::kPathDoubt, wire::kPathProbe, wire::kPathProbeAnswer,
                                    wire::kPathChallenge, wire::kPathResponse}) {
      path.b.handle(path.a.address, path.a.seal(path.a.session(), ByteVector(size, type), path.now), path.now);
      path.now += milliseconds(30);
    }
  CHECK(path.b.endpoint.established(path.b.session()));
}
