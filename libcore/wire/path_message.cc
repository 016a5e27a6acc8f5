#include "libcore/wire/path_message.h"

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"

namespace spate::wire {

std::optional<PathMessage> parse_path_message(Bytes text) {
  if (text.size() < kPathMessageBytes || text[0] < kPathDoubt || text[0] > kPathResponse) return std::nullopt;
  if (text.size() != kPathMessageBytes && text[0] != kPathProbe) return std::nullopt;
  Reader reader(text);
  PathMessage message{reader.u8(), {}};
  message.token = reader.array<sizeof(PathToken)>();
  return message;
}

ByteArray<kPathMessageBytes> format_path_message(const PathMessage& message) {
  ByteArray<kPathMessageBytes> text;
  Writer(text).u8(message.type).bytes(message.token);
  return text;
}

}  // namespace spate::wire
