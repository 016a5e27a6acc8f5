#include "libcore/io/signals.h"

#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "libcore/base/check.h"
#include "libcore/io/failure.h"

namespace spate::io {
namespace {

constexpr std::array kStopSignals = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> g_event = -1;
std::atomic<int> g_requests = 0;

extern "C" void on_stop_signal(int) {
  if (g_requests.fetch_add(1) > 0) ::_exit(Signals::kForcedExitStatus);
  const int error = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(g_event.load(), &one, sizeof one);
  errno = error;
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

// A parent that ignores a signal (nohup) wants its children to do so too.
bool ignored(int signal) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

}  // namespace

Signals::Signals() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw_system_failure("cannot take signals", errno);
  SPATE_CHECK(g_event.load() < 0);
  g_event = event_.get();
  g_requests = 0;
  for (const int signal : kStopSignals)
    if (signal != SIGHUP || !ignored(signal)) set_handler(signal, on_stop_signal);
  set_handler(SIGPIPE, SIG_IGN);
}

Signals::~Signals() {
  for (const int signal : kStopSignals)
    if (signal != SIGHUP || !ignored(signal)) set_handler(signal, SIG_DFL);
  g_event = -1;
}

bool Signals::stop_requested() const { return g_requests.load() > 0; }

}  // namespace spate::io
