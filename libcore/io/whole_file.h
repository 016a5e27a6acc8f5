// Small files that are on disk whole, or not at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libcore/io/failure.h"

namespace spate::io {

// All of it. False with errno set.
bool write_all(int fd, std::string_view text);
// Makes the directory's entry of `path` last.
void sync_directory_of(const std::string& path);

// At any time the file holds what it held before or `text`, whole, whatever fails: written beside it, as PATH.new, and
// renamed. Mode 0600. Two at a time must be kept apart by the caller.
std::optional<Failure> replace_file(const std::string& path, std::string_view text);

// Makes what is missing of it, for the owner only.
std::optional<Failure> make_directories(const std::string& path);

}  // namespace spate::io
