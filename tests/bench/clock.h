// CLOCK_MONOTONIC in nanoseconds: the same for every process and network namespace of one machine, which is
// what lets a stamp made on one side of a link be read on the other.
#pragma once

#include <sys/prctl.h>

#include <cstdint>
#include <ctime>

namespace spate::bench {

inline std::int64_t monotonic_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

// CPU time that this process has used.
inline std::int64_t cpu_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

inline timespec to_timespec(std::int64_t ns) { return {ns / 1'000'000'000, ns % 1'000'000'000}; }

inline void sleep_until_ns(std::int64_t when) {
  const timespec t = to_timespec(when);
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) != 0) {
  }
}

// The kernel rounds an ordinary thread's sleeps up by 50 us; an instrument wants none of that.
inline void sharpen_timers() { ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }

}  // namespace spate::bench
