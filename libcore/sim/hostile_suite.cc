#include "libcore/sim/hostile_suite.h"

#include <algorithm>
#include <array>

#include "libcore/base/datagram.h"
#include "libcore/wire/shard.h"

namespace spate::sim {

void HostileSuite::seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
                        std::uint64_t counter) const {
  if (kind_ == HostileSpec::Kind::kLiar || kind_ == HostileSpec::Kind::kMisnamer)
    return seal_lies(out, text, associated, key, counter);
  if (!wire::is_stream_data(text)) return suite_.seal(out, text, associated, key, counter);
  ++deeds_;
  std::array<std::uint8_t, DatagramBatch::kDatagramBytesMax> changed;
  const auto end = std::copy(text.begin(), text.end(), changed.begin());
  if (kind_ == HostileSpec::Kind::kPolluter) *(end - 1) ^= 1;
  suite_.seal(out, Bytes{changed}.first(text.size()), associated, key, counter);
  if (kind_ == HostileSpec::Kind::kOmitter) out.back() ^= 1;  // the tag
}

void HostileSuite::seal_lies(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
                             std::uint64_t counter) const {
  if (text.empty() || text[0] < wire::kControlTypeMin) {
    if (const auto shard = wire::parse_shard(text)) lies_.on_shard(shard->sequence_low);
    return suite_.seal(out, text, associated, key, counter);
  }
  std::array<std::uint8_t, DatagramBatch::kDatagramBytesMax> changed;
  std::copy(text.begin(), text.end(), changed.begin());
  ++deeds_;
  if (kind_ == HostileSpec::Kind::kLiar)
    lies_.falsify(MutableBytes{changed}.first(text.size()));
  else
    misnaming_.falsify(MutableBytes{changed}.first(text.size()));
  suite_.seal(out, Bytes{changed}.first(text.size()), associated, key, counter);
}

}  // namespace spate::sim
