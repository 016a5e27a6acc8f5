#include "libcore/sim/checker_amplification.h"

#include <algorithm>
#include <string>

#include "libcore/session/handshake.h"
#include "libcore/sim/digest.h"

namespace spate::sim {
namespace {

// Of the indices in handshake datagrams; wire/README.md.
constexpr std::size_t kSenderAt = 4;
constexpr std::size_t kReceiverAt = 8;

bool is_a(std::uint8_t type, Bytes datagram) { return !datagram.empty() && datagram[0] == type; }

std::uint64_t index_at(Bytes datagram, std::size_t at) {
  return datagram.size() < at + 4 ? 0 : hash_bytes(datagram.subspan(at, 4));
}

std::uint64_t tag_of(Bytes datagram) {
  constexpr std::size_t kTagBytes = 16;
  return hash_bytes(datagram.last(std::min(kTagBytes, datagram.size())));
}

// Without mac2, which nobody reads: a bit flipped there harms nothing.
std::uint64_t answer_of(Bytes response) {
  constexpr std::size_t kMac2Bytes = 16;
  return hash_bytes(response.first(response.size() - std::min(kMac2Bytes, response.size())));
}

std::uint64_t mixed(HostId host, std::uint64_t index) { return Digest::mix(index ^ Digest::mix(host)); }

}  // namespace

std::uint64_t AmplificationChecker::key_of(HostId host, const Address& address) {
  return Digest::mix(hash_bytes(address.ip) ^ std::uint64_t{host} << 16 ^ address.port);
}

void AmplificationChecker::on_sent(HostId from, const Address& to, Bytes datagram, Instant now) {
  if (is_a(session::kInitiationType, datagram)) {  // not an answer
    begun_.put(mixed(from, index_at(datagram, kSenderAt)), key_of(from, to), now);
    return;
  }
  if (datagram.size() == 1) return;  // opens a box for somebody, and answers nothing
  if (is_a(session::kResponseType, datagram)) answers_.put(answer_of(datagram), {}, now);
  const std::uint64_t key = key_of(from, to);
  Path& p = paths_[key];
  if (p.proven) return;
  p.sent += datagram.size();
  if (p.sent <= p.received) return;
  findings_.add(
      Rule::kSafety, now, from,
      "sent " + std::to_string(p.sent) + " bytes to an unproven address that had sent " + std::to_string(p.received));
}

// A response answers what only the address's owner can have seen. It proves the address that was dialled as well as the
// one it came from: a box may translate the two differently.
void AmplificationChecker::on_delivered(HostId to, const Address& from, Bytes datagram, Instant now) {
  const std::uint64_t key = key_of(to, from);
  Path& p = paths_[key];
  if (!p.proven) {
    p.received += datagram.size();
    if (is_a(session::kDataType, datagram)) {
      if (instant_ != now) unopened_.clear();
      instant_ = now;
      unopened_[mixed(to, tag_of(datagram))] = key;
    }
  }
  if (!is_a(session::kResponseType, datagram) || answers_.find(answer_of(datagram), now) == nullptr) return;
  p.proven = true;
  const std::uint64_t* const dialled = begun_.find(mixed(to, index_at(datagram, kReceiverAt)), now);
  if (dialled != nullptr) paths_[*dialled].proven = true;
}

void AmplificationChecker::on_open(HostId host, Bytes sealed, Instant now) {
  if (instant_ != now || unopened_.empty()) return;
  const auto it = unopened_.find(mixed(host, tag_of(sealed)));
  if (it != unopened_.end()) paths_[it->second].proven = true;
}

}  // namespace spate::sim
