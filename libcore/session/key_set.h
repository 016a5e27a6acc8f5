// The keys of one finished handshake, with what must never repeat and never be accepted twice.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/buffer.h"
#include "libcore/base/datagram.h"
#include "libcore/base/time.h"
#include "libcore/crypto/suite.h"
#include "libcore/session/noise.h"
#include "libcore/session/replay_window.h"

namespace spate::session {

inline constexpr std::size_t kDataHeaderBytes = 13;
inline constexpr std::size_t kDataOverhead = kDataHeaderBytes + crypto::kTagBytes;

class KeySet {
 public:
  // Refused, by either side, from this age or count on.
  static constexpr Duration kRekeyAge = std::chrono::seconds(120);
  static constexpr Duration kRejectAge = std::chrono::seconds(180);
  // After dialling each other, both sides may use keys that the other initiated: then either may ask, but later.
  static constexpr Duration kRekeyPatience = std::chrono::seconds(20);
  static constexpr std::uint64_t kRekeyPackets = std::uint64_t{1} << 32;
  static constexpr std::uint64_t kRejectPackets = std::uint64_t{1} << 40;

  // Seals from `first_counter` on: 0, but in tests that need not send 2^40.
  KeySet(const TransportKeys& keys, std::uint32_t own_index, std::uint32_t peer_index, bool initiator, Instant now,
         std::uint64_t first_counter = 0);
  KeySet(const KeySet&) = delete;
  KeySet& operator=(const KeySet&) = delete;

  // Writes a data datagram of text.size() + kDataOverhead bytes. REQUIRES usable().
  void seal(MutableBytes datagram, Bytes text, const crypto::Suite& suite);
  // Opens a data datagram into a pool buffer: replay check, then the tag, and only then the window moves. What has a
  // wrong tag is counted in forged().
  std::optional<Buffer> open(Bytes datagram, const crypto::Suite& suite, BufferPool& pool, Instant now);

  bool usable(Instant now) const { return now - created_ < kRejectAge && send_counter_ < kRejectPackets; }
  bool wants_rekey(Instant now) const {
    if (initiator_ && send_counter_ >= kRekeyPackets) return true;
    return now - created_ >= (initiator_ ? kRekeyAge : kRekeyAge + kRekeyPatience);
  }
  // Datagrams that had a counter to be opened and did not open.
  std::uint64_t forged() const { return forged_; }
  bool initiator() const { return initiator_; }
  std::uint32_t own_index() const { return own_index_; }
  Instant created() const { return created_; }
  Instant last_received() const { return last_received_; }
  // One past the highest counter of what was opened: it grows when the newest of the peer's datagrams so far is.
  std::uint64_t received_next() const { return window_.next(); }

 private:
  std::uint32_t own_index_;
  std::uint32_t peer_index_;
  ReplayWindow window_;
  Instant created_;
  Instant last_received_;
  TransportKeys keys_;
  std::uint64_t send_counter_;
  std::uint64_t forged_ = 0;
  bool initiator_;
};

// The receiver index of a data datagram. Nothing if it is too short or of another type.
std::optional<std::uint32_t> parse_data_receiver(Bytes datagram);
// Its counter. REQUIRES parse_data_receiver().
std::uint64_t data_counter(Bytes datagram);

}  // namespace spate::session
