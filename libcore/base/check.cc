#include "libcore/base/check.h"

#include <cstdlib>

namespace spate {
namespace {
CheckHandler g_handler = nullptr;
}

void set_check_handler(CheckHandler handler) { g_handler = handler; }

void check_failed(const char* condition, const char* file, int line) {
  if (g_handler != nullptr) g_handler(condition, file, line);
  std::abort();
}

}  // namespace spate
