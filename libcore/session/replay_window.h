// Which packet counters were seen: a sliding window of the newest kWindow counters (RFC 6479's ring of words).
// Ask fresh() before opening a packet and mark() only after it opened: a forgery must not move the window.
#pragma once

#include <array>
#include <cstdint>

namespace spate::session {

class ReplayWindow {
 public:
  static constexpr std::uint64_t kBits = 8192;
  static constexpr std::uint64_t kWindow = kBits - 64;  // one word is being recycled

  // Neither seen nor older than the window. The last counter, 2^64 - 1, is never fresh.
  bool fresh(std::uint64_t counter) const;
  // REQUIRES fresh(counter).
  void mark(std::uint64_t counter);

 private:
  std::array<std::uint64_t, kBits / 64> words_{};
  std::uint64_t next_ = 0;  // one past the highest counter seen
};

}  // namespace spate::session
