// Handshakes that we have answered, of peers that have not yet shown that they are there.
//
// Bounded before anything is proven: at most kMax, of which one network has at most kPerNetworkMax, for kLife each.
// What comes when there is no room takes that of another: of the same network's if it has its share, or else of any,
// drawn at random, so that a flood cannot aim at whom it displaces.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "libcore/base/address.h"
#include "libcore/base/rng.h"
#include "libcore/session/handshake.h"
#include "libcore/session/index_table.h"
#include "libcore/session/key_set.h"

namespace spate::session {

using ServiceIndex = std::uint32_t;

struct HalfOpen {
  bool used = false;
  InitiationIdentity identity{};  // the same one again gets the same answer again
  ServiceIndex service = 0;
  crypto::NodeKey peer;
  Address address;
  std::unique_ptr<KeySet> keys;
  ResponseDatagram response{};
  Instant expires{};
};

class HalfOpenTable {
 public:
  static constexpr std::size_t kMax = 1024;
  static constexpr std::size_t kPerNetworkMax = 64;
  static constexpr Duration kLife = std::chrono::seconds(5);

  HalfOpenTable(IndexTable& indices, Rng& rng) : indices_(indices), rng_(rng) {}

  // The one that this initiation from there has made already.
  const HalfOpen* find(const InitiationIdentity& identity, const Address& from) const;
  // Takes an entry in, perhaps in another's place; its keys' index, allocated by the caller, is the table's from now
  // on.
  const HalfOpen& add(HalfOpen entry, Instant now);
  HalfOpen& at(std::uint32_t slot) { return entries_[slot]; }
  // The keys of one whose peer has shown itself, with their index; it is no longer in the table.
  std::unique_ptr<KeySet> take_keys(HalfOpen& entry);
  void drop(HalfOpen& entry);
  void drop_service(ServiceIndex service);
  // Drops what is too old. The earliest end of what remains, or kNever.
  Instant expire(Instant now);
  std::size_t size() const { return size_; }

 private:
  std::uint32_t take_slot(const Address& from);

  IndexTable& indices_;
  Rng& rng_;
  std::vector<HalfOpen> entries_;
  std::size_t size_ = 0;
};

}  // namespace spate::session
