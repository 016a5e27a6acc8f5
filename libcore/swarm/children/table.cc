#include "libcore/swarm/children/table.h"

#include <algorithm>

namespace spate::swarm {

const Child* ChildTable::find(session::SessionId session) const {
  const auto it = std::find(sessions_.begin(), sessions_.end(), session);
  return it == sessions_.end() ? nullptr : &children_[static_cast<std::size_t>(it - sessions_.begin())];
}

Child& ChildTable::add(Child child) {
  const auto place =
      std::find_if(children_.begin(), children_.end(), [&](const Child& c) { return c.slots < child.slots; });
  sessions_.insert(sessions_.begin() + (place - children_.begin()), child.session);
  return *children_.insert(place, std::move(child));
}

void ChildTable::remove(session::SessionId session) {
  const Child* const child = find(session);
  if (child == nullptr) return;
  const auto place = child - children_.data();
  children_.erase(children_.begin() + place);
  sessions_.erase(sessions_.begin() + place);
}

unsigned ChildTable::used() const {
  unsigned n = 0;
  for (const Child& child : children_) n += count(child.stripes);
  return n;
}

unsigned ChildTable::used_by_hosts_only() const {
  unsigned n = 0;
  for (const Child& child : children_) n += child.hosts_only ? count(child.stripes) : 0;
  return n;
}

unsigned ChildTable::served(unsigned stripe) const {
  return static_cast<unsigned>(std::count_if(children_.begin(), children_.end(),
                                             [&](const Child& c) { return (c.stripes & bit(stripe)) != 0; }));
}

StripeMask ChildTable::had() const {
  StripeMask once = 0;
  for (const Child& child : children_) once |= child.hosts_only ? 0 : child.stripes;
  return once;
}

StripeMask ChildTable::had_twice() const {
  StripeMask once = 0;
  StripeMask twice = 0;
  for (const Child& child : children_) {
    if (child.hosts_only) continue;
    twice |= once & child.stripes;
    once |= child.stripes;
  }
  return twice;
}

}  // namespace spate::swarm
