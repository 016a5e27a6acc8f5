#include "libcore/swarm/children/table.h"

#include <algorithm>
#include <utility>

namespace spate::swarm {
namespace {

template <typename Children>
auto* find_in(Children& children, session::SessionId session) {
  const auto it = std::find_if(children.begin(), children.end(), [&](const Child& c) { return c.session == session; });
  return it == children.end() ? nullptr : &*it;
}

}  // namespace

Child* ChildTable::find(session::SessionId session) { return find_in(children_, session); }
const Child* ChildTable::find(session::SessionId session) const { return find_in(children_, session); }

Child& ChildTable::add(Child child) {
  const auto place =
      std::find_if(children_.begin(), children_.end(), [&](const Child& c) { return c.slots < child.slots; });
  return *children_.insert(place, std::move(child));
}

void ChildTable::remove(session::SessionId session) {
  std::erase_if(children_, [&](const Child& c) { return c.session == session; });
}

unsigned ChildTable::used() const {
  unsigned n = 0;
  for (const Child& child : children_) n += count(child.stripes);
  return n;
}

unsigned ChildTable::served(unsigned stripe) const {
  return static_cast<unsigned>(std::count_if(children_.begin(), children_.end(),
                                             [&](const Child& c) { return (c.stripes & bit(stripe)) != 0; }));
}

StripeMask ChildTable::had_twice() const {
  StripeMask twice = 0;
  for_each_stripe(striping_.mask(), [&](unsigned stripe) {
    if (served(stripe) > 1) twice |= bit(stripe);
  });
  return twice;
}

}  // namespace spate::swarm
