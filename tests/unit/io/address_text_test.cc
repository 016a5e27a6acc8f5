#include "libcore/io/address_text.h"

#include "tests/catch.h"

using namespace spate;

namespace {

std::string round_trip(const char* host) {
  const auto address = io::parse_ip(host, 7400);
  return address ? io::format_address(*address) : "none";
}

io::ListenAddress listen(const char* text) { return std::get<io::ListenAddress>(io::parse_listen_address(text)); }

}  // namespace

TEST_CASE("numeric addresses to text and back") {
  CHECK(round_trip("192.0.2.1") == "192.0.2.1:7400");
  CHECK(round_trip("2001:db8::1") == "[2001:db8::1]:7400");
  CHECK(round_trip("::ffff:192.0.2.1") == "192.0.2.1:7400");
  CHECK(round_trip("::1") == "[::1]:7400");
  for (const char* bad : {"", "localhost", "192.0.2", "192.0.2.256", "[::1]", "192.0.2.1:80", "fe80::1%eth0"}) {
    INFO(bad);
    CHECK(round_trip(bad) == "none");
  }
}

TEST_CASE("addresses to listen on") {
  CHECK(listen(":7400").port == 7400);
  CHECK(listen(":7400").host.empty());
  CHECK(listen("7400").port == 7400);
  CHECK(listen(":0").port == 0);
  CHECK(listen("127.0.0.1:0").host == "127.0.0.1");
  CHECK(listen("[::1]:80").host == "::1");
  CHECK(listen("example.org:80").host == "example.org");
  for (const char* bad : {"", ":", "host", "host:", "::1:80", "1.2.3.4:65536", ":-1", ":80x", "[::1]"}) {
    INFO(bad);
    CHECK(io::failure_of(io::parse_listen_address(bad)) != nullptr);
  }
}
