// What a viewer remembers of streams from run to run: the newest epoch of each, so that nobody can play it an old run.
// What goes wrong with that is told once, and is no reason to stop.
#pragma once

#include <cstdint>
#include <string>

#include "libcore/crypto/keys.h"
#include "tools/options.h"

namespace spate::tools {

class StreamMemory {
 public:
  // `state` as given to --state: a directory, "none", or empty for the default.
  explicit StreamMemory(const std::string& state);

  // The least epoch to take for the stream; 0 if nothing is known of it.
  std::uint64_t epoch_min(const crypto::StreamKey& stream);
  void on_run(const crypto::StreamKey& stream, std::uint64_t epoch);

 private:
  void warn(const std::string& message);

  std::string path_;  // empty: remembers nothing
  bool warned_ = false;
};

void add_state(CommandLine& line, std::string& state);

// What watchers and relays say of a stream that is old or goes on no more. `who` begins the line.
inline constexpr const char* kOldRunMessage =
    "only an old run of the stream is offered, and a later one was seen before: does an earlier publisher of its key "
    "still run?";
void warn_of_silence(const std::string& who);
void warn_of_silence_over(const std::string& who, Duration silence);
void warn_of_hunger(const std::string& who);
void warn_of_hunger_over(const std::string& who, Duration hunger);

}  // namespace spate::tools
