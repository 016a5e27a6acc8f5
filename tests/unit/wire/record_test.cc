#include "libcore/wire/record.h"

#include <array>
#include <functional>

#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::wire;
using tests::session_vector;
using tests::to_array;

namespace {

const crypto::Suite& suite() { return crypto::sodium_suite(); }
const Address kAddress = Address::v4(192, 0, 2, 1, 7'400);
constexpr std::uint32_t kMade = 1'700'000'123;

}  // namespace

TEST_CASE("record: it matches the independent implementation, and so does the node key that follows from it",
          "[wire]") {
  const auto field = [](const char* name) { return session_vector("peer_record", name); };
  const crypto::Identity self = suite().make_identity(to_array<32>(field("secret")));
  CHECK(self.key.bytes == to_array<32>(field("identity")));
  CHECK(self.node.public_key.bytes == to_array<32>(field("node")));
  CHECK(suite().node_key_of(self.key) == self.node.public_key);
  const auto port = field("port");
  const Address address{to_array<16>(field("ip")), Reader(port).u16()};
  const crypto::StreamKey stream{to_array<32>(field("stream"))};
  const auto made = field("made");
  const Record record = sign_record(address, Reader(made).u32(), stream, self, suite());
  ByteArray<kRecordBytes> bytes;
  Writer out(bytes);
  write_record(out, record);
  CHECK(bytes == to_array<kRecordBytes>(field("record")));
  const auto written = field("record");
  Reader in(written);
  CHECK(verify_record(parse_record(in), stream, suite()));
}

TEST_CASE("record: nobody changes its key, address, time or stream", "[wire]") {
  const crypto::Identity self = crypto::make_identity({1});
  const crypto::StreamKey stream = crypto::stream_key_pair({2}).public_key;
  const Record record = sign_record(kAddress, kMade, stream, self, suite());
  REQUIRE(verify_record(record, stream, suite()));
  CHECK_FALSE(verify_record(record, crypto::stream_key_pair({3}).public_key, suite()));
  const std::array<std::function<void(Record&)>, 5> changes{
      [](Record& r) { r.address.ip[15] ^= 1; }, [](Record& r) { r.address.port ^= 1; }, [](Record& r) { r.made += 1; },
      [](Record& r) { r.signature[40] ^= 1; }, [](Record& r) { r.key = crypto::make_identity({4}).key; }};
  for (const auto& change : changes) {
    Record changed = record;
    change(changed);
    CHECK_FALSE(verify_record(changed, stream, suite()));
  }
}

TEST_CASE("record: its time goes on from run to run", "[wire]") {
  CHECK(stream_seconds(1'700'000'000'000, 0) == 1'700'000'000);
  CHECK(stream_seconds(1'700'000'000'999, 123'000'999) == 1'700'000'123);
  CHECK(stream_seconds(1'700'000'123'001, 0) == 1'700'000'123);
  CHECK(stream_seconds((std::uint64_t{1} << 32) * 1'000, 5'000'000) == 5);
}

TEST_CASE("record: what is no point of the curve, or one of small order, is nobody's key", "[wire]") {
  CHECK_FALSE(suite().node_key_of({}));
  CHECK_FALSE(suite().node_key_of({{1}}));
  ByteArray<32> beyond;
  beyond.fill(0xff);
  CHECK_FALSE(suite().node_key_of({beyond}));
}
