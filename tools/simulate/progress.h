// Where a run is, or several of them, as one line at the bottom of a terminal; nothing if standard error is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

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

// Of things that are done one after the other.
class CountProgress {
 public:
  // `what` is one of them, as in "seed".
  CountProgress(std::string what, std::uint64_t all) : what_(std::move(what)), all_(all) {}

  void done() { ++done_; }
  void failed() { ++failed_; }
  // Cheap: most calls show nothing.
  void show();
  // Before anything else is printed.
  void erase() { line_.erase(); }

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  std::uint64_t all_;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_ + std::chrono::milliseconds(250);
  io::StatusLine line_;
};

}  // namespace spate::tools
