// A few hosts, and the datagrams between them, each of which waits until somebody says what becomes of it.
#pragma once

#include <memory>
#include <vector>

#include "libcore/base/datagram.h"
#include "libcore/base/time.h"
#include "tests/fuzz/target.h"

namespace spate::fuzz {

inline constexpr Instant kStart{std::chrono::hours(1)};

Address address_of(std::size_t host);

class Host {
 public:
  virtual ~Host() = default;
  virtual void handle_datagram(const Datagram& datagram, Instant now) = 0;
  virtual void handle_deadline(Instant now) = 0;
  // Writes what there is to send, as far as there is room; more() if there was not.
  virtual Instant poll(DatagramBatch& out, Instant now) = 0;
  virtual bool more() const { return false; }
};

class World {
 public:
  static constexpr std::size_t kWaitingMax = 512;
  struct Waiting {
    Address from;
    Address to;
    std::vector<std::uint8_t> bytes;
  };

  explicit World(std::size_t hosts) : places_(hosts) {}

  std::size_t hosts() const { return places_.size(); }
  Instant now() const { return now_; }
  // Nobody there: what is sent to it is lost.
  void put(std::size_t host, std::unique_ptr<Host> program) { places_[host] = {std::move(program), now_}; }
  Host* at(std::size_t host) { return places_[host].program.get(); }

  // Time goes on, and hosts do what they do by themselves. Steps are of at least kStepMin, for a deadline may be now.
  static constexpr Duration kStepMin = std::chrono::milliseconds(2);
  void advance(Duration time, bool deliver_all);
  void poll();

  std::vector<Waiting>& waiting() { return waiting_; }
  void deliver(std::size_t i);
  void deliver_all();

 private:
  struct Place {
    std::unique_ptr<Host> program;
    Instant deadline{};
  };
  void collect(std::size_t host);

  std::vector<Place> places_;
  std::vector<Waiting> waiting_;
  Instant now_ = kStart;
};

// What becomes of the waiting datagrams, as the input says.
void disturb(World& world, Input& input);

}  // namespace spate::fuzz
