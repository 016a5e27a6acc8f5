// What somebody knows of sessions, in the order of their ids. Values stay where they are until they are erased.
//
// The ids lie side by side: looking for one reads no values, and there is no tree to walk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "libcore/session/endpoint.h"

namespace spate::session {

template <typename T>
class SessionMap {
  struct Entry {
    SessionId session;
    std::unique_ptr<T> value;
  };
  template <typename Value>
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = std::pair<const SessionId, Value&>;
    using reference = value_type;
    using pointer = void;

    explicit Iterator(const Entry* entry) : entry_(entry) {}
    value_type operator*() const { return {entry_->session, *entry_->value}; }
    Iterator& operator++() {
      ++entry_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(entry_++); }
    bool operator==(const Iterator&) const = default;

   private:
    const Entry* entry_;
  };

 public:
  using iterator = Iterator<T>;
  using const_iterator = Iterator<const T>;

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  iterator begin() { return iterator(entries_.data()); }
  iterator end() { return iterator(entries_.data() + entries_.size()); }
  const_iterator begin() const { return const_iterator(entries_.data()); }
  const_iterator end() const { return const_iterator(entries_.data() + entries_.size()); }
  // The first behind that session, whether or not it is there.
  iterator upper_bound(SessionId session) {
    const auto it = std::upper_bound(entries_.begin(), entries_.end(), session,
                                     [](SessionId id, const Entry& entry) { return id < entry.session; });
    return iterator(entries_.data() + (it - entries_.begin()));
  }

  // Null if there is none.
  T* find(SessionId session) {
    const std::size_t place = place_of(session);
    return holds(place, session) ? entries_[place].value.get() : nullptr;
  }
  const T* find(SessionId session) const { return const_cast<SessionMap*>(this)->find(session); }
  bool contains(SessionId session) const { return find(session) != nullptr; }
  // The one that is there, or a new one.
  T& operator[](SessionId session) {
    const std::size_t place = place_of(session);
    if (!holds(place, session))
      entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(place), Entry{session, std::make_unique<T>()});
    return *entries_[place].value;
  }
  void erase(SessionId session) {
    const std::size_t place = place_of(session);
    if (holds(place, session)) entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(place));
  }
  // Those for which unwanted(value) holds.
  template <typename Unwanted>
  void erase_if(Unwanted unwanted) {
    std::erase_if(entries_, [&](const Entry& entry) { return unwanted(std::as_const(*entry.value)); });
  }
  void clear() { entries_.clear(); }

 private:
  std::size_t place_of(SessionId session) const {
    const auto it = std::lower_bound(entries_.begin(), entries_.end(), session,
                                     [](const Entry& entry, SessionId id) { return entry.session < id; });
    return static_cast<std::size_t>(it - entries_.begin());
  }
  bool holds(std::size_t place, SessionId session) const {
    return place < entries_.size() && entries_[place].session == session;
  }

  std::vector<Entry> entries_;
};

}  // namespace spate::session
