// Tells how the streams of a tool are doing: statistics lines, or a status line on a terminal, and a summary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcore/io/output.h"
#include "libcore/io/stats_writer.h"
#include "libcore/io/status_line.h"
#include "libcore/io/udp_socket.h"
#include "libcore/node/node.h"
#include "tools/options.h"

namespace spate::tools {

class Reporter {
 public:
  // `role`: "publish", "relay" or "watch". Opens the statistics file; throws ToolError.
  Reporter(std::string_view role, const StatsOptions& options, node::Node& node, const io::UdpSocket& socket);

  // A stream that was here before has its last line now, and is told anew.
  void add_stream(node::StreamIndex stream, const crypto::StreamKey& key, Instant now);
  // A watcher's output: what it wrote, and what its reader was too slow for.
  void set_output(const io::Output* output) { output_ = output; }

  Instant next_tick() const { return next_tick_; }
  void tick(Instant now);

  // The last statistics lines, and the summary unless the run ended quietly.
  void finish(Instant now, bool summary);

 private:
  struct Stream {
    node::StreamIndex index;
    std::string name;
    Instant since;
    std::uint64_t bytes_before = 0;  // at the last status
  };

  node::StreamStats stats_of(const Stream& stream, Instant now) const;
  std::uint64_t dropped(const node::StreamStats& stats) const;
  void write(const Stream& stream, const node::StreamStats& stats, Instant now, bool final);
  void show_status(Instant now);
  std::string summary_of(const Stream& stream, const node::StreamStats& stats, Instant now) const;

  std::string_view role_;
  node::Node& node_;
  const io::UdpSocket& socket_;
  const io::Output* output_ = nullptr;
  std::optional<io::StatsWriter> writer_;
  bool stats_failed_ = false;
  io::StatusLine status_line_;
  Duration every_{};
  Instant next_tick_ = kNever;
  std::vector<Stream> streams_;
};

}  // namespace spate::tools
