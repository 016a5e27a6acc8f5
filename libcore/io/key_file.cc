#include "libcore/io/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "libcore/crypto/hash.h"
#include "libcore/io/descriptor.h"
#include "libcore/io/failure.h"
#include "libcore/io/whole_file.h"

namespace spate::io {
namespace {

using Kind = KeyFileFailure::Kind;
using Loaded = std::variant<crypto::SymmetricKey, KeyFileFailure>;

constexpr std::string_view kPrefix = "spate-key-1:";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kCheckBytes = 4;
constexpr std::size_t kBlobBytes = 32 + kCheckBytes;
constexpr std::size_t kBlobChars = kBlobBytes / 3 * 4;
static_assert(kBlobBytes % 3 == 0, "no padding and no spare bits");

using Blob = ByteArray<kBlobBytes>;

Blob blob_of(const crypto::SymmetricKey& seed) {
  const auto check =
      crypto::blake2b<16>({Bytes{reinterpret_cast<const std::uint8_t*>(kPrefix.data()), kPrefix.size()}, Bytes{seed}});
  Blob blob;
  std::copy(seed.begin(), seed.end(), blob.begin());
  std::copy_n(check.begin(), kCheckBytes, blob.begin() + seed.size());
  return blob;
}

KeyFileFailure system_problem(std::string_view what, const std::string& path, int error) {
  return {Kind::kSystem, system_failure(std::string(what) + " the key file " + path, error).message};
}

KeyFileFailure refused(const std::string& path, std::string_view why) {
  return {Kind::kRefused, "the key file " + path + " " + std::string(why)};
}

Loaded read_key(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return system_problem("cannot read", path, errno);
  if (!S_ISREG(status.st_mode)) return refused(path, "is not a regular file");
  std::array<char, 128> text{};  // longer than any key
  const ssize_t n = ::read(fd, text.data(), text.size());
  if (n < 0) return system_problem("cannot read", path, errno);
  std::string_view line(text.data(), static_cast<std::size_t>(n));
  if (line.ends_with('\n')) line.remove_suffix(1);
  crypto::SymmetricKey seed{};
  const bool good = parse_key(line, seed);
  crypto::erase({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!good) return refused(path, "does not hold a spate key, or not all of it");
  // After that: nobody is told to change the mode of a file that is no key.
  if ((status.st_mode & 077) != 0) return refused(path, "can be read by others: chmod 600 " + path);
  return seed;
}

// Nothing if the file is there after all.
std::optional<Loaded> make_key(const std::string& path, const crypto::SymmetricKey& fresh) {
  std::string text = format_key(fresh) + "\n";  // before there is a file: memory may be short
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) {
    const int error = errno;
    crypto::erase({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (error == EEXIST) return std::nullopt;
    return system_problem("cannot make", path, error);
  }
  // Whatever the umask says: exactly the owner.
  const bool written = ::fchmod(fd.get(), 0600) == 0 && write_all(fd.get(), text) && ::fsync(fd.get()) == 0;
  const int error = errno;
  crypto::erase({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!written) {
    ::unlink(path.c_str());
    return system_problem("cannot write", path, error);
  }
  sync_directory_of(path);
  return fresh;
}

}  // namespace

Keys derive_keys(const crypto::SymmetricKey& master) {
  Keys keys;
  crypto::SymmetricKey seed = crypto::derive_key(master, "stream");
  keys.stream = crypto::stream_key_pair(seed);
  seed = crypto::derive_key(master, "node");
  keys.identity = crypto::make_identity(seed);
  keys.swarm_secret = crypto::derive_key(master, "swarm");
  keys.content_secret = crypto::derive_key(master, "content");
  crypto::erase(seed);
  return keys;
}

std::string format_key(const crypto::SymmetricKey& seed) {
  const Blob blob = blob_of(seed);
  std::string text(kPrefix);
  for (std::size_t i = 0; i < blob.size(); i += 3) {
    const std::uint32_t bits = static_cast<std::uint32_t>(blob[i] << 16 | blob[i + 1] << 8 | blob[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) text += kAlphabet[bits >> shift & 63];
  }
  return text;
}

bool parse_key(std::string_view text, crypto::SymmetricKey& seed) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kBlobChars) return false;
  text.remove_prefix(kPrefix.size());
  Blob blob;
  for (std::size_t i = 0; i < blob.size(); i += 3) {
    std::uint32_t bits = 0;
    for (const char c : text.substr(i / 3 * 4, 4)) {
      const std::size_t value = kAlphabet.find(c);
      if (value == kAlphabet.npos) return false;
      bits = bits << 6 | static_cast<std::uint32_t>(value);
    }
    blob[i] = static_cast<std::uint8_t>(bits >> 16);
    blob[i + 1] = static_cast<std::uint8_t>(bits >> 8 & 0xff);
    blob[i + 2] = static_cast<std::uint8_t>(bits & 0xff);
  }
  std::copy_n(blob.begin(), seed.size(), seed.begin());
  const bool good = crypto::equal_secret(blob_of(seed), blob);
  crypto::erase(blob);
  return good;
}

std::variant<crypto::SymmetricKey, KeyFileFailure> load_or_make_key_file(const std::string& path,
                                                                         const crypto::SymmetricKey& fresh) {
  // Non-blocking: a FIFO must be refused, not waited for.
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ENOENT) {
    if (const auto made = make_key(path, fresh)) return *made;
    fd = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // another process was faster
  }
  if (!fd) return system_problem("cannot read", path, errno);
  return read_key(fd.get(), path);
}

}  // namespace spate::io
