#include "libcore/io/output_queue.h"

#include <array>
#include <string>

#include "tests/catch.h"

using namespace spate;

namespace {

// Packets whose bytes tell their number.
class Packets {
 public:
  void push(io::OutputQueue& queue, std::size_t size = 4) {
    Buffer frame = pool_.take(size);
    for (std::uint8_t& byte : frame.writable()) byte = static_cast<std::uint8_t>('a' + next_);
    ++next_;
    queue.push(frame, frame.bytes());
  }

 private:
  BufferPool pool_;
  int next_ = 0;
};

std::string gathered(const io::OutputQueue& queue, std::size_t bytes_max = 1'000) {
  std::array<iovec, 16> pieces{};
  const std::size_t n = queue.gather(pieces, bytes_max);
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  return text;
}

constexpr std::size_t kFour = 4 * BufferPool::kBlockBytes;

}  // namespace

TEST_CASE("packets leave in order, in any pieces") {
  Packets packets;
  io::OutputQueue queue(kFour);
  REQUIRE(queue.packets_max() == 4);
  for (int i = 0; i < 3; ++i) packets.push(queue);
  CHECK(gathered(queue) == "aaaabbbbcccc");
  CHECK(gathered(queue, 6) == "aaaabb");
  queue.consume(6);
  CHECK(gathered(queue) == "bbcccc");
  queue.consume(6);
  CHECK(queue.empty());
  CHECK(queue.dropped_packets() == 0);
}

TEST_CASE("a full queue loses its oldest packets, whole") {
  Packets packets;
  io::OutputQueue queue(kFour);
  for (int i = 0; i < 6; ++i) packets.push(queue);
  CHECK(gathered(queue) == "ccccddddeeeeffff");
  CHECK(queue.dropped_packets() == 2);
}

TEST_CASE("a packet that the reader has begun is completed whatever is dropped") {
  Packets packets;
  io::OutputQueue queue(kFour);
  for (int i = 0; i < 4; ++i) packets.push(queue);
  queue.consume(1);
  for (int i = 0; i < 6; ++i) packets.push(queue);
  CHECK(gathered(queue) == "aaahhhhiiiijjjj");
  CHECK(queue.dropped_packets() == 6);
  queue.consume(3);
  packets.push(queue);
  packets.push(queue);
  CHECK(gathered(queue) == "iiiijjjjkkkkllll");
}

TEST_CASE("at the end only a begun packet stays") {
  Packets packets;
  io::OutputQueue queue(kFour);
  for (int i = 0; i < 3; ++i) packets.push(queue);
  queue.consume(5);
  queue.drop_unstarted();
  CHECK(gathered(queue) == "bbb");
  queue.consume(3);
  packets.push(queue);
  queue.drop_unstarted();
  CHECK(queue.empty());
}
