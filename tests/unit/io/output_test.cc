#include "libcore/io/output.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

#include "tests/catch.h"
#include "tests/unit/io/temporary_directory.h"

using namespace spate;

namespace {

constexpr std::size_t kPacketBytes = 6 * 188;

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

std::string read_available(int fd, std::size_t max = 1 << 22) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  std::string text(max, '\0');
  std::size_t size = 0;
  for (ssize_t n = 0; size < max && (n = ::read(fd, text.data() + size, max - size)) > 0;)
    size += static_cast<std::size_t>(n);
  text.resize(size);
  return text;
}

// Each packet is full of one letter, so that pieces of packets show.
void push(io::Output& output, BufferPool& pool, int number) {
  Buffer frame = pool.take(kPacketBytes);
  for (std::uint8_t& byte : frame.writable()) byte = static_cast<std::uint8_t>('A' + number % 26);
  output.push(frame, frame.bytes());
}

bool whole_packets(const std::string& text) {
  if (text.size() % kPacketBytes != 0) return false;
  for (std::size_t at = 0; at < text.size(); at += kPacketBytes)
    if (text.find_first_not_of(text[at], at) < at + kPacketBytes) return false;
  return true;
}

}  // namespace

TEST_CASE("a pipe gets every packet, and its flags stay as they were") {
  const Pipe pipe;
  BufferPool pool;
  io::Output output(pipe.writer.get());
  for (int i = 0; i < 20; ++i) push(output, pool, i);
  CHECK(output.flush() == io::Output::State::kDone);
  const std::string text = read_available(pipe.reader.get());
  CHECK(text.size() == 20 * kPacketBytes);
  CHECK(whole_packets(text));
  CHECK((::fcntl(pipe.writer.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a reader that pauses loses whole packets and sees no pieces") {
  const Pipe pipe;
  BufferPool pool;
  std::string text;
  {
    io::Output output(pipe.writer.get());
    const int more_than_fits = static_cast<int>(output.queue().packets_max()) + 2'000;
    for (int i = 0; i < more_than_fits; ++i) push(output, pool, i);
    CHECK(output.flush() == io::Output::State::kBlocked);
    CHECK(output.queue().dropped_packets() > 0);
    CHECK(output.queue().packets() <= output.queue().packets_max());
    CHECK(pool.blocks_allocated() * BufferPool::kBlockBytes < 2 * io::Output::kQueueBytesMax);
    // The reader comes back, and reads in odd amounts.
    while (output.flush() == io::Output::State::kBlocked) text += read_available(pipe.reader.get(), 100'001);
    const std::uint64_t kept = static_cast<std::uint64_t>(more_than_fits) - output.queue().dropped_packets();
    text += read_available(pipe.reader.get());
    CHECK(text.size() == kept * kPacketBytes);
  }
  CHECK(whole_packets(text));
}

TEST_CASE("a pipe that cannot be opened anew is never written more than it takes") {
  const Pipe pipe;
  BufferPool pool;
  std::string text;
  {
    io::Output output(pipe.writer.get(), false);
    for (int i = 0; i < 2'000; ++i) push(output, pool, i);
    while (output.flush() == io::Output::State::kBlocked) text += read_available(pipe.reader.get(), 5'000);
    text += read_available(pipe.reader.get());
  }
  CHECK(text.size() == 2'000 * kPacketBytes);
  CHECK(whole_packets(text));
  CHECK((::fcntl(pipe.writer.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a terminal that does not read stops nobody") {
  const io::Descriptor controller(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(::grantpt(controller.get()) == 0);
  REQUIRE(::unlockpt(controller.get()) == 0);
  const io::Descriptor terminal(::open(::ptsname(controller.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(terminal);
  BufferPool pool;
  io::Output output(terminal.get());
  for (int i = 0; i < 100; ++i) push(output, pool, i);
  CHECK(output.flush() == io::Output::State::kBlocked);
  CHECK((::fcntl(terminal.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a reader that is gone is the end, on a pipe and on a socket") {
  ::signal(SIGPIPE, SIG_IGN);
  BufferPool pool;
  SECTION("pipe") {
    Pipe pipe;
    io::Output output(pipe.writer.get());
    pipe.reader = io::Descriptor();
    push(output, pool, 0);
    CHECK(output.flush() == io::Output::State::kClosed);
  }
  SECTION("socket") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const io::Descriptor writer(ends[1]);
    io::Output output(writer.get());
    push(output, pool, 0);
    CHECK(output.flush() == io::Output::State::kDone);
    ::close(ends[0]);
    push(output, pool, 1);
    CHECK(output.flush() == io::Output::State::kClosed);
  }
}

TEST_CASE("a full disk is a failure with a line to print") {
  BufferPool pool;
  auto output = std::get<io::Output>(io::Output::open_file("/dev/full"));
  push(output, pool, 0);
  CHECK(output.flush() == io::Output::State::kFailed);
  CHECK(output.failure().find("No space left") != std::string::npos);
}

TEST_CASE("a file is emptied and written") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("out.ts");
  BufferPool pool;
  for (int round = 0; round < 2; ++round) {
    auto output = std::get<io::Output>(io::Output::open_file(path));
    CHECK_FALSE(output.can_wait_for());
    push(output, pool, 3);
    CHECK(output.flush() == io::Output::State::kDone);
    CHECK(output.written_bytes() == kPacketBytes);
  }
  CHECK(std::filesystem::file_size(path) == kPacketBytes);
  CHECK(io::failure_of(io::Output::open_file(directory.path("no/such"))) != nullptr);
}
