// The syntax of the file of --config: NAME = VALUE a line, or NAME alone for an option that is a switch.
//
// Blanks around name and value do not count. A value in quotes, "..." or '...', is taken as it is between them. `#`
// begins a comment, at the beginning of a line or after a blank; so does `;` at the beginning. Lines without anything
// else are skipped.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace spate::tools {

struct ConfigLine {
  int number = 0;  // from 1
  std::string name;
  std::optional<std::string> value;
  std::string mistake;  // not empty: what is wrong with it
};

std::vector<ConfigLine> read_config(std::istream& input);

}  // namespace spate::tools
