#include "tools/stream_memory.h"

#include <chrono>
#include <cstdlib>
#include <optional>

#include "libcore/io/epoch_file.h"
#include "libcore/io/format.h"
#include "libcore/io/log.h"
#include "libcore/io/system_clock.h"
#include "libcore/io/whole_file.h"

namespace spate::tools {
namespace {

constexpr std::chrono::milliseconds kAheadMax = std::chrono::hours(24);

// Empty if it is not set to what can be a place.
std::string absolute_path_in(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value == '/' ? value : "";
}

std::string default_directory() {
  if (const std::string state = absolute_path_in("XDG_STATE_HOME"); !state.empty()) return state + "/spate";
  if (const std::string home = absolute_path_in("HOME"); !home.empty()) return home + "/.local/state/spate";
  return "";
}

}  // namespace

StreamMemory::StreamMemory(const std::string& state) {
  if (state == "none") return;
  const std::string directory = state.empty() ? default_directory() : state;
  if (directory.empty())
    warn("neither XDG_STATE_HOME nor HOME says where");
  else if (const auto failure = io::make_directories(directory))
    warn(failure->message);
  else
    path_ = directory + "/epochs";
}

std::uint64_t StreamMemory::epoch_min(const crypto::StreamKey& stream) {
  if (path_.empty()) return 0;
  const io::Result<std::uint64_t> epoch = io::kept_epoch(path_, stream);
  if (const io::Failure* failure = io::failure_of(epoch)) {
    warn(failure->message);
    return 0;
  }
  return std::get<std::uint64_t>(epoch);
}

void StreamMemory::on_run(const crypto::StreamKey& stream, std::uint64_t epoch) {
  // A publisher's clock that once was years ahead must not shut us out until then.
  if (path_.empty() || epoch > static_cast<std::uint64_t>(io::utc_ms() + kAheadMax.count())) return;
  if (const auto failure = io::keep_epoch(path_, stream, epoch)) warn(failure->message);
}

void StreamMemory::warn(const std::string& message) {
  if (warned_) return;
  warned_ = true;
  io::log::warning("runs of streams are not remembered (see --state): " + message);
}

void add_state(CommandLine& line, std::string& state) {
  line.add_text("--state", state, "DIR", "Remember runs of streams in DIR; none: do not (~/.local/state/spate)");
}

void warn_of_silence(const std::string& who) { io::log::warning(who + "nothing new from the publisher for 3 s"); }

void warn_of_silence_over(const std::string& who, Duration silence) {
  io::log::warning(who + "the publisher is heard again, after " + io::format_duration(silence));
}

void warn_of_hunger(const std::string& who) {
  io::log::warning(who + "nobody has sent the stream for 3 s, though its publisher goes on: none may have room");
}

void warn_of_hunger_over(const std::string& who, Duration hunger) {
  io::log::warning(who + "the stream comes again, after " + io::format_duration(hunger));
}

}  // namespace spate::tools
