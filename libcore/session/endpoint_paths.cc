// What an Endpoint knows of the paths of its sessions: whether a peer has moved, and how large a datagram gets there.
#include "libcore/session/endpoint.h"

namespace spate::session {
namespace {

constexpr std::size_t kPathSendsMax = 256;  // path messages that wait; more are dropped, and will be repeated

}  // namespace

PathCheck& Endpoint::paths_of(Session& session) {
  if (!session.paths) session.paths = std::make_unique<PathCheck>();
  return *session.paths;
}

// An older datagram, which was overtaken, says nothing of where the peer is now.
void Endpoint::check_path(std::uint32_t slot, const Datagram& datagram, Instant now) {
  Session& session = sessions_[slot];
  if (datagram.from.is_tcp() || session.address.is_tcp()) return;  // a connection is where it is
  PathCheck& paths = paths_of(session);
  for (const auto& challenge : paths.on_packet(datagram.from, datagram.bytes.size(), session.address, rng_, now))
    send_path(slot, challenge.to, {wire::kPathChallenge, challenge.token});
  wake_at(paths.next_deadline(now));
}

void Endpoint::handle_path_message(std::uint32_t slot, const wire::PathMessage& message, const Address& from,
                                   Instant now) {
  Session& session = sessions_[slot];
  if (message.type == wire::kPathProbe) {
    // One from elsewhere shows nothing of the path to where the peer is.
    if (from == session.address && paths_of(session).may_answer(from, from, session.address, now))
      send_path(slot, from, {wire::kPathProbeAnswer, message.token});
  } else if (message.type == wire::kPathProbeAnswer) {
    if (session.size) session.size->on_answer(message.token);
  } else if (message.type == wire::kPathDoubt) {
    if (session.size) session.size->on_doubt();
  } else if (message.type == wire::kPathResponse) {
    const auto again = session.paths ? session.paths->on_response(message.token, now) : std::nullopt;
    if (again) send_path(slot, session.address, {wire::kPathChallenge, *again});
  } else {
    // Where it came from may be where a copy came from, whose owner keeps the answer: the peer must have it all the
    // same, or would take the path between us for dead.
    for (const Address& to : {session.address, from}) {
      if (paths_of(session).may_answer(to, from, session.address, now))
        send_path(slot, to, {wire::kPathResponse, message.token});
      if (from == session.address) break;
    }
  }
  if (session.paths) wake_at(session.paths->next_deadline(now));
}

void Endpoint::send_path(std::uint32_t slot, const Address& to, const wire::PathMessage& message, std::size_t bytes) {
  if (path_sends_.size() < kPathSendsMax) path_sends_.push_back({id_of(slot), to, message, bytes});
}

void Endpoint::follow(std::uint32_t slot, Instant now) {
  Session& session = sessions_[slot];
  if (const auto again = session.paths->ask_again(now))
    send_path(slot, session.address, {wire::kPathChallenge, *again});
  if (const auto to = session.paths->on_deadline(now)) {
    set_address(session, *to);
    session.paths.reset();
    ++moves_;
  } else if (const Instant next = session.paths->next_deadline(now); next == kNever) {
    session.paths.reset();
  } else {
    wake_at(next);
  }
}

bool Endpoint::doubt(SessionId id, Instant now) {
  Session* const session = find(id);
  if (session == nullptr || session->address.is_tcp() || !session->doubt.take(now)) return false;
  send_path(id.slot, session->address, {wire::kPathDoubt, {}});
  return true;
}

bool Endpoint::carries(Session& session, std::size_t bytes, Instant now) {
  if (bytes <= PathSize::kSafe || session.address.is_tcp()) return true;
  if (!session.size) session.size = std::make_unique<PathSize>();
  if (bytes <= session.size->proven()) return true;
  session.size->want(now);
  wake_at(session.size->next_deadline());
  return false;
}

void Endpoint::probe(std::uint32_t slot, Instant now) {
  Session& session = sessions_[slot];
  for (const PathSize::Probe& probe : session.size->due(rng_, now))
    send_path(slot, session.address, {wire::kPathProbe, probe.token}, probe.bytes);
  wake_at(session.size->next_deadline());
}

void Endpoint::seal_parts(Session& session, Bytes text, DatagramBatch& out) {
  const std::size_t half = (text.size() + 1) / 2;
  for (const bool second : {false, true}) {
    const Bytes bytes = second ? text.subspan(half) : text.first(half);
    ByteArray<kTextBytesMax> room{};
    const MutableBytes part = MutableBytes{room}.first(wire::kPartHeaderBytes + bytes.size());
    wire::write_part(part, {second, session.parted, bytes});
    session.current->seal(out.add(session.address, part.size() + kDataOverhead), part, suite_);
  }
  ++session.parted;
}

}  // namespace spate::session
