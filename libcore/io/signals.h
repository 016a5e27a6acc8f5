// The signals of a tool: the first SIGINT, SIGTERM or SIGHUP asks it to stop, the second ends the process at once
// with status 3, whatever it is doing. SIGPIPE is ignored: a closed pipe is a write error like any other.
#pragma once

#include "libcore/io/descriptor.h"

namespace spate::io {

// One at a time in a process.
class Signals {
 public:
  static constexpr int kForcedExitStatus = 3;

  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Readable, and stays so, once the program was asked to stop.
  int fd() const { return event_.get(); }
  bool stop_requested() const;

 private:
  Descriptor event_;
};

}  // namespace spate::io
