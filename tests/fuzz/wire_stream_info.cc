// Stream information: what parses can be signed again, is then the stream's, and says the same.
#include <algorithm>

#include "libcore/sim/fast_suite.h"
#include "libcore/wire/stream_info.h"
#include "tests/fuzz/target.h"

using namespace spate;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sim::FastSuite suite;
  static const crypto::StreamKeyPair key = crypto::stream_key_pair({1});
  const Bytes frame(data, size);
  const auto info = wire::parse_stream_info(frame);
  SPATE_CHECK(info || !wire::verify_stream_info(frame, key.public_key, suite));
  if (!info) return 0;

  constexpr std::size_t kFlags = 24;
  const wire::StreamInfoFrame again = wire::sign_stream_info(*info, key, suite);
  SPATE_CHECK(again.size() == size);
  for (std::size_t i = 0; i < size - crypto::Signature{}.size(); ++i)
    SPATE_CHECK(again[i] == (i == kFlags ? frame[i] & 7 : frame[i]));  // flags of later versions are not told on
  SPATE_CHECK(wire::verify_stream_info(again, key.public_key, suite));
  SPATE_CHECK(!wire::verify_stream_info(again, {}, suite));
  return 0;
}
