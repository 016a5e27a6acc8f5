// netem: a seeded network between network namespaces, for kernels without `tc netem`.
//
// Every host is a namespace with a TUN device; a packet from one to another leaves through its host's uplink, is
// delayed or lost by the path between the two, and comes out of the other's device. MTU 1500, IPv4.
//
//   netem --host a=10.77.0.1/24 --host b=10.77.0.2/24 --delay 20ms --loss 5% --seed 7
//
// Prints "ready" once the devices are up and one line of JSON when it ends (SIGINT, SIGTERM or --duration).
// Not modelled: a limit on the downlink, queueing shared between hosts, corruption, duplication, IPv6.

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/clock.h"
#include "tests/bench/options.h"
#include "tests/net/instrument.h"
#include "tests/net/star.h"

namespace {

using namespace spate::bench;
using namespace spate::netem;

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

struct Options {
  std::vector<std::string> hosts;
  NetworkConfig network;
  std::uint64_t uplink_bps = 0;
  std::int64_t duration_ns = kForever;
};

// NETNS=ADDRESS/PREFIX[@UPLINK]
HostConfig parse_host(const std::string& text, std::uint64_t default_uplink) {
  const auto equals = text.find('=');
  const auto slash = text.find('/', equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || slash == std::string::npos) {
    throw std::invalid_argument("host '" + text + "' is not NETNS=ADDRESS/PREFIX");
  }
  const auto at = text.find('@', slash);
  in_addr address{};
  const std::string address_text = text.substr(equals + 1, slash - equals - 1);
  if (::inet_pton(AF_INET, address_text.c_str(), &address) != 1) {
    throw std::invalid_argument("not an IPv4 address: '" + address_text + "'");
  }
  const std::uint64_t prefix = parse_quantity(text.substr(slash + 1, at == std::string::npos ? at : at - slash - 1));
  if (prefix > 32) throw std::invalid_argument("prefix above 32 in '" + text + "'");
  return {text.substr(0, equals), ntohl(address.s_addr), static_cast<unsigned>(prefix),
          at == std::string::npos ? default_uplink : parse_quantity(text.substr(at + 1))};
}

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app{"A seeded network between network namespaces."};
  app.add_option("--host", options.hosts, "NETNS=ADDRESS/PREFIX[@UPLINK], once per host")->required()->expected(1, 256);
  app.add_option_function<std::string>("--delay", set(options.network.path.delay_ns, parse_duration), "one way");
  app.add_option_function<std::string>("--jitter", set(options.network.path.jitter_ns, parse_duration),
                                       "mean of an exponential delay on top");
  app.add_option_function<std::string>("--loss", set(options.network.path.loss, parse_share),
                                       "share of packets, e.g. 5%");
  app.add_option("--burst", options.network.path.burst, "mean losses in a row; 1: independent losses");
  app.add_option_function<std::string>("--rate", set(options.uplink_bps, parse_quantity),
                                       "every host's uplink in bits a second; 0: no limit");
  app.add_option_function<std::string>("--queue", set(options.network.queue_bytes, parse_quantity),
                                       "bytes an uplink queues");
  app.add_option("--seed", options.network.seed, "of all losses and jitter");
  app.add_option_function<std::string>("--duration", set(options.duration_ns, parse_duration), "end after this long");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e) == 0 ? 0 : 2);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  try {
    std::vector<HostConfig> hosts;
    for (const std::string& text : options.hosts) hosts.push_back(parse_host(text, options.uplink_bps));
    const sigset_t mask = catch_signals();
    Star star(hosts, options.network);
    take_priority();
    std::puts("ready");
    std::fflush(stdout);
    const std::int64_t start = monotonic_ns();
    star.run(start + std::min(options.duration_ns, kForever - start), stop_asked, mask);
    star.print();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "netem: %s\n", e.what());
    return 1;
  }
}
