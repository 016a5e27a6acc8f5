// Names to addresses, within a time limit.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "libcore/base/address.h"
#include "libcore/base/time.h"

namespace spate::io {

struct NameToResolve {
  std::string host;  // a name, or a numeric address without brackets
  std::uint16_t port = 0;
};

struct ResolvedName {
  std::size_t index = 0;  // of the name
  Address address;
};

// At most this many addresses are taken of each name.
inline constexpr std::size_t kAddressesPerName = 4;

// What was found when all names were answered, `limit` had passed, or `interrupt_fd` (a Signals::fd(), or -1) became
// readable. In the order of the names. A name that stays unanswered or unknown is not there. Numeric addresses need no
// time.
std::vector<ResolvedName> resolve(std::span<const NameToResolve> names, Duration limit, int interrupt_fd);

}  // namespace spate::io
