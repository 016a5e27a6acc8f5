// noise-vectors FILE: runs test vectors in the JSON format of the Noise wiki over the handshake that spate ships.
//
// Noise_IK and Noise_IKpsk2 with 25519, ChaChaPoly and BLAKE2b are run, other protocols are skipped. Each message is
// written by its sender and compared, and the file's own bytes are read by its receiver; the first two messages are
// the handshake, the rest transport messages that alternate, each direction with its own counter.
//
// The last line is `N passed, N failed`. Exit: 0 when none failed and one passed, 1 otherwise, 2 for a wrong command
// line or a file that cannot be read or understood.
#include <algorithm>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "libcore/crypto/suite.h"
#include "libcore/session/noise.h"

namespace {

using nlohmann::json;
using spate::ByteArray;
using spate::Bytes;
using spate::session::NoiseHandshake;
using spate::session::NoisePattern;
using spate::session::TransportKeys;
using ByteString = std::vector<std::uint8_t>;

// The file's fault, not ours.
struct BadFile : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Side {
  ByteString prologue;
  std::optional<ByteArray<32>> psk;
  ByteArray<32> static_secret{};
  ByteArray<32> ephemeral_secret{};
};

struct Message {
  ByteString payload;
  ByteString ciphertext;
};

struct Vector {
  NoisePattern pattern = NoisePattern::kIK;
  Side initiator;
  Side responder;
  spate::crypto::NodeKey remote_static;
  std::optional<ByteString> handshake_hash;
  std::vector<Message> messages;
};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

ByteString from_hex(const json& value, const std::string& what) {
  if (!value.is_string()) throw BadFile(what + " is not a string");
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() % 2 != 0) throw BadFile(what + " has an odd number of hexadecimal digits");
  ByteString bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) throw BadFile(what + " is not hexadecimal");
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

ByteArray<32> key_from_hex(const json& value, const std::string& what) {
  const ByteString bytes = from_hex(value, what);
  ByteArray<32> key{};
  if (bytes.size() != key.size()) throw BadFile(what + " is not 32 bytes long");
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

const json& field(const json& object, const std::string& name) {
  const auto found = object.find(name);
  if (found == object.end()) throw BadFile("no " + name);
  return *found;
}

std::string name_of(const json& vector) {
  for (const char* key : {"protocol_name", "name"}) {
    const auto found = vector.find(key);
    if (found != vector.end() && found->is_string()) return found->get<std::string>();
  }
  throw BadFile("no protocol_name");
}

std::optional<NoisePattern> pattern_of(const json& vector) {
  const std::string name = name_of(vector);
  if (vector.value("fallback", json(false)) == json(true)) return std::nullopt;  // ends as another pattern
  if (name == "Noise_IK_25519_ChaChaPoly_BLAKE2b") return NoisePattern::kIK;
  if (name == "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b") return NoisePattern::kIKpsk2;
  return std::nullopt;
}

// The key is in an array of one (`init_psks`), or alone (`init_psk`).
ByteArray<32> parse_psk(const json& vector, const std::string& prefix) {
  const std::string name = prefix + (vector.contains(prefix + "psks") ? "psks" : "psk");
  const json& value = field(vector, name);
  if (!value.is_array()) return key_from_hex(value, name);
  if (value.size() != 1) throw BadFile(name + " does not hold one key");
  return key_from_hex(value[0], name);
}

Side parse_side(const json& vector, NoisePattern pattern, const std::string& prefix) {
  Side side;
  if (vector.contains(prefix + "prologue")) side.prologue = from_hex(vector[prefix + "prologue"], prefix + "prologue");
  if (pattern == NoisePattern::kIKpsk2) side.psk = parse_psk(vector, prefix);
  side.static_secret = key_from_hex(field(vector, prefix + "static"), prefix + "static");
  side.ephemeral_secret = key_from_hex(field(vector, prefix + "ephemeral"), prefix + "ephemeral");
  return side;
}

Vector parse_vector(const json& object, NoisePattern pattern) {
  Vector vector;
  vector.pattern = pattern;
  vector.initiator = parse_side(object, pattern, "init_");
  vector.responder = parse_side(object, pattern, "resp_");
  vector.remote_static = object.contains("init_remote_static")
                             ? spate::crypto::NodeKey{key_from_hex(object["init_remote_static"], "init_remote_static")}
                             : spate::crypto::node_key_pair(vector.responder.static_secret).public_key;
  if (object.contains("handshake_hash")) vector.handshake_hash = from_hex(object["handshake_hash"], "handshake_hash");
  const json& messages = field(object, "messages");
  if (!messages.is_array() || messages.size() < 2) throw BadFile("messages does not hold a handshake");
  for (const json& message : messages) {
    if (!message.is_object()) throw BadFile("messages holds something else than objects");
    vector.messages.push_back(
        {from_hex(field(message, "payload"), "payload"), from_hex(field(message, "ciphertext"), "ciphertext")});
  }
  return vector;
}

NoiseHandshake start(const Vector& vector, bool initiator) {
  const Side& side = initiator ? vector.initiator : vector.responder;
  return NoiseHandshake({vector.pattern, initiator, side.prologue, spate::crypto::node_key_pair(side.static_secret),
                         spate::crypto::node_key_pair(side.ephemeral_secret), vector.remote_static,
                         side.psk.value_or(ByteArray<32>{})});
}

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// One handshake message from its writer to its reader; what is wrong, or nothing.
std::string exchange(NoiseHandshake& writer, NoiseHandshake& reader, const Message& message, std::size_t overhead) {
  ByteString written(message.payload.size() + overhead);
  if (!writer.write_message(message.payload, written)) return "cannot be written";
  if (written != message.ciphertext) return "is written otherwise";
  ByteString payload(message.payload.size());
  if (!reader.read_message(message.ciphertext, payload)) return "cannot be read";
  return payload == message.payload ? "" : "is read otherwise";
}

std::string transport(const TransportKeys& sender, const TransportKeys& receiver, const Message& message,
                      std::uint64_t counter) {
  const spate::crypto::Suite& suite = spate::crypto::sodium_suite();
  ByteString written(message.payload.size() + spate::crypto::kTagBytes);
  suite.seal(written, message.payload, {}, sender.send, counter);
  if (written != message.ciphertext) return "is sealed otherwise";
  ByteString payload(message.payload.size());
  if (!suite.open(payload, message.ciphertext, {}, receiver.receive, counter)) return "cannot be opened";
  return payload == message.payload ? "" : "is opened otherwise";
}

// What is wrong, or nothing.
std::string run(const Vector& vector) {
  NoiseHandshake initiator = start(vector, true);
  NoiseHandshake responder = start(vector, false);
  const auto& messages = vector.messages;
  std::string wrong = exchange(initiator, responder, messages[0], NoiseHandshake::kFirstOverhead);
  if (!wrong.empty()) return "message 0 " + wrong;
  wrong = exchange(responder, initiator, messages[1], NoiseHandshake::kSecondOverhead);
  if (!wrong.empty()) return "message 1 " + wrong;

  if (!same(initiator.handshake_hash(), responder.handshake_hash())) return "the sides' handshake hashes differ";
  if (vector.handshake_hash && !same(initiator.handshake_hash(), *vector.handshake_hash))
    return "the handshake hash is another";
  if (responder.remote_static() != spate::crypto::node_key_pair(vector.initiator.static_secret).public_key)
    return "the responder learns a wrong static key";

  const TransportKeys of_initiator = initiator.split();
  const TransportKeys of_responder = responder.split();
  for (std::size_t i = 2; i < messages.size(); ++i) {
    const std::uint64_t counter = i / 2 - 1;
    wrong = i % 2 == 0 ? transport(of_initiator, of_responder, messages[i], counter)
                       : transport(of_responder, of_initiator, messages[i], counter);
    if (!wrong.empty()) return "message " + std::to_string(i) + " " + wrong;
  }
  return "";
}

json read_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw BadFile("cannot be opened");
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad() || text.empty()) throw BadFile("cannot be read, or is empty");
  json file = json::parse(text, nullptr, false);
  if (file.is_discarded()) throw BadFile("is not JSON");
  if (file.is_object() && file.contains("vectors")) file = json(file["vectors"]);
  if (!file.is_array()) throw BadFile("holds no array of vectors");
  return file;
}

int run_file(const std::string& path) {
  struct Case {
    std::size_t index;
    Vector vector;
  };
  const json file = read_file(path);
  std::vector<Case> cases;
  for (std::size_t i = 0; i < file.size(); ++i) {
    try {
      if (!file[i].is_object()) throw BadFile("is not an object");
      if (const auto pattern = pattern_of(file[i])) cases.push_back({i, parse_vector(file[i], *pattern)});
    } catch (const BadFile& error) {
      throw BadFile("vector " + std::to_string(i) + ": " + error.what());
    }
  }

  std::size_t failed = 0;
  for (const Case& c : cases) {
    const std::string wrong = run(c.vector);
    if (wrong.empty()) continue;
    ++failed;
    std::cout << "vector " << c.index << ", " << name_of(file[c.index]) << ": " << wrong << "\n";
  }
  const std::size_t passed = cases.size() - failed;
  if (cases.size() < file.size()) std::cout << file.size() - cases.size() << " of other protocols skipped\n";
  std::cout << passed << " passed, " << failed << " failed" << std::endl;
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    std::cerr << "usage: noise-vectors FILE\n";
    return 2;
  }
  try {
    spate::crypto::initialise();
    return run_file(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "noise-vectors: " << argv[1] << ": " << error.what() << "\n";
    return 2;
  }
}
