#include "libcore/sim/checker_datagram.h"

namespace spate::sim {

void DatagramChecker::on_sent(HostId from, const Address& /*to*/, Bytes datagram, Instant now) {
  if (datagram.empty() || datagram.size() > kBytesMax)
    findings_.add(Rule::kSafety, now, from, "sent a datagram of " + std::to_string(datagram.size()) + " bytes");
}

}  // namespace spate::sim
