#include <array>
#include <optional>

#include "libcore/session/handshake.h"
#include "libcore/sim/mischief/mischief.h"

namespace spate::sim {
namespace {

constexpr std::uint32_t kAddresses = 65'000;
constexpr Duration kEvery = std::chrono::milliseconds(1);  // in bursts it would leave gaps for others
constexpr unsigned kEachTime = 5;
constexpr std::size_t kPrepared = 64;  // initiations; one is as new as any from an address that has not sent it

class Flooder final : public Mischief {
 public:
  Flooder(const House& house, std::unique_ptr<Rng> rng) : Mischief(house, kEvery), rng_(std::move(rng)) {}

 private:
  void act(Instant /*now*/) override {
    if (prepared_.empty()) prepare();
    for (unsigned i = 0; i < kEachTime; ++i, ++sent_)
      for (std::size_t target = 0; target < house_.link.size(); ++target)
        forge(house_.host, address(), host_with(house_.link[target].address),
              prepared_[target * kPrepared + sent_ % kPrepared]);
  }

  void prepare() {
    const session::Service service = session::stream_service(house_.stream);
    for (const node::Host& target : house_.link)
      for (std::size_t i = 0; i < kPrepared; ++i)
        prepared_.push_back(session::Initiation(service, crypto::generate_node_key_pair(*rng_), target.key,
                                                static_cast<std::uint32_t>(rng_->below(UINT32_MAX)), *rng_,
                                                house_.suite)
                                .datagram());
  }

  // Of those set aside for measuring, where nobody lives.
  Address address() const {
    const std::uint32_t n = sent_ % kAddresses;
    return Address::v4(198, 18, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n), 40'000);
  }

  const std::unique_ptr<Rng> rng_;
  std::vector<session::InitiationDatagram> prepared_;  // by target
  std::uint32_t sent_ = 0;                             // to each
};

}  // namespace

std::unique_ptr<Mischief> make_flooder(const Mischief::House& house, std::unique_ptr<Rng> rng) {
  return std::make_unique<Flooder>(house, std::move(rng));
}

}  // namespace spate::sim
