#include "libcore/sim/scenario_writer.h"

#include <memory>
#include <utility>

#include "libcore/base/decimal.h"
#include "libcore/sim/print_units.h"
#include "libcore/sim/scenario_keys.h"

namespace spate::sim {
namespace {

// Writes every key.
class Writer {
 public:
  void text(const char* key, const std::string& value) {
    if (!value.empty()) line(key, quoted(value));
  }
  void flag(const char* key, bool value) { line(key, value ? "true" : "false"); }
  template <typename N>
  void count(const char* key, N value, std::int64_t, std::int64_t) {
    line(key, std::to_string(value));
  }
  template <typename N>
  void optional_count(const char* key, const std::optional<N>& value, std::int64_t, std::int64_t) {
    if (value) line(key, std::to_string(*value));
  }
  void duration(const char* key, Duration value) { line(key, quoted(print_duration(value))); }
  void optional_duration(const char* key, const std::optional<Duration>& value, const std::string& nothing) {
    line(key, quoted(value ? print_duration(*value) : nothing));
  }
  void rate(const char* key, std::uint64_t value, std::uint64_t, std::uint64_t) {
    line(key, quoted(print_rate(value)));
  }
  void rate_or_times(const char* key, std::uint64_t rate, std::uint32_t times_milli) {
    line(key, quoted(times_milli > 0 ? print_decimal(times_milli, 1'000) + "x" : print_rate(rate)));
  }
  template <typename... Rate>
  void trace(const char* key, const std::shared_ptr<const RateTrace>& value, const char*, const Rate&...) {
    std::string steps;
    if (value)
      for (const RateStep& step : value->steps())
        steps += (steps.empty() ? "[" : ", [") + quoted(print_duration(step.duration)) + ", " +
                 quoted(print_rate(step.rate_bps)) + "]";
    line(key, "[" + steps + "]");
  }
  void bytes(const char* key, std::uint64_t value) { line(key, quoted(print_rate(value))); }
  void share(const char* key, std::uint32_t ppm) { line(key, quoted(print_decimal(ppm, 10'000) + "%")); }
  void decimal(const char* key, std::uint32_t milli) { line(key, print_decimal(milli, 1'000)); }
  template <typename E, std::size_t N>
  void choice(const char* key, E value, const std::array<Choice<E>, N>& choices) {
    for (const Choice<E>& c : choices)
      if (c.value == value) line(key, quoted(std::string(c.name)));
  }
  template <typename E, std::size_t N>
  void required_choice(const char* key, E value, const std::array<Choice<E>, N>& choices) {
    choice(key, value, choices);
  }
  // Written as what it stands for.
  template <typename T, typename Kinds>
  void preset(const char*, const T&, const Kinds&) {}
  template <typename T>
  void table(const char* key, T& value) {
    tables_ += "\n[" + std::string(key) + "]\n" + lines_of(value);
  }
  template <typename T>
  void tables(const char* key, std::vector<T>& values) {
    for (T& value : values) tables_ += "\n[[" + std::string(key) + "]]\n" + lines_of(value);
  }

  std::string take() { return std::move(lines_) + std::move(tables_); }

 private:
  template <typename T>
  static std::string lines_of(T& value) {
    Writer inner;
    describe(inner, value);
    return inner.take();
  }
  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      if (static_cast<unsigned char>(c) < 0x20)
        out += ' ';
      else
        out += c;
    }
    return out + "\"";
  }
  void line(const char* key, const std::string& value) { lines_ += std::string(key) + " = " + value + "\n"; }

  std::string lines_;
  std::string tables_;  // after all plain keys
};

}  // namespace

std::string format_scenario(const Scenario& scenario) {
  Scenario copy = scenario;
  Writer writer;
  describe(writer, copy);
  return writer.take();
}

}  // namespace spate::sim
