#include "libcore/wire/control.h"

#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::wire;

namespace {

using ByteVector = std::vector<std::uint8_t>;

crypto::NodeKey key(std::uint8_t fill) {
  crypto::NodeKey k;
  k.bytes.fill(fill);
  return k;
}

Record record(std::uint8_t fill) {
  Record r{
      {key(fill).bytes}, Address::v4(10, 0, 0, fill, static_cast<std::uint16_t>(1000 + fill)), 0x01020304u + fill, {}};
  r.signature.fill(static_cast<std::uint8_t>(0x80 + fill));
  return r;
}

// One of each type, every field different from its default and from its neighbours.
std::vector<Control> one_of_each() {
  Status status;
  status.role = Role::kRelay;
  status.receiving = true;
  status.no_upload = true;
  status.slots = 0x1112;
  status.free_slots = 0x1314;
  status.lag_us = 0x15161718;
  status.home = 0x1a1b1c1d1e1f2021;
  for (std::size_t i = 0; i < kStripesAllMax; ++i)
    status.stripes.push_back({static_cast<std::uint8_t>(200 + i), static_cast<std::uint8_t>(100 + i)});
  for (std::size_t i = 0; i < kRoutesMax; ++i) {
    Route& route = status.routes.emplace_back();
    route.stripes = StripeMask{3} << (2 * i);
    for (ShortId hop = 0; hop <= i; ++hop) route.path.push_back(0xfedc0000u + hop);
  }
  Peers peers;
  for (std::uint8_t i = 0; i < kPeersMax; ++i)
    peers.peers.push_back({record(i), i, 100u + i, 500u + i, static_cast<std::uint16_t>(600u + i)});
  RepairRequest repair;
  repair.kind = RepairRequest::Kind::kList;
  repair.base = UINT64_MAX - 0x20000;
  for (std::size_t i = 0; i < kRepairRangesMax; ++i)
    repair.ranges.push_back({static_cast<std::uint16_t>(900 * i), static_cast<std::uint8_t>(i)});
  return {
      Ping{0x01020304, 9},
      Pong{0x05060708, 0x090a0b0c, 0x1234567890, 5},
      status,
      Inquiry{0x6162636465666768},
      peers,
      Subscribe{0x1f20, 0x8000000000000001, 0x2122232425262728, 0x292a2b2c, false, 0x2d2e, 0x2f30313233343536, true},
      SubscribeReply{0x3031, SubscribeCode::kNoUpload, 0x3132333435363738, 0x393a3b3c3d3e3f40},
      Unsubscribe{},
      Report{0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48},
      repair,
      Hole{0x51, 0xffff},
      Bye{ByeReason::kDisplaced},
      Head{UINT64_MAX},
      Rendezvous{key(8)},
      Punch{Address::v4(10, 0, 0, 8, 1008)},
      Displaced{0x7172737475767778, {record(9), 0x79, 0x7a, 0x7b}},
      Seen{Address::v4(10, 0, 0, 10, 1010)},
      record(11)};
}

ByteVector written(const std::vector<Control>& messages) {
  std::size_t bytes = 0;
  for (const Control& m : messages) bytes += control_bytes(m);
  ByteVector out(bytes);
  Writer writer(out);
  for (const Control& m : messages) {
    const std::size_t before = writer.size();
    write_control(writer, m);
    CHECK(writer.size() - before == control_bytes(m));
  }
  return out;
}

struct Parsed {
  std::vector<Control> messages;
  bool malformed;
};
Parsed parse(Bytes bytes) {
  ControlReader reader(bytes);
  Parsed result{};
  while (auto message = reader.next()) result.messages.push_back(*message);
  result.malformed = reader.malformed();
  return result;
}

ByteVector message(std::uint8_t type, const ByteVector& body) {
  ByteVector out = {type, static_cast<std::uint8_t>(body.size() >> 8), static_cast<std::uint8_t>(body.size() & 0xff)};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

ByteVector joined(const std::vector<ByteVector>& parts) {
  ByteVector all;
  for (const ByteVector& part : parts)
    for (const std::uint8_t byte : part) all.push_back(byte);
  return all;
}

bool refused(const ByteVector& bytes) {
  const Parsed parsed = parse(bytes);
  return parsed.malformed && parsed.messages.empty();
}

}  // namespace

TEST_CASE("control: every message round-trips, alone and with all others in one datagram", "[wire]") {
  const auto all = one_of_each();
  REQUIRE(all.size() == std::variant_size_v<Control>);
  for (const Control& m : all) {
    const Parsed parsed = parse(written({m}));
    CAPTURE(m.index());
    CHECK_FALSE(parsed.malformed);
    CHECK(parsed.messages == std::vector<Control>{m});
  }
  const Parsed parsed = parse(written(all));
  CHECK_FALSE(parsed.malformed);
  CHECK(parsed.messages == all);
}

TEST_CASE("control: defaults round-trip too", "[wire]") {
  const std::vector<Control> all = {Ping{},           Pong{},   Status{},        Inquiry{}, Peers{}, Subscribe{},
                                    SubscribeReply{}, Report{}, RepairRequest{}, Hole{},    Bye{},   Head{},
                                    Rendezvous{},     Punch{},  Displaced{},     Seen{},    Record{}};
  CHECK(parse(written(all)).messages == all);
}

TEST_CASE("control: a type is its place in the table of wire/README.md", "[wire]") {
  std::uint8_t type = 16;
  for (const Control& m : one_of_each()) CHECK(written({m})[0] == type++);
  CHECK(type == 34);
}

TEST_CASE("control: bytes on the wire", "[wire]") {
  CHECK(written({Ping{0x01020304, 2}}) == ByteVector{16, 0, 6, 1, 2, 3, 4, 0, 0});
  CHECK(written({Pong{1, 2, 4, 0}}) == ByteVector{17, 0, 14, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 5});
  CHECK(written({Pong{1, 2, std::nullopt, 0}}) == ByteVector{17, 0, 14, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0});
  Status status{Role::kWatcher, true, false, 4, 3, 1000, 0x11, {}, {{0x21, {}}}};
  status.stripes.push_back({7, 40});
  status.routes[0].path.push_back(0xa0b0c0d0);
  CHECK(written({status}) == ByteVector{18,   0, 35, 2,  1, 0, 4, 0, 3, 0, 0, 3, 0xe8, 0, 0,    0,    0,    0,   0, 0,
                                        0x11, 1, 7,  40, 1, 0, 0, 0, 0, 0, 0, 0, 0x21, 1, 0xa0, 0xb0, 0xc0, 0xd0});
  CHECK(written({Inquiry{258}}) == ByteVector{19, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2});
  const Subscribe subscribe{
      .id = 772, .stripes = 5, .first = 258, .window_bytes = 3, .lists = true, .slots = 4, .home = 6};
  CHECK(written({subscribe}) == ByteVector{21, 0, 33, 3, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0,
                                           0,  1, 2,  0, 0, 0, 3, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 6});
  CHECK(written({Subscribe{.lists = false, .hosts_only = true}})[3 + 22] == 2);
  CHECK(written({SubscribeReply{.id = 772, .code = SubscribeCode::kFull, .stripes = 3, .first = 258}}) ==
        ByteVector{22, 0, 19, 3, 4, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 1, 2});
  RepairRequest repair;
  repair.base = 7;
  repair.ranges.push_back({256, 3});
  CHECK(written({repair}) == ByteVector{25, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1, 1, 0, 3});
  CHECK(written({Hole{1, 2}}) == ByteVector{26, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2});
  CHECK(written({Punch{Address::v4(1, 2, 3, 4, 258)}}) ==
        ByteVector{30, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4, 1, 2});
  CHECK(written({Seen{Address::v4(1, 2, 3, 4, 258)}}) ==
        ByteVector{32, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4, 1, 2});
  Record where{{key(9).bytes}, Address::v4(1, 2, 3, 4, 258), 10, {}};
  where.signature.fill(11);
  const ByteVector record = joined({ByteVector(32, 9),
                                    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4, 1, 2, 0, 0, 0, 10},
                                    ByteVector(64, 11)});
  CHECK(written({Displaced{5, {where, 6, 7, 8, 9}}}) ==
        joined({{31, 0, 142, 0, 0, 0, 0, 0, 0, 0, 5}, record, {0, 6, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 9}}));
  CHECK(written({where}) == joined({{33, 0, 118}, record}));
}

TEST_CASE("control: unknown types are skipped, wherever they stand", "[wire]") {
  const ByteVector known = written({Head{5}});
  for (const int type : {34, 35, 127, 128, 255}) {
    ByteVector bytes = message(static_cast<std::uint8_t>(type), {1, 2, 3});
    bytes.insert(bytes.end(), known.begin(), known.end());
    const ByteVector last = message(static_cast<std::uint8_t>(type), {});
    bytes.insert(bytes.end(), last.begin(), last.end());
    const Parsed parsed = parse(bytes);
    CHECK_FALSE(parsed.malformed);
    CHECK(parsed.messages == std::vector<Control>{Head{5}});
  }
}

TEST_CASE("control: a type below 16 is no control message", "[wire]") {
  for (std::uint8_t type = 0; type < kControlTypeMin; ++type) CHECK(refused(message(type, {1, 2, 3})));
}

TEST_CASE("control: every truncation is malformed", "[wire]") {
  for (const Control& m : one_of_each()) {
    const ByteVector whole = written({m});
    for (std::size_t n = 1; n < whole.size(); ++n) {
      CAPTURE(m.index(), n);
      REQUIRE(refused({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)}));
    }
  }
}

TEST_CASE("control: every other length than the right one is malformed", "[wire]") {
  for (const Control& m : one_of_each()) {
    const ByteVector whole = written({m});
    const ByteVector body(whole.begin() + 3, whole.end());
    const bool padded = std::holds_alternative<Ping>(m) || std::holds_alternative<Pong>(m);
    for (std::size_t n = 0; n <= body.size() + 8; ++n) {
      if (n == body.size() || (padded && n >= (m.index() == 0 ? 4u : 14u))) continue;
      ByteVector other = body;
      other.resize(n);
      CAPTURE(m.index(), n);
      REQUIRE(refused(message(whole[0], other)));
    }
  }
}

TEST_CASE("control: what came before a malformed message is kept, what follows is not", "[wire]") {
  ByteVector bytes = written({Head{1}});
  for (const ByteVector& part : {message(28, {1}), written({Head{2}})})
    bytes.insert(bytes.end(), part.begin(), part.end());
  const Parsed parsed = parse(bytes);
  CHECK(parsed.malformed);
  CHECK(parsed.messages == std::vector<Control>{Head{1}});
}

TEST_CASE("P18: control: counts beyond the bounds are refused even when the bytes are there", "[wire]") {
  ByteVector stripes(20 + 2 * (kStripesAllMax + 1));
  stripes[18] = kStripesAllMax + 1;
  CHECK(refused(message(18, stripes)));
  ByteVector routes(20 + 9 * (kRoutesMax + 1));
  routes[19] = kRoutesMax + 1;
  CHECK(refused(message(18, routes)));
  ByteVector path(20 + 9 + 4 * (kPathMax + 1));
  path[19] = 1;
  path[20 + 8] = kPathMax + 1;
  CHECK(refused(message(18, path)));
  path[20 + 8] = kPathMax;
  path.resize(path.size() - 4);
  CHECK_FALSE(refused(message(18, path)));
  ByteVector peers(1 + 64 * 17);
  peers[0] = 17;
  CHECK(refused(message(20, peers)));
  ByteVector repair(10 + 3 * 65);
  repair[9] = 65;
  CHECK(refused(message(25, repair)));
  for (const int type : {18, 20, 25}) {
    ByteVector huge(type == 18 ? 44u : type == 20 ? 1u : 10u);
    huge.back() = 255;
    CHECK(refused(message(static_cast<std::uint8_t>(type), huge)));
  }
}

TEST_CASE("control: roles, codes, kinds and reasons that do not exist are refused", "[wire]") {
  ByteVector status(20);
  CHECK_FALSE(refused(message(18, status)));
  status[0] = 3;
  CHECK(refused(message(18, status)));
  ByteVector reply(19);
  CHECK_FALSE(refused(message(22, reply)));
  reply[2] = 5;
  CHECK(refused(message(22, reply)));
  ByteVector repair(10);
  repair[0] = 3;
  CHECK(refused(message(25, repair)));
  CHECK(refused(message(27, {3})));
}

TEST_CASE("control: sequences that would wrap around are refused", "[wire]") {
  RepairRequest repair;
  repair.base = UINT64_MAX - 0x20000 + 1;
  CHECK(refused(written({repair})));
  CHECK(refused(written({Hole{UINT64_MAX - 0x10000 + 1, 1}})));
  CHECK_FALSE(refused(written({Hole{UINT64_MAX - 0x10000, 0xffff}})));
}

TEST_CASE("control: a report whose next is beyond what was seen is refused", "[wire]") {
  Report report;
  report.next = 6;
  report.seen = 5;
  CHECK(refused(written({report})));
  report.seen = 6;
  CHECK_FALSE(refused(written({report})));
}

TEST_CASE("control: random bytes never crash, and what parses can be written again", "[wire]") {
  crypto::ChaChaRng rng(1);
  const auto all = one_of_each();
  std::size_t parsed_messages = 0;
  for (int i = 0; i < 40'000; ++i) {
    ByteVector bytes;
    if (rng.below(2) == 0) {
      bytes.resize(rng.below(200));
      rng.fill(bytes);
      if (!bytes.empty()) bytes[0] = static_cast<std::uint8_t>(16 + rng.below(17));
      if (bytes.size() > 2 && rng.below(2) == 0) {
        bytes[1] = 0;
        bytes[2] = static_cast<std::uint8_t>(bytes.size() - 3);
      }
    } else {
      bytes = written({all[rng.below(all.size())], all[rng.below(all.size())]});
      for (std::uint64_t flips = rng.below(4); flips > 0; --flips)
        bytes[rng.below(bytes.size())] = static_cast<std::uint8_t>(rng.u32() & 0xff);
      bytes.resize(bytes.size() - rng.below(4));
    }
    const Parsed parsed = parse(bytes);
    parsed_messages += parsed.messages.size();
    for (const Control& m : parsed.messages) {
      ByteVector again(control_bytes(m));
      Writer writer(again);
      write_control(writer, m);
      REQUIRE(parse(again).messages == std::vector<Control>{m});
    }
  }
  CHECK(parsed_messages > 10'000);
}
