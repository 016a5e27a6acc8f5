#include "libcore/sim/scenario_file.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <utility>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "libcore/base/units.h"
#include "libcore/sim/access.h"
#include "libcore/sim/cities.h"

namespace spate::sim {
namespace {

template <typename E>
struct Choice {
  std::string_view name;
  E value;
};

constexpr std::array<Choice<MapSpec::Kind>, 3> kMaps{
    {{"world", MapSpec::Kind::kWorld}, {"plane", MapSpec::Kind::kPlane}, {"matrix", MapSpec::Kind::kMatrix}}};

constexpr std::array<Choice<Who>, 5> kWho{{{"publisher", Who::kPublisher},
                                           {"relays", Who::kRelays},
                                           {"viewers", Who::kViewers},
                                           {"interior", Who::kInterior},
                                           {"all", Who::kAll}}};

constexpr std::array<Choice<Fault::Kind>, 14> kFaults{{{"kill", Fault::Kind::kKill},
                                                       {"leave", Fault::Kind::kLeave},
                                                       {"crash", Fault::Kind::kCrash},
                                                       {"pause", Fault::Kind::kPause},
                                                       {"partition", Fault::Kind::kPartition},
                                                       {"clog", Fault::Kind::kClog},
                                                       {"swizzle-clog", Fault::Kind::kSwizzle},
                                                       {"loss", Fault::Kind::kLoss},
                                                       {"rate", Fault::Kind::kRate},
                                                       {"delay", Fault::Kind::kDelay},
                                                       {"mtu", Fault::Kind::kMtu},
                                                       {"nat-rebind", Fault::Kind::kNatRebind},
                                                       {"clock-jump", Fault::Kind::kClockJump},
                                                       {"join", Fault::Kind::kJoin}}};

constexpr std::array<Choice<HostileSpec::Kind>, 4> kHostile{{{"free-rider", HostileSpec::Kind::kFreeRider},
                                                             {"omitter", HostileSpec::Kind::kOmitter},
                                                             {"polluter", HostileSpec::Kind::kPolluter},
                                                             {"sybil", HostileSpec::Kind::kSybil}}};

constexpr std::array<Choice<JitterKind>, 3> kJitters{
    {{"exponential", JitterKind::kExponential}, {"log-normal", JitterKind::kLogNormal}, {"wifi", JitterKind::kWifi}}};

// One description of the format for reading and writing: V is a Reader or a Writer.

template <typename V>
void describe(V& v, StreamSpec& s) {
  v.rate("rate", s.rate_bps, 10'000, 1'000'000'000);
  v.count("frames-per-second", s.frames_per_second, 1, 240);
  v.count("key-frame-weight", s.key_frame_weight, 1, 100);
}

template <typename V>
void describe_link(V& v, LinkClass& c) {
  v.rate_or_times("up", c.up.rate_bps, c.up_times_milli);
  v.rate("down", c.down.rate_bps, 0, 100'000'000'000);
  v.bytes("up-queue", c.up.queue_bytes);
  v.bytes("down-queue", c.down.queue_bytes);
  v.duration("delay-up", c.up.delay);
  v.duration("delay-down", c.down.delay);
  v.duration("jitter", c.up.jitter);
  v.flag("jitter-reorders", c.up.reorders);
  v.share("loss-up", c.up.loss_ppm);
  v.share("loss-down", c.down.loss_ppm);
  v.duration("loss-burst-up", c.up.loss_burst);
  v.duration("loss-burst-down", c.down.loss_burst);
  v.choice("jitter-kind", c.up.jitter_kind, kJitters);
  v.share("duplicate", c.up.duplicate_ppm);
  v.share("corrupt", c.up.corrupt_ppm);
  v.share("truncate", c.up.truncate_ppm);
  v.count("mtu", c.up.mtu_bytes, 0, 65'535);
  v.flag("up-codel", c.up.codel);
  v.flag("down-codel", c.down.codel);
}

template <typename V>
void describe(V& v, LinkClass& c) {
  v.preset("access", c);
  v.text("name", c.name);
  v.count("share", c.share, 1, 1'000'000);
  describe_link(v, c);
}

template <typename V>
void describe(V& v, MapSpec& s) {
  v.choice("kind", s.kind, kMaps);
  v.text("continent", s.continent);
  v.duration("delay-min", s.delay_min);
  v.duration("delay-max", s.delay_max);
}

template <typename V>
void describe(V& v, ClockSpec& s) {
  v.duration("offset-max", s.offset_max);
  v.count("drift-ppm-max", s.drift_ppm_max, 0, 10'000);
}

template <typename V>
void describe(V& v, NatSpec& s) {
  v.share("share", s.share_ppm);
  v.share("carrier-grade", s.carrier_grade_ppm);
}

template <typename V>
void describe(V& v, ArrivalSpec& s) {
  v.duration("within", s.within);
}

template <typename V>
void describe(V& v, ChurnSpec& s) {
  v.flag("on", s.on);
  v.duration("median", s.median);
  v.decimal("sigma", s.sigma_milli);
  v.share("abrupt", s.abrupt_ppm);
  v.flag("replace", s.replace);
}

template <typename V>
void describe(V& v, Fault& f) {
  v.required_choice("kind", f.kind, kFaults);
  v.duration("at", f.at);
  v.duration("within", f.within);
  v.duration("for", f.lasts);
  v.choice("who", f.who, kWho);
  v.share("share", f.share_ppm);
  v.flag("one-way", f.one_way);
  v.flag("keeps-state", f.keeps_state);
  v.share("loss", f.loss_ppm);
  v.share("rate", f.factor_ppm);
  v.duration("by", f.by);
  v.count("bytes", f.bytes, 0, 65'535);
  v.count("count", f.count, 0, 1'000'000);
}

template <typename V>
void describe(V& v, HostileSpec& s) {
  v.required_choice("kind", s.kind, kHostile);
  v.share("share", s.share_ppm);
}

template <typename V>
void describe(V& v, ExpectSpec& s) {
  v.duration("startup-max", s.startup_max);
  v.flag("complete", s.complete);
  v.share("continuity", s.continuity_ppm);
  v.share("by-500ms", s.by_500ms_ppm);
  v.share("by-1s", s.by_1s_ppm);
  v.share("ever", s.ever_ppm);
  v.duration("lag-p50", s.lag_p50);
  v.duration("lag-p99", s.lag_p99);
}

template <typename V>
void describe(V& v, Scenario& s) {
  v.text("purpose", s.purpose);
  v.text("name", s.name);
  v.count("seed", s.seed, 0, INT64_MAX);
  v.count("peers", s.peers, 2, 1'000'000);
  v.count("relays", s.relays, 0, 10'000);
  v.duration("duration", s.duration);
  v.duration("calm", s.calm);
  v.optional_count("publisher-children", s.publisher_children, 0, 10'000);
  v.optional_count("relay-children", s.relay_children, 0, 10'000);
  v.optional_count("viewer-children", s.viewer_children, 0, 10'000);
  v.optional_duration("latency", s.latency, "auto");
  v.flag("upload-limits", s.upload_limits);
  v.optional_duration("history", s.history, "auto");
  v.duration("wake", s.wake);
  v.table("stream", s.stream);
  v.table("map", s.map);
  v.table("clock", s.clock);
  v.table("nat", s.nat);
  v.table("arrivals", s.arrivals);
  v.table("churn", s.churn);
  v.table("publisher", s.publisher);
  v.table("relay", s.relay);
  v.tables("viewers", s.viewers);
  v.tables("faults", s.faults);
  v.tables("hostile", s.hostile);
  v.table("expect", s.expect);
}

template <typename E, std::size_t N>
std::string names_of(const std::array<Choice<E>, N>& choices) {
  std::string names;
  for (const Choice<E>& choice : choices) names += (names.empty() ? "" : ", ") + std::string(choice.name);
  return names;
}

// A plain decimal like "1.28", in thousandths or finer.
std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t unit) {
  std::uint64_t value = 0;
  std::uint64_t scale = 0;  // of the last digit, once a point was seen
  bool digits = false;
  for (const char c : text) {
    if (c == '.' && scale == 0 && digits) {
      scale = unit;
      continue;
    }
    if (c < '0' || c > '9' || value > UINT64_MAX / 20 / unit) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    digits = true;
    if (scale == 0) {
      value = value * 10 + digit * unit;
    } else if ((scale /= 10) > 0) {
      value += digit * scale;
    } else if (digit != 0) {
      return std::nullopt;  // finer than we can say
    } else {
      scale = 1;
    }
  }
  return digits ? std::optional(value) : std::nullopt;
}

std::string print_decimal(std::uint64_t value, std::uint64_t unit) {
  std::string text = std::to_string(value / unit);
  std::string fraction;
  for (std::uint64_t rest = value % unit, scale = unit / 10; rest > 0; rest %= scale, scale /= 10)
    fraction += static_cast<char>('0' + rest / scale);
  return fraction.empty() ? text : text + "." + fraction;
}

std::string print_duration(Duration d) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> kUnits{
      {{3'600'000'000'000, "h"}, {60'000'000'000, "m"}, {1'000'000'000, "s"}, {1'000'000, "ms"}}};
  const std::int64_t ns = d.count();
  if (ns == 0) return "0";
  for (const auto& [unit, name] : kUnits)
    if (ns % unit == 0) return std::to_string(ns / unit) + name;
  return print_decimal(static_cast<std::uint64_t>(ns), 1'000) + "us";
}

std::string print_rate(std::uint64_t bps) {
  if (bps > 0 && bps % 1'000'000 == 0) return std::to_string(bps / 1'000'000) + "M";
  if (bps > 0 && bps % 1'000 == 0) return std::to_string(bps / 1'000) + "k";
  return std::to_string(bps);
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
    string_value(key, "a duration with its unit like \"500ms\" or \"2s\"", [&](const std::string& text) {
      const auto value = parse_duration(text);
      if (value) out = *value;
      return value.has_value();
    });
  }
  void optional_duration(const char* key, std::optional<Duration>& out, const std::string& nothing) {
    string_value(key, "\"" + nothing + "\" or a duration like \"500ms\"", [&](const std::string& text) {
      out = parse_duration(text);
      return out || text == nothing;
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
  // A named kind of access to begin with.
  void preset(const char* key, LinkClass& out) {
    string_value(key, "one of " + access_names(), [&](const std::string& text) {
      const auto preset = find_access(text);
      if (!preset) return false;
      out = *preset;
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
  void preset(const char*, const LinkClass&) {}
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

// The key without which a fault would do nothing; null if it has all.
const char* what_lacks(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::kKill:
    case Fault::Kind::kLeave:
    case Fault::Kind::kNatRebind:
      return nullptr;
    case Fault::Kind::kClockJump:
      return fault.by > Duration::zero() ? nullptr : "by";
    case Fault::Kind::kJoin:
      return fault.count > 0 ? nullptr : "count";
    default:
      break;
  }
  if (fault.lasts == Duration::zero()) return "for";
  if (fault.kind == Fault::Kind::kLoss && fault.loss_ppm == 0) return "loss";
  if (fault.kind == Fault::Kind::kDelay && fault.by == Duration::zero()) return "by";
  if (fault.kind == Fault::Kind::kMtu && fault.bytes == 0) return "bytes";
  return nullptr;
}

std::optional<ScenarioError> check_scenario(const Scenario& s) {
  const auto error = [](std::string what) { return ScenarioError{0, std::move(what)}; };
  if (s.relays + 2 > s.peers) return error("'peers' must leave room for a publisher, the relays and a viewer");
  if (s.duration < std::chrono::seconds(1)) return error("'duration' must be at least \"1s\"");
  if (s.calm > s.duration) return error("'calm' is longer than 'duration'");
  if (s.wake > std::chrono::milliseconds(100)) return error("'wake' must be at most \"100ms\"");
  if (s.viewers.empty()) return error("there must be at least one [[viewers]]");
  if (!s.map.continent.empty() && !continent_named(s.map.continent))
    return error("'continent' in [map] must be africa, asia, europe, north-america, oceania or south-america");
  if (s.map.delay_min > s.map.delay_max) return error("'delay-min' in [map] is above 'delay-max'");
  if (s.arrivals.within > s.duration) return error("'within' in [arrivals] is longer than 'duration'");
  if (s.churn.on && s.churn.median < std::chrono::seconds(1))
    return error("'median' in [churn] must be at least \"1s\"");
  std::uint64_t hostile_ppm = 0;
  for (const HostileSpec& hostile : s.hostile) hostile_ppm += hostile.share_ppm;
  if (hostile_ppm > kMillion) return error("the shares in [[hostile]] are more than \"100%\" together");
  for (const Fault& fault : s.faults)
    if (const char* const lacks = what_lacks(fault))
      return error("the fault '" + describe(fault) + "' needs '" + lacks + "'");
  for (const Fault& fault : s.faults)
    if (ends_lives(fault.kind) && fault.who == Who::kPublisher)
      return error("the publisher cannot be killed, crash or leave: nobody could play after that");
  for (const Fault& fault : s.faults)
    if (fault.at + fault.within + fault.lasts > s.duration - s.calm)
      return error("a fault ends at " + print_duration(fault.at + fault.within + fault.lasts) + ", but from " +
                   print_duration(s.duration - s.calm) + " on ('duration' less 'calm') all must be well");
  return std::nullopt;
}

std::string describe(const Fault& fault) {
  const auto name_in = [](const auto& choices, auto value) {
    for (const auto& choice : choices)
      if (choice.value == value) return std::string(choice.name);
    return std::string();
  };
  return name_in(kFaults, fault.kind) + (fault.kind == Fault::Kind::kJoin ? "" : " " + name_in(kWho, fault.who));
}

std::variant<Scenario, ScenarioError> parse_scenario(std::string_view text, const Scenario& base) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return ScenarioError{parsed.error().source().begin.line, std::string(parsed.error().description())};
  Scenario scenario = base;
  std::optional<ScenarioError> error;
  Reader reader(parsed.table(), "", error);
  describe(reader, scenario);
  reader.finish();
  if (!error) error = check_scenario(scenario);
  if (error) return *error;
  return scenario;
}

std::string format_scenario(const Scenario& scenario) {
  Scenario copy = scenario;
  Writer writer;
  describe(writer, copy);
  return writer.take();
}

}  // namespace spate::sim
