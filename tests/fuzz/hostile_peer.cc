// A publisher, a viewer, and a peer with a session of its own to each, which says whatever the input tells it:
// messages, frames that it heard before, and those changed. The nodes must bear it, and the viewer still writes nothing
// wrong.
#include "libcore/crypto/chacha_rng.h"
#include "libcore/session/endpoint.h"
#include "tests/fuzz/node_host.h"

using namespace spate;
using namespace spate::fuzz;

namespace {

constexpr std::size_t kPublisher = 0;
constexpr std::size_t kViewer = 1;
constexpr std::size_t kSpeaker = 2;
constexpr std::size_t kTextBytesMax = 1'200;

class Speaker final : public Host {
 public:
  Speaker() : rng_(99), endpoint_(suite(), rng_, pool_) {
    service_ = endpoint_.add_service(session::stream_service(stream_key().public_key), node_keys_of(kSpeaker), true);
  }

  void connect(std::size_t host, Instant now) {
    const crypto::NodeKey key = node_keys_of(host).public_key;
    endpoint_.connect(service_, address_of(host), key, std::chrono::seconds(10), now);
  }
  void say(std::size_t host, std::vector<std::uint8_t> text) {
    if (text.size() <= kTextBytesMax && said_.size() < 64) said_.push_back({host, std::move(text)});
  }
  const std::vector<std::vector<std::uint8_t>>& heard() const { return heard_; }

  void handle_datagram(const Datagram& datagram, Instant now) override {
    if (const auto received = endpoint_.handle_datagram(datagram, now)) {
      note(received->session);
      const Bytes text = received->text.bytes();
      if (heard_.size() < 64 && !text.empty()) heard_.emplace_back(text.begin(), text.end());
    }
    take_events();
  }
  void handle_deadline(Instant now) override {
    endpoint_.handle_deadline(now);
    take_events();
  }
  Instant poll(DatagramBatch& out, Instant now) override {
    endpoint_.flush(out, now);
    for (const auto& [host, text] : said_)
      if (sessions_[host] && endpoint_.established(*sessions_[host]) && !out.full())
        endpoint_.seal(*sessions_[host], text, out, now);
    said_.clear();
    return endpoint_.next_deadline();
  }

 private:
  void note(session::SessionId session) {
    for (const std::size_t host : {kPublisher, kViewer})
      if (endpoint_.peer(session) == node_keys_of(host).public_key) sessions_[host] = session;
  }
  void take_events() {
    while (const auto event = endpoint_.next_event()) {
      if (event->kind == session::SessionEvent::Kind::kEstablished) note(event->session);
      for (auto& session : sessions_)
        if (event->kind != session::SessionEvent::Kind::kEstablished && session == event->session) session.reset();
    }
  }

  BufferPool pool_;
  crypto::ChaChaRng rng_;
  session::Endpoint endpoint_;
  session::ServiceIndex service_ = 0;
  std::array<std::optional<session::SessionId>, 2> sessions_;
  std::vector<std::pair<std::size_t, std::vector<std::uint8_t>>> said_;
  std::vector<std::vector<std::uint8_t>> heard_;
};

class Visit {
 public:
  explicit Visit(Input& input) : input_(input), world_(3) {
    auto publisher = std::make_unique<NodeHost>(kPublisher, 1);
    swarm::PublishConfig publish;
    publish.key = stream_key();
    publish.epoch = 1'700'000'000'000;
    publish.stripes = static_cast<std::uint8_t>(1 + input.below(4));
    publish.parity = static_cast<std::uint8_t>(input.below(3));
    publisher->publish(publish, world_.now());

    auto viewer = std::make_unique<NodeHost>(kViewer, 1);
    swarm::JoinConfig join;
    join.stream = stream_key().public_key;
    for (const std::size_t host : {kPublisher, kSpeaker})
      join.hosts.push_back({address_of(host), node_keys_of(host).public_key});
    join.history_shards = 256;
    join.latency = std::chrono::milliseconds(100);
    viewer->join(join, world_.now());

    publisher_ = publisher.get();
    auto speaker = std::make_unique<Speaker>();
    speaker_ = speaker.get();
    for (const std::size_t host : {kPublisher, kViewer}) speaker->connect(host, world_.now());
    world_.put(kPublisher, std::move(publisher));
    world_.put(kViewer, std::move(viewer));
    world_.put(kSpeaker, std::move(speaker));
    world_.advance(std::chrono::milliseconds(20), true);
  }

  void act() {
    const std::uint8_t action = input_.u8();
    const std::size_t to = action / 8 % 2;
    switch (action % 8) {
      case 0:
        return world_.advance(std::chrono::milliseconds(10 * (1 + action / 16)), true);
      case 1:
        return feed(static_cast<std::size_t>(1 + action / 16) * 1'000);
      case 2:
      case 3:
        return speaker_->say(to, text_of(input_.bytes(input_.u8())));
      case 4:
        return message(to);
      case 5:
      case 6:
        return repeat(to);
      default:
        return disturb(world_, input_);
    }
  }

 private:
  static std::vector<std::uint8_t> text_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

  void feed(std::size_t bytes) {
    fed_ += publisher_->feed(fed_, bytes, world_.now());
    world_.poll();
  }
  // A control message with its length.
  void message(std::size_t to) {
    const std::uint8_t type = input_.u8();
    const Bytes body = input_.bytes(input_.u8());
    std::vector<std::uint8_t> text{type, 0, static_cast<std::uint8_t>(body.size())};
    text.insert(text.end(), body.begin(), body.end());
    speaker_->say(to, std::move(text));
  }
  // What it heard, with a byte changed or not.
  void repeat(std::size_t to) {
    const std::uint8_t which = input_.u8();
    const std::size_t place = input_.u16();
    const std::uint8_t change = input_.u8();
    const auto& heard = speaker_->heard();
    if (heard.empty()) return;
    std::vector<std::uint8_t> text = heard[which % heard.size()];
    text[place % text.size()] ^= change;
    speaker_->say(to, std::move(text));
  }

  Input& input_;
  World world_;
  NodeHost* publisher_ = nullptr;
  Speaker* speaker_ = nullptr;
  std::uint64_t fed_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Visit visit(input);
  for (int actions = 0; actions < 100 && !input.empty(); ++actions) visit.act();
  return 0;
}
