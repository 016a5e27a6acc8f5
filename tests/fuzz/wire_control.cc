// Control messages: whatever is read can be written, in as many bytes as control_bytes() says, and is read again as the
// same message.
#include "libcore/wire/control.h"
#include "tests/fuzz/target.h"

using namespace spate;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ByteArray<wire::kControlHeaderBytes + UINT16_MAX> room;
  wire::ControlReader reader({data, size});
  while (const auto message = reader.next()) {
    const std::size_t bytes = wire::control_bytes(*message);
    SPATE_CHECK(bytes <= size);
    Writer out{MutableBytes(room).first(bytes)};
    wire::write_control(out, *message);
    SPATE_CHECK(out.room() == 0);

    wire::ControlReader again(out.written());
    SPATE_CHECK(again.next() == message);
    SPATE_CHECK(!again.next() && !again.malformed());
  }
  SPATE_CHECK(!reader.next());
  return 0;
}
