// A whole node on the net of net.h, and what it tells its owner.
#pragma once

#include <optional>

#include "libcore/node/node.h"
#include "tests/unit/swarm/hosts.h"

namespace spate::tests {

class NodeHost final : public NetHost {
 public:
  static node::NodeConfig config_of(std::uint8_t host, std::uint64_t upload_limit_bps = 0) {
    node::NodeConfig config;
    config.identity = identity_of(host);
    config.upload_limit_bps = upload_limit_bps;
    return config;
  }

  explicit NodeHost(std::uint8_t host, std::uint64_t upload_limit_bps = 0, std::uint64_t seed = 0,
                    BufferPool* pool = nullptr)
      : NetHost(address_of(host)),
        node(config_of(host, upload_limit_bps), crypto::sodium_suite(),
             std::make_unique<crypto::ChaChaRng>(seed * 1'000 + host), pool) {}

  void handle_datagram(const Datagram& datagram, Instant now) override { node.handle_datagrams({&datagram, 1}, now); }
  void handle_deadline(Instant now) override { node.handle_deadline(now); }
  bool poll(DatagramBatch& out, Instant now) override {
    while (true) {
      const node::Poll poll = node.poll(now, out);
      deadline = poll.deadline;
      if (poll.kind == node::Poll::Kind::kSend) return false;
      if (poll.kind == node::Poll::Kind::kDeadline) return true;
      std::visit([&](const auto& event) { on(event, now); }, *poll.event);
    }
  }
  Instant next_deadline(Instant) override { return deadline; }

  node::Node node;
  ByteVector output;
  bool joined = false;
  std::optional<node::StopReason> stopped;
  Instant stopped_at{};
  std::optional<Instant> first_output;
  std::vector<node::ProbeReply> replies;
  std::optional<Duration> connected;

 private:
  void on(const node::Joined&, Instant) { joined = true; }
  void on(const node::Played& played, Instant now) {
    if (!first_output) first_output = now;
    output.insert(output.end(), played.bytes.begin(), played.bytes.end());
  }
  void on(const node::Stopped& event, Instant now) {
    stopped = event.reason;
    stopped_at = now;
  }
  void on(const node::ParentChanged&, Instant) {}
  void on(const node::RunBegan&, Instant) {}
  void on(const node::FellSilent&, Instant) {}
  void on(const node::Resumed&, Instant) {}
  void on(const node::Starved&, Instant) {}
  void on(const node::Fed&, Instant) {}
  void on(const node::ProbeReply& reply, Instant) { replies.push_back(reply); }
  void on(const node::ProbeConnected& event, Instant) { connected = event.handshake_rtt; }

  Instant deadline = kNever;
};

// Random bytes at a steady pace, from a node's first stream.
class Feed {
 public:
  Feed(NodeHost& publisher, std::uint64_t bytes_per_second, Duration interval = std::chrono::milliseconds(20))
      : publisher_(publisher),
        burst_(bytes_per_second * static_cast<std::uint64_t>(interval.count()) / 1'000'000'000),
        interval_(interval) {}

  void run(Net& net, Duration d) {
    for (const Instant end = net.now + d; net.now < end;) {
      burst_bytes_.resize(burst_);
      rng_.fill(burst_bytes_);
      for (Bytes rest = burst_bytes_; !rest.empty();) {
        const std::size_t piece = std::min(rest.size(), publisher_.node.input_room(0));
        REQUIRE(piece > 0);
        publisher_.node.input(0, rest.first(piece), net.now);
        rest = rest.subspan(piece);
      }
      all.insert(all.end(), burst_bytes_.begin(), burst_bytes_.end());
      net.run_for(interval_);
      publisher_.node.input_waited(0, interval_);
    }
  }
  void end(Net& net) { publisher_.node.end_input(0, net.now); }

  ByteVector all;

 private:
  NodeHost& publisher_;
  std::uint64_t burst_;
  Duration interval_;
  crypto::ChaChaRng rng_{42};
  ByteVector burst_bytes_;
};

// Is one the end of the other?
inline bool is_end_of(const ByteVector& part, const ByteVector& whole) {
  return !part.empty() && part.size() <= whole.size() && std::equal(part.rbegin(), part.rend(), whole.rbegin());
}

}  // namespace spate::tests
