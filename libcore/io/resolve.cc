#include "libcore/io/resolve.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "libcore/io/address_text.h"
#include "libcore/io/asio.h"

namespace spate::io {
namespace {

using asio::ip::udp;

Address to_address(const udp::endpoint& endpoint) {
  if (endpoint.address().is_v4()) {
    const auto b = endpoint.address().to_v4().to_bytes();
    return Address::v4(b[0], b[1], b[2], b[3], endpoint.port());
  }
  return {endpoint.address().to_v6().to_bytes(), endpoint.port()};
}

// Once one name is known there is something to try; the others get this much longer.
constexpr Duration kGrace = std::chrono::seconds(1);

// One round of questions. The system's resolver cannot be stopped, and Asio waits for its thread at the end, so an
// unfinished round is left behind rather than destroyed.
struct Round {
  asio::io_context context{1};
  udp::resolver resolver{context};
  asio::steady_timer timer{context};
  asio::posix::stream_descriptor interrupt{context};
  std::size_t unanswered = 0;
  std::vector<ResolvedName> found;

  void ask(std::size_t index, const NameToResolve& name) {
    ++unanswered;
    resolver.async_resolve(name.host, std::to_string(name.port), udp::resolver::numeric_service,
                           [this, index](const asio::error_code& error, const udp::resolver::results_type& results) {
                             --unanswered;
                             if (error) return;
                             take(index, results);
                             if (found.size() <= kAddressesPerName && timer.expiry() > deadline_after(kGrace))
                               stop_after(kGrace);
                           });
  }

  void take(std::size_t index, const udp::resolver::results_type& results) {
    std::size_t taken = 0;
    for (const auto& result : results)
      if (taken++ < kAddressesPerName) found.push_back({index, to_address(result.endpoint())});
  }

  static asio::steady_timer::time_point deadline_after(Duration limit) {
    return asio::steady_timer::clock_type::now() + limit;
  }

  void stop_after(Duration limit) {
    timer.expires_at(deadline_after(limit));
    timer.async_wait([this](const asio::error_code& error) {
      if (!error) context.stop();
    });
  }

  void stop_when_readable(int fd) {
    interrupt.assign(::dup(fd));
    interrupt.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const asio::error_code&) { context.stop(); });
  }
};

}  // namespace

std::vector<ResolvedName> resolve(std::span<const NameToResolve> names, Duration limit, int interrupt_fd) {
  std::vector<ResolvedName> found;
  std::unique_ptr<Round> round;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (const auto numeric = parse_ip(names[i].host, names[i].port)) {
      found.push_back({i, *numeric});
      continue;
    }
    if (!round) round = std::make_unique<Round>();
    round->ask(i, names[i]);
  }
  if (!round) return found;

  round->stop_after(limit);
  if (interrupt_fd >= 0) round->stop_when_readable(interrupt_fd);
  while (round->unanswered > 0 && round->context.run_one() > 0) {
  }
  found.insert(found.end(), round->found.begin(), round->found.end());
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  if (round->unanswered > 0) static_cast<void>(round.release());
  return found;
}

}  // namespace spate::io
