// What an instrument asks of the system: to be ended at a moment of its choice, and not to be late.
#pragma once

#include <sched.h>

#include <csignal>

#include "tests/bench/clock.h"

namespace spate::netem {

inline volatile std::sig_atomic_t stop_asked = 0;

// Blocks SIGINT and SIGTERM outside ppoll, so that none is lost between the check and the wait. Returns the mask
// to wait with.
inline sigset_t catch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_asked = 1; };
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  for (const int signal : {SIGINT, SIGTERM}) {
    ::sigaction(signal, &action, nullptr);
    ::sigaddset(&blocked, signal);
  }
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  for (const int signal : {SIGINT, SIGTERM}) ::sigdelset(&before, signal);
  return before;
}

// Other processes' load must not become network delay. Without the right to it we are merely noisier.
inline void take_priority() {
  bench::sharpen_timers();
  const sched_param priority{1};
  ::sched_setscheduler(0, SCHED_FIFO, &priority);
}

}  // namespace spate::netem
