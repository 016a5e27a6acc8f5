#include "libcore/io/event_loop.h"

#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "libcore/io/descriptor.h"
#include "libcore/io/failure.h"
#include "libcore/io/system_clock.h"

namespace spate::io {
namespace {

constexpr const char* kCannotWait = "cannot wait for input and output";
constexpr unsigned long kTimerSlackNs = 1'000;  // the kernel may be so late with an alarm; 50 us unless told

short events_of(EventLoop::Want want) {
  switch (want) {
    case EventLoop::Want::kRead:
      return POLLIN;
    case EventLoop::Want::kWrite:
      return POLLOUT;
    case EventLoop::Want::kError:
      return 0;  // errors and hang-ups are always told
  }
  return 0;
}

}  // namespace

EventLoop::EventLoop() { ::prctl(PR_SET_TIMERSLACK, kTimerSlackNs); }

EventLoop::Watch::Watch(EventLoop& loop, int fd, Want want) : loop_(loop), fd_(fd), events_(events_of(want)) {
  loop_.watches_.push_back(this);
}

EventLoop::Watch::~Watch() { std::erase(loop_.watches_, this); }

void EventLoop::wait() {
  const Instant now = monotonic_now();
  look(std::max(alarm_, now) - now);
}

void EventLoop::look(Duration patience) {
  armed_.clear();
  polled_.clear();
  for (Watch* const watch : watches_) {
    if (!watch->armed_) continue;
    armed_.push_back(watch);
    polled_.push_back({watch->fd_, watch->events_, 0});
  }
  const timespec limit{patience.count() / 1'000'000'000, patience.count() % 1'000'000'000};
  const int ready = ::ppoll(polled_.data(), polled_.size(), &limit, nullptr);
  if (ready < 0 && errno != EINTR) throw_system_failure(kCannotWait, errno);
  if (ready <= 0) return;
  for (std::size_t i = 0; i < polled_.size(); ++i) {
    if (polled_[i].revents == 0) continue;
    armed_[i]->armed_ = false;
    armed_[i]->ready_ = true;
  }
}

// What epoll refuses is always ready.
bool EventLoop::can_wait_for(int fd) {
  const Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) throw_system_failure(kCannotWait, errno);
  epoll_event event{};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0) return true;
  if (errno != EPERM) throw_system_failure(kCannotWait, errno);
  return false;
}

}  // namespace spate::io
