#include "libcore/session/key_set.h"

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/session/handshake.h"

namespace spate::session {

KeySet::KeySet(const TransportKeys& keys, std::uint32_t own_index, std::uint32_t peer_index, bool initiator,
               Instant now, std::uint64_t first_counter)
    : own_index_(own_index),
      peer_index_(peer_index),
      created_(now),
      last_received_(now),
      keys_(keys),
      send_counter_(first_counter),
      initiator_(initiator) {}

void KeySet::seal(MutableBytes datagram, Bytes text, const crypto::Suite& suite) {
  SPATE_CHECK(send_counter_ < kRejectPackets);
  const std::uint64_t counter = send_counter_++;
  Writer(datagram).u8(kDataType).u32(peer_index_).u64(counter);
  suite.seal(datagram.subspan(kDataHeaderBytes), text, datagram.first(kDataHeaderBytes), keys_.send, counter);
}

std::optional<Buffer> KeySet::open(Bytes datagram, const crypto::Suite& suite, BufferPool& pool, Instant now) {
  const std::uint64_t counter = data_counter(datagram);
  const std::size_t text_bytes = datagram.size() - kDataOverhead;
  const bool acceptable = now - created_ < kRejectAge && counter < kRejectPackets && window_.fresh(counter);
  if (!acceptable || text_bytes > BufferPool::kBlockBytes) return std::nullopt;
  Buffer text = pool.take(text_bytes);
  if (!suite.open(text.writable(), datagram.subspan(kDataHeaderBytes), datagram.first(kDataHeaderBytes), keys_.receive,
                  counter)) {
    ++forged_;
    return std::nullopt;
  }
  window_.mark(counter);
  last_received_ = now;
  return text;
}

std::optional<std::uint32_t> parse_data_receiver(Bytes datagram) {
  if (datagram.size() < kDataOverhead || datagram[0] != kDataType) return std::nullopt;
  return Reader(datagram.subspan(1)).u32();
}

std::uint64_t data_counter(Bytes datagram) { return Reader(datagram.subspan(5)).u64(); }

}  // namespace spate::session
