// SPATE_CHECK: for our own bugs, on in every build. Never for what a peer sent: that is counted and dropped.
#pragma once

namespace spate {

// Told of a failed check just before the program aborts; io/ sets one that prints. Must not return control to
// the failed code: abort() follows whatever it does.
using CheckHandler = void (*)(const char* condition, const char* file, int line);
void set_check_handler(CheckHandler handler);

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace spate

#define SPATE_CHECK(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::spate::check_failed(#condition, __FILE__, __LINE__))
