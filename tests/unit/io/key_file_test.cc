#include "libcore/io/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/io/temporary_directory.h"

using namespace spate;
using Kind = io::KeyFileFailure::Kind;

namespace {

crypto::SymmetricKey seed_of(std::uint8_t value) {
  crypto::SymmetricKey seed{};
  seed.fill(value);
  return seed;
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_all(const std::string& path, const std::string& text, mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary) << text;
  ::chmod(path.c_str(), mode);
}

// What loading a file that is there answers.
std::optional<Kind> failure_kind(const std::string& path) {
  const auto loaded = io::load_or_make_key_file(path, seed_of(9));
  const auto* failure = std::get_if<io::KeyFileFailure>(&loaded);
  if (failure == nullptr) return std::nullopt;
  CHECK(failure->message.find('\n') == std::string::npos);
  return failure->kind;
}

}  // namespace

TEST_CASE("a key file is made once and read from then on") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("my.key");
  ::umask(0);
  const auto made = io::load_or_make_key_file(path, seed_of(1));
  REQUIRE(std::holds_alternative<crypto::SymmetricKey>(made));
  CHECK(std::get<crypto::SymmetricKey>(made) == seed_of(1));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);

  const auto again = io::load_or_make_key_file(path, seed_of(2));
  REQUIRE(std::holds_alternative<crypto::SymmetricKey>(again));
  CHECK(std::get<crypto::SymmetricKey>(again) == seed_of(1));
  CHECK(read_all(path) == io::format_key(seed_of(1)) + "\n");
}

TEST_CASE("a key file that others can read is refused, and the message says what to do") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("my.key");
  for (const mode_t mode : {0640U, 0604U, 0660U, 0601U}) {
    write_all(path, io::format_key(seed_of(1)) + "\n", mode);
    const auto loaded = io::load_or_make_key_file(path, seed_of(2));
    const auto* failure = std::get_if<io::KeyFileFailure>(&loaded);
    REQUIRE(failure != nullptr);
    CHECK(failure->kind == Kind::kRefused);
    CHECK(failure->message.find("chmod 600 " + path) != std::string::npos);
  }
}

TEST_CASE("nobody is told to change the mode of a file that is no key") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("hosts");
  write_all(path, "127.0.0.1 localhost\n", 0644);
  const auto loaded = io::load_or_make_key_file(path, seed_of(2));
  const auto* failure = std::get_if<io::KeyFileFailure>(&loaded);
  REQUIRE(failure != nullptr);
  CHECK(failure->kind == Kind::kRefused);
  CHECK(failure->message.find("chmod") == std::string::npos);
}

TEST_CASE("a key file that is not whole is refused") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("my.key");
  const std::string good = io::format_key(seed_of(1));
  std::string mistyped = good;
  mistyped[20] = mistyped[20] == 'A' ? 'B' : 'A';
  const std::vector<std::string> bad = {"",
                                        "\n",
                                        good.substr(0, good.size() - 1),
                                        good + "A",
                                        good + "\n\n",
                                        " " + good,
                                        "spate-key-1:",
                                        mistyped,
                                        std::string(5'000, 'A')};
  for (const std::string& text : bad) {
    INFO(text);
    write_all(path, text);
    CHECK(failure_kind(path) == Kind::kRefused);
    CHECK(read_all(path) == text);  // whatever it is, it is not ours to overwrite
  }
  write_all(path, good);  // an editor may leave the newline out
  CHECK_FALSE(failure_kind(path));
}

TEST_CASE("what is not a regular file is refused without waiting for it") {
  const TemporaryDirectory directory;
  const std::string fifo = directory.path("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(failure_kind(fifo) == Kind::kRefused);
  CHECK(failure_kind(directory.path("")) == Kind::kRefused);
  CHECK(failure_kind(directory.path("no/such/directory")) == Kind::kSystem);
}

TEST_CASE("the four secrets of a key are apart and repeatable") {
  const io::Keys a = io::derive_keys(seed_of(1));
  const io::Keys b = io::derive_keys(seed_of(1));
  CHECK(a.stream.public_key == b.stream.public_key);
  CHECK(a.identity.key == b.identity.key);
  CHECK(a.identity.node.public_key == b.identity.node.public_key);
  CHECK(a.swarm_secret == b.swarm_secret);
  CHECK(a.content_secret == b.content_secret);
  CHECK(a.swarm_secret != a.content_secret);
  CHECK(a.identity.node.secret != a.swarm_secret);
  CHECK(io::derive_keys(seed_of(2)).stream.public_key != a.stream.public_key);
}
