#include "libcore/session/cookie_budget.h"

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::session {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST_CASE("cookie budget: without a limit everybody gets one", "[session]") {
  CookieBudget budget;
  crypto::ChaChaRng rng(1);
  for (int i = 0; i < 10'000; ++i) CHECK(budget.take(100, rng, Instant{}));
}

TEST_CASE("cookie budget: within the limit everybody gets one", "[session]") {
  CookieBudget budget;
  budget.set_rate(100'000, Instant{});
  crypto::ChaChaRng rng(1);
  Instant now{};
  for (int i = 0; i < 4'000; ++i, now += microseconds(1'250)) CHECK(budget.take(100, rng, now));
}

TEST_CASE("cookie budget: in a flood who asks last gets as many as who asks first, and all keep to the limit",
          "[session]") {
  CookieBudget budget;
  budget.set_rate(100'000, Instant{});
  crypto::ChaChaRng rng(1);
  int first = 0;
  int last = 0;
  int all = 0;
  Instant now{};
  for (int i = 0; i < 10'000; ++i, now += milliseconds(1)) {  // 10 s of 10 a millisecond, ten times the limit
    for (int k = 0; k < 10; ++k) {
      const bool granted = budget.take(100, rng, now);
      all += granted;
      if (i < 2'000) continue;  // in the first second it is seen that there is a flood
      first += granted && k == 0;
      last += granted && k == 9;
    }
  }
  CHECK(all * 100 <= 10 * 100'000 + 8'192 + 100);
  CHECK(all * 100 >= 8 * 100'000);
  CHECK(last * 10 > first * 8);
}

}  // namespace spate::session
