// Standard input, or what takes its place, read in bursts: one read, one burst.
//
// Leaves the descriptor's flags alone (other processes may share it), so a pipe must only be read once it is known
// to be readable. Regular files are always readable and cannot be waited for.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "libcore/base/bytes.h"

namespace spate::io {

class Input {
 public:
  // As much as a pipe holds unless somebody made it larger; small enough to stay in the processor's cache.
  static constexpr std::size_t kBurstBytesMax = 64 * 1024;

  // Does not own the descriptor. Asks for a larger pipe where it is one.
  explicit Input(int fd);

  int fd() const { return fd_; }
  // False: read at any time.
  bool can_wait_for() const { return can_wait_for_; }

  struct Read {
    enum class Kind { kBytes, kNothing, kEnd, kFailed };
    Kind kind = Kind::kNothing;
    Bytes bytes;          // kBytes: valid until the next read
    std::string message;  // kFailed
  };
  // At most `max` bytes, and never more than kBurstBytesMax.
  Read read(std::size_t max);

 private:
  int fd_;
  bool can_wait_for_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace spate::io
