// Hosts for tests of the swarm layer: a swarm with its endpoint, and a peer that says what the test wants.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/session/endpoint.h"
#include "libcore/swarm/swarm.h"
#include "tests/catch.h"
#include "tests/unit/stream/material.h"
#include "tests/unit/swarm/net.h"

namespace spate::tests {

inline const crypto::StreamKeyPair& stream_key() {
  static const crypto::StreamKeyPair key = stream::stream_keys();
  return key;
}

inline swarm::PublishConfig publish_config(bool mpeg_ts = false) {
  swarm::PublishConfig config;
  config.key = stream_key();
  config.epoch = stream::kEpoch;
  config.mpeg_ts = mpeg_ts;
  return config;
}

inline constexpr swarm::Striping kStriping{swarm::PublishConfig{}.stripes, swarm::PublishConfig{}.parity};

using swarm::StripeMask;

inline Address address_of(std::uint8_t host) { return Address::v4(10, 0, 0, host, 7'400); }

// The same as long as the program runs.
inline const crypto::Identity& identity_of(std::uint8_t host) {
  static std::array<std::optional<crypto::Identity>, 256> identities;
  std::optional<crypto::Identity>& identity = identities[host];
  if (!identity) {
    ByteArray<32> secret;
    secret.fill(host);
    identity = crypto::make_identity(secret);
  }
  return *identity;
}
inline const crypto::NodeKeyPair& node_keys_of(std::uint8_t host) { return identity_of(host).node; }

// What that host says of where it is, so many seconds into the run.
inline wire::Record signed_record(std::uint8_t host, const Address& address, std::uint32_t seconds = 0) {
  return wire::sign_record(address, wire::stream_seconds(stream::kEpoch, std::uint64_t{seconds} * 1'000'000),
                           stream_key().public_key, identity_of(host), crypto::sodium_suite());
}
inline wire::Record signed_record(std::uint8_t host) { return signed_record(host, address_of(host)); }

inline swarm::Host host_of(std::uint8_t host) { return {address_of(host), node_keys_of(host).public_key}; }

inline swarm::JoinConfig join_config(std::initializer_list<std::uint8_t> hosts) {
  swarm::JoinConfig config;
  config.stream = stream_key().public_key;
  for (const std::uint8_t host : hosts) config.hosts.push_back(host_of(host));
  return config;
}

// The n-th host of the net: one swarm, and what it tells its owner.
class SwarmHost final : public NetHost {
 public:
  template <typename Config>
  SwarmHost(std::uint8_t host, const Config& config, std::uint64_t upload_bytes_per_second = 0)
      : NetHost(address_of(host)), rng(host), upload(upload_bytes_per_second, kUploadBurst) {
    const auto service = endpoint.add_service(session::stream_service(stream_key().public_key, config.swarm_secret),
                                              node_keys_of(host), true);
    swarm = std::make_unique<swarm::Swarm>(
        config,
        swarm::Swarm::Host{endpoint, service, identity_of(host), crypto::sodium_suite(), pool, upload, 160 * 1024, 0},
        kStart);
  }

  void handle_datagram(const Datagram& datagram, Instant now) override {
    auto received = endpoint.handle_datagram(datagram, now);
    while (const auto event = endpoint.next_event()) swarm->on_session(*event, now);
    if (received) swarm->handle_text(std::move(*received), now);
  }
  void handle_deadline(Instant now) override {
    ++deadlines;
    endpoint.handle_deadline(now);
    while (const auto event = endpoint.next_event()) swarm->on_session(*event, now);
    swarm->handle_deadline(now);
  }
  bool poll(DatagramBatch& out, Instant now) override {
    while (auto event = swarm->next_event(now)) {
      if (const auto* const played = std::get_if<swarm::Played>(&*event)) {
        output.insert(output.end(), played->bytes.begin(), played->bytes.end());
        discontinuities += played->discontinuity ? 1 : 0;
      } else if (const auto* const change = std::get_if<swarm::ParentChanged>(&*event)) {
        parents.push_back(change->parent);
        parent_since = now;
      } else if (const auto* const stop = std::get_if<swarm::Stopped>(&*event)) {
        stopped = stop->reason;
        stopped_at = now;
      } else if (const auto* const run = std::get_if<swarm::RunBegan>(&*event)) {
        epochs.push_back(run->epoch);
      } else if (std::holds_alternative<swarm::FellSilent>(*event)) {
        fell_silent.push_back(now);
      } else if (const auto* const resumed = std::get_if<swarm::Resumed>(&*event)) {
        silences.push_back(resumed->silence);
      } else if (std::holds_alternative<swarm::Starved>(*event)) {
        ++starved;
      } else if (const auto* const food = std::get_if<swarm::Fed>(&*event)) {
        fed.push_back(food->hunger);
      }
    }
    return endpoint.flush(out, now) && swarm->flush(out, now);
  }
  Instant next_deadline(Instant) override { return std::min(endpoint.next_deadline(), swarm->next_deadline()); }
  std::optional<Address> parent() const { return parents.empty() ? std::nullopt : std::optional(parents.back()); }

  static constexpr std::uint64_t kUploadBurst = 20'000;

  crypto::ChaChaRng rng;
  BufferPool pool;
  session::Endpoint endpoint{crypto::sodium_suite(), rng, pool};
  TokenBucket upload;
  std::unique_ptr<swarm::Swarm> swarm;
  std::size_t deadlines = 0;  // that passed
  ByteVector output;
  std::size_t discontinuities = 0;
  std::vector<Address> parents;
  Instant parent_since{};
  std::vector<std::uint64_t> epochs;
  std::vector<Instant> fell_silent;
  std::vector<Duration> silences;
  std::size_t starved = 0;
  std::vector<Duration> fed;
  std::optional<swarm::StopReason> stopped;
  Instant stopped_at{};
};

// A node that holds sessions and speaks the protocol, but does only what the test tells it to.
class ScriptedPeer final : public NetHost {
 public:
  explicit ScriptedPeer(std::uint8_t host)
      : NetHost(address_of(host)), record(signed_record(host)), rng(host), keys(node_keys_of(host)), outbox(pool) {
    service = endpoint.add_service(session::stream_service(stream_key().public_key), keys, true);
  }

  void handle_datagram(const Datagram& datagram, Instant now) override {
    auto received = endpoint.handle_datagram(datagram, now);
    take_events();
    if (!received || received->text.size() == 0) return;
    const Bytes text = received->text.bytes();
    if (text[0] < wire::kControlTypeMin) {
      frames.emplace_back(text.begin(), text.end());
      return;
    }
    wire::ControlReader reader(text);
    while (const auto message = reader.next()) {
      heard.push_back(*message);
      if (const auto* const ping = std::get_if<wire::Ping>(&*message); ping != nullptr && answers_pings)
        outbox.send(received->session, wire::Pong{ping->id, 0, media_us, 0});
      if (react) react(*message, now);
    }
  }
  void handle_deadline(Instant now) override {
    endpoint.handle_deadline(now);
    take_events();
  }
  bool poll(DatagramBatch& out, Instant now) override {
    return endpoint.flush(out, now) && outbox.flush(endpoint, out, now);
  }
  Instant next_deadline(Instant) override { return endpoint.next_deadline(); }

  void dial(std::uint8_t host, Instant now) {
    REQUIRE(endpoint.connect(service, address_of(host), node_keys_of(host).public_key, std::chrono::seconds(10), now));
  }
  bool connected() const { return session && endpoint.established(*session); }
  void say(const wire::Control& message) {
    if (session) outbox.send(*session, message);
  }
  void send_frame(Bytes frame) {
    if (session) outbox.send_frame(*session, frame);
  }
  template <typename T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const wire::Control& message : heard)
      if (const T* const m = std::get_if<T>(&message)) found.push_back(*m);
    return found;
  }
  template <typename T>
  std::optional<T> last() const {
    const auto found = all<T>();
    return found.empty() ? std::nullopt : std::optional<T>(found.back());
  }

  std::optional<wire::Record> record;  // that whoever it meets is handed
  crypto::ChaChaRng rng;
  BufferPool pool;
  crypto::NodeKeyPair keys;
  session::Endpoint endpoint{crypto::sodium_suite(), rng, pool};
  session::ServiceIndex service = 0;
  swarm::Outbox outbox;
  std::optional<session::SessionId> session;  // the newest
  std::vector<wire::Control> heard;
  std::vector<ByteVector> frames;
  std::function<void(const wire::Control&, Instant)> react;
  bool answers_pings = true;
  std::optional<std::uint64_t> media_us = 1;

 private:
  void take_events() {
    while (const auto event = endpoint.next_event()) {
      if (event->kind == session::SessionEvent::Kind::kEstablished) {
        session = event->session;
        if (record) say(*record);
      }
      if (event->kind != session::SessionEvent::Kind::kEstablished && session == event->session) session.reset();
    }
  }
};

// A text of any size in two parts, as no honest host cuts them.
inline bool seal_in_parts(session::Endpoint& from, session::SessionId session, Bytes text, DatagramBatch& out,
                          Instant now) {
  for (const bool second : {false, true}) {
    const Bytes bytes = second ? text.subspan(text.size() / 2) : text.first(text.size() / 2);
    ByteVector part(wire::kPartHeaderBytes + bytes.size());
    wire::write_part(part, {second, 0xfff0, bytes});
    if (!from.seal(session, part, out, now)) return false;
  }
  return true;
}

// What goes to that peer, over this session, has been shown to arrive in the largest datagrams.
inline void prove_path(Net& net, swarm::Outbox& from, session::SessionId session, ScriptedPeer& peer) {
  for (unsigned i = 0; i < session::PathSize::kWanted; ++i)
    from.send_frame(session, ByteVector(session::Endpoint::kTextBytesMax, 0));
  net.run_for(std::chrono::milliseconds(100));
  peer.frames.clear();
}

// A scripted peer that has the stream: answers inquiries and accepts children, without sending them anything.
class ScriptedParent {
 public:
  explicit ScriptedParent(std::uint8_t host) : peer(host) {
    status.receiving = true;
    status.role = wire::Role::kRelay;
    status.slots = status.free_slots = static_cast<std::uint16_t>(8 * kStriping.all());
    wire::Path path;
    path.push_back(wire::short_id(peer.keys.public_key));
    status.routes = {{kStriping.mask(), path}};
    offer(kStriping.mask());
    peer.react = [this](const wire::Control& message, Instant now) { answer(message, now); };
  }

  // Of every stripe; as precise as a status tells it.
  void set_lag(Duration lag) {
    status.lag_us = static_cast<std::uint32_t>(to_us(lag));
    for (wire::StripeStatus& stripe : status.stripes)
      stripe.lag = static_cast<std::uint8_t>(status.lag_us / wire::kLagUnitUs);
  }
  // It is at home in these, and has room.
  void offer(StripeMask stripes) {
    status.home = stripes;
    status.stripes.clear();
    for (unsigned s = 0; s < kStriping.all(); ++s)
      status.stripes.push_back({static_cast<std::uint8_t>(status.lag_us / wire::kLagUnitUs),
                                (stripes & swarm::bit(s)) != 0 ? std::uint8_t{0} : wire::kPlaceNone});
  }
  // And gives no others.
  void give(StripeMask stripes) {
    offer(stripes);
    grants = stripes;
  }
  // It has no room; with so many slots for a stripe, or none, one takes the place of another.
  void set_full(std::uint8_t place = wire::kPlaceNone) {
    status.free_slots = 0;
    for (wire::StripeStatus& stripe : status.stripes) stripe.place = place;
  }
  // Every stripe of its passes through that node, too.
  void come_by(const crypto::NodeKey& key) {
    for (wire::Route& route : status.routes) route.path.push_back(wire::short_id(key));
  }
  void tell_status() { peer.say(status); }
  // Once more, or differently than before, to what it was asked last.
  void reply(wire::SubscribeCode code, StripeMask stripes) {
    peer.say(wire::SubscribeReply{.id = question, .code = code, .stripes = stripes, .first = first});
  }

  void tell_info(std::uint64_t head, std::uint64_t media_us, std::uint64_t epoch = stream::kEpoch, bool ended = false) {
    wire::StreamInfo info;
    info.stripes = swarm::PublishConfig{}.stripes;
    info.parity = swarm::PublishConfig{}.parity;
    info.epoch = epoch;
    info.head = head;
    info.media_us = media_us;
    info.ended = ended;
    info_frame = wire::sign_stream_info(info, stream_key(), crypto::sodium_suite());
    peer.send_frame(info_frame);
  }

  ScriptedPeer peer;
  wire::Status status;
  wire::Peers introduces;
  wire::SubscribeCode refusal = wire::SubscribeCode::kFull;  // where not all is granted
  StripeMask grants = wire::kAllStripes;                     // of what it is asked for
  std::uint64_t first = 0;
  wire::StreamInfoFrame info_frame = [] {
    wire::StreamInfo info;
    info.stripes = swarm::PublishConfig{}.stripes;
    info.parity = swarm::PublishConfig{}.parity;
    info.epoch = stream::kEpoch;
    info.media_us = 1;
    return wire::sign_stream_info(info, stream_key(), crypto::sodium_suite());
  }();
  bool mute = false;
  std::size_t subscriptions = 0;
  std::uint16_t question = 1;  // the last subscription's
  StripeMask child = 0;        // what it gives to the one that it serves

 private:
  void answer(const wire::Control& message, Instant) {
    if (mute) return;
    if (std::holds_alternative<wire::Inquiry>(message)) {
      peer.say(status);
      if (!introduces.peers.empty()) peer.say(introduces);
      peer.send_frame(info_frame);
    } else if (std::holds_alternative<wire::Subscribe>(message)) {
      ++subscriptions;
      const wire::Subscribe& subscribe = std::get<wire::Subscribe>(message);
      question = subscribe.id;
      const StripeMask wanted = subscribe.stripes & kStriping.mask();
      child = wanted & grants;
      reply(child == wanted ? wire::SubscribeCode::kAccepted : refusal, child);
    } else if (std::holds_alternative<wire::Unsubscribe>(message)) {
      child = 0;
    }
  }
};

}  // namespace spate::tests
