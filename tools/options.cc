#include "tools/options.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "libcore/base/units.h"
#include "libcore/io/log.h"
#include "tools/common.h"
#include "tools/config_file.h"

namespace spate::tools {
namespace {

// Pings and what answers them take some 10 kbit/s, for one peer alone.
constexpr std::uint64_t kUploadLimitMin = 16'000;

std::string environment_name(const std::string& option) {
  std::string name = "SPATE_" + option;
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

bool given_as(const std::vector<std::string>& arguments, const CLI::Option& option) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    const auto& longs = option.get_lnames();
    const auto& shorts = option.get_snames();
    return std::any_of(longs.begin(), longs.end(),
                       [&](const std::string& name) {
                         return argument == "--" + name || argument.starts_with("--" + name + "=");
                       }) ||
           std::any_of(shorts.begin(), shorts.end(),
                       [&](const std::string& name) { return argument.starts_with("-" + name); });
  });
}

bool is_switch(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

// As CLI11 asks for it, but read by us.
class ConfigFile final : public CLI::ConfigBase {
 public:
  using Read = std::function<std::vector<CLI::ConfigItem>(std::istream&)>;
  explicit ConfigFile(Read read) : read_(std::move(read)) {}
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override { return read_(input); }

 private:
  Read read_;
};

}  // namespace

CommandLine::CommandLine(const std::string& name, const std::string& description) : app_(description, name) {
  // The environment's arguments come first, so the last word is the command line's.
  app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app_.set_help_flag("-h,--help", "Show this and exit");
  app_.set_version_flag("--version", name + " " SPATE_VERSION, "Show the version and exit");
  app_.set_config("--config", "", "Read options from FILE, one NAME = VALUE a line")->type_name("FILE");
  app_.config_formatter(std::make_shared<ConfigFile>([this](std::istream& input) { return read_options(input); }));
  app_.get_formatter()->column_width(27);
  app_.footer(
      "Durations: 500ms, 2s, 10m. Rates in bits per second: 800k, 5M.\n"
      "Options can be set in the environment, too, as SPATE_CONFIG=FILE or SPATE_VERBOSE=1. See " +
      name + "(1).");
}

CLI::Option* CommandLine::add_text(const std::string& name, std::string& value, const std::string& type,
                                   const std::string& help) {
  return app_.add_option(name, value, help)->type_name(type);
}

CLI::Option* CommandLine::add_list(const std::string& name, std::vector<std::string>& values, const std::string& type,
                                   const std::string& help) {
  return app_.add_option(name, values, help)
      ->type_name(type)
      ->delimiter(',')
      ->allow_extra_args(false)  // what follows may be a link
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

CLI::Option* CommandLine::add_duration(const std::string& name, Duration& value, const std::string& help) {
  return add_duration(
      name, [&value](Duration duration) { value = duration; }, help);
}

CLI::Option* CommandLine::add_duration(const std::string& name, const std::function<void(Duration)>& take,
                                       const std::string& help) {
  const auto read = [this, name, take](const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) refuse(name, "'" + text + "' is not a duration like 500ms, 2s or 10m");
    take(*duration);
  };
  return app_.add_option_function<std::string>(name, read, help)->type_name("DUR");
}

CLI::Option* CommandLine::add_duration_or(const std::string& name, const std::string& word,
                                          std::optional<Duration>& value, const std::string& help) {
  const auto read = [this, name, word, &value](const std::string& text) {
    value = parse_duration(text);
    if (!value && text != word) refuse(name, "'" + text + "' is neither " + word + " nor a duration like 500ms or 2s");
  };
  return app_.add_option_function<std::string>(name, read, help)->type_name(word + "|DUR");
}

CLI::Option* CommandLine::add_bit_rate(const std::string& name, const std::function<void(std::uint64_t)>& take,
                                       const std::string& help) {
  const auto read = [this, name, take](const std::string& text) {
    const auto rate = parse_bit_rate(text);
    if (!rate) refuse(name, "'" + text + "' is not a bit rate like 800k or 5M");
    take(*rate);
  };
  return app_.add_option_function<std::string>(name, read, help)->type_name("RATE");
}

CLI::Option* CommandLine::add_bit_rate(const std::string& name, std::uint64_t& value, const std::string& help) {
  return add_bit_rate(
      name, [&value](std::uint64_t rate) { value = rate; }, help);
}

CLI::Option* CommandLine::add_count(const std::string& name, int& value, int min, int max, const std::string& help) {
  const auto read = [this, name, &value, min, max](const std::string& text) {
    int n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{} || end != text.data() + text.size() || n < min || n > max)
      refuse(name, "'" + text + "' is not a number from " + std::to_string(min) + " to " + std::to_string(max));
    value = n;
  };
  return app_.add_option_function<std::string>(name, read, help)->type_name("N");
}

void CommandLine::add_network(NetworkOptions& options, int default_children) {
  options.children = default_children;
  add_text("--listen", options.listen, "ADDR", "HOST:PORT or :PORT to listen on (any free port)");
  add_count("--children", options.children, 0, 1'000,
            "Serve N whole copies, or parts of them to more peers (" + std::to_string(default_children) + ")");
  const auto take_limit = [this, &options](std::uint64_t rate) {
    if (rate > 0 && rate < kUploadLimitMin)
      refuse("--upload-limit",
             std::to_string(rate) + " bits per second are too few: 16k are the least, as in 800k or 5M; 0 is no limit");
    options.upload_limit_bps = rate;
  };
  add_bit_rate("--upload-limit", take_limit, "Send at most so much in all; 0: no limit (0)");
}

void CommandLine::add_stats(StatsOptions& options) {
  add_duration(
      "--stats", [&options](Duration every) { options.every = every; },
      "Print statistics as JSON lines so often; 0: none (0)");
  const auto take_file = [this, &options](const std::string& file) {
    if (file == "-")
      refuse("--stats-file", "'-' is not taken: leave it out for standard error, or say fd:1 for standard output");
    options.file = file;
  };
  app_.add_option_function<std::string>("--stats-file", take_file,
                                        "Where statistics go: a file or fd:N (standard error)")
      ->type_name("FILE");
}

std::string CommandLine::config_file() const {
  const auto& given = app_.get_config_ptr()->results();
  return given.empty() ? "" : given.back();
}

std::string CommandLine::config_place(int line) const { return config_file() + ":" + std::to_string(line) + ": "; }

CLI::Option* CommandLine::find_configurable(const std::string& name) {
  for (const char* dashes : {"--", "-", ""}) {
    CLI::Option* const option = app_.get_option_no_throw(dashes + name);
    if (option != nullptr && option->get_configurable()) return option;
  }
  return nullptr;
}

std::vector<CLI::ConfigItem> CommandLine::read_options(std::istream& input) {
  std::vector<CLI::ConfigItem> items;
  for (const ConfigLine& line : read_config(input)) {
    const auto wrong = [&](const std::string& what) { throw ToolError(kUsage, config_place(line.number) + what); };
    if (!line.mistake.empty()) wrong(line.mistake);
    const CLI::Option* const option = find_configurable(line.name);
    if (option == nullptr)
      wrong("unknown option '" + line.name + "': use the names that --help shows, without the dashes");
    if (!line.value && !is_switch(*option)) wrong(line.name + ": a value is missing: " + option->get_type_name());
    config_lines_[option] = line.number;
    const std::string name = option->get_name().substr(option->get_name().find_first_not_of('-'));
    auto item = std::find_if(items.begin(), items.end(), [&](const CLI::ConfigItem& i) { return i.name == name; });
    if (item == items.end()) item = items.insert(item, CLI::ConfigItem{{}, name, {}});
    if (is_switch(*option)) item->inputs.clear();  // one is all that CLI11 wants of them
    item->inputs.push_back(line.value.value_or("true"));
  }
  return items;
}

// What CLI11 takes of its own accord is more than anybody could remember.
void CommandLine::check_switch(CLI::Option& option) {
  const bool counts = option.get_lnames().front() == "verbose";
  option.check([this, &option, counts](const std::string& value) {
    for (const char* word : {"1", "true", "yes", "on", "0", "false", "no", "off"})
      if (value == word) return std::string();
    if (!counts) refuse(option.get_name(), "'" + value + "' is neither 1 nor 0");
    if (value != "2") refuse(option.get_name(), "'" + value + "' is not 0, 1 or 2");
    return std::string();
  });
}

// Names the place where the value was given.
void CommandLine::refuse(const std::string& option, const std::string& why) const {
  const CLI::Option* const known = app_.get_option_no_throw(option);
  const std::string name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  std::string place = option;
  if (known == nullptr || given_as(given_, *known))
    place = option;
  else if (from_environment(name))
    place = environment_name(name);
  else if (const auto line = config_lines_.find(known); line != config_lines_.end())
    place = config_place(line->second) + name;
  throw ToolError(kUsage, place + ": " + why + " (see --help)");
}

void CommandLine::refuse_extras() const {
  const std::vector<std::string> extras = app_.remaining();
  const auto is_option = [](const std::string& argument) { return argument.starts_with("-"); };
  if (const auto option = std::find_if(extras.begin(), extras.end(), is_option); option != extras.end())
    throw ToolError(kUsage, "unknown option '" + option->substr(0, option->find('=')) + "' (see --help)");
  // A link may be a secret.
  const bool link = extras.empty() || extras.front().find("spate:") != std::string::npos;
  throw ToolError(kUsage, "an argument too many: " + (link ? "a link" : "'" + extras.front() + "'") + " (see --help)");
}

// What CLI11 finds by itself, in our words. Its own words stand for what is not foreseen here.
void CommandLine::refuse(const CLI::ParseError& error) const {
  std::string message = error.what();
  std::replace(message.begin(), message.end(), '\n', ' ');
  const auto type_of = [&](const std::string& option) {
    const CLI::Option* const known = app_.get_option_no_throw(option);
    return known == nullptr ? std::string() : known->get_type_name();
  };
  constexpr std::string_view kConversion = "Could not convert: ";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    refuse_extras();
  } else if (dynamic_cast<const CLI::FileError*>(&error) != nullptr) {
    throw ToolError(kUsage, "cannot read the configuration file '" + config_file() + "'");
  } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && message.starts_with("--")) {
    const std::string option = message.substr(0, message.find(':'));
    refuse(option, "a value is missing: " + type_of(option));
  } else if (const std::size_t equals = message.find(" = ");
             message.starts_with(kConversion) && equals != std::string::npos) {
    const std::string option = message.substr(kConversion.size(), equals - kConversion.size());
    refuse(option, "'" + message.substr(equals + 3) + "' is not a number");
  }
  throw ToolError(kUsage, message + " (see --help)");
}

std::vector<std::string> CommandLine::environment_arguments() const {
  std::vector<std::string> arguments;
  for (const CLI::Option* option : app_.get_options()) {
    if (option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (name == "help" || name == "version" || given_as(given_, *option)) continue;
    const auto value = from_environment(name);
    if (!value) continue;
    arguments.push_back("--" + name + "=" + *value);
  }
  return arguments;
}

std::optional<int> CommandLine::parse(int argc, char** argv) {
  app_.add_flag("-v,--verbose", verbosity_, "Say more; twice: even more, with peers' addresses")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  for (CLI::Option* option : app_.get_options())
    if (is_switch(*option) && option->get_configurable()) check_switch(*option);
  given_.assign(argv + 1, argv + argc);
  std::vector<std::string> arguments = environment_arguments();
  arguments.insert(arguments.end(), given_.begin(), given_.end());
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app_.parse(arguments);
  } catch (const CLI::Success& success) {  // help and version
    std::ostringstream text;
    const int code = app_.exit(success, text, text);
    write_stdout(text.str());
    return code;
  } catch (const CLI::ParseError& error) {
    refuse(error);
  }
  io::log::open(app_.get_name(), verbosity_);
  return std::nullopt;
}

std::optional<std::string> from_environment(const std::string& name) {
  const char* const value = std::getenv(environment_name(name).c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

}  // namespace spate::tools
