#include "libcore/session/replay_window.h"

#include <algorithm>
#include <limits>

#include "libcore/base/check.h"

namespace spate::session {
namespace {

constexpr std::uint64_t kWordBits = 64;
constexpr std::uint64_t kWords = ReplayWindow::kBits / kWordBits;

std::size_t word_of(std::uint64_t counter) { return static_cast<std::size_t>(counter / kWordBits % kWords); }
std::uint64_t bit_of(std::uint64_t counter) { return std::uint64_t{1} << counter % kWordBits; }

}  // namespace

bool ReplayWindow::fresh(std::uint64_t counter) const {
  if (counter == std::numeric_limits<std::uint64_t>::max()) return false;  // next_ could not pass it
  if (counter >= next_) return true;
  if (next_ - counter > kWindow) return false;
  return (words_[word_of(counter)] & bit_of(counter)) == 0;
}

void ReplayWindow::mark(std::uint64_t counter) {
  SPATE_CHECK(fresh(counter));
  if (counter >= next_) {
    // The words between the highest counter so far and this one held counters that are now too old.
    const std::uint64_t highest = next_ == 0 ? 0 : next_ - 1;
    const std::uint64_t steps = std::min(counter / kWordBits - highest / kWordBits, kWords);
    for (std::uint64_t i = 1; i <= steps; ++i) words_[word_of(highest + i * kWordBits)] = 0;
    next_ = counter + 1;
  }
  words_[word_of(counter)] |= bit_of(counter);
}

}  // namespace spate::session
