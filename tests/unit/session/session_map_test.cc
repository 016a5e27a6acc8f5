#include "libcore/session/session_map.h"

#include <vector>

#include "tests/catch.h"

using namespace spate;
using namespace spate::session;

namespace {

std::vector<SessionId> ids(const SessionMap<int>& map) {
  std::vector<SessionId> result;
  for (const auto& [session, value] : map) result.push_back(session);
  return result;
}

}  // namespace

TEST_CASE("session map: in the order of ids, whenever they came") {
  SessionMap<int> map;
  map[{5, 0}] = 50;
  map[{1, 2}] = 12;
  map[{1, 1}] = 11;
  map[{9, 0}] = 90;
  CHECK(ids(map) == std::vector<SessionId>{{1, 1}, {1, 2}, {5, 0}, {9, 0}});
  CHECK(*map.find({1, 2}) == 12);
  CHECK(map.find({1, 3}) == nullptr);
  CHECK((*map.upper_bound({1, 2})).first == SessionId{5, 0});
  CHECK((*map.upper_bound({2, 0})).second == 50);
  CHECK(map.upper_bound({9, 0}) == map.end());
}

TEST_CASE("session map: a value stays where it is while others come and go") {
  SessionMap<int> map;
  int& value = map[{100, 0}];
  for (std::uint32_t slot = 0; slot < 1'000; ++slot) map[{slot, 0}] = 1;
  for (std::uint32_t slot = 0; slot < 1'000; ++slot)
    if (slot != 100) map.erase({slot, 0});
  CHECK(map.find({100, 0}) == &value);
  CHECK(map.size() == 1);
}

TEST_CASE("session map: erases what is asked for, and nothing else") {
  SessionMap<int> map;
  for (std::uint32_t slot = 0; slot < 6; ++slot) map[{slot, 0}] = static_cast<int>(slot);
  map.erase({3, 1});
  CHECK(map.size() == 6);
  map.erase({3, 0});
  CHECK_FALSE(map.contains({3, 0}));
  map.erase_if([](int value) { return value % 2 == 0; });
  CHECK(ids(map) == std::vector<SessionId>{{1, 0}, {5, 0}});
  map.clear();
  CHECK(map.empty());
}
