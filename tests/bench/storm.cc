// bench-storm LINK SECONDS REQUESTS TINY: a child that means harm, over a real session with the first host of a link.
//
// It subscribes to everything, with a window without end, and lies in its reports; it asks REQUESTS times a second for
// each of the last 16,000 shards once more, and says TINY tiny messages a second. Prints as JSON what it sent, and the
// bytes it got.

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <variant>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/io/address_text.h"
#include "libcore/io/system_clock.h"
#include "libcore/io/system_random.h"
#include "libcore/io/udp_socket.h"
#include "libcore/session/endpoint.h"
#include "libcore/swarm/outbox.h"
#include "libcore/wire/link.h"
#include "libcore/wire/shard.h"

namespace {

using namespace spate;

constexpr Duration kTurn = std::chrono::milliseconds(10);
constexpr std::int64_t kTurnsPerSecond = 100;
constexpr std::uint16_t kRangeShards = 255;
constexpr std::uint64_t kSpan = wire::kRepairRangesMax * kRangeShards;

struct Options {
  wire::LinkHost host;
  crypto::StreamKey stream;
  std::int64_t seconds = 0;
  std::uint64_t requests_each_turn = 0;
  std::uint64_t tiny_each_turn = 0;
};

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "bench-storm: %s\n", why);
  std::exit(1);
}

class Storm {
 public:
  Storm(const Options& options, const Address& target, io::UdpSocket socket)
      : options_(options),
        socket_(std::move(socket)),
        rng_(io::system_random_seed()),
        keys_(crypto::generate_node_key_pair(rng_)),
        endpoint_(crypto::sodium_suite(), rng_, pool_),
        outbox_(pool_),
        service_(endpoint_.add_service(session::stream_service(options.stream), keys_, false)) {
    endpoint_.connect(service_, target, options.host.key, std::chrono::seconds(5), io::monotonic_now());
  }

  void run() {
    Instant turn = io::monotonic_now();
    std::int64_t left = options_.seconds * kTurnsPerSecond;
    while (left > 0) {
      const Instant now = io::monotonic_now();
      receive(now);
      if (endpoint_.next_deadline() <= now) endpoint_.handle_deadline(now);
      if (turn <= now) {
        turn += kTurn;
        --left;
        if (session_) act();
      }
      send(now);
      pollfd waited{socket_.fd(), POLLIN, 0};
      ::poll(&waited, 1, 1);
    }
    if (!session_) give_up("nobody answered");
  }

  void print() const {
    std::printf("{\"requests\": %llu, \"tiny\": %llu, \"received_datagrams\": %llu, \"received_bytes\": %llu}\n",
                number(requests_), number(tiny_), number(datagrams_), number(bytes_));
  }

 private:
  static unsigned long long number(std::uint64_t v) { return v; }

  void receive(Instant now) {
    for (bool more = true; more;) {
      const io::UdpSocket::Received received = socket_.receive();
      more = received.more;
      for (const Datagram& datagram : received.datagrams) {
        ++datagrams_;
        bytes_ += datagram.bytes.size();
        if (const auto text = endpoint_.handle_datagram(datagram, now)) hear(text->text.bytes());
      }
    }
    while (const auto event = endpoint_.next_event()) {
      if (event->kind == session::SessionEvent::Kind::kEstablished)
        session_ = event->session;
      else
        session_.reset();
    }
  }

  void hear(Bytes text) {
    if (const auto shard = wire::parse_shard(text)) newest_ = std::max<std::uint64_t>(newest_, shard->sequence_low);
  }

  void act() {
    if (turns_++ % kTurnsPerSecond == 0) outbox_.send(*session_, wire::Subscribe{.window_bytes = UINT32_MAX});
    outbox_.send(*session_, wire::Report{UINT64_MAX, UINT64_MAX});
    wire::RepairRequest all;
    all.kind = wire::RepairRequest::Kind::kShardsWithLists;
    all.base = newest_ - std::min(newest_, kSpan - 1);
    for (std::size_t i = 0; i < wire::kRepairRangesMax; ++i)
      all.ranges.push_back({static_cast<std::uint16_t>(i * kRangeShards), kRangeShards});
    for (std::uint64_t i = 0; i < options_.requests_each_turn; ++i, ++requests_) outbox_.send(*session_, all);
    const std::array<wire::Control, 4> tiny{wire::Ping{static_cast<std::uint32_t>(turns_), 0},
                                            wire::Inquiry{wire::kAllStripes}, wire::Rendezvous{options_.host.key},
                                            wire::Report{newest_, newest_}};
    for (std::uint64_t i = 0; i < options_.tiny_each_turn; ++i, ++tiny_) outbox_.send(*session_, tiny[i % tiny.size()]);
  }

  void send(Instant now) {
    for (bool done = false; !done;) {
      done = endpoint_.flush(batch_, now) && outbox_.flush(endpoint_, batch_, now);
      io::UdpSocket::Progress progress;
      while (!socket_.send(batch_, progress)) {
        pollfd waited{socket_.fd(), POLLOUT, 0};
        ::poll(&waited, 1, 10);
      }
      batch_.clear();
    }
  }

  const Options options_;
  io::UdpSocket socket_;
  crypto::ChaChaRng rng_;
  const crypto::NodeKeyPair keys_;
  BufferPool pool_;
  session::Endpoint endpoint_;
  swarm::Outbox outbox_;
  const session::ServiceIndex service_;
  std::optional<session::SessionId> session_;
  DatagramBatch batch_;
  std::uint64_t newest_ = 0;
  std::int64_t turns_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t tiny_ = 0;
  std::uint64_t datagrams_ = 0;
  std::uint64_t bytes_ = 0;
};

Options parse(char** argv) {
  Options options;
  auto link = wire::parse_link(argv[1]);
  if (!std::holds_alternative<wire::Link>(link)) give_up("that is no link");
  options.host = std::get<wire::Link>(link).hosts.front();
  options.stream = std::get<wire::Link>(link).stream;
  options.seconds = std::atoll(argv[2]);
  options.requests_each_turn = std::strtoull(argv[3], nullptr, 10) / kTurnsPerSecond;
  options.tiny_each_turn = std::strtoull(argv[4], nullptr, 10) / kTurnsPerSecond;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) give_up("usage: bench-storm LINK SECONDS REQUESTS TINY");
  crypto::initialise();
  const Options options = parse(argv);
  const std::optional<Address> target = io::parse_ip(options.host.host, options.host.port);
  if (!target) give_up("the link's first host must be a numeric address");
  auto socket = io::UdpSocket::open({});
  if (!std::holds_alternative<io::UdpSocket>(socket)) give_up("no socket");
  Storm storm(options, *target, std::move(std::get<io::UdpSocket>(socket)));
  storm.run();
  storm.print();
  return 0;
}
