#include "libcore/sim/checker_amplification.h"

#include <string>

#include "libcore/session/handshake.h"
#include "libcore/sim/digest.h"

namespace spate::sim {

AmplificationChecker::Path& AmplificationChecker::path(HostId host, const Address& address) {
  return paths_[Digest::mix(hash_bytes(address.ip) ^ std::uint64_t{host} << 16 ^ address.port)];
}

void AmplificationChecker::on_sent(HostId from, const Address& to, Bytes datagram, Instant now) {
  if (!datagram.empty() && datagram[0] == session::kInitiationType) return;  // not an answer
  Path& p = path(from, to);
  if (p.proven) return;
  p.sent += datagram.size();
  if (p.sent <= p.received) return;
  findings_.add(
      Rule::kSafety, now, from,
      "sent " + std::to_string(p.sent) + " bytes to an unproven address that had sent " + std::to_string(p.received));
}

// A response, too, answers what only the address's owner can have seen.
void AmplificationChecker::on_delivered(HostId to, const Address& from, Bytes datagram, Instant /*now*/) {
  Path& p = path(to, from);
  if (p.proven) return;
  p.received += datagram.size();
  p.proven = !datagram.empty() && (datagram[0] == session::kDataType || datagram[0] == session::kResponseType);
}

}  // namespace spate::sim
