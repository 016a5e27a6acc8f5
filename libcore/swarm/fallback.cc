#include "libcore/swarm/fallback.h"

#include <algorithm>
#include <vector>

namespace spate::swarm {

Instant Fallback::last_heard() const {
  Instant last{};
  // Who has called us over TCP says nothing of our UDP.
  for (const auto& [session, peer] : house_.peers.all())
    if (peer.pinned || !house_.peers.over_tcp(session)) last = std::max(last, house_.peers.heard(session));
  return last;
}

void Fallback::on_established(const Peer& peer, Instant now) {
  if (!tcp_) return;
  at_ = std::min(at_, now + kInterval);
  if (!house_.peers.over_tcp(peer.session)) return;
  if (udp_at_ == kNever) udp_at_ = now + udp_wait_;
  if (!deaf_) return;
  std::vector<session::SessionId> silent;
  for (const auto& [session, other] : house_.peers.all())
    if (now - house_.peers.heard(session) >= kSilence) silent.push_back(session);
  for (const session::SessionId session : silent) house_.leaving.close(session, now);
}

void Fallback::handle_deadline(Instant now) {
  if (now < at_) return;
  if (now >= udp_at_) try_udp(now);
  if (house_.peers.all().empty()) {  // until there is somebody again
    at_ = kNever;
    return;
  }
  const Instant heard = last_heard();
  at_ = std::max(now + kInterval, heard + kSilence);
  if (now - heard < kSilence) {
    answer_until_ = kNever;
    deaf_ = false;
    house_.dials.hurry_tcp(false);
  } else if (answer_until_ == kNever) {
    ask(now);
  } else if (now >= answer_until_ && !deaf_) {
    call(now);
  }
}

void Fallback::ask(Instant now) {
  answer_until_ = now + kAnswer;
  for (const auto& [session, peer] : house_.peers.all()) {
    if (!peer.pinned) continue;
    house_.peers.ping(peer, now);
    const Duration rtt = peer.rtt.known() ? peer.rtt.smoothed() : kFarthest;
    answer_until_ = std::max(answer_until_, now + rtt + std::max(kAnswer, rtt / 2));
  }
}

void Fallback::try_udp(Instant now) {
  bool over_tcp = false;
  for (const auto& [session, peer] : house_.peers.all()) {
    if (!peer.pinned || !house_.peers.over_tcp(session)) continue;
    house_.endpoint.try_udp(session, now);
    over_tcp = true;
  }
  udp_wait_ = over_tcp ? std::min(2 * udp_wait_, kUdpAgainMax) : kUdpAgain;
  udp_at_ = over_tcp ? now + udp_wait_ : kNever;
}

void Fallback::call(Instant now) {
  deaf_ = true;
  house_.dials.hurry_tcp(true);
  std::vector<session::SessionId> mute;
  for (const auto& [session, peer] : house_.peers.all())
    if (peer.pinned) mute.push_back(session);
  for (const session::SessionId session : mute) house_.leaving.close(session, now);
  // Where they were just now comes last: of several addresses of a host another may do.
  std::vector<Candidate> hosts;
  for (const bool avoided : {false, true})
    for (const Candidate& c : house_.candidates.all())
      if (c.pinned && (c.not_before > now) == avoided) hosts.push_back(c);
  for (const Candidate& host : hosts)
    if (house_.dials.worth(host)) house_.dials.dial(host, now);
}

}  // namespace spate::swarm
