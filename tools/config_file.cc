#include "tools/config_file.h"

#include <string_view>

#include "libcore/base/text.h"

namespace spate::tools {
namespace {

// REQUIRES that no quotes are open.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '#' && (i == 0 || is_blank(text[i - 1]))) return trimmed(text.substr(0, i));
  return trimmed(text);
}

void read_value(std::string_view text, ConfigLine& line) {
  const char quote = text.empty() ? '\0' : text.front();
  if (quote != '"' && quote != '\'') {
    line.value = without_comment(text);
    return;
  }
  const std::size_t end = text.find(quote, 1);
  if (end == text.npos)
    line.mistake = line.name + ": a quote is not closed";
  else if (!without_comment(text.substr(end + 1)).empty())
    line.mistake = line.name + ": what follows the quotes does not belong there";
  else
    line.value = text.substr(1, end - 1);
}

}  // namespace

std::vector<ConfigLine> read_config(std::istream& input) {
  std::vector<ConfigLine> lines;
  int number = 0;
  for (std::string line; std::getline(input, line);) {
    ++number;
    const std::string_view text = trimmed(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') continue;
    ConfigLine& read = lines.emplace_back();
    read.number = number;
    std::size_t equals = text.find('=');
    if (equals >= without_comment(text).size()) equals = text.npos;
    read.name = equals == text.npos ? without_comment(text) : trimmed(text.substr(0, equals));
    if (read.name.empty())
      read.mistake = "a name is missing before '='";
    else if (read.name.front() == '[')
      read.mistake = "'" + read.name.substr(1, read.name.find(']') - 1) + "' is a section: options need none";
    else if (equals != text.npos)
      read_value(trimmed(text.substr(equals + 1)), read);
  }
  return lines;
}

}  // namespace spate::tools
