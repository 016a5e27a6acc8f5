// What a misnamer says of others: its node's control messages, made untrue before they are sealed. Sizes stay as they
// are.
//
// Every second one names honest peers at addresses where nobody is. The others name those that were named first of all,
// as they were, for as long as they live themselves: most of them will have left. Both claim for these what makes one
// call them.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/bytes.h"
#include "libcore/sim/event_queue.h"
#include "libcore/wire/control.h"

namespace spate::sim {

class Misnaming {
 public:
  explicit Misnaming(HostId host) : elsewhere_(host % 2 == 0) {}

  // Of those set aside for documents, where nobody lives.
  static Address address(std::uint64_t n);
  static bool is_invented(const Address& address);

  // A datagram's control messages.
  void falsify(MutableBytes text);

 private:
  static constexpr std::size_t kRemembered = 64;

  void falsify_one(wire::PeerRecord& told);
  void remember(const wire::Record& record);

  const bool elsewhere_;
  std::vector<wire::Record> remembered_;  // the first of each node
  std::uint64_t named_ = 0;
};

}  // namespace spate::sim
