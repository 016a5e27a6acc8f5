"""Checks that a man page documents exactly the options that its tool's --help names.

usage: man_help.py PAGE TOOL...    TOOL and its leading arguments; exits 1 if the two differ
"""
import re
import subprocess
import sys

OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")


def of_help(text):
    """Options stand first on a line of their own; what follows two spaces is their description."""
    found = set()
    for line in text.splitlines():
        if re.match(r"\s+-", line):
            found |= set(OPTION.findall(re.split(r"\s{2,}", line.strip())[0]))
    return found


def of_page(text):
    """Options are the .It Fl lines: `.It Fl v , Fl -verbose Ar WORD` names -v and --verbose."""
    found = set()
    for line in text.splitlines():
        if line.startswith(".It Fl "):
            found |= {"-" + flag for flag in re.findall(r"\bFl (-?[A-Za-z][\w-]*)", line.replace("\\-", "-"))}
    return found


def main():
    page, command = sys.argv[1], sys.argv[2:]
    run = subprocess.run(command + ["--help"], capture_output=True, text=True, timeout=10)
    if run.returncode != 0:
        sys.exit("%s --help ended with %d" % (command[0], run.returncode))
    helped = of_help(run.stdout)
    with open(page, encoding="utf-8") as file:
        paged = of_page(file.read())
    for option in sorted(helped - paged):
        print("%s: lacks %s of --help" % (page, option))
    for option in sorted(paged - helped):
        print("%s: has %s, which --help lacks" % (page, option))
    if not helped or not paged:
        print("%s: no options found (%d in --help, %d in the page)" % (page, len(helped), len(paged)))
        return 1
    return 1 if helped != paged else 0


sys.exit(main())
