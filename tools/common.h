// What the tools share apart from their options: a safe start, links, and a host on the network.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libcore/crypto/keys.h"
#include "libcore/io/key_file.h"
#include "libcore/io/resolve.h"
#include "libcore/io/signals.h"
#include "libcore/io/tcp_hub.h"
#include "libcore/io/udp_socket.h"
#include "libcore/node/node.h"
#include "libcore/wire/link.h"
#include "tools/exit_code.h"
#include "tools/options.h"

namespace spate::tools {

// Runs a tool's body, and turns what it throws into one line on standard error and an exit code; memory that is used up
// ends the tool in the same way, at once. Before that: the standard descriptors are made to exist, and nobody else may
// look into the memory.
int run(const char* name, int argc, char** argv, int (*body)(int argc, char** argv));

// Writes all of it to standard output. False if that is a pipe whose reader has gone. Throws ToolError for anything
// else, such as a full disk.
bool write_stdout(std::string_view text);

// A result's value, or its failure as a ToolError.
template <typename T>
T value_or_throw(io::Result<T> result, ExitCode code = kRuntime) {
  if (const io::Failure* failure = io::failure_of(result)) throw ToolError(code, failure->message);
  return std::get<T>(std::move(result));
}

// The link of the command line, "-" (the first line of standard input) or, if `argument` is empty, of SPATE_LINK. Of
// several lines the first counts: the output of spate-publish can be passed as it is. Throws ToolError(kUsage).
wire::Link read_link(const std::string& argument);
// One link; a "relay: " label in front is ignored. Throws ToolError(kUsage).
wire::Link parse_link_line(std::string_view line);

// To be called when the node has its keys, and again when it has more. What cannot be had is told with -v.
void keep_out_of_swap();

// Those of a key file, which is made if it is missing; without one, those of this run. Throws ToolError.
io::Keys load_keys(const std::string& key_file);

// A random seed of this run, for keys that are not kept.
crypto::SymmetricKey fresh_seed();

// Sockets and node. The node's random numbers come from the system.
struct NetworkHost {
  io::Signals& signals;
  io::UdpSocket socket;
  io::TcpHub tcp;
  std::unique_ptr<node::Node> node;
};
// With `listen_tcp` also for those whom UDP does not reach, at the same port. If that cannot be, there is a warning.
NetworkHost open_host(const NetworkOptions& options, const crypto::Identity& identity, io::Signals& signals,
                      bool listen_tcp = false);

// The addresses of a link's hosts, in the order of the hosts. Throws ToolError(kUnreachable) if none is known within
// `limit`. Returns none if a signal came first.
std::vector<io::ResolvedName> resolve_names(const wire::Link& link, Duration limit, const io::Signals& signals);
std::vector<node::Host> resolve_hosts(const wire::Link& link, Duration limit, const io::Signals& signals);

// "a.example:7400, 192.0.2.1:7400", for messages.
std::string host_names(const wire::Link& link);

// What is said of hosts that have not answered.
std::string no_answer_from(const std::string& hosts, Duration within);
std::string not_joined(const std::string& hosts, Duration within);

// How others reach this host: what --advertise says, else what it listens on, else the best guess.
std::vector<wire::LinkHost> advertised_hosts(const std::vector<std::string>& advertise, const Address& listening,
                                             const crypto::NodeKey& key);

// The first 16 hexadecimal digits of a stream's key: its name in statistics and logs.
std::string short_name(const crypto::StreamKey& stream);

}  // namespace spate::tools
