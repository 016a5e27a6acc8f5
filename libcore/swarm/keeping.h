// Whose session does not give way to a newcomer when there are too many (session::Endpoint::keep): parents' and
// children's.
//
// Looked at as time passes, not when a peer speaks: who was of use and fell silent must not keep a place for ever. Who
// has just become a parent or child is protected a moment later; until then it is safe for having spoken.
#pragma once

#include <vector>

#include "libcore/session/endpoint.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/parents.h"

namespace spate::swarm {

class Keeping {
 public:
  // No parents: we are the publisher.
  Keeping(session::Endpoint& endpoint, const Children& children, const Parents* parents)
      : endpoint_(endpoint), children_(children), parents_(parents) {}

  // Has no deadline of its own: it comes along with the others, of which there is one a second at least.
  void handle_deadline(Instant now);

 private:
  session::Endpoint& endpoint_;
  const Children& children_;
  const Parents* const parents_;
  std::vector<session::SessionId> kept_;
  Instant again_{};
};

}  // namespace spate::swarm
