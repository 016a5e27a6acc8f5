#include "libcore/swarm/children/sender.h"

namespace spate::swarm {

bool Sender::must_wait(Instant now) {
  const Instant ready = upload_.ready_at(now);
  if (ready <= now) return false;
  upload_ready_ = ready;
  return true;
}

std::uint64_t Sender::send(const Child& child, Bytes frame, Outgoing& out) {
  if (out.now - out.endpoint.heard(child.session) > kConsent) return 0;
  const std::uint64_t before = out.batch.totals().wire_bytes;
  if (!out.endpoint.seal(child.session, frame, out.batch, out.now)) return 0;
  const std::uint64_t sent = out.batch.totals().wire_bytes - before;
  upload_.charge(sent, out.now);
  return sent;
}

void Sender::shard(const Child& child, const stream::StoredShard& shard, Why why, Outgoing& out) {
  const std::uint64_t bytes = send(child, shard.frame.bytes(), out);
  if (bytes == 0) return;
  const std::uint64_t payload = shard.payload().size();
  stats_.payload_bytes_sent += payload;
  if (why == Why::kAskedFor) {
    ++stats_.repairs_sent;
    stats_.sent.repairs += bytes;
  } else {
    const std::uint64_t proof = shard.frame.size() - wire::kShardHeaderBytes - payload;
    stats_.sent.payload += payload;
    stats_.sent.signatures += proof;
    stats_.sent.headers += bytes - payload - proof;
  }
}

void Sender::list(const Child& child, const stream::StoredShard& shard, Why why, Outgoing& out) {
  const std::uint64_t bytes = send(child, shard.list.bytes(), out);
  (why == Why::kAskedFor ? stats_.sent.repairs : stats_.sent.signatures) += bytes;
}

void Sender::parity(const Child& child, Bytes frame, Outgoing& out) { stats_.sent.parity += send(child, frame, out); }

void Sender::parity_list(const Child& child, Bytes frame, Outgoing& out) {
  stats_.sent.signatures += send(child, frame, out);
}

}  // namespace spate::swarm
