#include "libcore/wire/record.h"

#include <string>

namespace spate::wire {
namespace {

constexpr std::size_t kContextBytes = 14;

ByteArray<kContextBytes + 32 + 32 + 16 + 2 + 4> signed_message(const crypto::StreamKey& stream, const Record& record) {
  static const std::string kContext = "spate record 1";
  ByteArray<kContextBytes + 32 + 32 + 16 + 2 + 4> message;
  Writer out(message);
  out.bytes(as_bytes(kContext)).bytes(stream.bytes).bytes(record.key.bytes);
  out.bytes(record.address.ip).u16(record.address.port).u32(record.made);
  return message;
}

}  // namespace

std::uint32_t stream_seconds(std::uint64_t epoch, std::uint64_t media_us) {
  return static_cast<std::uint32_t>((epoch + media_us / 1'000) / 1'000 & UINT32_MAX);
}

Record sign_record(const Address& address, std::uint32_t made, const crypto::StreamKey& stream,
                   const crypto::Identity& self, const crypto::Suite& suite) {
  Record record{self.key, address, made, {}};
  record.signature = suite.sign(signed_message(stream, record), self.secret);
  return record;
}

bool verify_record(const Record& record, const crypto::StreamKey& stream, const crypto::Suite& suite) {
  return suite.verify(signed_message(stream, record), record.signature, record.key.bytes);
}

Record parse_record(Reader& in) {
  Record record;
  record.key.bytes = in.array<32>();
  record.address.ip = in.array<16>();
  record.address.port = in.u16();
  record.made = in.u32();
  record.signature = in.array<64>();
  return record;
}

void write_record(Writer& out, const Record& record) {
  out.bytes(record.key.bytes).bytes(record.address.ip).u16(record.address.port).u32(record.made);
  out.bytes(record.signature);
}

}  // namespace spate::wire
