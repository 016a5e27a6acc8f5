#include "libcore/io/udp_socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "libcore/base/check.h"
#include "libcore/io/udp_open.h"

namespace spate::io {
namespace {

constexpr std::size_t kMessageBytes = 64 * 1024;  // the longest that UDP_GRO makes
constexpr std::size_t kSendMessages = 64;
constexpr int kSegmentationRefusalsMax = 3;
constexpr std::uint32_t kWindowBytesMax = 2 * 1024 * 1024;
// 1 Gbit/s for 8 ms: what a reader that shares its core is behind now and then.
constexpr std::uint32_t kWindowBytesUseful = 1024 * 1024;

// Room for one control message with the size of the segments.
struct SegmentControl {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
};

struct InMessage {
  sockaddr_storage from;
  iovec text;
  SegmentControl control;
};

struct OutMessage {
  sockaddr_in6 to;
  sockaddr_in to_v4;
  iovec text;
  SegmentControl control;
  std::uint32_t datagrams;
};

// The size of the datagrams that a received message was merged from; 0: it is one.
std::size_t segment_bytes(msghdr& header) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO) continue;
    int size = 0;
    std::memcpy(&size, CMSG_DATA(c), sizeof size);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  return 0;
}

void set_segment_bytes(msghdr& header, SegmentControl& control, std::uint32_t bytes) {
  control = {};
  header.msg_control = &control;
  header.msg_controllen = CMSG_SPACE(sizeof(std::uint16_t));
  cmsghdr* const c = CMSG_FIRSTHDR(&header);
  c->cmsg_level = IPPROTO_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto value = static_cast<std::uint16_t>(bytes);
  std::memcpy(CMSG_DATA(c), &value, sizeof value);
}

}  // namespace

struct UdpSocket::Impl {
  OpenedUdp socket;
  UdpSocketStats stats;
  int segmentation_refusals = 0;

  // Receiving. The pages of the arena are touched as far as messages come at once.
  std::unique_ptr<std::uint8_t[]> arena{new std::uint8_t[kReceiveMessages * kMessageBytes]};
  std::array<InMessage, kReceiveMessages> in{};
  std::array<mmsghdr, kReceiveMessages> in_headers{};
  std::size_t in_used = kReceiveMessages;  // headers that the kernel has written to
  bool receive_failed = false;             // the last time
  std::vector<Datagram> datagrams;

  // Sending: what was handed to the kernel, and where the batch stands after each message.
  std::array<OutMessage, kSendMessages> out{};
  std::array<mmsghdr, kSendMessages> out_headers{};
  std::array<Progress, kSendMessages> after{};

  void prepare_receive();
  void take(std::size_t message);
  std::size_t prepare_send(const DatagramBatch& batch, Progress at);
  bool address_message(std::size_t i, const Address& to);
  bool on_send_error(int error, Progress& progress);
};

UdpSocket::UdpSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;
UdpSocket::~UdpSocket() = default;

Result<UdpSocket> UdpSocket::open(const ListenAddress& at) {
  auto opened = open_udp(at);
  if (const Failure* failure = failure_of(opened)) return *failure;
  auto impl = std::make_unique<Impl>();
  impl->socket = std::get<OpenedUdp>(std::move(opened));
  impl->datagrams.reserve(kReceiveMessages * 64);
  return UdpSocket(std::move(impl));
}

int UdpSocket::fd() const { return impl_->socket.fd.get(); }
Address UdpSocket::local_address() const { return impl_->socket.local; }
void UdpSocket::disable_segmentation() { impl_->socket.segmentation = false; }

std::uint32_t UdpSocket::receive_window_bytes() const {
  // The kernel doubles what it grants, to make room for its own overhead; of the granted half, some goes to
  // datagrams that fill their memory badly.
  return std::min(impl_->socket.receive_buffer_bytes / 2 / 5 * 4, kWindowBytesMax);
}

std::optional<std::string> UdpSocket::buffer_warning() const {
  const std::uint32_t bytes = receive_window_bytes();
  if (bytes >= kWindowBytesUseful) return std::nullopt;
  return "the kernel allows only " + std::to_string(bytes / 1024) +
         " KB of receive buffer, so fast streams may lose packets: sysctl -w net.core.rmem_max=8388608";
}

UdpSocketStats UdpSocket::stats() const {
  UdpSocketStats stats = impl_->stats;
  std::array<std::uint32_t, 9> memory{};  // SK_MEMINFO_*; the last is the count of drops
  socklen_t size = sizeof memory;
  if (::getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) == 0 && size == sizeof memory)
    stats.receive_overflow = memory[8];
  return stats;
}

void UdpSocket::Impl::prepare_receive() {
  for (std::size_t i = 0; i < in_used; ++i) {
    in[i].text = {arena.get() + i * kMessageBytes, kMessageBytes};
    msghdr& header = in_headers[i].msg_hdr;
    header = {};
    header.msg_name = &in[i].from;
    header.msg_namelen = sizeof in[i].from;
    header.msg_iov = &in[i].text;
    header.msg_iovlen = 1;
    header.msg_control = &in[i].control;
    header.msg_controllen = sizeof in[i].control;
  }
  in_used = 0;
}

void UdpSocket::Impl::take(std::size_t message) {
  msghdr& header = in_headers[message].msg_hdr;
  Bytes rest{arena.get() + message * kMessageBytes, in_headers[message].msg_len};
  if ((header.msg_flags & MSG_TRUNC) != 0) return;
  const std::size_t segment = segment_bytes(header);
  const Address from = from_sockaddr(in[message].from);
  while (!rest.empty()) {
    const std::size_t n = segment == 0 ? rest.size() : std::min(segment, rest.size());
    datagrams.push_back({from, rest.first(n)});
    rest = rest.subspan(n);
  }
}

UdpSocket::Received UdpSocket::receive() {
  Impl& m = *impl_;
  m.datagrams.clear();
  m.prepare_receive();
  ++m.stats.receive_calls;
  const int n = ::recvmmsg(fd(), m.in_headers.data(), kReceiveMessages, MSG_DONTWAIT, nullptr);
  if (n < 0) {
    // An error other than "nothing there" was left by an earlier send and is gone once told. If it is not, waiting is
    // better than asking again and again.
    const bool failed = errno != EAGAIN && errno != EWOULDBLOCK;
    return {{}, failed && !std::exchange(m.receive_failed, failed)};
  }
  m.receive_failed = false;
  const auto messages = static_cast<std::size_t>(n);
  m.stats.receive_messages += messages;
  m.in_used = messages;
  for (std::size_t i = 0; i < messages; ++i) m.take(i);
  return {m.datagrams, messages == kReceiveMessages};
}

bool UdpSocket::Impl::address_message(std::size_t i, const Address& to) {
  msghdr& header = out_headers[i].msg_hdr;
  header = {};
  header.msg_iov = &out[i].text;
  header.msg_iovlen = 1;
  if (socket.ipv6) {
    to_sockaddr(to, out[i].to);
    header.msg_name = &out[i].to;
    header.msg_namelen = sizeof out[i].to;
    return true;
  }
  if (!to.is_v4()) return false;
  to_sockaddr(to, out[i].to_v4);
  header.msg_name = &out[i].to_v4;
  header.msg_namelen = sizeof out[i].to_v4;
  return true;
}

// Lays out messages from `at` on; returns how many.
std::size_t UdpSocket::Impl::prepare_send(const DatagramBatch& batch, Progress at) {
  const auto runs = batch.runs();
  std::size_t n = 0;
  while (n < kSendMessages && at.run < runs.size()) {
    const DatagramBatch::Run& run = runs[at.run];
    if (run.to.is_tcp()) {  // another's
      at = {at.run + 1, 0, false};
      continue;
    }
    const bool whole = socket.segmentation && !at.plain && at.datagram == 0 && run.count > 1;
    const Bytes text = whole ? batch.bytes_of(run) : batch.datagram(run, at.datagram);
    const bool addressed = address_message(n, run.to);
    if (whole) set_segment_bytes(out_headers[n].msg_hdr, out[n].control, run.segment_bytes);
    out[n].text = {const_cast<std::uint8_t*>(text.data()), text.size()};
    out[n].datagrams = whole ? run.count : 1;
    if (whole || at.datagram + 1 == run.count)
      at = {at.run + 1, 0, false};
    else
      ++at.datagram;
    after[n] = at;
    if (addressed)
      ++n;
    else
      stats.send_refused += out[n].datagrams;
  }
  return n;
}

// What became of the message at `progress`, which the kernel did not take. False: wait and try again.
bool UdpSocket::Impl::on_send_error(int error, Progress& progress) {
  if (error == EAGAIN || error == EWOULDBLOCK) {
    ++stats.send_blocked;
    return false;
  }
  if (error == EINTR) return true;
  const bool segmented = out_headers[0].msg_hdr.msg_control != nullptr;
  if (segmented && (error == EIO || error == EINVAL || error == EMSGSIZE)) {
    // EIO: the device cannot. The others: a segment is too long for this path; plain datagrams are told so one by one.
    ++stats.segmentation_refused;
    if (error == EIO && ++segmentation_refusals >= kSegmentationRefusalsMax) socket.segmentation = false;
    progress.plain = true;
    return true;
  }
  stats.send_refused += out[0].datagrams;
  progress = after[0];
  return true;
}

bool UdpSocket::send(const DatagramBatch& batch, Progress& progress) {
  Impl& m = *impl_;
  while (progress.run < batch.runs().size()) {
    const std::size_t n = m.prepare_send(batch, progress);
    if (n == 0) {  // none of the rest can be addressed on this socket
      progress = {batch.runs().size(), 0, false};
      break;
    }
    ++m.stats.send_calls;
    const int sent = ::sendmmsg(fd(), m.out_headers.data(), static_cast<unsigned>(n), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      m.stats.send_messages += static_cast<std::uint64_t>(sent);
      progress = m.after[static_cast<std::size_t>(sent) - 1];
    } else if (!m.on_send_error(sent < 0 ? errno : EAGAIN, progress)) {
      return false;
    }
  }
  return true;
}

}  // namespace spate::io
