#include "tests/fuzz/node_host.h"

#include <array>
#include <cstdio>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/fast_suite.h"

namespace spate::fuzz {
namespace {

node::NodeConfig config_of(std::size_t host) {
  node::NodeConfig config;
  config.identity = identity_of(host);
  return config;
}

}  // namespace

const crypto::Suite& suite() {
  static const sim::FastSuite fast;
  return fast;
}

// All of it is due before a world begins.
const sim::Broadcast& broadcast() {
  static const sim::Broadcast one({.rate_bps = 400'000, .start = kStart - std::chrono::hours(1), .frames = 90'000});
  return one;
}

const crypto::StreamKeyPair& stream_key() {
  static const crypto::StreamKeyPair key = crypto::stream_key_pair({1});
  return key;
}

const crypto::Identity& identity_of(std::size_t host) {
  static const std::array<crypto::Identity, 8> identities = [] {
    std::array<crypto::Identity, 8> made;
    for (std::size_t i = 0; i < made.size(); ++i) {
      ByteArray<32> secret;
      secret.fill(static_cast<std::uint8_t>(i + 1));
      made[i] = suite().make_identity(secret);
    }
    return made;
  }();
  return identities.at(host);
}

const crypto::NodeKeyPair& node_keys_of(std::size_t host) { return identity_of(host).node; }

NodeHost::NodeHost(std::size_t host, std::uint64_t life)
    : node_(config_of(host), suite(), std::make_unique<crypto::ChaChaRng>(life * 16 + host)),
      checker_(broadcast(), static_cast<sim::HostId>(host), findings_) {}

std::size_t NodeHost::feed(std::uint64_t from, std::size_t bytes, Instant now) {
  if (input_over_) return 0;
  std::vector<std::uint8_t> burst(std::min(bytes, node_.input_room(stream_)));
  if (burst.empty()) return 0;
  broadcast().write(from, burst);
  node_.input(stream_, burst, now);
  return burst.size();
}

void NodeHost::end_input(Instant now) {
  if (!std::exchange(input_over_, true)) node_.end_input(stream_, now);
}

Instant NodeHost::poll(DatagramBatch& out, Instant now) {
  while (true) {
    const node::Poll poll = node_.poll(now, out);
    more_ = poll.kind == node::Poll::Kind::kSend;
    if (poll.kind != node::Poll::Kind::kEvent) return poll.deadline;
    if (const auto* const played = std::get_if<node::Played>(&*poll.event)) on_played(*played, now);
  }
}

void NodeHost::on_played(const node::Played& played, Instant now) {
  bool declared = played.discontinuity;
  if (new_run_ && played.bytes.size() >= sim::Broadcast::kPacketBytes) {
    const auto first = broadcast().index_of(played.bytes.first(sim::Broadcast::kPacketBytes));
    if (first && *first >= *new_run_) {
      declared = true;
      new_run_.reset();
    }
  }
  checker_.on_output(played.bytes, declared, now);
  for (const sim::Finding& finding : findings_.kept()) std::fprintf(stderr, "%s\n", finding.what.c_str());
  SPATE_CHECK(findings_.none());
}

}  // namespace spate::fuzz
