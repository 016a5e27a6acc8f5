#include "libcore/sim/matrix_delay.h"

#include <algorithm>
#include <array>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;

RttMatrix parsed(std::string_view text) {
  const auto result = parse_rtt_matrix(text);
  if (const auto* error = std::get_if<MatrixError>(&result)) FAIL(error->line << ": " << error->what);
  return std::get<RttMatrix>(result);
}

std::string refused(std::string_view text) {
  const auto result = parse_rtt_matrix(text);
  if (const auto* error = std::get_if<MatrixError>(&result)) return std::to_string(error->line) + ": " + error->what;
  return "accepted";
}

std::string row(std::size_t entries) {
  std::string text = "0";
  for (std::size_t i = 1; i < entries; ++i) text += " 1";
  return text + '\n';
}

}  // namespace

TEST_CASE("a matrix of round trips is read") {
  const RttMatrix plain = parsed("0 12.5 100\n12 0 0.25\n101.1239 9999.999 0\n");
  CHECK(plain.sites == 3);
  CHECK(plain.us == std::vector<std::uint32_t>{2'000, 12'500, 100'000, 12'000, 2'000, 250, 101'123, 9'999'999, 2'000});
  const RttMatrix commas = parsed("# three\r\n\n0,12.5 , 100\r\n12\t,-,.25 # a comment\n  101.1239,9999.9990,");
  CHECK(commas.us == plain.us);
  CHECK(parsed("x 10000\n10000. nan").us == std::vector<std::uint32_t>{2'000, 10'000'000, 10'000'000, 2'000});
  CHECK(parsed(row(2) + "5 0").sites == 2);
}

TEST_CASE("a matrix with something wrong is refused, with the line and what was expected") {
  CHECK(refused("") == "1: expected at least 2 rows of numbers, found none");
  CHECK(refused("# nothing\n\n") == "2: expected at least 2 rows of numbers, found none");
  CHECK(refused("\n0\n") == "2: expected at least 2 numbers");
  CHECK(refused(row(4'097)) == "1: expected at most 4096 numbers, found 4097");
  CHECK(refused("0 1 2\n1 0\n") == "2: expected 3 numbers, as in the first row, found 2");
  CHECK(refused("0 1\n1 0 2\n") == "2: expected 2 numbers, as in the first row, found 3");
  CHECK(refused("0 1 2\n1 0 2\n\n") == "3: expected 3 rows, as many as columns, found 2");
  CHECK(refused("0 1\n1 0\n# more\n1 0\n") == "4: expected 2 rows, as many as columns, found more");
  const std::string number = "expected a number of milliseconds from 0 to 10000 in column ";
  CHECK(refused("0 1\n-1 0\n") == "2: " + number + "1, found \"-1\"");
  CHECK(refused("0 1e3\n1 0\n") == "1: " + number + "2, found \"1e3\"");
  CHECK(refused("0 inf\n1 0\n") == "1: " + number + "2, found \"inf\"");
  CHECK(refused("0 1.2.3\n1 0\n") == "1: " + number + "2, found \"1.2.3\"");
  CHECK(refused("0 .\n1 0\n") == "1: " + number + "2, found \".\"");
  CHECK(refused("0,1,2\n1,0,2\n1,,0\n") == "3: " + number + "2, found nothing");
  CHECK(refused("0 10000.001\n1 0\n") == "1: " + number + "2, found \"10000.001\"");
  CHECK(refused("0 99999999999999999999999999.9\n1 0\n").starts_with("1: " + number));
}

TEST_CASE("hosts are spread evenly over the rows, and ways there and back may differ") {
  MatrixDelay delays(crypto::ChaChaRng(1), parsed("0 10 20\n30 0 40.001\n50 60 0"));
  constexpr HostId kHosts = 3'000;
  std::array<int, 3> at_row{};
  std::array<HostId, 3> host_at{};
  for (HostId host = 0; host < kHosts; ++host) {
    ++at_row[delays.site(host)];
    host_at[delays.site(host)] = host;
  }
  CHECK(*std::ranges::min_element(at_row) > 900);
  CHECK(delays.one_way(host_at[0], host_at[1]) == milliseconds(5));
  CHECK(delays.one_way(host_at[1], host_at[0]) == milliseconds(15));
  CHECK(delays.one_way(host_at[1], host_at[2]) == std::chrono::nanoseconds(20'000'500));
  CHECK(delays.one_way(host_at[2], host_at[2]) == milliseconds(1));
  CHECK(delays.least_between(2, 1) == milliseconds(30));
  CHECK(delays.sites() == 3);
}

}  // namespace spate::sim
