#include "libcore/swarm/children.h"

#include <algorithm>
#include <utility>

namespace spate::swarm {
namespace {

// Shards a second: before the rate is known, and while the stream rests, what is here is not for nothing.
constexpr std::uint64_t kPastRateMin = 50;

}  // namespace

Children::Children(std::uint32_t capacity_milli, stream::Store& store, Peers& peers, Outbox& outbox,
                   TokenBucket& upload)
    : store_(store),
      peers_(peers),
      rate_(store),
      costs_(table_, store, rate_, peers, upload),
      load_(table_, rate_, upload),
      slots_(capacity_milli, table_, costs_, load_),
      admission_(table_, slots_),
      shedding_(table_, slots_, load_, admission_),
      reports_(table_, rate_),
      sender_(upload),
      window_(peers, rate_),
      markers_(rate_, outbox),
      latecomers_(table_, store, rate_, upload, sender_),
      parity_(table_, store, sender_),
      news_({table_, store, rate_, load_, window_, markers_, latecomers_, parity_, sender_}),
      repairs_({table_, store, rate_, peers, outbox, upload, sender_}),
      backlogs_({table_, store, rate_, load_, upload, sender_}) {}

StripeMask Children::passes_on() const {
  StripeMask stripes = home();
  for (const Child& child : table_) stripes |= child.stripes;
  return stripes;
}

StripeMask Children::stripes(session::SessionId session) const {
  const Child* const child = table_.find(session);
  return child != nullptr ? child->due() : 0;
}

bool Children::one_level() const {
  const StripeMask all = striping().mask();
  return std::all_of(table_.begin(), table_.end(), [&](const Child& c) {
    return (c.stripes & all) == all && c.report.last.free_slots == c.report.last.slots;
  });
}

StripeMask Children::passed_on_by(session::SessionId session) const {
  const Child* const child = table_.find(session);
  return child != nullptr ? child->passes_on : 0;
}

const wire::Report* Children::report_of(session::SessionId session) const {
  const Child* const child = table_.find(session);
  return child != nullptr && child->report.any ? &child->report.last : nullptr;
}

wire::SubscribeReply Children::subscribe(session::SessionId session, const wire::Subscribe& request, StripeMask allowed,
                                         std::uint64_t first, bool live, Instant now) {
  const StripeMask wanted = request.stripes & striping().mask();
  Child* child = table_.find(session);
  // It has forgotten us (it was restarted).
  if (child != nullptr && request.first == wire::kFromNewest && child->report.any) {
    remove(session);
    child = nullptr;
  }
  const StripeMask kept = child != nullptr ? child->stripes & wanted : 0;
  if (child != nullptr) {
    child->stripes = kept;
    child->ending &= wanted;
  }
  const StripeMask added = admission_.grant(session, request, wanted & allowed & ~kept, now);
  const StripeMask granted = kept | added;
  wire::SubscribeReply reply;
  reply.id = request.id;
  reply.stripes = granted;
  if (granted != wanted)
    reply.code = (wanted & ~allowed) != 0 ? wire::SubscribeCode::kLoop : wire::SubscribeCode::kFull;
  if (granted == 0 && (child == nullptr || child->ending == 0)) {
    remove(session);
    return reply;
  }
  if (!takes_from_past(session, added, first, now)) first = store_.head();
  const bool was_whole = child != nullptr && table_.whole(*child);
  if (child == nullptr)
    child = &add(session, request, granted, first, live, now);
  else
    send_passed(*child, added & ~child->ending, first);
  child->stripes = granted;
  child->ending &= ~granted;
  // Until now it had no window, and no reason to report what landed.
  if (!was_whole) child->landed = child->cursor;
  child->lists = request.lists;
  child->hosts_only = request.hosts_only;
  child->passes_on |= request.home;  // what it passes on beside that, its reports say
  child->heard = now;
  reply.first = child->first;
  return reply;
}

// May it have those stripes from there on? Whoever asks again and again is not sent the same again and again.
bool Children::takes_from_past(session::SessionId session, StripeMask stripes, std::uint64_t first, Instant now) {
  Peer* const peer = peers_.find(session);
  const std::uint64_t behind = store_.head() - std::min(first, store_.head());
  if (peer == nullptr || behind == 0) return true;
  const std::uint64_t rate = std::max(rate_.shards_per_second(), kPastRateMin);
  const std::uint64_t stripe_ms = behind * 1'000 * count(stripes) / rate;
  return peer->past.take(std::min(stripe_ms, Peer::kPastBurst / 2), now);
}

Child& Children::add(session::SessionId session, const wire::Subscribe& request, StripeMask granted,
                     std::uint64_t first, bool live, Instant now) {
  const bool behind = live && !rate_.is_news(first);
  if (behind && request.first == wire::kFromNewest && backlogs_.busy()) first = store_.head();
  Child child;
  child.session = session;
  child.first = first;
  child.cursor = child.landed = behind ? store_.head() : first;
  child.window_bytes = request.window_bytes;
  child.slots = request.slots;
  child.heard = child.moved = now;
  Child& added = table_.add(std::move(child));
  if (behind && first < store_.head()) send_passed(added, granted, first);
  return added;
}

// What the cursor has passed of stripes that the child did not have.
void Children::send_passed(Child& child, StripeMask stripes, std::uint64_t first) const {
  if (stripes == 0 || first >= child.cursor) return;
  if (rate_.is_news(first))
    latecomers_.add_passed(child, stripes, first);
  else
    backlogs_.add(child, stripes, first, child.cursor);
}

void Children::on_report(session::SessionId session, const wire::Report& report, Instant now) {
  Child* const child = table_.find(session);
  if (child == nullptr) return;
  child->heard = now;
  reports_.on_report(*child, report, now);
}

void Children::on_repair_request(session::SessionId session, const wire::RepairRequest& request, Instant now) {
  Child* const child = table_.find(session);
  if (child == nullptr) return;
  child->heard = now;
  repairs_.on_request(*child, request, now);
}

Children::Waiting Children::waiting() const {
  Waiting most;
  for (const Child& child : table_) {
    most.late = std::max(most.late, child.late.waiting.size());
    most.asked = std::max(most.asked, child.asked.waiting.size());
    most.parity = std::max(most.parity, child.parity.waiting.size());
    most.past = std::max(most.past, child.past.ranges.size());
  }
  return most;
}

void Children::restart(std::uint64_t first) {
  for (Child& child : table_) child.restart(first);
}

bool Children::pump(session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  if (rate_.measure(now)) costs_.measure_stream();
  sender_.begin();
  Outgoing to{endpoint, out, now};
  if (!news_.pump(to)) return false;
  if (sender_.waits()) return true;
  if (!repairs_.pump(to)) return false;
  if (sender_.waits()) return true;
  return backlogs_.pump(to);
}

void Children::handle_deadline(Instant now) {
  if (load_.due(now)) {
    costs_.measure_control(now);
    load_.judge(now);
    shedding_.shed(now);
  }
  std::vector<session::SessionId> ended;
  for (Child& child : table_) {
    if (!table_.whole(child)) child.heard = std::max(child.heard, peers_.heard(child.session));
    if (now - child.heard >= silence_max(child)) silent_.push_back(child.session);
    if (now >= child.ending_at) {
      child.ending = 0;
      child.ending_at = kNever;
      if (child.stripes == 0) ended.push_back(child.session);
    }
    markers_.handle_deadline(child, now);
    news_.handle_deadline(child, now);
  }
  for (const session::SessionId session : silent_) remove(session);
  for (const session::SessionId session : ended) remove(session);
}

Instant Children::next_deadline() const {
  Instant next = sender_.next_deadline();
  for (const Child& child : table_)
    next = std::min({next, child.heard + silence_max(child), child.ending_at, Markers::next_deadline(child),
                     News::next_deadline(child)});
  return next;
}

}  // namespace spate::swarm
