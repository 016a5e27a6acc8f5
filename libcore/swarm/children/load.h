// Is there more to send than goes out? Admission is what controls congestion: if news wait too long, there are too many
// to send them to, and so many slots are allowed and no more. Room is tried again later, a slot at a time.
#pragma once

#include <cstdint>

#include "libcore/base/time.h"
#include "libcore/base/token_bucket.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/children/table.h"

namespace spate::swarm {

class Load {
 public:
  Load(const ChildTable& table, const StreamRate& rate, const TokenBucket& upload)
      : table_(table), rate_(rate), upload_(upload) {}

  // Ten times a second at most is it time to judge.
  bool due(Instant now) const;
  void judge(Instant now);
  // News have been waiting since it was last judged.
  bool late() const { return late_since_ != kNever; }
  // The slots that can be served, by experience.
  std::uint16_t bearable() const { return bearable_; }

 private:
  bool news_wait() const;

  const ChildTable& table_;
  const StreamRate& rate_;
  const TokenBucket& upload_;
  std::uint16_t bearable_ = UINT16_MAX;
  Instant judged_{};
  Instant late_since_ = kNever;
  Instant raised_{};
};

}  // namespace spate::swarm
