#include "libcore/session/path_size.h"

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using std::chrono::milliseconds;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};

struct Fixture {
  void want(unsigned times = PathSize::kWanted) {
    for (unsigned i = 0; i < times; ++i) path.want(now);
  }
  // All probes that are due until then while much that is large is wanted.
  std::vector<PathSize::Probe> probes_until(Instant end) {
    std::vector<PathSize::Probe> all;
    for (; now < end; now += milliseconds(10)) {
      want();
      for (const auto& probe : path.due(rng, now)) all.push_back(probe);
    }
    return all;
  }

  crypto::ChaChaRng rng{1};
  PathSize path;
  Instant now = kStart;
};

}  // namespace

TEST_CASE("path size: nothing is probed until what is large is wanted often enough", "[session]") {
  Fixture f;
  CHECK(f.path.proven() == 1232);
  f.want(PathSize::kWanted - 1);
  CHECK(f.path.next_deadline() == kNever);
  CHECK(f.path.due(f.rng, kStart).empty());
  f.want(1);
  CHECK(f.path.next_deadline() == kStart);
}

TEST_CASE("path size: the largest is probed first and proven by its answer", "[session]") {
  Fixture f;
  const auto probes = f.probes_until(kStart + milliseconds(10));
  REQUIRE(probes.size() == 1);
  CHECK(probes[0].bytes == 1420);
  f.path.on_answer({9, 9, 9});
  f.path.on_answer({});
  CHECK(f.path.proven() == 1232);
  f.path.on_answer(probes[0].token);
  CHECK(f.path.proven() == 1420);
  CHECK(f.probes_until(kStart + PathSize::kRest * 3).empty());
}

TEST_CASE("path size: what is not answered is repeated with the next smaller, and again after a rest", "[session]") {
  Fixture f;
  const auto first = f.probes_until(kStart + PathSize::kRest);
  CHECK(first.size() == 1 + 2 * (PathSize::kTries - 1));
  f.path.on_answer(first.back().token);
  CHECK(first.back().bytes == 1372);
  CHECK(f.path.proven() == 1372);
  // What is larger is not given up for ever, what is smaller not asked again.
  const auto again = f.probes_until(kStart + 2 * PathSize::kRest);
  CHECK(again.size() == PathSize::kTries);
  for (const auto& probe : again) CHECK(probe.bytes == 1420);
}

TEST_CASE("path size: an answer to an earlier probe of the round counts, one of the round before does not",
          "[session]") {
  Fixture f;
  const auto first = f.probes_until(kStart + milliseconds(10));
  f.probes_until(kStart + PathSize::kRest / 2);
  SECTION("of this round") {
    f.path.on_answer(first[0].token);
    CHECK(f.path.proven() == 1420);
  }
  SECTION("of the round before") {
    f.probes_until(kStart + PathSize::kRest + std::chrono::seconds(5));
    f.path.on_answer(first[0].token);
    CHECK(f.path.proven() == 1232);
  }
}

TEST_CASE("path size: after a doubt only the least is proven, and what is wanted is probed after a rest", "[session]") {
  Fixture f;
  const auto token = f.probes_until(kStart + milliseconds(10))[0].token;
  f.path.on_answer(token);
  f.path.on_doubt();
  CHECK(f.path.proven() == 1232);
  CHECK(f.path.next_deadline() == kNever);
  f.path.on_answer(token);
  CHECK(f.path.proven() == 1232);
  CHECK(f.probes_until(kStart + PathSize::kDoubtRest).empty());
  const auto probes = f.probes_until(f.now + milliseconds(10));
  REQUIRE(probes.size() == 1);
  f.path.on_answer(probes[0].token);
  CHECK(f.path.proven() == 1420);
}
