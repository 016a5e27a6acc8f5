// A TUN device inside a network namespace.
#pragma once

#include <cstdint>
#include <string>

namespace spate::netem {

// Makes `device` in the namespace (a name of `ip netns`, or a path if it holds a slash), gives it an IPv4 address in
// host byte order and a prefix length, brings it and the loopback up, and returns its file descriptor: non-blocking,
// one bare IP packet per read or write. The device goes when the descriptor is closed. Throws std::runtime_error.
// Changes the calling thread's namespace while it runs.
int open_tun(const std::string& netns, const std::string& device, std::uint32_t address, unsigned prefix_length);

}  // namespace spate::netem
