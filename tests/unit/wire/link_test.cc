#include "libcore/wire/link.h"

#include "libcore/base/base64url.h"
#include "libcore/base/reader.h"
#include "libcore/crypto/chacha_rng.h"
#include "libcore/crypto/hash.h"
#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::wire;
using tests::stream_text;
using tests::stream_vector;
using tests::to_array;

namespace {

template <std::size_t N = 32>
ByteArray<N> filled(std::uint8_t value) {
  ByteArray<N> bytes;
  bytes.fill(value);
  return bytes;
}

Link public_link() {
  Link link;
  link.stream.bytes = filled(0x11);
  link.hosts = {{"example.org", 7400, {filled(0x22)}}};
  return link;
}

Link watch_link() {
  Link link = public_link();
  link.swarm_secret = filled(0x44);
  link.content_secret = filled(0x55);
  link.hosts.push_back({"2001:db8::1", 65535, {filled(0x33)}});
  return link;
}

std::string error_of(std::string_view text) {
  const auto parsed = parse_link(text);
  const LinkError* const error = std::get_if<LinkError>(&parsed);
  return error == nullptr ? "" : error->message;
}

bool says(const std::string& message, const char* words) { return message.find(words) != std::string::npos; }

// A link with a right check around any blob.
std::string sealed(std::vector<std::uint8_t> blob, const std::string& hosts) {
  const auto hash = crypto::blake2b<16>({blob, as_bytes(hosts)});
  blob.insert(blob.end(), hash.begin(), hash.begin() + 4);
  return "spate:" + to_base64url(blob) + "@" + hosts;
}

std::vector<std::uint8_t> blob_of(std::uint8_t version, std::uint8_t flags, std::uint8_t keys, std::size_t rest) {
  std::vector<std::uint8_t> blob = {version, flags, keys};
  blob.resize(3 + rest, 7);
  return blob;
}

void check_same(const Link& a, const Link& b) {
  CHECK(a.stream == b.stream);
  CHECK(a.swarm_secret == b.swarm_secret);
  CHECK(a.content_secret == b.content_secret);
  REQUIRE(a.hosts.size() == b.hosts.size());
  for (std::size_t i = 0; i < a.hosts.size(); ++i) {
    CHECK(a.hosts[i].host == b.hosts[i].host);
    CHECK(a.hosts[i].port == b.hosts[i].port);
    CHECK(a.hosts[i].key == b.hosts[i].key);
  }
}

void check_round_trip(const Link& link) {
  const std::string text = format_link(link);
  CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:@,[]") == text.npos);
  const auto parsed = parse_link(text);
  REQUIRE(std::holds_alternative<Link>(parsed));
  check_same(std::get<Link>(parsed), link);
}

// As a slip of the hand, of a program that wraps lines, or of somebody who tries.
void change(std::string& text, Rng& rng) {
  const auto at = [&] { return static_cast<std::size_t>(rng.below(text.size() + 1)); };
  const std::size_t here = at();
  switch (rng.below(6)) {
    case 0:
      text.insert(here, 1, static_cast<char>(rng.below(256)));
      break;
    case 1:
      text.erase(here, 1 + rng.below(3));
      break;
    case 2:
      if (here < text.size()) text[here] = static_cast<char>(33 + rng.below(94));
      break;
    case 3:
      if (here < text.size()) text[here] ^= static_cast<char>(1 << rng.below(8));
      break;
    case 4:
      text.insert(here, text.substr(at(), rng.below(40)));
      break;
    default:
      text.resize(here);
      break;
  }
}

}  // namespace

TEST_CASE("link: public, relay and watch links match the independent implementation, and come back as they were") {
  const auto part = [](const std::string& name) { return to_array<32>(stream_vector("links", name)); };
  const auto host = [&](const std::string& name) {
    const std::uint16_t port = Reader(stream_vector("links", name + "_port")).u16();
    return LinkHost{stream_text("links", name + "_host"), port, {part(name + "_key")}};
  };
  const auto check = [](const Link& link, const char* name) {
    CHECK(format_link(link) == stream_text("links", name));
    check_round_trip(link);
  };
  Link link;
  link.stream.bytes = part("stream");
  link.hosts = {host("first")};
  check(link, "public");
  link.hosts.push_back(host("second"));
  link.swarm_secret = part("swarm_secret");
  check(link, "relay");
  link.content_secret = part("content_secret");
  check(link, "watch");
  link.hosts[1].key = link.hosts[0].key;
  check(link, "one_key");
}

TEST_CASE("link: with the most hosts it comes back as it was") {
  Link many = public_link();
  while (many.hosts.size() < kLinkHostsMax)
    many.hosts.push_back(
        {"10.0.0." + std::to_string(many.hosts.size()), 1, {filled(static_cast<std::uint8_t>(many.hosts.size()))}});
  check_round_trip(many);
}

TEST_CASE("link: the relay link of a private stream does not hold the content secret") {
  Link relay = watch_link();
  relay.content_secret.reset();
  const std::string text = format_link(relay);
  const auto blob = from_base64url(std::string_view(text).substr(6, text.find('@') - 6));
  REQUIRE(blob);
  CHECK(std::count(blob->begin(), blob->end(), 0x44) >= 32);
  CHECK(std::count(blob->begin(), blob->end(), 0x55) < 8);
}

TEST_CASE("link: white space around it does not matter, nor how a host is written") {
  const std::string text = format_link(watch_link());
  CHECK(error_of("  \t" + text + "\r\n").empty());
  std::string upper = text;
  upper.replace(upper.find("example"), 7, "ExAmPle");
  CHECK(error_of(upper).empty());
  std::string zeros = text;
  zeros.replace(zeros.find(":7400"), 5, ":07400");
  CHECK(error_of(zeros).empty());
}

TEST_CASE("link: every wrong character is noticed") {
  const std::string good = format_link(watch_link());
  crypto::ChaChaRng rng(5);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int round = 0; round < 3; ++round) {
      std::string text = good;
      text[i] = static_cast<char>(33 + rng.below(94));
      const bool same_host = i > good.find('@') && (text[i] ^ good[i]) == 0x20;  // the other case of a letter
      if (text[i] == good[i] || same_host) continue;
      REQUIRE_FALSE(error_of(text).empty());
    }
  }
}

TEST_CASE("link: cut off anywhere, lengthened or with neighbours swapped, it is refused") {
  const std::string good = format_link(watch_link());
  for (std::size_t n = 0; n < good.size(); ++n) {
    REQUIRE_FALSE(error_of(good.substr(0, n)).empty());
    std::string swapped = good;
    if (n + 1 < good.size()) std::swap(swapped[n], swapped[n + 1]);
    if (swapped != good) REQUIRE_FALSE(error_of(swapped).empty());
  }
  CHECK_FALSE(error_of(good + "0").empty());
  CHECK_FALSE(error_of(good + ",other:1").empty());
}

TEST_CASE("H14: link: of ten thousand that were changed none is taken for another, and each is refused in one line") {
  const std::string goods[] = {format_link(public_link()), format_link(watch_link())};
  crypto::ChaChaRng rng(14);
  int refused = 0;
  while (refused < 10'000) {
    const std::string& good = goods[rng.below(2)];
    std::string text = good;
    for (std::uint64_t changes = 1 + rng.below(4); changes > 0; --changes) change(text, rng);
    const auto parsed = parse_link(text);
    if (const Link* const link = std::get_if<Link>(&parsed)) {
      REQUIRE(format_link(*link) == good);  // a host may be written in several ways
      continue;
    }
    ++refused;
    const std::string message = error_of(text);
    REQUIRE(message.size() < 160);
    REQUIRE(message.find('\n') == message.npos);
  }
}

TEST_CASE("P19: link: the message says in one line what is wrong, and never repeats the link") {
  const std::string good = format_link(watch_link());
  const std::string key_part = good.substr(6, good.find('@') - 6);
  std::string nineteen = "@";
  for (int i = 0; i < 19; ++i) nineteen += "host:1,";
  const std::vector<std::uint8_t> future = blob_of(2, 0, 1, 64);
  const std::pair<std::string, const char*> rows[] = {
      {"", "empty"},
      {" \n", "empty"},
      {"http://example.org/", "not a spate link"},
      {"spat", "not a spate link"},
      {"spate:", "cut off"},
      {"spate:" + key_part, "cut off"},
      {"spate:" + key_part + "@", "no host"},
      {"spate:" + key_part.substr(0, 100) + good.substr(good.find('@')), "mistyped"},
      {"spate:@host:1", "mistyped"},
      {"spate:" + key_part + "+@host:1", "mistyped"},
      {"spate:" + key_part + "@host", "host 1"},
      {"spate:" + key_part + "@host:0", "1 to 65535"},
      {"spate:" + key_part + "@host:65536", "1 to 65535"},
      {"spate:" + key_part + "@host:74x", "1 to 65535"},
      {"spate:" + key_part + "@host:1,:2", "host 2"},
      {"spate:" + key_part + "@host:1,", "host 2"},
      {"spate:" + key_part + "@a$(b):1", "host 1"},
      {"spate:" + key_part + nineteen, "16 hosts"},
      {"spate:" + key_part + " @host:1", "space"},
      {"spate:" + key_part + "@host:1\nspate:" + key_part, "space"},
      {good.substr(0, good.size() - 1), "cut off"},
      {good + std::string(5000, 'x'), "too long"},
      {sealed(future, "host:1"), "version"},
      {sealed(blob_of(1, 4, 1, 64), "host:1"), "does not know"},
      {sealed(blob_of(1, 2, 1, 96), "host:1"), "made wrong"},  // a content secret in a public link
      {sealed(blob_of(1, 0, 2, 96), "host:1"), "made wrong"},  // two keys for one host
      {sealed(blob_of(1, 0, 0, 32), "host:1"), "made wrong"},  // no key
      {sealed(blob_of(1, 0, 1, 63), "host:1"), "made wrong"},  // too short
      {sealed(blob_of(1, 0, 1, 65), "host:1"), "made wrong"},  // too long
      {sealed(blob_of(1, 0, 1, 64), "host:1"), ""},            // right
  };
  for (const auto& [text, words] : rows) {
    const std::string message = error_of(text);
    CAPTURE(message, words);
    CHECK(message.empty() == (*words == '\0'));
    CHECK(says(message, words));
    CHECK(message.size() < 160);
    CHECK(message.find('\n') == message.npos);
    CHECK_FALSE(says(message, key_part.substr(20, 8).c_str()));
  }
}

// ChaCha20-Poly1305 does not commit to its key: one ciphertext may open under many, which tests many passwords at once.
// So there are none: secrets are random and whole.
TEST_CASE("P13: link: a private stream's secrets are 32 bytes each, never a password of another length") {
  for (const std::uint8_t flags : {std::uint8_t{1}, std::uint8_t{3}}) {
    const std::size_t secrets = flags == 1 ? 1 : 2;
    for (std::size_t bytes = 0; bytes <= 32 * secrets + 32; ++bytes) {
      CAPTURE(flags, bytes);
      const std::string message = error_of(sealed(blob_of(1, flags, 1, 64 + bytes), "host:1"));
      CHECK(message.empty() == (bytes == 32 * secrets));
    }
  }
}

TEST_CASE("link: anything at all is either a link or refused") {
  crypto::ChaChaRng rng(6);
  const std::string alphabet = "spate:AQMCzZ019-_@.,[]: \n\xff";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = rng.below(2) == 0 ? "spate:" : "";
    for (std::uint64_t n = rng.below(60); n > 0; --n)
      text += alphabet[static_cast<std::size_t>(rng.below(alphabet.size()))];
    REQUIRE_FALSE(error_of(text).empty());
  }
}

TEST_CASE("host and port: read and written") {
  struct Row {
    const char* text;
    const char* host;  // null: refused
    int port;
  };
  const Row rows[] = {{"example.org:7400", "example.org", 7400},
                      {"10.0.0.1:1", "10.0.0.1", 1},
                      {"[::1]:65535", "::1", 65535},
                      {"[2001:DB8::1.2.3.4]:80", "2001:DB8::1.2.3.4", 80},
                      {":7400", "", 7400},
                      {"my_host-1:80", "my_host-1", 80},
                      {"", nullptr, 0},
                      {"host", nullptr, 0},
                      {"host:", nullptr, 0},
                      {"host:0", nullptr, 0},
                      {"host:65536", nullptr, 0},
                      {"host:99999999999999999999", nullptr, 0},
                      {"host:-1", nullptr, 0},
                      {"host:+1", nullptr, 0},
                      {"host: 1", nullptr, 0},
                      {"host:1 ", nullptr, 0},
                      {"::1:80", nullptr, 0},
                      {"[::1]", nullptr, 0},
                      {"[]:80", nullptr, 0},
                      {"[host]:80", nullptr, 0},
                      {"[::1:80", nullptr, 0},
                      {"ho st:80", nullptr, 0},
                      {"h\xc3\xb6st:80", nullptr, 0}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_host_port(row.text);
    REQUIRE(parsed.has_value() == (row.host != nullptr));
    if (!parsed) continue;
    CHECK(parsed->host == row.host);
    CHECK(parsed->port == row.port);
    CHECK(format_host_port(parsed->host, parsed->port) == row.text);
  }
  std::string long_name(254, 'a');
  long_name += ":1";
  CHECK_FALSE(parse_host_port(long_name));
  CHECK(parse_host_port(std::string_view(long_name).substr(1)));
}
