#include "libcore/io/tcp_hub.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "libcore/base/check.h"
#include "libcore/io/system_clock.h"
#include "libcore/io/tcp_open.h"
#include "libcore/session/handshake.h"
#include "libcore/session/network_prefix.h"

namespace spate::io {
namespace {

// Why there is nobody to accept: that one is gone already, or a firewall minds it. Not that we could take nobody.
bool concerns_one(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPERM:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENONET:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool TcpHub::open_epoll() {
  if (!epoll_) epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  if (epoll_ && !arena_) arena_.reset(new std::uint8_t[kReadsAtOnce * kReadBytes]);
  return static_cast<bool>(epoll_);
}

std::optional<Failure> TcpHub::listen(const Address& at) {
  auto opened = open_tcp_listener(at);
  if (const Failure* failure = failure_of(opened)) return *failure;
  listener_ = std::get<Descriptor>(std::move(opened));
  if (open_epoll() && watch_listener(EPOLL_CTL_ADD, EPOLLIN)) return std::nullopt;
  const int error = errno;
  listener_ = Descriptor();
  return system_failure("cannot wait for TCP connections", error);
}

bool TcpHub::watch_listener(int operation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = kListener;
  return ::epoll_ctl(epoll_.get(), operation, listener_.get(), &event) == 0;
}

// Takes nothing of the kernel that it may not have.
void TcpHub::pause_accepting(bool pause) {
  SPATE_CHECK(watch_listener(EPOLL_CTL_MOD, pause ? 0u : std::uint32_t{EPOLLIN}));
}

TcpHub::Received TcpHub::receive(Instant now) {
  closed_.clear();
  datagrams_.clear();
  std::array<epoll_event, kReadsAtOnce> events;
  const int n = epoll_ ? ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0) : 0;
  bool accepting = false;
  for (std::size_t i = 0; n > 0 && i < static_cast<std::size_t>(n); ++i) {
    const MutableBytes room{arena_.get() + i * kReadBytes, kReadBytes};
    if (events[i].data.u64 == kListener)
      accepting = true;
    else
      handle_event(events[i].data.u64, events[i].events, room, now);
  }
  for (std::size_t i = 0; accepting && i < kReadsAtOnce; ++i) accepting = accept_one(now);
  return {datagrams_, accepting || n == static_cast<int>(events.size())};
}

// False: there is no other just now.
bool TcpHub::accept_one(Instant now) {
  AcceptedTcp accepted = accept_tcp(listener_.get());
  if (accepted.fd) {
    ++stats_.accepted;
    if (!admit(accepted.from) || !add(std::move(accepted.fd), accepted.from, false, now)) ++stats_.refused;
    return true;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
  if (concerns_one(errno)) return true;
  const bool used_up = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
  if (used_up && evict_half_open(nullptr)) return true;
  pause_accepting(true);
  accepts_again_ = now + kAcceptPause;
  next_deadline_ = std::min(next_deadline_, accepts_again_);
  return false;
}

// Makes room for one more from there, if there can be.
bool TcpHub::admit(const Address& from) {
  std::size_t half_open = 0;
  std::size_t of_network = 0;
  std::size_t half_open_of_network = 0;
  for (const auto& [serial, entry] : entries_) {
    const bool same = session::network_of(entry.peer) == session::network_of(from);
    const bool counts = entry.half_open && !entry.ours;
    half_open += counts;
    of_network += same;
    half_open_of_network += same && counts;
  }
  if (half_open_of_network >= kHalfOpenPerNetworkMax) return evict_half_open(&from);
  if (of_network >= kConnectionsPerNetworkMax) return false;
  if (half_open < kHalfOpenMax && entries_.size() < kConnectionsMax) return true;
  return evict_half_open(nullptr) || evict_of_most();
}

// Any of those that came to us.
bool TcpHub::evict_half_open(const Address* of_network) {
  const auto may_go = [&](const auto& numbered) {
    const Entry& entry = numbered.second;
    return entry.half_open && !entry.ours &&
           (of_network == nullptr || session::network_of(entry.peer) == session::network_of(*of_network));
  };
  const auto many = std::count_if(entries_.begin(), entries_.end(), may_go);
  if (many == 0) return false;
  auto skip = rng_->below(static_cast<std::uint64_t>(many));
  const auto victim = std::find_if(entries_.begin(), entries_.end(),
                                   [&](const auto& numbered) { return may_go(numbered) && skip-- == 0; });
  ++stats_.evicted;
  close(victim->first);
  return true;
}

// The one that has been idle for longest, of the network that has most: few cannot keep everybody else out.
bool TcpHub::evict_of_most() {
  std::map<session::NetworkPrefix, std::size_t> counts;
  for (const auto& [serial, entry] : entries_)
    if (!entry.ours) ++counts[session::network_of(entry.peer)];
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == counts.end() || most->second < 2) return false;
  auto idlest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    const Entry& entry = it->second;
    if (entry.ours || session::network_of(entry.peer) != most->first) continue;
    if (idlest == entries_.end() || entry.since < idlest->second.since) idlest = it;
  }
  ++stats_.evicted;
  close(idlest->first);
  return true;
}

bool TcpHub::add(Descriptor fd, const Address& peer, bool ours, Instant now) {
  epoll_event event{};
  event.events = ours ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = last_serial_ + 1;
  if (by_peer_.contains(peer) || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) return false;
  const auto [at, fresh] =
      entries_.emplace(++last_serial_, Entry{TcpConnection(std::move(fd)), peer, ours, ours, true, now, event.events});
  by_peer_.emplace(peer, last_serial_);
  next_deadline_ = std::min(next_deadline_, at->second.expires());
  return true;
}

void TcpHub::handle_event(Serial serial, std::uint32_t events, MutableBytes room, Instant now) {
  const auto found = entries_.find(serial);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.connecting && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    if (tcp_error(entry.connection.fd()) != 0) return close(serial);
    entry.connecting = false;
  }
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && !read(entry, room)) return close(serial);
  if ((events & EPOLLOUT) != 0) flush(serial, now);
}

// False: it is to be closed.
bool TcpHub::read(Entry& entry, MutableBytes room) {
  const bool open = entry.connection.receive(room);
  while (const auto datagram = entry.connection.next()) datagrams_.push_back({entry.peer, *datagram});
  return open && !entry.connection.broken();
}

void TcpHub::send(const DatagramBatch& batch, Instant now) {
  closed_.clear();
  touched_.clear();
  for (const DatagramBatch::Run& run : batch.runs()) {
    if (!run.to.is_tcp()) continue;
    const auto serial = connection_for(batch, run, now);
    if (!serial) {
      stats_.unaddressed += run.count;
      continue;
    }
    for (std::size_t i = 0; i < run.count; ++i) push(entries_.at(*serial), batch.datagram(run, i), now);
    if (touched_.empty() || touched_.back() != *serial) touched_.push_back(*serial);
  }
  for (const Serial serial : touched_) flush(serial, now);
}

std::optional<TcpHub::Serial> TcpHub::connection_for(const DatagramBatch& batch, const DatagramBatch::Run& run,
                                                     Instant now) {
  const bool calls = batch.datagram(run, 0)[0] == session::kInitiationType;
  if (const auto known = by_peer_.find(run.to); known != by_peer_.end()) {
    // Whoever calls us from where a host listens is not that host.
    if (!calls || entries_.at(known->second).ours) return known->second;
    ++stats_.evicted;
    close(known->second);
  }
  if (!calls || entries_.size() >= kConnectionsMax) return std::nullopt;
  Descriptor fd = open_epoll() ? open_tcp_connection(run.to) : Descriptor();
  if (!fd || !add(std::move(fd), run.to, true, now)) return std::nullopt;
  ++stats_.dialled;
  return last_serial_;
}

void TcpHub::push(Entry& entry, Bytes datagram, Instant now) {
  if (datagram[0] == session::kDataType) {  // there is a session
    entry.half_open = false;
    entry.since = now;
  }
  const std::size_t before = entry.connection.queue_bytes();
  if (queued_bytes_ >= kQueuedBytesMax && before >= kQueuedBytesOwn) {
    ++stats_.send_dropped;
    return;
  }
  entry.connection.push(datagram, *pool_, now);
  queued_bytes_ += entry.connection.queue_bytes() - before;
}

void TcpHub::flush(Serial serial, Instant now) {
  const auto found = entries_.find(serial);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.connecting) return;
  const std::size_t before = entry.connection.queue_bytes();
  const bool open = entry.connection.flush(now);
  queued_bytes_ -= before - entry.connection.queue_bytes();
  if (!open) return close(serial);
  watch(serial, entry);
}

void TcpHub::watch(Serial serial, Entry& entry) {
  epoll_event event{};
  event.events = entry.connection.waits() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = serial;
  if (event.events == entry.watched) return;
  entry.watched = event.events;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, entry.connection.fd(), &event);
}

void TcpHub::hang_up(const Address& peer) {
  if (const auto found = by_peer_.find(peer); found != by_peer_.end()) close(found->second);
}

void TcpHub::close(Serial serial) {
  const auto found = entries_.find(serial);
  queued_bytes_ -= found->second.connection.queue_bytes();
  stats_.send_dropped += found->second.connection.dropped();
  by_peer_.erase(found->second.peer);
  found->second.connection.close();
  closed_.push_back(std::move(found->second));
  entries_.erase(found);
}

void TcpHub::linger() {
  const Instant end = monotonic_now() + kLingerMax;
  listener_ = Descriptor();
  accepts_again_ = kNever;
  for (Instant now = monotonic_now(); now < end; now = monotonic_now()) {
    for (auto it = entries_.begin(); it != entries_.end();) {
      const Serial serial = it->first;
      Entry& entry = (it++)->second;
      if (entry.connecting)
        close(serial);
      else
        flush(serial, now);
    }
    for (auto& [serial, entry] : entries_) {
      if (entry.ended || entry.connection.waits()) continue;
      ::shutdown(entry.connection.fd(), SHUT_WR);
      entry.ended = true;
    }
    if (entries_.empty()) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now);
    pollfd ready{epoll_.get(), POLLIN, 0};
    ::poll(&ready, 1, static_cast<int>(left.count()));
    receive(monotonic_now());
  }
}

void TcpHub::handle_deadline(Instant now) {
  if (now < next_deadline_) return;
  closed_.clear();
  if (now >= accepts_again_) {
    accepts_again_ = kNever;
    pause_accepting(false);
  }
  next_deadline_ = accepts_again_;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto& [serial, entry] = *it++;
    if (now >= entry.expires())
      close(serial);
    else
      next_deadline_ = std::min(next_deadline_, entry.expires());
  }
}

TcpHubStats TcpHub::stats() const {
  TcpHubStats stats = stats_;
  for (const auto& [serial, entry] : entries_) {
    stats.half_open += entry.half_open;
    stats.send_dropped += entry.connection.dropped();
  }
  stats.connections = static_cast<std::uint32_t>(entries_.size());
  return stats;
}

}  // namespace spate::io
