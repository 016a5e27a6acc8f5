"""What a machine may be short of: descriptors, and room on the disk."""
import os
import resource
import subprocess
import tempfile
import unittest

import spate

DATA = spate.ts_packets(2_000)


def with_descriptors(n):
    return ("sh", "-c", 'ulimit -n "$0" && exec "$@"', str(n))


# A file system of 64 KB, full but for what is there already, in a namespace of its own. What is kept there is told at
# the end.
FULL_DISK = """set -e
mount -t tmpfs -o size=64k none "$0"
cp "$1" "$0/epochs"
dd if=/dev/zero of="$0/ballast" 2>/dev/null || true
shift
"$@" || exit
echo "kept: $(tail -n 1 "$0/epochs")" >&2
ls "$0" >&2
"""


def namespaces():
    return subprocess.run(["unshare", "-rm", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


class Descriptors(unittest.TestCase):
    def watch_with(self, n):
        publisher = spate.Publisher()
        watcher = spate.watch(publisher.link, within=with_descriptors(n))
        watcher.wait_until("a parent, or an end", lambda: watcher.over() or any(line["parents"] for line in watcher.stats))
        publisher.write(DATA)
        publisher.close_input()
        watcher.wait()
        return watcher

    def test_few_are_enough(self):
        for n in (32, 64):
            watcher = self.watch_with(n)
            self.assertEqual(watcher.process.returncode, 0, watcher.err)
            self.assertTrue(watcher.out == DATA)
            self.assertEqual(watcher.err.count("\n"), 1, watcher.err)  # the summary

    def test_too_few_are_told_in_one_line(self):
        for n in (8, 12):
            watcher = self.watch_with(n)
            self.assertEqual((watcher.process.returncode, watcher.out), (1, b""), watcher.err)
            self.assertRegex(watcher.err, r"\Aspate-watch: .*Too many open files\n\Z")

    def test_a_relay_that_runs_out_of_them_carries_on_what_it_has(self):
        publisher = spate.Publisher("--children", 1)
        relay = spate.Tool("relay", "--listen", "127.0.0.1:0", stdin=subprocess.PIPE, stats=True)
        relay.write(publisher.link.encode() + b"\n")
        relay.wait_for_stats(parents=1)
        later = spate.Publisher("--children", 1)
        link = spate.Link(later.link)
        link.hosts = "localhost:%d" % later.port()  # a name, for which it needs some
        _, most = resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE, (4, most))
        relay.write(link.text().encode() + b"\n")
        relay.wait_until("a word", lambda: "Too many open files" in relay.err)
        self.assertEqual(relay.err.count("\n"), 1, relay.err)
        watcher = spate.watch(publisher.link)
        watcher.wait_for_stats(parents=1)
        publisher.write(DATA)
        publisher.close_input()
        self.assertEqual(watcher.wait(), 0, watcher.err)
        self.assertTrue(watcher.out == DATA)
        resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE, (64, most))
        relay.write(link.text().encode() + b"\n")
        later.wait_for_children(1)


@unittest.skipUnless(namespaces(), "no user namespaces here")
class Disk(unittest.TestCase):
    def test_a_full_one_leaves_what_is_remembered_as_it_is(self):
        with tempfile.TemporaryDirectory() as directory:
            before = os.path.join(directory, "before")
            place = os.path.join(directory, "state")
            os.mkdir(place)
            with open(before, "w", encoding="ascii") as file:
                file.write("spate-epochs-1\n0123456789abcdef 1\n")
            publisher = spate.Publisher()
            watcher = spate.watch(publisher.link, "--state", place,
                                  within=("unshare", "-rm", "sh", "-c", FULL_DISK, place, before))
            watcher.wait_for_stats(parents=1)
            publisher.write(DATA)
            publisher.close_input()
            self.assertEqual(watcher.wait(), 0, watcher.err)
            self.assertTrue(watcher.out == DATA)
            warning, _, *kept = watcher.err.splitlines()
            self.assertRegex(warning, "not remembered .*No space left on device")
            self.assertEqual(kept, ["kept: 0123456789abcdef 1", "ballast", "epochs"])


unittest.main()
