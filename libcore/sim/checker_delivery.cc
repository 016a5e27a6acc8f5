#include "libcore/sim/checker_delivery.h"

#include <algorithm>
#include <string>

namespace spate::sim {
namespace {

std::string milliseconds(Duration d) { return std::to_string(to_us(d) / 1'000) + " ms"; }

const char* in_words(node::StopReason reason) {
  switch (reason) {
    case node::StopReason::kEnded:
      return "it ended";
    case node::StopReason::kUnreachable:
      return "no host of the link let it join in time";
    case node::StopReason::kStalled:
      return "the stream stalled, or nobody had room, for longer than it waits";
    case node::StopReason::kWrongSecret:
      return "its secret does not open the stream";
    case node::StopReason::kOldRun:
      return "only an old run was offered";
    case node::StopReason::kLeft:
      return "it left";
  }
  return "unknown";
}

}  // namespace

void check_delivery(const ExpectSpec& expect, const Broadcast& broadcast, const Delivery& delivery, Instant calm,
                    Instant now, const std::string& why, Findings& findings) {
  const ViewerRecord& record = delivery.record;
  const auto fail = [&](std::string what) { findings.add(Rule::kLiveness, now, delivery.host, std::move(what)); };
  if (!record.join) return;
  const bool startup_asked = expect.startup_max > Duration::zero();
  if (startup_asked && record.first_output && *record.first_output - *record.join > expect.startup_max)
    fail("played only " + milliseconds(*record.first_output - *record.join) + " after joining");
  if (expect.complete && record.packets_missed > 0)
    fail("missed " + std::to_string(record.packets_missed) +
         (record.packets_missed == 1 ? " packet, number " : " packets, the first ") +
         std::to_string(*record.first_missed));
  if (delivery.gone) return;
  if (!record.first_output) return fail("never played: " + why);
  const Instant owed = std::max(calm, *record.join) + kRecoveryMax;
  if (now > owed && (!record.first_after || *record.first_after > owed))
    fail("did not play within " + milliseconds(kRecoveryMax) + " of the last fault: " + why);
  if (now > owed && record.longest_pause > kRecoveryMax)
    fail("stood still for " + milliseconds(record.longest_pause) + " without a fault");
  if (!record.stopped) return fail("was never told of the end; next packet " + std::to_string(*delivery.next));
  if (*record.stopped != node::StopReason::kEnded) fail(std::string("stopped early: ") + in_words(*record.stopped));
  if (delivery.next != broadcast.packets())
    fail("ended before packet " + std::to_string(*delivery.next) + " of " + std::to_string(broadcast.packets()));
}

}  // namespace spate::sim
