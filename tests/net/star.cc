#include "tests/net/star.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "tests/bench/clock.h"
#include "tests/net/tun.h"

namespace spate::netem {

namespace {

constexpr std::size_t kInFlightMax = 65'536;  // packets, about 100 MB
constexpr int kReadsPerTurn = 32;             // due packets must not wait behind one host's burst
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

}  // namespace

Star::Star(const std::vector<HostConfig>& hosts, const NetworkConfig& config) {
  for (const HostConfig& host : hosts) {
    const int tun = open_tun(host.netns, "netem0", host.address, host.prefix_length);
    hosts_.push_back({host.address, Uplink(host.uplink_bps, config.queue_bytes), {}});
    pollfds_.push_back({tun, POLLIN, 0});
  }
  for (std::size_t from = 0; from < hosts.size(); ++from) {
    for (std::size_t to = 0; to < hosts.size(); ++to) {
      hosts_[from].paths.emplace_back(config.path, config.seed * 1'000'003 + from * 1'009 + to);
    }
  }
}

void Star::run(std::int64_t end, const volatile std::sig_atomic_t& stop, const sigset_t& mask_while_waiting) {
  while (stop == 0) {
    const std::int64_t now = bench::monotonic_ns();
    if (now >= end) break;
    const std::int64_t wake = std::min(deliver_due(now), end);
    const timespec wait = bench::to_timespec(std::max<std::int64_t>(0, wake - bench::monotonic_ns()));
    const timespec* timeout = wake == kForever ? nullptr : &wait;
    if (::ppoll(pollfds_.data(), pollfds_.size(), timeout, &mask_while_waiting) <= 0) continue;
    for (std::size_t host = 0; host < hosts_.size(); ++host) {
      if (pollfds_[host].revents != 0) read_from(host);
    }
  }
}

std::int64_t Star::deliver_due(std::int64_t now) {
  while (!in_flight_.empty() && in_flight_.top().due <= now) {
    const Flight& flight = in_flight_.top();
    const ssize_t written = ::write(pollfds_[flight.to].fd, flight.packet.data(), flight.packet.size());
    ++(written < 0 ? counts_.write_failed : counts_.delivered);
    now = bench::monotonic_ns();
    lateness_.add(Duration(now - flight.due));
    in_flight_.pop();
  }
  return in_flight_.empty() ? kForever : in_flight_.top().due;
}

void Star::read_from(std::size_t host) {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t n = ::read(pollfds_[host].fd, buffer_.data(), buffer_.size());
    if (n <= 0) return;
    on_packet(host, static_cast<std::size_t>(n), bench::monotonic_ns());
  }
}

void Star::on_packet(std::size_t from, std::size_t size, std::int64_t now) {
  const std::size_t to = destination(size);
  if (to == hosts_.size()) {
    ++counts_.unroutable;
    return;
  }
  ++counts_.received;
  const auto left = hosts_[from].uplink.send(size, now);
  if (!left) {
    ++counts_.queue_full;
    return;
  }
  const Path::Fate fate = hosts_[from].paths[to].next();
  if (fate.lost) {
    ++counts_.lost;
  } else if (in_flight_.size() >= kInFlightMax) {
    ++counts_.overflow;
  } else {
    const auto* begin = buffer_.data();
    in_flight_.push({*left + fate.delay_ns, order_++, to, std::vector<std::uint8_t>(begin, begin + size)});
  }
}

// The host the packet in the buffer is for; hosts_.size() when there is none.
std::size_t Star::destination(std::size_t size) const {
  if (size < 20 || buffer_[0] >> 4 != 4) return hosts_.size();
  std::uint32_t address = 0;
  for (std::size_t i = 16; i < 20; ++i) address = address << 8 | buffer_[i];
  std::size_t host = 0;
  while (host < hosts_.size() && hosts_[host].address != address) ++host;
  return host;
}

void Star::print() const {
  const auto number = [](std::uint64_t v) { return static_cast<unsigned long long>(v); };
  const auto us = [](Duration d) { return static_cast<long long>(to_us(d)); };
  std::printf("{\"received\": %llu, \"delivered\": %llu, \"lost\": %llu, ", number(counts_.received),
              number(counts_.delivered), number(counts_.lost));
  std::printf("\"queue_full\": %llu, \"unroutable\": %llu, \"in_flight\": %llu, ", number(counts_.queue_full),
              number(counts_.unroutable), number(in_flight_.size()));
  std::printf("\"overflow\": %llu, \"write_failed\": %llu, ", number(counts_.overflow), number(counts_.write_failed));
  std::printf("\"late_us_p50\": %lld, \"late_us_p99\": %lld, \"late_us_max\": %lld}\n", us(lateness_.quantile(0.5)),
              us(lateness_.quantile(0.99)), us(lateness_.max()));
}

}  // namespace spate::netem
