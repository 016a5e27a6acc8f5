#include "libcore/sim/checker_hidden.h"

#include <string>

namespace spate::sim {

HiddenChecker::Host& HiddenChecker::host(HostId host) {
  if (hosts_.size() <= host) hosts_.resize(host + 1);
  return hosts_[host];
}

void HiddenChecker::add_hidden(HostId id) {
  host(id).hidden = true;
  any_ = true;
}

void HiddenChecker::add_link_host(HostId id) { host(id).in_link = true; }

void HiddenChecker::on_sent(HostId from, const Address& to, Bytes /*datagram*/, Instant now) {
  if (!any_) return;
  const Host sender = what_is(from);
  if (sender.in_link) return;
  const std::optional<HostId> receiver = network_.host_of(to);
  const Host other = receiver ? what_is(*receiver) : Host{};
  if (sender.hidden && !other.in_link)
    findings_.add(Rule::kSafety, now, from, "is hidden, and sent something to who is no host of the link");
  else if (other.hidden)
    findings_.add(
        Rule::kSafety, now, from,
        "is no host of the link, and sent something to host " + std::to_string(*receiver) + ", who is hidden");
}

}  // namespace spate::sim
