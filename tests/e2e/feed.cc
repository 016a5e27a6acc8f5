// e2e-feed SCENARIO START_NS: writes the scenario's stream to standard output, each frame when it is due.

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <vector>

#include "tests/bench/clock.h"
#include "tests/e2e/stage.h"
#include "tests/net/instrument.h"

namespace {

using namespace spate;

bool write_all(const std::vector<std::uint8_t>& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(STDOUT_FILENO, &bytes[done], bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

bool feed(const e2e::Stage& stage) {
  const sim::Broadcast& broadcast = stage.broadcast();
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t frame = 0; frame < broadcast.frames(); ++frame) {
    const std::uint64_t first = broadcast.first_packet(frame) * sim::Broadcast::kPacketBytes;
    bytes.resize(broadcast.first_packet(frame + 1) * sim::Broadcast::kPacketBytes - first);
    broadcast.write(first, bytes);
    bench::sleep_until_ns(stage.start_ns() + broadcast.due(frame).time_since_epoch().count());
    if (!write_all(bytes)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const e2e::Arguments arguments = e2e::read_arguments(argc, argv, "e2e-feed SCENARIO START_NS");
    std::signal(SIGPIPE, SIG_IGN);
    netem::take_priority();
    return feed(arguments.stage) ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "e2e-feed: %s\n", e.what());
    return 2;
  }
}
