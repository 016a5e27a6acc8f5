#include "libcore/wire/stream_info.h"

#include "libcore/base/reader.h"
#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::wire;
using tests::stream_vector;
using tests::to_array;

namespace {

const crypto::Suite& suite() { return crypto::sodium_suite(); }

crypto::StreamKeyPair key_pair(std::uint8_t fill) {
  ByteArray<32> seed;
  seed.fill(fill);
  return crypto::stream_key_pair(seed);
}

StreamInfo sample() {
  StreamInfo info;
  info.epoch = 1'700'000'000'000;
  info.head = 123'456'789'012;
  info.media_us = 0xaabbccddeeff;
  info.mpeg_ts = true;
  info.stripes = 16;
  info.parity = 2;
  info.key_check = {1, 2, 3, 4, 5, 6, 7, 8};
  return info;
}

}  // namespace

TEST_CASE("stream info: a public run's matches the independent implementation") {
  const auto field = [](const char* name) { return stream_vector("public_run", name); };
  const crypto::StreamKeyPair key = crypto::stream_key_pair(to_array<32>(field("seed")));
  StreamInfo info;
  info.epoch = Reader(field("epoch")).u64();
  info.head = Reader(field("head")).u64();
  info.media_us = Reader(field("media_us")).u48();
  info.mpeg_ts = true;
  info.stripes = 16;
  info.parity = 1;
  CHECK(sign_stream_info(info, key, suite()) == to_array<kStreamInfoBytes>(field("info")));
  CHECK(verify_stream_info(field("info"), {to_array<32>(field("stream"))}, suite()));
}

TEST_CASE("stream info: what the publisher signed is what a viewer reads") {
  const crypto::StreamKeyPair key = key_pair(1);
  StreamInfo info = sample();
  info.mpeg_ts = GENERATE(false, true);
  info.is_private = GENERATE(false, true);
  info.ended = GENERATE(false, true);
  const auto read = verify_stream_info(sign_stream_info(info, key, suite()), key.public_key, suite());
  REQUIRE(read);
  CHECK(read->epoch == info.epoch);
  CHECK(read->head == info.head);
  CHECK(read->media_us == info.media_us);
  CHECK(read->mpeg_ts == info.mpeg_ts);
  CHECK(read->is_private == info.is_private);
  CHECK(read->ended == info.ended);
  CHECK(read->stripes == info.stripes);
  CHECK(read->parity == info.parity);
  CHECK(read->key_check == info.key_check);
}

TEST_CASE("stream info: no bit of it can be changed") {
  const crypto::StreamKeyPair key = key_pair(1);
  const StreamInfoFrame good = sign_stream_info(sample(), key, suite());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    StreamInfoFrame frame = good;
    frame[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    REQUIRE_FALSE(verify_stream_info(frame, key.public_key, suite()));
  }
}

TEST_CASE("stream info: of another stream, cut or lengthened, it is refused") {
  const crypto::StreamKeyPair key = key_pair(1);
  const StreamInfoFrame good = sign_stream_info(sample(), key, suite());
  CHECK_FALSE(verify_stream_info(good, key_pair(2).public_key, suite()));
  for (std::size_t n = 0; n < good.size(); ++n)
    REQUIRE_FALSE(verify_stream_info(Bytes{good}.first(n), key.public_key, suite()));
  std::vector<std::uint8_t> longer(good.begin(), good.end());
  longer.push_back(0);
  CHECK_FALSE(verify_stream_info(longer, key.public_key, suite()));
}

TEST_CASE("stream info: a stream has 1 to 32 stripes and 0 to 3 of parity, whatever its publisher signs") {
  const crypto::StreamKeyPair key = key_pair(1);
  const auto accepted = [&](int stripes, int parity) {
    StreamInfo info = sample();
    info.stripes = static_cast<std::uint8_t>(stripes);
    info.parity = static_cast<std::uint8_t>(parity);
    return verify_stream_info(sign_stream_info(info, key, suite()), key.public_key, suite()).has_value();
  };
  for (int stripes = 0; stripes < 256; ++stripes) CHECK(accepted(stripes, 1) == (stripes >= 1 && stripes <= 32));
  for (int parity = 0; parity < 256; ++parity) CHECK(accepted(16, parity) == (parity <= 3));
}
