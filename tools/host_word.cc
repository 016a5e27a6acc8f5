#include "tools/host_word.h"

#include <algorithm>

#include "libcore/base/base64url.h"

namespace spate::tools {

std::string format_host_word(const wire::LinkHost& host) {
  return to_base64url(host.key.bytes) + "@" + wire::format_host_port(host.host, host.port);
}

std::optional<wire::LinkHost> parse_host_word(std::string_view word) {
  const std::size_t at = word.find('@');
  if (at == word.npos) return std::nullopt;
  const auto key = from_base64url(word.substr(0, at));
  const auto host = wire::parse_host_port(word.substr(at + 1));
  wire::LinkHost read;
  if (!key || key->size() != read.key.bytes.size() || !host || host->host.empty()) return std::nullopt;
  std::copy(key->begin(), key->end(), read.key.bytes.begin());
  read.host = host->host;
  read.port = host->port;
  return read;
}

}  // namespace spate::tools
