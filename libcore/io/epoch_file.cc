#include "libcore/io/epoch_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <functional>
#include <thread>

#include "libcore/io/descriptor.h"
#include "libcore/io/whole_file.h"

namespace spate::io {
namespace {

constexpr std::string_view kHead = "spate-epochs-1\n";
constexpr std::size_t kNameChars = 16;

std::string name_of(const crypto::StreamKey& stream) { return to_hex(Bytes{stream.bytes}.first(kNameChars / 2)); }

std::optional<KeptEpoch> parse_line(std::string_view line) {
  if (line.size() < kNameChars + 2 || line[kNameChars] != ' ') return std::nullopt;
  const std::string_view name = line.substr(0, kNameChars);
  if (name.find_first_not_of("0123456789abcdef") != name.npos) return std::nullopt;
  KeptEpoch kept{std::string(name)};
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data() + kNameChars + 1, end, kept.epoch);
  // The greatest of all leaves no room for a later run.
  if (error != std::errc{} || stop != end || kept.epoch == UINT64_MAX) return std::nullopt;
  return kept;
}

Result<KeptEpochs> read(const std::string& path) {
  // Non-blocking: a FIFO must be refused, not waited for.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ENOENT) return KeptEpochs{};
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return system_failure("cannot read " + path, errno);
  const Failure wrong{path + " is not a file of epochs, or damaged: remove it"};
  if (!S_ISREG(status.st_mode)) return wrong;
  std::array<char, kEpochFileBytesMax + 1> text{};
  const ssize_t n = ::read(fd.get(), text.data(), text.size());
  if (n < 0) return system_failure("cannot read " + path, errno);
  if (auto epochs = parse_epochs({text.data(), static_cast<std::size_t>(n)})) return std::move(*epochs);
  return wrong;
}

std::uint64_t find(const KeptEpochs& epochs, const std::string& name) {
  const auto kept = std::find_if(epochs.begin(), epochs.end(), [&](const KeptEpoch& e) { return e.name == name; });
  return kept == epochs.end() ? 0 : kept->epoch;
}

constexpr std::chrono::milliseconds kLockAgain(5);

// Whoever changes a file in that directory waits for whoever does so now, who needs milliseconds: longer than
// `patience`, and somebody has stopped with the lock, or keeps us out. Where locks are not to be had at all, two may
// forget each other's word.
Result<Descriptor> lock_directory_of(const std::string& path, std::chrono::milliseconds patience) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
  Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fd;
  for (std::chrono::milliseconds waited(0); ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; waited += kLockAgain) {
    if (errno != EWOULDBLOCK) break;
    if (waited >= patience) return Failure{"cannot write " + path + ": another process has locked " + directory};
    std::this_thread::sleep_for(kLockAgain);
  }
  return fd;
}

// Puts the stream first, with the epoch that `choose` makes of the one that is kept.
NextEpoch update(const std::string& path, const crypto::StreamKey& stream, std::chrono::milliseconds patience,
                 const std::function<std::uint64_t(std::uint64_t)>& choose) {
  const Result<Descriptor> lock = lock_directory_of(path, patience);
  if (const Failure* failure = failure_of(lock)) return {choose(0), *failure, true};
  const std::string name = name_of(stream);
  const Result<KeptEpochs> before = read(path);
  if (const Failure* failure = failure_of(before)) return {choose(0), *failure, false};
  KeptEpochs epochs = std::get<KeptEpochs>(before);
  const std::string text_before = format_epochs(epochs);
  const std::uint64_t epoch = choose(find(epochs, name));
  std::erase_if(epochs, [&](const KeptEpoch& kept) { return kept.name == name; });
  epochs.insert(epochs.begin(), {name, epoch});
  if (epochs.size() > kEpochFileStreams) epochs.resize(kEpochFileStreams);
  const std::string text = format_epochs(epochs);
  if (text == text_before) return {epoch, std::nullopt, false};
  return {epoch, replace_file(path, text), false};
}

}  // namespace

std::optional<KeptEpochs> parse_epochs(std::string_view text) {
  KeptEpochs epochs;
  if (text.empty()) return epochs;
  if (!text.starts_with(kHead) || text.size() > kEpochFileBytesMax) return std::nullopt;
  text.remove_prefix(kHead.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const auto kept = end == text.npos ? std::nullopt : parse_line(text.substr(0, end));
    if (!kept) return std::nullopt;
    epochs.push_back(*kept);
    text.remove_prefix(end + 1);
  }
  return epochs;
}

std::string format_epochs(const KeptEpochs& epochs) {
  std::string text(kHead);
  for (const KeptEpoch& kept : epochs) {
    const std::string line = kept.name + " " + std::to_string(kept.epoch) + "\n";
    if (text.size() + line.size() > kEpochFileBytesMax) break;
    text += line;
  }
  return text;
}

Result<std::uint64_t> kept_epoch(const std::string& path, const crypto::StreamKey& stream) {
  const Result<KeptEpochs> epochs = read(path);
  if (const Failure* failure = failure_of(epochs)) return *failure;
  return find(std::get<KeptEpochs>(epochs), name_of(stream));
}

std::optional<Failure> keep_epoch(const std::string& path, const crypto::StreamKey& stream, std::uint64_t epoch) {
  return update(path, stream, kLockPatience, [epoch](std::uint64_t kept) { return std::max(kept, epoch); }).failure;
}

NextEpoch next_epoch(const std::string& path, const crypto::StreamKey& stream, std::uint64_t least,
                     std::chrono::milliseconds patience) {
  return update(path, stream, patience, [least](std::uint64_t kept) { return std::max(kept + 1, least); });
}

}  // namespace spate::io
