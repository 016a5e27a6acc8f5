"""Checks that a watcher's output is one run of the published bytes that reaches their end.

usage: demo_compare.py PUBLISHED OUTPUT    exits 1 and says where they part if it is not
"""
import sys

PACKET = 188

with open(sys.argv[1], "rb") as file:
    published = file.read()
with open(sys.argv[2], "rb") as file:
    output = file.read()
if not output:
    sys.exit("nothing was written")
if published.endswith(output):
    sys.exit(0)

start = published.find(output[: 64 * PACKET])
if start < 0:
    sys.exit("its first %d packets were never published in this order" % min(64, len(output) // PACKET))
same = 0
while published[start + same : start + same + PACKET] == output[same : same + PACKET] and same < len(output):
    same += PACKET
if same >= len(output):
    sys.exit("it stops %d bytes before the end of the stream" % (len(published) - start - len(output)))
sys.exit("it differs from what was published after %d bytes" % same)
