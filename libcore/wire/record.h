// Where a node is, by its own word: its address, signed with its identity (README.md, "Peer records").
//
// Whoever passes it on can neither change it nor make it younger: it says when it was made, on the publisher's clock.
#pragma once

#include <cstdint>

#include "libcore/base/address.h"
#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/suite.h"

namespace spate::wire {

struct Record {
  crypto::IdentityKey key;  // the node key follows from it
  Address address;
  std::uint32_t made = 0;  // stream_seconds()
  crypto::Signature signature{};
  bool operator==(const Record&) const = default;
};

inline constexpr std::size_t kRecordBytes = 32 + 16 + 2 + 4 + 64;

// The publisher's clock in seconds since 1970, modulo 2^32: its run's epoch, and the media time. It goes on from run to
// run, and nobody else's wall clock is in it.
std::uint32_t stream_seconds(std::uint64_t epoch, std::uint64_t media_us);

Record sign_record(const Address& address, std::uint32_t made, const crypto::StreamKey& stream,
                   const crypto::Identity& self, const crypto::Suite& suite);
// The signature is its key's, for that stream.
[[nodiscard]] bool verify_record(const Record& record, const crypto::StreamKey& stream, const crypto::Suite& suite);

Record parse_record(Reader& in);
void write_record(Writer& out, const Record& record);

}  // namespace spate::wire
