#include "libcore/swarm/children/load.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kInterval = std::chrono::milliseconds(100);
constexpr Duration kLateMax = std::chrono::milliseconds(300);
constexpr Duration kRaise = std::chrono::seconds(5);
constexpr std::uint64_t kLateShards = 4;  // and a tenth of a second

}  // namespace

bool Load::due(Instant now) const { return now - judged_ >= kInterval; }

bool Load::news_wait() const {
  return !upload_.unlimited() && std::any_of(table_.begin(), table_.end(), [&](const Child& c) {
    return !table_.whole(c) && rate_.age(c.cursor) > kLateShards + rate_.shards_per_second() / 10;
  });
}

void Load::judge(Instant now) {
  judged_ = now;
  if (!news_wait()) {
    late_since_ = kNever;
    if (bearable_ != UINT16_MAX && now - raised_ >= kRaise) {
      raised_ = now;
      ++bearable_;
    }
  } else if (late_since_ == kNever) {
    late_since_ = now;
  } else if (now - late_since_ >= kLateMax) {
    late_since_ = now;
    raised_ = now;
    bearable_ = static_cast<std::uint16_t>(std::max(1u, table_.used() - std::max(1u, table_.used() / 16)));
  }
}

}  // namespace spate::swarm
