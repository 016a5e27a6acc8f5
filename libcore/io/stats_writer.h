// Statistics for programs: one JSON object per line (spate-publish(1), "STATISTICS").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libcore/io/descriptor.h"
#include "libcore/io/failure.h"
#include "libcore/io/udp_socket.h"
#include "libcore/node/stats.h"

namespace spate::io {

inline constexpr int kStatsSchema = 1;

struct StatsRecord {
  std::int64_t utc_ms = 0;
  Instant now{};
  std::string_view role;    // "publish", "relay", "watch"
  std::string_view stream;  // the first 16 hexadecimal digits of its key
  node::StreamStats stream_stats;
  node::NodeStats node_stats;
  UdpSocketStats socket_stats;
  std::uint64_t output_dropped_packets = 0;  // watch: the reader was too slow for these
  bool final = false;                        // the last one; its lag is that of the whole run
};

// Without the newline. Numbers are finite; what is not known is null.
std::string format_stats(const StatsRecord& record);

// Where the lines go. A line that a pipe has no room for is dropped rather than waited for, except the last.
class StatsWriter {
 public:
  // "": standard error. "fd:N": a descriptor that was inherited. Else a file, made or emptied.
  static Result<StatsWriter> open(const std::string& target);
  // Whether those lines would go to where the descriptor goes: the same file, pipe or device.
  static bool leads_to(const std::string& target, int fd);

  // Fails where a line cannot be written at all, as on a full disk.
  std::optional<Failure> write(const StatsRecord& record);

 private:
  StatsWriter(int fd, Descriptor own) : fd_(fd), own_(std::move(own)) {}
  int fd_;
  Descriptor own_;
};

}  // namespace spate::io
