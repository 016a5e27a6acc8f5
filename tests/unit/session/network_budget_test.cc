#include "libcore/session/network_budget.h"

#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};

Address v6(std::uint8_t network, std::uint8_t host) {
  Address address;
  address.ip[0] = 0x20;
  address.ip[7] = network;
  address.ip[15] = host;
  address.port = 7;
  return address;
}

Address numbered(std::size_t i) {
  return Address::v4(10, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                     static_cast<std::uint8_t>(i), 7);
}

}  // namespace

TEST_CASE("network budget: 5 at once and 20 a second for an IPv4 address, whatever the port", "[session]") {
  NetworkBudget budget;
  int taken = 0;
  for (std::uint16_t port = 1; port <= 100; ++port) taken += budget.take(Address::v4(10, 0, 0, 1, port), kStart);
  CHECK(taken == 5);
  CHECK(budget.take(Address::v4(10, 0, 0, 2, 1), kStart));
  for (int ms = 1; ms <= 1'000; ++ms) taken += budget.take(Address::v4(10, 0, 0, 1, 1), kStart + milliseconds(ms));
  CHECK(taken == 25);
}

TEST_CASE("network budget: all of an IPv6 /64 share one", "[session]") {
  NetworkBudget budget;
  int taken = 0;
  for (std::uint8_t host = 0; host < 100; ++host) taken += budget.take(v6(1, host), kStart);
  CHECK(taken == 5);
  CHECK(budget.take(v6(2, 0), kStart));
  CHECK(budget.networks() == 2);
}

TEST_CASE("network budget: 8,192 networks are remembered, the latest", "[session]") {
  NetworkBudget budget;
  const Address busy = Address::v4(192, 0, 2, 1, 1);
  while (budget.take(busy, kStart)) continue;
  for (std::size_t i = 0; i < 3 * NetworkBudget::kNetworksMax; ++i) {
    budget.take(numbered(i), kStart);
    CHECK_FALSE(budget.take(busy, kStart));  // asked for lately, so never the one to be forgotten
  }
  CHECK(budget.networks() == NetworkBudget::kNetworksMax);
  for (std::size_t i = 0; i < NetworkBudget::kNetworksMax; ++i) budget.take(numbered(i), kStart);
  CHECK(budget.take(busy, kStart));
}
