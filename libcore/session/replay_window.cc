#include "libcore/session/replay_window.h"

#include <algorithm>
#include <limits>

#include "libcore/base/check.h"

namespace spate::session {
namespace {

constexpr std::uint64_t kAllSeen = ~std::uint64_t{0};

std::uint64_t bit_of(std::uint64_t counter) { return std::uint64_t{1} << counter % 64; }

}  // namespace

bool ReplayWindow::fresh(std::uint64_t counter) const {
  if (counter == std::numeric_limits<std::uint64_t>::max()) return false;  // next_ could not pass it
  if (counter >= next_) return true;
  if (next_ - counter > kWindow) return false;
  const std::uint64_t number = number_of(counter);
  if (newest_ - number >= size_) return false;  // seen, with its neighbours
  return (words()[number % size_] & bit_of(counter)) == 0;
}

void ReplayWindow::mark(std::uint64_t counter) {
  SPATE_CHECK(fresh(counter));
  if (counter >= next_) {
    advance_to(number_of(counter));
    next_ = counter + 1;
  }
  word(number_of(counter)) |= bit_of(counter);
}

// Each word up to that one, none of them seen yet, takes the place of one that is too old or has no gap.
void ReplayWindow::advance_to(std::uint64_t number) {
  if (number - newest_ >= kWordsMax) {
    while (size_ < kWordsMax) grow();
    std::fill_n(words(), size_, 0);
    newest_ = number;
    return;
  }
  while (newest_ < number) {
    if (word(newest_ + 1) != kAllSeen && size_ < kWordsMax) grow();
    ++newest_;
    word(newest_) = 0;
  }
}

void ReplayWindow::grow() {
  const std::uint32_t size = 2 * size_;
  auto words = std::make_unique<std::uint64_t[]>(size);
  std::fill_n(words.get(), size, kAllSeen);
  for (std::uint64_t i = 0; i < size_; ++i) words[(newest_ - i) % size] = word(newest_ - i);
  grown_ = std::move(words);
  size_ = size;
}

}  // namespace spate::session
