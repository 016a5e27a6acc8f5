// The newest epochs of streams, kept from run to run. To a publisher it says what its next epoch must exceed; to a
// viewer, which run of a stream is an old one.
//
// Text: "spate-epochs-1", then for each stream a line of the first 16 hexadecimal digits of its key and the epoch in
// decimal. What was met last comes first; what is beyond 32 streams or 1 KB is forgotten. Nothing in it is secret.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcore/crypto/keys.h"
#include "libcore/io/failure.h"

namespace spate::io {

inline constexpr std::size_t kEpochFileStreams = 32;
inline constexpr std::size_t kEpochFileBytesMax = 1024;
inline constexpr std::chrono::milliseconds kLockPatience{50};
inline constexpr std::chrono::milliseconds kLockPatienceAtStart{2'000};

// The stream's; 0 if there is none, or no file.
Result<std::uint64_t> kept_epoch(const std::string& path, const crypto::StreamKey& stream);

// Keeps the epoch unless a greater one is. Other processes may do the same at the same time: whoever has locked the
// directory is waited for, but not for long (kLockPatience), as this is called where a stream must go on. A file that
// is not of this form is left alone.
std::optional<Failure> keep_epoch(const std::string& path, const crypto::StreamKey& stream, std::uint64_t epoch);

// A publisher's next: no less than `least`, greater than the one before, and kept by the time this returns. With a
// failure it is not kept, and greater only than what could be read. Waits for others that long; if they have not done
// by then, another publisher may be choosing the same one (`locked`), or somebody keeps us out: whoever can open the
// directory can lock it. Only one that others cannot read is safe from that.
struct NextEpoch {
  std::uint64_t epoch = 0;
  std::optional<Failure> failure;
  bool locked = false;
};
NextEpoch next_epoch(const std::string& path, const crypto::StreamKey& stream, std::uint64_t least,
                     std::chrono::milliseconds patience = kLockPatienceAtStart);

// The text of such a file. Of what does not fit the end is left out.
struct KeptEpoch {
  std::string name;  // 16 hexadecimal digits
  std::uint64_t epoch = 0;
  bool operator==(const KeptEpoch&) const = default;
};
using KeptEpochs = std::vector<KeptEpoch>;
std::string format_epochs(const KeptEpochs& epochs);
// Nothing if it is not exactly that; what is empty, as a crash may leave it, has none.
std::optional<KeptEpochs> parse_epochs(std::string_view text);

}  // namespace spate::io
