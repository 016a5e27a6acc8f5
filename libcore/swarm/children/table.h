// Who is served, and with what: the children, those with the most slots of their own (as they joined) first, and the
// stripes that are ours to pass on.
#pragma once

#include <utility>
#include <vector>

#include "libcore/swarm/children/child.h"
#include "libcore/swarm/stripes.h"

namespace spate::swarm {

class ChildTable {
 public:
  void set_striping(const Striping& striping) { striping_ = striping; }
  const Striping& striping() const { return striping_; }
  void set_home(StripeMask home) { home_ = home; }
  StripeMask home() const { return home_; }
  // At home in all of the stream (a publisher, a relay): what nobody has from here, everybody may lack.
  bool everywhere() const { return count(home_) >= striping_.data; }

  // Pointers and references are good until the next add() or remove().
  Child* find(session::SessionId session) { return const_cast<Child*>(std::as_const(*this).find(session)); }
  const Child* find(session::SessionId session) const;
  Child& add(Child child);
  void remove(session::SessionId session);
  void clear() {
    children_.clear();
    sessions_.clear();
  }

  std::size_t size() const { return children_.size(); }
  Child& operator[](std::size_t i) { return children_[i]; }
  auto begin() { return children_.begin(); }
  auto end() { return children_.end(); }
  auto begin() const { return children_.begin(); }
  auto end() const { return children_.end(); }

  // Does it have most of the stream from us?
  bool whole(const Child& child) const { return striping_.mostly(child.due()); }
  // Slots that children have.
  unsigned used() const;
  // Of these, those of children that have nobody but the link's hosts.
  unsigned used_by_hosts_only() const;
  // Children that have this stripe.
  unsigned served(unsigned stripe) const;
  // Those that one child has, or two, who are not left to the link's hosts and may pass it on.
  StripeMask had() const;
  StripeMask had_twice() const;
  // It is for us that somebody has it, and nobody does.
  bool nobody_has(unsigned stripe) const { return everywhere() && (had() & bit(stripe)) == 0; }

 private:
  Striping striping_;
  StripeMask home_ = 0;
  std::vector<Child> children_;
  std::vector<session::SessionId> sessions_;  // of them, in the same order: looking for one reads no more than this
};

}  // namespace spate::swarm
