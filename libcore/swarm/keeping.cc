#include "libcore/swarm/keeping.h"

namespace spate::swarm {
namespace {

constexpr Duration kInterval = std::chrono::milliseconds(100);

}  // namespace

void Keeping::handle_deadline(Instant now) {
  if (now < again_) return;
  again_ = now + kInterval;
  for (const session::SessionId id : kept_) endpoint_.keep(id, false);
  kept_.clear();
  children_.for_each([&](session::SessionId child) { kept_.push_back(child); });
  if (parents_ != nullptr) parents_->for_each([&](session::SessionId parent, StripeMask) { kept_.push_back(parent); });
  for (const session::SessionId id : kept_) endpoint_.keep(id, true);
}

}  // namespace spate::swarm
