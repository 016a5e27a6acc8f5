// What the session itself reads of a peer's texts: path messages, and texts in two parts. What parses is written again
// byte for byte; what is joined is two parts of one number, one behind the other.
#include <algorithm>
#include <vector>

#include "libcore/session/parts.h"
#include "libcore/wire/path_message.h"
#include "tests/fuzz/target.h"

using namespace spate;

namespace {

void check_path_message(Bytes text) {
  const auto message = wire::parse_path_message(text);
  if (!message) return;
  SPATE_CHECK(!wire::parse_part(text));
  SPATE_CHECK(std::ranges::equal(wire::format_path_message(*message), text.first(wire::kPathMessageBytes)));
}

void check_part(Bytes text, session::Parts& parts, BufferPool& pool) {
  const auto part = wire::parse_part(text);
  if (!part) return;
  std::vector<std::uint8_t> again(wire::kPartHeaderBytes + part->bytes.size());
  wire::write_part(again, *part);
  SPATE_CHECK(std::ranges::equal(again, text));
  const auto whole = parts.join(*part, pool);
  if (!whole) return;
  SPATE_CHECK(whole->size() > part->bytes.size());
  const Bytes mine = part->second ? whole->bytes().last(part->bytes.size()) : whole->bytes().first(part->bytes.size());
  SPATE_CHECK(std::ranges::equal(mine, part->bytes));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static BufferPool pool;
  session::Parts parts;
  fuzz::Input input(data, size);
  while (!input.empty()) {
    const Bytes text = input.bytes(input.u8() * std::size_t{6});
    check_path_message(text);
    check_part(text, parts, pool);
  }
  return 0;
}
