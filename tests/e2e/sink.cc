// e2e-sink SCENARIO START_NS GAPS_FROM GAPS_UNTIL FD...: reads what watchers write, each from a descriptor of its own,
// until all have ended. Compares every packet with the one that was published, and prints one line of JSON.
//
// A packet's lag is from when its frame was due to when it was read here. All but wrong_bytes, disordered, first and
// next is of the packets that were due after the scenario's warm-up; gaps are between reads, and begin between those
// two times of the run, in seconds.

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "libcore/base/histogram.h"
#include "tests/e2e/stage.h"
#include "tests/net/instrument.h"

namespace {

using namespace spate;
using nlohmann::json;

constexpr std::size_t kPacket = sim::Broadcast::kPacketBytes;

Instant instant(const std::string& seconds) {
  return Instant{} + Duration(static_cast<std::int64_t>(std::stod(seconds) * 1e9));
}

json quantiles(const Histogram& lags) {
  return {{"p50", to_ms(lags.quantile(0.5))},
          {"p95", to_ms(lags.quantile(0.95))},
          {"p99", to_ms(lags.quantile(0.99))},
          {"max", to_ms(lags.max())}};
}

class Watched {
 public:
  Watched(const e2e::Stage& stage, Instant gaps_from, Instant gaps_until, Histogram& all)
      : broadcast_(stage.broadcast()),
        measured_(broadcast_.first_packet(broadcast_.first_frame_due(Instant{} + stage.scenario().warm_up))),
        last_read_(gaps_from),
        gaps_until_(gaps_until),
        all_(all) {}

  void on_bytes(Bytes bytes, Instant now) {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    std::size_t at = 0;
    for (; pending_.size() - at >= kPacket; at += kPacket) on_packet(Bytes{pending_}.subspan(at, kPacket), now);
    if (at > 0) note_gap(now);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  json report() const {
    const std::uint64_t unwritten = broadcast_.packets() - std::max(next_, measured_);
    return {{"first", first_ ? json(*first_) : json(nullptr)},
            {"next", next_},
            {"written", lags_.count()},
            {"missing", missing_},
            {"unwritten", first_ ? unwritten : broadcast_.packets() - measured_},
            {"disordered", disordered_},
            {"wrong_bytes", wrong_bytes_ + pending_.size()},
            {"lag_ms", quantiles(lags_)},
            {"gap_ms", to_ms(gap_)},
            {"gap_ends_s", to_seconds(gap_ends_.time_since_epoch())}};
  }

 private:
  void note_gap(Instant now) {
    if (now <= last_read_) return;
    if (last_read_ < gaps_until_ && now - last_read_ > gap_) {
      gap_ = now - last_read_;
      gap_ends_ = now;
    }
    last_read_ = now;
  }

  void on_packet(Bytes packet, Instant now) {
    const std::optional<std::uint64_t> index = broadcast_.index_of(packet);
    if (!index || *index >= broadcast_.packets()) {
      wrong_bytes_ += kPacket;
      return;
    }
    if (!first_) first_ = next_ = *index;
    if (*index < next_) {
      ++disordered_;
      return;
    }
    // Of what should have come since the one before.
    missing_ += *index - std::min(std::max(next_, measured_), *index);
    next_ = *index + 1;
    if (*index < measured_) return;
    const Duration lag = now - broadcast_.due(broadcast_.frame_of(*index));
    lags_.add(lag);
    all_.add(lag);
  }

  const sim::Broadcast& broadcast_;
  std::uint64_t measured_;  // the first packet of which figures are told
  std::vector<std::uint8_t> pending_;
  std::optional<std::uint64_t> first_;
  std::uint64_t next_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t disordered_ = 0;
  std::uint64_t wrong_bytes_ = 0;
  Instant last_read_;  // or when gaps begin to count
  Instant gaps_until_;
  Instant gap_ends_{};
  Duration gap_{};
  Histogram lags_;
  Histogram& all_;
};

class Sink {
 public:
  Sink(const e2e::Stage& stage, const std::vector<std::string>& words) : stage_(stage) {
    const Instant gaps_from = instant(words.at(0));
    const Instant gaps_until = instant(words.at(1));
    for (std::size_t i = 2; i < words.size(); ++i) {
      polled_.push_back({std::stoi(words[i]), POLLIN, 0});
      ::fcntl(polled_.back().fd, F_SETFL, O_NONBLOCK);
      watched_.emplace_back(stage, gaps_from, gaps_until, all_);
    }
  }

  void run() {
    while (open_ended()) {
      ::poll(polled_.data(), polled_.size(), -1);
      for (std::size_t i = 0; i < polled_.size(); ++i)
        if (polled_[i].revents != 0) read_from(i);
    }
  }

  json report() const {
    json each = json::array();
    for (const Watched& watched : watched_) each.push_back(watched.report());
    return {{"lag_ms", quantiles(all_)}, {"watchers", each}};
  }

 private:
  bool open_ended() const {
    return std::any_of(polled_.begin(), polled_.end(), [](const pollfd& p) { return p.fd >= 0; });
  }

  void read_from(std::size_t i) {
    const ssize_t n = ::read(polled_[i].fd, buffer_.data(), buffer_.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
      polled_[i].fd = -1;  // which poll() passes over
      return;
    }
    watched_[i].on_bytes(Bytes{buffer_}.first(static_cast<std::size_t>(n)), stage_.now());
  }

  const e2e::Stage& stage_;
  Histogram all_;
  std::vector<pollfd> polled_;
  std::vector<Watched> watched_;
  std::array<std::uint8_t, 65'536> buffer_{};
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const e2e::Arguments arguments =
        e2e::read_arguments(argc, argv, "e2e-sink SCENARIO START_NS GAPS_FROM GAPS_UNTIL FD...");
    netem::take_priority();
    Sink sink(arguments.stage, arguments.words);
    sink.run();
    std::puts(sink.report().dump().c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "e2e-sink: %s\n", e.what());
    return 2;
  }
}
