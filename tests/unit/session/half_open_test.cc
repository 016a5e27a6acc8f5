#include "libcore/session/half_open.h"

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using std::chrono::seconds;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};

struct Table {
  crypto::ChaChaRng rng{1};
  IndexTable indices{rng};
  HalfOpenTable table{indices, rng};
  std::uint32_t made = 0;

  InitiationIdentity add(const Address& from, Instant now = kStart, ServiceIndex service = 0) {
    const auto index = indices.allocate({IndexTable::Kind::kHalfOpen, UINT32_MAX});
    REQUIRE(index);
    HalfOpen entry;
    ++made;
    entry.identity[0] = static_cast<std::uint8_t>(made >> 8);
    entry.identity[1] = static_cast<std::uint8_t>(made);
    entry.service = service;
    entry.address = from;
    entry.keys = std::make_unique<KeySet>(TransportKeys{}, *index, 1, false, now);
    const HalfOpen& added = table.add(std::move(entry), now);
    CHECK(indices.find(*index).kind == IndexTable::Kind::kHalfOpen);
    CHECK(&table.at(indices.find(*index).slot) == &added);
    return added.identity;
  }
};

Address numbered(std::uint32_t i) {
  return Address::v4(10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i), 7);
}

}  // namespace

TEST_CASE("P9: half open: never more than 1,024; what comes then displaces another", "[session]") {
  Table t;
  InitiationIdentity last{};
  for (std::uint32_t i = 0; i < 3'000; ++i) last = t.add(numbered(i));
  CHECK(t.table.size() == HalfOpenTable::kMax);
  CHECK(t.table.find(last, numbered(2'999)) != nullptr);
}

TEST_CASE("P9: half open: one network has at most 64, and displaces its own only", "[session]") {
  Table t;
  const Address quiet = Address::v4(192, 0, 2, 1, 1);
  const InitiationIdentity theirs = t.add(quiet);
  InitiationIdentity last{};
  for (std::uint16_t port = 1; port <= 5'000; ++port) last = t.add(Address::v4(10, 0, 0, 1, port));
  CHECK(t.table.size() == 1 + HalfOpenTable::kPerNetworkMax);
  CHECK(t.table.find(theirs, quiet) != nullptr);
  CHECK(t.table.find(last, Address::v4(10, 0, 0, 1, 5'000)) != nullptr);
}

TEST_CASE("half open: an initiation is known again from its own address only", "[session]") {
  Table t;
  const InitiationIdentity one = t.add(numbered(1));
  CHECK(t.table.find(one, numbered(1)) != nullptr);
  CHECK(t.table.find(one, numbered(2)) == nullptr);
}

TEST_CASE("half open: 5 s, no longer; indices come back", "[session]") {
  Table t;
  t.add(numbered(1));
  t.add(numbered(2), kStart + seconds(2));
  CHECK(t.table.expire(kStart + seconds(4)) == kStart + seconds(5));
  CHECK(t.table.expire(kStart + seconds(5)) == kStart + seconds(7));
  CHECK(t.table.size() == 1);
  CHECK(t.table.expire(kStart + seconds(7)) == kNever);
  for (std::uint32_t i = 0; i < 70'000; ++i) t.add(numbered(i % 2'000));  // more than there are indices
  CHECK(t.table.size() == HalfOpenTable::kMax);
}

TEST_CASE("half open: a service that is removed takes its own with it", "[session]") {
  Table t;
  t.add(numbered(1), kStart, 0);
  const InitiationIdentity stays = t.add(numbered(2), kStart, 1);
  t.table.drop_service(0);
  CHECK(t.table.size() == 1);
  CHECK(t.table.find(stays, numbered(2)) != nullptr);
}
