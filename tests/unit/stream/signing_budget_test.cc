#include "libcore/stream/signing_budget.h"

#include <vector>

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;

TEST_CASE("signing budget: after a rest a burst is afforded, then one an interval") {
  SigningBudget budget;
  for (int i = 0; i < SigningBudget::kBurst; ++i) {
    REQUIRE(budget.affords(kStart));
    budget.spend(kStart);
  }
  CHECK_FALSE(budget.affords(kStart));
  CHECK(budget.next() == kStart + SigningBudget::kInterval);
  CHECK(budget.affords(kStart + SigningBudget::kInterval));
}

TEST_CASE("signing budget: whoever asks stays within kBurst + t / kInterval in every interval t") {
  crypto::ChaChaRng rng(1);
  SigningBudget budget;
  std::vector<Instant> spent;
  Instant now = kStart;
  for (int i = 0; i < 20'000; ++i) {
    now += std::chrono::microseconds(rng.below(rng.below(50) == 0 ? 20'000 : 500));
    if (!budget.affords(now)) continue;
    budget.spend(now);
    spent.push_back(now);
  }
  for (std::size_t i = 0; i < spent.size(); i += 7)
    for (std::size_t j = i; j < std::min(spent.size(), i + 200); ++j)
      REQUIRE(static_cast<std::int64_t>(j - i + 1) <=
              SigningBudget::kBurst + (spent[j] - spent[i]) / SigningBudget::kInterval);
}

TEST_CASE("signing budget: overdrawing is not paid for later") {
  SigningBudget budget;
  for (int i = 0; i < 1000; ++i) budget.spend(kStart);
  CHECK(budget.next() == kStart + SigningBudget::kInterval);
}
