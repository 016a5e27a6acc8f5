// How much of what a peer sends is lost on its way here, by the counters of its datagrams, which tell that apart from
// what comes late or was never sent. A share that forgets with a time constant of kWindow datagrams.
#pragma once

#include <algorithm>
#include <cstdint>

namespace spate::session {

class PathLoss {
 public:
  static constexpr std::uint32_t kWindow = 128;
  static constexpr std::uint32_t kBurst = 4;
  static constexpr unsigned kHeavyPermille = 50;  // what homes and radio lose now and then is less

  // A datagram is here, and so many before it are not. Of what goes at a stroke kBurst count: one outage, or one burst
  // that a full queue dropped, says little of the path.
  void on_received(std::uint64_t skipped) {
    for (std::uint64_t n = std::min<std::uint64_t>(skipped, kBurst); n > 0; --n) share_ += (kAll - share_) / kWindow;
    share_ -= share_ / kWindow;
  }
  // One of those is here after all.
  void on_late() { share_ -= std::min(share_, kAll / kWindow); }

  // Of all that was sent of late, in thousandths.
  unsigned permille() const { return static_cast<unsigned>(std::uint64_t{share_} * 1'000 / kAll); }
  bool heavy() const { return permille() >= kHeavyPermille; }

 private:
  static constexpr std::uint32_t kAll = 1u << 24;

  std::uint32_t share_ = 0;
};

}  // namespace spate::session
