// spate-probe: measures the path to another spate host, with datagrams of the size that a stream's have.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "libcore/io/driver.h"
#include "libcore/io/log.h"
#include "libcore/io/system_clock.h"
#include "libcore/session/service.h"
#include "tools/common.h"
#include "tools/options.h"
#include "tools/probe_report.h"

namespace spate::tools {
namespace {

constexpr std::size_t kPingBytes = 1'128;  // six MPEG-TS packets: nearly as large as every path carries
constexpr int kCountMax = 100'000;
constexpr Duration kPingEvery = std::chrono::milliseconds(20);
constexpr Duration kLastAnswerWait = std::chrono::seconds(1);

struct Options {
  std::string target;
  int count = 50;
  Duration duration{};
  Duration connect_timeout = std::chrono::seconds(5);
  bool json = false;
};

std::optional<int> parse(int argc, char** argv, Options& o) {
  CommandLine line("spate-probe", "Measures round-trip time, jitter and loss to a running spate program.");
  line.app()
      .add_option("TARGET", o.target, "HOST:PORT or a link, else SPATE_LINK; - reads a link from standard input")
      ->type_name("");
  const CLI::Option* const count =
      line.add_count("--count", o.count, 1, kCountMax, "Send so many pings, one every 20 ms (50)");
  line.add_duration("--duration", o.duration, "Send pings for so long; with --count, at most so many");
  line.add_duration("--connect-timeout", o.connect_timeout, "Give up if no host answers within DUR (5s)");
  line.app().add_flag("--json", o.json, "Print one JSON object");
  if (const auto done = line.parse(argc, argv)) return done;
  if (o.duration > Duration::zero()) {
    const std::int64_t most = count->count() > 0 ? o.count : kCountMax;
    o.count = static_cast<int>(std::clamp<std::int64_t>(o.duration / kPingEvery, 1, most));
  }
  return std::nullopt;
}

// Whom to ask, and for which service: a host by its address alone answers on the probe service.
struct Target {
  wire::Link link;
  std::optional<node::JoinConfig> stream;
};

Target find_target(const Options& o) {
  const std::string text = o.target.empty() ? from_environment("link").value_or("") : o.target;
  if (text.empty()) throw ToolError(kUsage, "nothing to probe: name HOST:PORT or a link, or - to read a link");
  if (const auto host = wire::parse_host_port(text); host && !host->host.empty()) {
    wire::Link link;
    link.hosts = {{host->host, host->port, session::probe_node_key_pair().public_key}};
    return {link, std::nullopt};
  }
  if (text != "-" && text.find("spate:") == std::string::npos)
    throw ToolError(kUsage, "this is neither HOST:PORT nor a link, which begins with 'spate:'");
  const wire::Link link = read_link(text);
  node::JoinConfig stream;
  stream.stream = link.stream;
  if (link.swarm_secret) stream.swarm_secret = *link.swarm_secret;
  return {link, stream};
}

class Prober final : public io::DriverDelegate {
 public:
  Prober(const Options& options, const Target& target, NetworkHost& host)
      : options_(options),
        target_(target),
        node_(*host.node),
        driver_(node_, host.socket, host.tcp, host.signals, *this) {}

  // One address after the other, until one answers; each has its share of the time.
  int run(std::vector<io::ResolvedName> addresses) {
    addresses_ = std::move(addresses);
    dial(0, io::monotonic_now());
    driver_.run();
    return finish();
  }

  void on_event(const node::Event& event, Instant now) override {
    if (const auto* connected = std::get_if<node::ProbeConnected>(&event)) {
      connected_ = true;
      report_.handshake = connected->handshake_rtt;
      next_ping_ = now;
    } else if (const auto* reply = std::get_if<node::ProbeReply>(&event)) {
      on_reply(*reply);
    }
  }
  void on_stop_request(Instant /*now*/) override {
    interrupted_ = true;
    driver_.stop(Duration::zero());
  }

  Instant next_tick() const override { return connected_ && !all_sent() ? next_ping_ : give_up_at_; }
  void on_tick(Instant now) override {
    if (!connected_ && dialled_ + 1 < addresses_.size()) return dial(dialled_ + 1, now);
    if (!connected_ || all_sent()) return driver_.stop(Duration::zero());
    node_.probe_ping(static_cast<std::uint32_t>(replies_.size()), kPingBytes, now);
    replies_.emplace_back();
    next_ping_ += kPingEvery;
    give_up_at_ = now + kLastAnswerWait;
  }

 private:
  void dial(std::size_t which, Instant now) {
    dialled_ = which;
    give_up_at_ = now + options_.connect_timeout / static_cast<std::int64_t>(addresses_.size());
    node_.probe({addresses_[which].address, host().key}, target_.stream, now);
  }
  const wire::LinkHost& host() const { return target_.link.hosts[addresses_[dialled_].index]; }

  bool all_sent() const { return replies_.size() == static_cast<std::size_t>(options_.count); }

  void on_reply(const node::ProbeReply& reply) {
    if (reply.id >= replies_.size() || replies_[reply.id]) return;
    replies_[reply.id] = reply.rtt;
    if (++answered_ == static_cast<std::size_t>(options_.count)) driver_.stop(Duration::zero());
  }

  int finish() {
    for (const auto& rtt : replies_)
      if (rtt) report_.rtts.push_back(*rtt);
    report_.sent = replies_.size();
    const std::string name = wire::format_host_port(host().host, host().port);
    if (report_.rtts.empty()) {
      if (interrupted_) return kOk;
      io::log::error(connected_ ? no_answer_from(name, kLastAnswerWait)
                                : no_answer_from(host_names(target_.link), options_.connect_timeout) +
                                      (target_.stream ? "" : " (a private stream's host answers to its link only)"));
      return kUnreachable;
    }
    write_stdout(options_.json ? format_probe_json(name, report_) : format_probe_text(name, report_));
    return kOk;
  }

  const Options& options_;
  const Target& target_;
  node::Node& node_;
  io::Driver driver_;
  std::vector<io::ResolvedName> addresses_;
  std::size_t dialled_ = 0;  // of the addresses
  ProbeReport report_;
  std::vector<std::optional<Duration>> replies_;  // by ping
  std::size_t answered_ = 0;
  bool connected_ = false;
  bool interrupted_ = false;
  Instant next_ping_ = kNever;
  Instant give_up_at_ = kNever;
};

int probe(int argc, char** argv) {
  Options options;
  if (const auto done = parse(argc, argv, options)) return *done;
  const Target target = find_target(options);
  io::Signals signals;
  NetworkHost host = open_host({}, io::derive_keys(fresh_seed()).identity, signals);
  std::vector<io::ResolvedName> found = resolve_names(target.link, options.connect_timeout, signals);
  if (found.empty()) return kOk;  // asked to stop already
  keep_out_of_swap();
  return Prober(options, target, host).run(std::move(found));
}

}  // namespace
}  // namespace spate::tools

int main(int argc, char** argv) { return spate::tools::run("spate-probe", argc, argv, spate::tools::probe); }
