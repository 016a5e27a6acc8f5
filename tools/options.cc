#include "tools/options.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iostream>

#include "libcore/base/units.h"
#include "libcore/io/log.h"

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
    return std::any_of(longs.begin(), longs.end(), [&](const std::string& name) {
      return argument == "--" + name || argument.starts_with("--" + name + "=");
    });
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

}  // namespace

CommandLine::CommandLine(const std::string& name, const std::string& description) : app_(description, name) {
  // The environment's arguments come first, so the last word is the command line's.
  app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app_.set_help_flag("-h,--help", "Show this and exit");
  app_.set_version_flag("--version", name + " " SPATE_VERSION, "Show the version and exit");
  app_.set_config("--config", "", "Read options from FILE, one NAME = VALUE a line")->type_name("FILE");
  app_.allow_config_extras(CLI::config_extras_mode::error);
  app_.get_formatter()->column_width(27);
  app_.footer(
      "Durations: 500ms, 2s, 10m. Rates in bits per second: 800k, 5M.\n"
      "Each option can be set in the environment, too: SPATE_LISTEN=:7400. See " +
      name + "(1).");
}

CLI::Option* CommandLine::add_text(const std::string& name, std::string& value, const std::string& type,
                                   const std::string& help) {
  return app_.add_option(name, value, help)->type_name(type);
}

CLI::Option* CommandLine::add_duration(const std::string& name, Duration& value, const std::string& help) {
  const auto read = [&value](const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) throw CLI::ValidationError("'" + text + "' is not a duration like 500ms, 2s or 10m");
    value = *duration;
  };
  return app_.add_option_function<std::string>(name, read, help)->type_name("DUR");
}

CLI::Option* CommandLine::add_bit_rate(const std::string& name, std::uint64_t& value, const std::string& help) {
  const auto read = [&value](const std::string& text) {
    const auto rate = parse_bit_rate(text);
    if (!rate) throw CLI::ValidationError("'" + text + "' is not a bit rate like 800k or 5M");
    value = *rate;
  };
  return app_.add_option_function<std::string>(name, read, help)->type_name("RATE");
}

CLI::Option* CommandLine::add_count(const std::string& name, int& value, int min, int max, const std::string& help) {
  const auto read = [name, &value, min, max](const int& n) {
    if (n < min || n > max)
      throw CLI::ValidationError(name, "not in " + std::to_string(min) + " to " + std::to_string(max));
    value = n;
  };
  return app_.add_option_function<int>(name, read, help)->type_name("N");
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

std::vector<std::string> CommandLine::environment_arguments(const std::vector<std::string>& given) const {
  std::vector<std::string> arguments;
  for (const CLI::Option* option : app_.get_options()) {
    if (option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (name == "help" || name == "version" || given_as(given, *option)) continue;
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
  const std::vector<std::string> given(argv + 1, argv + argc);
  std::vector<std::string> arguments = environment_arguments(given);
  arguments.insert(arguments.end(), given.begin(), given.end());
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app_.parse(arguments);
  } catch (const CLI::Success& success) {  // help and version
    return app_.exit(success, std::cout, std::cerr);
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    throw ToolError(kUsage, message + " (see --help)");
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
