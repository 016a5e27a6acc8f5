// spate-relay: takes links, carries those streams without watching them.
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "libcore/base/check.h"
#include "libcore/io/driver.h"
#include "libcore/io/log.h"
#include "libcore/io/system_clock.h"
#include "tools/common.h"
#include "tools/host_word.h"
#include "tools/options.h"
#include "tools/reporter.h"
#include "tools/stream_memory.h"

namespace spate::tools {
namespace {

// A link that comes while other streams run must not hold them up for long with its names.
constexpr Duration kLateResolveLimit = std::chrono::milliseconds(500);
constexpr std::size_t kLineBytesMax = 2 * wire::kLinkCharsMax;

struct Options {
  std::vector<std::string> links;
  bool links_on_stdin = false;
  NetworkOptions network;
  std::vector<std::string> advertise;
  std::string key_file;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration idle_timeout{};
  Duration retry_for{};
  std::string state;
  StatsOptions stats;
};

std::optional<int> parse(int argc, char** argv, Options& o) {
  CommandLine line("spate-relay", "Carries streams for others without watching them.");
  line.app()
      .add_option("LINK", o.links, "Links, else SPATE_LINK; - or none: from standard input, one a line")
      ->type_name("")
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  line.add_network(o.network, 32);
  line.add_text("--key", o.key_file, "FILE",
                "Keep the relay's key in FILE, and print its word for --host of a publisher");
  line.add_list("--advertise", o.advertise, "HOST:PORT", "The address in that word; may be repeated (the likely one)");
  line.add_duration("--connect-timeout", o.connect_timeout, "Give a stream up if no host answers within DUR (10s)");
  line.add_duration("--idle-timeout", o.idle_timeout, "Give a stream up when nothing comes for DUR; 0: never (0)");
  line.add_duration("--retry-for", o.retry_for, "Look for other peers so long; 0: for ever (0)");
  add_state(line, o.state);
  line.add_stats(o.stats);
  if (const auto done = line.parse(argc, argv)) return done;
  if (o.links.empty())
    if (const auto link = from_environment("link")) o.links.push_back(*link);
  if (o.links.empty() && ::isatty(STDIN_FILENO) == 1)
    throw ToolError(kUsage, "no link given: name some, or give them on standard input, one a line");
  o.links_on_stdin = o.links.empty() || std::erase(o.links, "-") > 0;
  return std::nullopt;
}

// In front of what is wrong with an argument, where there are several.
std::string place_of(const Options& o, std::size_t link) {
  return o.links.size() > 1 ? "link " + std::to_string(link + 1) + ": " : "";
}

// Wrong ones end it before anything starts.
void check_links(const Options& o) {
  for (std::size_t i = 0; i < o.links.size(); ++i) try {
      parse_link_line(o.links[i]);
    } catch (const ToolError& error) {
      throw ToolError(error.code, place_of(o, i) + error.what());
    }
}

class Relay final : public io::DriverDelegate {
 public:
  Relay(const Options& options, const io::Keys& keys, StreamMemory& memory, NetworkHost& host, Reporter& reporter)
      : options_(options),
        own_key_(keys.identity.node.public_key),
        own_stream_(keys.stream.public_key),
        memory_(memory),
        host_(host),
        reporter_(reporter),
        driver_(*host.node, host.socket, host.tcp, host.signals, *this) {}

  int run() {
    driver_.run();
    // One stream that was carried to its end makes the run a success.
    const ExitCode code = any_ended_ ? kOk : exit_code_;
    reporter_.finish(io::monotonic_now(), code == kOk);
    return code;
  }

  void add_arguments() {
    for (std::size_t i = 0; i < options_.links.size(); ++i)
      add_or_tell(options_.links[i], options_.connect_timeout, place_of(options_, i));
    stop_if_done();
  }
  void read_links_from(io::Input& input) {
    more_links_ = true;
    driver_.read_from(input);
  }

  void on_event(const node::Event& event, Instant now) override;
  void on_stop_request(Instant now) override {
    more_links_ = false;
    stopping_ = true;
    host_.node->leave(now);
    stop_if_done();
  }
  Instant next_tick() const override { return reporter_.next_tick(); }
  void on_tick(Instant now) override { reporter_.tick(now); }

  std::size_t input_room() const override { return more_links_ ? io::Input::kBurstBytesMax : 0; }
  void on_input(Bytes bytes, Instant now) override;
  void on_input_end(Instant now) override;
  void on_input_failed(const std::string& message, Instant now) override {
    io::log::error(message);
    on_input_end(now);
  }

 private:
  struct Stream {
    node::StreamIndex index;
    wire::Link link;
    bool running = true;
  };

  // Throws ToolError for a link that is none, or whose hosts are unknown.
  void add(std::string_view text, Duration resolve_limit);
  // A bad link is no reason to do without the others, nor are descriptors that are used up just now.
  void add_or_tell(std::string_view text, Duration resolve_limit, const std::string& place);
  void read_line(std::string_view line);
  void on_stopped(Stream& stream, node::StopReason reason);
  void fail(ExitCode code, const std::string& message) {
    io::log::error(message);
    exit_code_ = code;
  }
  void stop_if_done() {
    const bool running = std::any_of(streams_.begin(), streams_.end(), [](const Stream& s) { return s.running; });
    if (!running && !more_links_) driver_.stop(io::Driver::kNoLimit);
  }

  const Options& options_;
  const crypto::NodeKey own_key_;
  const crypto::StreamKey own_stream_;
  StreamMemory& memory_;
  NetworkHost& host_;
  Reporter& reporter_;
  io::Driver driver_;
  std::vector<Stream> streams_;
  std::string line_;  // the beginning of one that is still coming
  int line_number_ = 0;
  bool more_links_ = false;
  bool stopping_ = false;
  bool any_ended_ = false;
  ExitCode exit_code_ = kOk;
};

void Relay::add(std::string_view text, Duration resolve_limit) {
  wire::Link link = parse_link_line(text);
  for (const Stream& stream : streams_)
    if (stream.running && stream.link.stream == link.stream)
      return io::log::detail("the same stream twice: " + short_name(link.stream));
  if (streams_.size() == node::kStreamsMax)  // those that have ended count: the node keeps their figures
    throw ToolError(kRuntime, "no more than " + std::to_string(node::kStreamsMax) + " streams in one relay");
  if (link.stream == own_stream_)
    throw ToolError(kUsage, "--key is the key of this very stream: a relay needs one of its own");
  std::erase_if(link.hosts, [this](const wire::LinkHost& host) { return host.key == own_key_; });
  if (link.hosts.empty()) throw ToolError(kUsage, "the link names nobody but this relay");
  node::JoinConfig join;
  join.stream = link.stream;
  if (link.swarm_secret) join.swarm_secret = *link.swarm_secret;
  join.hosts = resolve_hosts(link, resolve_limit, host_.signals);
  join.capacity_milli = static_cast<std::uint32_t>(options_.network.children) * 1'000u;
  join.output = false;
  join.tcp = true;
  join.connect_timeout = options_.connect_timeout;
  join.idle_timeout = options_.idle_timeout;
  join.retry_for = options_.retry_for;
  join.epoch_min = memory_.epoch_min(link.stream);
  if (join.hosts.empty()) return;  // asked to stop already
  const Instant now = io::monotonic_now();
  const node::StreamIndex index = host_.node->join(join, now);
  keep_out_of_swap();
  reporter_.add_stream(index, link.stream, now);
  streams_.push_back({index, std::move(link)});
}

void Relay::on_event(const node::Event& event, Instant /*now*/) {
  const auto name_of = [this](node::StreamIndex index) {
    const auto found =
        std::find_if(streams_.begin(), streams_.end(), [&](const Stream& s) { return s.index == index; });
    return found == streams_.end() ? std::string("?") : short_name(found->link.stream);
  };
  if (const auto* joined = std::get_if<node::Joined>(&event)) {
    io::log::detail("carrying " + name_of(joined->stream));
  } else if (const auto* changed = std::get_if<node::ParentChanged>(&event)) {
    io::log::debug("receiving " + name_of(changed->stream) + " from " + io::format_address(changed->parent));
  } else if (const auto* run = std::get_if<node::RunBegan>(&event)) {
    for (const Stream& stream : streams_)
      if (stream.index == run->stream) memory_.on_run(stream.link.stream, run->epoch);
  } else if (const auto* silent = std::get_if<node::FellSilent>(&event)) {
    warn_of_silence(name_of(silent->stream) + ": ");
  } else if (const auto* resumed = std::get_if<node::Resumed>(&event)) {
    warn_of_silence_over(name_of(resumed->stream) + ": ", resumed->silence);
  } else if (const auto* starved = std::get_if<node::Starved>(&event)) {
    warn_of_hunger(name_of(starved->stream) + ": ");
  } else if (const auto* fed = std::get_if<node::Fed>(&event)) {
    warn_of_hunger_over(name_of(fed->stream) + ": ", fed->hunger);
  } else if (const auto* stopped = std::get_if<node::Stopped>(&event)) {
    for (Stream& stream : streams_)
      if (stream.index == stopped->stream) on_stopped(stream, stopped->reason);
    stop_if_done();
  }
}

void Relay::on_stopped(Stream& stream, node::StopReason reason) {
  stream.running = false;
  const std::string name = short_name(stream.link.stream);
  switch (reason) {
    case node::StopReason::kEnded:
      io::log::detail(name + " ended");
      [[fallthrough]];
    case node::StopReason::kLeft:
      any_ended_ = true;
      return;
    case node::StopReason::kUnreachable:
      return fail(kUnreachable, name + ": " + not_joined(host_names(stream.link), options_.connect_timeout));
    case node::StopReason::kStalled:
      return fail(kStalled, name + ": nothing comes any more");
    case node::StopReason::kWrongSecret:
      SPATE_CHECK(false);  // only who plays a stream opens it
    case node::StopReason::kOldRun:
      return fail(kRefused, name + ": " + kOldRunMessage);
  }
}

void Relay::add_or_tell(std::string_view text, Duration resolve_limit, const std::string& place) {
  try {
    add(text, resolve_limit);
  } catch (const ToolError& error) {
    fail(error.code, place + error.what());
  } catch (const std::system_error& error) {
    fail(kRuntime, place + error.what());
  }
}

void Relay::read_line(std::string_view line) {
  ++line_number_;
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == line.npos || line[first] == '#') return;
  add_or_tell(line, streams_.empty() ? options_.connect_timeout : kLateResolveLimit,
              "line " + std::to_string(line_number_) + ": ");
}

void Relay::on_input(Bytes bytes, Instant /*now*/) {
  for (const std::uint8_t byte : bytes) {
    if (!more_links_) return;
    if (byte != '\n') {
      // What is too long for a link is one wrong line, however long.
      if (line_.size() < kLineBytesMax) line_ += static_cast<char>(byte);
      continue;
    }
    read_line(line_);
    line_.clear();
  }
}

void Relay::on_input_end(Instant /*now*/) {
  if (more_links_ && !line_.empty()) read_line(line_);
  more_links_ = false;
  if (streams_.empty() && exit_code_ == kOk && !stopping_) fail(kUsage, "no link on standard input");
  stop_if_done();
}

// One a line. Whoever wanted them has read them, or has gone.
void print_words(const Options& options, const crypto::NodeKey& key, const io::UdpSocket& socket) {
  std::string words;
  for (const wire::LinkHost& host : advertised_hosts(options.advertise, socket.local_address(), key))
    words += format_host_word(host) + "\n";
  write_stdout(words);
}

int relay(int argc, char** argv) {
  Options options;
  if (const auto done = parse(argc, argv, options)) return *done;
  check_links(options);

  io::Signals signals;
  // On the heap, which is kept out of swap.
  const auto keys = std::make_unique<const io::Keys>(load_keys(options.key_file));
  NetworkHost host = open_host(options.network, keys->identity, signals, true);
  if (!options.key_file.empty()) print_words(options, keys->identity.node.public_key, host.socket);
  Reporter reporter("relay", options.stats, *host.node, host.socket);
  StreamMemory memory(options.state);
  Relay relay(options, *keys, memory, host, reporter);
  std::optional<io::Input> input;
  if (options.links_on_stdin) relay.read_links_from(input.emplace(STDIN_FILENO));
  relay.add_arguments();
  return relay.run();
}

}  // namespace
}  // namespace spate::tools

int main(int argc, char** argv) { return spate::tools::run("spate-relay", argc, argv, spate::tools::relay); }
