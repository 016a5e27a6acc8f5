// A datagram under way. Most carry a frame that many nodes keep: of such a one only what is around the frame is kept
// here, where the cryptography leaves the frame readable (fast_suite.h). So what is under way takes little memory, and
// its bytes are read from where they are at hand.
#pragma once

#include <array>
#include <cstdint>

#include "libcore/base/buffer.h"
#include "libcore/session/key_set.h"
#include "libcore/sim/sharing_pool.h"

namespace spate::sim {

// A hash of a datagram's ends and size: what is sealed ends with a tag that depends on every bit.
std::uint64_t fingerprint(Bytes datagram);

class Parcel {
 public:
  Parcel() = default;
  explicit Parcel(Buffer whole) : print_(fingerprint(whole.bytes())), size_(whole.bytes().size()), kept_(whole) {}

  // Another datagram in place of what was kept. `frames` may be null: then all of it is kept, in a buffer of the pool.
  void keep(Bytes datagram, const SharingPool* frames, BufferPool& pool);

  explicit operator bool() const { return static_cast<bool>(kept_); }
  std::size_t size() const { return size_; }
  std::uint64_t print() const { return print_; }
  // The datagram in one piece.
  Buffer whole(BufferPool& pool) const;

 private:
  static constexpr std::size_t kBefore = session::kDataHeaderBytes;
  static constexpr std::size_t kAround = session::kDataOverhead;

  std::uint64_t print_ = 0;
  std::size_t size_ = 0;
  Buffer kept_;  // the frame, or all of it
  bool is_frame_ = false;
  ByteArray<kAround> around_;  // the frame's header and tag
};

}  // namespace spate::sim
