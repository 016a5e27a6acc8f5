#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "libcore/session/endpoint.h"
#include "libcore/sim/mischief/mischief.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/peers.h"
#include "libcore/wire/shard.h"

namespace spate::sim {
namespace {

constexpr std::size_t kVictims = 8;
constexpr unsigned kRequestsEachTime = 10;
constexpr unsigned kTinyEachTime = 100;
constexpr std::uint16_t kRangeShards = 255;
constexpr std::size_t kTimesToSubscribe = 5;  // anew: whose budgets are the child's has them full again
// What one victim may send: the stream with what is around it, one and a half times that for what was asked for, and at
// once what anybody may have of the past, and some more.
constexpr std::uint64_t kStreamWithAllMilli = 1'350;
constexpr std::uint64_t kPastMs = swarm::Peer::kPastBurst / 17;
constexpr std::uint64_t kBurstBytes = 1'000'000;

class Stormer final : public Mischief {
 public:
  Stormer(const House& house, std::unique_ptr<Rng> rng)
      : Mischief(house),
        rng_(std::move(rng)),
        keys_(crypto::generate_node_key_pair(*rng_)),
        endpoint_(house.suite, *rng_, pool_),
        outbox_(pool_),
        service_(endpoint_.add_service(session::stream_service(house.stream), keys_, false)) {}

  void on_delivered(HostId to, const Address& from, Bytes datagram, Instant now) override {
    if (to != house_.host || !at_work(now)) return;
    const auto received = endpoint_.handle_datagram({from, datagram}, now);
    take_events(now);
    if (!received) return;
    const auto found = victims_.find(received->session);
    if (found == victims_.end()) return;
    found->second.got += datagram.size();
    hear(received->text.bytes(), now);
  }

 private:
  struct Victim {
    HostId host = 0;
    Instant since{};
    std::uint64_t got = 0;  // bytes
    bool told = false;
  };

  void take_events(Instant now) {
    while (const auto event = endpoint_.next_event()) {
      if (event->kind != session::SessionEvent::Kind::kEstablished)
        victims_.erase(event->session);
      else
        victims_[event->session] = {host_with(endpoint_.address(event->session)), now, 0, false};
    }
  }

  void hear(Bytes text, Instant now) {
    if (const auto shard = wire::parse_shard(text)) newest_ = std::max<std::uint64_t>(newest_, shard->sequence_low);
    if (text.empty() || text[0] < wire::kControlTypeMin) return;
    wire::ControlReader reader(text);
    while (const auto message = reader.next())
      if (const auto* const peers = std::get_if<wire::Peers>(&*message))
        for (const wire::PeerRecord& peer : peers->peers)
          if (const auto key = house_.suite.node_key_of(peer.record.key)) dial({peer.record.address, *key}, now);
  }

  void dial(const node::Host& host, Instant now) {
    if (victims_.size() < kVictims) endpoint_.connect(service_, host.address, host.key, std::chrono::seconds(2), now);
  }

  void act(Instant now) override {
    for (const node::Host& host : house_.link) dial(host, now);
    endpoint_.handle_deadline(now);
    take_events(now);
    for (auto& [session, victim] : victims_) {
      storm(session);
      judge(victim, now);
    }
    ++times_;
    for (bool done = false; !done;) {
      done = endpoint_.flush(batch_, now) && outbox_.flush(endpoint_, batch_, now);
      for (const DatagramBatch::Run& run : batch_.runs())
        for (std::size_t i = 0; i < run.count; ++i)
          if (const HostId to = host_with(run.to); to < kHostsMax)
            forge(house_.host, Network::address_of(house_.host), to, batch_.datagram(run, i));
      batch_.clear();
    }
  }

  void storm(session::SessionId victim) {
    if (times_ % kTimesToSubscribe == 0) outbox_.send(victim, wire::Subscribe{.window_bytes = 1'000'000});
    wire::RepairRequest all;
    all.kind = wire::RepairRequest::Kind::kShardsWithLists;
    const std::uint64_t span = wire::kRepairRangesMax * kRangeShards;
    all.base = newest_ - std::min(newest_, span - 1);
    for (std::size_t i = 0; i < wire::kRepairRangesMax; ++i)
      all.ranges.push_back({static_cast<std::uint16_t>(i * kRangeShards), kRangeShards});
    for (unsigned i = 0; i < kRequestsEachTime; ++i) outbox_.send(victim, all);
    const std::array<wire::Control, 4> tiny{wire::Ping{times_, 0}, wire::Inquiry{wire::kAllStripes},
                                            wire::Rendezvous{house_.link.front().key}, wire::Report{newest_, newest_}};
    for (unsigned i = 0; i < kTinyEachTime; ++i) outbox_.send(victim, tiny[i % tiny.size()]);
  }

  void judge(Victim& victim, Instant now) {
    const auto ms = static_cast<std::uint64_t>(to_us(now - victim.since) / 1'000);
    const std::uint64_t per_second = house_.stream_bps / 8 * kStreamWithAllMilli / 1'000;
    if (victim.told || victim.got <= per_second * (ms * 5 / 2 + kPastMs) / 1'000 + kBurstBytes) return;
    victim.told = true;
    house_.findings.add(Rule::kSafety, now, victim.host,
                        "sent " + std::to_string(victim.got) + " bytes in " + std::to_string(ms) +
                            " ms to one that asks for everything again and again");
  }

  const std::unique_ptr<Rng> rng_;
  const crypto::NodeKeyPair keys_;
  BufferPool pool_;
  session::Endpoint endpoint_;
  swarm::Outbox outbox_;
  const session::ServiceIndex service_;
  std::map<session::SessionId, Victim> victims_;
  DatagramBatch batch_;
  std::uint64_t newest_ = 0;
  std::uint32_t times_ = 0;
};

}  // namespace

std::unique_ptr<Mischief> make_stormer(const Mischief::House& house, std::unique_ptr<Rng> rng) {
  return std::make_unique<Stormer>(house, std::move(rng));
}

}  // namespace spate::sim
