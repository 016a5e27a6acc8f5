// One live line at the bottom of a terminal, on standard error; makes way for log lines.
#pragma once

#include <string>
#include <string_view>

namespace spate::io {

class StatusLine {
 public:
  // Does nothing unless standard error is a terminal.
  StatusLine();
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  static bool possible();

  // Cut to the terminal's width.
  void show(std::string_view text);
  void erase();

 private:
  bool on_;
  bool shown_ = false;
};

}  // namespace spate::io
