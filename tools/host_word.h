// A host as one word, KEY@HOST:PORT: what spate-relay --key prints, and spate-publish --host puts into the link.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libcore/wire/link.h"

namespace spate::tools {

std::string format_host_word(const wire::LinkHost& host);

// Nothing if it is none.
std::optional<wire::LinkHost> parse_host_word(std::string_view word);

}  // namespace spate::tools
