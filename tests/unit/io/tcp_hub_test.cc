#include "libcore/io/tcp_hub.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/io/address_text.h"
#include "libcore/io/event_loop.h"
#include "libcore/io/system_clock.h"
#include "libcore/io/tcp_open.h"
#include "libcore/io/udp_open.h"
#include "libcore/session/handshake.h"
#include "tests/catch.h"

using namespace std::chrono_literals;
using namespace spate;

namespace {

constexpr std::uint8_t kInitiation = session::kInitiationType;
constexpr std::uint8_t kData = session::kDataType;

struct Arrived {
  Address from;
  std::vector<std::uint8_t> bytes;
};

// A hub, and what came to it. Time is the hub's to be told; sockets have their own.
struct End {
  io::TcpHub hub{std::make_unique<crypto::ChaChaRng>(1)};
  std::vector<Arrived> arrived;
  DatagramBatch batch;  // is large: making one takes a millisecond under sanitizers
  Instant now = io::monotonic_now();

  // Listens on a port that is free; returns where.
  Address listen() {
    for (int i = 0; i < 20; ++i) {
      const auto udp = std::get<io::OpenedUdp>(io::open_udp({"127.0.0.1", 0}));
      if (!hub.listen(udp.local)) return udp.local.over_tcp();
    }
    FAIL("no port is free");
    return {};
  }
  void send(const Address& to, const std::vector<std::uint8_t>& datagram) {
    batch.clear();
    const MutableBytes room = batch.add(to, datagram.size());
    std::copy(datagram.begin(), datagram.end(), room.begin());
    hub.send(batch, now);
  }
  void receive() {
    for (bool more = true; more;) {
      const auto received = hub.receive(now);
      for (const Datagram& datagram : received.datagrams)
        arrived.push_back({datagram.from, {datagram.bytes.begin(), datagram.bytes.end()}});
      more = received.more;
    }
  }
};

// Until it is so, or for five seconds. Whatever comes to one of the ends wakes them all.
template <typename Condition>
bool until(std::vector<End*> ends, Condition condition) {
  const Instant limit = io::monotonic_now() + 5s;
  while (true) {
    for (End* end : ends) end->receive();
    if (condition()) return true;
    if (io::monotonic_now() >= limit) return false;
    io::EventLoop loop;
    std::vector<std::unique_ptr<io::EventLoop::Watch>> watches;
    for (End* end : ends) {
      if (end->hub.fd() < 0) continue;
      watches.push_back(std::make_unique<io::EventLoop::Watch>(loop, end->hub.fd(), io::EventLoop::Want::kRead));
      watches.back()->arm();
    }
    loop.set_alarm(limit);
    loop.wait();
  }
}

// A stranger's socket, connected.
struct Stranger {
  explicit Stranger(const Address& to) : fd(io::open_tcp_connection(to)) {}
  void send(const std::vector<std::uint8_t>& bytes) const {
    ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  bool hung_up() const {
    std::uint8_t byte = 0;
    const ssize_t n = ::recv(fd.get(), &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINPROGRESS && errno != ENOTCONN);
  }
  io::Descriptor fd;
};

struct Pair {
  End host;
  End caller;
  Address at = host.listen();
  Address back;  // where the host sees the caller

  void meet() {
    caller.send(at, {kInitiation, 1, 2});
    REQUIRE(until({&host, &caller}, [&] { return host.arrived.size() == 1; }));
    back = host.arrived[0].from;
    host.send(back, {kData, 3});
    REQUIRE(until({&host, &caller}, [&] { return caller.arrived.size() == 1; }));
    caller.send(at, {kData, 4});
    REQUIRE(until({&host, &caller}, [&] { return host.arrived.size() == 2; }));
  }
};

}  // namespace

TEST_CASE("tcp hub: an initiation makes a connection, and both ways go over it") {
  Pair pair;
  pair.meet();
  CHECK(pair.host.arrived[0].bytes == std::vector<std::uint8_t>{kInitiation, 1, 2});
  CHECK(pair.back.is_tcp());
  CHECK(pair.caller.arrived[0].from == pair.at);
  CHECK(pair.caller.arrived[0].bytes == std::vector<std::uint8_t>{kData, 3});
  CHECK(pair.host.hub.stats().connections == 1);
  CHECK(pair.host.hub.stats().half_open == 0);
  CHECK(pair.caller.hub.stats().dialled == 1);
}

TEST_CASE("tcp hub: nothing but an initiation makes one") {
  End host;
  End caller;
  const Address at = host.listen();
  caller.send(at, {kData, 1});
  CHECK(caller.hub.fd() < 0);
  CHECK(caller.hub.stats().unaddressed == 1);
}

TEST_CASE("tcp hub: who makes no session has 5 s, however slowly it sends, and a silent one 15 s") {
  Pair pair;
  pair.meet();
  Stranger stranger(pair.at);
  stranger.send({0});
  REQUIRE(until({&pair.host}, [&] { return pair.host.hub.stats().connections == 2; }));
  CHECK(pair.host.hub.next_deadline() == pair.host.now + io::TcpHub::kHandshakeMax);
  pair.host.now += io::TcpHub::kHandshakeMax;
  stranger.send({9});
  pair.host.hub.handle_deadline(pair.host.now);
  CHECK(stranger.hung_up());
  CHECK(pair.host.hub.stats().connections == 1);
  pair.host.now += io::TcpHub::kIdleMax - io::TcpHub::kHandshakeMax - 1ms;
  pair.host.hub.handle_deadline(pair.host.now);
  CHECK(pair.host.hub.stats().connections == 1);
  pair.host.now += 1ms;
  pair.host.hub.handle_deadline(pair.host.now);
  CHECK(pair.host.hub.stats().connections == 0);
}

TEST_CASE("tcp hub: a length that no datagram has ends the connection, and so does a word from outside") {
  Pair pair;
  pair.meet();
  Stranger stranger(pair.at);
  stranger.send({0, 1, 7, 0xff, 0xff, 0, 0});
  REQUIRE(until({&pair.host}, [&] { return stranger.hung_up(); }));
  CHECK(pair.host.arrived.back().bytes == std::vector<std::uint8_t>{7});
  CHECK(pair.host.hub.stats().connections == 1);
  pair.host.hub.hang_up(pair.back);
  REQUIRE(until({&pair.caller}, [&] { return pair.caller.hub.stats().connections == 0; }));
}

TEST_CASE("tcp hub: of one network four are half-open, and newer ones take the place of any of them") {
  Pair pair;
  pair.meet();
  std::vector<std::unique_ptr<Stranger>> strangers;
  int older_stayed = 0;
  for (int i = 0; i < 50; ++i) {
    strangers.push_back(std::make_unique<Stranger>(pair.at));
    REQUIRE(until({&pair.host}, [&] { return pair.host.hub.stats().accepted == 2 + static_cast<unsigned>(i); }));
    // Who goes is not the oldest each time, which somebody who comes again and again could make sure of.
    if (i >= 4) older_stayed += strangers[static_cast<std::size_t>(i) - 4]->hung_up() ? 0 : 1;
  }
  CHECK(older_stayed > 10);
  CHECK(older_stayed < 46);
  CHECK(pair.host.hub.stats().half_open == io::TcpHub::kHalfOpenPerNetworkMax);
  CHECK(pair.host.hub.stats().connections == 1 + io::TcpHub::kHalfOpenPerNetworkMax);
  CHECK(pair.host.hub.stats().evicted == 50 - io::TcpHub::kHalfOpenPerNetworkMax);
  CHECK(strangers[0]->hung_up());
  CHECK_FALSE(strangers[49]->hung_up());
  End late;  // who means it gets in
  late.send(pair.at, {kInitiation, 9});
  CHECK(until({&pair.host, &late}, [&] { return pair.host.arrived.back().bytes[1] == 9; }));
}

TEST_CASE("tcp hub: who calls us from the address of a host does not take that host's connection") {
  End host;
  End caller;
  const Address at = host.listen();
  const Address ours = caller.listen();
  // From the host's own port, to where we listen.
  io::Descriptor stranger(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(stranger.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  ::setsockopt(stranger.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in from{};
  sockaddr_in to{};
  io::to_sockaddr(at, from);
  io::to_sockaddr(ours, to);
  host.hub = io::TcpHub(std::make_unique<crypto::ChaChaRng>(3));  // its port is free for a moment
  REQUIRE(::bind(stranger.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0);
  REQUIRE(::connect(stranger.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  REQUIRE(until({&caller}, [&] { return caller.hub.stats().connections == 1; }));
  caller.send(at, {kInitiation, 1});
  CHECK(caller.hub.stats().dialled == 1);
  CHECK(caller.hub.stats().evicted == 1);
}

TEST_CASE("tcp hub: who lingers loses nothing of what it said last, whatever it has not read") {
  Pair pair;
  pair.meet();
  for (int i = 0; i < 100; ++i) pair.host.send(pair.back, std::vector<std::uint8_t>(1'400, kData));
  // More than the host's kernel takes while nobody reads there.
  constexpr std::size_t kMany = 500;
  for (std::size_t i = 0; i < kMany; ++i) {
    pair.caller.now = io::monotonic_now();  // by which linger() goes: what is 500 ms old is dropped
    pair.caller.send(pair.at, std::vector<std::uint8_t>(1'400, kData));
  }
  pair.caller.send(pair.at, {kData, 99});
  std::thread reader([&] { until({&pair.host}, [&] { return pair.host.hub.stats().connections == 0; }); });
  pair.caller.hub.linger();
  pair.caller.hub = io::TcpHub(std::make_unique<crypto::ChaChaRng>(4));
  reader.join();
  CHECK(pair.host.arrived.size() == 2 + kMany + 1);
  CHECK(pair.host.arrived.back().bytes == std::vector<std::uint8_t>{kData, 99});
}

TEST_CASE("tcp hub: to who does not read, what is old or too much is dropped, whole datagrams and the oldest first") {
  Pair pair;
  pair.meet();
  std::vector<std::uint8_t> datagram(1'400, kData);
  std::uint32_t number = 0;
  const auto send_one = [&] {
    ++number;
    for (std::size_t i = 0; i < 4; ++i) datagram[1 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    pair.host.send(pair.back, datagram);
  };
  while (pair.host.hub.stats().send_dropped == 0) send_one();
  CHECK(number > io::TcpConnection::kQueueBytesMax / datagram.size());
  pair.host.now += io::TcpConnection::kQueueAgeMax + 1ms;
  send_one();  // all that waited is too old
  const auto dropped = pair.host.hub.stats().send_dropped;
  CHECK(dropped >= io::TcpConnection::kQueueBytesMax / (datagram.size() + 2) - 1);
  const std::size_t expected = 1 + number - dropped;
  REQUIRE(until({&pair.host, &pair.caller}, [&] { return pair.caller.arrived.size() == expected; }));
  std::uint32_t before = 0;
  for (std::size_t i = 1; i < expected; ++i) {
    const auto& bytes = pair.caller.arrived[i].bytes;
    REQUIRE(bytes.size() == datagram.size());
    std::uint32_t n = 0;
    for (std::size_t b = 0; b < 4; ++b) n = n << 8 | bytes[1 + b];
    REQUIRE(n > before);
    before = n;
  }
  CHECK(before == number);
}

TEST_CASE("tcp hub: when descriptors are used up nobody is accepted for a second, and nobody is woken in vain") {
  End host;
  const Address at = host.listen();
  const Stranger stranger(at);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int first_free = ::dup(host.hub.fd());
  ::close(first_free);
  const rlimit none{static_cast<rlim_t>(first_free), before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  host.receive();
  pollfd ready{host.hub.fd(), POLLIN, 0};
  const int woken = ::poll(&ready, 1, 0);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(host.hub.stats().accepted == 0);
  CHECK(woken == 0);
  CHECK(host.hub.next_deadline() == host.now + io::TcpHub::kAcceptPause);
  host.now += io::TcpHub::kAcceptPause;
  host.hub.handle_deadline(host.now);
  CHECK(until({&host}, [&] { return host.hub.stats().accepted == 1; }));
}

TEST_CASE("tcp hub: a port in use is told, with its name") {
  End first;
  const Address at = first.listen();
  io::TcpHub second(std::make_unique<crypto::ChaChaRng>(2));
  const auto failure = second.listen(at.over_udp());
  REQUIRE(failure);
  CHECK(failure->message.find("cannot listen for TCP on 127.0.0.1:" + std::to_string(at.port)) == 0);
  CHECK(second.fd() < 0);
}
