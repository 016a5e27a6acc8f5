#include "libcore/session/key_set.h"

#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using std::chrono::seconds;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};
using ByteVector = std::vector<std::uint8_t>;

struct Pair {
  explicit Pair(std::uint64_t first = 0) : first_counter(first) {}

  const std::uint64_t first_counter;
  TransportKeys keys = [] {
    TransportKeys k;
    k.send.fill(1);
    k.receive.fill(2);
    return k;
  }();
  BufferPool pool;
  const crypto::Suite& suite = crypto::sodium_suite();
  KeySet a{keys, 0xa1a2a3a4, 0xb1b2b3b4, true, kStart, first_counter};
  KeySet b{{keys.receive, keys.send}, 0xb1b2b3b4, 0xa1a2a3a4, false, kStart};

  ByteVector sealed(const ByteVector& text) {
    ByteVector datagram(text.size() + kDataOverhead);
    a.seal(datagram, text, suite);
    return datagram;
  }
  bool opens(const ByteVector& datagram, Instant now = kStart) {
    return b.open(datagram, suite, pool, now).has_value();
  }
};

}  // namespace

TEST_CASE("key set: what one seals the other opens, with the header of wire/README.md", "[session]") {
  Pair pair;
  for (std::uint8_t i = 0; i < 3; ++i) {
    const ByteVector text(i * 600u, i);
    const ByteVector datagram = pair.sealed(text);
    CHECK(ByteVector(datagram.begin(), datagram.begin() + 13) ==
          ByteVector{4, 0xb1, 0xb2, 0xb3, 0xb4, 0, 0, 0, 0, 0, 0, 0, i});
    CHECK(parse_data_receiver(datagram) == 0xb1b2b3b4);
    const auto opened = pair.b.open(datagram, pair.suite, pair.pool, kStart + seconds(i));
    REQUIRE(opened);
    CHECK(ByteVector(opened->bytes().begin(), opened->bytes().end()) == text);
    CHECK(pair.b.last_received() == kStart + seconds(i));
  }
}

TEST_CASE("key set: a datagram opens once, in whatever order they come", "[session]") {
  Pair pair;
  std::vector<ByteVector> datagrams;
  for (int i = 0; i < 100; ++i) datagrams.push_back(pair.sealed({1, 2, 3}));
  for (std::size_t i = 0; i < 100; ++i) CHECK(pair.opens(datagrams[i * 37 % 100]));
  for (const ByteVector& datagram : datagrams) CHECK_FALSE(pair.opens(datagram));
}

TEST_CASE("key set: any changed bit is refused", "[session]") {
  Pair pair;
  const ByteVector datagram = pair.sealed({1, 2, 3, 4, 5});
  for (std::size_t bit = 0; bit < datagram.size() * 8; ++bit) {
    ByteVector changed = datagram;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    REQUIRE_FALSE(pair.opens(changed));
  }
  CHECK(pair.opens(datagram));
}

TEST_CASE("P15: key set: a forgery with a huge counter does not move the window", "[session]") {
  Pair pair;
  const ByteVector good = pair.sealed({1});
  for (const int top : {0x00, 0x01, 0x7f, 0xff}) {
    ByteVector forged = pair.sealed({2});
    forged[5] = static_cast<std::uint8_t>(top);
    forged[9] = 0xff;
    CHECK_FALSE(pair.opens(forged));
  }
  CHECK(pair.b.last_received() == kStart);
  CHECK(pair.opens(good));
}

TEST_CASE("key set: keys are refused at 180 s by the opener and the sealer", "[session]") {
  Pair pair;
  const ByteVector datagram = pair.sealed({1});
  const ByteVector another = pair.sealed({1});
  CHECK(pair.opens(datagram, kStart + seconds(180) - Duration(1)));
  CHECK_FALSE(pair.opens(another, kStart + seconds(180)));
  CHECK(pair.a.usable(kStart + seconds(180) - Duration(1)));
  CHECK_FALSE(pair.a.usable(kStart + seconds(180)));
}

TEST_CASE("key set: the initiator wants new keys at 120 s, and before the old ones are refused so does the other",
          "[session]") {
  Pair pair;
  CHECK_FALSE(pair.a.wants_rekey(kStart + seconds(120) - Duration(1)));
  CHECK(pair.a.wants_rekey(kStart + seconds(120)));
  CHECK_FALSE(pair.b.wants_rekey(kStart + seconds(125)));
  CHECK(pair.b.wants_rekey(kStart + seconds(170)));
}

TEST_CASE("R13: key set: counters that pass 2^32 are taken, each once, and the initiator wants new keys", "[session]") {
  constexpr std::uint64_t kBefore = 1'000;
  Pair pair(KeySet::kRekeyPackets - kBefore);
  std::vector<ByteVector> datagrams;
  for (std::uint64_t i = 0; i < 2 * kBefore; ++i) {
    CHECK(pair.a.wants_rekey(kStart) == (i >= kBefore));
    datagrams.push_back(pair.sealed({1}));
    REQUIRE(pair.opens(datagrams.back()));
  }
  CHECK(pair.b.received_next() == KeySet::kRekeyPackets + kBefore);
  CHECK(pair.a.usable(kStart));
  CHECK_FALSE(pair.b.wants_rekey(kStart));  // it need not count what the other sends
  for (const ByteVector& datagram : datagrams) REQUIRE_FALSE(pair.opens(datagram));
}

TEST_CASE("R13: key set: 2^40 datagrams, and no more, are sealed and opened with the same keys", "[session]") {
  constexpr std::uint64_t kBefore = 100;
  Pair pair(KeySet::kRejectPackets - kBefore);
  for (std::uint64_t i = 0; i < kBefore; ++i) {
    REQUIRE(pair.a.usable(kStart));
    REQUIRE(pair.opens(pair.sealed({1})));
  }
  CHECK_FALSE(pair.a.usable(kStart));
  // Nor does the other open what such a sender, not honest, seals beyond, up to the last counter that there is.
  for (const std::uint64_t counter : {KeySet::kRejectPackets, UINT64_MAX - (1 << 14), UINT64_MAX}) {
    ByteVector datagram{4, 0xb1, 0xb2, 0xb3, 0xb4};
    for (int shift = 56; shift >= 0; shift -= 8) datagram.push_back(static_cast<std::uint8_t>(counter >> shift));
    datagram.resize(kDataOverhead + 1);
    pair.suite.seal(MutableBytes{datagram}.subspan(kDataHeaderBytes), ByteVector{1},
                    Bytes{datagram}.first(kDataHeaderBytes), pair.keys.send, counter);
    CHECK_FALSE(pair.opens(datagram));
    CHECK(pair.b.forged() == 0);
  }
}

TEST_CASE("key set: what is too short or of another type is no data datagram", "[session]") {
  for (std::size_t n = 0; n < kDataOverhead; ++n) CHECK_FALSE(parse_data_receiver(ByteVector(n, 4)));
  CHECK(parse_data_receiver(ByteVector(kDataOverhead, 4)) == 0x04040404u);
  for (const int type : {0, 1, 2, 3, 5, 255}) {
    ByteVector datagram(64, 0);
    datagram[0] = static_cast<std::uint8_t>(type);
    CHECK_FALSE(parse_data_receiver(datagram));
  }
}

TEST_CASE("P17: key set: a datagram larger than any that is sent is refused", "[session]") {
  Pair pair;
  CHECK_FALSE(pair.opens(pair.sealed(ByteVector(BufferPool::kBlockBytes + 1))));
}
