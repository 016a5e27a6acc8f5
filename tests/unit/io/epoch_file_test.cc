#include "libcore/io/epoch_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "libcore/io/descriptor.h"
#include "tests/catch.h"
#include "tests/unit/io/temporary_directory.h"

using namespace spate;

namespace {

constexpr std::uint64_t kEpoch = 1'764'000'000'000;

crypto::StreamKey stream_of(std::uint8_t value) {
  crypto::StreamKey key;
  key.bytes.fill(value);
  return key;
}

std::uint64_t kept(const std::string& path, std::uint8_t stream) {
  const auto epoch = io::kept_epoch(path, stream_of(stream));
  REQUIRE(std::holds_alternative<std::uint64_t>(epoch));
  return std::get<std::uint64_t>(epoch);
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::size_t files_in(const std::string& directory) {
  const auto all = std::filesystem::directory_iterator(directory);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("epochs are kept by stream, and the greatest of each") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("epochs");
  CHECK(kept(path, 1) == 0);
  CHECK_FALSE(io::keep_epoch(path, stream_of(1), kEpoch));
  CHECK_FALSE(io::keep_epoch(path, stream_of(2), kEpoch + 7));
  CHECK_FALSE(io::keep_epoch(path, stream_of(1), kEpoch - 1));
  CHECK(kept(path, 1) == kEpoch);
  CHECK(kept(path, 2) == kEpoch + 7);
  CHECK(kept(path, 3) == 0);
  CHECK(read_all(path) == "spate-epochs-1\n0101010101010101 1764000000000\n0202020202020202 1764000000007\n");
  CHECK(files_in(directory.path("")) == 1);
}

TEST_CASE("a file of epochs is its owner's only, whatever the umask and whatever was left there") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("epochs");
  std::ofstream(path + ".new") << "left by a crash";
  ::umask(0);
  CHECK_FALSE(io::keep_epoch(path, stream_of(1), kEpoch));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(files_in(directory.path("")) == 1);
}

TEST_CASE("of many streams those met last are remembered, in a kilobyte") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("epochs");
  for (std::uint8_t stream = 1; stream <= 40; ++stream) {
    CHECK_FALSE(io::keep_epoch(path, stream_of(stream), kEpoch + stream));
    CHECK_FALSE(io::keep_epoch(path, stream_of(1), kEpoch));  // met again and again
  }
  CHECK(std::filesystem::file_size(path) <= io::kEpochFileBytesMax);
  CHECK(kept(path, 1) == kEpoch + 1);
  CHECK(kept(path, 9) == 0);
  for (std::uint8_t stream = 10; stream <= 40; ++stream) CHECK(kept(path, stream) == kEpoch + stream);
  // Greater numbers leave room for fewer.
  for (std::uint8_t stream = 50; stream < 90; ++stream)
    CHECK_FALSE(io::keep_epoch(path, stream_of(stream), UINT64_MAX - 2));
  CHECK(std::filesystem::file_size(path) <= io::kEpochFileBytesMax);
  CHECK(kept(path, 89) == UINT64_MAX - 2);
}

TEST_CASE("a publisher's epochs increase also when its clock does not") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("my.key.epoch");
  const auto next = [&](std::uint64_t clock) {
    const io::NextEpoch chosen = io::next_epoch(path, stream_of(1), clock);
    CHECK_FALSE(chosen.failure);
    CHECK(kept(path, 1) == chosen.epoch);
    return chosen.epoch;
  };
  CHECK(next(kEpoch) == kEpoch);
  CHECK(next(kEpoch) == kEpoch + 1);
  CHECK(next(1'000) == kEpoch + 2);
  CHECK(next(kEpoch + 500) == kEpoch + 500);
}

TEST_CASE("what is no file of epochs is told, and left alone") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("epochs");
  const std::string good = "spate-epochs-1\n0101010101010101 1764000000000\n";
  for (const std::string& text :
       {std::string("a diary\n"), good.substr(0, good.size() - 1), good + "\n", good + "0202020202020202 -1\n",
        good + "0202020202020202 \n", good + "0202020202020202 18446744073709551615\n", good + "02020202020202 5\n",
        good + "020202020202020G 5\n", good + std::string(1'024, '0')}) {
    INFO(text);
    std::ofstream(path, std::ios::binary) << text;
    CHECK(std::holds_alternative<io::Failure>(io::kept_epoch(path, stream_of(1))));
    const auto failure = io::keep_epoch(path, stream_of(1), kEpoch);
    REQUIRE(failure);
    CHECK(failure->message.find(path) != std::string::npos);
    CHECK(failure->message.find('\n') == std::string::npos);
    const io::NextEpoch next = io::next_epoch(path, stream_of(1), kEpoch);
    CHECK(next.epoch == kEpoch);
    CHECK(next.failure);
    CHECK(read_all(path) == text);
  }
  std::ofstream(path, std::ios::binary) << "";  // a crash may leave that, and there is nothing in it to lose
  CHECK_FALSE(io::keep_epoch(path, stream_of(1), kEpoch));
  CHECK(kept(path, 1) == kEpoch);
}

TEST_CASE("where epochs cannot be kept there is a line that says why") {
  const TemporaryDirectory directory;
  CHECK(io::keep_epoch(directory.path("no/such/directory"), stream_of(1), kEpoch));
  const io::NextEpoch next = io::next_epoch(directory.path("no/such/directory"), stream_of(1), kEpoch);
  CHECK(next.epoch == kEpoch);
  REQUIRE(next.failure);
  CHECK(next.failure->message.find("No such file") != std::string::npos);
  const std::string fifo = directory.path("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(io::keep_epoch(fifo, stream_of(1), kEpoch));
}

TEST_CASE("whoever keeps the directory locked is not waited for without end, and nothing is written meanwhile") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("epochs");
  CHECK_FALSE(io::keep_epoch(path, stream_of(1), kEpoch));
  {
    const io::Descriptor other(::open(directory.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(::flock(other.get(), LOCK_EX) == 0);
    const auto failure = io::keep_epoch(path, stream_of(1), kEpoch + 1);
    REQUIRE(failure);
    CHECK(failure->message.find("another process has locked " + directory.path("")) != std::string::npos);
    const io::NextEpoch next = io::next_epoch(path, stream_of(1), kEpoch + 1, io::kLockPatience);
    CHECK(next.locked);
    CHECK(next.failure);
    CHECK(kept(path, 1) == kEpoch);  // to read takes no lock
  }
  CHECK_FALSE(io::keep_epoch(path, stream_of(1), kEpoch + 1));
  const io::NextEpoch next = io::next_epoch(path, stream_of(1), kEpoch);
  CHECK_FALSE(next.locked);
  CHECK(next.epoch == kEpoch + 2);
}
