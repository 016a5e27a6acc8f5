#include "libcore/io/event_loop.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <optional>

#include "libcore/io/asio.h"
#include "libcore/io/descriptor.h"
#include "libcore/io/failure.h"

namespace spate::io {
namespace {

constexpr const char* kCannotWait = "cannot wait for input and output";

// An epoll descriptor that is readable while `fd` is ready. Asio makes what it waits for non-blocking; standard
// input and output are shared with other processes, and must stay as they are. None for what cannot be waited for.
Descriptor epoll_of(int fd, std::uint32_t events) {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) throw_system_failure(kCannotWait, errno);
  epoll_event event{};
  event.events = events;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0) return epoll;
  if (errno != EPERM) throw_system_failure(kCannotWait, errno);
  return {};
}

std::uint32_t events_of(EventLoop::Want want) {
  switch (want) {
    case EventLoop::Want::kRead:
      return EPOLLIN;
    case EventLoop::Want::kWrite:
      return EPOLLOUT;
    case EventLoop::Want::kError:
      return 0;  // errors and hang-ups are always told
  }
  return 0;
}

}  // namespace

struct EventLoop::Impl {
  asio::io_context context{ASIO_CONCURRENCY_HINT_UNSAFE};  // one thread: no locks
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  Descriptor timer{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  std::optional<Watch> alarm;
  Instant alarm_at = kNever;
};

// Outlives the watch while a notice is under way.
struct EventLoop::Watch::State {
  State(asio::io_context& context, int fd) : descriptor(context, fd) {}
  asio::posix::stream_descriptor descriptor;
  bool armed = false;
  bool ready = false;
};

EventLoop::Watch::Watch(EventLoop& loop, int fd, Want want) {
  Descriptor epoll = epoll_of(fd, events_of(want));
  if (!epoll) throw_system_failure(kCannotWait, EPERM);
  state_ = std::make_shared<State>(loop.impl_->context, epoll.release());
}

EventLoop::Watch::~Watch() { state_->descriptor.close(); }

void EventLoop::Watch::arm() {
  if (state_->armed || state_->ready) return;
  state_->armed = true;
  state_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                [state = state_](const asio::error_code& error) {
                                  state->armed = false;
                                  state->ready = !error;
                                });
}

bool EventLoop::Watch::ready() const { return state_->ready; }
void EventLoop::Watch::clear() { state_->ready = false; }

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {
  if (!impl_->timer) throw_system_failure("cannot set a timer", errno);
  impl_->alarm.emplace(*this, impl_->timer.get(), Want::kRead);
}

EventLoop::~EventLoop() = default;

void EventLoop::set_alarm(Instant when) {
  Impl& m = *impl_;
  if (m.alarm->ready()) {  // it went off
    m.alarm->clear();
    m.alarm_at = kNever;
  }
  if (when == m.alarm_at) return;
  // Later ones are set, too: a call of the kernel is cheaper than waking up for nothing.
  m.alarm_at = when;
  const std::int64_t ns = when == kNever ? 0 : std::max<std::int64_t>(when.time_since_epoch().count(), 1);  // 0 disarms
  itimerspec spec{};
  spec.it_value.tv_sec = ns / 1'000'000'000;
  spec.it_value.tv_nsec = ns % 1'000'000'000;
  if (::timerfd_settime(m.timer.get(), TFD_TIMER_ABSTIME, &spec, nullptr) != 0)
    throw_system_failure("cannot set a timer", errno);
  m.alarm->arm();
}

void EventLoop::wait() { impl_->context.run_one(); }
void EventLoop::poll() { impl_->context.poll(); }

bool EventLoop::can_wait_for(int fd) { return static_cast<bool>(epoll_of(fd, EPOLLIN)); }

}  // namespace spate::io
