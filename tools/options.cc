#include "tools/options.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <memory>
#include <sstream>

#include "libcore/base/units.h"
#include "libcore/io/log.h"
#include "tools/common.h"

namespace spate::tools {
namespace {

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

// A flag in the environment: SPATE_RAW=1.
bool truth(const std::string& variable, const std::string& value) {
  for (const char* yes : {"1", "true", "yes", "on"})
    if (value == yes) return true;
  for (const char* no : {"0", "false", "no", "off"})
    if (value == no) return false;
  throw ToolError(kUsage, variable + " is '" + value + "': use 1 or 0");
}

// As CLI11 reads it, but what is no option is told in our words.
class ConfigFile final : public CLI::ConfigBase {
 public:
  using Check = std::function<void(const CLI::ConfigItem&)>;
  explicit ConfigFile(Check check) : check_(std::move(check)) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    auto options = ConfigBase::from_config(input);
    std::for_each(options.begin(), options.end(), check_);
    return options;
  }

 private:
  Check check_;
};

}  // namespace

CommandLine::CommandLine(const std::string& name, const std::string& description) : app_(description, name) {
  // The environment's arguments come first, so the last word is the command line's.
  app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app_.set_help_flag("-h,--help", "Show this and exit");
  app_.set_version_flag("--version", name + " " SPATE_VERSION, "Show the version and exit");
  app_.set_config("--config", "", "Read options from FILE, one NAME = VALUE a line")->type_name("FILE");
  app_.config_formatter(std::make_shared<ConfigFile>([this](const CLI::ConfigItem& item) {
    if (!item.parents.empty())
      throw ToolError(kUsage, config_file() + ": '" + item.parents.front() + "' is a section: options need none");
    for (const char* dashes : {"--", "-", ""}) {
      const CLI::Option* const option = app_.get_option_no_throw(dashes + item.name);
      if (option != nullptr && option->get_configurable()) return;
    }
    throw ToolError(kUsage, config_file() + ": unknown option '" + item.name +
                                "': use the names that --help shows, without the dashes");
  }));
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

CLI::Option* CommandLine::add_duration(const std::string& name, Duration& value, const std::string& help) {
  const auto read = [this, name, &value](const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) refuse(name, "'" + text + "' is not a duration like 500ms, 2s or 10m");
    value = *duration;
  };
  return app_.add_option_function<std::string>(name, read, help)->type_name("DUR");
}

CLI::Option* CommandLine::add_bit_rate(const std::string& name, std::uint64_t& value, const std::string& help) {
  const auto read = [this, name, &value](const std::string& text) {
    const auto rate = parse_bit_rate(text);
    if (!rate) refuse(name, "'" + text + "' is not a bit rate like 800k or 5M");
    value = *rate;
  };
  return app_.add_option_function<std::string>(name, read, help)->type_name("RATE");
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
            "Serve at most N peers (" + std::to_string(default_children) + ")");
  add_bit_rate("--upload-limit", options.upload_limit_bps, "Send at most so much in all (no limit)");
}

void CommandLine::add_stats(StatsOptions& options) {
  add_duration("--stats", options.every, "Print statistics as JSON lines so often");
  add_text("--stats-file", options.file, "FILE", "Where statistics go: a file or fd:N (standard error)");
}

std::string CommandLine::config_file() const {
  const auto& given = app_.get_config_ptr()->results();
  return given.empty() ? "" : given.back();
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
  else if (!config_file().empty())
    place = config_file() + ": " + name;
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
    const bool flag = type_of(option).empty();
    refuse(option, "'" + message.substr(equals + 3) + "' is " + (flag ? "neither 1 nor 0" : "not a number"));
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
    if (option->get_items_expected_max() > 0)
      arguments.push_back("--" + name + "=" + *value);
    else if (truth(environment_name(name), *value))
      arguments.push_back("--" + name);
  }
  return arguments;
}

std::optional<int> CommandLine::parse(int argc, char** argv) {
  app_.add_flag("-v,--verbose", verbosity_, "Say more; twice: even more, with peers' addresses")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
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
