#include "libcore/stream/ts_sync.h"

#include <algorithm>
#include <utility>

#include "libcore/base/check.h"

namespace spate::stream {
namespace {

constexpr std::size_t kCarryBytes = 4096;

// The leading packets of `bytes` that are whole and begin with a sync byte.
Bytes leading_packets(Bytes bytes) {
  std::size_t n = 0;
  while (n + kTsPacketBytes <= bytes.size() && bytes[n] == kTsSync) n += kTsPacketBytes;
  return bytes.first(n);
}

}  // namespace

TsSync::TsSync() { carry_.reserve(kCarryBytes); }

void TsSync::push(Bytes input) {
  SPATE_CHECK(input_.empty() && !ended_);
  input_ = input;
}

void TsSync::end() {
  SPATE_CHECK(input_.empty());
  ended_ = true;
}

TsSync::Run TsSync::next() {
  if (state_ == State::kStart) {
    if (input_.empty()) return {};
    state_ = input_[0] == kTsSync ? State::kSynced : State::kSearching;
  }
  for (;;) {
    if (state_ == State::kSearching) search();
    if (state_ == State::kSearching) break;
    const Bytes packets = next_synced();
    if (!packets.empty()) return {packets, std::exchange(skipped_since_run_, false)};
    if (state_ == State::kSynced) break;
  }
  if (ended_) skip_carried(carried().size());
  return {};
}

// Packets, or nothing when the next one is not whole yet or sync is lost.
Bytes TsSync::next_synced() {
  if (!carried().empty()) {
    if (carried()[0] != kTsSync) {
      lose_sync();
      return {};
    }
    if (carried().size() < kTsPacketBytes) carry_input(kTsPacketBytes - carried().size());
    const Bytes packets = leading_packets(carried());
    carry_begin_ += packets.size();
    return packets;
  }
  if (input_.empty()) return {};
  if (input_[0] != kTsSync) {
    lose_sync();
    return {};
  }
  const Bytes packets = leading_packets(input_);
  input_ = input_.subspan(packets.size());
  if (packets.empty()) carry_input(input_.size());
  return packets;
}

void TsSync::lose_sync() {
  state_ = State::kSearching;
  ++sync_losses_;
}

// Skips to where sync is found, or to where it may yet be.
void TsSync::search() {
  for (;;) {
    const Bytes window = carried();
    std::size_t offset = 0;
    Match match = Match::kNeedsMore;
    for (; offset < window.size(); ++offset) {
      offset = static_cast<std::size_t>(
          std::find(window.begin() + static_cast<std::ptrdiff_t>(offset), window.end(), kTsSync) - window.begin());
      if (offset == window.size()) break;
      match = match_at(window, offset);
      if (match != Match::kNo) break;
    }
    skip_carried(offset);
    if (offset < window.size() && match == Match::kYes) {
      state_ = State::kSynced;
      return;
    }
    if (input_.empty()) return;
    carry_input(input_.size());
  }
}

TsSync::Match TsSync::match_at(Bytes window, std::size_t offset) const {
  std::size_t agreeing = 0;
  std::size_t at = offset;
  for (; at < window.size(); at += kTsPacketBytes) {
    if (window[at] != kTsSync) return Match::kNo;
    if (++agreeing == kSyncBytes) return Match::kYes;
  }
  if (!ended_) return Match::kNeedsMore;
  // All agree, but a lone 0x47 says little unless its packet is also where the input ends.
  const bool ends_whole = at == window.size();
  return agreeing >= 2 || ends_whole ? Match::kYes : Match::kNo;
}

// Moves up to that many bytes from the input to the carried ones, as far as there is room.
void TsSync::carry_input(std::size_t bytes) {
  carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(carry_begin_));
  carry_begin_ = 0;
  bytes = std::min({bytes, input_.size(), kCarryBytes - carry_.size()});
  carry_.insert(carry_.end(), input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(bytes));
  input_ = input_.subspan(bytes);
}

void TsSync::skip_carried(std::size_t bytes) {
  carry_begin_ += bytes;
  bytes_skipped_ += bytes;
  if (bytes > 0) skipped_since_run_ = true;
}

}  // namespace spate::stream
