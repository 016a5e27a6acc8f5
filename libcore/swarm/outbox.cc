#include "libcore/swarm/outbox.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate::swarm {

void Outbox::answer(session::SessionId to, const wire::Ping& ping, std::optional<std::uint64_t> media_us) {
  static const std::size_t kEmpty = wire::control_bytes(wire::Pong{});
  const std::size_t asked = wire::control_bytes(ping);
  const std::size_t padding = std::min(asked, kDatagramTextBytes) - std::min({asked, kDatagramTextBytes, kEmpty});
  send(to, wire::Pong{ping.id, 0, media_us, static_cast<std::uint16_t>(padding)});
}

void Outbox::send(session::SessionId to, const wire::Control& message) {
  const std::size_t bytes = wire::control_bytes(message);
  SPATE_CHECK(bytes <= kDatagramTextBytes);
  const bool joins = !waiting_.empty() && waiting_.back().to == to && waiting_.back().open &&
                     waiting_.back().text.size() + bytes <= kDatagramTextBytes;
  if (!joins) {
    if (waiting_.size() >= kWaitingMax) return;
    waiting_.push_back({to, pool_.take(0), true});
  }
  Buffer& text = waiting_.back().text;
  const std::size_t before = text.size();
  text.resize(before + bytes);
  Writer out(text.writable().subspan(before));
  wire::write_control(out, message);
}

void Outbox::send_frame(session::SessionId to, Bytes frame) {
  if (waiting_.size() >= kWaitingMax) return;
  Buffer text = pool_.take(frame.size());
  std::copy(frame.begin(), frame.end(), text.writable().begin());
  waiting_.push_back({to, std::move(text), false});
}

void Outbox::close(session::SessionId session) { waiting_.push_back({session, Buffer(), false}); }

bool Outbox::flush(session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  while (!waiting_.empty()) {
    if (out.full()) return false;
    const Waiting& next = waiting_.front();
    if (next.text)
      endpoint.seal(next.to, next.text.bytes(), out, now);
    else
      endpoint.close(next.to);
    waiting_.pop_front();
  }
  return true;
}

}  // namespace spate::swarm
