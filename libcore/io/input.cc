#include "libcore/io/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "libcore/io/event_loop.h"
#include "libcore/io/failure.h"

namespace spate::io {
namespace {

constexpr int kPipeBytesWanted = 1024 * 1024;

}  // namespace

Input::Input(int fd) : fd_(fd), can_wait_for_(EventLoop::can_wait_for(fd)), buffer_(kBurstBytesMax) {
  ::fcntl(fd, F_SETPIPE_SZ, kPipeBytesWanted);  // fails on all but pipes, and where the user has too many large ones
}

Input::Read Input::read(std::size_t max) {
  const ssize_t n = ::read(fd_, buffer_.data(), std::min(max, buffer_.size()));
  if (n > 0) return {Read::Kind::kBytes, Bytes{buffer_}.first(static_cast<std::size_t>(n)), {}};
  if (n == 0) return {Read::Kind::kEnd, {}, {}};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return {Read::Kind::kFailed, {}, system_failure("cannot read the input", errno).message};
}

}  // namespace spate::io
