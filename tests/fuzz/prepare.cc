// What is done once, before the first input.
#include <cstdio>

#include "libcore/crypto/suite.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerInitialize(int*, char***) {
  spate::set_check_handler([](const char* condition, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: not true: %s\n", file, line, condition);
  });
  spate::crypto::initialise();
  return 0;
}
