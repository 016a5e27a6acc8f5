"""What the sink would say of a watcher that wrote something wrong: a check that cannot fail is none."""
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ["SPATE_BIN"]
SCENARIO = os.path.join(HERE, "quick.toml")
PACKET = 188
LONG_AGO = "0"  # a start at which the whole stream is due


def stream():
    return subprocess.run([os.path.join(BIN, "e2e-feed"), SCENARIO, LONG_AGO], stdout=subprocess.PIPE, check=True).stdout


class Sink(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = stream()
        cls.packets = len(cls.stream) // PACKET

    def seen(self, output):
        sink = subprocess.run([os.path.join(BIN, "e2e-sink"), SCENARIO, LONG_AGO, "0", "1", "0"], input=output,
                              stdout=subprocess.PIPE, check=True, timeout=30)
        return json.loads(sink.stdout)["watchers"][0]

    def expect(self, output, **figures):
        seen = self.seen(output)
        self.assertEqual({key: seen[key] for key in figures}, figures)

    def cut(self, first, end):
        """The stream without these packets."""
        return self.stream[:first * PACKET] + self.stream[end * PACKET:]

    def test_the_stream_itself(self):
        self.expect(self.stream, first=0, next=self.packets, missing=0, unwritten=0, disordered=0, wrong_bytes=0)

    def test_from_its_middle(self):
        first = self.packets // 2
        self.expect(self.stream[first * PACKET:], first=first, written=self.packets - first, missing=0, unwritten=0)

    def test_a_gap(self):
        self.expect(self.cut(self.packets - 9, self.packets - 2), missing=7, unwritten=0, wrong_bytes=0)

    def test_a_gap_before_the_warm_up_ends(self):
        self.expect(self.cut(10, 12), missing=0, unwritten=0, wrong_bytes=0)

    def test_no_end(self):
        self.expect(self.cut(self.packets - 5, self.packets), missing=0, unwritten=5)

    def test_nothing(self):
        seen = self.seen(b"")
        self.assertIsNone(seen["first"])
        self.assertGreater(seen["unwritten"], self.packets // 2)

    def test_a_byte_that_is_another(self):
        changed = bytearray(self.stream)
        changed[-3 * PACKET + 50] ^= 1
        self.expect(bytes(changed), wrong_bytes=PACKET, missing=1)

    def test_half_a_packet(self):
        self.expect(self.stream[:-100], wrong_bytes=PACKET - 100, unwritten=1)

    def test_a_packet_twice(self):
        self.expect(self.stream + self.stream[-PACKET:], disordered=1, missing=0)

    def test_packets_exchanged(self):
        last, before = self.stream[-PACKET:], self.stream[-2 * PACKET:-PACKET]
        self.expect(self.stream[:-2 * PACKET] + last + before, disordered=1, missing=1)


if __name__ == "__main__":
    sys.exit(unittest.main())
