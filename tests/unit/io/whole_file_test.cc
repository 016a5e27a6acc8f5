#include "libcore/io/whole_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/catch.h"
#include "tests/unit/io/temporary_directory.h"

using namespace spate;
namespace fs = std::filesystem;

namespace {

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a file is replaced whole, and nothing lies beside it") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("file");
  CHECK_FALSE(io::replace_file(path, "one\n"));
  CHECK_FALSE(io::replace_file(path, "two\n"));
  CHECK(read_all(path) == "two\n");
  CHECK_FALSE(fs::exists(path + ".new"));
}

TEST_CASE("a file that cannot be written stays as it was") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("file");
  REQUIRE_FALSE(io::replace_file(path, "one\n"));
  fs::create_directory(path + ".new");  // is in the way
  const auto failure = io::replace_file(path, "two\n");
  REQUIRE(failure);
  CHECK(failure->message.find(path) != std::string::npos);
  CHECK(read_all(path) == "one\n");
}

TEST_CASE("what lies where the new file is written is not followed elsewhere") {
  const TemporaryDirectory directory;
  const std::string path = directory.path("file");
  std::ofstream(directory.path("other")) << "mine";
  fs::create_symlink(directory.path("other"), path + ".new");
  CHECK_FALSE(io::replace_file(path, "one\n"));
  CHECK(read_all(directory.path("other")) == "mine");
  CHECK(read_all(path) == "one\n");
}

TEST_CASE("directories are made for the owner only, as far as they are missing") {
  const TemporaryDirectory directory;
  ::umask(0);
  const std::string path = directory.path("a/b/");
  for (int i = 0; i < 2; ++i) CHECK_FALSE(io::make_directories(path));
  CHECK(fs::status(path).permissions() == fs::perms::owner_all);
  std::ofstream(directory.path("file")) << "";
  CHECK(io::make_directories(directory.path("file/b")));
}
