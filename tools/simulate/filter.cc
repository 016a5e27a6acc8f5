#include "tools/simulate/filter.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "libcore/io/descriptor.h"

namespace spate::tools {
namespace {

struct Pipe {
  io::Descriptor read;
  io::Descriptor write;
};

std::optional<Pipe> open_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{io::Descriptor(ends[0]), io::Descriptor(ends[1])};
}

// Writes and reads as either is possible: neither side may wait for the other.
std::string exchange(io::Descriptor to, const io::Descriptor& from, const std::string& input) {
  ::fcntl(to.get(), F_SETFL, O_NONBLOCK);
  std::string output;
  std::size_t written = 0;
  for (;;) {
    if (written == input.size()) to = io::Descriptor();
    pollfd ends[2] = {{from.get(), POLLIN, 0}, {to ? to.get() : -1, POLLOUT, 0}};
    if (::poll(ends, 2, -1) < 0 && errno != EINTR) break;
    if (ends[1].revents != 0) {
      const ssize_t n = ::write(to.get(), input.data() + written, input.size() - written);
      if (n > 0) written += static_cast<std::size_t>(n);
      if (n < 0 && errno != EAGAIN && errno != EINTR) written = input.size();  // it wants no more
    }
    if (ends[0].revents != 0) {
      char buffer[1 << 14];
      const ssize_t n = ::read(from.get(), buffer, sizeof buffer);
      if (n == 0 || (n < 0 && errno != EINTR)) break;
      if (n > 0) output.append(buffer, static_cast<std::size_t>(n));
    }
  }
  return output;
}

}  // namespace

bool program_exists(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/" + name).c_str(), X_OK) == 0) return true;
  return false;
}

std::optional<std::string> filter(const std::vector<std::string>& command, const std::string& input) {
  auto in = open_pipe();
  auto out = open_pipe();
  if (!in || !out) return std::nullopt;
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in->read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out->write.get(), STDOUT_FILENO);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return std::nullopt;
  in->read = io::Descriptor();
  out->write = io::Descriptor();
  std::string output = exchange(std::move(in->write), out->read, input);
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return output;
}

}  // namespace spate::tools
