// A vector of at most N elements, stored in place: for the short lists inside messages.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "libcore/base/check.h"

namespace spate {

template <typename T, std::size_t N>
class InlineVector {
 public:
  InlineVector() = default;
  InlineVector(std::initializer_list<T> items) {
    for (const T& item : items) push_back(item);
  }

  static constexpr std::size_t capacity() { return N; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == N; }
  // REQUIRES !full().
  void push_back(const T& item) {
    SPATE_CHECK(!full());
    items_[size_++] = item;
  }
  void clear() { size_ = 0; }

  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  T* begin() { return items_.data(); }
  T* end() { return items_.data() + size_; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }
  bool contains(const T& item) const { return std::find(begin(), end(), item) != end(); }

  bool operator==(const InlineVector& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

 private:
  std::array<T, N> items_{};
  std::size_t size_ = 0;
};

}  // namespace spate
