// Messages for people, on standard error, one line each: "spate-watch: message".
//
// Peers' addresses belong in debug() only: a log that is passed on should not tell who watched.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace spate::io::log {

// Before anything else here. Verbosity 0 shows up to notice(), 1 detail() too, 2 debug() too. Also makes failed
// checks print.
void open(std::string_view program, int verbosity);

void error(std::string_view message);
void warning(std::string_view message);
void notice(std::string_view message);
void detail(std::string_view message);
void debug(std::string_view message);

// Called before each line: a status line on the terminal makes way. An empty function takes it off.
void set_before_line(std::function<void()> hook);

}  // namespace spate::io::log
