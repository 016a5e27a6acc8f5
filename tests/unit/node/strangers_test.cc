// A million datagrams from whoever is no peer: what a whole node answers, to whom, and how much.
#include <set>
#include <vector>

#include "libcore/crypto/hash.h"
#include "libcore/session/endpoint.h"
#include "libcore/session/handshake.h"
#include "tests/catch.h"
#include "tests/unit/swarm/node_host.h"

using namespace spate;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint32_t kSources = 65'536;
constexpr std::size_t kBytesMax = 1'500;
constexpr std::uint8_t kTypes = 8;  // four are in use

// An address that its owner does not send from, or does not exist; `net` is 172 or 203.
Address spoofed(std::uint8_t net, std::uint32_t i) {
  return Address::v4(net, 16, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i), 9'000);
}

// A node that publishes in public and in private, and so answers probes too; a viewer of it; and everybody else.
struct World {
  World() {
    private_config.key = stream::stream_keys(2);
    private_config.swarm_secret.fill(7);
    net.add(node);
    net.add(viewer);
    net.fate = [this](const Address& from, const Address& to, Bytes bytes) { return on_sent(from, to, bytes); };
    node.node.publish(publish_config(), net.now);
    node.node.publish(private_config, net.now);
    viewer.node.join(join_config({1}), net.now);
    REQUIRE(net.run_until_holds(seconds(10), [&] { return viewer.joined; }));
    Feed(node, 20'000).run(net, seconds(5));
    recording = false;
    make_initiations();
  }

  // Those that know whom they talk to, and nothing more: half are honest, the others garbage below a true mac1.
  void make_initiations() {
    const auto& self = node_keys_of(1);
    const session::Service services[] = {
        session::stream_service(stream_key().public_key),
        session::stream_service(private_config.key.public_key, private_config.swarm_secret), session::probe_service()};
    for (std::uint32_t i = 0; i < 300; ++i) {
      const session::Service& service = services[i % 3];
      const crypto::NodeKey& responder = i % 3 == 2 ? session::probe_node_key_pair().public_key : self.public_key;
      const auto caller = crypto::generate_node_key_pair(rng);
      const session::Initiation initiation(service, caller, responder, rng.u32(), rng);
      ByteVector bytes(initiation.datagram().begin(), initiation.datagram().end());
      if (i % 2 == 1) {
        bytes[60] ^= 1;
        put_mac1(bytes, service.mac1_key(responder));
      }
      initiations.push_back(bytes);
    }
  }
  static void put_mac1(ByteVector& bytes, const crypto::SymmetricKey& key) {
    const std::size_t at = bytes.size() - 2 * session::kMacBytes;
    const auto mac1 = crypto::blake2b<session::kMacBytes>({Bytes{bytes}.first(at)}, key);
    std::copy(mac1.begin(), mac1.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }

  bool on_sent(const Address& from, const Address& to, Bytes bytes) {
    const bool true_path = from == viewer.address || to == viewer.address;
    if (true_path && recording) recorded.emplace_back(bytes.begin(), bytes.end());
    if (true_path) {
      // Somebody on the path has the viewer's datagram arrive from elsewhere.
      if (recording || from != viewer.address || rng.below(4) != 0) return true;
      diverted.emplace_back(bytes.begin(), bytes.end());
      return false;
    }
    const std::uint32_t source = std::uint32_t{to.ip[14]} << 8 | to.ip[15];
    if (to != spoofed(172, source)) {
      to_strangers += bytes.size();
      return false;
    }
    out[source] += bytes.size();
    types_out.insert(bytes.empty() ? 0 : bytes[0]);
    if (out[source] > in[source]) ++excesses;
    return false;
  }

  // By who knows nothing: is to be answered with nothing.
  void from_stranger(const ByteVector& bytes) { node.handle_datagram({spoofed(203, next_source()), bytes}, net.now); }
  // By who knows something that opens the node's mouth, in the name of somebody else.
  void from_knower(const ByteVector& bytes) {
    const std::uint32_t source = next_source();
    in[source] += bytes.size();
    node.handle_datagram({spoofed(172, source), bytes}, net.now);
  }
  std::uint32_t next_source() { return static_cast<std::uint32_t>(rng.below(kSources)); }

  void send_random(std::uint64_t n) {
    ByteVector bytes(n % (kBytesMax + 1));
    rng.fill(bytes);
    const std::uint64_t type = n / (kBytesMax + 1) % (kTypes + 1);
    if (!bytes.empty() && type < kTypes) bytes[0] = static_cast<std::uint8_t>(type);
    from_stranger(bytes);
  }
  // What was recorded on the true path, to either side: as it was, cut, lengthened, or with a bit changed.
  void send_replay() {
    ByteVector bytes = recorded[rng.below(recorded.size())];
    const bool initiation = bytes[0] == session::kInitiationType;
    switch (rng.below(4)) {
      case 0:
        return initiation ? from_knower(bytes) : from_stranger(bytes);
      case 1:
        bytes.resize(rng.below(bytes.size()));
        break;
      case 2:
        bytes.resize(bytes.size() + 1 + rng.below(200));
        break;
      default:
        // mac2, which ends an initiation, is free.
        bytes[rng.below(bytes.size() - (initiation ? session::kMacBytes : 0))] ^=
            static_cast<std::uint8_t>(1 << rng.below(8));
    }
    from_stranger(bytes);
  }
  // A true mac1 below anything that is no initiation, by its type or by its length.
  void send_with_mac1(std::uint64_t n) {
    constexpr std::size_t kLeast = 2 * session::kMacBytes + 1;
    ByteVector bytes(kLeast + n % (kBytesMax + 1 - kLeast));
    rng.fill(bytes);
    bytes[0] = static_cast<std::uint8_t>(rng.below(kTypes));
    if (bytes.size() == session::kInitiationBytes && bytes[0] == session::kInitiationType) bytes[0] = 0;
    put_mac1(bytes, mac1_key);
    from_stranger(bytes);
  }
  void send(std::uint64_t n) {
    switch (n % 4) {
      case 0:
        return send_random(n / 4);
      case 1:
        return send_replay();
      case 2:
        return send_with_mac1(n / 4);
      default:
        return from_knower(initiations[rng.below(initiations.size())]);
    }
  }

  crypto::ChaChaRng rng{7};
  Net net;
  NodeHost node{1};
  NodeHost viewer{2};
  swarm::PublishConfig private_config = publish_config();
  const crypto::SymmetricKey mac1_key =
      session::stream_service(stream_key().public_key).mac1_key(node_keys_of(1).public_key);
  bool recording = true;
  std::vector<ByteVector> recorded;
  std::vector<ByteVector> diverted;
  std::vector<ByteVector> initiations;
  std::vector<std::uint64_t> in = std::vector<std::uint64_t>(kSources);
  std::vector<std::uint64_t> out = std::vector<std::uint64_t>(kSources);
  std::uint64_t excesses = 0;
  std::uint64_t to_strangers = 0;
  std::set<std::uint8_t> types_out;
};

}  // namespace

TEST_CASE("H3: of a million datagrams strangers get not one byte back, and nobody more than came in his name",
          "[node]") {
  World world;
  REQUIRE(world.recorded.size() > 100);
  constexpr std::uint64_t kCount = 1'000'000;
  constexpr std::uint64_t kPerStep = 100;
  std::size_t diverted = 0;
  for (std::uint64_t n = 0; n < kCount; ++n) {
    world.send(n);
    if (n % kPerStep != 0) continue;
    for (const ByteVector& bytes : std::exchange(world.diverted, {})) {
      world.from_knower(bytes);
      ++diverted;
    }
    world.net.run_for(milliseconds(1));
  }
  CHECK(diverted > 10);
  CHECK(world.to_strangers == 0);
  CHECK(world.excesses == 0);
  CHECK(world.types_out == std::set<std::uint8_t>{session::kResponseType, session::kCookieType, session::kDataType});
  CHECK(world.node.node.stats().sessions == 1);
  CHECK(world.node.node.stats().half_open <= session::Endpoint::kHalfOpenMax);
}
