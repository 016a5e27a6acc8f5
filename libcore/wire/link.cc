#include "libcore/wire/link.h"

#include <algorithm>
#include <charconv>

#include "libcore/base/base64url.h"
#include "libcore/base/check.h"
#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/hash.h"

namespace spate::wire {
namespace {

constexpr std::string_view kScheme = "spate:";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kPrivate = 1;
constexpr std::uint8_t kHasContentSecret = 2;
constexpr std::size_t kCheckBytes = 4;
constexpr std::size_t kHostCharsMax = 253;
constexpr std::size_t kBlobBytesMax = 3 + 32 + kLinkHostsMax * 32 + 32 + 32 + kCheckBytes;

constexpr std::string_view kCopyWhole = "copy the whole line again, from 'spate:' to the end";
constexpr std::string_view kUseNewer = "use a newer version of spate";

LinkError error(std::string_view what, std::string_view remedy) {
  return {std::string(what) + "; " + std::string(remedy)};
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name(std::string_view host) {
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}
bool is_v6(std::string_view host) {
  return host.find(':') != std::string_view::npos && host.find_first_not_of("0123456789abcdefABCDEF:.") == host.npos;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// What stands behind the '@'. The check is made of this form, however a person may have written it.
std::string hosts_text(const std::vector<LinkHost>& hosts) {
  std::string text;
  for (const LinkHost& host : hosts) {
    if (!text.empty()) text += ',';
    text += format_host_port(lower_case(host.host), host.port);
  }
  return text;
}

ByteArray<kCheckBytes> check_of(Bytes blob, const std::string& hosts) {
  const ByteArray<16> hash = crypto::blake2b<16>({blob, as_bytes(hosts)});
  ByteArray<kCheckBytes> check;
  std::copy_n(hash.begin(), check.size(), check.begin());
  return check;
}

std::variant<std::vector<LinkHost>, LinkError> parse_hosts(std::string_view text) {
  if (text.empty()) return error("the link names no host", kCopyWhole);
  std::vector<LinkHost> hosts;
  for (bool more = true; more;) {
    if (hosts.size() == kLinkHostsMax) return error("the link names more than 16 hosts", "use fewer");
    const std::size_t comma = text.find(',');
    std::optional<HostPort> host = parse_host_port(text.substr(0, comma));
    if (!host || host->host.empty()) {
      const std::string number = std::to_string(hosts.size() + 1);
      return error("host " + number + " of the link is not HOST:PORT with a port from 1 to 65535", kCopyWhole);
    }
    hosts.push_back({std::move(host->host), host->port, {}});
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return hosts;
}

// Fills in all that the blob holds; its check has been found right.
std::optional<LinkError> parse_blob(Bytes blob, Link& link) {
  Reader in(blob);
  if (in.u8() != kVersion) return error("the link is of a version that this spate does not know", kUseNewer);
  const std::uint8_t flags = in.u8();
  if ((flags & ~(kPrivate | kHasContentSecret)) != 0)
    return error("the link asks for something that this spate does not know", kUseNewer);
  const std::size_t keys = in.u8();
  const bool contradiction = flags == kHasContentSecret || (keys != 1 && keys != link.hosts.size());
  link.stream.bytes = in.array<32>();
  for (std::size_t i = 0; i < keys && i < link.hosts.size(); ++i) link.hosts[i].key.bytes = in.array<32>();
  if (keys == 1)
    for (LinkHost& host : link.hosts) host.key = link.hosts.front().key;
  if ((flags & kPrivate) != 0) link.swarm_secret = in.array<32>();
  if ((flags & kHasContentSecret) != 0) link.content_secret = in.array<32>();
  if (contradiction || !in.ok_and_empty()) return error("the link was made wrong", "ask for a new one");
  return std::nullopt;
}

}  // namespace

std::string format_link(const Link& link) {
  SPATE_CHECK(!link.hosts.empty() && link.hosts.size() <= kLinkHostsMax);
  SPATE_CHECK(link.is_private() || !link.content_secret);
  for (const LinkHost& host : link.hosts) SPATE_CHECK(!host.host.empty() && host.port != 0);
  const bool one_key = std::all_of(link.hosts.begin(), link.hosts.end(),
                                   [&](const LinkHost& host) { return host.key == link.hosts.front().key; });
  const std::size_t keys = one_key ? 1 : link.hosts.size();
  const int flags = (link.swarm_secret ? kPrivate : 0) | (link.content_secret ? kHasContentSecret : 0);
  const std::string hosts = hosts_text(link.hosts);

  ByteArray<kBlobBytesMax> blob;
  Writer out(blob);
  out.u8(kVersion).u8(static_cast<std::uint8_t>(flags)).u8(static_cast<std::uint8_t>(keys)).bytes(link.stream.bytes);
  for (std::size_t i = 0; i < keys; ++i) out.bytes(link.hosts[i].key.bytes);
  if (link.swarm_secret) out.bytes(*link.swarm_secret);
  if (link.content_secret) out.bytes(*link.content_secret);
  out.bytes(check_of(out.written(), hosts));
  std::string text = std::string(kScheme) + to_base64url(out.written()) + '@' + hosts;
  crypto::erase(blob);
  return text;
}

std::variant<Link, LinkError> parse_link(std::string_view text) {
  text = trim(text);
  if (text.empty()) return error("the link is empty", "give the one that spate-publish printed");
  if (text.size() > kLinkCharsMax) return error("this is too long for a spate link", kCopyWhole);
  if (text.substr(0, kScheme.size()) != kScheme)
    return error("this is not a spate link: one begins with 'spate:'", "give the one that spate-publish printed");
  if (std::any_of(text.begin(), text.end(), is_space))
    return error("there is a space or a line break inside the link", "it is one word: " + std::string(kCopyWhole));
  text.remove_prefix(kScheme.size());

  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return error("the link is cut off: there is no '@' with hosts behind", kCopyWhole);
  std::optional<std::vector<std::uint8_t>> blob = from_base64url(text.substr(0, at));
  if (!blob || blob->size() < kCheckBytes) return error("the link is mistyped between 'spate:' and '@'", kCopyWhole);
  auto hosts = parse_hosts(text.substr(at + 1));
  if (auto* const wrong = std::get_if<LinkError>(&hosts)) return std::move(*wrong);

  Link link;
  link.hosts = std::move(std::get<std::vector<LinkHost>>(hosts));
  const Bytes checked = Bytes{*blob}.first(blob->size() - kCheckBytes);
  const ByteArray<kCheckBytes> check = check_of(checked, hosts_text(link.hosts));
  if (!std::equal(check.begin(), check.end(), blob->end() - kCheckBytes))
    return error("the link is mistyped or cut off: its check does not agree", kCopyWhole);
  std::optional<LinkError> wrong = parse_blob(checked, link);
  crypto::erase(*blob);
  if (wrong) return std::move(*wrong);
  return link;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.size() > kHostCharsMax || !(bracketed ? is_v6(host) : is_name(host))) return std::nullopt;

  std::uint16_t port = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (status != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return HostPort{std::string(host), port};
}

std::string format_host_port(std::string_view host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
}

}  // namespace spate::wire
