#include "tools/simulate/seeds.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <deque>
#include <new>
#include <vector>

#include "tools/common.h"

namespace spate::tools {
namespace {

struct Child {
  std::uint64_t seed = 0;
  pid_t pid = -1;
  int output = -1;
  std::string line;
  int exit_code = -1;
  bool done = false;
};

void write_all(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

Child start(std::uint64_t seed, const std::function<int(std::uint64_t, std::string&)>& body) {
  int ends[2];
  if (::pipe(ends) != 0) throw ToolError(kRuntime, "no pipe for another run: too many open files?");
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw ToolError(kRuntime, "cannot start another process");
  if (pid == 0) {
    ::close(ends[0]);
    std::string line;
    int code = kCrashed;
    std::set_new_handler(nullptr);  // a run that needs too much memory counts as crashed
    try {
      code = body(seed, line);
      write_all(ends[1], line);
    } catch (...) {  // the parent's loop is not ours
    }
    ::_exit(code);
  }
  ::close(ends[1]);
  return {seed, pid, ends[0], {}, -1, false};
}

// Takes what a child has written; at its end, its exit code.
void read_from(Child& child) {
  char bytes[65'536];
  const ssize_t n = ::read(child.output, bytes, sizeof bytes);
  if (n > 0) {
    child.line.append(bytes, static_cast<std::size_t>(n));
    return;
  }
  if (n < 0 && errno == EINTR) return;
  ::close(child.output);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  child.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : kCrashed;
  child.done = true;
}

void read_some(std::deque<Child>& children) {
  std::vector<pollfd> waits;
  std::vector<Child*> owners;
  for (Child& child : children) {
    if (child.done) continue;
    waits.push_back({child.output, POLLIN, 0});
    owners.push_back(&child);
  }
  constexpr int kPatienceMs = 200;
  if (waits.empty() || ::poll(waits.data(), waits.size(), kPatienceMs) <= 0) return;
  for (std::size_t i = 0; i < waits.size(); ++i)
    if (waits[i].revents != 0) read_from(*owners[i]);
}

std::uint64_t seed_in(std::string_view text, const std::string& whole) {
  const std::optional<std::uint64_t> seed = parse_seed(text);
  if (!seed) throw ToolError(kUsage, "--seeds: '" + whole + "' is not a range like 1..500");
  return *seed;
}

}  // namespace

std::optional<std::uint64_t> parse_seed(std::string_view text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size() || seed > INT64_MAX) return std::nullopt;
  return seed;
}

SeedRange parse_seeds(const std::string& text) {
  const std::size_t dots = text.find("..");
  SeedRange range;
  range.first = seed_in(std::string_view(text).substr(0, dots), text);
  range.last = dots == text.npos ? range.first : seed_in(std::string_view(text).substr(dots + 2), text);
  if (range.first > range.last) throw ToolError(kUsage, "--seeds: '" + text + "' ends before it begins");
  return range;
}

void for_each_seed(const SeedRange& seeds, int jobs, const std::function<int(std::uint64_t, std::string&)>& body,
                   const std::function<void(const SeedResult&)>& take, const std::function<bool()>& stop,
                   const std::function<bool(std::uint64_t)>& left_out) {
  std::deque<Child> children;  // in the order of their seeds; done ones wait for those before them
  std::uint64_t next = seeds.first;
  const auto pass_over = [&] {
    while (left_out && next <= seeds.last && left_out(next)) ++next;
  };
  pass_over();
  while (!stop() && (next <= seeds.last || !children.empty())) {
    int running = 0;
    for (const Child& child : children) running += child.done ? 0 : 1;
    for (; running < jobs && next <= seeds.last; ++running) {
      children.push_back(start(next++, body));
      pass_over();
    }
    read_some(children);
    while (!children.empty() && children.front().done) {
      const Child done = std::move(children.front());
      children.pop_front();
      take({done.seed, done.exit_code, done.line});
    }
  }
  for (Child& child : children) {
    if (child.done) continue;
    ::kill(child.pid, SIGKILL);
    ::close(child.output);
    ::waitpid(child.pid, nullptr, 0);
  }
}

}  // namespace spate::tools
