// What every target defines, and both its drivers call: libFuzzer's own, and replay.cc.
//
// A target fails by SPATE_CHECK, or by what a sanitizer finds; whatever it returns from was fine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libcore/base/check.h"
#include "tests/fuzz/input.h"

extern "C" {
int LLVMFuzzerInitialize(int* argc, char*** argv);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
}
