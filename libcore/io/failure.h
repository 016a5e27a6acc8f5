// How io/ tells of what went wrong outside: a value, or one line that a person can act on. What hardly ever fails, and
// without which there is no going on, is thrown: std::system_error, whose what() is such a line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace spate::io {

struct Failure {
  std::string message;
};

template <typename T>
using Result = std::variant<T, Failure>;

template <typename T>
const Failure* failure_of(const Result<T>& result) {
  return std::get_if<Failure>(&result);
}

// "cannot open x: No such file or directory"
Failure system_failure(std::string_view what, int error);
[[noreturn]] void throw_system_failure(const char* what, int error);

}  // namespace spate::io
