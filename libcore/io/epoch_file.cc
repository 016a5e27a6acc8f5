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
#include <string_view>
#include <vector>

#include "libcore/io/descriptor.h"
#include "libcore/io/whole_file.h"

namespace spate::io {
namespace {

constexpr std::string_view kHead = "spate-epochs-1\n";
constexpr std::size_t kNameChars = 16;

struct Entry {
  std::string name;
  std::uint64_t epoch = 0;
};
using Entries = std::vector<Entry>;

std::string name_of(const crypto::StreamKey& stream) { return to_hex(Bytes{stream.bytes}.first(kNameChars / 2)); }

std::optional<Entry> parse_line(std::string_view line) {
  if (line.size() < kNameChars + 2 || line[kNameChars] != ' ') return std::nullopt;
  const std::string_view name = line.substr(0, kNameChars);
  if (name.find_first_not_of("0123456789abcdef") != name.npos) return std::nullopt;
  Entry entry{std::string(name)};
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data() + kNameChars + 1, end, entry.epoch);
  // The greatest of all leaves no room for a later run.
  if (error != std::errc{} || stop != end || entry.epoch == UINT64_MAX) return std::nullopt;
  return entry;
}

std::optional<Entries> parse(std::string_view text) {
  Entries entries;
  if (text.empty()) return entries;  // what a crash may leave
  if (!text.starts_with(kHead) || text.size() > kEpochFileBytesMax) return std::nullopt;
  text.remove_prefix(kHead.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const auto entry = end == text.npos ? std::nullopt : parse_line(text.substr(0, end));
    if (!entry) return std::nullopt;
    entries.push_back(*entry);
    text.remove_prefix(end + 1);
  }
  return entries;
}

std::string format(const Entries& entries) {
  std::string text(kHead);
  for (const Entry& entry : entries) {
    const std::string line = entry.name + " " + std::to_string(entry.epoch) + "\n";
    if (text.size() + line.size() > kEpochFileBytesMax) break;
    text += line;
  }
  return text;
}

Result<Entries> read(const std::string& path) {
  // Non-blocking: a FIFO must be refused, not waited for.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ENOENT) return Entries{};
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return system_failure("cannot read " + path, errno);
  const Failure wrong{path + " is not a file of epochs, or damaged: remove it"};
  if (!S_ISREG(status.st_mode)) return wrong;
  std::array<char, kEpochFileBytesMax + 1> text{};
  const ssize_t n = ::read(fd.get(), text.data(), text.size());
  if (n < 0) return system_failure("cannot read " + path, errno);
  if (auto entries = parse({text.data(), static_cast<std::size_t>(n)})) return std::move(*entries);
  return wrong;
}

std::uint64_t find(const Entries& entries, const std::string& name) {
  const auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.name == name; });
  return entry == entries.end() ? 0 : entry->epoch;
}

// Whoever changes a file in that directory waits for whoever does so now. Where locks are not to be had, two may
// forget each other's word.
Descriptor lock_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
  Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) [[maybe_unused]]
    const int locked = ::flock(fd.get(), LOCK_EX);
  return fd;
}

// Puts the stream first, with the epoch that `choose` makes of the one that is kept.
NextEpoch update(const std::string& path, const crypto::StreamKey& stream,
                 const std::function<std::uint64_t(std::uint64_t)>& choose) {
  const Descriptor lock = lock_directory_of(path);
  const std::string name = name_of(stream);
  const Result<Entries> before = read(path);
  if (const Failure* failure = failure_of(before)) return {choose(0), *failure};
  Entries entries = std::get<Entries>(before);
  const std::string text_before = format(entries);
  const std::uint64_t epoch = choose(find(entries, name));
  std::erase_if(entries, [&](const Entry& entry) { return entry.name == name; });
  entries.insert(entries.begin(), {name, epoch});
  if (entries.size() > kEpochFileStreams) entries.resize(kEpochFileStreams);
  const std::string text = format(entries);
  if (text == text_before) return {epoch, std::nullopt};
  return {epoch, replace_file(path, text)};
}

}  // namespace

Result<std::uint64_t> kept_epoch(const std::string& path, const crypto::StreamKey& stream) {
  const Result<Entries> entries = read(path);
  if (const Failure* failure = failure_of(entries)) return *failure;
  return find(std::get<Entries>(entries), name_of(stream));
}

std::optional<Failure> keep_epoch(const std::string& path, const crypto::StreamKey& stream, std::uint64_t epoch) {
  return update(path, stream, [epoch](std::uint64_t kept) { return std::max(kept, epoch); }).failure;
}

NextEpoch next_epoch(const std::string& path, const crypto::StreamKey& stream, std::uint64_t least) {
  return update(path, stream, [least](std::uint64_t kept) { return std::max(kept + 1, least); });
}

}  // namespace spate::io
