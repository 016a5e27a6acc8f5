// Keeps what this process has in memory, keys above all, from leaving it otherwise than as the process says.
#pragma once

namespace spate::io {

// No core files, no debugger of the same user, and /proc/PID/environ and mem are root's.
void forbid_dumps();

// The heap as it is now stays out of swap: whatever lives long, and the keys in it, wherever they have been copied to.
// To be called again when more keys have come. False if the system does not let us lock so much (RLIMIT_MEMLOCK).
// Buffers of a stream's data, which the allocator maps apart, are left alone.
bool lock_heap();

}  // namespace spate::io
