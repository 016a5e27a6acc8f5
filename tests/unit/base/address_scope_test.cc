#include "libcore/base/address_scope.h"

#include <initializer_list>

#include "tests/catch.h"

using namespace spate;

namespace {

// The first four bytes and the last one; zeros between.
Address v6(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint8_t last) {
  return {{a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}, 7'400};
}
Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) { return Address::v4(a, b, c, d, 7'400); }

}  // namespace

TEST_CASE("address scope: IPv4 by its ranges, to their edges", "[base]") {
  CHECK(scope_of(v4(127, 0, 0, 1)) == Scope::kLoopback);
  CHECK(scope_of(v4(127, 255, 255, 255)) == Scope::kLoopback);
  CHECK(scope_of(v4(169, 254, 1, 1)) == Scope::kLink);
  CHECK(scope_of(v4(169, 253, 1, 1)) == Scope::kPublic);
  for (const Address& a : {v4(10, 0, 0, 1), v4(172, 16, 0, 1), v4(172, 31, 255, 255), v4(192, 168, 0, 1),
                           v4(100, 64, 0, 1), v4(100, 127, 255, 255)})
    CHECK(scope_of(a) == Scope::kPrivate);
  for (const Address& a : {v4(1, 2, 3, 4), v4(172, 15, 0, 1), v4(172, 32, 0, 1), v4(192, 167, 0, 1), v4(100, 63, 0, 1),
                           v4(100, 128, 0, 1), v4(223, 255, 255, 255)})
    CHECK(scope_of(a) == Scope::kPublic);
  for (const Address& a : {v4(0, 0, 0, 0), v4(0, 1, 2, 3), v4(224, 0, 0, 1), v4(239, 255, 255, 250), v4(240, 0, 0, 1),
                           v4(255, 255, 255, 255)})
    CHECK(scope_of(a) == Scope::kNone);
}

TEST_CASE("address scope: IPv6 by its ranges, to their edges", "[base]") {
  CHECK(scope_of(v6(0, 0, 0, 0, 1)) == Scope::kLoopback);
  CHECK(scope_of(v6(0, 0, 0, 0, 0)) == Scope::kNone);
  CHECK(scope_of(v6(0, 0, 0, 0, 2)) == Scope::kNone);
  CHECK(scope_of(v6(0xff, 0x02, 0, 0, 1)) == Scope::kNone);
  CHECK(scope_of(v6(0xfe, 0x80, 0, 0, 1)) == Scope::kLink);
  CHECK(scope_of(v6(0xfe, 0xbf, 0, 0, 1)) == Scope::kLink);
  CHECK(scope_of(v6(0xfd, 0x12, 0, 0, 1)) == Scope::kPrivate);
  CHECK(scope_of(v6(0xfc, 0, 0, 0, 1)) == Scope::kPrivate);
  CHECK(scope_of(v6(0xfb, 0, 0, 0, 1)) == Scope::kPublic);
  CHECK(scope_of(v6(0xfe, 0xc0, 0, 0, 1)) == Scope::kPrivate);
  CHECK(scope_of(v6(0xfe, 0xff, 0, 0, 1)) == Scope::kPrivate);
  CHECK(scope_of(v6(0xfe, 0x7f, 0, 0, 1)) == Scope::kPublic);
  CHECK(scope_of(v6(0x20, 0x01, 0x0d, 0xb8, 1)) == Scope::kPublic);
}

TEST_CASE("address scope: an IPv6 address that leads to an IPv4 one reaches as far as that", "[base]") {
  const auto nat64 = [](std::uint8_t a, std::uint8_t b) {
    return Address{{0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, 7, 7}, 7'400};
  };
  const auto six_to_four = [](std::uint8_t a, std::uint8_t b) { return v6(0x20, 0x02, a, b, 1); };
  const auto check = [&](std::uint8_t a, std::uint8_t b, Scope scope) {
    CHECK(scope_of(nat64(a, b)) == scope);
    CHECK(scope_of(six_to_four(a, b)) == scope);
    CHECK(scope_of(v4(a, b, 0, 1)) == scope);
  };
  check(127, 0, Scope::kLoopback);
  check(169, 254, Scope::kLink);
  check(192, 168, Scope::kPrivate);
  check(100, 64, Scope::kPrivate);
  check(1, 2, Scope::kPublic);
  check(0, 0, Scope::kNone);
  check(224, 0, Scope::kNone);
  // Their neighbours are as any: of NAT64, but for what is set aside for local use.
  CHECK(scope_of({{0x00, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 7'400}) == Scope::kPrivate);
  CHECK(scope_of({{0x00, 0x64, 0xff, 0x9b, 0, 2, 0, 0, 0, 0, 0, 0, 10, 2, 3, 4}, 7'400}) == Scope::kPublic);
  CHECK(scope_of({{0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 1, 10, 2, 3, 4}, 7'400}) == Scope::kPublic);
  CHECK(scope_of(v6(0x20, 0x03, 10, 0, 1)) == Scope::kPublic);
  CHECK_FALSE(may_be_told(nat64(10, 0), v4(1, 2, 3, 4)));
  CHECK_FALSE(may_be_told(six_to_four(127, 0), v6(0x20, 0x01, 0, 0, 1)));
}

TEST_CASE("address scope: nobody names what is nearer to us than itself", "[base]") {
  const Address loopback = v4(127, 0, 0, 1), loopback6 = v6(0, 0, 0, 0, 1), link = v4(169, 254, 0, 1),
                home = v4(192, 168, 0, 2), far = v4(1, 2, 3, 4), far6 = v6(0x20, 0x01, 0, 0, 1);
  for (const Address& informant : {loopback, loopback6, link, home, far, far6}) {
    CHECK(may_be_told(far, informant));
    CHECK(may_be_told(far6, informant));
    CHECK_FALSE(may_be_told(v4(224, 0, 0, 1), informant));
    CHECK_FALSE(may_be_told(v4(0, 0, 0, 0), informant));
  }
  for (const Address& near : {loopback, loopback6}) {
    CHECK(may_be_told(near, loopback));
    CHECK(may_be_told(near, loopback6));
    for (const Address& informant : {link, home, far, far6}) CHECK_FALSE(may_be_told(near, informant));
  }
  CHECK(may_be_told(home, home));
  CHECK(may_be_told(home, loopback));
  CHECK_FALSE(may_be_told(home, far));
  CHECK_FALSE(may_be_told(link, home));
}

TEST_CASE("address scope: whoever comes through a network's own translator may be far away", "[base]") {
  const Address translated{{0x00, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 7'400};
  for (const Address& near : {v4(192, 168, 0, 2), v6(0xfd, 0x12, 0, 0, 1), translated}) {
    CHECK_FALSE(may_be_told(near, translated));
    CHECK(may_be_told(near, v4(192, 168, 0, 3)));
  }
  CHECK(may_be_told(v4(1, 2, 3, 4), translated));
  CHECK_FALSE(may_be_told(translated, v4(1, 2, 3, 4)));
}

TEST_CASE("address scope: nobody names a system service's port", "[base]") {
  Address address = v4(1, 2, 3, 4);
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{0, 53, 1'023}) {
    address.port = port;
    CHECK_FALSE(may_be_told(address, v4(5, 6, 7, 8)));
    CHECK_FALSE(may_be_told(address, address));
  }
  address.port = 1'024;
  CHECK(may_be_told(address, v4(5, 6, 7, 8)));
}
