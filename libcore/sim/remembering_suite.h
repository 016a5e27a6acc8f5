// Another suite, and a memory of what it has answered: that a signature over a message is right need be found out only
// once for all hosts of a process. The answers are the other suite's, at all times.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/sim/forwarding_suite.h"

namespace spate::sim {

class RememberingSuite final : public ForwardingSuite {
 public:
  explicit RememberingSuite(const crypto::Suite& suite) : ForwardingSuite(suite), remembered_(kEntries) {}

  bool verify(Bytes message, const crypto::Signature& signature, const crypto::StreamKey& key) const override;

 private:
  static constexpr std::size_t kEntries = 1u << 14;
  // Message, signature and key by two hashes of 64 bits; zeros: nothing yet.
  struct Entry {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    bool right = false;
  };

  mutable std::vector<Entry> remembered_;  // by the first hash; the newest stays
};

}  // namespace spate::sim
