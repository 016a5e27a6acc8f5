// bench-star SECONDS: the job of star.h on the simulator's network, with programs that do nothing else. Prints as
// JSON how many datagrams were delivered in a second of CPU time, setting up left out.

#include <algorithm>
#include <memory>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/network.h"
#include "tests/bench/clock.h"
#include "tests/bench/star.h"

namespace {

using namespace spate;
using bench::StarJob;

// What there is between the links: nothing.
class NoDelay final : public sim::DelayModel {
 public:
  Duration one_way(sim::HostId /*from*/, sim::HostId /*to*/) override { return Duration::zero(); }
};

class Host final : public sim::HostProgram {
 public:
  explicit Host(std::uint32_t number) : sender_(number), due_(Duration(sender_.first_ns())) {}

  void handle_datagrams(std::span<const Datagram> batch, sim::Moment /*at*/) override { received_ += batch.size(); }
  void handle_deadline(sim::Moment /*at*/) override {}
  std::optional<sim::Moment> poll(sim::Moment at, DatagramBatch& out) override {
    for (; due_ <= at.now; due_ += Duration(StarJob::kIntervalNs)) {
      if (out.full()) return std::nullopt;
      const MutableBytes bytes = out.add(sim::Network::address_of(sender_.destination()), StarJob::kPayloadBytes);
      std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    }
    return sim::Moment{due_, kNever};
  }
  std::uint64_t received() const { return received_; }

 private:
  bench::StarSender sender_;
  Instant due_;
  std::uint64_t received_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const auto seconds = bench::star_seconds(argc, argv);
  if (!seconds) {
    std::fputs("usage: bench-star SECONDS\n", stderr);
    return 2;
  }
  sim::HostConfig config;
  config.up.rate_bps = StarJob::kLinkBitsPerSecond;
  config.up.queue_bytes = StarJob::kQueueBytes;
  config.up.delay = Duration(StarJob::kLinkDelayNs);
  config.down = config.up;

  NoDelay delays;
  sim::Network network(crypto::ChaChaRng(1), delays);
  std::vector<std::unique_ptr<Host>> hosts;
  for (std::uint32_t i = 0; i < StarJob::kHosts; ++i) {
    hosts.push_back(std::make_unique<Host>(i));
    network.add(*hosts.back(), config);
  }
  const std::int64_t begin = bench::cpu_ns();
  for (std::uint32_t i = 0; i < StarJob::kHosts; ++i) network.touch(i);
  network.run_until(Instant(std::chrono::seconds(*seconds)));
  const std::int64_t took = bench::cpu_ns() - begin;
  std::uint64_t received = 0;
  for (const auto& host : hosts) received += host->received();
  bench::print_star(network.stats().sent, received, took);
}
