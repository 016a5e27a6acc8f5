// What a handshake is for: one stream, or the probe that any spate program answers.
//
// A service fixes the Noise prologue and pre-shared key, the clear-text tag by which a host that serves several
// finds the right one, and the mac1 key, without which a host stays silent.
#pragma once

#include "libcore/base/bytes.h"
#include "libcore/crypto/keys.h"

namespace spate::session {

using ServiceTag = ByteArray<8>;

struct Service {
  crypto::StreamKey stream;    // all zero for the probe service
  crypto::SymmetricKey psk{};  // all zero for public streams and the probe service
  ServiceTag tag{};            // of stream and psk, see service.cc

  // Key of mac1 for datagrams to the holder of `responder`: BLAKE2b-256("spate mac1 1" || responder || psk).
  crypto::SymmetricKey mac1_key(const crypto::NodeKey& responder) const;
  // Key of cookie replies from `responder`: BLAKE2b-256("spate cookie 1" || responder || psk).
  crypto::SymmetricKey cookie_key(const crypto::NodeKey& responder) const;
};

Service stream_service(const crypto::StreamKey& stream, const crypto::SymmetricKey& psk = {});
Service probe_service();

// The probe service's key pair is public knowledge: its handshake proves that packets come and go between two
// addresses, and nothing about who is there. It lets spate-probe measure a host of which it knows the address only.
const crypto::NodeKeyPair& probe_node_key_pair();

}  // namespace spate::session
