// Links: one that parses is printed in a form that parses to the same; an error is one short line.
//
// An even first byte: the rest is the link. An odd one: the rest is what a link holds, whose check is made right here,
// for by chance it never is.
#include <string>

#include "libcore/base/base64url.h"
#include "libcore/crypto/hash.h"
#include "libcore/wire/link.h"
#include "tests/fuzz/target.h"

using namespace spate;

namespace {

bool is_same(const wire::Link& a, const wire::Link& b) {
  if (a.hosts.size() != b.hosts.size()) return false;
  for (std::size_t i = 0; i < a.hosts.size(); ++i)
    if (a.hosts[i].port != b.hosts[i].port || a.hosts[i].key != b.hosts[i].key) return false;
  return a.stream == b.stream && a.swarm_secret == b.swarm_secret && a.content_secret == b.content_secret;
}

void check_link(std::string_view text) {
  const auto parsed = wire::parse_link(text);
  if (const auto* const error = std::get_if<wire::LinkError>(&parsed)) {
    SPATE_CHECK(!error->message.empty() && error->message.size() < 200);
    SPATE_CHECK(error->message.find('\n') == std::string::npos);
    return;
  }
  const auto& link = std::get<wire::Link>(parsed);
  const std::string printed = wire::format_link(link);
  SPATE_CHECK(printed.size() <= wire::kLinkCharsMax);
  const auto again = wire::parse_link(printed);
  SPATE_CHECK(std::holds_alternative<wire::Link>(again));
  SPATE_CHECK(is_same(std::get<wire::Link>(again), link));
  SPATE_CHECK(wire::format_link(std::get<wire::Link>(again)) == printed);
}

void check_host_port(std::string_view text) {
  const auto parsed = wire::parse_host_port(text);
  if (!parsed) return;
  const auto again = wire::parse_host_port(wire::format_host_port(parsed->host, parsed->port));
  SPATE_CHECK(again && again->host == parsed->host && again->port == parsed->port);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if (input.u8() % 2 == 0) {
    const std::string_view text = fuzz::as_text(input.rest());
    check_link(text);
    check_host_port(text);
    return 0;
  }
  const std::string hosts(fuzz::as_text(input.bytes(input.u8())));
  const Bytes rest = input.rest();
  std::vector<std::uint8_t> blob(rest.begin(), rest.end());
  const auto check = crypto::blake2b<16>({blob, as_bytes(hosts)});
  blob.insert(blob.end(), check.begin(), check.begin() + 4);
  check_link("spate:" + to_base64url(blob) + "@" + hosts);
  return 0;
}
