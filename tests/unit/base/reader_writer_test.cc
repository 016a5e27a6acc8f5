#include "libcore/base/reader.h"
#include "libcore/base/writer.h"

#include "tests/catch.h"

using namespace spate;

TEST_CASE("writer: big-endian fields, one behind the other") {
  ByteArray<32> room{};
  Writer out(room);
  const ByteArray<2> tail = {0xee, 0xff};
  out.u8(0x01).u16(0x0203).u32(0x04050607).u48(0x08090a0b0c0d).u64(0x1112131415161718).bytes(tail);
  CHECK(to_hex(out.written()) == "0102030405060708090a0b0c0d1112131415161718eeff");
  CHECK(out.size() == 23);
  CHECK(out.room() == 9);
}

TEST_CASE("writer: u48 keeps the low 48 bits, and skip leaves room to fill") {
  ByteArray<8> room{};
  Writer out(room);
  out.u48(0xaabbccddeeff0011);
  out.skip(2)[1] = 9;
  CHECK(to_hex(room) == "ccddeeff00110009");
}

TEST_CASE("reader: reads what the writer wrote") {
  ByteArray<23> room{};
  Writer(room).u8(1).u16(2).u32(3).u48(1'000'000'000'000).u64(UINT64_MAX).u16(7);
  Reader in(room);
  CHECK(in.u8() == 1);
  CHECK(in.u16() == 2);
  CHECK(in.u32() == 3);
  CHECK(in.u48() == 1'000'000'000'000);
  CHECK(in.u64() == UINT64_MAX);
  CHECK(in.remaining() == 2);
  CHECK_FALSE(in.ok_and_empty());
  CHECK(in.array<2>() == ByteArray<2>{0, 7});
  CHECK(in.ok_and_empty());
}

TEST_CASE("reader: the first short read fails it for good, and everything after is zero") {
  const ByteArray<5> bytes = {1, 2, 3, 4, 5};
  Reader in(bytes);
  CHECK(in.u16() == 0x0102);
  CHECK(in.u32() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.u8() == 0);
  CHECK(in.bytes(1).empty());
  CHECK(in.array<4>() == ByteArray<4>{});
  CHECK(in.rest().empty());
  CHECK_FALSE(in.ok_and_empty());
}

TEST_CASE("reader: rest takes what is left, which may be nothing") {
  const ByteArray<3> bytes = {1, 2, 3};
  Reader in(bytes);
  CHECK(in.u8() == 1);
  CHECK(in.rest().size() == 2);
  CHECK(in.rest().empty());
  CHECK(in.ok_and_empty());
  CHECK(in.bytes(0).empty());
  CHECK(in.ok());
}
