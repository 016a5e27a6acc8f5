// Waits, on one thread, until a descriptor is ready or an alarm goes off. Nothing is called back: wait() returns and
// the watches say what is ready. Throws std::system_error where descriptors are used up. The place of Asio (with
// resolve.cc); nothing else sees it.
#pragma once

#include <memory>

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
    void arm();
    bool ready() const;
    // Forgets that it was ready: whoever has used up the readiness does so, and arms again.
    void clear();

   private:
    struct State;
    std::shared_ptr<State> state_;
  };

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // wait() returns at `when` at the latest. It may return earlier: an alarm that is put off is not worth a system
  // call each time. kNever: no alarm.
  void set_alarm(Instant when);
  // Until something is ready. May return for no reason.
  void wait();
  // Looks what is ready, and does not wait.
  void poll();

  // False for regular files and some devices: they are always ready and cannot be waited for.
  static bool can_wait_for(int fd);

 private:
  friend class Watch;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spate::io
