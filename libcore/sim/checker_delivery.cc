#include "libcore/sim/checker_delivery.h"

#include <string>

namespace spate::sim {
namespace {

std::string milliseconds(Duration d) { return std::to_string(to_us(d) / 1'000) + " ms"; }

}  // namespace

void check_delivery(const DeliveryRules& rules, const Broadcast& broadcast, const Viewer& viewer, bool gone,
                    Instant now, Findings& findings) {
  const ViewerRecord& record = viewer.record();
  const auto fail = [&](std::string what) { findings.add(Rule::kLiveness, now, viewer.host(), std::move(what)); };
  if (!record.join) return;
  if (record.first_output && *record.first_output - *record.join > rules.startup_max)
    fail("played only " + milliseconds(*record.first_output - *record.join) + " after joining");
  if (rules.complete && record.packets_missed > 0)
    fail("missed " + std::to_string(record.packets_missed) + " packets, the first " +
         std::to_string(*record.first_missed));
  if (gone) return;
  if (!record.first_output) return fail("never played");
  if (!record.stopped) fail("was never told of the end; next packet " + std::to_string(*viewer.next()));
  if (record.stopped && *record.stopped != node::StopReason::kEnded)
    fail("stopped early, reason " + std::to_string(static_cast<int>(*record.stopped)));
  if (viewer.next() != broadcast.packets())
    fail("ended before packet " + std::to_string(*viewer.next()) + " of " + std::to_string(broadcast.packets()));
}

}  // namespace spate::sim
