// Where a run is, as one line at the bottom of a terminal; nothing if standard error is none.
#pragma once

#include <chrono>

#include "libcore/base/time.h"
#include "libcore/io/status_line.h"

namespace spate::tools {

class Progress {
 public:
  // The run is expected to take that long, in its own time.
  explicit Progress(Duration expected) : expected_(expected) {}

  // Cheap: most calls show nothing.
  void show(Duration simulated, std::uint64_t events);
  void erase() { line_.erase(); }

 private:
  using Clock = std::chrono::steady_clock;

  Duration expected_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_ + std::chrono::milliseconds(250);
  io::StatusLine line_;
};

}  // namespace spate::tools
