// bench-ns3-star SECONDS [SCHEDULER]: the job of star.h in ns-3. Prints as JSON how many datagrams were delivered in
// a second of CPU time, setting up left out.
//
// Kept as cheap as ns-3 can do it. A link is a point-to-point channel with a drop-tail queue and no queueing
// discipline; a host is ns-3's IPv4 and UDP with one socket; payloads are ns-3's virtual zeroes. The hub has no
// stack, whose route lookup is linear in the number of links: it reads the destination and sends on.

#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>
#include <ns3/traffic-control-module.h>

#include <string>
#include <vector>

#include "tests/bench/clock.h"
#include "tests/bench/star.h"

namespace {

using namespace spate::bench;

constexpr std::uint16_t kPort = 7400;
constexpr std::uint32_t kFirstAddress = 0x0a000001;  // of host 0; the others follow

ns3::Time nanoseconds(std::int64_t ns) { return ns3::NanoSeconds(static_cast<std::uint64_t>(ns)); }

class Host {
 public:
  Host(ns3::Ptr<ns3::Node> node, std::uint32_t number) : sender_(number) {
    socket_ = ns3::Socket::CreateSocket(node, ns3::UdpSocketFactory::GetTypeId());
    socket_->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), kPort));
    socket_->SetRecvCallback(ns3::MakeCallback(&Host::receive, this));
    ns3::Simulator::ScheduleWithContext(node->GetId(), nanoseconds(sender_.first_ns()), &Host::send, this);
  }

  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }

 private:
  void send() {
    const ns3::Ipv4Address to(kFirstAddress + sender_.destination());
    socket_->SendTo(ns3::Create<ns3::Packet>(StarJob::kPayloadBytes), 0, ns3::InetSocketAddress(to, kPort));
    ++sent_;
    ns3::Simulator::Schedule(nanoseconds(StarJob::kIntervalNs), &Host::send, this);
  }
  void receive(ns3::Ptr<ns3::Socket> socket) {
    while (socket->Recv()) ++received_;
  }

  StarSender sender_;
  ns3::Ptr<ns3::Socket> socket_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

// The hub's ends of the links, by host.
std::vector<ns3::Ptr<ns3::NetDevice>> hub_ends;

bool forward(ns3::Ptr<ns3::NetDevice> /*device*/, ns3::Ptr<const ns3::Packet> packet, std::uint16_t protocol,
             const ns3::Address& /*from*/) {
  ns3::Ipv4Header header;
  packet->PeekHeader(header);
  const ns3::Ptr<ns3::NetDevice> out = hub_ends[header.GetDestination().Get() - kFirstAddress];
  return out->Send(packet->Copy(), out->GetBroadcast(), protocol);
}

void set_up(std::vector<Host>& hosts) {
  ns3::PointToPointHelper links;
  links.SetDeviceAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(StarJob::kLinkBitsPerSecond)));
  links.SetChannelAttribute("Delay", ns3::TimeValue(nanoseconds(StarJob::kLinkDelayNs)));
  links.SetQueue("ns3::DropTailQueue", "MaxSize",
                 ns3::QueueSizeValue(ns3::QueueSize(ns3::QueueSizeUnit::BYTES, StarJob::kQueueBytes)));
  links.DisableFlowControl();  // it serves queueing disciplines

  ns3::InternetStackHelper stack;
  ns3::Ipv4StaticRoutingHelper routing;
  stack.SetRoutingHelper(routing);
  stack.SetIpv6StackInstall(false);

  const ns3::Ptr<ns3::Node> hub = ns3::CreateObject<ns3::Node>();
  hosts.reserve(StarJob::kHosts);
  for (std::uint32_t i = 0; i < StarJob::kHosts; ++i) {
    const ns3::Ptr<ns3::Node> node = ns3::CreateObject<ns3::Node>();
    const ns3::NetDeviceContainer ends = links.Install(node, hub);
    ends.Get(1)->SetReceiveCallback(ns3::MakeCallback(&forward));
    hub_ends.push_back(ends.Get(1));
    stack.Install(node);
    const ns3::Ptr<ns3::Ipv4> ipv4 = node->GetObject<ns3::Ipv4>();
    const std::uint32_t interface = ipv4->AddInterface(ends.Get(0));
    ipv4->AddAddress(interface, {ns3::Ipv4Address(kFirstAddress + i), ns3::Ipv4Mask("255.255.0.0")});
    ipv4->SetUp(interface);
    hosts.emplace_back(node, i);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto seconds = star_seconds(argc, argv);
  if (!seconds) {
    std::fputs("usage: bench-ns3-star SECONDS [SCHEDULER]\n", stderr);
    return 2;
  }
  ns3::GlobalValue::Bind("SchedulerType", ns3::StringValue("ns3::" + std::string(argc > 2 ? argv[2] : "MapScheduler")));
  std::vector<Host> hosts;
  set_up(hosts);
  ns3::Simulator::Stop(ns3::Seconds(static_cast<double>(*seconds)));
  const std::int64_t begin = cpu_ns();
  ns3::Simulator::Run();
  const std::int64_t took = cpu_ns() - begin;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  for (const Host& host : hosts) {
    sent += host.sent();
    received += host.received();
  }
  print_star(sent, received, took);
}
