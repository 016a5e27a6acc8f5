#include "libcore/node/node.h"

#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/node/prober.h"
#include "libcore/session/endpoint.h"
#include "libcore/session/service.h"
#include "libcore/swarm/swarm.h"

namespace spate::node {
namespace {

constexpr std::uint64_t kUploadBurstBytes = 64 * 1024;

// Of the upload limit, while strangers ask for more handshakes than can be served.
constexpr std::uint64_t kCookieShare = 4;

}  // namespace

struct Node::Impl {
  Impl(const NodeConfig& node_config, const crypto::Suite& injected_suite, std::unique_ptr<Rng> injected_rng,
       BufferPool* shared_pool)
      : config(node_config),
        suite(injected_suite),
        rng(std::move(injected_rng)),
        own_pool(shared_pool == nullptr ? std::make_unique<BufferPool>() : nullptr),
        pool(own_pool ? *own_pool : *shared_pool),
        endpoint(suite, *rng, pool),
        upload(config.upload_limit_bps / 8, kUploadBurstBytes) {
    endpoint.limit_cookies(config.upload_limit_bps / 8 / kCookieShare, Instant{});
  }

  // Anybody may measure the path to a host that serves a public stream. Who serves private ones only stays silent.
  void answer_probes() {
    if (!probe_service)
      probe_service = endpoint.add_service(session::probe_service(), session::probe_node_key_pair(), true);
  }
  // `hidden`: only those that we call, where we call them.
  session::ServiceIndex serve(const crypto::StreamKey& stream, const crypto::SymmetricKey& swarm_secret,
                              bool hidden = false) {
    SPATE_CHECK(swarms.size() < kStreamsMax);
    if (swarm_secret == crypto::SymmetricKey{} && !hidden) answer_probes();
    return endpoint.add_service(session::stream_service(stream, swarm_secret), config.identity.node, !hidden, hidden);
  }

  swarm::Swarm::Host host_for(session::ServiceIndex service) {
    return {endpoint,
            service,
            config.identity,
            suite,
            pool,
            upload,
            config.receive_window_bytes,
            static_cast<StreamIndex>(swarms.size())};
  }
  swarm::Swarm* swarm_of(session::ServiceIndex service) {
    for (const auto& swarm : swarms)
      if (swarm->service() == service) return swarm.get();
    return nullptr;
  }
  Prober& the_prober() { return prober ? *prober : prober.emplace(endpoint, pool); }
  bool probes(session::SessionId session) const { return prober && prober->uses(session); }
  void dispatch_session_events(Instant now) {
    while (const auto event = endpoint.next_event()) {
      if (probes(event->session) && event->kind == session::SessionEvent::Kind::kEstablished)
        prober->on_established(now);
      else if (swarm::Swarm* const swarm = swarm_of(event->service))
        swarm->on_session(*event, now);
    }
  }
  void handle_text(session::Endpoint::Received received, Instant now) {
    if (probes(received.session) || probe_service == received.service)
      the_prober().handle_text(received.session, received.text.bytes(), probe_service.has_value(), now);
    else if (swarm::Swarm* const swarm = swarm_of(received.service))
      swarm->handle_text(std::move(received), now);
  }
  bool flush(DatagramBatch& out, Instant now) {
    const std::uint64_t before = out.totals().wire_bytes;
    const bool flushed = endpoint.flush(out, now);
    upload.charge(out.totals().wire_bytes - before, now);  // handshakes are never held back, but count
    if (!flushed || (prober && !prober->flush(out, now))) return false;
    // Each in turn is the first, so that a scarce upload is shared.
    turn = swarms.empty() ? 0 : (turn + 1) % swarms.size();
    for (std::size_t i = 0; i < swarms.size(); ++i)
      if (!swarms[(turn + i) % swarms.size()]->flush(out, now)) return false;
    for (const auto& swarm : swarms)
      if (swarm->gone() && endpoint.serves(swarm->service())) endpoint.remove_service(swarm->service());
    return true;
  }

  const NodeConfig config;
  const crypto::Suite& suite;
  std::unique_ptr<Rng> rng;
  std::unique_ptr<BufferPool> own_pool;
  BufferPool& pool;  // outlives everything below that holds buffers
  session::Endpoint endpoint;
  TokenBucket upload;
  std::vector<std::unique_ptr<swarm::Swarm>> swarms;
  std::size_t turn = 0;
  std::optional<Prober> prober;                        // few hosts ever need one
  std::optional<session::ServiceIndex> probe_service;  // that we answer on
  std::optional<session::ServiceIndex> probing;        // that we ask on
  NodeStats stats;
};

Node::Node(const NodeConfig& config, const crypto::Suite& suite, std::unique_ptr<Rng> rng, BufferPool* pool)
    : impl_(std::make_unique<Impl>(config, suite, std::move(rng), pool)) {}

Node::~Node() = default;

void Node::handle_datagrams(std::span<const Datagram> batch, Instant now) {
  for (const Datagram& datagram : batch) {
    ++impl_->stats.datagrams_received;
    impl_->stats.wire_bytes_received += datagram.bytes.size() + header_bytes(datagram.from);
    auto received = impl_->endpoint.handle_datagram(datagram, now);
    impl_->dispatch_session_events(now);
    if (received) impl_->handle_text(std::move(*received), now);
  }
}

void Node::handle_deadline(Instant now) {
  impl_->endpoint.handle_deadline(now);
  impl_->dispatch_session_events(now);
  for (const auto& swarm : impl_->swarms) swarm->handle_deadline(now);
}

StreamIndex Node::publish(const PublishConfig& config, Instant now) {
  const auto service = impl_->serve(config.key.public_key, config.swarm_secret);
  impl_->swarms.push_back(std::make_unique<swarm::Swarm>(config, impl_->host_for(service), now));
  return static_cast<StreamIndex>(impl_->swarms.size() - 1);
}

StreamIndex Node::join(const JoinConfig& config, Instant now) {
  const auto service = impl_->serve(config.stream, config.swarm_secret, config.relay_only);
  impl_->swarms.push_back(std::make_unique<swarm::Swarm>(config, impl_->host_for(service), now));
  return static_cast<StreamIndex>(impl_->swarms.size() - 1);
}

std::size_t Node::input_room(StreamIndex stream) const { return impl_->swarms.at(stream)->input_room(); }

Instant Node::input_due(StreamIndex stream) const { return impl_->swarms.at(stream)->input_due(); }

void Node::input(StreamIndex stream, Bytes bytes, Instant now) { impl_->swarms.at(stream)->input(bytes, now); }

void Node::input_waited(StreamIndex stream, Duration waited) { impl_->swarms.at(stream)->input_waited(waited); }

void Node::end_input(StreamIndex stream, Instant now) { impl_->swarms.at(stream)->end_input(now); }

void Node::hold_output(bool hold) {
  for (const auto& swarm : impl_->swarms) swarm->hold_output(hold);
}

void Node::leave(Instant now) {
  for (const auto& swarm : impl_->swarms) swarm->leave(now);
}

void Node::probe(const Host& host, const std::optional<JoinConfig>& service_of, Instant now) {
  const session::Service service =
      service_of ? session::stream_service(service_of->stream, service_of->swarm_secret) : session::probe_service();
  if (impl_->probing) impl_->endpoint.remove_service(*impl_->probing);
  impl_->probing = impl_->endpoint.add_service(service, impl_->config.identity.node, false);
  impl_->the_prober().connect(*impl_->probing, host, now);
}

void Node::probe_ping(std::uint32_t id, std::size_t bytes, Instant now) { impl_->the_prober().ping(id, bytes, now); }

Poll Node::poll(Instant now, DatagramBatch& out) {
  Poll poll;
  for (const auto& swarm : impl_->swarms) {
    if (auto event = swarm->next_event(now)) {
      poll.kind = Poll::Kind::kEvent;
      std::visit([&](auto& e) { poll.event = std::move(e); }, *event);
      return poll;
    }
  }
  if (auto event = impl_->prober ? impl_->prober->next_event() : std::nullopt) {
    poll.kind = Poll::Kind::kEvent;
    poll.event = std::move(event);
    return poll;
  }
  const DatagramBatch::Totals before = out.totals();
  const bool flushed = impl_->flush(out, now);
  impl_->stats.datagrams_sent += out.totals().datagrams - before.datagrams;
  impl_->stats.wire_bytes_sent += out.totals().wire_bytes - before.wire_bytes;
  if (!flushed) {
    poll.kind = Poll::Kind::kSend;
    return poll;
  }
  poll.deadline = impl_->endpoint.next_deadline();
  for (const auto& swarm : impl_->swarms) poll.deadline = std::min(poll.deadline, swarm->next_deadline());
  return poll;
}

std::optional<Address> Node::next_hang_up() { return impl_->endpoint.next_hang_up(); }

StreamStats Node::stats(StreamIndex stream, Instant now) { return impl_->swarms.at(stream)->stats(now); }

Fills Node::fills(StreamIndex stream) const { return impl_->swarms.at(stream)->fills(); }

NodeStats Node::stats() const {
  NodeStats stats = impl_->stats;
  const session::EndpointStats endpoint = impl_->endpoint.stats();
  stats.datagrams_dropped = endpoint.dropped;
  stats.sessions = endpoint.sessions;
  stats.half_open = endpoint.half_open;
  stats.evicted = endpoint.evicted;
  return stats;
}

}  // namespace spate::node
