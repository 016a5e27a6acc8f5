"""Checks that what only somebody with a key can know is compared in constant time, by crypto::equal_secret().

usage: compares.py ROOT    prints what is wrong, one line each, and exits 1 if anything is

A compare that ends at the first wrong byte tells a forger how many were right.
"""
import pathlib
import re
import sys

# Where tags and macs are at home there is no other compare of bytes at all.
BYTES_IN = ("crypto", "session")
BYTES = re.compile(r"\b(mem|b)cmp\s*\(|\bstd::(ranges::)?(equal|mismatch|lexicographical_compare)\b")

# And nowhere do names of secret things stand beside == or !=, but for the question whether there is any. (A service's
# tag is no secret.)
SECRET = r"[\w.>-]*\b(?!k[A-Z])\w*(mac[12]?|cookie|secret|psk|shared)_?"
NAMES = re.compile(r"(%s\s*[!=]=(?!\s*[\w:]+\{\}))|([^!=<>][!=]=\s*%s\s*[;),&|])" % (SECRET, SECRET))

LAYERS = ("base", "crypto", "wire", "session", "stream", "swarm", "node", "io")


def lines(root):
    for layer in LAYERS:
        for path in sorted((root / "libcore" / layer).rglob("*")):
            if path.suffix in (".h", ".cc"):
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    yield layer, path.relative_to(root), number, line.split("//")[0]


def main():
    root = pathlib.Path(sys.argv[1])
    seen = 0
    faults = 0
    for layer, path, number, line in lines(root):
        seen += 1
        if (layer in BYTES_IN and BYTES.search(line)) or NAMES.search(line):
            faults += 1
            print("%s:%d: is this compared in constant time? (crypto::equal_secret)" % (path, number))
    print("%d lines, %d wrong" % (seen, faults))
    return 1 if faults or not seen else 0


sys.exit(main())
