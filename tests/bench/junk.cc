// bench-junk: datagrams that mean nothing to a host, at a steady rate, and how many answers they got.
//
// They are random but for their first byte, which is that of each kind in turn: what is as long as an initiation costs
// its receiver a hash, what looks like data a look for its session.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <vector>

#include "tests/bench/clock.h"
#include "tests/bench/options.h"

namespace {

using namespace spate::bench;

constexpr std::size_t kAtOnce = 50;
constexpr std::size_t kKinds = 4;  // wire/README.md
constexpr std::size_t kVersionAt = 1;

struct Options {
  std::string host;
  std::uint16_t port = 0;
  std::uint64_t per_second = 50'000;
  std::size_t bytes = 148;
  std::int64_t duration_ns = 10'000'000'000;
};

struct Result {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;  // by our own kernel
  std::uint64_t replies = 0;
};

int open_socket(const Options& o) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(o.port);
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  if (::inet_pton(AF_INET, o.host.c_str(), &to.sin_addr) != 1 ||
      ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    std::fprintf(stderr, "bench-junk: cannot send to %s\n", o.host.c_str());
    std::exit(1);
  }
  return fd;
}

// Random bytes are drawn once, and each datagram is another piece of them.
class Junk {
 public:
  explicit Junk(std::size_t bytes) : bytes_(bytes), pool_(1 << 16), out_(kAtOnce), vectors_(kAtOnce), heads_(kAtOnce) {
    std::mt19937_64 rng(7);
    for (std::uint8_t& byte : pool_) byte = static_cast<std::uint8_t>(rng());
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      out_[i].resize(bytes_);
      vectors_[i] = {out_[i].data(), bytes_};
      heads_[i].msg_hdr.msg_iov = &vectors_[i];
      heads_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  std::vector<mmsghdr>& next() {
    for (std::vector<std::uint8_t>& datagram : out_) {
      const std::size_t at = (++made_ * 7'919) % (pool_.size() - bytes_);
      std::copy_n(pool_.begin() + static_cast<std::ptrdiff_t>(at), bytes_, datagram.begin());
      datagram[0] = static_cast<std::uint8_t>(1 + made_ % kKinds);
      if (bytes_ > kVersionAt && datagram[0] < kKinds) datagram[kVersionAt] = 1;
    }
    return heads_;
  }

 private:
  const std::size_t bytes_;
  std::vector<std::uint8_t> pool_;
  std::vector<std::vector<std::uint8_t>> out_;
  std::vector<iovec> vectors_;
  std::vector<mmsghdr> heads_;
  std::uint64_t made_ = 0;
};

Result run(const Options& o) {
  const int fd = open_socket(o);
  Junk junk(o.bytes);
  Result result;
  const std::int64_t start = monotonic_ns();
  const auto every = static_cast<std::int64_t>(kAtOnce * 1'000'000'000 / o.per_second);
  std::array<std::uint8_t, 2048> reply;
  for (std::int64_t due = start; due < start + o.duration_ns; due += every) {
    sleep_until_ns(due);
    std::vector<mmsghdr>& heads = junk.next();
    const int sent = ::sendmmsg(fd, heads.data(), kAtOnce, 0);
    result.sent += static_cast<std::uint64_t>(std::max(sent, 0));
    result.refused += kAtOnce - static_cast<std::uint64_t>(std::max(sent, 0));
    while (::recv(fd, reply.data(), reply.size(), MSG_DONTWAIT) >= 0) ++result.replies;
  }
  sleep_until_ns(monotonic_ns() + 200'000'000);
  while (::recv(fd, reply.data(), reply.size(), MSG_DONTWAIT) >= 0) ++result.replies;
  ::close(fd);
  return result;
}

Options parse(int argc, char** argv) {
  Options o;
  CLI::App app{"Sends datagrams that mean nothing, and prints as JSON how many, and how many were answered."};
  app.add_option("HOST", o.host, "an IPv4 address")->required();
  app.add_option("PORT", o.port)->required();
  app.add_option_function<std::string>("--rate", set(o.per_second, parse_quantity), "datagrams a second");
  app.add_option("--bytes", o.bytes, "size of each")->check(CLI::Range(1, 1'472));
  app.add_option_function<std::string>("--duration", set(o.duration_ns, parse_duration), "how long");
  try {
    app.parse(argc, argv);
    if (o.per_second == 0) throw CLI::ValidationError("--rate: above 0");
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e) == 0 ? 0 : 2);
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  sharpen_timers();
  const Result result = run(options);
  std::printf("{\"sent\": %llu, \"refused\": %llu, \"replies\": %llu}\n", static_cast<unsigned long long>(result.sent),
              static_cast<unsigned long long>(result.refused), static_cast<unsigned long long>(result.replies));
  return 0;
}
