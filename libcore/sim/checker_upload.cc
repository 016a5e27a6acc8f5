#include "libcore/sim/checker_upload.h"

#include <algorithm>

namespace spate::sim {
namespace {

Duration time_for(std::uint64_t bytes, std::uint64_t bps) {
  return Duration(static_cast<std::int64_t>(bytes * 8'000'000'000 / bps));
}

}  // namespace

void UploadChecker::set_limit(HostId host, std::uint64_t limit_bps) {
  if (meters_.size() <= host) meters_.resize(host + 1);
  meters_[host].limit_bps = limit_bps;
}

void UploadChecker::on_sent(HostId from, const Address& to, Bytes datagram, Instant now) {
  if (from >= meters_.size() || meters_[from].limit_bps == 0) return;
  Meter& meter = meters_[from];
  meter.level = std::max(Duration::zero(), meter.level - (now - meter.at));
  meter.at = now;
  meter.level += time_for(datagram.size() + header_bytes(to), meter.limit_bps);
  if (meter.level <= time_for(kBurstBytes, meter.limit_bps) || meter.told) return;
  meter.told = true;  // once is enough
  findings_.add(Rule::kSafety, now, from, "sent more than its upload limit allows");
}

}  // namespace spate::sim
