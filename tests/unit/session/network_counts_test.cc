#include "libcore/session/network_counts.h"

#include "tests/catch.h"

using namespace spate;
using namespace spate::session;

TEST_CASE("network counts: by IPv4 address and by IPv6 /64; nothing is kept of those that are gone", "[session]") {
  NetworkCounts counts;
  const Address one = Address::v4(10, 0, 0, 1, 1);
  const Address same = Address::v4(10, 0, 0, 1, 2);
  const Address other = Address::v4(10, 0, 0, 2, 1);
  Address six;
  six.ip[0] = 0x20;
  Address neighbour = six;
  neighbour.ip[8] = 1;
  Address stranger = six;
  stranger.ip[7] = 1;
  for (const Address& address : {one, same, other, six, neighbour, stranger}) counts.add(address);
  CHECK(counts.count(one) == 2);
  CHECK(counts.count(other) == 1);
  CHECK(counts.count(neighbour) == 2);
  CHECK(counts.count(stranger) == 1);
  for (const Address& address : {one, same, other, six, neighbour, stranger}) counts.remove(address);
  CHECK(counts.count(one) == 0);
  CHECK(counts.networks() == 0);
}
