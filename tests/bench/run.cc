// bench-run REPORT LIMIT COMMAND [ARG...]: runs a command for at most LIMIT (30s) and writes what it cost to REPORT
// as JSON. SIGINT and SIGTERM are passed on; past the limit it gets SIGTERM, two seconds later SIGKILL. It dies with
// us, so a measurement that is cut short leaves nothing running.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "tests/bench/clock.h"
#include "tests/bench/units.h"

namespace {

using namespace spate::bench;

constexpr std::int64_t kGraceNs = 2'000'000'000;

[[noreturn]] void become(char** command, const sigset_t& old_mask) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  ::execvp(command[0], command);
  std::perror(command[0]);
  ::_exit(127);
}

double seconds(timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

void write_report(const char* path, int status, const rusage& used, std::int64_t wall_ns, bool overran) {
  const double user = seconds(used.ru_utime);
  const double system = seconds(used.ru_stime);
  std::ofstream(path) << "{\"exit\": " << (WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status))
                      << ", \"overran\": " << (overran ? "true" : "false") << ", \"cpu_s\": " << user + system
                      << ", \"user_s\": " << user << ", \"sys_s\": " << system
                      << ", \"wall_s\": " << static_cast<double>(wall_ns) / 1e9
                      << ", \"max_rss_kb\": " << used.ru_maxrss << ", \"waits\": " << used.ru_nvcsw
                      << ", \"preempted\": " << used.ru_nivcsw << "}\n";
}

int run(const char* report, std::int64_t limit_ns, char** command) {
  sigset_t watched;
  sigset_t old_mask;
  ::sigemptyset(&watched);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM}) ::sigaddset(&watched, signal);
  ::sigprocmask(SIG_BLOCK, &watched, &old_mask);

  const std::int64_t start = monotonic_ns();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) become(command, old_mask);
  ::close(STDIN_FILENO);  // the pipes' ends are the child's alone, or their other ends would never see it gone
  ::close(STDOUT_FILENO);

  std::int64_t deadline = start + limit_ns;
  bool overran = false;
  for (;;) {
    int status = 0;
    rusage used{};
    if (::wait4(child, &status, WNOHANG, &used) == child) {
      write_report(report, status, used, monotonic_ns() - start, overran);
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    const timespec left = to_timespec(std::max<std::int64_t>(0, deadline - monotonic_ns()));
    const int signal = ::sigtimedwait(&watched, nullptr, &left);
    if (signal == SIGINT || signal == SIGTERM) ::kill(child, signal);
    if (signal < 0 && monotonic_ns() >= deadline) {
      ::kill(child, overran ? SIGKILL : SIGTERM);
      overran = true;
      deadline = monotonic_ns() + kGraceNs;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: bench-run REPORT LIMIT COMMAND [ARG...]\n", stderr);
    return 2;
  }
  try {
    return run(argv[1], parse_duration(argv[2]), argv + 3);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench-run: %s\n", e.what());
    return 2;
  }
}
