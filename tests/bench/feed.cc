// bench-feed: writes a time-stamped stream in the shape of MPEG-TS to stdout, at a rate or flat out.
//
// A packet's stamp is when its frame was due if the reader made us late, and otherwise when we wrote it: a reader
// that stalls is charged for the stall, and our own late wake-ups are charged to nobody.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "tests/bench/clock.h"
#include "tests/bench/options.h"
#include "tests/bench/ts_packet.h"

namespace {

using namespace spate::bench;

constexpr std::size_t kSmoothPackets = 7;   // what a TS-over-UDP sender puts in one datagram
constexpr std::size_t kWritePackets = 348;  // just under the 64 KiB of a pipe

struct Options {
  std::uint64_t rate_bps = 5'000'000;
  std::int64_t duration_ns = 10'000'000'000;
  std::int64_t cadence_ns = 20'000'000;
  std::uint64_t bytes = 0;
  bool smooth = false;
  std::string report;
};

struct Result {
  std::uint64_t packets = 0;
  std::int64_t behind_ns = 0;      // how late the last packet was written
  std::int64_t behind_max_ns = 0;  // how late any was
  bool reader_gone = false;
};

class Feed {
 public:
  explicit Feed(const Options& options) : options_(options) {
    total_ = options.bytes > 0 ? options.bytes / kTsBytes : packets_by(options.duration_ns);
    // Whole datagrams, so that a tool that handles nothing smaller is not charged for the end of the stream.
    total_ -= total_ % kSmoothPackets;
  }

  Result run() {
    start_ = monotonic_ns();
    if (options_.rate_bps == 0) {
      run_flat_out();
    } else {
      run_paced();
    }
    return result_;
  }

 private:
  // Whole packets of the stream's first `elapsed` nanoseconds.
  std::uint64_t packets_by(std::int64_t elapsed) const {
    return static_cast<std::uint64_t>(static_cast<double>(elapsed) / 1e9 * static_cast<double>(options_.rate_bps) /
                                      (8.0 * kTsBytes));
  }
  std::int64_t due_of(std::uint64_t unit) const {
    if (!options_.smooth) return start_ + static_cast<std::int64_t>(unit) * options_.cadence_ns;
    return start_ + static_cast<std::int64_t>(static_cast<double>(unit * kSmoothPackets * kTsBytes) * 8e9 /
                                              static_cast<double>(options_.rate_bps));
  }
  std::uint64_t end_of(std::uint64_t unit) const {
    const std::uint64_t end = options_.smooth ? (unit + 1) * kSmoothPackets
                                              : packets_by(static_cast<std::int64_t>(unit + 1) * options_.cadence_ns);
    return std::min(end, total_);
  }

  void run_flat_out() {
    while (next_ < total_ && !result_.reader_gone) {
      append(std::min<std::uint64_t>(total_, next_ + kWritePackets), monotonic_ns());
      flush();
    }
  }

  void run_paced() {
    for (std::uint64_t unit = 0; next_ < total_ && !result_.reader_gone; ++unit) {
      const std::int64_t due = due_of(unit);
      std::int64_t stamp = due;
      if (monotonic_ns() < due) {
        flush();
        sleep_until_ns(due);
        stamp = monotonic_ns();
      }
      append(end_of(unit), stamp);
      // Units of a few packets that are due together go out in one write, or the feed would eat a core.
      if (!options_.smooth || buffer_.size() >= kWritePackets * kTsBytes) flush();
      result_.behind_ns = std::max<std::int64_t>(0, monotonic_ns() - due);
      result_.behind_max_ns = std::max(result_.behind_max_ns, result_.behind_ns);
    }
    flush();
  }

  void append(std::uint64_t end, std::int64_t stamp) {
    std::size_t at = buffer_.size();
    buffer_.resize(at + (end - next_) * kTsBytes);
    for (; next_ < end; ++next_, at += kTsBytes) codec_.encode({next_, stamp}, &buffer_[at]);
  }

  void flush() {
    std::size_t done = 0;
    while (done < buffer_.size()) {
      const ssize_t n = ::write(STDOUT_FILENO, &buffer_[done], buffer_.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        result_.reader_gone = true;
        break;
      }
      done += static_cast<std::size_t>(n);
    }
    buffer_.clear();
    result_.packets = next_;
  }

  const Options& options_;
  TsCodec codec_;
  Result result_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t total_ = 0;
  std::uint64_t next_ = 0;
  std::int64_t start_ = 0;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app{"Writes a time-stamped stream in the shape of MPEG-TS to stdout."};
  app.add_option_function<std::string>("--rate", set(options.rate_bps, parse_quantity), "bits a second; 0: flat out");
  app.add_option_function<std::string>("--duration", set(options.duration_ns, parse_duration), "length of the stream");
  app.add_option_function<std::string>("--bytes", set(options.bytes, parse_quantity), "length, instead of --duration");
  app.add_option_function<std::string>("--cadence", set(options.cadence_ns, parse_duration), "one burst this often");
  app.add_flag("--smooth", options.smooth, "seven packets at even spacing instead of bursts");
  app.add_option("--report", options.report, "write what was sent to this file, as JSON");
  try {
    app.parse(argc, argv);
    if (options.rate_bps == 0 && options.bytes == 0) throw CLI::ValidationError("--rate 0 needs --bytes");
    if (options.cadence_ns == 0) throw CLI::ValidationError("--cadence 0: use --smooth");
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e) == 0 ? 0 : 2);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  sharpen_timers();
  const std::int64_t start = monotonic_ns();
  const Result result = Feed(options).run();
  const double seconds = static_cast<double>(monotonic_ns() - start) / 1e9;
  if (!options.report.empty()) {
    std::ofstream(options.report) << "{\"packets\": " << result.packets << ", \"bytes\": " << result.packets * kTsBytes
                                  << ", \"seconds\": " << seconds << ", \"behind_ms\": " << result.behind_ns / 1'000'000
                                  << ", \"behind_max_ms\": " << result.behind_max_ns / 1'000'000
                                  << ", \"reader_gone\": " << (result.reader_gone ? "true" : "false") << "}\n";
  }
  return result.reader_gone ? 1 : 0;
}
