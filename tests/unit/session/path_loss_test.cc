#include "libcore/session/path_loss.h"

#include "tests/catch.h"

using namespace spate::session;

namespace {

// So many datagrams come, and before each n-th of them one is lost.
PathLoss after(unsigned datagrams, unsigned n) {
  PathLoss loss;
  for (unsigned i = 1; i <= datagrams; ++i) loss.on_received(i % n == 0 ? 1 : 0);
  return loss;
}

}  // namespace

TEST_CASE("path loss: nothing is lost until something is", "[session]") {
  CHECK(after(1'000, 2'000).permille() == 0);
  CHECK_FALSE(PathLoss().heavy());
}

TEST_CASE("path loss: the share of what is lost, to a tenth of it", "[session]") {
  CHECK(after(2'000, 4).permille() >= 180);  // one of five
  CHECK(after(2'000, 4).permille() <= 220);
  CHECK(after(2'000, 4).heavy());
  CHECK_FALSE(after(2'000, 49).heavy());  // one of fifty
}

TEST_CASE("path loss: what was only late is none", "[session]") {
  PathLoss loss;
  for (int i = 0; i < 2'000; ++i) {
    loss.on_received(1);
    loss.on_late();
  }
  CHECK_FALSE(loss.heavy());
}

TEST_CASE("path loss: one outage does not make a path heavy", "[session]") {
  PathLoss loss;
  loss.on_received(UINT64_MAX);
  CHECK(loss.permille() > 0);
  CHECK_FALSE(loss.heavy());
}

TEST_CASE("path loss: is forgotten", "[session]") {
  PathLoss loss = after(2'000, 4);
  REQUIRE(loss.heavy());
  for (std::uint32_t i = 0; i < 3 * PathLoss::kWindow; ++i) loss.on_received(0);
  CHECK_FALSE(loss.heavy());
}
