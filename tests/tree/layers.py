"""The layers, lowest first, and what each may include. libcore/README.md draws the same map."""

PURE = ("base", "crypto", "wire", "session", "stream", "swarm", "node")

# Layer -> the layers of libcore it may include from.
MAY_INCLUDE = {
    "base": {"base"},
    "crypto": {"base", "crypto"},
    "wire": {"base", "crypto", "wire"},
    "session": {"base", "crypto", "wire", "session"},
    "stream": {"base", "crypto", "wire", "stream"},
    "swarm": {"base", "crypto", "wire", "session", "stream", "swarm"},
    "node": set(PURE),
    "sim": set(PURE) | {"sim"},
    "io": set(PURE) | {"io"},
    "tools": set(PURE) | {"sim", "io"},
}

# Start of an included name -> the only layers that may include it.
THIRD_PARTY = {
    "sodium": {"crypto"},
    "isa-l": {"stream"},
    "CLI/": {"tools"},
    "asio": {"io"},
    "spdlog/": {"io"},
    "fmt/": {"io"},
    "nlohmann/": {"io", "tools"},
    "toml++/": {"sim"},
}

# The standard headers that a pure layer may include. Left out on purpose: whatever reads a clock, draws a number, starts
# a thread, touches a file, throws, or has an order that is not the program's (unordered containers).
PURE_STANDARD = set(
    """
    algorithm array bit cassert cctype charconv chrono climits cmath compare concepts cstddef cstdint cstdlib cstring
    deque functional initializer_list iterator limits list map memory new numeric optional queue ranges set span
    string string_view tuple type_traits utility variant vector version
    """.split()
)
