#include "tools/common.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/io/address_text.h"
#include "libcore/io/format.h"
#include "libcore/io/log.h"
#include "libcore/io/private_memory.h"
#include "libcore/io/system_random.h"

namespace spate::tools {
namespace {

// A socket must not become somebody's standard output. What was closed gets a descriptor that can only be used
// the wrong way round.
void open_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) [[maybe_unused]]
      const int same = ::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
}

const char* g_name = "spate";

// At once: what cleans up may need memory, too, and would fail where nothing may be thrown.
[[noreturn]] void on_out_of_memory() {
  ::dprintf(STDERR_FILENO, "%s: out of memory\n", g_name);
  ::_exit(kRuntime);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Byte by byte: what follows the line is not ours to take. Empty lines and comments are skipped, as spate-relay does.
std::string first_line_of_stdin() {
  char c = 0;
  for (bool more = true; more;) {
    std::string line;
    while ((more = ::read(STDIN_FILENO, &c, 1) == 1) && c != '\n')
      if (line.size() <= wire::kLinkCharsMax) line += c;  // what is longer is no link
    const std::string_view text = trimmed(line);
    if (!text.empty() && !text.starts_with('#')) return line;
  }
  return {};
}

}  // namespace

int run(const char* name, int argc, char** argv, int (*body)(int argc, char** argv)) {
  g_name = name;
  std::set_new_handler(on_out_of_memory);
  open_standard_descriptors();
  io::forbid_dumps();
  try {
    io::log::open(name, 0);
    io::system_random_seed();  // libsodium would end without a word where the kernel has none
    crypto::initialise();
    return body(argc, argv);
  } catch (const ToolError& error) {
    io::log::error(error.what());
    return error.code;
  } catch (const std::bad_alloc&) {  // of a library that does not ask `new`
    on_out_of_memory();
  } catch (const std::exception& error) {
    io::log::error(error.what());
    return kRuntime;
  }
}

bool write_stdout(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {  // somebody who shares it has made it non-blocking
      pollfd ready{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno == EPIPE) {
      return false;
    } else if (errno != EINTR) {
      throw ToolError(kRuntime, std::string("cannot write to standard output: ") + std::strerror(errno));
    }
  }
  return true;
}

wire::Link parse_link_line(std::string_view line) {
  line = trimmed(line);
  constexpr std::string_view kRelayLabel = "relay:";
  if (line.starts_with(kRelayLabel)) line = trimmed(line.substr(kRelayLabel.size()));
  auto parsed = wire::parse_link(line);
  if (const auto* error = std::get_if<wire::LinkError>(&parsed)) throw ToolError(kUsage, error->message);
  return std::get<wire::Link>(std::move(parsed));
}

wire::Link read_link(const std::string& argument) {
  std::string text = argument;
  if (text.empty()) text = from_environment("link").value_or("");
  if (text.empty()) throw ToolError(kUsage, "no link given: name one, or - to read it from standard input");
  if (text == "-") text = first_line_of_stdin();
  std::string_view line = trimmed(text);
  line = line.substr(0, line.find('\n'));
  return parse_link_line(line);
}

void keep_out_of_swap() {
  if (!io::lock_heap_and_stack())
    io::log::detail("keys may be swapped out: more memory than may be locked (ulimit -l)");
}

crypto::SymmetricKey fresh_seed() { return io::system_random_seed(); }

io::Keys load_keys(const std::string& key_file) {
  if (key_file.empty()) return io::derive_keys(fresh_seed());
  auto master = io::load_or_make_key_file(key_file, fresh_seed());
  if (const auto* failure = std::get_if<io::KeyFileFailure>(&master))
    throw ToolError(failure->kind == io::KeyFileFailure::Kind::kRefused ? kRefused : kRuntime, failure->message);
  io::Keys keys = io::derive_keys(std::get<crypto::SymmetricKey>(master));
  crypto::erase(std::get<crypto::SymmetricKey>(master));
  return keys;
}

NetworkHost open_host(const NetworkOptions& options, const crypto::Identity& identity, io::Signals& signals,
                      bool listen_tcp) {
  const auto listen = value_or_throw(io::parse_listen_address(options.listen), kUsage);
  const auto fresh_rng = [] { return std::make_unique<crypto::ChaChaRng>(io::system_random_seed()); };
  NetworkHost host{signals, value_or_throw(io::UdpSocket::open(listen)), io::TcpHub(fresh_rng()), nullptr};
  if (const auto warning = host.socket.buffer_warning()) io::log::warning(*warning);
  if (listen_tcp)
    if (const auto failure = host.tcp.listen(host.socket.local_address()))
      io::log::warning(failure->message + "; who cannot use UDP cannot join here");
  io::log::debug("listening on " + io::format_address(host.socket.local_address()));
  node::NodeConfig config;
  config.identity = identity;
  config.receive_window_bytes = host.socket.receive_window_bytes();
  config.upload_limit_bps = options.upload_limit_bps;
  host.node = std::make_unique<node::Node>(config, crypto::sodium_suite(), fresh_rng());
  return host;
}

std::string host_names(const wire::Link& link) {
  std::string names;
  for (const wire::LinkHost& host : link.hosts)
    names += (names.empty() ? "" : ", ") + wire::format_host_port(host.host, host.port);
  return names;
}

std::string no_answer_from(const std::string& hosts, Duration within) {
  return "no answer from " + hosts + " within " + io::format_duration(within) +
         ": does it run, and do firewall and router let UDP through to that address?";
}

std::string not_joined(const std::string& hosts, Duration within) {
  return "nobody at " + hosts + " let us join within " + io::format_duration(within) +
         ": does it run, has it room for one more, and do firewall and router let UDP or TCP through to that address?";
}

std::vector<io::ResolvedName> resolve_names(const wire::Link& link, Duration limit, const io::Signals& signals) {
  std::vector<io::NameToResolve> names;
  for (const wire::LinkHost& host : link.hosts) names.push_back({host.host, host.port});
  std::vector<io::ResolvedName> found = io::resolve(names, limit, signals.fd());
  if (found.empty() && !signals.stop_requested())
    throw ToolError(kUnreachable, "no address known for " + host_names(link));
  return found;
}

std::vector<node::Host> resolve_hosts(const wire::Link& link, Duration limit, const io::Signals& signals) {
  std::vector<node::Host> hosts;
  for (const io::ResolvedName& found : resolve_names(link, limit, signals))
    hosts.push_back({found.address, link.hosts[found.index].key});
  return hosts;
}

std::vector<wire::LinkHost> advertised_hosts(const std::vector<std::string>& advertise, const Address& listening,
                                             const crypto::NodeKey& key) {
  std::vector<wire::LinkHost> hosts;
  for (const std::string& text : advertise) {
    const auto host = wire::parse_host_port(text);
    if (!host || host->host.empty()) throw ToolError(kUsage, "--advertise: '" + text + "' is not HOST:PORT");
    hosts.push_back({host->host, host->port, key});
  }
  if (!hosts.empty()) return hosts;
  const bool any = listening.ip == Address{}.ip || listening.ip == Address::v4(0, 0, 0, 0, 0).ip;
  const Address own = any ? io::likely_own_address() : listening;
  return {{io::format_ip(own), listening.port, key}};
}

std::string short_name(const crypto::StreamKey& stream) { return to_hex(Bytes{stream.bytes}.first(8)); }

}  // namespace spate::tools
