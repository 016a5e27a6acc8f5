#include "libcore/io/status_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "libcore/io/log.h"

namespace spate::io {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

void put(std::string_view text) { [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size()); }

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

bool StatusLine::possible() { return ::isatty(STDERR_FILENO) == 1; }

StatusLine::StatusLine() : on_(possible()) {
  if (on_) log::set_before_line([this] { erase(); });
}

StatusLine::~StatusLine() {
  if (!on_) return;
  erase();
  log::set_before_line({});
}

void StatusLine::show(std::string_view text) {
  if (!on_) return;
  // One column is left free: a full line would wrap on some terminals.
  put(std::string(kEraseLine).append(text.substr(0, columns() - 1)));
  shown_ = true;
}

void StatusLine::erase() {
  if (shown_) put(kEraseLine);
  shown_ = false;
}

}  // namespace spate::io
