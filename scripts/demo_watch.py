"""Runs a watcher, keeps what it writes, and notes how long its first byte took.

usage: demo_watch.py PREFIX COMMAND...    writes PREFIX.ts and PREFIX.join_ms; exits as the command did
"""
import signal
import subprocess
import sys
import time

prefix, command = sys.argv[1], sys.argv[2:]
start = time.monotonic()
watcher = subprocess.Popen(command, stdout=subprocess.PIPE)
signal.signal(signal.SIGTERM, lambda *_: watcher.terminate())
joined = False
with open(prefix + ".ts", "wb") as output:
    while chunk := watcher.stdout.read1():
        if not joined:
            joined = True
            with open(prefix + ".join_ms", "w") as note:
                note.write("%d" % ((time.monotonic() - start) * 1000))
        output.write(chunk)
sys.exit(watcher.wait() & 0xFF)
