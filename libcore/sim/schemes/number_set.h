// Which of the newest numbers are there: a window that follows the largest one.
//
// What is below the window counts as there. Memory is one bit a number of the window.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/base/bytes.h"

namespace spate::sim {

class NumberSet {
 public:
  explicit NumberSet(std::uint64_t window) : words_(static_cast<std::size_t>(window / 64 + 2)) {}

  // The window: numbers from begin() on are told apart, none from end() on is there.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }

  bool has(std::uint64_t number) const {
    return number < begin_ || (number < end_ && (word_of(number) >> (number % 64) & 1) != 0);
  }
  // Whether it was not there.
  bool add(std::uint64_t number) {
    if (has(number)) return false;
    extend(number + 1);
    words_[index(number)] |= std::uint64_t{1} << (number % 64);
    return true;
  }
  // All below it count as there.
  void raise(std::uint64_t begin) {
    begin_ = std::max(begin_, begin);
    extend(begin_);
  }

  // The largest number below `below` that is here, and neither there nor in `spent`, which is of the same window and
  // has nothing newer than this.
  std::optional<std::uint64_t> newest_beyond(const NumberSet& there, const NumberSet& spent,
                                             std::uint64_t below) const {
    const std::uint64_t from = std::max(begin_, there.begin_);
    for (std::uint64_t end = std::min(end_, below); end > from;) {
      const std::uint64_t base = (end - 1) / 64 * 64;
      std::uint64_t bits = word_of(base) & ~(base < there.end_ ? there.word_of(base) : 0);
      if (base < spent.end_) bits &= ~spent.word_of(base);
      if (from > base) bits &= ~std::uint64_t{0} << (from - base);
      if (end < base + 64) bits &= ~(~std::uint64_t{0} << (end - base));
      if (bits != 0) return base + 63 - static_cast<unsigned>(std::countl_zero(bits));
      end = base;
    }
    return std::nullopt;
  }

  // A bit a number from `from` on, as many as fit into `bytes_max`.
  std::vector<std::uint8_t> bits(std::uint64_t from, std::size_t bytes_max) const {
    const std::uint64_t count = std::min<std::uint64_t>(end_ - std::min(end_, from), bytes_max * 8);
    std::vector<std::uint8_t> bits(static_cast<std::size_t>((count + 7) / 8));
    for (std::uint64_t i = 0; i < count; ++i)
      if (has(from + i)) bits[static_cast<std::size_t>(i / 8)] |= static_cast<std::uint8_t>(1u << (i % 8));
    return bits;
  }
  // Becomes what bits(from) was written from.
  void assign(std::uint64_t from, Bytes bits) {
    std::fill(words_.begin(), words_.end(), 0);
    begin_ = end_ = from;
    for (std::uint64_t i = 0; i < bits.size() * 8; ++i)
      if ((bits[static_cast<std::size_t>(i / 8)] >> (i % 8) & 1) != 0) add(from + i);
  }

 private:
  std::size_t index(std::uint64_t number) const { return static_cast<std::size_t>(number / 64 % words_.size()); }
  std::uint64_t word_of(std::uint64_t number) const { return words_[index(number)]; }
  // Words that the window comes to are cleared, those that it leaves are below its begin.
  void extend(std::uint64_t end) {
    if (end <= end_) return;
    const std::uint64_t last = (end - 1) / 64;
    const std::uint64_t first = end_ == 0 ? 0 : (end_ - 1) / 64 + 1;
    for (std::uint64_t word = std::max(first, last + 1 - std::min<std::uint64_t>(last + 1, words_.size()));
         word <= last; ++word)
      words_[static_cast<std::size_t>(word % words_.size())] = 0;
    end_ = end;
    if (last + 1 > words_.size()) begin_ = std::max(begin_, (last + 1 - words_.size()) * 64);
  }

  std::vector<std::uint64_t> words_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace spate::sim
