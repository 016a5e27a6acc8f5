// The command line of a tool: CLI11, with this suite's habits. Flags beat the environment, which beats --config FILE.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/io/address_text.h"
#include "tools/exit_code.h"

namespace spate::tools {

struct StatsOptions {
  std::optional<Duration> every;  // 0: no lines; none: every second to `file`, if it is given
  std::string file;               // empty: standard error
};

struct NetworkOptions {
  std::string listen = ":0";
  int children = 0;
  std::uint64_t upload_limit_bps = 0;
};

class CommandLine {
 public:
  // `name` as in "spate-watch".
  CommandLine(const std::string& name, const std::string& description);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App& app() { return app_; }
  CLI::Option* add_text(const std::string& name, std::string& value, const std::string& type, const std::string& help);
  // May be repeated, and has commas between its values.
  CLI::Option* add_list(const std::string& name, std::vector<std::string>& values, const std::string& type,
                        const std::string& help);
  CLI::Option* add_duration(const std::string& name, Duration& value, const std::string& help);
  CLI::Option* add_duration(const std::string& name, const std::function<void(Duration)>& take,
                            const std::string& help);
  // `word` stands for none, which the value is before.
  CLI::Option* add_duration_or(const std::string& name, const std::string& word, std::optional<Duration>& value,
                               const std::string& help);
  CLI::Option* add_bit_rate(const std::string& name, const std::function<void(std::uint64_t)>& take,
                            const std::string& help);
  CLI::Option* add_bit_rate(const std::string& name, std::uint64_t& value, const std::string& help);
  CLI::Option* add_count(const std::string& name, int& value, int min, int max, const std::string& help);
  void add_network(NetworkOptions& options, int default_children);
  void add_stats(StatsOptions& options);

  // Reads the command line, the environment and the configuration file, and opens the log. An exit code if that was
  // all (--help, --version). Throws ToolError(kUsage).
  std::optional<int> parse(int argc, char** argv);

 private:
  std::vector<std::string> environment_arguments() const;
  // Throw ToolError(kUsage). `option` as in "--listen".
  [[noreturn]] void refuse(const std::string& option, const std::string& why) const;
  [[noreturn]] void refuse_extras() const;
  [[noreturn]] void refuse(const CLI::ParseError& error) const;
  std::string config_file() const;
  std::string config_place(int line) const;  // "FILE:LINE: "
  CLI::Option* find_configurable(const std::string& name);
  // What the configuration file says.
  std::vector<CLI::ConfigItem> read_options(std::istream& input);
  void check_switch(CLI::Option& option);

  CLI::App app_;
  std::vector<std::string> given_;                  // the command line
  std::map<const CLI::Option*, int> config_lines_;  // where the configuration file says them last
  int verbosity_ = 0;
};

// The value of SPATE_<NAME> for a positional argument, if it is set.
std::optional<std::string> from_environment(const std::string& name);

}  // namespace spate::tools
