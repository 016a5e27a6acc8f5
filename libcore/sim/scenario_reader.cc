#include "libcore/sim/scenario_reader.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#define TOML_EXCEPTIONS 0
// Not all that toml++ (3.3) asserts of a file is so: "[:" is a wrong key, which the lines behind the assertion report.
// Without NDEBUG, for with it assertions become promises to the compiler.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include "libcore/base/decimal.h"
#include "libcore/base/units.h"
#include "libcore/sim/scenario_check.h"
#include "libcore/sim/scenario_keys.h"

namespace spate::sim {
namespace {

template <typename Named, std::size_t N>
std::string names_of(const std::array<Named, N>& choices) {
  std::string names;
  for (const Named& choice : choices) names += (names.empty() ? "" : ", ") + std::string(choice.name);
  return names;
}

// Reads one table. Only the first error is kept; every key that is described is known.
class Reader {
 public:
  Reader(const toml::table& table, std::string where, std::optional<ScenarioError>& error)
      : table_(table), where_(std::move(where)), error_(error) {}

  // Call when all keys are described.
  void finish() {
    std::string known;
    for (const std::string& name : known_) known += (known.empty() ? "" : ", ") + name;
    for (const auto& [key, node] : table_)
      if (!known_.contains(std::string(key.str())))
        fail(node, "unknown key '" + std::string(key.str()) + "'" + where_ + "; known are " + known);
  }

  void text(const char* key, std::string& out) {
    if (const toml::node* node = find(key)) {
      if (const auto value = node->value_exact<std::string>())
        out = *value;
      else
        expect(*node, key, "a text");
    }
  }
  void flag(const char* key, bool& out) {
    if (const toml::node* node = find(key)) {
      if (const auto value = node->value_exact<bool>())
        out = *value;
      else
        expect(*node, key, "true or false");
    }
  }
  template <typename N>
  void count(const char* key, N& out, std::int64_t low, std::int64_t high) {
    if (const toml::node* node = find(key)) {
      const auto value = node->value_exact<std::int64_t>();
      if (value && *value >= low && *value <= high)
        out = static_cast<N>(*value);
      else
        expect(*node, key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
  }
  template <typename N>
  void optional_count(const char* key, std::optional<N>& out, std::int64_t low, std::int64_t high) {
    if (table_.contains(key)) out = N{};
    N value{};
    count(key, value, low, high);
    if (out) out = value;
  }
  void duration(const char* key, Duration& out) {
    string_value(key, "a duration with its unit like \"500ms\" or \"2s\", 10000h at most",
                 [&](const std::string& text) {
                   const auto value = parse_duration(text);
                   if (!value || *value > kDurationMax) return false;
                   out = *value;
                   return true;
                 });
  }
  void optional_duration(const char* key, std::optional<Duration>& out, const std::string& nothing) {
    string_value(key, "\"" + nothing + "\" or a duration like \"500ms\", 10000h at most", [&](const std::string& text) {
      out = parse_duration(text);
      return out ? *out <= kDurationMax : text == nothing;
    });
  }
  void rate(const char* key, std::uint64_t& out, std::uint64_t low, std::uint64_t high) {
    string_value(key, "a rate in bits per second like \"800k\" or \"4M\"", [&](const std::string& text) {
      const auto value = parse_bit_rate(text);
      if (!value || *value < low || *value > high) return false;
      out = *value;
      return true;
    });
  }
  void rate_or_times(const char* key, std::uint64_t& rate, std::uint32_t& times_milli) {
    string_value(key, "a rate like \"10M\", or like \"1.6x\", times the stream's", [&](const std::string& text) {
      if (text.ends_with('x')) {
        const auto times = parse_decimal(std::string_view(text).substr(0, text.size() - 1), 1'000);
        if (!times || *times == 0 || *times > 1'000'000) return false;
        times_milli = static_cast<std::uint32_t>(*times);
        return true;
      }
      const auto value = parse_bit_rate(text);
      if (!value) return false;
      rate = *value;
      times_milli = 0;
      return true;
    });
  }
  // `other` names the constant rate that it is in place of.
  template <typename... Rate>
  void trace(const char* key, std::shared_ptr<const RateTrace>& out, const char* other, Rate&... constant) {
    const toml::node* const node = find(key);
    if (node == nullptr) return;
    const std::string expected = "a list of at most " + std::to_string(kTraceStepsMax) +
                                 " steps like [\"1500ms\", \"4M\"], each of 1ms to 1h, and 1k or more in the mean";
    const toml::array* const array = node->as_array();
    if (array == nullptr || array->size() > kTraceStepsMax) return expect(*node, key, expected);
    std::vector<RateStep> steps;
    for (const toml::node& item : *array) {
      const std::optional<RateStep> step = rate_step(item);
      if (!step) return expect(item, key, expected);
      steps.push_back(*step);
    }
    const bool moves = std::ranges::any_of(steps, [](const RateStep& step) { return step.rate_bps > 0; });
    std::shared_ptr<const RateTrace> trace = moves ? std::make_shared<const RateTrace>(steps) : nullptr;
    if (!steps.empty() && (!trace || trace->mean_bps() < kTraceMeanMin)) return expect(*node, key, expected);
    out = std::move(trace);
    if (!out) return;
    ((constant = 0), ...);
    const toml::node* const beside = table_.get(other);
    if (beside != nullptr && beside->value_exact<std::string>() != "0")
      fail(*beside, "'" + std::string(other) + "'" + where_ + " cannot be beside '" + key + "', which is in its place");
  }
  void bytes(const char* key, std::uint64_t& out) {
    string_value(key, "a size in bytes like \"256k\" or \"1M\"", [&](const std::string& text) {
      const auto value = parse_bit_rate(text);
      if (!value || *value > 1'000'000'000) return false;
      out = *value;
      return true;
    });
  }
  void share(const char* key, std::uint32_t& out) {
    string_value(key, "a share from \"0%\" to \"100%\"", [&](const std::string& text) {
      if (!text.ends_with('%')) return false;
      const auto value = parse_decimal(std::string_view(text).substr(0, text.size() - 1), 10'000);
      if (!value || *value > kMillion) return false;
      out = static_cast<std::uint32_t>(*value);
      return true;
    });
  }
  void decimal(const char* key, std::uint32_t& milli) {
    if (const toml::node* node = find(key)) {
      const auto value = node->value<double>();
      if (value && *value >= 0 && *value <= 1'000)
        milli = static_cast<std::uint32_t>(*value * 1'000 + 0.5);
      else
        expect(*node, key, "a number from 0 to 1000");
    }
  }
  template <typename E, std::size_t N>
  void choice(const char* key, E& out, const std::array<Choice<E>, N>& choices) {
    string_value(key, "one of " + names_of(choices), [&](const std::string& text) {
      const auto it = std::find_if(choices.begin(), choices.end(), [&](const auto& c) { return c.name == text; });
      if (it == choices.end()) return false;
      out = it->value;
      return true;
    });
  }
  template <typename E, std::size_t N>
  void required_choice(const char* key, E& out, const std::array<Choice<E>, N>& choices) {
    if (!table_.contains(key)) fail(table_, "'" + std::string(key) + "' is missing" + where_);
    choice(key, out, choices);
  }
  // A named kind to begin with.
  template <typename T, typename Kind, std::size_t N>
  void preset(const char* key, T& out, const std::array<Kind, N>& kinds) {
    string_value(key, "one of " + names_of(kinds), [&](const std::string& text) {
      const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.name == text; });
      if (kind == kinds.end()) return false;
      apply(*kind, out);
      return true;
    });
  }
  template <typename T>
  void table(const char* key, T& out) {
    const toml::node* const node = find(key);
    if (node == nullptr) return;
    if (const toml::table* const inner = node->as_table())
      read(*inner, key, out);
    else
      expect(*node, key, "a table: [" + std::string(key) + "]");
  }
  template <typename T>
  void tables(const char* key, std::vector<T>& out) {
    const toml::node* const node = find(key);
    if (node == nullptr) return;
    const toml::array* const array = node->as_array();
    if (array == nullptr) return expect(*node, key, "a list of tables: [[" + std::string(key) + "]]");
    out.clear();
    for (const toml::node& item : *array) {
      const toml::table* const inner = item.as_table();
      if (inner == nullptr) return expect(item, key, "a list of tables: [[" + std::string(key) + "]]");
      read(*inner, key, out.emplace_back());
    }
  }

 private:
  static constexpr std::size_t kTraceStepsMax = 10'000;
  static constexpr std::uint64_t kTraceMeanMin = 1'000;
  static constexpr std::chrono::hours kDurationMax{10'000};

  static std::optional<RateStep> rate_step(const toml::node& node) {
    const toml::array* const pair = node.as_array();
    if (pair == nullptr || pair->size() != 2) return std::nullopt;
    const auto text = [pair](std::size_t i) { return pair->get(i)->value_exact<std::string>().value_or(""); };
    const auto duration = parse_duration(text(0));
    const auto rate = parse_bit_rate(text(1));
    if (!duration || *duration < std::chrono::milliseconds(1) || *duration > std::chrono::hours(1)) return std::nullopt;
    if (!rate || *rate > kRateMax) return std::nullopt;
    return RateStep{*duration, *rate};
  }
  const toml::node* find(const char* key) {
    known_.insert(key);
    return table_.get(key);
  }
  template <typename T>
  void read(const toml::table& inner, const char* key, T& out) {
    Reader reader(inner, std::string(" in [") + key + "]", error_);
    describe(reader, out);
    reader.finish();
  }
  template <typename F>
  void string_value(const char* key, const std::string& expected, F take) {
    const toml::node* const node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    if (!value || !take(*value)) expect(*node, key, expected);
  }
  void expect(const toml::node& node, const char* key, const std::string& what) {
    fail(node, "'" + std::string(key) + "'" + where_ + " must be " + what);
  }
  void fail(const toml::node& node, std::string what) {
    if (!error_) error_ = ScenarioError{node.source().begin.line, std::move(what)};
  }

  const toml::table& table_;
  std::string where_;
  std::optional<ScenarioError>& error_;
  std::set<std::string> known_;
};

// Where a contradiction is: at the first of its keys that the file has, else at the table that lacks it.
std::uint32_t line_of(const toml::table& file, const Contradiction& wrong) {
  const toml::node* nearest = &file;
  for (const KeyPlace& place : wrong.places) {
    const toml::node* table = place.table.empty() ? &file : file.get(place.table);
    if (table != nullptr && table->is_array()) table = table->as_array()->get(place.index);
    if (table == nullptr || !table->is_table()) continue;
    if (const toml::node* const value = table->as_table()->get(place.key)) return value->source().begin.line;
    if (nearest == &file) nearest = table;
  }
  return nearest->source().begin.line;
}

}  // namespace

std::variant<Scenario, ScenarioError> parse_scenario(std::string_view text, const Scenario& base) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return ScenarioError{parsed.error().source().begin.line, std::string(parsed.error().description())};
  Scenario scenario = base;
  std::optional<ScenarioError> error;
  Reader reader(parsed.table(), "", error);
  describe(reader, scenario);
  reader.finish();
  if (error) return *error;
  if (const auto wrong = check_scenario(scenario)) return ScenarioError{line_of(parsed.table(), *wrong), wrong->what};
  return scenario;
}

}  // namespace spate::sim
