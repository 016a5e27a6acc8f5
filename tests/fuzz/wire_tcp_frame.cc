// What comes over a TCP connection, cut into reads as the input says. However it is cut the same datagrams come out,
// and framed again they are what was read.
#include <algorithm>
#include <vector>

#include "libcore/wire/tcp_frame.h"
#include "tests/fuzz/target.h"

using namespace spate;

namespace {

using Datagrams = std::vector<std::vector<std::uint8_t>>;

void take(wire::TcpDeframer& deframer, Bytes read, Datagrams& out) {
  deframer.put(read);
  std::vector<Bytes> taken;
  while (const auto datagram = deframer.next()) taken.push_back(*datagram);
  for (const Bytes datagram : taken) out.emplace_back(datagram.begin(), datagram.end());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> all;
  Datagrams cut;
  wire::TcpDeframer deframer;
  fuzz::Input input(data, size);
  while (!input.empty()) {
    const Bytes read = input.bytes(input.u8() * std::size_t{6});
    all.insert(all.end(), read.begin(), read.end());
    take(deframer, read, cut);
  }
  Datagrams whole;
  wire::TcpDeframer at_once;
  take(at_once, all, whole);
  SPATE_CHECK(cut == whole && deframer.broken() == at_once.broken());

  std::vector<std::uint8_t> again;
  for (const auto& datagram : whole) {
    SPATE_CHECK(!datagram.empty() && datagram.size() <= wire::kTcpFrameDatagramBytesMax);
    const auto header = wire::tcp_frame_header(datagram.size());
    again.insert(again.end(), header.begin(), header.end());
    again.insert(again.end(), datagram.begin(), datagram.end());
  }
  SPATE_CHECK(again.size() <= all.size() && std::equal(again.begin(), again.end(), all.begin()));
  return 0;
}
