#include "libcore/sim/figures.h"

#include <algorithm>

#include "libcore/sim/checker_delivery.h"
#include "libcore/sim/resident.h"

namespace spate::sim {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

// The packets that a viewer is owed; `first`: the first that it wrote, or that was due after it came. Who goes before
// the end may be as far behind then as anybody may be, and is owed nothing more: so who is there for a moment only is
// owed what it wrote.
std::uint64_t DeliverySum::owed_end(const Life& life, std::uint64_t first) const {
  if (!life.left) return broadcast_.packets();
  const std::uint64_t due = broadcast_.packets_due(std::max(Instant{}, *life.left - kRecoveryMax));
  return std::max(due, life.next.value_or(first));
}

void DeliverySum::add(const Life& life) {
  const std::uint64_t first = life.first.value_or(broadcast_.packets_due(life.joined));
  const std::uint64_t next = life.next.value_or(first);
  const std::uint64_t end = owed_end(life, first);
  if (end > first) packets_of_all_ += end - first;
  if (end > first && end > next) recorder_.on_unwritten(broadcast_.frame_of(next), broadcast_.frame_of(end - 1) + 1);
  if (const std::uint64_t measured = std::max(first, recorder_.measured_packet()); end > measured) {
    packets_ += end - measured;
    frames_ += broadcast_.frame_of(end - 1) + 1 - broadcast_.frame_of(measured);
  }
  written_of_all_ += life.written;
}

void DeliverySum::sum_up(RunResult& result) const {
  const std::uint64_t timely = recorder_.lag().count() + (packets_ - recorder_.packets_written());
  result.delivered_by_500ms = share(recorder_.packets_by_500ms(), timely);
  result.delivered_by_1s = share(recorder_.packets_by_1s(), timely);
  result.delivered_ever = share(recorder_.packets_written(), packets_);
  result.continuity = 1 - share(recorder_.frames_spoilt(), frames_);
}

double DeliverySum::ever_in_all() const { return share(written_of_all_, packets_of_all_); }

// What no stream counts as its own is handshakes; they go under control.
void sum_up_wire(const Tally& measured, const Broadcast& broadcast, const Recorder& recorder, Instant now,
                 RunResult& result) {
  const node::SentBytes& sent = measured.sent;
  const std::uint64_t duplicates = measured.duplicate_bytes;
  const std::uint64_t all = measured.wire_bytes_sent;
  const std::uint64_t delivered = measured.stream_bytes_delivered;
  const std::uint64_t due = broadcast.packets_due(now);
  const std::uint64_t before = std::min(due, recorder.measured_packet());
  result.publisher_upload_x =
      share(measured.hosts[kPublisherHost].wire_bytes_sent, (due - before) * Broadcast::kPacketBytes);
  result.repaired_packets = measured.repaired_packets;
  result.duplicate_packets = measured.duplicate_packets;
  result.forged_packets = measured.forged_packets;
  result.parent_switches = measured.parent_switches;
  result.stream_bytes_delivered = delivered;
  if (delivered == 0) return;
  Overhead& overhead = result.overhead;
  overhead.total = share(all, delivered) - 1;
  overhead.headers = share(sent.headers, delivered);
  overhead.signatures = share(sent.signatures, delivered);
  // What comes twice was nearly always asked for in vain.
  overhead.parity = share(sent.parity, delivered);
  overhead.repairs = share(sent.repairs - std::min(sent.repairs, duplicates), delivered);
  overhead.duplicates = share(duplicates, delivered);
  overhead.control = share(sent.control + (all - std::min(all, sent.total())), delivered);
  overhead.rest = overhead.total - overhead.headers - overhead.signatures - overhead.parity - overhead.repairs -
                  overhead.duplicates - overhead.control;
}

}  // namespace spate::sim
