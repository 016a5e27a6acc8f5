// e2e-emulator SCENARIO START_NS NETNS...: the network of a scenario between real processes.
//
// The n-th NETNS is the scenario's n-th host, and gets a TUN device with the address 10.78.(n / 250).(n % 250 + 1). Its
// links and the delays between hosts are the simulator's classes, seeded as there: at the same time of the run the same
// links lose. Packets that are sent before START_NS (of the monotonic clock) count as sent at that moment.
//
// Prints "ready" once the devices are up and one line of JSON when it ends (SIGINT or SIGTERM).
// Not emulated: what e2e::read_scenario refuses; bits flipped and ends cut off; a sender's side of the queue: a full
// uplink drops, as in the simulator, and never holds up who sends.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <queue>
#include <stdexcept>
#include <string>
#include <vector>

#include "libcore/base/histogram.h"
#include "libcore/sim/setting.h"
#include "tests/bench/clock.h"
#include "tests/e2e/stage.h"
#include "tests/net/instrument.h"
#include "tests/net/tun.h"

namespace {

using namespace spate;
using sim::HostId;
using sim::Link;

constexpr std::size_t kInFlightMax = 65'536;                    // packets, about 100 MB
constexpr int kReadsPerTurn = 32;                               // due packets must not wait behind one host's burst
constexpr Duration kForgottenAfter = std::chrono::seconds(60);  // nobody was there to stop us
constexpr HostId kPerNet = 250;
constexpr HostId kHostsMax = 250 * kPerNet;
constexpr std::uint32_t kNet = 10u << 24 | 78u << 16;
constexpr unsigned kPrefix = 16;

std::uint32_t address_of(HostId host) { return kNet | host / kPerNet << 8 | (host % kPerNet + 1); }

class Emulator {
 public:
  Emulator(const e2e::Stage& stage, const std::vector<std::string>& namespaces)
      : stage_(stage), delays_(sim::delay_model(stage.scenario().map, nullptr, stage.rng())) {
    if (namespaces.size() > kHostsMax) throw std::runtime_error("too many hosts");
    const std::unique_ptr<Rng> rng = stage.rng().fork("network");  // as sim::Network does
    for (HostId host = 0; host < namespaces.size(); ++host) {
      const sim::Resident resident = sim::draw_resident(stage.scenario(), stage.rng(), host);
      const std::string name = std::to_string(host);
      hosts_.push_back({Link(resident.up, *rng->fork(name + " up")), Link(resident.down, *rng->fork(name + " down"))});
      polled_.push_back({netem::open_tun(namespaces[host], "e2e0", address_of(host), kPrefix), POLLIN, 0});
    }
  }

  void run(const sigset_t& mask_while_waiting) {
    const Instant end = Instant{} + stage_.scenario().duration + kForgottenAfter;
    while (netem::stop_asked == 0 && stage_.now() < end) {
      const Instant wake = std::min(move_due(stage_.now()), end);
      const timespec wait = bench::to_timespec(std::max<std::int64_t>(0, (wake - stage_.now()).count()));
      if (::ppoll(polled_.data(), polled_.size(), &wait, &mask_while_waiting) <= 0) continue;
      for (HostId host = 0; host < hosts_.size(); ++host)
        if (polled_[host].revents != 0) read_from(host);
    }
  }

  nlohmann::json report() const {
    return {{"received", counts_.received},
            {"delivered", counts_.delivered},
            {"duplicated", counts_.duplicated},
            {"lost", counts_.lost},
            {"queue_full", counts_.queue_full},
            {"too_large", counts_.too_large},
            {"unroutable", counts_.unroutable},
            {"overflow", counts_.overflow},
            {"write_failed", counts_.write_failed},
            {"in_flight", in_flight_.size()},
            {"late_ms_p50", to_ms(lateness_.quantile(0.5))},
            {"late_ms_p99", to_ms(lateness_.quantile(0.99))},
            {"late_ms_max", to_ms(lateness_.max())}};
  }

 private:
  struct Host {
    Link up;
    Link down;
  };
  struct Flight {
    Instant due;
    std::uint64_t order;  // breaks ties
    HostId to;
    bool at_downlink;  // then it is due there, else in the host
    std::vector<std::uint8_t> packet;
    bool operator>(const Flight& other) const { return due != other.due ? due > other.due : order > other.order; }
  };
  struct Counts {
    std::uint64_t received = 0;
    std::uint64_t delivered = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t lost = 0;
    std::uint64_t queue_full = 0;
    std::uint64_t too_large = 0;
    std::uint64_t unroutable = 0;    // IPv6, multicast, unknown addresses: not part of this network, so not received
    std::uint64_t overflow = 0;      // more in flight than we hold: the result is not to be trusted
    std::uint64_t write_failed = 0;  // the host's device is gone
  };

  // Moves on what is due; when the next is.
  Instant move_due(Instant now) {
    while (!in_flight_.empty() && in_flight_.top().due <= now) {
      Flight flight = in_flight_.top();
      in_flight_.pop();
      if (flight.at_downlink) {
        const Link::Passage passage = hosts_[flight.to].down.send(flight.packet.size(), flight.due);
        carry(passage, Duration{}, std::move(flight), false);
        continue;
      }
      const ssize_t written = ::write(polled_[flight.to].fd, flight.packet.data(), flight.packet.size());
      ++(written < 0 ? counts_.write_failed : counts_.delivered);
      now = stage_.now();
      lateness_.add(now - flight.due);
    }
    return in_flight_.empty() ? kNever : in_flight_.top().due;
  }

  void read_from(HostId host) {
    for (int i = 0; i < kReadsPerTurn; ++i) {
      const ssize_t n = ::read(polled_[host].fd, buffer_.data(), buffer_.size());
      if (n <= 0) return;
      on_packet(host, static_cast<std::size_t>(n), stage_.now());
    }
  }

  void on_packet(HostId from, std::size_t size, Instant now) {
    const HostId to = destination(size);
    if (to == hosts_.size()) {
      ++counts_.unroutable;
      return;
    }
    ++counts_.received;
    Flight flight{now, 0, to, true, {buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size)}};
    const Link::Passage passage = hosts_[from].up.send(size, now);
    carry(passage, delays_->one_way(from, to), std::move(flight), true);
  }

  // What a link made of a packet, and where it goes from there.
  void carry(const Link::Passage& passage, Duration delay, Flight flight, bool to_downlink) {
    if (passage.fate != Link::Fate::kCarried) {
      ++count_of(passage.fate);
      return;
    }
    flight.at_downlink = to_downlink;
    if (passage.copy_arrives) {
      ++counts_.duplicated;
      Flight copy = flight;
      copy.due = *passage.copy_arrives + delay;
      push(std::move(copy));
    }
    flight.due = passage.arrives + delay;
    push(std::move(flight));
  }

  void push(Flight flight) {
    if (in_flight_.size() >= kInFlightMax) {
      ++counts_.overflow;
      return;
    }
    flight.order = order_++;
    in_flight_.push(std::move(flight));
  }

  std::uint64_t& count_of(Link::Fate fate) {
    if (fate == Link::Fate::kTooLarge) return counts_.too_large;
    return fate == Link::Fate::kLost ? counts_.lost : counts_.queue_full;
  }

  // The host that the packet in the buffer is for; hosts_.size() when there is none.
  HostId destination(std::size_t size) const {
    const auto nobody = static_cast<HostId>(hosts_.size());
    if (size < 20 || buffer_[0] >> 4 != 4 || buffer_[16] != 10 || buffer_[17] != 78) return nobody;
    const HostId host = buffer_[18] * kPerNet + buffer_[19] - 1;
    return buffer_[19] >= 1 && host < nobody ? host : nobody;
  }

  const e2e::Stage& stage_;
  std::unique_ptr<sim::DelayModel> delays_;
  std::vector<Host> hosts_;
  std::vector<pollfd> polled_;  // by host
  std::priority_queue<Flight, std::vector<Flight>, std::greater<>> in_flight_;
  std::array<std::uint8_t, 1500> buffer_{};  // the packet just read
  std::uint64_t order_ = 0;
  Counts counts_;
  Histogram lateness_;  // how long after it was due a packet was out
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const e2e::Arguments arguments = e2e::read_arguments(argc, argv, "e2e-emulator SCENARIO START_NS NETNS...");
    const sigset_t mask = netem::catch_signals();
    Emulator emulator(arguments.stage, arguments.words);
    netem::take_priority();
    std::puts("ready");
    std::fflush(stdout);
    emulator.run(mask);
    std::puts(emulator.report().dump().c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "e2e-emulator: %s\n", e.what());
    return 1;
  }
}
