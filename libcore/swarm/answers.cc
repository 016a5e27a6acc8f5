#include "libcore/swarm/answers.h"

#include <algorithm>

#include "libcore/swarm/debt.h"

namespace spate::swarm {
namespace {

constexpr Duration kInterval = std::chrono::milliseconds(20);
constexpr std::uint64_t kPerSecond = 256 * 1024;  // bytes, without an upload limit; with one, a twentieth of it
constexpr std::uint64_t kPerSecondMin = 2 * 1024;
constexpr std::uint64_t kNamesBytes = 700;   // about, of an answer that names few peers
constexpr std::uint64_t kPeersBytes = 400;   // that they are in this; what is more is charged, too
constexpr std::uint64_t kStatusBytes = 120;  // and of one that does not
constexpr std::uint64_t kPunchBytes = 80;    // about, of an introduction
constexpr Duration kDebtMax = std::chrono::milliseconds(50);

std::uint64_t rate(const TokenBucket& upload) {
  return upload.unlimited() ? kPerSecond : std::max(kPerSecondMin, upload.rate() / 20);
}

}  // namespace

Answers::Answers(const House& house)
    : house_(house),
      newcomers_left_(rate(house.upload), 2 * rate(house.upload)),
      others_left_(rate(house.upload) / 4, rate(house.upload) / 2) {}

void Answers::on_inquiry(Peer& peer, StripeMask wanted, Instant now) {
  // Who has no upload left to answer with is no parent to be found.
  if (now - peer.answered_at < kInterval || upload_debt(house_.upload, now) > kDebtMax) return;
  TokenBucket& left = peer.answered_at == Instant{} ? newcomers_left_ : others_left_;
  const bool names = wanted != 0 && left.take(kNamesBytes, now);
  if (!names && !left.take(kStatusBytes, now)) return;
  peer.answered_at = now;
  // The publisher's word goes first: by its clock whoever begins judges what follows.
  if (const auto* const info = names ? house_.own.info_frame() : nullptr) house_.outbox.send_frame(peer.session, *info);
  house_.outbox.send(peer.session, house_.own.answer_to(peer, now));
  if (!names) return;
  std::uint64_t bytes = 0;
  wire::Peers told;
  const auto send = [&] {
    if (told.peers.empty()) return;
    house_.outbox.send(peer.session, told);
    bytes += wire::control_bytes(told);
    told.peers.clear();
  };
  for (const wire::PeerRecord& named : house_.introductions.for_asker(peer, wanted, now)) {
    if (told.peers.full()) send();
    told.peers.push_back(named);
  }
  send();
  if (bytes > kPeersBytes) left.charge(bytes - kPeersBytes, now);
}

void Answers::refuse(Peer& peer, const wire::Subscribe& subscribe, wire::SubscribeCode code, Instant now) {
  house_.children.remove(peer.session);
  house_.outbox.send(peer.session, wire::SubscribeReply{subscribe.id, code, 0, 0});
  on_inquiry(peer, subscribe.stripes, now);
}

void Answers::on_subscribe(Peer& peer, const wire::Subscribe& subscribe, Instant now) {
  Children& children = house_.children;
  if (!peer.subscribes.take(1, now)) return;  // it asks again
  if (!house_.own.has_stream()) return refuse(peer, subscribe, wire::SubscribeCode::kNoStream, now);
  if (children.slots() == 0) return refuse(peer, subscribe, wire::SubscribeCode::kNoUpload, now);
  const StripeMask allowed = house_.own.allowed(peer, subscribe.stripes);
  const bool live = house_.publisher == nullptr || house_.publisher->live();
  const bool fresh = !children.has(peer.session);
  const wire::SubscribeReply reply =
      children.subscribe(peer.session, subscribe, allowed, first_for(subscribe), live, now);
  house_.outbox.send(peer.session, reply);
  if (reply.stripes != 0) house_.outbox.send(peer.session, house_.own.status_for(peer.session, now));
  if (reply.code != wire::SubscribeCode::kAccepted) on_inquiry(peer, subscribe.stripes & ~reply.stripes, now);
  if (fresh && reply.stripes != 0) house_.peers.ping(peer, now);  // its round trip sets how much may be on the way
  tell_displaced(now);
}

// A file that nobody has seen yet is sent from its beginning; a live stream from its newest random-access point.
std::uint64_t Answers::first_for(const wire::Subscribe& subscribe) const {
  const stream::Store& store = house_.store;
  if (subscribe.first != wire::kFromNewest) return std::clamp(subscribe.first, store.tail(), store.head());
  const bool from_start = house_.publisher != nullptr && !house_.publisher->live() && store.tail() == 0;
  return from_start ? 0 : store.start_for_joiner();
}

void Answers::tell_displaced(Instant now) {
  for (const Children::DisplacedChild& displaced : house_.children.take_displaced()) {
    wire::Displaced told{displaced.stripes, {}};
    Peer* const by = displaced.by ? house_.peers.find(*displaced.by) : nullptr;
    if (const auto record = by != nullptr ? house_.introductions.record_of(*by, now) : std::nullopt)
      told.by = {*record, 1, 0, house_.children.passed_on_by(by->session)};
    house_.outbox.send(displaced.session, told);
  }
}

void Answers::on_rendezvous(Peer& asker, const crypto::NodeKey& key, Instant now) {
  Peer* const target = house_.peers.find_key(key);
  if (target == nullptr || target->session == asker.session || !asker.introductions.take(1, now)) return;
  if (house_.introductions.serves_nobody(*target)) return;
  if (house_.peers.over_tcp(target->session) || house_.peers.over_tcp(asker.session)) return;
  if (!target->introduced.take(1, now) || !newcomers_left_.take(kPunchBytes, now)) return;
  house_.outbox.send(target->session, wire::Punch{house_.endpoint.address(asker.session)});
}

}  // namespace spate::swarm
