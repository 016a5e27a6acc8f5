"""Checks that the archives of the pure layers need nothing of the host: no clock, socket, thread, file or system-random.

usage: purity.py [--nm NM] ARCHIVE...    libspate_LAYER.a; prints what is wrong and exits 1 if anything is

What the archives need from outside themselves must be on the list below; a list of what is forbidden would forget some.
"""
import pathlib
import re
import subprocess
import sys

# Demangled names, whole. The C++ runtime's memory, exceptions, strings and red-black trees; functions of memory;
# the compiler's helpers for wide integers, bits and atomics; the mathematics that IEEE 754 defines to the last bit (exp, log and pow differ between processors).
ALLOWED = re.compile(
    r"""
    mem(cpy|move|set|cmp|chr)(_chk)? | __mem(cpy|move|set)_chk | bcmp | str(len|cmp|ncmp|chr) | abort
  | sqrtf? | floorf? | ceilf? | truncf? | roundf? | l?lround | fmod | ldexp | frexp
  | __u?(div|mod|divmod|mul)ti[34] | __popcount[dt]i2 | __aarch64_\w+
  | operator\ (new|delete)(\[\])?\(.*\)
  | _Unwind_Resume | __gxx_personality_v0 | __cxa_\w+ | __dso_handle | __stack_chk_fail | _GLOBAL_OFFSET_TABLE_ | __tls_get_addr
  | __assert_fail | __libc_single_threaded | __pthread_key_create
  | (vtable|typeinfo|typeinfo\ name|VTT)\ for\ (std::|__cxxabiv1::).*
  | std::__throw_\w+\(.*\) | std::__glibcxx_assert_fail\(.*\) | std::terminate\(\) | std::nothrow
  | std::(exception|bad_\w+|logic_error|length_error|out_of_range|runtime_error)::.*
  | (.*\ )?std::(__cxx11::)?basic_string<char,.*>::.*
  | std::_Rb_tree_\w+\(.*\) | std::__detail::_List_node_base::.*
  | std::(to_chars|from_chars)\(.*\) | std::__detail::__\w+_chars\w*.*
  | __(asan|ubsan|tsan|sanitizer|lsan)_\w+
    """,
    re.VERBOSE,
)

# Only crypto may need libsodium, and of it nothing that draws a number: keys come from seeds.
SODIUM = re.compile(r"crypto_\w+|sodium_(init|memzero|memcmp|is_zero|increment|mlock|munlock)")
SODIUM_RANDOM = re.compile(r"crypto_\w*(_keygen|(?<!seed)_keypair|_seal)")

# Only stream may need ISA-L, and of it the erasure code, which needs nothing but its arguments.
ERASURE_CODE = re.compile(r"ec_init_tables|ec_encode_data(_update)?|gf_gen_rs_matrix|gf_invert_matrix")


def symbols(nm, archive, *options):
    """The (mangled) names that `nm` prints with these options."""
    output = subprocess.run([nm, "-P", *options, archive], check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in output.splitlines() if line and not line.endswith(":")}


def demangle(names):
    names = sorted(names)
    output = subprocess.run(["c++filt"], check=True, capture_output=True, text=True, input="\n".join(names) + "\n").stdout
    return output.splitlines()[: len(names)]


def main():
    arguments = sys.argv[1:]
    nm = "nm"
    if arguments[:1] == ["--nm"]:
        nm, arguments = arguments[1], arguments[2:]
    if not arguments:
        sys.exit("purity.py: no archives")
    own = set().union(*(symbols(nm, archive, "--defined-only") for archive in arguments))
    if not own:
        sys.exit("purity.py: the archives define nothing")

    faults = 0
    for archive in arguments:
        layer = pathlib.Path(archive).stem.replace("libspate_", "")
        outside = demangle(symbols(nm, archive, "--undefined-only") - own)
        for name in outside:
            if ALLOWED.fullmatch(name):
                continue
            if layer == "crypto" and SODIUM.fullmatch(name) and not SODIUM_RANDOM.fullmatch(name):
                continue
            if layer == "stream" and ERASURE_CODE.fullmatch(name):
                continue
            faults += 1
            print("%s needs %s" % (layer, name))
        print("%s: %d symbols from outside" % (layer, len(outside)))
    return 1 if faults else 0


sys.exit(main())
