// Base64 with the alphabet that is safe in URLs, shells and file names, without padding (RFC 4648, section 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcore/base/bytes.h"

namespace spate {

std::string to_base64url(Bytes bytes);

// Nothing unless the text is exactly what to_base64url() makes of some bytes.
std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text);

}  // namespace spate
