#include "tests/net/tun.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace spate::netem {

namespace {

constexpr int kMtu = 1500;
constexpr int kQueuePackets = 10'000;  // losses are the model's to decide, not the kernel's

int must(int result, const std::string& what) {
  if (result < 0) throw std::runtime_error(what + ": " + std::strerror(errno));
  return result;
}

class NamespaceGuard {
 public:
  explicit NamespaceGuard(const std::string& netns) {
    const std::string path = netns.find('/') == std::string::npos ? "/run/netns/" + netns : netns;
    home_ = must(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "own namespace");
    const int target = must(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
    const int entered = ::setns(target, CLONE_NEWNET);
    ::close(target);
    must(entered, "cannot enter " + path);
  }
  ~NamespaceGuard() {
    if (::setns(home_, CLONE_NEWNET) != 0) std::terminate();  // nothing after this would mean what it says
    ::close(home_);
  }
  NamespaceGuard(const NamespaceGuard&) = delete;
  NamespaceGuard& operator=(const NamespaceGuard&) = delete;

 private:
  int home_ = -1;
};

ifreq request_for(const std::string& device) {
  ifreq request{};
  std::copy_n(device.begin(), std::min<std::size_t>(device.size(), IFNAMSIZ - 1), request.ifr_name);
  return request;
}

void set_address(int socket, unsigned long command, const std::string& device, std::uint32_t address) {
  ifreq request = request_for(device);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(address);
  std::memcpy(&request.ifr_addr, &in, sizeof in);
  must(::ioctl(socket, command, &request), device + ": address");
}

void bring_up(int socket, const std::string& device) {
  ifreq request = request_for(device);
  must(::ioctl(socket, SIOCGIFFLAGS, &request), device + ": flags");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  must(::ioctl(socket, SIOCSIFFLAGS, &request), device + ": up");
}

}  // namespace

int open_tun(const std::string& netns, const std::string& device, std::uint32_t address, unsigned prefix_length) {
  const NamespaceGuard inside(netns);
  const int tun = must(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");
  ifreq request = request_for(device);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  must(::ioctl(tun, TUNSETIFF, &request), device + ": TUNSETIFF");

  const int socket = must(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  request = request_for(device);
  request.ifr_mtu = kMtu;
  must(::ioctl(socket, SIOCSIFMTU, &request), device + ": mtu");
  request = request_for(device);
  request.ifr_qlen = kQueuePackets;
  must(::ioctl(socket, SIOCSIFTXQLEN, &request), device + ": queue length");
  set_address(socket, SIOCSIFADDR, device, address);
  set_address(socket, SIOCSIFNETMASK, device, prefix_length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix_length));
  bring_up(socket, device);
  bring_up(socket, "lo");
  ::close(socket);
  return tun;
}

}  // namespace spate::netem
