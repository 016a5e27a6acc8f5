"""Input that is cut, damaged or no MPEG-TS at all: what is whole comes out, unchanged and in order."""
import random
import unittest

import spate

PACKET = spate.TS_PACKET
RESYNC = 5  # packets that a damaged place may cost
JUNK = 100_000_000  # bytes


def packets_of(data):
    return [data[at:at + PACKET] for at in range(0, len(data), PACKET)]


class DamagedInput(unittest.TestCase):
    def published(self, *parts, code=0):
        """What a watcher gets of it, and how the publisher ends."""
        publisher = spate.Publisher()
        watcher = spate.watch(publisher.link)
        watcher.wait_for_stats(parents=1)
        for part in parts:
            publisher.write(part)
        publisher.close_input()
        self.assertEqual((publisher.wait(), watcher.wait()), (code, 0), publisher.err + watcher.err)
        self.assertTrue(spate.whole_packets(watcher.out))
        return bytes(watcher.out)

    def assert_few_are_missing(self, out, whole, places, others):
        """Of the packets that are whole; at each damaged place so many others may come, which looked like some."""
        out, whole = packets_of(out), packets_of(whole)
        kept = [packet for packet in out if packet in set(whole)]
        self.assertEqual(kept, [packet for packet in whole if packet in set(kept)])  # in order, none twice
        self.assertGreaterEqual(len(kept), len(whole) - RESYNC * places)
        self.assertLessEqual(len(out) - len(kept), places * others)

    def test_less_than_a_packet(self):
        packet = spate.ts_packets(1)
        for data in (b"\x47", b"\x00", packet[:94], packet[:-1], packet[1:]):
            self.assertEqual(self.published(data, code=1), b"")

    def test_an_end_in_the_middle_of_a_packet(self):
        data = spate.ts_packets(300)
        self.assertTrue(self.published(data[:-94]) == data[:-PACKET])

    def test_sync_lost_on_the_way(self):
        rng = random.Random(1)
        first, second, third = (spate.ts_packets(300, seed=seed) for seed in range(3))
        cut = 150 * PACKET
        for junk in (bytes(997), rng.randbytes(997), b"\x47" * 997, b"\x47"):
            out = self.published(first, junk, second, junk, third)
            self.assert_few_are_missing(out, first + second + third, 2, 1 + len(junk) // PACKET)
        out = self.published(first, second[:cut + 50] + second[cut + 51:], third)  # one byte is lost
        whole = first + second[:cut] + second[cut + PACKET:] + third
        self.assert_few_are_missing(out, whole, 1, 1)

    def test_much_junk_before_it_begins(self):
        data = spate.ts_packets(300)
        junk = random.Random(1).randbytes(JUNK // 100)
        out = self.published(*[junk] * 100, data)
        self.assertTrue(out.endswith(data[RESYNC * PACKET:]))
        junk = junk.replace(b"\x47", b"\x48")
        self.assertTrue(self.published(junk, data) == data)


unittest.main()
