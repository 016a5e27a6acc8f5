// Which packet counters were seen: a sliding window of the newest kWindow counters (RFC 6479's ring of words).
// Ask fresh() before opening a packet and mark() only after it opened: a forgery must not move the window.
//
// The ring begins with 16 bytes and grows, as the oldest gap in the window calls for, to 1 KB at the most (kBits); it
// never shrinks. While packets come in order and none is lost it stays as it is. What it judges does not depend on
// that.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

namespace spate::session {

class ReplayWindow {
 public:
  static constexpr std::uint64_t kBits = 8192;
  static constexpr std::uint64_t kWindow = kBits - 64;  // one word is being recycled

  // Neither seen nor older than the window. The last counter, 2^64 - 1, is never fresh.
  bool fresh(std::uint64_t counter) const;
  // One past the highest counter marked.
  std::uint64_t next() const { return next_; }
  // REQUIRES fresh(counter).
  void mark(std::uint64_t counter);

 private:
  static constexpr std::uint64_t kWordBits = 64;
  static constexpr std::uint64_t kWordsMin = 2;
  static constexpr std::uint64_t kWordsMax = kBits / kWordBits;

  // Of 64 counters: the one that holds `counter`.
  static std::uint64_t number_of(std::uint64_t counter) { return counter / kWordBits; }
  std::uint64_t* words() { return grown_ ? grown_.get() : few_.data(); }
  const std::uint64_t* words() const { return grown_ ? grown_.get() : few_.data(); }
  std::uint64_t& word(std::uint64_t number) { return words()[number % size_]; }
  void advance_to(std::uint64_t number);
  void grow();

  // Words newest_ - size_ + 1 to newest_, by their number modulo size_, a power of two. Those before have no gap.
  std::uint64_t newest_ = 0;
  std::array<std::uint64_t, kWordsMin> few_{0, ~std::uint64_t{0}};
  std::unique_ptr<std::uint64_t[]> grown_;  // instead of few_
  std::uint64_t next_ = 0;
  std::uint32_t size_ = kWordsMin;
};

}  // namespace spate::session
