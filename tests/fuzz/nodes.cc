// Two to four real nodes, with the simulator's fast cryptography, and a script of what happens to them and to each
// datagram. Nothing that happens may make one abort, spin, or write anything else than the packets that were published,
// in order, each once, with every gap declared.
#include "tests/fuzz/node_host.h"

using namespace spate;
using namespace spate::fuzz;

namespace {

class Evening {
 public:
  explicit Evening(Input& input) : input_(input), shape_(input.u8()), world_(2 + shape_ % 3) {
    for (std::size_t host = 0; host < world_.hosts(); ++host) begin(host);
    world_.poll();
  }

  void act() {
    const std::uint8_t action = input_.u8();
    const std::size_t host = action / 16 % world_.hosts();
    const auto amount = static_cast<std::int64_t>(action / 16);
    switch (action % 16) {
      case 0:
      case 1:
        return world_.advance(std::chrono::milliseconds(20 * (amount + 1)), true);
      case 2:
        return world_.advance(std::chrono::milliseconds(100 * (amount + 1)), false);
      case 3:
        return world_.deliver_all();
      case 4:
      case 5:
        return feed(static_cast<std::size_t>(amount + 1) * 1'000);
      case 6:
        return end_input();
      case 7:
        return world_.put(host, nullptr);
      case 8:
        return begin(host);
      case 9:
        return leave(host);
      case 10:
        return hold(host, amount >= 8);
      default:
        return disturb(world_, input_);
    }
  }

 private:
  NodeHost* at(std::size_t host) { return static_cast<NodeHost*>(world_.at(host)); }

  // Also again: a node that is still there is gone without a word.
  void begin(std::size_t host) {
    ++lives_;
    auto node = std::make_unique<NodeHost>(host, lives_);
    if (host == 0)
      publish(*node);
    else
      join(*node, host);
    world_.put(host, std::move(node));
  }
  void publish(NodeHost& node) {
    swarm::PublishConfig config;
    config.key = stream_key();
    config.epoch = 1'700'000'000'000 + lives_;
    config.stripes = static_cast<std::uint8_t>(1 + shape_ / 4 % 4);
    config.parity = static_cast<std::uint8_t>(shape_ / 16 % 3);
    config.capacity_milli = (shape_ & 64) != 0 ? 1'000 : 8'000;  // one child, or many
    node.publish(config, world_.now());
    constexpr std::uint64_t kPacketBytes = sim::Broadcast::kPacketBytes;
    fed_ = (fed_ + kPacketBytes - 1) / kPacketBytes * kPacketBytes;
    for (std::size_t host = 1; host < world_.hosts(); ++host)
      if (at(host) != nullptr) at(host)->on_new_run(fed_ / kPacketBytes);
  }
  void join(NodeHost& node, std::size_t host) {
    swarm::JoinConfig config;
    config.stream = stream_key().public_key;
    for (std::size_t other = 0; other < host; ++other)
      config.hosts.push_back({address_of(other), node_keys_of(other).public_key});
    config.history_shards = 256;
    config.output = (shape_ & 128) == 0 || host != 1;
    if (host > 1) config.latency = std::chrono::milliseconds(100);
    node.join(config, world_.now());
  }
  void feed(std::size_t bytes) {
    if (at(0) != nullptr) fed_ += at(0)->feed(fed_, bytes, world_.now());
    world_.poll();
  }
  void end_input() {
    if (at(0) != nullptr) at(0)->end_input(world_.now());
    world_.poll();
  }
  void leave(std::size_t host) {
    if (at(host) != nullptr) at(host)->node().leave(world_.now());
    world_.poll();
  }
  void hold(std::size_t host, bool held) {
    if (at(host) != nullptr) at(host)->node().hold_output(held);
    world_.poll();
  }

  Input& input_;
  const std::uint8_t shape_;
  World world_;
  std::uint64_t fed_ = 0;
  std::uint64_t lives_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Evening evening(input);
  for (int actions = 0; actions < 100 && !input.empty(); ++actions) evening.act();
  return 0;
}
