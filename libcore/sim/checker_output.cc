#include "libcore/sim/checker_output.h"

#include <string>

namespace spate::sim {

std::optional<OutputChecker::Range> OutputChecker::wrong(Instant now, std::string what) {
  findings_.add(Rule::kSafety, now, host_, std::move(what));
  return std::nullopt;
}

std::optional<OutputChecker::Range> OutputChecker::on_output(Bytes bytes, bool discontinuity, Instant now) {
  constexpr std::size_t kPacketBytes = Broadcast::kPacketBytes;
  if (bytes.empty() || bytes.size() % kPacketBytes != 0)
    return wrong(now, "wrote " + std::to_string(bytes.size()) + " bytes: not whole packets");
  std::optional<Range> range;
  for (std::size_t at = 0; at < bytes.size(); at += kPacketBytes) {
    const std::optional<std::uint64_t> index = broadcast_.index_of(bytes.subspan(at, kPacketBytes));
    if (!index) return wrong(now, "wrote a packet that was never published");
    if (range && *index != range->end)
      return wrong(now, "wrote packet " + std::to_string(*index) + " where " + std::to_string(range->end) + " belongs");
    if (!range) range = Range{*index, *index};
    ++range->end;
  }
  if (range->end > broadcast_.packets_due(now))
    return wrong(now, "wrote packet " + std::to_string(range->end - 1) + " before it was published");
  if (next_ && range->first < *next_)
    return wrong(
        now, "wrote packet " + std::to_string(range->first) + " again or late, after " + std::to_string(*next_ - 1));
  if (next_ && range->first > *next_ && !discontinuity)
    return wrong(now, "passed over packets " + std::to_string(*next_) + " to " + std::to_string(range->first - 1) +
                          " in silence");
  next_ = range->end;
  return range;
}

}  // namespace spate::sim
