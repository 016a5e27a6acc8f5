#include "libcore/wire/tcp_frame.h"

#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using wire::TcpDeframer;

namespace {

using Datagrams = std::vector<std::vector<std::uint8_t>>;

std::vector<std::uint8_t> framed(const Datagrams& datagrams) {
  std::vector<std::uint8_t> bytes;
  for (const auto& d : datagrams) {
    const auto header = wire::tcp_frame_header(d.size());
    bytes.insert(bytes.end(), header.begin(), header.end());
    bytes.insert(bytes.end(), d.begin(), d.end());
  }
  return bytes;
}

void take(TcpDeframer& deframer, Bytes read, Datagrams& out) {
  deframer.put(read);
  std::vector<Bytes> taken;  // all of them are valid until the next read
  while (const auto datagram = deframer.next()) taken.push_back(*datagram);
  for (const Bytes datagram : taken) out.emplace_back(datagram.begin(), datagram.end());
}

}  // namespace

TEST_CASE("tcp frame: datagrams come out as they went in, wherever the reads cut", "[wire]") {
  crypto::ChaChaRng rng(1);
  Datagrams sent;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::size_t size = i == 7 ? wire::kTcpFrameDatagramBytesMax : 1 + rng.below(i % 3 == 0 ? 4 : 1'500);
    std::vector<std::uint8_t> datagram(size);
    for (auto& byte : datagram) byte = static_cast<std::uint8_t>(rng.u32());
    sent.push_back(datagram);
  }
  const std::vector<std::uint8_t> bytes = framed(sent);
  const std::size_t most = GENERATE(1u, 2u, 3u, 700u, 5'000u, 1u << 20);
  TcpDeframer deframer;
  Datagrams got;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t n = std::min<std::size_t>(1 + rng.below(most), bytes.size() - at);
    take(deframer, Bytes{bytes}.subspan(at, n), got);
    at += n;
  }
  CHECK(got == sent);
  CHECK_FALSE(deframer.broken());
}

TEST_CASE("tcp frame: a length that no datagram has breaks the connection, after what came before", "[wire]") {
  const std::size_t length = GENERATE(0u, 2'049u, 65'535u);
  const bool split = GENERATE(false, true);
  std::vector<std::uint8_t> bytes = framed({{1, 2, 3}});
  const auto header = wire::tcp_frame_header(length);
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), {0, 1, 9});
  TcpDeframer deframer;
  Datagrams got;
  take(deframer, Bytes{bytes}.first(split ? 6 : bytes.size()), got);
  if (split) take(deframer, Bytes{bytes}.subspan(6), got);
  CHECK(got == Datagrams{{1, 2, 3}});
  CHECK(deframer.broken());
  take(deframer, bytes, got);  // whatever comes
  CHECK(got.size() == 1);
}
