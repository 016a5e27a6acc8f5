// Texts that come in two parts, put together again (wire/part.h). The parts of a text are sent one behind the other, so
// few texts are waited for at a time, and of more the oldest is dropped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libcore/base/buffer.h"
#include "libcore/wire/part.h"

namespace spate::session {

class Parts {
 public:
  static constexpr std::size_t kWaitingMax = 8;  // of a block of the pool each

  // The whole text, if this part completes one. The same part twice changes nothing.
  std::optional<Buffer> join(const wire::Part& part, BufferPool& pool);

 private:
  struct Waiting {
    std::uint16_t number = 0;
    bool second = false;
    Buffer bytes;  // empty: completed
  };

  std::array<Waiting, kWaitingMax> waiting_;
  std::size_t next_ = 0;  // to be replaced
};

}  // namespace spate::session
