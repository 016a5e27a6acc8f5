// Datagrams on their way in and out of the core, in the batches that the sockets use.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "libcore/base/address.h"
#include "libcore/base/bytes.h"

namespace spate {

// One received datagram; the bytes belong to the caller and are only read during the call.
struct Datagram {
  Address from;
  Bytes bytes;
};

// What goes in front of a datagram: IP's header and UDP's, or TCP's with its timestamps, and the frame's length. (TCP
// may put several datagrams into one segment, or a part of one.)
inline std::uint64_t header_bytes(const Address& address) {
  const std::uint64_t ip = address.is_v4() ? 20 : 40;
  return address.is_tcp() ? ip + 32 + 2 : ip + 8;
}

// Outgoing datagrams, sealed in place: what a node writes here is what the socket sends, uncopied.
//
// Neighbouring datagrams to one address form a run while all but the last have equal size, at most
// kRunDatagrams of them and kRunBytes together: a run is one UDP GSO send, or `count` plain sends.
class DatagramBatch {
 public:
  static constexpr std::size_t kArenaBytes = 256 * 1024;
  static constexpr std::size_t kDatagramBytesMax = 1472;
  static constexpr std::size_t kRunDatagrams = 48;
  static constexpr std::size_t kRunBytes = 64'000;

  struct Run {
    Address to;
    std::uint32_t offset = 0;         // of the first datagram
    std::uint32_t bytes = 0;          // of all datagrams together
    std::uint32_t segment_bytes = 0;  // of each datagram but the last, which may be shorter
    std::uint32_t count = 0;
  };

  DatagramBatch() : arena_(kArenaBytes) {}

  // No room for two more datagrams of the largest size (what is too large for a path goes in two): send, clear(), and
  // go on.
  bool full() const { return kArenaBytes - used_ < 2 * kDatagramBytesMax; }
  bool empty() const { return runs_.empty(); }
  // Room for one datagram of exactly that size, to be filled by the caller. REQUIRES that at most one was
  // added since full() was false.
  MutableBytes add(const Address& to, std::size_t bytes);
  void clear();

  std::span<const Run> runs() const { return runs_; }
  Bytes bytes_of(const Run& run) const { return Bytes{arena_}.subspan(run.offset, run.bytes); }
  // The i-th datagram of a run, i < run.count.
  Bytes datagram(const Run& run, std::size_t i) const;
  // Of everything ever added, headers included.
  struct Totals {
    std::uint64_t datagrams = 0;
    std::uint64_t wire_bytes = 0;
  };
  const Totals& totals() const { return totals_; }

 private:
  std::vector<std::uint8_t> arena_;
  std::vector<Run> runs_;
  std::size_t used_ = 0;
  Totals totals_;
};

}  // namespace spate
