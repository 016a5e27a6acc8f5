// spate-publish: reads a live byte stream on standard input, signs it, sends it into the swarm, prints its link.
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libcore/io/driver.h"
#include "libcore/io/epoch_file.h"
#include "libcore/io/format.h"
#include "libcore/io/log.h"
#include "libcore/io/system_clock.h"
#include "tools/common.h"
#include "tools/host_word.h"
#include "tools/options.h"
#include "tools/pace.h"
#include "tools/reporter.h"

namespace spate::tools {
namespace {

// By then it shows whether the input is MPEG-TS.
constexpr std::size_t kJudgeBytes = 64 * 1024;
constexpr Duration kJudgeAfter = std::chrono::seconds(1);

struct Options {
  NetworkOptions network;
  std::vector<std::string> advertise;
  std::vector<std::string> hosts;
  std::string key_file;
  bool is_private = false;
  bool raw = false;
  StatsOptions stats;
};

std::optional<int> parse(int argc, char** argv, Options& o) {
  CommandLine line("spate-publish", "Publishes the live stream on standard input and prints the link to watch it.");
  line.add_network(o.network, 8);
  line.add_list("--advertise", o.advertise, "HOST:PORT",
                "The address to put into the link; may be repeated (the likely one)");
  line.add_list("--host", o.hosts, "KEY@HOST:PORT", "A relay to put into the link, too; may be repeated");
  line.add_text("--key", o.key_file, "FILE", "Keep the stream's key in FILE, made if missing (a key per run)");
  line.app().add_flag("--private", o.is_private, "Encrypt: only the link lets others watch");
  line.app().add_flag("--raw", o.raw, "Any bytes, not only MPEG-TS");
  line.add_stats(o.stats);
  return line.parse(argc, argv);
}

// Greater than that of any earlier run of the key, also if the clock has gone back since: kept beside the key.
std::uint64_t choose_epoch(const Options& o, const crypto::StreamKey& stream) {
  const auto clock = static_cast<std::uint64_t>(io::utc_ms());
  if (o.key_file.empty()) return clock;
  const io::NextEpoch next = io::next_epoch(o.key_file + ".epoch", stream, clock);
  // Two runs of one epoch would be one to viewers, and a private one's key stream would be used twice.
  if (next.locked) throw ToolError(kRuntime, next.failure->message);
  if (next.failure && next.epoch > clock)
    throw ToolError(kRuntime, "the clock is behind the last run of this key, and the new one cannot be kept: " +
                                  next.failure->message + "; make that writable, or set the clock");
  if (next.failure)
    io::log::warning("should the clock go back, viewers will refuse the next run: " + next.failure->message);
  return next.epoch;
}

std::vector<wire::LinkHost> hosts_of_link(const Options& o, const io::Keys& keys, const io::UdpSocket& socket) {
  std::vector<wire::LinkHost> hosts =
      advertised_hosts(o.advertise, socket.local_address(), keys.identity.node.public_key);
  for (const std::string& word : o.hosts) {
    const auto host = parse_host_word(word);
    if (!host)
      throw ToolError(kUsage, "--host: '" + word + "' is not KEY@HOST:PORT: give what spate-relay --key prints");
    hosts.push_back(*host);
  }
  if (hosts.size() > wire::kLinkHostsMax)
    throw ToolError(kUsage, "a link holds " + std::to_string(wire::kLinkHostsMax) + " hosts at most: give fewer of " +
                                "--advertise and --host");
  return hosts;
}

// One line; with --private a second one, "relay: " and a link that carries the stream but does not open it.
void print_links(const Options& o, const io::Keys& keys, const io::UdpSocket& socket) {
  wire::Link link;
  link.stream = keys.stream.public_key;
  link.hosts = hosts_of_link(o, keys, socket);
  std::string text;
  if (o.is_private) {
    link.swarm_secret = keys.swarm_secret;
    text = "relay: " + wire::format_link(link) + "\n";
    link.content_secret = keys.content_secret;
  }
  text = wire::format_link(link) + "\n" + text;
  if (text.find('\n') > wire::kLinkCharsMax)
    throw ToolError(kUsage, "the link is too long to be read: give shorter names to --advertise and --host, or fewer");
  if (!write_stdout(text))
    throw ToolError(kRuntime, "nobody reads the link: standard output is a pipe that is closed at the other end");
}

class Publisher final : public io::DriverDelegate {
 public:
  Publisher(const Options& options, NetworkHost& host, node::StreamIndex stream, io::Input& input, Reporter& reporter)
      : node_(*host.node),
        stream_(stream),
        reporter_(reporter),
        driver_(node_, host.socket, host.tcp, host.signals, *this),
        upload_limit_bps_(options.network.upload_limit_bps),
        may_be_foreign_(!options.raw) {
    driver_.read_from(input);
  }

  int run() {
    driver_.run();
    reporter_.finish(io::monotonic_now(), true);
    return exit_code_;
  }

  void on_event(const node::Event& event, Instant /*now*/) override {
    if (std::holds_alternative<node::Stopped>(event)) driver_.stop(io::Driver::kNoLimit);
  }
  void on_stop_request(Instant now) override { node_.leave(now); }

  Instant next_tick() const override { return std::min(reporter_.next_tick(), judge_input_at_); }
  void on_tick(Instant now) override {
    if (now >= judge_input_at_) judge_input(now);
    if (now >= reporter_.next_tick()) reporter_.tick(now);
  }

  std::size_t input_room() const override { return node_.input_room(stream_); }
  Instant input_due() const override { return node_.input_due(stream_); }
  void on_input(Bytes bytes, Instant now) override {
    if (may_be_foreign_ && input_bytes_ == 0) judge_input_at_ = now + kJudgeAfter;
    input_bytes_ += bytes.size();
    node_.input(stream_, bytes, now);
    if (const auto rate = pace_.on_input(bytes.size(), now)) judge_rate(*rate);
    if (may_be_foreign_ && input_bytes_ >= kJudgeBytes) {
      judge_input(now);
      may_be_foreign_ = false;
    }
  }
  void on_input_waited(Duration idle) override {
    node_.input_waited(stream_, idle);
    pace_.on_input_waited(idle);
  }
  void on_input_end(Instant now) override {
    io::log::detail("the input ended; waiting until all peers have it");
    node_.end_input(stream_, now);
    if (input_bytes_ == 0)
      io::log::warning("no input came: standard input ended before its first byte");
    else if (node_.stats(stream_, now).skipped_input_bytes == input_bytes_)
      fail(std::string("nothing of the input was MPEG-TS, so nothing was published") +
           (may_be_foreign_ ? ": for any other format use --raw" : ""));  // else that has been told
    else if (may_be_foreign_)
      judge_input(now);
  }
  void on_input_failed(const std::string& message, Instant now) override {
    fail(message);
    node_.end_input(stream_, now);
  }

 private:
  void fail(const std::string& message) {
    io::log::error(message);
    exit_code_ = kRuntime;
  }
  // Tells once that nobody could be served a whole copy.
  void judge_rate(double rate) {
    if (too_fast_ || upload_limit_bps_ == 0 || rate <= static_cast<double>(upload_limit_bps_)) return;
    too_fast_ = true;
    io::log::warning("the input comes at " + io::format_bit_rate(rate) + ", and --upload-limit is " +
                     io::format_bit_rate(static_cast<double>(upload_limit_bps_)) +
                     ": nobody can be served the whole stream");
  }
  // Tells once, at the beginning. What is lost later is in the statistics.
  void judge_input(Instant now) {
    judge_input_at_ = kNever;
    if (node_.stats(stream_, now).skipped_input_bytes <= input_bytes_ / 2) return;
    may_be_foreign_ = false;
    io::log::warning("the input is not MPEG-TS, and what is not is skipped: for any other format use --raw");
  }

  node::Node& node_;
  node::StreamIndex stream_;
  Reporter& reporter_;
  io::Driver driver_;
  const std::uint64_t upload_limit_bps_;  // 0: none
  std::size_t input_bytes_ = 0;
  Pace pace_;
  bool too_fast_ = false;
  bool may_be_foreign_;
  Instant judge_input_at_ = kNever;
  ExitCode exit_code_ = kOk;
};

int publish(int argc, char** argv) {
  Options options;
  if (const auto done = parse(argc, argv, options)) return *done;
  if (::isatty(STDIN_FILENO) == 1) throw ToolError(kUsage, "standard input is a terminal: pipe a stream into it");

  io::Signals signals;
  // On the heap, which is kept out of swap.
  const auto own_keys = std::make_unique<const io::Keys>(load_keys(options.key_file));
  const io::Keys& keys = *own_keys;
  NetworkHost host = open_host(options.network, keys.identity, signals, true);
  Reporter reporter("publish", options.stats, *host.node, host.socket);

  node::PublishConfig config;
  config.key = keys.stream;
  config.epoch = choose_epoch(options, keys.stream.public_key);
  config.mpeg_ts = !options.raw;
  config.capacity_milli = static_cast<std::uint32_t>(options.network.children) * 1'000u;
  if (options.is_private) {
    config.swarm_secret = keys.swarm_secret;
    config.content_secret = keys.content_secret;
  }
  const Instant now = io::monotonic_now();
  const node::StreamIndex stream = host.node->publish(config, now);
  reporter.add_stream(stream, keys.stream.public_key, now);
  io::Input input(STDIN_FILENO);
  Publisher publisher(options, host, stream, input, reporter);
  keep_out_of_swap();
  print_links(options, keys, host.socket);
  return publisher.run();
}

}  // namespace
}  // namespace spate::tools

int main(int argc, char** argv) { return spate::tools::run("spate-publish", argc, argv, spate::tools::publish); }
