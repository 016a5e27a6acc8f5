#include "libcore/base/inline_vector.h"

#include <vector>

#include "tests/catch.h"

using namespace spate;

TEST_CASE("inline vector: holds what was pushed, in order, up to its capacity", "[base]") {
  InlineVector<int, 4> v;
  CHECK(v.empty());
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(v.full());
    v.push_back(i * 10);
  }
  CHECK(v.full());
  CHECK(v.size() == v.capacity());
  CHECK(std::vector<int>(v.begin(), v.end()) == std::vector<int>{0, 10, 20, 30});
  v[2] = 7;
  CHECK(v.contains(7));
  CHECK_FALSE(v.contains(20));
  v.clear();
  CHECK(v.empty());
  CHECK(v.begin() == v.end());
}

TEST_CASE("inline vector: equality is of the elements in use", "[base]") {
  InlineVector<int, 4> a{1, 2, 3};
  a.clear();
  a.push_back(1);
  const InlineVector<int, 4> b{1};
  CHECK(a == b);
  CHECK_FALSE(a == InlineVector<int, 4>{1, 2});
  CHECK_FALSE(a == InlineVector<int, 4>{2});
  CHECK_FALSE(a.contains(2));  // left behind by clear()
}
