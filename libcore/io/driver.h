// Runs a Node on real sockets, clock and files: one thread, one loop.
//
// A turn takes the time once, reads what is there (a bounded batch of datagrams, a bounded burst of input, so neither
// starves the other), lets the node's deadline and the tool's tick pass, polls the node until it has no more to
// say, sends, and writes the output. Then it waits for whatever comes first. Nothing is allocated per packet.
//
// A full send buffer stops the polling, not the reading: the batch is kept and sent when there is room. After
// kSendPatience the rest of it is given up, as the network would have lost it. What goes over TCP waits in the hub.
#pragma once

#include <cstdint>
#include <memory>

#include "libcore/base/bytes.h"
#include "libcore/base/time.h"
#include "libcore/io/input.h"
#include "libcore/io/output.h"
#include "libcore/io/signals.h"
#include "libcore/io/tcp_hub.h"
#include "libcore/io/udp_socket.h"
#include "libcore/node/node.h"

namespace spate::io {

// What a tool does in a turn. Calls to the node are welcome in all of these.
class DriverDelegate {
 public:
  virtual ~DriverDelegate() = default;

  virtual void on_event(const node::Event& event, Instant now) = 0;
  // The first signal: say goodbye. (The second ends the process.)
  virtual void on_stop_request(Instant now) = 0;

  // When on_tick() should be called next.
  virtual Instant next_tick() const { return kNever; }
  virtual void on_tick(Instant /*now*/) {}

  // How many bytes of input may be read now, and what came. Only with Driver::read_from().
  virtual std::size_t input_room() const { return 0; }
  // Until then a trickle of input is left to gather.
  virtual Instant input_due() const { return Instant::min(); }
  virtual void on_input(Bytes /*bytes*/, Instant /*now*/) {}
  virtual void on_input_waited(Duration /*idle*/) {}  // so long with nothing to do but to wait for input
  virtual void on_input_end(Instant /*now*/) {}
  virtual void on_input_failed(const std::string& /*message*/, Instant /*now*/) {}

  // Only with Driver::write_to(), and once: its reader went away, or it cannot be written.
  virtual void on_output_closed(Instant /*now*/) {}
  virtual void on_output_failed(const std::string& /*message*/, Instant /*now*/) {}
};

struct DriverStats {
  std::uint64_t turns = 0;
  std::uint64_t send_given_up = 0;  // batches of which a rest was thrown away
};

class Driver {
 public:
  static constexpr Duration kSendPatience = std::chrono::milliseconds(100);

  // All of these outlive the driver.
  Driver(node::Node& node, UdpSocket& socket, TcpHub& tcp, Signals& signals, DriverDelegate& delegate);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void read_from(Input& input);
  void write_to(Output& output);

  // Turns until stop(). Then what the node has left to say is sent, and the output is written to its end as long as
  // its reader goes on reading.
  void run();
  // To be called from the delegate. The output's reader may pause for `output_patience`, or for ever (kNoLimit), before
  // the rest is given up.
  static constexpr Duration kNoLimit = Duration::max();
  void stop(Duration output_patience);

  const DriverStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spate::io
