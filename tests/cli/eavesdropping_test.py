"""A private stream, to those who may not read it: who sees the traffic, a relay, and whoever finds a core file."""
import os
import resource
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

import spate

MARK = b"what only those may read who have the watch link; "
PACKETS = 2_000
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33


def marked_packets(n):
    """In each packet, and so in each datagram if it were not enciphered, is the mark."""
    body = (MARK * 4)[:spate.TS_PACKET - 4]
    return b"".join(b"\x47\x01\x00" + bytes([0x10 | i & 15]) + body for i in range(n))


class Capture:
    """What UDP carries on loopback, from and to these ports; as root only."""

    def __init__(self, ports):
        self.ports, self.payloads, self.over = ports, [], False
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            try:
                frame, (_, _, kind, *_) = self.socket.recvfrom(1 << 17)
            except socket.timeout:
                if self.over:  # and nothing is left
                    return
                continue
            ip = frame[14:]
            header = (ip[0] & 15) * 4
            if kind != socket.PACKET_OUTGOING or ip[0] >> 4 != 4 or ip[9] != socket.IPPROTO_UDP:
                continue
            if self.ports & set(struct.unpack("!HH", ip[header:header + 4])):
                self.payloads.append(ip[header + 8:])

    def stop(self):
        self.over = True
        self.thread.join()
        self.socket.close()
        return self.payloads


def memory_of(tool):
    """All that a process could write to, piece by piece; as root only."""
    with open("/proc/%d/maps" % tool.process.pid, encoding="ascii") as maps, \
            open("/proc/%d/mem" % tool.process.pid, "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            begin, end = (int(number, 16) for number in span.split("-"))
            if not rights.startswith("rw"):
                continue
            memory.seek(begin)
            try:
                yield memory.read(end - begin)
            except OSError:  # a mapping of the kernel's
                pass


class Eavesdropping(unittest.TestCase):
    def setUp(self):
        self.publisher = spate.Publisher("--private")
        self.publisher.wait_until("two lines", lambda: self.publisher.out.count(b"\n") == 2)
        self.relay_link = self.publisher.out.decode().splitlines()[1].split()[1]
        body = bytes(spate.Link(self.publisher.link).body)
        self.content_secret, self.swarm_secret = body[-32:], body[-64:-32]

    def test_what_is_looked_for_is_in_the_input(self):
        packets = marked_packets(3)
        self.assertTrue(spate.whole_packets(packets))
        self.assertEqual(packets.count(MARK), 9)

    def test_neither_a_relay_nor_who_sees_the_traffic_has_plaintext_or_secrets(self):
        try:
            self.look_for_plaintext_and_secrets()
        except PermissionError as error:
            self.skipTest("reading other processes and packets takes root, with all its rights: %s" % error)

    def look_for_plaintext_and_secrets(self):
        relay = spate.Tool("relay", "--listen", "127.0.0.1:0", "--children", "16", self.relay_link, stats=True)
        relay.wait_for_stats(parents=1)
        capture = Capture({self.publisher.port()})
        # It is late enough to see nothing of the relay's handshake, and early enough for the watcher's.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.bind(("127.0.0.1", 0))
            capture.ports.add(plain.getsockname()[1])
            plain.sendto(MARK, plain.getsockname())
        watcher = spate.watch(self.publisher.link)
        watcher.wait_for_stats(parents=1)
        data = marked_packets(PACKETS)
        self.publisher.write(data)
        watcher.wait_until("all of it", lambda: watcher.out == data)
        relay.wait_until("all of it", lambda: relay.stats[-1]["bytes_in"] >= len(data))

        seen_by = {name: b"".join(memory_of(tool)) for name, tool in (("relay", relay), ("watcher", watcher))}
        self.assertGreater(seen_by["watcher"].count(MARK), 0)  # so that it is found where it is
        self.assertGreater(seen_by["watcher"].count(self.content_secret), 0)
        self.assertGreater(seen_by["relay"].count(self.swarm_secret), 0)
        self.assertEqual((seen_by["relay"].count(MARK), seen_by["relay"].count(self.content_secret)), (0, 0))

        payloads = capture.stop()
        self.assertEqual([payload for payload in payloads if MARK in payload], [MARK])  # the plain one
        payloads.remove(MARK)
        self.assertGreater(sum(map(len, payloads)), 2 * len(data))  # to the relay, and to the watcher
        handshakes = sum(len(payload) == 256 and payload[0] == 1 for payload in payloads)
        self.assertGreaterEqual(handshakes, 1)  # a slow one is begun again
        everything = b"".join(payloads)
        for secret in (self.content_secret, self.swarm_secret, MARK[:16]):
            self.assertEqual(everything.count(secret), 0)

    def test_a_crash_leaves_no_core(self):
        unlimited = ("prlimit", "--core=unlimited")

        def dumps(process):
            os.kill(process.pid, signal.SIGSEGV)
            status = os.waitpid(process.pid, 0)[1]
            process.returncode = -os.WTERMSIG(status)
            self.assertEqual(process.returncode, -signal.SIGSEGV)
            return os.WCOREDUMP(status)

        watcher = spate.watch(self.publisher.link, within=unlimited)
        watcher.wait_for_stats(parents=1)
        self.assertEqual(resource.prlimit(watcher.process.pid, resource.RLIMIT_CORE), (0, 0))
        self.assertFalse(dumps(watcher.process))
        with tempfile.TemporaryDirectory() as directory:
            other = subprocess.Popen([*unlimited, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=directory)
            other.stdin.write(b"?")
            other.stdin.flush()
            self.assertEqual(other.stdout.read(1), b"?")  # it has begun
            dumped = dumps(other)
            other.stdin.close()
            other.stdout.close()
        if not dumped:
            self.skipTest("no process leaves a core here")


unittest.main()
