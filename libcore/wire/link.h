// The link: one shell-safe word that names a stream by its key and some hosts that know it (README.md, "Links").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libcore/crypto/keys.h"

namespace spate::wire {

struct LinkHost {
  std::string host;  // a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 0;
  crypto::NodeKey key;
};

struct Link {
  crypto::StreamKey stream;
  std::optional<crypto::SymmetricKey> swarm_secret;    // private streams
  std::optional<crypto::SymmetricKey> content_secret;  // watch links of private streams
  std::vector<LinkHost> hosts;                         // 1..kLinkHostsMax

  bool is_private() const { return swarm_secret.has_value(); }
};

inline constexpr std::size_t kLinkHostsMax = 16;
inline constexpr std::size_t kLinkCharsMax = 4096;

std::string format_link(const Link& link);

struct LinkError {
  std::string message;  // one line, for a person: what is wrong and what to do; never repeats the link
};
std::variant<Link, LinkError> parse_link(std::string_view text);

// "HOST:PORT", "[V6]:PORT" or ":PORT" (empty host). Nothing if it is none of these or the port is not 1..65535.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<HostPort> parse_host_port(std::string_view text);
std::string format_host_port(std::string_view host, std::uint16_t port);

}  // namespace spate::wire
