#include "libcore/sim/tally.h"

#include "libcore/sim/world.h"

namespace spate::sim {
namespace {

node::SentBytes difference(const node::SentBytes& now, const node::SentBytes& before) {
  node::SentBytes sent;
  sent.payload = now.payload - before.payload;
  sent.headers = now.headers - before.headers;
  sent.signatures = now.signatures - before.signatures;
  sent.parity = now.parity - before.parity;
  sent.repairs = now.repairs - before.repairs;
  sent.control = now.control - before.control;
  return sent;
}

}  // namespace

Tally& Tally::operator-=(const Tally& before) {
  for (std::size_t host = 0; host < before.hosts.size(); ++host) {
    hosts[host].wire_bytes_sent -= before.hosts[host].wire_bytes_sent;
    hosts[host].stayed -= before.hosts[host].stayed;
  }
  wire_bytes_sent -= before.wire_bytes_sent;
  sent = difference(sent, before.sent);
  duplicate_bytes -= before.duplicate_bytes;
  repaired_packets -= before.repaired_packets;
  duplicate_packets -= before.duplicate_packets;
  forged_packets -= before.forged_packets;
  parent_switches -= before.parent_switches;
  stream_bytes_delivered -= before.stream_bytes_delivered;
  return *this;
}

Tally tally(World& world) {
  Tally tally;
  for (HostId host = 0; host < world.hosts(); ++host)
    tally.hosts.push_back({world.network().stats(host).wire_bytes_sent, world.stayed(host)});
  tally.wire_bytes_sent = world.wire_bytes_sent();
  tally.sent += world.publisher().stream_stats().sent;
  for (const World::Life& life : world.lives()) {
    const node::StreamStats stats = life.viewer->stream_stats();
    tally.sent += stats.sent;
    tally.duplicate_bytes += stats.duplicate_bytes;
    if (!world.plays(life)) continue;
    tally.repaired_packets += stats.repaired_packets;
    tally.duplicate_packets += stats.duplicate_packets;
    tally.forged_packets += stats.forged_packets;
    tally.parent_switches += stats.parent_switches;
    tally.stream_bytes_delivered += life.viewer->record().bytes_written;
  }
  return tally;
}

}  // namespace spate::sim
