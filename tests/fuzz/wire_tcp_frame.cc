// What comes over a TCP connection, cut into reads as the input says. However it is cut the same datagrams come out,
// and framed again they are what was read.
#include <algorithm>
#include <vector>

#include "libcore/wire/tcp_frame.h"
#include "tests/fuzz/target.h"

using namespace spate;

namespace {

// What came out, framed again. Kept from run to run, for to allocate is most of what a run costs.
using Framed = std::vector<std::uint8_t>;

void take(wire::TcpDeframer& deframer, Bytes read, Framed& out) {
  static std::vector<Bytes> taken;  // all of them are valid until the next read
  taken.clear();
  deframer.put(read);
  while (const auto datagram = deframer.next()) taken.push_back(*datagram);
  for (const Bytes datagram : taken) {
    SPATE_CHECK(!datagram.empty() && datagram.size() <= wire::kTcpFrameDatagramBytesMax);
    const auto header = wire::tcp_frame_header(datagram.size());
    out.insert(out.end(), header.begin(), header.end());
    out.insert(out.end(), datagram.begin(), datagram.end());
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::vector<std::uint8_t> all;
  static Framed cut;
  static Framed whole;
  for (auto* bytes : {&all, &cut, &whole}) bytes->clear();

  wire::TcpDeframer deframer;
  fuzz::Input input(data, size);
  while (!input.empty()) {
    const Bytes read = input.bytes(input.u8() * std::size_t{6});
    all.insert(all.end(), read.begin(), read.end());
    take(deframer, read, cut);
  }
  wire::TcpDeframer at_once;
  take(at_once, all, whole);
  SPATE_CHECK(cut == whole && deframer.broken() == at_once.broken());
  SPATE_CHECK(whole.size() <= all.size() && std::equal(whole.begin(), whole.end(), all.begin()));
  return 0;
}
