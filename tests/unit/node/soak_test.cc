// What nodes hold on the heap after hours of a stream: no more than after the first.
#include <malloc.h>

#include <initializer_list>
#include <memory>

#include "tests/catch.h"
#include "tests/unit/swarm/node_host.h"

using namespace spate;
using namespace spate::node;
using namespace spate::tests;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::size_t kShardBytes = 1'316;

// All of this process, in bytes; 0 with a sanitizer, which has a heap of its own.
std::size_t heap_bytes() {
  const auto heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

// One host after the other at one address, each with the same key.
class Guest final : public NetHost {
 public:
  explicit Guest(std::uint8_t host) : NetHost(address_of(host)), number_(host) { up = false; }

  void come(Instant now) {
    node_ = std::make_unique<NodeHost>(number_, 0, ++lives_);
    node_->node.join(join_config({1}), now);
    up = true;
  }
  // Without a word.
  void go() {
    up = false;
    node_.reset();
  }
  void forget_output() { node_->output.clear(); }
  bool joined() const { return node_ && node_->joined; }

  void handle_datagram(const Datagram& datagram, Instant now) override { node_->handle_datagram(datagram, now); }
  void handle_deadline(Instant now) override { node_->handle_deadline(now); }
  bool poll(DatagramBatch& out, Instant now) override { return node_->poll(out, now); }
  Instant next_deadline(Instant now) override { return node_->next_deadline(now); }

 private:
  std::uint8_t number_;
  std::uint64_t lives_ = 0;
  std::unique_ptr<NodeHost> node_;
};

// A publisher with two viewers, of which one comes and goes every ten minutes; one datagram of a hundred is lost.
struct Swarm {
  Swarm(std::size_t packets, Duration each) : burst_bytes(packets * kShardBytes), interval(each) {
    for (NetHost* host : std::initializer_list<NetHost*>{&publisher, &stays, &guest}) net.add(*host);
    net.fate = [this](const Address&, const Address&, Bytes) { return rng.below(100) != 0; };
    publisher.node.publish(publish_config(), net.now);
    stays.node.join(join_config({1}), net.now);
    guest.come(net.now);
  }

  // For so long; returns the most that was held when the guest had been there for some minutes.
  std::size_t run_for(Duration d) {
    std::size_t most = 0;
    ByteVector burst(burst_bytes);
    for (Duration done{}; done < d; done += interval) {
      rng.fill(burst);
      REQUIRE(publisher.node.input_room(0) >= burst.size());
      publisher.node.input(0, burst, net.now);
      bytes_in += burst.size();
      net.run_for(interval);
      publisher.node.input_waited(0, interval);
      bytes_out += stays.output.size();
      stays.output.clear();
      if (guest.up) guest.forget_output();
      const Duration spent = (net.now - kStart) % minutes(10);
      if (spent == minutes(5)) guest.go();
      if (spent == minutes(6)) guest.come(net.now);
      if (spent != minutes(4)) continue;
      CHECK(guest.joined());
      most = std::max(most, heap_bytes());
    }
    return most;
  }

  const std::size_t burst_bytes;
  const Duration interval;  // between two bursts
  crypto::ChaChaRng rng{1};
  Net net;
  NodeHost publisher{1};
  NodeHost stays{2};
  Guest guest{3};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

// After the first `warm_up` nothing is added to what is held, in all of `length`.
void soak(std::size_t packets, Duration interval, Duration warm_up, Duration length) {
  Swarm swarm(packets, interval);
  swarm.run_for(warm_up);  // the history, of 16,384 packets, is full
  const std::size_t before = swarm.run_for(length / 4);
  const std::size_t after = swarm.run_for(length - length / 4 - warm_up);
  CAPTURE(before, after);
  CHECK(after <= before + before / 100);
  CHECK(swarm.bytes_out + 100 * kShardBytes >= swarm.bytes_in);
  CHECK(swarm.stays.node.stats(0, swarm.net.now).lost_packets == 0);
  CHECK(swarm.publisher.node.stats().sessions == 2);
}

}  // namespace

TEST_CASE("L8: forty minutes of a stream leave no more on the heap than the first ten", "[node]") {
  soak(30, milliseconds(500), minutes(10), minutes(40));
}

// Not run by default, for it takes minutes: unit-tests "[soak]" --success tells the figures.
TEST_CASE("L8: a day of a stream leaves no more on the heap than its first hours", "[.][soak]") {
  soak(1, milliseconds(100), hours(2), hours(24));
}
