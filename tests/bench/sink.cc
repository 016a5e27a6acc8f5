// bench-sink: reads bench-feed's stream from stdin and prints, at its end, one JSON line on what arrived and when.
//
// `missing` counts from sequence 0 to the highest that arrived; what never arrived after that shows only against
// bench-feed's own report. `reordered` packets arrived after a later one. `corrupt_bytes` belong to no intact packet.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "libcore/base/histogram.h"
#include "tests/bench/clock.h"
#include "tests/bench/ts_packet.h"

namespace {

using spate::Duration;
using namespace spate::bench;

class Sink {
 public:
  void on_bytes(const std::uint8_t* data, std::size_t size, std::int64_t now) {
    pending_.insert(pending_.end(), data, data + size);
    bytes_ += size;
    std::size_t at = 0;
    while (pending_.size() - at >= kTsBytes) {
      if (const auto stamp = codec_.decode(&pending_[at])) {
        on_packet(*stamp, now);
        at += kTsBytes;
      } else {
        ++at;
        ++corrupt_bytes_;
      }
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void print() const {
    const auto us = [](Duration d) { return static_cast<double>(d.count()) / 1e3; };
    std::printf("{\"packets\": %llu, \"bytes\": %llu, \"first\": %llu, \"missing\": %llu, \"duplicate\": %llu, ",
                number(unique_), number(bytes_), number(first_), number(seen_.size() - unique_), number(duplicates_));
    std::printf("\"reordered\": %llu, \"corrupt_bytes\": %llu, ", number(reordered_),
                number(corrupt_bytes_ + pending_.size()));
    std::printf("\"latency_us_p50\": %.0f, \"latency_us_p95\": %.0f, \"latency_us_p99\": %.0f, ",
                us(latency_.quantile(0.5)), us(latency_.quantile(0.95)), us(latency_.quantile(0.99)));
    std::printf("\"latency_us_p999\": %.0f, \"latency_us_max\": %.0f, \"gap_max_us\": %.0f}\n",
                us(latency_.quantile(0.999)), us(latency_.max()), us(Duration(gap_max_)));
  }

 private:
  static unsigned long long number(std::uint64_t v) { return v; }

  void on_packet(Stamp stamp, std::int64_t now) {
    if (last_arrival_ != 0) gap_max_ = std::max(gap_max_, now - last_arrival_);
    last_arrival_ = now;
    if (unique_ == 0) first_ = stamp.sequence;
    if (stamp.sequence < seen_.size()) {
      if (seen_[stamp.sequence]) {
        ++duplicates_;
        return;
      }
      ++reordered_;
    } else {
      seen_.resize(stamp.sequence + 1);
    }
    seen_[stamp.sequence] = true;
    ++unique_;
    latency_.add(Duration(now - stamp.sent_ns));
  }

  TsCodec codec_;
  spate::Histogram latency_;
  std::vector<std::uint8_t> pending_;  // less than a packet between calls, unless the stream is garbage
  std::vector<bool> seen_;             // one bit a packet: 20 minutes at 400 Mbit/s in 40 MB
  std::uint64_t bytes_ = 0;
  std::uint64_t unique_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t reordered_ = 0;
  std::uint64_t corrupt_bytes_ = 0;
  std::int64_t last_arrival_ = 0;
  std::int64_t gap_max_ = 0;
};

}  // namespace

int main() {
  Sink sink;
  std::vector<std::uint8_t> buffer(std::size_t{1} << 18);
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    sink.on_bytes(buffer.data(), static_cast<std::size_t>(n), monotonic_ns());
  }
  sink.print();
  return 0;
}
