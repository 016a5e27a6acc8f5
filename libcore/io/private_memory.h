// Keeps what this process has in memory, keys above all, from leaving it otherwise than as the process says.
#pragma once

namespace spate::io {

// No core files, no debugger of the same user, and /proc/PID/environ and mem are root's.
void forbid_dumps();

// The heap, and the stack of whoever calls (the main thread), stay out of swap as far as they reach now: all that lives
// long, and the keys in it, wherever they have been copied to. To be called again when more keys have come. False if
// the system does not let us lock so much (RLIMIT_MEMLOCK, for which all of it counts, used or not).
// Not locked: what the heap grows by later, and buffers of a stream's data, which the allocator maps apart.
bool lock_heap_and_stack();

}  // namespace spate::io
