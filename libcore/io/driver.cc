#include "libcore/io/driver.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "libcore/io/event_loop.h"
#include "libcore/io/system_clock.h"

namespace spate::io {
namespace {

using Watch = EventLoop::Watch;
using Want = EventLoop::Want;

constexpr Duration kLookAgain = std::chrono::milliseconds(1);
// Input of which so much is there at a time is no trickle.
constexpr std::size_t kTrickleBytes = 16 * 1024;

// The later of the two would overflow for kNoLimit.
Instant after(Instant now, Duration d) { return d >= kNever - now ? kNever : now + d; }

}  // namespace

struct Driver::Impl {
  Impl(node::Node& n, UdpSocket& s, TcpHub& t, Signals& g, DriverDelegate& d)
      : node(n),
        socket(s),
        tcp(t),
        delegate(d),
        readable(loop, s.fd(), Want::kRead),
        signalled(loop, g.fd(), Want::kRead) {}

  node::Node& node;
  UdpSocket& socket;
  TcpHub& tcp;
  DriverDelegate& delegate;
  EventLoop loop;
  Watch readable;
  Watch signalled;
  std::optional<Watch> tcp_ready;  // made when there is something to wait for
  std::optional<Watch> writable;   // made when the send buffer is full for the first time
  bool stop_requested = false;

  // The node's side.
  Instant now{};
  Instant node_deadline = Instant::min();  // the first turn lets the node say when
  bool datagrams_left = true;
  bool tcp_left = true;
  DatagramBatch batch;
  UdpSocket::Progress progress;
  std::optional<Instant> blocked_since;

  // The input: read when its watch is ready, or at any time without one.
  Input* input = nullptr;
  std::optional<Watch> input_readable;
  std::size_t input_burst = 0;  // bytes read since we last waited for it

  Output* output = nullptr;
  std::optional<Watch> output_writable;
  std::optional<Watch> output_gone;
  bool output_blocked = false;
  bool output_held = false;  // the node was told to wait
  std::uint64_t output_written = 0;
  Instant output_progress_at{};

  bool stopping = false;
  Duration output_patience = kNoLimit;
  DriverStats stats;

  void turn();
  void notice_signal();
  void receive();
  void receive_tcp();
  bool input_wanted() const;
  bool input_gathers() const;
  void read_input();
  void tell_deadlines();
  void poll_node();
  bool send_batch();
  bool may_poll();
  bool output_is_behind() const;
  void write_output();
  void end_output(Output::State state);
  bool finished() const;
  Instant await_send_buffer();
  Instant await_tcp();
  void sleep();
};

Driver::Driver(node::Node& node, UdpSocket& socket, TcpHub& tcp, Signals& signals, DriverDelegate& delegate)
    : impl_(std::make_unique<Impl>(node, socket, tcp, signals, delegate)) {}
Driver::~Driver() = default;

void Driver::read_from(Input& input) {
  impl_->input = &input;
  if (input.can_wait_for()) impl_->input_readable.emplace(impl_->loop, input.fd(), Want::kRead);
}

void Driver::write_to(Output& output) {
  impl_->output = &output;
  if (!output.can_wait_for()) return;
  impl_->output_writable.emplace(impl_->loop, output.fd(), Want::kWrite);
  impl_->output_gone.emplace(impl_->loop, output.fd(), Want::kError);
}

void Driver::stop(Duration output_patience) {
  impl_->stopping = true;
  impl_->output_patience = output_patience;
  impl_->output_progress_at = impl_->now;
}

const DriverStats& Driver::stats() const { return impl_->stats; }

void Driver::run() {
  while (!impl_->finished()) {
    impl_->turn();
    if (!impl_->finished()) impl_->sleep();
  }
  impl_->tcp.linger();
}

void Driver::Impl::turn() {
  ++stats.turns;
  now = monotonic_now();
  notice_signal();
  receive();
  receive_tcp();
  if (input_wanted()) read_input();
  tell_deadlines();
  poll_node();
  write_output();
}

void Driver::Impl::notice_signal() {
  if (stop_requested || !signalled.ready()) return;
  stop_requested = true;
  delegate.on_stop_request(now);
}

void Driver::Impl::receive() {
  if (!datagrams_left && !readable.ready()) return;
  readable.clear();
  const UdpSocket::Received received = socket.receive();
  datagrams_left = received.more;
  if (!received.datagrams.empty()) node.handle_datagrams(received.datagrams, now);
}

void Driver::Impl::receive_tcp() {
  tcp.handle_deadline(now);
  if (!tcp_left && (!tcp_ready || !tcp_ready->ready())) return;
  if (tcp_ready) tcp_ready->clear();
  const TcpHub::Received received = tcp.receive(now);
  tcp_left = received.more;
  if (received.datagrams.empty()) return;
  node.handle_datagrams(received.datagrams, now);
  while (const auto peer = node.next_hang_up()) tcp.hang_up(*peer);
}

void Driver::Impl::tell_deadlines() {
  if (now >= node_deadline) node.handle_deadline(now);
  if (now >= delegate.next_tick()) delegate.on_tick(now);
}

// It is there, and there is room for it.
bool Driver::Impl::input_wanted() const {
  if (input == nullptr || stopping) return false;
  return (!input_readable || input_readable->ready()) && delegate.input_room() > 0;
}

// It comes in small pieces, for each of which waking up would be in vain.
bool Driver::Impl::input_gathers() const {
  return input_readable && input_burst <= kTrickleBytes && now < delegate.input_due();
}

void Driver::Impl::read_input() {
  const Input::Read read = input->read(delegate.input_room());
  if (input_readable) input_readable->clear();
  switch (read.kind) {
    case Input::Read::Kind::kBytes:
      input_burst += read.bytes.size();
      delegate.on_input(read.bytes, now);
      return;
    case Input::Read::Kind::kNothing:
      return;
    case Input::Read::Kind::kEnd:
      input = nullptr;
      delegate.on_input_end(now);
      return;
    case Input::Read::Kind::kFailed:
      input = nullptr;
      delegate.on_input_failed(read.message, now);
      return;
  }
}

bool Driver::Impl::output_is_behind() const {
  return output != nullptr && output->queue().packets() > output->queue().packets_max() / 2;
}

// Sends what the batch holds. False: the rest must wait.
bool Driver::Impl::send_batch() {
  if (!socket.send(batch, progress)) {
    if (!blocked_since) {
      blocked_since = now;
      if (writable) writable->clear();  // what was noticed when nobody waited any more is old
    }
    return false;
  }
  blocked_since.reset();
  batch.clear();
  progress = {};
  return true;
}

// Whether the batch is free for what the node says next.
bool Driver::Impl::may_poll() {
  if (!blocked_since) return true;
  if (writable && writable->ready()) writable->clear();
  if (send_batch()) return true;
  if (now - *blocked_since < kSendPatience) return false;
  ++stats.send_given_up;
  blocked_since.reset();
  batch.clear();
  progress = {};
  return true;
}

void Driver::Impl::poll_node() {
  if (!may_poll()) return;
  output_held = output_is_behind();
  node.hold_output(output_held);
  while (true) {
    const node::Poll poll = node.poll(now, batch);
    switch (poll.kind) {
      case node::Poll::Kind::kSend:
        tcp.send(batch, now);
        if (!send_batch()) return;
        break;
      case node::Poll::Kind::kEvent:
        delegate.on_event(*poll.event, now);
        break;
      case node::Poll::Kind::kDeadline:
        node_deadline = poll.deadline;
        tcp.send(batch, now);
        send_batch();
        return;
    }
  }
}

void Driver::Impl::write_output() {
  if (output == nullptr) return;
  if (output_gone && output_gone->ready()) return end_output(Output::State::kClosed);
  if (output_blocked && output_writable && !output_writable->ready()) return;
  if (output_writable) output_writable->clear();
  const Output::State state = output->flush();
  output_blocked = state == Output::State::kBlocked;
  if (output->written_bytes() != output_written) {
    output_written = output->written_bytes();
    output_progress_at = now;
  }
  if (output_held && !output_is_behind()) node_deadline = now;  // there is room again: poll
  if (state == Output::State::kClosed || state == Output::State::kFailed) end_output(state);
}

void Driver::Impl::end_output(Output::State state) {
  const Output* const ended = std::exchange(output, nullptr);
  output_blocked = false;
  node_deadline = now;  // what the tool now tells the node wants a poll
  if (state == Output::State::kClosed)
    delegate.on_output_closed(now);
  else
    delegate.on_output_failed(ended->failure(), now);
}

bool Driver::Impl::finished() const {
  if (!stopping) return false;
  const bool sent = !blocked_since;
  const bool written = output == nullptr || !output_blocked || now >= after(output_progress_at, output_patience);
  return sent && written;
}

// When to look in any case.
Instant Driver::Impl::await_send_buffer() try {
  if (!writable) writable.emplace(loop, socket.fd(), Want::kWrite);
  writable->arm();
  return *blocked_since + kSendPatience;
} catch (const std::system_error&) {
  return now + kLookAgain;  // the descriptors are used up, which is no reason to leave those who are served
}

// As above.
Instant Driver::Impl::await_tcp() try {
  if (tcp.fd() < 0) return kNever;
  if (!tcp_ready) tcp_ready.emplace(loop, tcp.fd(), Want::kRead);
  if (!tcp_left) tcp_ready->arm();
  return tcp.next_deadline();
} catch (const std::system_error&) {
  tcp_left = true;
  return now + kLookAgain;
}

void Driver::Impl::sleep() {
  Instant alarm = std::min(node_deadline, delegate.next_tick());
  if (blocked_since) {
    // The node is not polled meanwhile, so its deadline may lie in the past.
    alarm = std::min(delegate.next_tick(), await_send_buffer());
  }
  alarm = std::min(alarm, await_tcp());
  if (stopping && output_blocked) alarm = std::min(alarm, after(output_progress_at, output_patience));
  const bool input_waits = input != nullptr && !stopping && delegate.input_room() > 0;
  const bool gathers = input_waits && input_gathers();
  if (gathers) alarm = std::min(alarm, delegate.input_due());
  loop.set_alarm(alarm);

  if (!datagrams_left) readable.arm();
  if (!stop_requested) signalled.arm();
  if (input_waits && input_readable && !gathers) input_readable->arm();
  if (output_blocked && output_writable) output_writable->arm();
  if (output != nullptr && output_gone) output_gone->arm();

  if (datagrams_left || (tcp_left && tcp_ready) || input_wanted()) return loop.poll();
  if (!input_waits) return loop.wait();
  const Instant before = monotonic_now();
  loop.wait();
  delegate.on_input_waited(monotonic_now() - before);
  input_burst = 0;
  if (!gathers || monotonic_now() < delegate.input_due()) return;
  input_readable->arm();  // what has gathered is taken before the deadline is told, which may be the same
  loop.poll();
}

}  // namespace spate::io
