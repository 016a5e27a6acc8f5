#include "libcore/io/failure.h"

#include <system_error>

namespace spate::io {

Failure system_failure(std::string_view what, int error) {
  return {std::string(what) + ": " + std::generic_category().message(error)};
}

void throw_system_failure(const char* what, int error) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace spate::io
