#include "libcore/io/event_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "libcore/io/descriptor.h"
#include "libcore/io/system_clock.h"
#include "tests/catch.h"

using namespace std::chrono_literals;
using namespace spate;
using io::EventLoop;

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reader = io::Descriptor(ends[0]);
    writer = io::Descriptor(ends[1]);
  }
  io::Descriptor reader;
  io::Descriptor writer;
};

}  // namespace

TEST_CASE("an alarm is never early by its own clock, and precise to less than a millisecond at best") {
  EventLoop loop;
  Duration best = Duration::max();
  for (int i = 0; i < 20; ++i) {
    const Instant when = io::monotonic_now() + 300us;
    loop.set_alarm(when);
    while (io::monotonic_now() < when) {
      loop.set_alarm(when);
      loop.wait();
    }
    best = std::min(best, io::monotonic_now() - when);
  }
  CHECK(best < 1ms);
}

TEST_CASE("an earlier alarm takes the place of a later one") {
  EventLoop loop;
  const Instant start = io::monotonic_now();
  loop.set_alarm(start + 1h);
  loop.set_alarm(start + 1ms);
  loop.wait();
  CHECK(io::monotonic_now() >= start + 1ms);
}

TEST_CASE("readiness is told once for each arming, and again while it lasts") {
  const Pipe pipe;
  EventLoop loop;
  EventLoop::Watch readable(loop, pipe.reader.get(), EventLoop::Want::kRead);
  readable.arm();
  loop.poll();
  CHECK_FALSE(readable.ready());
  REQUIRE(::write(pipe.writer.get(), "x", 1) == 1);
  loop.wait();
  CHECK(readable.ready());
  readable.clear();
  loop.poll();
  CHECK_FALSE(readable.ready());  // not armed
  readable.arm();
  loop.wait();
  CHECK(readable.ready());  // nobody has read the byte
}

TEST_CASE("the other end's going is told without any traffic") {
  Pipe pipe;
  EventLoop loop;
  EventLoop::Watch gone(loop, pipe.writer.get(), EventLoop::Want::kError);
  gone.arm();
  loop.poll();
  CHECK_FALSE(gone.ready());
  pipe.reader = io::Descriptor();
  loop.wait();
  CHECK(gone.ready());
}

TEST_CASE("waiting leaves the flags of a shared descriptor alone") {
  const Pipe pipe;
  EventLoop loop;
  EventLoop::Watch readable(loop, pipe.reader.get(), EventLoop::Want::kRead);
  readable.arm();
  loop.poll();
  CHECK((::fcntl(pipe.reader.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("files cannot be waited for") {
  const Pipe pipe;
  CHECK(EventLoop::can_wait_for(pipe.reader.get()));
  const io::Descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const io::Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK_FALSE(EventLoop::can_wait_for(file.get()));
  CHECK_FALSE(EventLoop::can_wait_for(null.get()));
}

TEST_CASE("a watch may go while its notice is under way") {
  const Pipe pipe;
  EventLoop loop;
  REQUIRE(::write(pipe.writer.get(), "x", 1) == 1);
  {
    EventLoop::Watch readable(loop, pipe.reader.get(), EventLoop::Want::kRead);
    readable.arm();
  }
  loop.set_alarm(io::monotonic_now() + 1ms);
  loop.wait();
  loop.poll();
}
