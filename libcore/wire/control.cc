#include "libcore/wire/control.h"

#include "libcore/base/reader.h"

namespace spate::wire {
namespace {

constexpr std::uint8_t kReceiving = 1;
constexpr std::uint8_t kNoUpload = 2;
constexpr std::uint8_t kKnowsEnd = 1;
constexpr std::uint8_t kLists = 1;
constexpr std::uint8_t kHostsOnly = 2;

// Bodies, each as parse (false: malformed), size and write. Their order is that of the variant, and so of the types.

bool parse(Reader& in, Ping& m) {
  m.id = in.u32();
  m.padding = static_cast<std::uint16_t>(in.rest().size());
  return true;
}
std::size_t size(const Ping& m) { return 4u + m.padding; }
void write(Writer& out, const Ping& m) {
  out.u32(m.id);
  for (std::uint8_t& b : out.skip(m.padding)) b = 0;
}

bool parse(Reader& in, Pong& m) {
  m.id = in.u32();
  m.held_us = in.u32();
  if (const std::uint64_t media = in.u48(); media != 0) m.media_us = media - 1;
  m.padding = static_cast<std::uint16_t>(in.rest().size());
  return true;
}
std::size_t size(const Pong& m) { return 4u + 4u + 6u + m.padding; }
void write(Writer& out, const Pong& m) {
  out.u32(m.id).u32(m.held_us).u48(m.media_us ? *m.media_us + 1 : 0);
  for (std::uint8_t& b : out.skip(m.padding)) b = 0;
}

bool parse(Reader& in, Status& m) {
  const std::uint8_t role = in.u8();
  const std::uint8_t flags = in.u8();
  m.slots = in.u16();
  m.free_slots = in.u16();
  m.lag_us = in.u32();
  m.home = in.u64();
  const std::size_t stripes = in.u8();
  if (stripes > kStripesAllMax) return false;
  for (std::size_t i = 0; i < stripes; ++i) {
    const std::uint8_t lag = in.u8();
    m.stripes.push_back({lag, in.u8()});
  }
  const std::size_t n = in.u8();
  if (role > static_cast<std::uint8_t>(Role::kWatcher) || n > kRoutesMax) return false;
  m.role = static_cast<Role>(role);
  m.receiving = (flags & kReceiving) != 0;
  m.no_upload = (flags & kNoUpload) != 0;
  for (std::size_t i = 0; i < n; ++i) {
    Route& route = m.routes.emplace_back();
    route.stripes = in.u64();
    const std::size_t hops = in.u8();
    if (hops > kPathMax) return false;
    for (std::size_t hop = 0; hop < hops; ++hop) route.path.push_back(in.u32());
  }
  return true;
}
std::size_t size(const Status& m) {
  std::size_t bytes = 20 + 2 * m.stripes.size();
  for (const Route& route : m.routes) bytes += 9 + 4 * route.path.size();
  return bytes;
}
void write(Writer& out, const Status& m) {
  out.u8(static_cast<std::uint8_t>(m.role));
  out.u8(static_cast<std::uint8_t>((m.receiving ? kReceiving : 0) | (m.no_upload ? kNoUpload : 0)));
  out.u16(m.slots).u16(m.free_slots).u32(m.lag_us).u64(m.home);
  out.u8(static_cast<std::uint8_t>(m.stripes.size()));
  for (const StripeStatus& stripe : m.stripes) out.u8(stripe.lag).u8(stripe.place);
  out.u8(static_cast<std::uint8_t>(m.routes.size()));
  for (const Route& route : m.routes) {
    out.u64(route.stripes).u8(static_cast<std::uint8_t>(route.path.size()));
    for (const ShortId id : route.path) out.u32(id);
  }
}

bool parse(Reader& in, Inquiry& m) {
  m.wanted = in.u64();
  return true;
}
std::size_t size(const Inquiry&) { return 8; }
void write(Writer& out, const Inquiry& m) { out.u64(m.wanted); }

constexpr std::size_t kPeerBytes = kRecordBytes + 2 + 4 + 8 + 2;
PeerRecord parse_peer(Reader& in) {
  PeerRecord peer;
  peer.record = parse_record(in);
  peer.free_slots = in.u16();
  peer.lag_us = in.u32();
  peer.home = in.u64();
  peer.round_trip_ms = in.u16();
  return peer;
}
void write_peer(Writer& out, const PeerRecord& peer) {
  write_record(out, peer.record);
  out.u16(peer.free_slots).u32(peer.lag_us).u64(peer.home).u16(peer.round_trip_ms);
}

bool parse(Reader& in, Peers& m) {
  const std::size_t n = in.u8();
  if (n > kPeersMax) return false;
  for (std::size_t i = 0; i < n; ++i) m.peers.push_back(parse_peer(in));
  return true;
}
std::size_t size(const Peers& m) { return 1 + m.peers.size() * kPeerBytes; }
void write(Writer& out, const Peers& m) {
  out.u8(static_cast<std::uint8_t>(m.peers.size()));
  for (const PeerRecord& peer : m.peers) write_peer(out, peer);
}

bool parse(Reader& in, Subscribe& m) {
  m.id = in.u16();
  m.stripes = in.u64();
  m.first = in.u64();
  m.window_bytes = in.u32();
  const std::uint8_t flags = in.u8();
  m.lists = (flags & kLists) != 0;
  m.hosts_only = (flags & kHostsOnly) != 0;
  m.slots = in.u16();
  m.home = in.u64();
  return true;
}
std::size_t size(const Subscribe&) { return 33; }
void write(Writer& out, const Subscribe& m) {
  out.u16(m.id).u64(m.stripes).u64(m.first).u32(m.window_bytes);
  out.u8(static_cast<std::uint8_t>((m.lists ? kLists : 0) | (m.hosts_only ? kHostsOnly : 0)));
  out.u16(m.slots).u64(m.home);
}

bool parse(Reader& in, SubscribeReply& m) {
  m.id = in.u16();
  const std::uint8_t code = in.u8();
  m.stripes = in.u64();
  m.first = in.u64();
  if (code > static_cast<std::uint8_t>(SubscribeCode::kNoUpload)) return false;
  m.code = static_cast<SubscribeCode>(code);
  return true;
}
std::size_t size(const SubscribeReply&) { return 19; }
void write(Writer& out, const SubscribeReply& m) {
  out.u16(m.id).u8(static_cast<std::uint8_t>(m.code)).u64(m.stripes).u64(m.first);
}

bool parse(Reader&, Unsubscribe&) { return true; }
std::size_t size(const Unsubscribe&) { return 0; }
void write(Writer&, const Unsubscribe&) {}

bool parse(Reader& in, Report& m) {
  m.next = in.u64();
  m.seen = in.u64();
  m.received = in.u32();
  m.missed = in.u32();
  m.lag_us = in.u32();
  m.slots = in.u16();
  m.free_slots = in.u16();
  m.passes_on = in.u64();
  const std::uint8_t flags = in.u8();
  m.knows_end = (flags & kKnowsEnd) != 0;
  return m.next <= m.seen;
}
std::size_t size(const Report&) { return 41; }
void write(Writer& out, const Report& m) {
  out.u64(m.next).u64(m.seen).u32(m.received).u32(m.missed).u32(m.lag_us).u16(m.slots).u16(m.free_slots);
  out.u64(m.passes_on).u8(m.knows_end ? kKnowsEnd : 0);
}

bool parse(Reader& in, RepairRequest& m) {
  const std::uint8_t kind = in.u8();
  m.base = in.u64();
  const std::size_t n = in.u8();
  if (kind > static_cast<std::uint8_t>(RepairRequest::Kind::kShardsWithLists) || n > kRepairRangesMax) return false;
  if (m.base > UINT64_MAX - 0x20000) return false;  // base + offset + count must not wrap
  m.kind = static_cast<RepairRequest::Kind>(kind);
  for (std::size_t i = 0; i < n; ++i) {
    RepairRequest::Range range;
    range.offset = in.u16();
    range.count = in.u8();
    m.ranges.push_back(range);
  }
  return true;
}
std::size_t size(const RepairRequest& m) { return 10 + 3 * m.ranges.size(); }
void write(Writer& out, const RepairRequest& m) {
  out.u8(static_cast<std::uint8_t>(m.kind)).u64(m.base).u8(static_cast<std::uint8_t>(m.ranges.size()));
  for (const RepairRequest::Range& range : m.ranges) out.u16(range.offset).u8(range.count);
}

bool parse(Reader& in, Hole& m) {
  m.first = in.u64();
  m.count = in.u16();
  return m.first <= UINT64_MAX - 0x10000;
}
std::size_t size(const Hole&) { return 10; }
void write(Writer& out, const Hole& m) { out.u64(m.first).u16(m.count); }

bool parse(Reader& in, Bye& m) {
  const std::uint8_t reason = in.u8();
  if (reason > static_cast<std::uint8_t>(ByeReason::kDisplaced)) return false;
  m.reason = static_cast<ByeReason>(reason);
  return true;
}
std::size_t size(const Bye&) { return 1; }
void write(Writer& out, const Bye& m) { out.u8(static_cast<std::uint8_t>(m.reason)); }

bool parse(Reader& in, Head& m) {
  m.next = in.u64();
  return true;
}
std::size_t size(const Head&) { return 8; }
void write(Writer& out, const Head& m) { out.u64(m.next); }

bool parse(Reader& in, Rendezvous& m) {
  m.key.bytes = in.array<32>();
  return true;
}
std::size_t size(const Rendezvous&) { return 32; }
void write(Writer& out, const Rendezvous& m) { out.bytes(m.key.bytes); }

bool parse(Reader& in, Punch& m) {
  m.address.ip = in.array<16>();
  m.address.port = in.u16();
  return true;
}
std::size_t size(const Punch&) { return 18; }
void write(Writer& out, const Punch& m) { out.bytes(m.address.ip).u16(m.address.port); }

bool parse(Reader& in, Displaced& m) {
  m.stripes = in.u64();
  m.by = parse_peer(in);
  return true;
}
std::size_t size(const Displaced&) { return 8 + kPeerBytes; }
void write(Writer& out, const Displaced& m) {
  out.u64(m.stripes);
  write_peer(out, m.by);
}

bool parse(Reader& in, Seen& m) {
  m.address.ip = in.array<16>();
  m.address.port = in.u16();
  return true;
}
std::size_t size(const Seen&) { return 18; }
void write(Writer& out, const Seen& m) { out.bytes(m.address.ip).u16(m.address.port); }

bool parse(Reader& in, Record& m) {
  m = parse_record(in);
  return true;
}
std::size_t size(const Record&) { return kRecordBytes; }
void write(Writer& out, const Record& m) { write_record(out, m); }

template <std::size_t I = 0>
std::optional<Control> parse_body(std::size_t type_index, Bytes body, bool& malformed) {
  if constexpr (I == std::variant_size_v<Control>) {
    return std::nullopt;
  } else {
    if (I != type_index) return parse_body<I + 1>(type_index, body, malformed);
    Reader in(body);
    std::variant_alternative_t<I, Control> message;
    malformed = !parse(in, message) || !in.ok_and_empty();
    if (malformed) return std::nullopt;
    return message;
  }
}

}  // namespace

ShortId short_id(const crypto::NodeKey& key) { return Reader(key.bytes).u32(); }

std::optional<Control> ControlReader::next() {
  while (!malformed_ && !rest_.empty()) {
    Reader in(rest_);
    const std::uint8_t type = in.u8();
    const std::size_t length = in.u16();
    const Bytes body = in.bytes(length);
    malformed_ = !in.ok() || type < kControlTypeMin;
    if (malformed_) break;
    rest_ = in.rest();
    auto message = parse_body(static_cast<std::size_t>(type - kControlTypeMin), body, malformed_);
    if (message) return message;
  }
  return std::nullopt;
}

std::size_t control_bytes(const Control& message) {
  return kControlHeaderBytes + std::visit([](const auto& m) { return size(m); }, message);
}

void write_control(Writer& out, const Control& message) {
  out.u8(static_cast<std::uint8_t>(kControlTypeMin + message.index()));
  std::visit(
      [&](const auto& m) {
        out.u16(static_cast<std::uint16_t>(size(m)));
        write(out, m);
      },
      message);
}

}  // namespace spate::wire
