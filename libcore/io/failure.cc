#include "libcore/io/failure.h"

#include <system_error>

namespace spate::io {

Failure system_failure(std::string_view what, int error) {
  return {std::string(what) + ": " + std::generic_category().message(error)};
}

}  // namespace spate::io
