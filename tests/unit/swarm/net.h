// A network in memory, in virtual time: hosts, and what becomes of the datagrams between them.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "libcore/base/datagram.h"
#include "libcore/base/time.h"

namespace spate::tests {

using ByteVector = std::vector<std::uint8_t>;

inline constexpr Instant kStart{std::chrono::hours(1)};

class NetHost {
 public:
  explicit NetHost(const Address& at) : address(at) {}
  virtual ~NetHost() = default;
  NetHost(const NetHost&) = delete;
  NetHost& operator=(const NetHost&) = delete;

  virtual void handle_datagram(const Datagram& datagram, Instant now) = 0;
  virtual void handle_deadline(Instant now) = 0;
  // Writes what there is to send; false, if there is more.
  virtual bool poll(DatagramBatch& out, Instant now) = 0;
  virtual Instant next_deadline(Instant now) = 0;

  const Address address;
  bool up = true;  // false: it neither sends, hears nor thinks
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
};

class Net {
 public:
  // Called for each datagram: false, it is lost.
  using Fate = std::function<bool(const Address& from, const Address& to, Bytes bytes)>;
  using Delay = std::function<Duration(const Address& from, const Address& to)>;

  void add(NetHost& host) { hosts_.push_back(&host); }

  void run_until(Instant end) {
    while (true) {
      for (NetHost* host : hosts_) collect(*host);
      Instant next = std::min(end, now + kStep);
      for (const Flying& f : flying_) next = std::min(next, f.arrives);
      for (NetHost* host : hosts_)
        if (host->up) next = std::min(next, std::max(host->next_deadline(now), now + std::chrono::microseconds(50)));
      if (now >= end) return;
      now = std::max(now, next);
      deliver();
      for (NetHost* host : hosts_)
        if (host->up && host->next_deadline(now) <= now) host->handle_deadline(now);
      if (each_step) each_step();
    }
  }
  void run_for(Duration d) { run_until(now + d); }
  // At most that long, until it holds.
  bool run_until_holds(Duration at_most, const std::function<bool()>& holds) {
    const Instant end = now + at_most;
    while (!holds() && now < end) run_until(std::min(end, now + std::chrono::milliseconds(1)));
    return holds();
  }

  Instant now = kStart;
  Fate fate;
  Delay delay;
  std::function<void()> each_step;

 private:
  static constexpr Duration kStep = std::chrono::milliseconds(5);
  struct Flying {
    Address from;
    Address to;
    ByteVector bytes;
    Instant arrives;
  };

  void collect(NetHost& host) {
    if (!host.up) return;
    for (bool done = false; !done;) {
      done = host.poll(batch_, now);
      for (const DatagramBatch::Run& run : batch_.runs())
        for (std::size_t i = 0; i < run.count; ++i) send(host, run.to, batch_.datagram(run, i));
      batch_.clear();
    }
  }
  void send(NetHost& host, const Address& to, Bytes bytes) {
    host.bytes_sent += bytes.size() + header_bytes(to);
    if (fate && !fate(host.address, to, bytes)) return;
    const Duration d = delay ? delay(host.address, to) : std::chrono::milliseconds(5);
    const Address from = to.is_tcp() ? host.address.over_tcp() : host.address;
    flying_.push_back({from, to, {bytes.begin(), bytes.end()}, now + d});
  }
  void deliver() {
    std::vector<Flying> due;
    const auto end =
        std::stable_partition(flying_.begin(), flying_.end(), [&](const Flying& f) { return f.arrives > now; });
    due.assign(std::make_move_iterator(end), std::make_move_iterator(flying_.end()));
    flying_.erase(end, flying_.end());
    std::stable_sort(due.begin(), due.end(), [](const Flying& a, const Flying& b) { return a.arrives < b.arrives; });
    for (const Flying& f : due)
      for (NetHost* host : hosts_)
        if (host->up && host->address == f.to.over_udp()) {
          host->bytes_received += f.bytes.size() + header_bytes(f.from);
          host->handle_datagram({f.from, f.bytes}, now);
        }
  }

  std::vector<NetHost*> hosts_;
  std::vector<Flying> flying_;
  DatagramBatch batch_;
};

}  // namespace spate::tests
