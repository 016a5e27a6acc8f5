// spate-watch: takes a link, joins the stream, writes it to standard output in order, and forwards it to others.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "libcore/io/driver.h"
#include "libcore/io/format.h"
#include "libcore/io/log.h"
#include "libcore/io/stats_writer.h"
#include "libcore/io/system_clock.h"
#include "tools/common.h"
#include "tools/options.h"
#include "tools/reporter.h"
#include "tools/stream_memory.h"

namespace spate::tools {
namespace {

// After a signal, what the reader has not taken by then is given up.
constexpr Duration kHastyOutput = std::chrono::milliseconds(500);

struct Options {
  std::string link;
  std::optional<Duration> latency;  // none: auto
  std::string output = "-";
  NetworkOptions network;
  bool no_upload = false;
  bool relay_only = false;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(30);
  Duration retry_for{};
  std::string state;
  StatsOptions stats;
};

std::optional<int> parse(int argc, char** argv, Options& o) {
  CommandLine line("spate-watch", "Receives a live stream, writes it to standard output, and forwards it to others.");
  line.app()
      .add_option("LINK", o.link, "What spate-publish printed, else SPATE_LINK; - reads it from standard input")
      ->type_name("");
  line.add_duration_or("--latency", "auto", o.latency, "Wait so long for lost packets (auto: as the network needs)");
  line.add_text("-o,--output", o.output, "FILE", "Write to FILE instead of standard output");
  line.add_network(o.network, 4);
  line.app().add_flag("--no-upload", o.no_upload, "Forward to nobody");
  line.app().add_flag("--relay-only", o.relay_only, "Talk to the link's hosts only, and forward to nobody");
  line.add_duration("--connect-timeout", o.connect_timeout, "Give up if no host answers within DUR (10s)");
  line.add_duration("--idle-timeout", o.idle_timeout, "End when nothing comes for DUR; 0: never (30s)");
  line.add_duration("--retry-for", o.retry_for, "Look for other peers so long; 0: for ever (0)");
  add_state(line, o.state);
  line.add_stats(o.stats);
  const std::optional<int> done = line.parse(argc, argv);
  for (const auto& [forwards_to_nobody, name] : {std::pair(o.relay_only, "--relay-only"), {o.no_upload, "--no-upload"}})
    if (!done && forwards_to_nobody && line.app().count("--children") > 0)
      throw ToolError(kUsage, std::string(name) + " forwards to nobody: leave out --children");
  return done;
}

node::JoinConfig join_config(const Options& o, const wire::Link& link, std::vector<node::Host> hosts) {
  node::JoinConfig join;
  join.stream = link.stream;
  if (link.swarm_secret) join.swarm_secret = *link.swarm_secret;
  join.content_secret = link.content_secret;
  join.hosts = std::move(hosts);
  join.capacity_milli = o.no_upload ? 0u : static_cast<std::uint32_t>(o.network.children) * 1'000u;
  join.relay_only = o.relay_only;
  join.tcp = true;
  join.latency = o.latency;
  join.connect_timeout = o.connect_timeout;
  join.idle_timeout = o.idle_timeout;
  join.retry_for = o.retry_for;
  return join;
}

class Watcher final : public io::DriverDelegate {
 public:
  Watcher(const Options& options, const wire::Link& link, StreamMemory& memory, NetworkHost& host, io::Output& output,
          Reporter& reporter)
      : options_(options),
        link_(link),
        memory_(memory),
        node_(*host.node),
        output_(output),
        reporter_(reporter),
        driver_(node_, host.socket, host.tcp, host.signals, *this) {
    driver_.write_to(output);
  }

  int run() {
    driver_.run();
    reporter_.finish(io::monotonic_now(), !quiet_);
    return exit_code_;
  }

  void on_event(const node::Event& event, Instant now) override {
    if (const auto* played = std::get_if<node::Played>(&event)) {
      output_.push(played->frame, played->bytes);
      played_ = true;
      if (played->passed_over && !told_of_slow_reader_) tell_of_slow_reader();
    } else if (const auto* stopped = std::get_if<node::Stopped>(&event)) {
      on_stopped(stopped->reason);
    } else if (std::holds_alternative<node::Joined>(event)) {
      io::log::detail("joined after " + io::format_duration(now - started_));
    } else if (const auto* changed = std::get_if<node::ParentChanged>(&event)) {
      io::log::debug("receiving from " + io::format_address(changed->parent));
    } else if (const auto* run = std::get_if<node::RunBegan>(&event)) {
      memory_.on_run(link_.stream, run->epoch);
    } else if (std::holds_alternative<node::FellSilent>(event)) {
      warn_of_silence("");
    } else if (const auto* resumed = std::get_if<node::Resumed>(&event)) {
      warn_of_silence_over("", resumed->silence);
    } else if (std::holds_alternative<node::Starved>(event)) {
      warn_of_hunger("");
    } else if (const auto* fed = std::get_if<node::Fed>(&event)) {
      warn_of_hunger_over("", fed->hunger);
    }
  }

  void on_stop_request(Instant now) override {
    give_output_up_at_ = now + kHastyOutput;
    node_.leave(now);
    driver_.stop(kHastyOutput);  // also if the stream had stopped before
  }

  Instant next_tick() const override { return std::min(reporter_.next_tick(), give_output_up_at_); }
  void on_tick(Instant now) override {
    if (now >= give_output_up_at_) {
      give_output_up_at_ = kNever;
      output_.drop_unstarted();
    }
    if (now >= reporter_.next_tick()) reporter_.tick(now);
  }

  // The reader has seen enough. That is how a pipeline ends.
  void on_output_closed(Instant now) override {
    quiet_ = true;
    node_.leave(now);
  }
  void on_output_failed(const std::string& message, Instant now) override {
    end(kRuntime, message);
    node_.leave(now);
  }

 private:
  // Once: what is missing is not the network's fault.
  void tell_of_slow_reader() {
    told_of_slow_reader_ = true;
    io::log::warning("what reads the output is too slow: packets are dropped, and counted");
  }

  void end(ExitCode code, const std::string& message) {
    io::log::error(message);
    exit_code_ = code;
    quiet_ = !played_;
  }

  void on_stopped(node::StopReason reason) {
    switch (reason) {
      case node::StopReason::kEnded:
        if (!played_) io::log::warning("the stream ended before anything of it came");
        return driver_.stop(io::Driver::kNoLimit);
      case node::StopReason::kLeft:
        return driver_.stop(kHastyOutput);
      case node::StopReason::kUnreachable:
        end(kUnreachable, not_joined(host_names(link_), options_.connect_timeout));
        break;
      case node::StopReason::kStalled:
        end(kStalled, "the stream stopped, and nobody was found who has it");
        break;
      case node::StopReason::kWrongSecret:
        end(kRefused, "this link's secret does not open the stream");
        break;
      case node::StopReason::kOldRun:
        end(kRefused, kOldRunMessage);
        break;
    }
    driver_.stop(kHastyOutput);
  }

  const Options& options_;
  const wire::Link& link_;
  StreamMemory& memory_;
  node::Node& node_;
  io::Output& output_;
  Reporter& reporter_;
  io::Driver driver_;
  Instant started_ = io::monotonic_now();
  Instant give_output_up_at_ = kNever;
  ExitCode exit_code_ = kOk;
  bool played_ = false;  // something
  bool quiet_ = false;
  bool told_of_slow_reader_ = false;
};

// Under whatever names, and there already or not yet. What is no file, as /dev/null, may be two things at once.
bool same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  if (b.empty() || (std::filesystem::exists(a, ignored) && !std::filesystem::is_regular_file(a, ignored))) return false;
  return std::filesystem::weakly_canonical(a, ignored) == std::filesystem::weakly_canonical(b, ignored);
}

int watch(int argc, char** argv) {
  Options options;
  if (const auto done = parse(argc, argv, options)) return *done;
  const wire::Link link = read_link(options.link);
  if (link.is_private() && !link.content_secret)
    throw ToolError(kRefused, "this link can relay the stream but not read it: ask for its watch link");
  node::JoinConfig join = join_config(options, link, {});
  const bool to_stdout = options.output == "-";
  if (to_stdout && ::isatty(STDOUT_FILENO) == 1)
    throw ToolError(kUsage, "a stream is not for a terminal: pipe it to a player, or use --output FILE");
  if (to_stdout && io::StatsWriter::leads_to(options.stats.file, STDOUT_FILENO))
    throw ToolError(kUsage, "--stats-file leads to standard output, where the stream goes: name another file");
  if (!to_stdout && same_file(options.output, options.stats.file))
    throw ToolError(kUsage, "--stats-file is where the stream goes: name another file");

  io::Signals signals;
  const io::Keys keys = io::derive_keys(fresh_seed());
  NetworkHost host = open_host(options.network, keys.identity, signals);
  join.hosts = resolve_hosts(link, options.connect_timeout, signals);
  if (join.hosts.empty()) return kOk;  // asked to stop already
  // After the node: what is still queued lies in the node's buffers. And after all that may go wrong: it empties FILE.
  io::Output output = to_stdout ? io::Output(STDOUT_FILENO) : value_or_throw(io::Output::open_file(options.output));

  StreamMemory memory(options.state);
  join.epoch_min = memory.epoch_min(link.stream);
  Reporter reporter("watch", options.stats, *host.node, host.socket);
  const Instant now = io::monotonic_now();
  reporter.add_stream(host.node->join(join, now), link.stream, now);
  keep_out_of_swap();
  reporter.set_output(&output);
  return Watcher(options, link, memory, host, output, reporter).run();
}

}  // namespace
}  // namespace spate::tools

int main(int argc, char** argv) { return spate::tools::run("spate-watch", argc, argv, spate::tools::watch); }
