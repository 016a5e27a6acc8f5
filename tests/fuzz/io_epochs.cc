// A file of epochs that parses is printed in a form that parses to the same, and is no longer than it may be.
#include "libcore/io/epoch_file.h"
#include "tests/fuzz/target.h"

using namespace spate;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto epochs = io::parse_epochs(fuzz::as_text(input.rest()));
  if (!epochs) return 0;
  const std::string text = io::format_epochs(*epochs);
  SPATE_CHECK(text.size() <= io::kEpochFileBytesMax);
  SPATE_CHECK(io::parse_epochs(text) == epochs);
  return 0;
}
