#include "libcore/io/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>

#include "libcore/base/check.h"

namespace spate::io::log {
namespace {

struct State {
  std::unique_ptr<spdlog::logger> logger;
  std::function<void()> before_line;
};

State& state() {
  static State state;
  return state;
}

void write(spdlog::level::level_enum level, std::string_view message) {
  spdlog::logger* const logger = state().logger.get();
  if (logger == nullptr || !logger->should_log(level)) return;
  if (state().before_line) state().before_line();
  logger->log(level, spdlog::string_view_t(message.data(), message.size()));
}

void print_failed_check(const char* condition, const char* file, int line) {
  error(std::string("this is a bug in spate: ") + file + ":" + std::to_string(line) + ": " + condition);
}

}  // namespace

void open(std::string_view program, int verbosity) {
  auto logger =
      std::make_unique<spdlog::logger>(std::string(program), std::make_shared<spdlog::sinks::stderr_sink_st>());
  // The program's name and the message; a service manager adds the time itself.
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%n: %v"));
  logger->set_level(verbosity <= 0   ? spdlog::level::info
                    : verbosity == 1 ? spdlog::level::debug
                                     : spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  state().logger = std::move(logger);
  set_check_handler(print_failed_check);
}

void error(std::string_view message) { write(spdlog::level::err, message); }
void warning(std::string_view message) { write(spdlog::level::warn, std::string("warning: ").append(message)); }
void notice(std::string_view message) { write(spdlog::level::info, message); }
void detail(std::string_view message) { write(spdlog::level::debug, message); }
void debug(std::string_view message) { write(spdlog::level::trace, message); }

void set_before_line(std::function<void()> hook) { state().before_line = std::move(hook); }

}  // namespace spate::io::log
