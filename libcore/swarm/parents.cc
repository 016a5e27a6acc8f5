#include "libcore/swarm/parents.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kAskAgain = std::chrono::milliseconds(100);  // at least
// Who has not answered may be asked once more after so long; who has said other things since, only lost the answer.
constexpr Duration kUnanswered = std::chrono::seconds(5);
constexpr Duration kAnswerLost = std::chrono::milliseconds(500);
// Reports beside the regular ones open a parent's window: after kReportShards, but not more often than so.
constexpr Duration kReportSpacing = std::chrono::microseconds(2'500);
// The path is measured so often; who says nothing is asked for a sign of life with each report.
constexpr Duration kMeasure = std::chrono::milliseconds(250);
constexpr std::size_t kListLinks = 2;
constexpr std::uint64_t kAheadMax = 512;  // shards may wait so far ahead for their list

}  // namespace

void Parents::begin(const Striping& striping) {
  due_.reset();
  for (const auto& [session, link] : links_)
    if (link.granted != 0 || link.asked != 0) house_.outbox.send(session, wire::Unsubscribe{});
  striping_ = striping;
  links_.clear();
  stripes_.assign(striping.all(), {});
  served_ = asked_ = ending_ = flowing_ = 0;
  rerouted_ = striping.mask();
}

StripeMask Parents::from(session::SessionId session) const {
  const Link* const link = links_.find(session);
  return link == nullptr ? 0 : link->granted;
}

StripeMask Parents::expected_from(session::SessionId session) const {
  const Link* const link = links_.find(session);
  return link == nullptr ? 0 : link->granted | link->asked;
}

std::optional<session::SessionId> Parents::parent(unsigned stripe) const { return stripes_[stripe].parent; }

std::size_t Parents::size() const {
  return static_cast<std::size_t>(
      std::count_if(links_.begin(), links_.end(), [](const auto& entry) { return entry.second.granted != 0; }));
}

std::optional<wire::Path> Parents::path(unsigned stripe) const {
  if ((flowing_ & bit(stripe)) == 0) return std::nullopt;
  wire::Path path = *stripes_[stripe].path;
  path.push_back(self_);
  return path;
}

void Parents::ask(Peer& peer, StripeMask stripes, std::uint64_t first, Instant now) {
  due_.reset();
  const auto with_lists = std::count_if(links_.begin(), links_.end(), [](const auto& l) { return l.second.lists; });
  const bool fresh = !links_.contains(peer.session);
  Link& link = links_[peer.session];
  if (fresh) link.lists = static_cast<std::size_t>(with_lists) < kListLinks;
  link.asked |= stripes;
  link.first = first;
  asked_ |= stripes;
  for_each_stripe(stripes, [&](unsigned s) { stripes_[s].asked = peer.session; });
  send(peer.session, link, now);
  for_each_stripe(stripes, [&](unsigned s) { stripes_[s].asked_in = link.id; });
}

void Parents::send(session::SessionId session, Link& link, Instant now) {
  if (link.asked == 0 && link.granted == 0) {
    house_.outbox.send(session, wire::Unsubscribe{});
    links_.erase(session);
    return;
  }
  if (++questions_ == 0) ++questions_;
  link.id = questions_;
  link.tries = 0;
  link.since = now;
  send_again(session, link, now);
}

void Parents::send_again(session::SessionId session, Link& link, Instant now) {
  wire::Subscribe subscribe;
  subscribe.id = link.id;
  subscribe.stripes = link.granted | link.asked;
  // Where to begin is open only before anything has begun; to a parent of ours it would mean that we have forgotten it.
  subscribe.first = house_.reception.started() ? std::min(link.first, house_.reception.seen()) : link.first;
  subscribe.window_bytes = window_bytes_;
  subscribe.lists = link.lists;
  subscribe.slots = house_.children.slots();
  subscribe.home = house_.children.home();
  subscribe.hosts_only = house_.peers.hosts_only();
  house_.outbox.send(session, subscribe);
  const Peer* const peer = house_.peers.find(session);
  ++link.tries;
  link.again = now + std::max(kAskAgain, peer != nullptr ? peer->rtt.timeout() : kAskAgain);
}

// What has been asked for in that question or before it, and is asked for still.
StripeMask Parents::asked_by(const Link& link, std::uint16_t id) const {
  StripeMask stripes = 0;
  for_each_stripe(link.asked, [&](unsigned s) {
    if (static_cast<std::uint16_t>(link.id - id) <= static_cast<std::uint16_t>(link.id - stripes_[s].asked_in))
      stripes |= bit(s);
  });
  return stripes;
}

void Parents::unask(Link& link, StripeMask stripes) {
  stripes &= link.asked;
  link.asked &= ~stripes;
  asked_ &= ~stripes;
  for_each_stripe(stripes, [&](unsigned s) { stripes_[s].asked.reset(); });
}

void Parents::release(Link& link, StripeMask stripes) {
  stripes &= link.granted;
  link.granted &= ~stripes;
  served_ &= ~stripes;
  ending_ &= ~stripes;
  flowing_ &= ~stripes;
  rerouted_ |= stripes;
  for_each_stripe(stripes, [&](unsigned s) {
    stripes_[s].parent.reset();
    stripes_[s].path.reset();
    stripes_[s].orphaned_since = kNever;
  });
  if (link.granted != 0) return;
  link.report_at = link.early_report_at = link.here_at = kNever;
  if (link.lists) lists_due_ = true;
}

void Parents::drop(session::SessionId session, StripeMask stripes, Instant now) {
  due_.reset();
  Link* const link = links_.find(session);
  if (link == nullptr) return;
  release(*link, stripes);
  unask(*link, stripes);
  send(session, *link, now);
}

StripeMask Parents::forget(session::SessionId session) {
  due_.reset();
  Link* const link = links_.find(session);
  if (link == nullptr) return 0;
  const StripeMask gave = link->granted;
  release(*link, gave);
  unask(*link, link->asked);
  links_.erase(session);
  return gave;
}

// These come from this one from now on; whoever gave them before is told.
void Parents::take(session::SessionId session, Link& link, StripeMask stripes, Instant now) {
  std::vector<std::pair<session::SessionId, StripeMask>> left;
  for_each_stripe(stripes, [&](unsigned s) {
    const auto before = stripes_[s].parent;
    if (before && *before != session) {
      const auto it = std::find_if(left.begin(), left.end(), [&](const auto& l) { return l.first == *before; });
      if (it == left.end())
        left.push_back({*before, bit(s)});
      else
        it->second |= bit(s);
    }
  });
  for (const auto& [old, mask] : left) drop(old, mask, now);
  link.granted |= stripes;
  served_ |= stripes;
  ending_ &= ~stripes;
  for_each_stripe(stripes, [&](unsigned s) {
    stripes_[s].parent = session;
    stripes_[s].last = now;
    stripes_[s].next = house_.reception.seen();
  });
  if (link.report_at == kNever) link.report_at = now;
  lists_due_ = true;
}

StripeMask Parents::on_reply(Peer& peer, const wire::SubscribeReply& reply, Duration refused_for, Instant now) {
  due_.reset();
  Link* const found = links_.find(peer.session);
  const StripeMask given = reply.stripes & striping_.mask();
  if (found == nullptr) {
    if (given != 0) house_.outbox.send(peer.session, wire::Unsubscribe{});  // too late: we went elsewhere
    return 0;
  }
  Link& link = *found;
  if (reply.id == 0) {  // it does not know us as a child of its any more
    release(link, link.granted);
    if (link.asked == 0) links_.erase(peer.session);
    return 0;
  }
  if (reply.id != link.id) {  // something else has been asked since, and will be answered, too
    const StripeMask early = given & asked_by(link, reply.id);
    if (early == 0) return 0;
    unask(link, early);
    take(peer.session, link, early, now);
    return early;
  }
  const StripeMask fresh = given & link.asked;
  const StripeMask refused = link.asked & ~given;
  const StripeMask lost = link.granted & ~given & ~ending_;
  link.again = kNever;
  unask(link, link.asked);
  release(link, lost);
  if (refused != 0) peer.refuse(refused, now + refused_for);
  take(peer.session, link, fresh, now);
  if (link.granted == 0) {
    if (given != 0) house_.outbox.send(peer.session, wire::Unsubscribe{});
    links_.erase(peer.session);
  } else if ((given & ~link.granted) != 0) {
    send(peer.session, link, now);  // it gives more than we want
  }
  return fresh;
}

void Parents::on_displaced(session::SessionId session, StripeMask stripes, Instant now) {
  due_.reset();
  const Link* const link = links_.find(session);
  if (link == nullptr) return;
  ending_ |= link->granted & stripes;
  for_each_stripe(link->granted & stripes, [&](unsigned s) { stripes_[s].ends_at = now + Children::kDisplacedFor; });
}

StripeMask Parents::take_ended(Instant now) {
  StripeMask ended = 0;
  for_each_stripe(ending_, [&](unsigned s) {
    if (now >= stripes_[s].ends_at) ended |= bit(s);
  });
  if (ended == 0) return 0;
  due_.reset();
  for (const auto& [session, link] : links_)
    if ((link.granted & ended) != 0) release(link, ended);
  links_.erase_if([](const Link& link) { return link.granted == 0 && link.asked == 0; });
  return ended;
}

bool Parents::on_status(Peer& peer, Instant now) {
  const Link* const link = links_.find(peer.session);
  if (link == nullptr || link->granted == 0 || !peer.status) return true;
  StripeMask looped = 0;
  for_each_stripe(link->granted, [&](unsigned s) {
    Stripe& stripe = stripes_[s];
    const auto route = std::find_if(peer.status->routes.begin(), peer.status->routes.end(),
                                    [&](const wire::Route& r) { return (r.stripes & bit(s)) != 0; });
    if (route == peer.status->routes.end()) {
      if (stripe.orphaned_since == kNever) stripe.orphaned_since = now;
      if (stripe.path) rerouted_ |= bit(s);
      stripe.path.reset();
      flowing_ &= ~bit(s);
      return;
    }
    stripe.orphaned_since = kNever;
    if (route->path.contains(self_) || route->path.full()) {
      looped |= bit(s);
      return;
    }
    if (stripe.path && *stripe.path == route->path) return;
    stripe.path = route->path;
    flowing_ |= bit(s);
    rerouted_ |= bit(s);
  });
  if (looped == 0) return true;
  drop(peer.session, looped, now);
  return false;
}

void Parents::on_shard(session::SessionId session, std::uint64_t sequence, bool stored, Instant now) {
  Stripe& stripe = stripes_[striping_.of(sequence)];
  if (stripe.parent != session) return;
  // What is old and came by others is no sign of life, nor is what cannot have been published yet.
  const bool old = sequence < stripe.next;
  if ((old && !stored) || sequence > house_.reception.stored_end() + kAheadMax) return;
  stripe.last = now;
  if (!old) stripe.next = sequence + 1;
}

void Parents::on_parity(session::SessionId session, unsigned index, Instant now) {
  const unsigned stripe = striping_.data + index;
  if (stripe < stripes_.size() && stripes_[stripe].parent == session) stripes_[stripe].last = now;
}

// The parent of our home stripe is nearest to the publisher, for that is where we stand highest ourselves.
void Parents::choose_list_links(Instant now) {
  lists_due_ = false;
  struct Choice {
    session::SessionId session;
    bool home;
    std::size_t hops;
    unsigned stripes;
  };
  std::vector<Choice> choices;
  for (const auto& [session, link] : links_) {
    if (link.granted == 0) continue;
    std::size_t hops = wire::kPathMax;
    for_each_stripe(link.granted, [&](unsigned s) {
      if (stripes_[s].path) hops = std::min(hops, stripes_[s].path->size());
    });
    choices.push_back({session, (link.granted & house_.children.home()) != 0, hops, count(link.granted)});
  }
  std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    return std::tuple(!a.home, a.hops, ~a.stripes, a.session) < std::tuple(!b.home, b.hops, ~b.stripes, b.session);
  });
  for (std::size_t i = 0; i < choices.size(); ++i) {
    Link& link = *links_.find(choices[i].session);
    const bool wanted = i < kListLinks;
    if (link.lists == wanted) continue;
    link.lists = wanted;
    send(choices[i].session, link, now);
  }
}

void Parents::report(session::SessionId session, Link& link, Instant now) {
  due_.reset();
  const Reception& reception = house_.reception;
  wire::Report report;
  // While nobody hangs on us, a slow reader of ours may slow down a publisher that can wait.
  report.next = house_.children.size() == 0 ? reception.done() : reception.next();
  report.seen = std::max(reception.seen(), reception.next());
  report.received = static_cast<std::uint32_t>(reception.stats().received);
  report.missed = static_cast<std::uint32_t>(reception.missed());
  report.lag_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>(to_us(reception.lag()), 0, UINT32_MAX));
  report.slots = house_.children.slots();
  report.free_slots = house_.children.free_slots();
  report.passes_on = house_.children.passes_on();
  report.knows_end = reception.info() && reception.info()->ended;
  house_.outbox.send(session, report);
  reported_received_ = reception.stats().received;
  link.reported_at = now;
  link.report_at = now + (whole(link) ? kReportInterval : kReportIntervalPart);
  link.early_report_at = kNever;
  link.here_at = now + kHereInterval;
  if (whole(link)) along_from_ = now + kReportAlong;
  Peer* const peer = house_.peers.find(session);
  const Duration silence = now - house_.endpoint.last_received(session);
  if (peer != nullptr && now - peer->pinged_at >= (silence < kReportAlong ? kMeasure : kReportAlong))
    house_.peers.ping(*peer, now);
}

void Parents::report_soon(Instant now) {
  due_.reset();
  for (const auto& [session, link] : links_)
    if (link.granted != 0) link.early_report_at = now;
}

void Parents::on_received(Instant now) {
  const bool many = house_.reception.stats().received - reported_received_ >= report_shards_;
  if (!many && now < along_from_) return;
  for (const auto& [session, link] : links_) {
    if (link.granted == 0 || !whole(link)) continue;
    if (now - link.reported_at >= (many ? kReportSpacing : kReportAlong)) {
      report(session, link, now);
    } else if (many) {
      due_.reset();
      link.early_report_at = std::min(link.early_report_at, link.reported_at + kReportSpacing);
    }
  }
}

void Parents::handle_deadline(Instant now) {
  due_.reset();
  if (lists_due_) choose_list_links(now);
  std::vector<session::SessionId> unanswered;
  for (const auto& [session, link] : links_) {
    if (now >= link.again) {
      if (link.tries < kTries)
        send_again(session, link, now);
      else
        unanswered.push_back(session);
    }
    if (link.granted == 0) continue;
    if (now >= link.early_report_at) report(session, link, now);
    if (now >= link.here_at) {
      house_.outbox.send_frame(session, {});
      link.here_at = now + kHereInterval;
    }
    if (now >= link.report_at) report(session, link, now);
  }
  for (const session::SessionId session : unanswered) {
    Link* const found = links_.find(session);
    if (found == nullptr) continue;
    Link& link = *found;
    link.again = kNever;
    const bool lives = house_.endpoint.last_received(session) > link.since;
    if (Peer* const peer = house_.peers.find(session))
      peer->refuse(link.asked, now + (lives ? kAnswerLost : kUnanswered));
    unask(link, link.asked);
    if (link.granted == 0) links_.erase(session);
  }
}

Instant Parents::first_deadline() const {
  Instant next = lists_due_ ? Instant::min() : kNever;
  for (const auto& [session, link] : links_)
    next = std::min({next, link.again, link.report_at, link.early_report_at, link.here_at});
  for_each_stripe(ending_, [&](unsigned s) { next = std::min(next, stripes_[s].ends_at); });
  return next;
}

}  // namespace spate::swarm
