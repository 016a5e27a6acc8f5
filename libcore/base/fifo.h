// A queue in one piece of memory: first in, first out. None is taken before the first item, and what was taken is kept,
// so the steady state allocates nothing; but of more than kKeptBytes nothing is kept when the last item leaves. Its
// owner bounds it.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "libcore/base/check.h"

namespace spate {

template <typename T>
class Fifo {
 public:
  static constexpr std::size_t kKeptBytes = 4'096;

  bool empty() const { return taken_ == items_.size(); }
  std::size_t size() const { return items_.size() - taken_; }
  void push_back(T item) { items_.push_back(std::move(item)); }
  // REQUIRES !empty().
  T& front() {
    SPATE_CHECK(!empty());
    return items_[taken_];
  }
  const T& front() const {
    SPATE_CHECK(!empty());
    return items_[taken_];
  }
  // The i-th from the front. REQUIRES i < size().
  T& operator[](std::size_t i) {
    SPATE_CHECK(i < size());
    return items_[taken_ + i];
  }
  // REQUIRES !empty().
  T pop_front() {
    T item = std::move(front());
    ++taken_;
    // The room of what was taken is used again when it is half of all: each item is moved once at the most for another.
    if (2 * taken_ >= items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(taken_));
      taken_ = 0;
      if (items_.empty() && capacity_bytes() > kKeptBytes) std::vector<T>().swap(items_);
    }
    return item;
  }
  void clear() {
    items_.clear();
    taken_ = 0;
  }
  // From the front on.
  const T* begin() const { return items_.data() + taken_; }
  const T* end() const { return items_.data() + items_.size(); }
  std::size_t capacity_bytes() const { return items_.capacity() * sizeof(T); }

 private:
  std::vector<T> items_;
  std::size_t taken_ = 0;
};

}  // namespace spate
