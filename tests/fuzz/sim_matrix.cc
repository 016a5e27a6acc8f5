// Matrices of round trips: a table that is read is square, and each of its entries is in range.
#include "libcore/sim/matrix_delay.h"
#include "tests/fuzz/target.h"

using namespace spate;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = sim::parse_rtt_matrix(fuzz::as_text({data, size}));
  if (const auto* const error = std::get_if<sim::MatrixError>(&parsed)) {
    SPATE_CHECK(!error->what.empty());
    return 0;
  }
  const auto& table = std::get<sim::RttMatrix>(parsed);
  SPATE_CHECK(table.sites >= 2 && table.us.size() == std::size_t{table.sites} * table.sites);
  for (const std::uint32_t us : table.us) SPATE_CHECK(us <= sim::kMatrixEntryMaxMs * 1'000);
  return 0;
}
