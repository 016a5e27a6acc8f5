"""Checks the direction of every #include in libcore/ and tools/.

usage: includes.py ROOT    prints what is wrong, one line each, and exits 1 if anything is
"""
import pathlib
import re
import sys

from layers import MAY_INCLUDE, PURE, PURE_STANDARD, THIRD_PARTY

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(root):
    """Yields (path from root, line number, is quoted, name)."""
    for top in ("libcore", "tools"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if found := INCLUDE.match(line):
                    yield path.relative_to(root), number, found[1] == '"', found[2]


def fault(root, path, quoted, name):
    """What is wrong with this include, or None."""
    layer = path.parts[1] if path.parts[0] == "libcore" else "tools"
    if layer not in MAY_INCLUDE:
        return "is in no known layer"
    if quoted:
        if not (root / name).is_file():
            return 'includes "%s", which is no path from the root of the tree' % name
        parts = name.split("/")
        if parts[0] == "tools" and layer == "tools":
            return None
        if parts[0] != "libcore" or parts[1] not in MAY_INCLUDE[layer]:
            return 'is in %s, which may not include "%s"' % (layer, name)
        return None
    for start, layers in THIRD_PARTY.items():
        if name.startswith(start):
            return None if layer in layers else "is in %s; <%s> belongs to %s" % (layer, name, " and ".join(sorted(layers)))
    if layer in PURE and name not in PURE_STANDARD:
        return "is in the pure layer %s, which may not include <%s> (tests/tree/layers.py)" % (layer, name)
    return None


def main():
    root = pathlib.Path(sys.argv[1])
    seen = 0
    faults = 0
    for path, number, quoted, name in includes(root):
        seen += 1
        if wrong := fault(root, path, quoted, name):
            faults += 1
            print("%s:%d: %s" % (path, number, wrong))
    print("%d includes, %d wrong" % (seen, faults))
    return 1 if faults or not seen else 0


sys.exit(main())
