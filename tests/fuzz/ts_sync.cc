// The TS synchroniser: whatever the input and however it is cut, what comes out are the packets that the rules of
// ts_sync.h name, byte for byte, and all other bytes are counted as skipped.
//
// The input is a recipe, for streams are long and inputs should be short: how to cut, then parts.
#include <algorithm>
#include <vector>

#include "libcore/stream/ts_sync.h"
#include "tests/fuzz/target.h"

using namespace spate;
using stream::kTsPacketBytes;
using stream::kTsSync;
using stream::TsSync;

namespace {

using ByteVector = std::vector<std::uint8_t>;

// Enough to lose and to find sync, and twice what the synchroniser may carry.
constexpr std::size_t kShortBytes = 1'600;
constexpr std::size_t kLongBytes = 8'192;

void append_part(ByteVector& bytes, fuzz::Input& input) {
  const std::uint8_t part = input.u8();
  const std::size_t n = 1 + (part >> 2);  // to 64
  switch (part & 3) {
    case 0: {  // packets, the first bytes of each as they are given
      const std::uint8_t fill = input.u8();
      for (std::size_t i = 0; i < (n & 15); ++i) {
        bytes.push_back(kTsSync);
        bytes.insert(bytes.end(), kTsPacketBytes - 1, static_cast<std::uint8_t>(fill + i));
      }
      break;
    }
    case 1:  // junk
      bytes.insert(bytes.end(), n * 4, input.u8());
      break;
    case 2: {  // as it is
      const Bytes given = input.bytes(n);
      bytes.insert(bytes.end(), given.begin(), given.end());
      break;
    }
    default:  // the last bytes are lost
      bytes.resize(bytes.size() - std::min(bytes.size(), n * 4));
  }
}

struct Result {
  ByteVector& bytes;
  std::uint64_t skipped = 0;
  std::uint64_t losses = 0;
};

// The rules over the whole stream at once, written down as plainly as possible.
void expect(Bytes stream, Result& result) {
  const auto is_sync_from = [&](std::size_t at) {
    std::size_t agreeing = 0;
    for (; agreeing < TsSync::kSyncBytes && at < stream.size(); ++agreeing, at += kTsPacketBytes)
      if (stream[at] != kTsSync) return false;
    return agreeing >= 2 || at == stream.size();
  };
  std::size_t at = 0;
  bool synced = !stream.empty() && stream[0] == kTsSync;
  while (at < stream.size()) {
    if (synced && stream[at] == kTsSync) {
      if (at + kTsPacketBytes > stream.size()) break;
      result.bytes.insert(result.bytes.end(), stream.begin() + static_cast<std::ptrdiff_t>(at),
                          stream.begin() + static_cast<std::ptrdiff_t>(at + kTsPacketBytes));
      at += kTsPacketBytes;
    } else if (synced) {
      synced = false;
      ++result.losses;
    } else if (is_sync_from(at)) {
      synced = true;
    } else {
      ++at;
      ++result.skipped;
    }
  }
  result.skipped += stream.size() - at;
}

void drain(TsSync& sync, Result& result) {
  for (TsSync::Run run = sync.next(); !run.packets.empty(); run = sync.next()) {
    SPATE_CHECK(run.packets.size() % kTsPacketBytes == 0);
    result.bytes.insert(result.bytes.end(), run.packets.begin(), run.packets.end());
  }
}

// In pieces whose sizes go up and down between 1 and `piece_max`.
void run(Bytes stream, std::size_t piece_max, Result& result) {
  TsSync sync;
  for (std::size_t piece = 1; !stream.empty(); piece = piece * 7 % piece_max + 1) {
    const std::size_t n = std::min(stream.size(), piece);
    sync.push(stream.first(n));
    drain(sync, result);
    stream = stream.subspan(n);
  }
  sync.end();
  drain(sync, result);
  result.skipped = sync.bytes_skipped();
  result.losses = sync.sync_losses();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ByteVector stream;
  static ByteVector wanted_bytes;
  static ByteVector got_bytes;
  for (ByteVector* const bytes : {&stream, &wanted_bytes, &got_bytes}) bytes->clear();
  fuzz::Input input(data, size);
  const std::uint8_t cut = input.u8();
  const std::size_t piece_max = 1 + cut % 128 * 32u;
  const std::size_t stream_bytes_max = cut < 240 ? kShortBytes : kLongBytes;
  while (!input.empty() && stream.size() < stream_bytes_max) append_part(stream, input);

  Result wanted{wanted_bytes};
  Result got{got_bytes};
  expect(stream, wanted);
  run(stream, piece_max, got);
  SPATE_CHECK(got.bytes == wanted.bytes);
  SPATE_CHECK(got.skipped == wanted.skipped && got.losses == wanted.losses);
  SPATE_CHECK(got.bytes.size() + got.skipped == stream.size());
  return 0;
}
