// Packets on their way to a reader that may be slow: bounded, and whole packets only.
//
// When it is full the oldest packets make room, except one that the reader has a part of: that one is completed,
// so that the reader never sees a piece of a packet. Packets are held by their buffers, nothing is copied.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "libcore/base/buffer.h"

namespace spate::io {

class OutputQueue {
 public:
  // As many packets as fit into `bytes_max` of buffers, at least two.
  explicit OutputQueue(std::size_t bytes_max);

  // The bytes lie in the frame. Empty ones are ignored.
  void push(const Buffer& frame, Bytes bytes);

  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == ring_.size(); }
  std::size_t packets() const { return size_; }
  std::size_t packets_max() const { return ring_.size(); }

  // Fills `out` with what comes first, at most `bytes_max` in all; returns how many elements.
  std::size_t gather(std::span<iovec> out, std::size_t bytes_max) const;
  // So many of the gathered bytes were written.
  void consume(std::size_t bytes);
  // Drops, and counts, all but a packet that was written in part.
  void drop_unstarted();

  std::uint64_t dropped_packets() const { return dropped_packets_; }

 private:
  struct Packet {
    Buffer frame;
    Bytes rest;  // what is still to be written
  };

  Packet& at(std::size_t i) { return ring_[(first_ + i) % ring_.size()]; }
  const Packet& at(std::size_t i) const { return ring_[(first_ + i) % ring_.size()]; }
  void pop();
  void drop_oldest();

  std::vector<Packet> ring_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  bool started_ = false;  // the first packet was written in part
  std::uint64_t dropped_packets_ = 0;
};

}  // namespace spate::io
