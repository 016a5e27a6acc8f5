#include "libcore/sim/lies.h"

#include <array>
#include <vector>

#include "tests/catch.h"

using namespace spate;

namespace {

struct Told {
  std::vector<wire::Control> messages;
  template <typename M>
  const M* find() const {
    for (const wire::Control& message : messages)
      if (const M* const m = std::get_if<M>(&message)) return m;
    return nullptr;
  }
};

// What a liar tells whose node says that, in one datagram.
Told told(sim::Lies& lies, const std::vector<wire::Control>& said) {
  std::vector<std::uint8_t> text;
  for (const wire::Control& message : said) {
    const std::size_t at = text.size();
    text.resize(at + wire::control_bytes(message));
    Writer out(MutableBytes(text).subspan(at));
    wire::write_control(out, message);
  }
  lies.falsify(text);
  Told told;
  wire::ControlReader reader(text);
  while (const auto message = reader.next()) told.messages.push_back(*message);
  CHECK_FALSE(reader.malformed());
  return told;
}

wire::Status honest_status() {
  wire::Status status;
  for (int i = 0; i < 17; ++i) status.stripes.push_back({});
  status.routes = {{1, {}}, {2, {}}, {4, {}}};
  for (wire::Route& route : status.routes)
    while (!route.path.full()) route.path.push_back(7);
  return status;
}

}  // namespace

TEST_CASE("lies: it has every stripe and room for all, without lag, and is the publisher", "[sim]") {
  sim::Lies lies(7);
  wire::Report report;
  report.next = 90;
  report.seen = 100;
  const Told all = told(lies, {honest_status(), wire::Ping{3, 0}, wire::Subscribe{}, report});
  const auto* const status = all.find<wire::Status>();
  REQUIRE(status != nullptr);
  CHECK(status->role == wire::Role::kPublisher);
  CHECK(status->receiving);
  CHECK(status->free_slots == sim::Lies::kSlots);
  CHECK(status->home == wire::kAllStripes);
  CHECK(status->stripes[16] == wire::StripeStatus{0, 0});
  REQUIRE(all.find<wire::Ping>() != nullptr);
  CHECK(all.find<wire::Ping>()->id == 3);
  REQUIRE(all.find<wire::Subscribe>() != nullptr);
  CHECK(all.find<wire::Subscribe>()->slots == sim::Lies::kSlots);
  CHECK(all.find<wire::Subscribe>()->home == wire::kAllStripes);
  REQUIRE(all.find<wire::Report>() != nullptr);
  CHECK(all.find<wire::Report>()->passes_on == wire::kAllStripes);
  CHECK(all.find<wire::Report>()->next == 90);
}

TEST_CASE("lies: heads are far ahead, and peers have room for everything where they are", "[sim]") {
  sim::Lies lies(7);
  wire::Peers peers;
  for (int i = 0; i < 8; ++i) peers.peers.push_back({{{}, Address::v4(1, 2, 3, 4, 7400), 9, {}}, 1, 5'000, 1});
  const Told all = told(lies, {wire::Head{100}, peers});
  REQUIRE(all.find<wire::Head>() != nullptr);
  CHECK(all.find<wire::Head>()->next > 10'000);
  REQUIRE(all.find<wire::Peers>() != nullptr);
  REQUIRE(all.find<wire::Peers>()->peers.size() == 8);
  for (const wire::PeerRecord& told : all.find<wire::Peers>()->peers) {
    CHECK(told.record == peers.peers[0].record);
    CHECK(told.free_slots == sim::Lies::kSlots);
    CHECK(told.lag_us == 0);
  }
}

TEST_CASE("lies: now and then a status gives way to holes, heads, punches and displacements", "[sim]") {
  sim::Lies lies(7);
  lies.on_shard(1'000);
  std::array<int, 5> times{};
  for (int i = 0; i < 60; ++i) {
    const Told all = told(lies, {honest_status()});
    times[0] += all.find<wire::Status>() == nullptr ? 1 : 0;
    if (const auto* const hole = all.find<wire::Hole>()) {
      ++times[1];
      CHECK(hole->first <= 1'000);
    }
    times[2] += all.find<wire::Head>() != nullptr ? 1 : 0;
    times[3] += all.find<wire::Punch>() != nullptr ? 1 : 0;
    times[4] += all.find<wire::Displaced>() != nullptr ? 1 : 0;
  }
  CHECK(times[0] == 20);
  for (const int n : times) CHECK(n >= 5);
}
