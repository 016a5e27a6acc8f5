#include "libcore/swarm/children.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate::swarm {
namespace {

constexpr std::uint64_t kShardWireBytes = 1232;  // for turning windows into counts
constexpr std::uint64_t kUdpIpBytes = 28;
// Of the upload limit so much is given to slots; less by those that the whole swarm asks for repairs and backlogs.
constexpr std::uint64_t kUsedPercent = 96;
constexpr std::uint64_t kUsedPercentEverywhere = 85;
constexpr Duration kCrossedMax = std::chrono::milliseconds(150);
constexpr std::uint64_t kRepairsAtOnce = 4 * kShardWireBytes;
constexpr std::uint64_t kRepairShare = 8;  // an eighth of the limit, at most
constexpr Duration kLoadInterval = std::chrono::milliseconds(100);
constexpr Duration kControlWindow = std::chrono::seconds(1);
constexpr Duration kLateMax = std::chrono::milliseconds(300);
constexpr Duration kOverMax = std::chrono::seconds(3);
constexpr unsigned kSpareSlots = 24;  // what costs a little more than it seemed is not ended for that: one in so many
constexpr std::uint64_t kLateShards = 4;  // and a tenth of a second
constexpr Duration kLoadRaise = std::chrono::seconds(5);
// A child may keep up to 31 shards to itself before it reports; a list of 48 must fit beside them.
constexpr std::uint64_t kWindowShardsMin = 96;
constexpr std::uint64_t kBurstUs = 40'000;
constexpr Duration kRateWindow = std::chrono::milliseconds(250);
constexpr Duration kPatience = std::chrono::seconds(3);  // with a child that has stopped moving
constexpr Duration kRepairStale = std::chrono::milliseconds(500);
constexpr Duration kStuck = std::chrono::milliseconds(500);
// Repairs to one child: as many as the stream has shards, and at least so many.
constexpr std::uint64_t kRepairsPerSecond = 50;
constexpr std::uint64_t kRepairsBurst = 512;
constexpr std::uint32_t kLossSample = 64;
constexpr std::size_t kParityWaitingMax = 64;
constexpr std::uint64_t kSlotsMax = 16'384;
constexpr std::uint32_t kReserveFrom = 64;
constexpr std::size_t kBacklogsOfOne = 32;
constexpr std::ptrdiff_t kBacklogsMax = 4;  // where the upload is limited: at a time
// What is more than so many shards (and an eighth of a second) old is no news. It goes out at twice the pace of the
// stripes that it is of (four times, where they are most of the stream), or this.
constexpr std::uint64_t kNewsShards = 64;
constexpr std::uint64_t kBacklogPerSecond = 50;
constexpr std::uint64_t kBacklogBurst = 16;
constexpr Duration kMarkerRepeat = std::chrono::milliseconds(9);

std::uint64_t list_shards(const stream::StoredShard& shard) { return wire::hash_list_count(shard.list.bytes()); }

}  // namespace

Children::Children(std::uint32_t capacity_milli, stream::Store& store, Peers& peers, Outbox& outbox,
                   TokenBucket& upload)
    : capacity_milli_(capacity_milli),
      store_(store),
      peers_(peers),
      outbox_(outbox),
      upload_(upload),
      all_repairs_(upload.rate() / kRepairShare, std::max(kRepairsAtOnce, upload.rate() / kRepairShare / 16)) {}

std::uint16_t Children::slots() const {
  const std::uint64_t capacity = std::min(std::uint64_t{capacity_milli_} * striping_.all() / 1'000, kSlotsMax);
  std::uint64_t slots = std::min(capacity, affordable(everywhere() ? kUsedPercentEverywhere : kUsedPercent));
  slots = std::min<std::uint64_t>(slots, load_max_);
  // Who is at home in all stripes has each for somebody, if it can, or nobody has it.
  if (everywhere())
    slots = std::max(slots, std::min({capacity, affordable(kUsedPercent), std::uint64_t{striping_.all()}}));
  return static_cast<std::uint16_t>(slots);
}

// How many slots that part of the upload limit carries.
std::uint64_t Children::affordable(std::uint64_t percent) const {
  if (upload_.unlimited() || stripe_bytes_per_second_ == 0) return UINT64_MAX;
  const auto with_lists = std::count_if(children_.begin(), children_.end(), [](const Child& c) { return c.lists; });
  const std::uint64_t lists = list_bytes_per_second_ * static_cast<std::uint64_t>(with_lists);
  const std::uint64_t usable = upload_.rate() * percent / 100;
  return (usable - std::min(usable, lists + control_bytes_per_second_)) / stripe_bytes_per_second_;
}

unsigned Children::used() const {
  unsigned n = 0;
  for (const Child& child : children_) n += count(child.stripes);
  return n;
}

unsigned Children::served(unsigned stripe) const {
  return static_cast<unsigned>(std::count_if(children_.begin(), children_.end(),
                                             [&](const Child& c) { return (c.stripes & bit(stripe)) != 0; }));
}

std::uint16_t Children::free_slots() const {
  const unsigned taken = used();
  return taken >= slots() ? std::uint16_t{0} : static_cast<std::uint16_t>(slots() - taken);
}

// Who is at home in all stripes shares its slots among them: a stripe that nobody has from the publisher is lost to
// all.
bool Children::room_for(unsigned stripe, bool guest) const {
  if (free_slots() == 0) return false;
  if ((home_ & bit(stripe)) == 0) return guest;
  if (!everywhere()) return true;
  return served(stripe) < (slots() + striping_.all() - 1u) / striping_.all();
}

// An eighth of the slots is for those that pass on what they get.
bool Children::reserves() const { return slots() >= kReserveFrom && free_slots() <= slots() / 8; }

StripeMask Children::open() const {
  StripeMask open = 0;
  if (reserves()) return open;
  for_each_stripe(home_ & striping_.mask(), [&](unsigned stripe) {
    if (room_for(stripe, false)) open |= bit(stripe);
  });
  return open;
}

Children::Child* Children::find(session::SessionId session) {
  const auto it =
      std::find_if(children_.begin(), children_.end(), [&](const Child& c) { return c.session == session; });
  return it == children_.end() ? nullptr : &*it;
}
const Children::Child* Children::find(session::SessionId session) const {
  return const_cast<Children*>(this)->find(session);
}

StripeMask Children::stripes(session::SessionId session) const {
  const Child* const child = find(session);
  return child != nullptr ? child->stripes | child->ending : 0;
}

StripeMask Children::passes_on() const {
  StripeMask stripes = home_;
  for (const Child& child : children_) stripes |= child.stripes;
  return stripes;
}

bool Children::one_level() const {
  const StripeMask all = striping_.mask();
  return std::all_of(children_.begin(), children_.end(),
                     [&](const Child& c) { return (c.stripes & all) == all && c.report.free_slots == c.report.slots; });
}

StripeMask Children::passed_on_by(session::SessionId session) const {
  const Child* const child = find(session);
  return child != nullptr ? child->passes_on : 0;
}

Children::Child& Children::add(session::SessionId session, const wire::Subscribe& request, std::uint64_t first,
                               Instant now) {
  Child child;
  child.session = session;
  child.first = child.cursor = child.landed = first;
  child.window_bytes = request.window_bytes;
  child.slots = request.slots;
  child.heard = child.moved = now;
  child.repairs_left = TokenBucket(kRepairsPerSecond, kRepairsBurst);
  child.backlog_pace = TokenBucket(kBacklogPerSecond, kBacklogBurst);
  const auto place =
      std::find_if(children_.begin(), children_.end(), [&](const Child& c) { return c.slots < child.slots; });
  return *children_.insert(place, std::move(child));
}

void Children::remove(session::SessionId session) {
  std::erase_if(children_, [&](const Child& c) { return c.session == session; });
}

wire::SubscribeReply Children::subscribe(session::SessionId session, const wire::Subscribe& request, StripeMask allowed,
                                         std::uint64_t first, bool live, Instant now) {
  const StripeMask wanted = request.stripes & striping_.mask();
  Child* child = find(session);
  // It has forgotten us (it was restarted).
  if (child != nullptr && request.first == wire::kFromNewest && child->reported) {
    remove(session);
    child = nullptr;
  }
  StripeMask granted = child != nullptr ? child->stripes & wanted : 0;
  if (child != nullptr) {
    child->stripes = granted;
    child->ending &= wanted;
  }
  const StripeMask before = granted;
  for_each_stripe(wanted & allowed & ~granted, [&](unsigned stripe) {
    // Its own share is not taken from the table until it is granted.
    const bool passes_on = standing(request.home, request.slots, stripe, striping_) == kPassesOn;
    const bool room = count(granted & ~before) < free_slots() && room_for(stripe, request.guest || passes_on) &&
                      (passes_on || !reserves());
    if (room || displace(stripe, session, request, now)) granted |= bit(stripe);
  });
  wire::SubscribeReply reply;
  reply.id = request.id;
  reply.stripes = granted;
  if (granted != wanted)
    reply.code = (wanted & ~allowed) != 0 ? wire::SubscribeCode::kLoop : wire::SubscribeCode::kFull;
  child = find(session);
  if (granted == 0 && (child == nullptr || child->ending == 0)) {
    if (child != nullptr) remove(session);
    return reply;
  }
  if (child == nullptr) {
    const bool behind = live && !is_news(first);
    const bool busy = !upload_.unlimited() &&
                      (late_since_ != kNever || std::count_if(children_.begin(), children_.end(), [](const Child& c) {
                                                  return !c.backlogs.empty();
                                                }) >= kBacklogsMax);
    if (behind && busy && request.first == wire::kFromNewest) first = store_.head();
    child = &add(session, request, behind ? store_.head() : first, now);
    child->first = first;
    if (behind && first < store_.head()) add_backlog(*child, granted, first);
  } else {
    add_backlog(*child, granted & ~before & ~child->ending, first);
  }
  child->stripes = granted;
  child->ending &= ~granted;
  child->lists = request.lists;
  child->passes_on = request.home;
  child->heard = now;
  reply.first = child->first;
  return reply;
}

bool Children::is_news(std::uint64_t sequence) const {
  return store_.head() - std::min(sequence, store_.head()) <= kNewsShards + shards_per_second_ / 8;
}

// What the cursor has passed of stripes that the child did not have.
void Children::add_backlog(Child& child, StripeMask stripes, std::uint64_t first) {
  if (stripes == 0 || first >= child.cursor) return;
  if (is_news(first)) {
    for (std::uint64_t s = std::max(first, store_.tail()); s < std::min(child.cursor, store_.head()); ++s) {
      if ((stripes & bit(striping_.of(s))) == 0 || !store_.at(s).present()) continue;
      if (child.late.size() < kUrgentMax) child.late.push_back({s, false, {}});
    }
    return;
  }
  if (child.backlogs.size() < kBacklogsOfOne) child.backlogs.push_back({stripes, first, child.cursor});
}

// Of somebody who is at home everywhere it is had by nobody at all.
bool Children::nobody_has(unsigned stripe) const { return everywhere() && served(stripe) == 0; }

StripeMask Children::had_twice() const {
  StripeMask twice = 0;
  for_each_stripe(striping_.mask(), [&](unsigned stripe) {
    if (served(stripe) > 1) twice |= bit(stripe);
  });
  return twice;
}

// What matters least of all that is sent: any stripe, or, where each must be had by somebody, that one, or one that two
// have if nobody has that one. Of equals one that is not ours to pass on.
std::optional<Children::Held> Children::least(unsigned stripe, std::optional<session::SessionId> by) {
  std::optional<Held> least;
  const auto order = [&](const Held& h) {
    return std::tuple(h.standing, h.standing == kPassesOn && h.stripe != stripe, h.slots, (home_ & bit(h.stripe)) != 0,
                      h.stripe != stripe);
  };
  const StripeMask among = !everywhere() ? striping_.mask() : nobody_has(stripe) ? had_twice() : bit(stripe);
  for (Child& c : children_) {
    if (c.session == by) continue;
    for_each_stripe(c.stripes & among, [&](unsigned s) {
      const Standing worth = standing(c.passes_on, c.slots, s, striping_);
      const Held held{worth, worth == kPassesOn ? c.slots : 0u, &c, s};
      if (!least || order(held) < order(*least)) least = held;
    });
  }
  return least;
}

StripeMask Children::yields_to(unsigned standing) const {
  StripeMask yields = 0;
  for_each_stripe(striping_.mask(), [&](unsigned stripe) {
    const auto held = const_cast<Children*>(this)->least(stripe, std::nullopt);
    const bool kept = standing == kPassesOn && reserves() && room_for(stripe, true);
    if (kept || (held && (held->standing < standing || nobody_has(stripe)))) yields |= bit(stripe);
  });
  return yields;
}

bool Children::displace(unsigned stripe, session::SessionId by, const wire::Subscribe& request, Instant now) {
  const Standing worth = standing(request.home, request.slots, stripe, striping_);
  const std::optional<Held> held = least(stripe, by);
  if (!held) return false;
  if (nobody_has(stripe)) {
    end(*held->child, held->stripe, by, now);
    return true;
  }
  if (held->standing > worth) return false;
  // Between two that pass it on it takes much more.
  const bool equals = held->standing == worth;
  if (equals && (worth != kPassesOn || held->stripe != stripe || 2 * held->slots > request.slots)) return false;
  end(*held->child, held->stripe, by, now);
  return true;
}

void Children::end(Child& child, unsigned stripe, std::optional<session::SessionId> by, Instant now) {
  child.stripes &= ~bit(stripe);
  child.ending |= bit(stripe);
  child.ending_at = now + kDisplacedFor;
  displaced_.push_back({child.session, bit(stripe), by});
}

// Admission is what controls congestion: if news wait too long, there are too many to send them to. Room is tried again
// later, a slot at a time.
void Children::judge_load(Instant now) {
  if (now - load_judged_ < kLoadInterval) return;
  load_judged_ = now;
  measure_control(now);
  const bool late = !upload_.unlimited() && std::any_of(children_.begin(), children_.end(), [&](const Child& c) {
    return !whole(c) && store_.head() - std::min(store_.head(), c.cursor) > kLateShards + shards_per_second_ / 10;
  });
  if (!late) {
    late_since_ = kNever;
    if (load_max_ != UINT16_MAX && now - load_raised_ >= kLoadRaise) {
      load_raised_ = now;
      ++load_max_;
    }
  } else if (late_since_ == kNever) {
    late_since_ = now;
  } else if (now - late_since_ >= kLateMax) {
    late_since_ = now;
    load_raised_ = now;
    load_max_ = static_cast<std::uint16_t>(std::max(1u, used() - std::max(1u, used() / 16)));
  }
  shed(now);
}

void Children::measure_control(Instant now) {
  if (now - control_since_ < kControlWindow) return;
  const auto elapsed = static_cast<std::uint64_t>((now - control_since_).count());
  const std::uint64_t rate = control_bytes_ * 1'000'000'000u / elapsed;
  control_bytes_per_second_ += rate / 4 - control_bytes_per_second_ / 4;
  control_bytes_ = 0;
  control_since_ = now;
}

// What matters least goes first; of equals, what those have that pass on the least, and parity before data.
void Children::shed(Instant now) {
  const unsigned bearable = slots() == load_max_ ? slots() : slots() + slots() / kSpareSlots;
  if (used() <= bearable)
    over_since_ = kNever;
  else if (over_since_ == kNever)
    over_since_ = now;
  if (over_since_ == kNever || (slots() != load_max_ && now - over_since_ < kOverMax)) return;
  for (unsigned over = used() - bearable; over > 0; --over) {
    Child* least = nullptr;
    unsigned least_stripe = 0;
    std::tuple<unsigned, std::uint32_t, int> least_worth;
    for (Child& c : children_) {
      for_each_stripe(sheddable(c.stripes), [&](unsigned s) {
        const std::tuple worth{static_cast<unsigned>(standing(c.passes_on, c.slots, s, striping_)),
                               std::uint32_t{c.slots}, -static_cast<int>(s)};
        if (least != nullptr && worth >= least_worth) return;
        least = &c;
        least_stripe = s;
        least_worth = worth;
      });
    }
    if (least == nullptr) return;
    end(*least, least_stripe, std::nullopt, now);
  }
}

// What only one child has of somebody who is at home everywhere, nobody else may have.
StripeMask Children::sheddable(StripeMask stripes) const {
  return !everywhere() ? stripes : stripes & (had_twice() | ~first_stripes(striping_.data));
}

void Children::on_report(session::SessionId session, const wire::Report& report, Instant now) {
  Child* const child = find(session);
  if (child == nullptr) return;
  child->heard = now;
  const std::uint32_t received = report.received - child->loss_base_received;
  const std::uint32_t missed = report.missed - child->loss_base_missed;
  if (received >= kLossSample) {
    child->lossy = std::uint64_t{missed} * 200 > received;
    child->loss_base_received = report.received;
    child->loss_base_missed = report.missed;
  }
  // A peer may claim to have seen what it was not sent; that is not worth more than the truth.
  const std::uint64_t seen = std::min(report.seen, child->cursor);
  if (seen > child->landed || std::min(report.next, child->cursor) > child->report.next) {
    child->moved = now;
    last_progress_ = now;
  }
  child->landed = std::max(child->landed, seen);
  child->report = report;
  child->report.next = std::min(report.next, child->cursor);
  child->reported = true;
  child->passes_on = report.passes_on;
  child->slots = report.slots;
}

bool Children::just_sent(const Child& child, const stream::StoredShard& shard, Instant now) const {
  const Peer* const peer = peers_.find(child.session);
  return peer != nullptr && peer->rtt.known() && !whole(child) &&
         now - shard.arrived < std::min(peer->rtt.smoothed(), kCrossedMax);
}

void Children::on_repair_request(session::SessionId session, const wire::RepairRequest& request, Instant now) {
  Child* const child = find(session);
  if (child == nullptr) return;
  child->heard = now;
  const bool list = request.kind == wire::RepairRequest::Kind::kList;
  const bool with_lists = request.kind == wire::RepairRequest::Kind::kShardsWithLists;
  std::uint64_t list_queued = UINT64_MAX;
  const std::uint64_t most = whole(*child) ? shards_per_second_ : shards_per_second_ / 4;
  child->repairs_left.set_rate(std::max(kRepairsPerSecond, most), now);
  for (const wire::RepairRequest::Range& range : request.ranges) {
    for (std::uint64_t i = 0; i < range.count; ++i) {
      if (!child->repairs_left.take(1, now)) return;  // whatever the answer is
      const std::uint64_t sequence = request.base + range.offset + i;
      // Not sent yet: it is on its way. (A restarted store may end before the cursor.)
      const bool ours = ((child->stripes | child->ending) & bit(striping_.of(sequence))) != 0;
      if (sequence >= store_.head() || (ours && sequence >= child->cursor)) return;
      if (sequence < store_.tail()) {
        const std::uint64_t gone = std::min(store_.tail() - sequence, range.count - i);
        outbox_.send(session, wire::Hole{sequence, static_cast<std::uint16_t>(gone)});
        i += gone - 1;
        continue;
      }
      if (store_.at(sequence).given_up) {
        outbox_.send(session, wire::Hole{sequence, 1});
        continue;
      }
      if (!store_.at(sequence).present() && !list) {
        // If it has that stripe from us it will be passed on when it comes: it is being repaired here.
        if (!ours && !whole(*child)) outbox_.send(session, wire::Hole{sequence, 1});
        continue;
      }
      // It came a moment ago, and has been sent since: the question and it have passed each other.
      if (ours && !list && just_sent(*child, store_.at(sequence), now)) continue;
      if (child->repairs.size() >= kUrgentMax) return;
      const auto ask = [&](bool for_list) {
        const Urgent repair{sequence, for_list, now};
        if (std::find(child->repairs.begin(), child->repairs.end(), repair) == child->repairs.end())
          child->repairs.push_back(repair);
      };
      const stream::StoredShard& shard = store_.at(sequence);
      if (with_lists && shard.list && shard.list_first != list_queued) {
        list_queued = shard.list_first;
        ask(true);
      }
      ask(list);
    }
  }
}

void Children::on_stored(std::span<const std::uint64_t> sequences) {
  for (Child& child : children_)
    for (const std::uint64_t sequence : sequences)
      if (sequence < child.cursor && sequence >= child.first && child.late.size() < kUrgentMax &&
          ((child.stripes | child.ending) & bit(striping_.of(sequence))) != 0 &&
          (upload_.unlimited() || whole(child) || is_news(sequence)))  // it asks for what is old, if it still wants it
        child.late.push_back({sequence, false, {}});
}

void Children::on_list(std::uint64_t first) {
  for (Child& child : children_)
    if (child.lists && first < child.cursor && first >= child.first && child.late.size() < kUrgentMax)
      child.late.push_back({first, true, {}});
}

void Children::on_parity(std::span<const stream::ParityId> parity) {
  for (Child& child : children_)
    for (const stream::ParityId& id : parity) {
      const bool wanted = ((child.stripes | child.ending) & bit(striping_.data + id.index)) != 0;
      if (wanted && child.parity.size() < kParityWaitingMax) child.parity.push_back(id);
    }
}

void Children::restart(std::uint64_t first) {
  for (Child& child : children_) {
    child.first = child.cursor = child.landed = first;
    child.backlogs.clear();
    child.list_sent = child.late_list_sent = UINT64_MAX;
    child.late.clear();
    child.repairs.clear();
    child.parity.clear();
    child.report = {};
    child.reported = false;
    child.loss_base_received = child.loss_base_missed = 0;
  }
}

void Children::measure_rate(Instant now) {
  // A run that began anew, or a join, is no rate.
  if (store_.head() < rate_head_ || store_.head() - rate_head_ > stream::Store::kSlots) {
    rate_head_ = store_.head();
    rate_since_ = now;
  }
  if (now - rate_since_ < kRateWindow) return;
  const auto elapsed = static_cast<std::uint64_t>((now - rate_since_).count());
  shards_per_second_ = (store_.head() - rate_head_) * 1'000'000'000u / elapsed;
  note_costs();
  rate_head_ = store_.head();
  rate_since_ = now;
}

// What a stripe and the lists cost on the wire, by the newest shard that is here.
void Children::note_costs() {
  const std::uint64_t newest = store_.newest();
  const stream::StoredShard* const shard = store_.find(newest);
  if (shard == nullptr) return;
  const std::uint64_t around = session::kDataOverhead + kUdpIpBytes;
  const std::uint64_t largest = std::max<std::uint64_t>(shard->frame.size(), kShardWireBytes - 2 * around);
  const std::uint64_t stripe = shards_per_second_ * (largest + around) / striping_.data;
  const std::uint64_t lists =
      shard->list ? shards_per_second_ / list_shards(*shard) * (shard->list.size() + around) : 0;
  stripe_bytes_per_second_ += stripe / 4 - stripe_bytes_per_second_ / 4;
  list_bytes_per_second_ += lists / 4 - list_bytes_per_second_ / 4;
}

// 1.25 times what the path holds at the stream's rate, and a burst: as much as the stream makes in 40 ms and a bit,
// but not more than the child's socket can hold. So a joiner that catches up is not sent everything at once.
std::uint64_t Children::window_shards(const Child& child) const {
  const Peer* const peer = peers_.find(child.session);
  const Duration rtt = peer != nullptr && peer->rtt.known() ? peer->rtt.least() : Duration::zero();
  const auto path_us = static_cast<std::uint64_t>(to_us(rtt * 5 / 4));
  const std::uint64_t path = shards_per_second_ * path_us / 1'000'000;
  const std::uint64_t burst = kWindowShardsMin + shards_per_second_ * kBurstUs / 1'000'000;
  return path + std::min(burst, std::max<std::uint64_t>(child.window_bytes / kShardWireBytes, 1));
}

std::uint64_t Children::send(Child& child, Bytes frame, session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  const std::uint64_t before = out.totals().wire_bytes;
  if (!endpoint.seal(child.session, frame, out, now)) return 0;
  const std::uint64_t sent = out.totals().wire_bytes - before;
  upload_.charge(sent, now);
  return sent;
}

void Children::send_shard(Child& child, const stream::StoredShard& shard, bool repair, session::Endpoint& endpoint,
                          DatagramBatch& out, Instant now) {
  const std::uint64_t bytes = send(child, shard.frame.bytes(), endpoint, out, now);
  const std::uint64_t payload = shard.payload().size();
  stats_.payload_bytes_sent += payload;
  if (repair) {
    ++stats_.repairs_sent;
    stats_.sent.repairs += bytes;
  } else if (bytes > 0) {
    const std::uint64_t proof = shard.frame.size() - wire::kShardHeaderBytes - payload;
    stats_.sent.payload += payload;
    stats_.sent.signatures += proof;
    stats_.sent.headers += bytes - payload - proof;
  }
}

void Children::send_list(Child& child, const stream::StoredShard& shard, bool repair, session::Endpoint& endpoint,
                         DatagramBatch& out, Instant now) {
  const std::uint64_t bytes = send(child, shard.list.bytes(), endpoint, out, now);
  (repair ? stats_.sent.repairs : stats_.sent.signatures) += bytes;
}

bool Children::send_late(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  const Urgent late = child.late.front();
  child.late.pop_front();
  if (!store_.covers(late.sequence)) return true;
  const stream::StoredShard& shard = store_.at(late.sequence);
  // If the shard was late because its list was, the child has not had the list either.
  const bool list_due = shard.list && child.lists && shard.list_first != child.late_list_sent &&
                        (late.list || shard.list_first != child.list_sent);
  if (list_due) {
    child.late_list_sent = shard.list_first;
    send_list(child, shard, false, endpoint, out, now);
  }
  if (late.list || !shard.present()) return true;
  if (out.full()) {
    child.late.push_front(late);
    return false;
  }
  send_shard(child, shard, false, endpoint, out, now);
  return true;
}

// Ahead of its block's data, parity would only bring twice what is about to be sent anyway.
bool Children::parity_due(const Child& child) const {
  if (child.parity.empty()) return false;
  const stream::Block* const block = store_.blocks().find(child.parity.front().first);
  return block == nullptr || child.cursor >= std::min(block->end(), store_.head());
}

// Parity, and ahead of it the list that proves it, where that is none that goes with data.
bool Children::send_parity(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  const stream::ParityId id = child.parity.front();
  const stream::Block* const block = store_.blocks().find(id.first);
  const Buffer* const frame = store_.blocks().find(id);
  if (block != nullptr && frame != nullptr && wire::hash_list_count(block->list.bytes()) == 0 &&
      child.parity_list_sent != id.first) {
    child.parity_list_sent = id.first;
    stats_.sent.signatures += send(child, block->list.bytes(), endpoint, out, now);
    if (out.full()) return false;
  }
  child.parity.pop_front();
  if (frame != nullptr) stats_.sent.parity += send(child, frame->bytes(), endpoint, out, now);
  return true;
}

// False if the batch filled up.
bool Children::pump_repairs(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  while (!child.repairs.empty()) {
    if (out.full()) return false;
    if (Instant ready = upload_.ready_at(now); ready > now) {
      upload_ready_ = ready;
      return true;
    }
    const Urgent repair = child.repairs.front();
    // It has asked again since, or elsewhere.
    if (!store_.covers(repair.sequence) || now - repair.since > kRepairStale) {
      child.repairs.pop_front();
      continue;
    }
    const bool in_budget = upload_.unlimited() || all_repairs_.take(kShardWireBytes, now);
    if (!in_budget && everywhere()) {  // nobody else may have it
      backlog_ready_ = std::min(backlog_ready_, all_repairs_.ready_at(now));
      return true;
    }
    child.repairs.pop_front();
    if (!in_budget) {  // others have it, too
      if (!whole(child)) outbox_.send(child.session, wire::Hole{repair.sequence, 1});
      continue;
    }
    const stream::StoredShard& shard = store_.at(repair.sequence);
    if (repair.list) {
      if (shard.list) send_list(child, shard, true, endpoint, out, now);
    } else if (shard.present()) {
      send_shard(child, shard, true, endpoint, out, now);
    }
  }
  return true;
}

// Is it the next one's time? A list promises its shards, so once it is sent they follow, whatever the window says.
bool Children::may_send_next(Child& child, const stream::StoredShard& shard, std::uint64_t window) const {
  if (!whole(child)) return true;
  const std::uint64_t on_the_way = child.cursor - child.landed;
  const bool begun = shard.list && child.list_sent == shard.list_first;
  const std::uint64_t needs = shard.list ? list_shards(shard) : 1;
  return begun || on_the_way == 0 || on_the_way + needs <= window;
}

// Of the oldest one. False if the batch filled up.
bool Children::pump_backlog(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  Backlog& backlog = child.backlogs.front();
  backlog.next = std::max(backlog.next, store_.tail());
  backlog.end = std::min(backlog.end, store_.head());
  const std::uint64_t share = shards_per_second_ * count(backlog.stripes) / striping_.data;
  child.backlog_pace.set_rate(std::max(kBacklogPerSecond, whole(child) ? 4 * share : 2 * share), now);
  for (; backlog.next < backlog.end; ++backlog.next) {
    const stream::StoredShard& shard = store_.at(backlog.next);
    const StripeMask wanted = backlog.stripes & (child.stripes | child.ending);
    if ((wanted & bit(striping_.of(backlog.next))) == 0 || !shard.present()) continue;
    if (out.full()) return false;
    if (Instant ready = upload_.ready_at(now); ready > now) {
      upload_ready_ = ready;
      return true;
    }
    if (shard.list && child.lists && child.backlog_list != shard.list_first) {
      child.backlog_list = shard.list_first;
      send_list(child, shard, false, endpoint, out, now);
      if (out.full()) return false;
    }
    if (!child.backlog_pace.take(1, now)) {
      backlog_ready_ = std::min(backlog_ready_, child.backlog_pace.ready_at(now));
      return true;
    }
    send_shard(child, shard, false, endpoint, out, now);
    child.moved = now;
  }
  return true;
}

// Longer than it usually takes until the next shard tells the same.
Duration Children::marker_delay() const {
  if (shards_per_second_ == 0) return kMarkerDelay;
  return std::max(kMarkerDelay, 2 * Duration(std::chrono::seconds(1)) /
                                    static_cast<int>(std::min<std::uint64_t>(shards_per_second_, 1'000)));
}

// What stands at the cursor: the list first, then the shard. False if the batch filled up in between.
bool Children::send_next(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  const stream::StoredShard& shard = store_.at(child.cursor);
  if (shard.list && child.lists && child.list_sent != shard.list_first) {
    child.list_sent = shard.list_first;
    send_list(child, shard, false, endpoint, out, now);
    if (out.full()) return false;
  }
  // Where there is too much to send, those that have lost their place are the first to go without.
  const StripeMask due = late_since_ == kNever ? child.stripes | child.ending : child.stripes;
  const bool mine = (due & bit(striping_.of(child.cursor))) != 0;
  if (mine && shard.present()) {
    send_shard(child, shard, false, endpoint, out, now);
    child.moved = now;
    if (whole(child)) {
      child.marker_at = shard.list ? kNever : now + marker_delay();
      child.markers_left = child.lossy ? 2 : 1;
    }
  }
  ++child.cursor;  // what is absent is passed on when it comes
  if (shard.list && child.lists && child.lossy && child.cursor == shard.list_first + list_shards(shard))
    child.late.push_back({child.cursor - 1, true, {}});
  return true;
}

bool Children::pump_child(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now,
                          bool& progressed) {
  const std::uint64_t window = window_shards(child);
  const std::uint64_t before = out.totals().datagrams;
  while (out.totals().datagrams - before < kQuantum) {
    if (out.full()) return false;
    if (Instant ready = upload_.ready_at(now); ready > now) {
      upload_ready_ = ready;
      return true;
    }
    if (!child.late.empty()) {
      if (!send_late(child, endpoint, out, now)) return false;
      progressed = true;
      continue;
    }
    // Far behind, what is old is worth less to it than what is new; others may have it.
    if (!whole(child) && store_.head() - std::min(store_.head(), child.cursor) > kNewsShards + shards_per_second_)
      child.cursor = child.landed = store_.head();
    if (child.cursor < store_.tail()) {  // too slow for us: what fell out is lost to it
      child.landed += store_.tail() - child.cursor;
      child.cursor = store_.tail();
    }
    if (child.cursor >= store_.head() || !may_send_next(child, store_.at(child.cursor), window)) {
      if (!parity_due(child)) return true;
      if (!send_parity(child, endpoint, out, now)) return false;
      continue;
    }
    if (!send_next(child, endpoint, out, now)) return false;
    progressed = true;
  }
  return true;
}

// Who has news to come, the oldest first, as a queue would send them: where the upload is short, all are late alike.
void Children::line_up() {
  line_.clear();
  for (std::uint32_t i = 0; i < children_.size(); ++i) {
    const Child& child = children_[i];
    if (!child.late.empty())
      line_.push_back({std::min(child.late.front().sequence, child.cursor), i});
    else if (child.cursor < store_.head() || !child.parity.empty())
      line_.push_back({child.cursor, i});
  }
  std::sort(line_.begin(), line_.end());
}

bool Children::pump(session::Endpoint& endpoint, DatagramBatch& out, Instant now) {
  measure_rate(now);
  upload_ready_ = backlog_ready_ = kNever;
  bool progressed = true;
  while (progressed) {
    progressed = false;
    line_up();
    for (const auto& [unused, child] : line_) {
      const bool room = pump_child(children_[child], endpoint, out, now, progressed);
      if (!room || upload_ready_ != kNever) return room;
    }
  }
  for (Child& child : children_) {
    if (!pump_repairs(child, endpoint, out, now)) return false;
    if (upload_ready_ != kNever) return true;
  }
  for (Child& child : children_) {
    while (!child.backlogs.empty()) {
      if (!pump_backlog(child, endpoint, out, now)) return false;
      if (upload_ready_ != kNever) return true;
      if (child.backlogs.front().next < child.backlogs.front().end) break;  // at its pace
      child.backlogs.erase(child.backlogs.begin());
    }
  }
  return true;
}

void Children::handle_deadline(Instant now) {
  judge_load(now);
  std::vector<session::SessionId> ended;
  for (Child& child : children_) {
    if (now - child.heard >= silence_max(child)) silent_.push_back(child.session);
    if (now >= child.ending_at) {
      child.ending = 0;
      child.ending_at = kNever;
      if (child.stripes == 0) ended.push_back(child.session);
    }
    if (now >= child.marker_at) {
      outbox_.send(child.session, wire::Head{child.cursor});
      child.marker_at = --child.markers_left > 0 ? now + kMarkerRepeat : kNever;
    }
    // Reports may be lost, and with them the news that everything landed.
    if (child.cursor > child.landed && now - child.moved >= kStuck) {
      child.landed = child.cursor;
    }
  }
  for (const session::SessionId session : silent_) remove(session);
  for (const session::SessionId session : ended) remove(session);
}

Instant Children::next_deadline() const {
  Instant next = std::min(upload_ready_, backlog_ready_);
  for (const Child& child : children_) {
    next = std::min({next, child.heard + silence_max(child), child.marker_at, child.ending_at});
    if (child.cursor > child.landed) next = std::min(next, child.moved + kStuck);
  }
  return next;
}

std::vector<session::SessionId> Children::take_silent() { return std::exchange(silent_, {}); }

// The lowest sequence that the child may still want from us.
std::uint64_t Children::needed(const Child& child) const {
  return child.reported ? std::max(child.report.next, child.first) : child.first;
}

std::uint64_t Children::backlog(Instant now) const {
  std::uint64_t most = 0;
  for (const Child& child : children_)
    if (now - child.moved < kPatience) most = std::max(most, store_.head() - std::min(store_.head(), needed(child)));
  return most;
}

bool Children::all_have_the_end(std::uint64_t head) const {
  return std::all_of(children_.begin(), children_.end(),
                     [&](const Child& c) { return c.reported && c.report.knows_end && c.report.next >= head; });
}

const wire::Report* Children::report_of(session::SessionId session) const {
  const Child* const child = find(session);
  return child != nullptr && child->reported ? &child->report : nullptr;
}

}  // namespace spate::swarm
