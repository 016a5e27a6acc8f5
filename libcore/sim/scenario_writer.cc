#include "libcore/sim/scenario_writer.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "libcore/base/decimal.h"
#include "libcore/sim/print_units.h"
#include "libcore/sim/scenario_keys.h"

namespace spate::sim {
namespace {

struct Section;

// What is said in a table: lines, and tables within.
struct Table {
  struct Line {
    std::string key;
    std::string value;
    bool required;
    bool operator==(const Line&) const = default;
  };
  std::vector<Line> lines;
  std::vector<Section> sections;
};

// One table of that name, or a list of them.
struct Section {
  std::string key;
  bool is_list;
  std::vector<Table> tables;
  Table fresh;  // of a list: what each begins with
};

// Collects every key.
class Writer {
 public:
  void text(const char* key, const std::string& value) { line(key, quoted(value)); }
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
  void choice(const char* key, E value, const std::array<Choice<E>, N>& choices, bool required = false) {
    for (const Choice<E>& c : choices)
      if (c.value == value) table_.lines.push_back({key, quoted(std::string(c.name)), required});
  }
  template <typename E, std::size_t N>
  void required_choice(const char* key, E value, const std::array<Choice<E>, N>& choices) {
    choice(key, value, choices, true);
  }
  // Written as what it stands for.
  template <typename T, typename Kinds>
  void preset(const char*, const T&, const Kinds&) {}
  template <typename T>
  void table(const char* key, T& value) {
    table_.sections.push_back({key, false, {table_of(value)}, {}});
  }
  template <typename T>
  void tables(const char* key, std::vector<T>& values) {
    T fresh;
    Section section{key, true, {}, table_of(fresh)};
    for (T& value : values) section.tables.push_back(table_of(value));
    table_.sections.push_back(std::move(section));
  }

  template <typename T>
  static Table table_of(T& value) {
    Writer writer;
    describe(writer, value);
    return std::move(writer.table_);
  }

 private:
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
  void line(const char* key, std::string value) { table_.lines.push_back({key, std::move(value), false}); }

  Table table_;
};

bool says(const Table& table, const Table::Line& line) {
  return std::find(table.lines.begin(), table.lines.end(), line) != table.lines.end();
}

// What is not `usual`, a table of the same type; all of it if that is null.
std::string toml_of(const Table& table, const Table* usual);

// Tables in lists have no tables within.
std::string toml_of_list(const Section& list, const Section* usual) {
  const auto same = [](const Table& a, const Table& b) { return a.lines == b.lines; };
  if (usual != nullptr &&
      std::equal(list.tables.begin(), list.tables.end(), usual->tables.begin(), usual->tables.end(), same))
    return {};
  std::string toml;
  for (const Table& table : list.tables)
    toml += "\n[[" + list.key + "]]\n" + toml_of(table, usual == nullptr ? nullptr : &list.fresh);
  return toml;
}

std::string toml_of(const Table& table, const Table* usual) {
  std::string toml;
  for (const Table::Line& line : table.lines)
    if (line.required || usual == nullptr || !says(*usual, line)) toml += line.key + " = " + line.value + "\n";
  for (std::size_t i = 0; i < table.sections.size(); ++i) {  // after all plain keys
    const Section& section = table.sections[i];
    const Section* const usual_section = usual == nullptr ? nullptr : &usual->sections[i];
    if (section.is_list) {
      toml += toml_of_list(section, usual_section);
      continue;
    }
    const std::string inner = toml_of(section.tables[0], usual == nullptr ? nullptr : &usual_section->tables[0]);
    if (!inner.empty()) toml += "\n[" + section.key + "]\n" + inner;
  }
  return toml;
}

Table table_of(Scenario scenario) { return Writer::table_of(scenario); }

}  // namespace

std::string format_scenario(const Scenario& scenario) { return toml_of(table_of(scenario), nullptr); }

std::string format_scenario(const Scenario& scenario, const Scenario& base) {
  const Table usual = table_of(base);
  return toml_of(table_of(scenario), &usual);
}

}  // namespace spate::sim
