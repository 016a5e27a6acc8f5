#include "libcore/wire/part.h"

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"

namespace spate::wire {

std::optional<Part> parse_part(Bytes text) {
  if (text.size() <= kPartHeaderBytes || text[0] != kPart || text[1] > 1) return std::nullopt;
  Reader reader(text.subspan(1));
  Part part;
  part.second = reader.u8() == 1;
  part.number = reader.u16();
  part.bytes = text.subspan(kPartHeaderBytes);
  return part;
}

void write_part(MutableBytes out, const Part& part) {
  Writer(out).u8(kPart).u8(part.second ? 1 : 0).u16(part.number).bytes(part.bytes);
}

}  // namespace spate::wire
