#include "libcore/io/udp_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "libcore/io/descriptor.h"
#include "libcore/io/event_loop.h"
#include "libcore/io/system_clock.h"
#include "tests/catch.h"

using namespace std::chrono_literals;
using namespace spate;

namespace {

io::UdpSocket open(const char* at) {
  auto opened = io::UdpSocket::open(std::get<io::ListenAddress>(io::parse_listen_address(at)));
  if (const io::Failure* failure = io::failure_of(opened)) FAIL(failure->message);
  return std::get<io::UdpSocket>(std::move(opened));
}

struct Arrived {
  Address from;
  std::vector<std::uint8_t> bytes;
};

// Until `n` datagrams are there, or for two seconds.
std::vector<Arrived> receive(io::UdpSocket& socket, std::size_t n) {
  std::vector<Arrived> arrived;
  io::EventLoop loop;
  io::EventLoop::Watch readable(loop, socket.fd(), io::EventLoop::Want::kRead);
  const Instant limit = io::monotonic_now() + 2s;
  while (arrived.size() < n && io::monotonic_now() < limit) {
    loop.set_alarm(limit);
    readable.arm();
    loop.wait();
    readable.clear();
    for (const Datagram& datagram : socket.receive().datagrams)
      arrived.push_back({datagram.from, {datagram.bytes.begin(), datagram.bytes.end()}});
  }
  return arrived;
}

void add(DatagramBatch& batch, const Address& to, std::size_t bytes, int value) {
  const MutableBytes out = batch.add(to, bytes);
  std::fill(out.begin(), out.end(), static_cast<std::uint8_t>(value));
}

void send_all(io::UdpSocket& socket, const DatagramBatch& batch) {
  io::UdpSocket::Progress progress;
  REQUIRE(socket.send(batch, progress));
}

}  // namespace

TEST_CASE("runs of datagrams arrive one by one, with and without segmentation") {
  io::UdpSocket sender = open("127.0.0.1:0");
  io::UdpSocket receiver = open("127.0.0.1:0");
  const bool plain = GENERATE(false, true);
  if (plain) sender.disable_segmentation();

  DatagramBatch batch;
  std::vector<std::size_t> sizes(45, 1'200);          // one run ...
  sizes.push_back(700);                               // ... with a shorter end,
  sizes.insert(sizes.end(), {900, 1'400, 1, 1'400});  // and some that do not go together
  for (std::size_t i = 0; i < sizes.size(); ++i) add(batch, receiver.local_address(), sizes[i], static_cast<int>(i));
  send_all(sender, batch);

  const std::vector<Arrived> arrived = receive(receiver, sizes.size());
  REQUIRE(arrived.size() == sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    CHECK(arrived[i].from == sender.local_address());
    CHECK(arrived[i].bytes == std::vector<std::uint8_t>(sizes[i], static_cast<std::uint8_t>(i)));
  }
  if (plain) CHECK(sender.stats().send_messages == sizes.size());
}

TEST_CASE("P11: empty datagrams are left out, and are no reason to go on reading") {
  io::UdpSocket receiver = open("127.0.0.1:0");
  const io::Descriptor sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  io::to_sockaddr(receiver.local_address(), to);
  REQUIRE(::connect(sender.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  constexpr std::size_t kBatches = 3;
  for (std::size_t i = 0; i < kBatches * io::UdpSocket::kReceiveMessages; ++i)
    REQUIRE(::send(sender.get(), "", 0, 0) == 0);
  REQUIRE(::send(sender.get(), "x", 1, 0) == 1);
  for (std::size_t i = 0; i < kBatches; ++i) {
    const io::UdpSocket::Received received = receiver.receive();
    CHECK(received.datagrams.empty());
    CHECK(received.more);
    CHECK(receiver.stats().receive_messages == (i + 1) * io::UdpSocket::kReceiveMessages);
  }
  const io::UdpSocket::Received received = receiver.receive();
  REQUIRE(received.datagrams.size() == 1);
  CHECK(received.datagrams[0].bytes.size() == 1);
  CHECK_FALSE(received.more);
}

TEST_CASE("a dual-stack socket speaks to both families") {
  io::UdpSocket both = open(":0");
  Address to_v4 = Address::v4(127, 0, 0, 1, both.local_address().port);
  io::UdpSocket v4 = open("127.0.0.1:0");
  DatagramBatch batch;
  add(batch, to_v4, 10, 4);
  send_all(v4, batch);
  const auto from_v4 = receive(both, 1);
  REQUIRE(from_v4.size() == 1);
  CHECK(from_v4[0].from == v4.local_address());

  auto opened = io::UdpSocket::open({"::1", 0});
  if (io::failure_of(opened) != nullptr) return;  // no IPv6 on this machine
  auto& v6 = std::get<io::UdpSocket>(opened);
  batch.clear();
  add(batch, {io::parse_ip("::1", 0)->ip, both.local_address().port}, 10, 6);
  send_all(v6, batch);
  const auto from_v6 = receive(both, 1);
  REQUIRE(from_v6.size() == 1);
  CHECK(from_v6[0].from == v6.local_address());
}

TEST_CASE("what the network refuses is counted, and the rest goes on") {
  io::UdpSocket sender = open("127.0.0.1:0");
  io::UdpSocket receiver = open("127.0.0.1:0");
  DatagramBatch batch;
  add(batch, Address::v4(255, 255, 255, 255, 9), 100, 1);  // broadcast is not allowed
  add(batch, receiver.local_address(), 100, 2);
  add(batch, Address::v4(255, 255, 255, 255, 9), 100, 3);
  send_all(sender, batch);
  const auto arrived = receive(receiver, 1);
  REQUIRE(arrived.size() == 1);
  CHECK(arrived[0].bytes.front() == 2);
  CHECK(sender.stats().send_refused == 2);
}

TEST_CASE("a port in use is told with its address") {
  io::UdpSocket first = open("127.0.0.1:0");
  const std::string address = io::format_address(first.local_address());
  const auto second = io::UdpSocket::open({"127.0.0.1", first.local_address().port});
  REQUIRE(io::failure_of(second) != nullptr);
  CHECK(io::failure_of(second)->message.find(address) != std::string::npos);
  CHECK(io::failure_of(second)->message.find("in use") != std::string::npos);
}

TEST_CASE("buffers are what the kernel says they are") {
  io::UdpSocket socket = open("127.0.0.1:0");
  CHECK(socket.receive_window_bytes() > 0);
  CHECK(socket.receive_window_bytes() <= 2 * 1024 * 1024);
  if (socket.receive_window_bytes() < 256 * 1024) CHECK(socket.buffer_warning());
}

TEST_CASE("the likely own address is one") {
  const Address own = io::likely_own_address();
  CHECK(own.port == 0);
  CHECK(own.ip != Address{}.ip);
}

TEST_CASE("an error that stays does not ask to be read again and again") {
  io::UdpSocket socket = open("127.0.0.1:0");
  const io::Descriptor other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(::dup2(other.get(), socket.fd()) == socket.fd());  // receiving fails from now on
  CHECK(socket.receive().more);
  CHECK(!socket.receive().more);
  CHECK(!socket.receive().more);
}
