#include "libcore/node/prober.h"

#include <algorithm>

namespace spate::node {
namespace {
constexpr Duration kGiveUp = std::chrono::hours(24);  // the caller has its own, shorter patience
}

void Prober::connect(session::ServiceIndex service, const Host& host, Instant now) {
  dialled_ = now;
  session_ = endpoint_.connect(service, host.address, host.key, kGiveUp, now);
}

void Prober::ping(std::uint32_t id, std::size_t bytes, Instant now) {
  if (!session_) return;
  const std::size_t empty = wire::control_bytes(wire::Ping{});
  const std::size_t padding = std::min(bytes > empty ? bytes - empty : 0, swarm::Outbox::kDatagramTextBytes - empty);
  sent_.resize(kSent);
  sent_[id % kSent] = {id, now, true};
  outbox_.send(*session_, wire::Ping{id, static_cast<std::uint16_t>(padding)});
}

void Prober::handle_text(session::SessionId session, Bytes text, bool answer, Instant now) {
  wire::ControlReader reader(text);
  while (const auto message = reader.next()) {
    if (const auto* const ping = std::get_if<wire::Ping>(&*message); ping != nullptr && answer) {
      outbox_.answer(session, *ping, std::nullopt);
    } else if (const auto* const pong = std::get_if<wire::Pong>(&*message); pong != nullptr && uses(session)) {
      if (sent_.empty()) continue;
      Sent& sent = sent_[pong->id % kSent];
      if (!sent.waiting || sent.id != pong->id) continue;
      sent.waiting = false;
      events_.push_back(ProbeReply{pong->id, now - sent.at});
    }
  }
}

std::optional<Event> Prober::next_event() {
  if (events_.empty()) return std::nullopt;
  return events_.pop_front();
}

}  // namespace spate::node
