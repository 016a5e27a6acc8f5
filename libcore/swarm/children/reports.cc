#include "libcore/swarm/children/reports.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kPatience = std::chrono::seconds(3);  // with a child that has stopped moving
constexpr std::uint32_t kLossSample = 64;

void judge_loss(Child& child, const wire::Report& report) {
  const std::uint32_t received = report.received - child.report.base_received;
  const std::uint32_t missed = report.missed - child.report.base_missed;
  if (received < kLossSample) return;
  child.report.lossy = std::uint64_t{missed} * 200 > received;
  child.report.base_received = report.received;
  child.report.base_missed = report.missed;
}

// The lowest sequence that the child may still want from us.
std::uint64_t needed(const Child& child) {
  return child.report.any ? std::max(child.report.last.next, child.first) : child.first;
}

}  // namespace

void Reports::on_report(Child& child, const wire::Report& report, Instant now) {
  judge_loss(child, report);
  const std::uint64_t seen = std::min(report.seen, child.cursor);
  const std::uint64_t next = std::min(report.next, child.cursor);
  if (seen > child.landed || next > child.report.last.next) {
    child.moved = now;
    last_progress_ = now;
  }
  child.landed = std::max(child.landed, seen);
  child.report.last = report;
  child.report.last.next = next;
  child.report.any = true;
  child.passes_on = report.passes_on;
  child.slots = report.slots;
}

std::uint64_t Reports::backlog(Instant now) const {
  std::uint64_t most = 0;
  for (const Child& child : table_)
    if (now - child.moved < kPatience) most = std::max(most, rate_.age(needed(child)));
  return most;
}

bool Reports::all_have_the_end(std::uint64_t head) const {
  return std::all_of(table_.begin(), table_.end(), [&](const Child& c) {
    return c.report.any && c.report.last.knows_end && c.report.last.next >= head;
  });
}

}  // namespace spate::swarm
