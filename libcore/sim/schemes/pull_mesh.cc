// pull-mesh: chunks asked for by buffer map, as in CoolStreaming/DONet (Zhang and others, 2005).
//
// At every tick a host tells its partners which chunks it has whole, and asks for those that it lacks: the rarest among
// its partners first, of equally rare ones the oldest. Each goes to the partner that has it and the most of its quota
// left; a quota grows with what is answered and is halved when an answer does not come. Partners answer in order, as
// far as half a second of their uplink goes.
#include <algorithm>
#include <map>

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/sim/schemes/partners.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;

constexpr Duration kTick = milliseconds(500);
constexpr std::uint64_t kChunk = 8;  // shards
constexpr Duration kWaitingMax = milliseconds(500);
constexpr Duration kRequestLasts = milliseconds(1'500);
constexpr std::uint32_t kQuotaMax = 64;
constexpr std::size_t kListMax = SchemeHost::kBodyBytesMax / 9;

class PullHost final : public PartneredHost {
 public:
  PullHost(Stage& stage, HostId host) : PartneredHost(stage, host), chunks_(stage.window() / kChunk + 1) {}

 private:
  struct Request {
    HostId of;
    Instant sent;
    std::uint64_t order;
  };
  struct Wanted {
    std::ptrdiff_t suppliers;
    std::uint64_t chunk;
    auto operator<=>(const Wanted&) const = default;
  };

  Duration tick() const override { return kTick; }
  const NumberSet& map() const override { return chunks_; }
  std::uint64_t map_begin() const override { return 0; }  // what is played may still be asked for
  std::uint64_t shard_of(std::uint64_t number) const override { return number * kChunk; }

  // The end of the stream may fall within a chunk.
  std::uint64_t end_of(std::uint64_t chunk) const { return std::min((chunk + 1) * kChunk, stage().shards().all()); }

  void on_shard(std::uint64_t shard, HostId from, Instant /*now*/) override {
    const std::uint64_t chunk = shard / kChunk;
    const auto request = requests_.find(chunk);
    Partner* supplier = request == requests_.end() || request->second.of != from ? nullptr : partner(from);
    if (supplier != nullptr) supplier->served = std::max(supplier->served, request->second.order);
    for (std::uint64_t other = chunk * kChunk; other < end_of(chunk); ++other)
      if (!have().has(other)) return;
    chunks_.add(chunk);
    if (request == requests_.end()) return;
    close(request->second);
    requests_.erase(request);
  }

  void close(const Request& request) {
    if (Partner* of = partner(request.of); of != nullptr && of->outstanding > 0) --of->outstanding;
  }

  // Forgets what will not be answered: a later request was, or it has been too long.
  void drop_requests(Instant now) {
    for (auto it = requests_.begin(); it != requests_.end();) {
      const Request& request = it->second;
      Partner* of = partner(request.of);
      const bool late = now - request.sent >= kRequestLasts;
      if (of != nullptr && !late && request.order >= of->served) {
        ++it;
        continue;
      }
      if (of != nullptr && late) of->quota = std::max(of->quota / 2, 1u);
      close(request);
      it = requests_.erase(it);
    }
  }

  void on_tick_with_partners(Instant now) override {
    if (publishes() || !player().begun()) return;
    for (Partner& p : partners())
      if (p.outstanding < p.quota) p.quota = std::min(p.quota + 1, kQuotaMax);
    drop_requests(now);
    std::uint64_t end = 0;
    for (const Partner& p : partners()) end = std::max(end, p.told ? p.has.end() : 0);
    std::vector<Wanted> wanted;
    for (std::uint64_t chunk = player().next() / kChunk; chunk < end; ++chunk) {
      if (chunks_.has(chunk) || requests_.contains(chunk)) continue;
      const auto suppliers =
          std::count_if(partners().begin(), partners().end(), [&](const Partner& p) { return can_supply(p, chunk); });
      if (suppliers > 0) wanted.push_back({suppliers, chunk});
    }
    std::sort(wanted.begin(), wanted.end());
    std::map<HostId, std::vector<std::uint64_t>> asked;
    for (const Wanted& want : wanted) {
      Partner* best = nullptr;
      const auto offset = static_cast<std::size_t>(draws().below(partners().size()));
      for (std::size_t i = 0; i < partners().size(); ++i) {
        Partner& p = partners()[(i + offset) % partners().size()];
        if (!can_supply(p, want.chunk) || p.outstanding >= p.quota || asked[p.host].size() >= kListMax) continue;
        if (best == nullptr || p.outstanding * best->quota < best->outstanding * p.quota) best = &p;
      }
      if (best == nullptr) continue;
      ++best->outstanding;
      requests_[want.chunk] = {best->host, now, ++order_};
      asked[best->host].push_back(want.chunk);
    }
    for (const auto& [host, list] : asked)
      if (!list.empty()) ask(*partner(host), list);
  }

  static bool can_supply(const Partner& p, std::uint64_t chunk) {
    return p.accepted && p.told && chunk >= p.has.begin() && p.has.has(chunk);
  }

  // Chunks with a bit for each shard that is missing.
  void ask(const Partner& of, const std::vector<std::uint64_t>& list) {
    std::vector<std::uint8_t> body(list.size() * 9);
    Writer writer{MutableBytes{body}};
    for (const std::uint64_t chunk : list) {
      std::uint8_t missing = 0;
      for (std::uint64_t i = 0; i < kChunk; ++i)
        if (!have().has(chunk * kChunk + i)) missing |= static_cast<std::uint8_t>(1u << i);
      writer.u64(chunk).u8(missing);
    }
    send(Kind::kAsk, of.address, 0, std::move(body));
  }

  void on_partner_message(const Message& message, Partner& from, Instant now) override {
    if (message.kind != Kind::kAsk) return;
    for (Reader reader(message.body); reader.remaining() > 0;) {
      const std::uint64_t chunk = reader.u64();
      const std::uint8_t missing = reader.u8();
      for (std::uint64_t shard = chunk * kChunk; shard < end_of(chunk); ++shard)
        if ((missing >> (shard % kChunk) & 1) != 0 && shard >= have().begin() && have().has(shard))
          send_shard(from.address, shard, false, kWaitingMax, now);
    }
  }

  NumberSet chunks_;  // that are whole
  std::map<std::uint64_t, Request> requests_;
  std::uint64_t order_ = 0;
};

}  // namespace

std::unique_ptr<SchemeHost> make_pull_host(Stage& stage, HostId host) {
  return std::make_unique<PullHost>(stage, host);
}

}  // namespace spate::sim
