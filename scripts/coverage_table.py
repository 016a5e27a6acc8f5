"""Prints which lines of libcore ran, out of what gcov knows of a build.

usage: coverage_table.py BUILD FOLDER...
"""
import collections
import json
import pathlib
import subprocess
import sys


def records(build):
    """Yields what gcov says of each source file in each object, of which many may hold the same header."""
    counts = sorted(str(path.resolve()) for path in build.rglob("*.gcda"))
    for at in range(0, len(counts), 50):
        done = subprocess.run(
            ["gcov", "--json-format", "--stdout", *counts[at : at + 50]],
            cwd=build, capture_output=True, text=True, check=True)
        for line in done.stdout.splitlines():
            record = json.loads(line)
            for file in record["files"]:
                yield pathlib.Path(record["current_working_directory"], file["file"]).resolve(), file["lines"]


def ranges(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in runs)


def row(name, ran, lines, missed=""):
    print("%-34s %6d %6d %6.1f %%  %s" % (name, lines, ran, 100 * ran / max(1, lines), missed))


def main():
    build, folders = pathlib.Path(sys.argv[1]), sys.argv[2:]
    core = (pathlib.Path(__file__).parent.parent / "libcore").resolve()
    ran = collections.defaultdict(lambda: collections.defaultdict(int))
    for path, lines in records(build):
        if core in path.parents and path.relative_to(core).parts[0] in folders:
            for line in lines:
                ran[path.relative_to(core)][line["line_number"]] += line["count"]
    if not ran:
        sys.exit("coverage: nothing ran")
    print("\n%-34s %6s %6s %8s  %s" % ("file", "lines", "ran", "", "never ran"))
    for folder in folders:
        totals = [0, 0]
        for path in sorted(path for path in ran if path.parts[0] == folder):
            counts = ran[path]
            missed = [number for number in sorted(counts) if counts[number] == 0]
            totals[0] += len(counts) - len(missed)
            totals[1] += len(counts)
            row(str(path), len(counts) - len(missed), len(counts), ranges(missed))
        row("%s in all" % folder, *totals)
        print()


main()
