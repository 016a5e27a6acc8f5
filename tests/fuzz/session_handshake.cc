// The datagrams of a handshake, from any bytes and from honest ones that were changed on the way. What is taken is what
// was sent, but for the fields that mac1 alone protects: they may change when mac1 is made anew, as whoever knows the
// responder's key can do.
#include <algorithm>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/crypto/hash.h"
#include "libcore/session/handshake.h"
#include "libcore/session/key_set.h"
#include "libcore/sim/fast_suite.h"
#include "tests/fuzz/target.h"

using namespace spate;
using namespace spate::session;

namespace {

constexpr std::uint32_t kCallerIndex = 0x01020304;
constexpr std::uint32_t kCalledIndex = 0x05060708;
constexpr std::size_t kMacBytes = 16;

// What both sides hold, made once.
struct World {
  sim::FastSuite suite;
  Service service = stream_service(crypto::StreamKey{{1}}, {2});
  crypto::NodeKeyPair caller = suite.node_key_pair({3});
  crypto::NodeKeyPair called = suite.node_key_pair({4});
  crypto::SymmetricKey caller_mac1 = service.mac1_key(caller.public_key);
  crypto::SymmetricKey called_mac1 = service.mac1_key(called.public_key);
};

// Changes bytes as the input says, up to `changes_max` of them; 0 changes nothing.
void change(MutableBytes datagram, std::size_t changes_max, fuzz::Input& input) {
  for (std::size_t changes = input.below(changes_max + 1); changes > 0; --changes) {
    const std::size_t at = input.u16() % datagram.size();
    datagram[at] ^= input.u8();
  }
}
void make_mac1(MutableBytes datagram, const crypto::SymmetricKey& key) {
  const std::size_t covered = datagram.size() - 2 * kMacBytes;
  const auto mac1 = crypto::blake2b<kMacBytes>({datagram.first(covered)}, key);
  std::ranges::copy(mac1, datagram.begin() + static_cast<std::ptrdiff_t>(covered));
}
bool is_noise_same(Bytes a, Bytes b, std::size_t at, std::size_t bytes) {
  return std::ranges::equal(a.subspan(at, bytes), b.subspan(at, bytes));
}

// Data datagrams under the keys of a finished handshake: opened once, and only as they were sealed.
void exchange(const World& world, const TransportKeys& caller, const TransportKeys& called, fuzz::Input& input) {
  const Instant now{std::chrono::hours(1)};
  BufferPool pool;
  KeySet from(caller, kCallerIndex, kCalledIndex, true, now);
  KeySet to(called, kCalledIndex, kCallerIndex, false, now);
  while (!input.empty()) {
    const Bytes text = input.bytes(input.below(64));
    std::vector<std::uint8_t> sealed(text.size() + kDataOverhead);
    from.seal(sealed, text, world.suite);
    std::vector<std::uint8_t> changed = sealed;
    change(changed, 1, input);
    SPATE_CHECK(parse_data_receiver(sealed) == kCalledIndex);
    const auto opened = to.open(changed, world.suite, pool, now);
    SPATE_CHECK(opened.has_value() == (changed == sealed));
    if (opened) SPATE_CHECK(std::ranges::equal(opened->bytes(), text));
    SPATE_CHECK(!to.open(changed, world.suite, pool, now));  // a replay
  }
}

void check_parsers(Bytes datagram) {
  static const World world;
  if (const auto header = parse_initiation(datagram)) {
    SPATE_CHECK(datagram.size() == kInitiationBytes);
    SPATE_CHECK(std::ranges::equal(header->tag, datagram.subspan(8, header->tag.size())));
  }
  (void)initiation_mac1_valid(datagram, world.called_mac1);
  if (parse_response_receiver(datagram)) SPATE_CHECK(datagram.size() == kResponseBytes);
  if (parse_data_receiver(datagram)) SPATE_CHECK(datagram.size() >= kDataOverhead);
}

void check_handshake(fuzz::Input& input) {
  static const World world;
  crypto::ChaChaRng rng(1);
  Initiation initiation(world.service, world.caller, world.called.public_key, kCallerIndex, rng, world.suite);
  InitiationDatagram question = initiation.datagram();
  change(question, 2, input);
  make_mac1(question, world.called_mac1);
  SPATE_CHECK(initiation_mac1_valid(question, world.called_mac1));
  const auto accepted = accept_initiation(question, world.service, world.called, kCalledIndex, rng, world.suite);
  if (!accepted) {
    SPATE_CHECK(question != initiation.datagram());
    return;
  }
  SPATE_CHECK(is_noise_same(question, initiation.datagram(), 16, NoiseHandshake::kFirstOverhead));
  SPATE_CHECK(accepted->peer == world.caller.public_key);

  ResponseDatagram answer = accepted->response;
  change(answer, 2, input);
  make_mac1(answer, world.caller_mac1);
  const auto result = initiation.read_response(answer);
  if (!result) {
    SPATE_CHECK(answer != accepted->response || question != initiation.datagram());
    return;
  }
  SPATE_CHECK(is_noise_same(answer, accepted->response, 12, NoiseHandshake::kSecondOverhead));
  SPATE_CHECK(result->keys.send == accepted->keys.receive && result->keys.receive == accepted->keys.send);
  SPATE_CHECK(!initiation.read_response(answer));
  exchange(world, result->keys, accepted->keys, input);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if (input.u8() % 2 == 0)
    check_parsers(input.rest());
  else
    check_handshake(input);
  return 0;
}
