// The unit tests' main: Catch2's own, after libsodium has picked its fast implementations.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include "libcore/crypto/suite.h"

int main(int argc, char** argv) {
  spate::crypto::initialise();
  return Catch::Session().run(argc, argv);
}
