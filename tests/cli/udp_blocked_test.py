"""A network that carries no UDP: who watches there gets the stream over TCP."""
import re
import socket
import subprocess
import sys
import unittest

import spate

CHUNK = 200
CHUNKS = 40
DATA = spate.ts_packets(CHUNK * CHUNKS)
CHUNK_BYTES = CHUNK * spate.TS_PACKET

# Connects as many strangers as its argument says, from many networks, who say nothing, or the beginning of a length, or
# a length that is none; and goes on so until its input ends.
STRANGERS = """
import resource, socket, sys
n, port = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (n + 100, max(n + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
held = []
for i in range(n):
    s = socket.socket()
    s.bind(("127.1.%d.%d" % (i // 250, i % 250 + 1), 0))
    s.connect(("127.0.0.1", port))
    s.send((b"\\0", b"\\7\\xff" + bytes(2000), b"\\7\\xff", b"\\xff\\xff" + bytes(500))[i % 4])
    held.append(s)
print("there", flush=True)
sys.stdin.read()
"""


class Place:
    """A network of its own, with loopback only. Ends when the test does."""

    SETUP = "ip link set lo up && nft add table inet t && " \
            "nft add chain inet t in '{ type filter hook input priority 0; }' && " \
            "nft add chain inet t later '{ type filter hook input priority 1; }' && echo ready && exec cat"

    def __init__(self, test):
        self.holder = subprocess.Popen(["unshare", "-rn", "sh", "-c", self.SETUP], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        test.addCleanup(self._end)
        if self.holder.stdout.readline() != b"ready\n":
            self.holder.stdin.close()
            raise unittest.SkipTest("no network namespaces with nft here: " + self.holder.stderr.read().decode().strip())
        self.within = ("nsenter", "-t", str(self.holder.pid), "-U", "-n", "--preserve-credentials")

    def _end(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder.stderr.close()

    def nft(self, *words):
        subprocess.run([*self.within, "nft", *words], check=True)

    def block_udp(self):
        self.nft("add", "rule", "inet", "t", "in", "meta", "l4proto", "udp", "drop")

    def reset_tcp(self, on):
        if on:
            self.nft("add", "rule", "inet", "t", "later", "tcp", "flags", "&", "rst", "==", "0", "reject", "with", "tcp",
                     "reset")
        else:
            self.nft("flush", "chain", "inet", "t", "later")


def chunk(i):
    return DATA[i * CHUNK_BYTES:(i + 1) * CHUNK_BYTES]


class UdpBlocked(unittest.TestCase):
    def feed(self, publisher, watcher, chunks):
        """One chunk after the other, each when the one before has been watched."""
        for i in chunks:
            publisher.write(chunk(i))
            watcher.wait_until("chunk %d" % i, lambda: len(watcher.out) >= (i + 1) * CHUNK_BYTES)

    def test_from_the_start_the_stream_comes_over_tcp(self):
        place = Place(self)
        place.block_udp()
        publisher = spate.Publisher(within=place.within)
        watcher = spate.watch(publisher.link, "-vv", within=place.within)
        watcher.wait_for_stats(parents=1)
        self.feed(publisher, watcher, range(CHUNKS))
        publisher.close_input()
        self.assertEqual((watcher.wait(), publisher.wait()), (0, 0), watcher.err)
        self.assertTrue(watcher.out == DATA)
        self.assertRegex(watcher.err, r"receiving from 127\.0\.0\.1:\d+ over TCP\n")
        # It serves nobody: nobody could reach it.
        self.assertEqual(max(line["children"] for line in watcher.stats), 0)

    def test_in_the_midst_of_it_the_stream_goes_on_over_tcp(self):
        place = Place(self)
        publisher = spate.Publisher(within=place.within)
        watcher = spate.watch(publisher.link, "-vv", within=place.within)
        watcher.wait_for_stats(parents=1)
        self.feed(publisher, watcher, range(10))
        self.assertNotIn("over TCP", watcher.err)
        place.block_udp()
        self.feed(publisher, watcher, range(10, CHUNKS))
        publisher.close_input()
        self.assertEqual((watcher.wait(), publisher.wait()), (0, 0), watcher.err)
        self.assertTrue(watcher.out == DATA)
        self.assertRegex(watcher.err, r"receiving from 127\.0\.0\.1:\d+ over TCP\n")

    def test_a_connection_that_was_cut_is_made_again(self):
        place = Place(self)
        place.block_udp()
        publisher = spate.Publisher(within=place.within)
        watcher = spate.watch(publisher.link, "-vv", within=place.within)
        watcher.wait_for_stats(parents=1)
        self.feed(publisher, watcher, range(5))
        place.reset_tcp(True)
        publisher.write(chunk(5))
        watcher.wait_until("no parent", lambda: watcher.stats[-1]["parents"] == 0)
        place.reset_tcp(False)
        watcher.wait_until("chunk 5", lambda: len(watcher.out) >= 6 * CHUNK_BYTES)
        self.feed(publisher, watcher, range(6, 10))
        self.assertEqual(watcher.err.count("joined"), 1)

    def test_strangers_by_the_thousand_keep_nobody_out_and_cost_little(self):
        place = Place(self)
        place.block_udp()
        publisher = spate.Publisher(within=place.within)
        publisher.wait_until("its figures", lambda: publisher.stats)
        before = publisher.resident_bytes()
        strangers = subprocess.Popen([*place.within, sys.executable, "-c", STRANGERS, "1000", str(publisher.port())],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(strangers.stdout.close)
        self.addCleanup(strangers.wait)
        self.addCleanup(strangers.stdin.close)
        self.assertEqual(strangers.stdout.readline(), b"there\n")
        watcher = spate.watch(publisher.link, within=place.within)
        watcher.wait_for_stats(parents=1)
        self.assertLess(publisher.resident_bytes() - before, 8 << 20)
        self.feed(publisher, watcher, range(4))

    def test_where_udp_works_no_tcp_connection_is_made(self):
        publisher = spate.Publisher()
        watcher = spate.watch(publisher.link, "-vv")
        watcher.wait_for_stats(parents=1)
        self.feed(publisher, watcher, range(10))
        self.assertNotIn("over TCP", watcher.err)
        ours = subprocess.run(["ss", "-tnHp"], stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertNotIn("pid=%d," % watcher.process.pid, ours)

    def test_a_port_that_tcp_has_not_is_told_and_udp_goes_on(self):
        with socket.socket() as taken, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            probe.bind(("127.0.0.1", port))  # free for UDP
            probe.close()
            publisher = spate.Tool("publish", "--listen", "127.0.0.1:%d" % port, stdin=subprocess.PIPE, stats=True)
            link = publisher.wait_for_line()
            watcher = spate.watch(link)
            watcher.wait_for_stats(parents=1)
            self.assertEqual(len(re.findall("cannot listen for TCP on 127.0.0.1:%d: " % port, publisher.err)), 1)


unittest.main()
