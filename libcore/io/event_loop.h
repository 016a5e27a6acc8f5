// Waits, on one thread, until a descriptor is ready or an alarm goes off. Nothing is called back: wait() returns and
// the watches say what is ready.
//
// A wait is one call of ppoll(), which is told all anew each time. For a handful of descriptors and an alarm that moves
// with every turn that is cheaper than an epoll descriptor and a timer that must be told of each change.
#pragma once

#include <poll.h>

#include <vector>

#include "libcore/base/time.h"

namespace spate::io {

class EventLoop {
 public:
  enum class Want { kRead, kWrite, kError };

  // One descriptor and one kind of readiness. Must not outlive its loop; the descriptor may be closed after it.
  class Watch {
   public:
    Watch(EventLoop& loop, int fd, Want want);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Asks for one notice; at once if the descriptor is ready already. Does nothing while ready() or armed.
    void arm() { armed_ = !ready_; }
    bool ready() const { return ready_; }
    // Forgets that it was ready: whoever has used up the readiness does so, and arms again.
    void clear() { ready_ = false; }

   private:
    friend class EventLoop;
    EventLoop& loop_;
    const int fd_;
    const short events_;
    bool armed_ = false;
    bool ready_ = false;
  };

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // wait() returns at `when` at the latest. kNever: no alarm.
  void set_alarm(Instant when) { alarm_ = when; }
  // Until something is ready. May return for no reason.
  void wait();
  // Looks what is ready, and does not wait.
  void poll() { look(Duration::zero()); }

  // False for regular files and some devices: they are always ready and cannot be waited for.
  static bool can_wait_for(int fd);

 private:
  void look(Duration patience);

  std::vector<Watch*> watches_;
  std::vector<Watch*> armed_;  // in the order of polled_
  std::vector<pollfd> polled_;
  Instant alarm_ = kNever;
};

}  // namespace spate::io
