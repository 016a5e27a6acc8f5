#include "tools/simulate/progress.h"

#include <algorithm>
#include <cstdio>

#include "libcore/io/format.h"
#include "tools/simulate/text.h"

namespace spate::tools {

void Progress::show(Duration simulated, std::uint64_t events) {
  if (!io::StatusLine::possible()) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(250);
  const double wall = std::chrono::duration<double>(now - start_).count();
  const double speed = to_seconds(simulated) / wall;
  const double share = std::min(1.0, to_seconds(simulated) / to_seconds(expected_));
  char text[64];
  std::snprintf(text, sizeof text, "%.1f s of %.0f s (%.0f %%), ", to_seconds(simulated), to_seconds(expected_),
                100 * share);
  std::string line = text;
  std::snprintf(text, sizeof text, speed < 10 ? "%.2f" : "%.0f", speed);
  line +=
      std::string(text) + " \u00d7 real time, " + short_count_text(static_cast<double>(events) / wall) + " events/s";
  if (share < 1 && speed > 0)
    line +=
        ", " + io::format_duration(from_seconds(std::max(0.0, to_seconds(expected_ - simulated)) / speed)) + " left";
  line_.show(line);
}

void CountProgress::show() {
  if (!io::StatusLine::possible()) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(250);
  std::string line = count_text(done_) + " of " + counted(all_, what_);
  if (failed_ > 0) line += ", " + counted(failed_, "failure");
  const double wall = std::chrono::duration<double>(now - start_).count();
  if (done_ > 0 && done_ < all_)
    line += ", " +
            io::format_duration(from_seconds(wall / static_cast<double>(done_) * static_cast<double>(all_ - done_))) +
            " left";
  line_.show(line);
}

}  // namespace spate::tools
