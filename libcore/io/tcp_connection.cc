#include "libcore/io/tcp_connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace spate::io {
namespace {

constexpr std::size_t kFramesAtOnce = 64;

}  // namespace

bool TcpConnection::receive(MutableBytes room) {
  const ssize_t n = ::recv(fd(), room.data(), room.size(), MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  deframer_.put(Bytes{room}.first(static_cast<std::size_t>(n)));
  return n > 0;
}

void TcpConnection::push(Bytes datagram, BufferPool& pool, Instant now) {
  const auto header = wire::tcp_frame_header(datagram.size());
  Buffer frame = pool.take(header.size() + datagram.size());
  const MutableBytes room = frame.writable();
  std::copy(header.begin(), header.end(), room.begin());
  std::copy(datagram.begin(), datagram.end(), room.begin() + header.size());
  while (!queue_.empty() && queue_bytes_ + frame.size() > kQueueBytesMax) drop_oldest();
  queue_bytes_ += frame.size();
  queue_.push_back({std::move(frame), now});
}

void TcpConnection::drop_oldest() {
  queue_bytes_ -= queue_.pop_front().bytes.size();
  ++dropped_;
}

bool TcpConnection::flush(Instant now) {
  while (!queue_.empty() && now - queue_.front().since > kQueueAgeMax) drop_oldest();
  while (waits()) {
    std::array<iovec, kFramesAtOnce> pieces{};
    std::size_t n = 0;
    const auto add = [&](Bytes bytes) { pieces[n++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()}; };
    if (partial_) add(partial_.bytes().subspan(partial_sent_));
    for (std::size_t i = 0; i < queue_.size() && n < pieces.size(); ++i) add(queue_[i].bytes.bytes());
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = n;
    const ssize_t sent = ::sendmsg(fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
      on_sent(static_cast<std::size_t>(sent));
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return true;
    else if (errno != EINTR)
      return false;
  }
  return true;
}

void TcpConnection::on_sent(std::size_t bytes) {
  if (partial_) {
    const std::size_t of_it = std::min(bytes, partial_.size() - partial_sent_);
    partial_sent_ += of_it;
    bytes -= of_it;
    if (partial_sent_ < partial_.size()) return;
    partial_.reset();
  }
  while (bytes > 0) {
    Frame frame = queue_.pop_front();
    queue_bytes_ -= frame.bytes.size();
    if (bytes < frame.bytes.size()) {
      partial_ = std::move(frame.bytes);
      partial_sent_ = bytes;
      return;
    }
    bytes -= frame.bytes.size();
  }
}

}  // namespace spate::io
