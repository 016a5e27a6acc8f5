// Standard output, or a file: packets in order, whole, without ever making the program wait.
//
// A pipe is opened anew, so that only our own hold on it is non-blocking; where that is not allowed it is written
// in pieces that cannot block. Regular files are written directly. What a slow reader does not take waits in an
// OutputQueue; see there for what gives way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libcore/base/buffer.h"
#include "libcore/io/descriptor.h"
#include "libcore/io/failure.h"
#include "libcore/io/output_queue.h"

namespace spate::io {

class Output {
 public:
  static constexpr std::size_t kQueueBytesMax = 8 * 1024 * 1024;

  // Takes the descriptor's place; it stays open and its flags are left alone. may_reopen is false in tests: as if the
  // pipe could not be opened anew.
  explicit Output(int fd, bool may_reopen = true);
  // Makes or empties a file.
  static Result<Output> open_file(const std::string& path);

  // Can be waited for: to become writable, or for its reader to go away.
  bool can_wait_for() const { return kind_ != Kind::kFile; }
  int fd() const { return own_ ? own_.get() : fd_; }

  void push(const Buffer& frame, Bytes bytes);

  enum class State {
    kDone,     // nothing is left to write
    kBlocked,  // the reader is behind: again when writable
    kClosed,   // the reader is gone
    kFailed,   // see failure()
  };
  // Writes what can be written now.
  State flush();

  // For the end of a run: lets go of all but a packet that was written in part.
  void drop_unstarted() { queue_.drop_unstarted(); }

  const std::string& failure() const { return failure_; }
  std::uint64_t written_bytes() const { return written_bytes_; }
  const OutputQueue& queue() const { return queue_; }

 private:
  enum class Kind {
    kFile,          // regular files and the like: a write takes everything
    kPipe,          // or another thing that can be full, non-blocking and our own
    kSocket,        // each send is told not to block
    kCautiousPipe,  // blocking, shared: small writes, each after a look
  };

  ssize_t write_some();
  State on_error(int error);

  int fd_;
  Descriptor own_;
  Kind kind_ = Kind::kFile;
  OutputQueue queue_{kQueueBytesMax};
  std::uint64_t written_bytes_ = 0;
  std::string failure_;
};

}  // namespace spate::io
