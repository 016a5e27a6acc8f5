#include "libcore/stream/ts_sync.h"

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;

namespace {

struct Result {
  ByteVector bytes;
  std::uint64_t skipped = 0;
  std::uint64_t losses = 0;
  bool operator==(const Result&) const = default;
};

// The rules of ts_sync.h over the whole input at once, written down as plainly as possible.
Result oracle(const ByteVector& input) {
  Result result;
  const auto syncs_from = [&](std::size_t at) {  // consecutive sync bytes, at most kSyncBytes
    std::size_t n = 0;
    while (n < TsSync::kSyncBytes && at < input.size() && input[at] == kTsSync) ++n, at += 188;
    return n;
  };
  std::size_t at = 0;
  bool synced = !input.empty() && input[0] == kTsSync;
  while (at < input.size()) {
    if (synced && input[at] == kTsSync) {
      if (at + 188 > input.size()) break;
      append(result.bytes, Bytes{input}.subspan(at, 188));
      at += 188;
    } else if (synced) {
      synced = false;
      ++result.losses;
    } else {
      const std::size_t positions = std::min(TsSync::kSyncBytes, (input.size() - at + 187) / 188);
      const bool all = syncs_from(at) == positions;
      const bool enough = positions == TsSync::kSyncBytes || positions >= 2 || (input.size() - at) % 188 == 0;
      if (all && enough) {
        synced = true;
      } else {
        ++at;
        ++result.skipped;
      }
    }
  }
  result.skipped += input.size() - at;
  return result;
}

void drain(TsSync& sync, ByteVector& out) {
  for (TsSync::Run run = sync.next(); !run.packets.empty(); run = sync.next()) append(out, run.packets);
}

// Pushes the input in pieces of 1 to `piece_max` bytes.
Result run_in_pieces(const ByteVector& input, std::size_t piece_max, Rng& rng) {
  TsSync sync;
  Result result;
  for (Bytes rest = input; !rest.empty();) {
    const std::size_t n = std::min(rest.size(), 1 + static_cast<std::size_t>(rng.below(piece_max)));
    sync.push(rest.first(n));
    drain(sync, result.bytes);
    rest = rest.subspan(n);
  }
  sync.end();
  drain(sync, result.bytes);
  result.skipped = sync.bytes_skipped();
  result.losses = sync.sync_losses();
  return result;
}

// Packets, garbage, cut packets and stray sync bytes in any order.
ByteVector damaged_stream(Rng& rng) {
  ByteVector bytes;
  const std::uint64_t parts = rng.below(12);
  for (std::uint64_t i = 0; i < parts; ++i) {
    switch (rng.below(4)) {
      case 0:
        append(bytes, ts_packets(rng, 1 + static_cast<std::size_t>(rng.below(12))));
        break;
      case 1:
        append(bytes, random_bytes(rng, static_cast<std::size_t>(rng.below(1000))));
        break;
      case 2:
        append(bytes, Bytes{ts_packets(rng, 1)}.first(static_cast<std::size_t>(rng.below(188))));
        break;
      default:
        bytes.insert(bytes.end(), static_cast<std::size_t>(rng.below(400)), kTsSync);
        break;
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("ts sync: an aligned stream passes byte-exact, each packet as soon as it is whole") {
  crypto::ChaChaRng rng(1);
  const ByteVector stream = ts_packets(rng, 20);
  TsSync sync;
  ByteVector out;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    sync.push(Bytes{stream}.subspan(i, 1));
    drain(sync, out);
    REQUIRE(out.size() == (i + 1) / 188 * 188);
  }
  CHECK(out == stream);
  CHECK(sync.bytes_skipped() == 0);
  CHECK(sync.sync_losses() == 0);
}

TEST_CASE("ts sync: whole aligned pushes are passed on where they lie") {
  crypto::ChaChaRng rng(1);
  const ByteVector stream = ts_packets(rng, 20);
  TsSync sync;
  sync.push(stream);
  const TsSync::Run run = sync.next();
  CHECK(run.packets.data() == stream.data());
  CHECK(run.packets.size() == stream.size());
  CHECK_FALSE(run.discontinuity);
  CHECK(sync.next().packets.empty());
}

TEST_CASE("ts sync: after garbage all whole packets come out, within five of them") {
  crypto::ChaChaRng rng(2);
  for (int round = 0; round < 100; ++round) {
    ByteVector garbage = random_bytes(rng, 1 + static_cast<std::size_t>(rng.below(700)));
    for (std::uint8_t& byte : garbage) byte = byte == kTsSync ? 0 : byte;
    const ByteVector before = ts_packets(rng, 3);
    const ByteVector after = ts_packets(rng, 30);
    TsSync sync;
    ByteVector out;
    sync.push(before);
    drain(sync, out);
    REQUIRE(out == before);
    out.clear();
    sync.push(garbage);
    drain(sync, out);
    REQUIRE(out.empty());
    std::size_t waited = 0;
    bool first = true;
    for (std::size_t i = 0; i < 30; ++i) {
      sync.push(Bytes{after}.subspan(i * 188, 188));
      for (TsSync::Run run = sync.next(); !run.packets.empty(); run = sync.next()) {
        REQUIRE(run.discontinuity == first);
        first = false;
        append(out, run.packets);
      }
      if (out.empty()) waited = i + 1;
    }
    REQUIRE(waited < TsSync::kSyncBytes);
    REQUIRE(out == after);
    REQUIRE(sync.bytes_skipped() == garbage.size());
    REQUIRE(sync.sync_losses() == 1);
  }
}

TEST_CASE("ts sync: garbage in front of the stream is no loss of sync") {
  crypto::ChaChaRng rng(3);
  const ByteVector stream = ts_packets(rng, 10);
  ByteVector input(77, 0);
  append(input, stream);
  const Result result = run_in_pieces(input, 50, rng);
  CHECK(result == Result{stream, 77, 0});
}

TEST_CASE("ts sync: at the end of input fewer packets will do, but no part of one comes out") {
  crypto::ChaChaRng rng(4);
  const ByteVector stream = ts_packets(rng, 3);
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    ByteVector input(10, 0);
    append(input, Bytes{stream}.first(stream.size() - cut));
    const std::size_t whole = stream.size() - cut >= 188 ? (stream.size() - cut) / 188 * 188 : 0;
    const Result result = run_in_pieces(input, 300, rng);
    REQUIRE(result.bytes.size() % 188 == 0);
    REQUIRE(result.bytes.size() + result.skipped == input.size());
    REQUIRE(result.bytes == ByteVector(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(whole)));
  }
}

TEST_CASE("ts sync: no input, and input without a packet, give nothing") {
  crypto::ChaChaRng rng(5);
  CHECK(run_in_pieces({}, 1, rng) == Result{});
  CHECK(run_in_pieces(ByteVector(100'000, 0), 5'000, rng) == Result{{}, 100'000, 0});
  CHECK(run_in_pieces(ByteVector(187, kTsSync), 1, rng) == Result{{}, 187, 0});
}

TEST_CASE("ts sync: what comes out is what the rules say, however the input was cut") {
  crypto::ChaChaRng rng(6);
  for (int round = 0; round < 500; ++round) {
    const ByteVector input = damaged_stream(rng);
    const Result expected = oracle(input);
    REQUIRE(expected.bytes.size() + expected.skipped == input.size());
    for (const std::size_t piece_max : {1u, 7u, 188u, 1000u, 100'000u})
      REQUIRE(run_in_pieces(input, piece_max, rng) == expected);
  }
}
