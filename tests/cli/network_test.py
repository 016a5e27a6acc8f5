"""What comes from the network: probes, and things that are nobody's business."""
import json
import random
import socket
import unittest

import spate


class Network(unittest.TestCase):
    def setUp(self):
        self.publisher = spate.Publisher()
        self.address = "127.0.0.1:%d" % self.publisher.port()

    def test_probe_by_address_and_by_link(self):
        for target in (self.address, self.publisher.link):
            probe = spate.run("probe", "--json", "--count", "5", target)
            self.assertEqual(probe.code, 0, probe.err)
            report = json.loads(probe.out)
            self.assertEqual((report["sent"], report["received"], report["loss"]), (5, 5, 0))
            rtt = report["rtt_ms"]
            self.assertTrue(0 < rtt["min"] <= rtt["p50"] <= rtt["p95"] <= rtt["p99"])
            self.assertGreaterEqual(report["jitter_ms"], 0)
        text = spate.run("probe", "--duration", "60ms", self.address)
        self.assertEqual(text.code, 0, text.err)
        self.assertIn(b"3 of 3 answered", text.out)

    def test_probe_ends_with_the_first_of_count_and_duration(self):
        for count, duration, pings in ((2, "10s", 2), (50, "60ms", 3)):
            probe = spate.run("probe", "--json", "--count", count, "--duration", duration, self.address)
            self.assertEqual(json.loads(probe.out)["sent"], pings)

    def test_probe_tries_one_host_after_the_other(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            link = spate.Link(self.publisher.link)
            link.hosts = "127.0.0.1:%d,%s" % (silent.getsockname()[1], self.address)
            probe = spate.run("probe", "--json", "--count", 2, "--connect-timeout", "2s", link.text())
            self.assertEqual(probe.code, 0, probe.err)
            self.assertEqual(json.loads(probe.out)["target"], self.address)
            self.assertGreater(len(silent.recv(2_000)), 0)

    def test_every_tool_answers_a_probe(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for name in ("watch", "relay"):
            tool = spate.Tool(name, "--listen", "127.0.0.1:%d" % port, self.publisher.link, stats=True)
            tool.wait_for_stats(parents=1)
            self.assertEqual(spate.run("probe", "--count", "2", "127.0.0.1:%d" % port).code, 0)
            tool.signal(15)
            self.assertEqual(tool.wait(), 0)

    def test_random_datagrams_get_no_answer_and_leave_nothing(self):
        rng = random.Random(1)
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(stranger.close)
        stranger.connect(("127.0.0.1", self.publisher.port()))
        total = 3_000
        for i in range(total):
            size = rng.choice((0, 1, 13, 29, 92, 256, 256, 1_232, 1_472, rng.randrange(2_000)))
            datagram = bytearray(rng.randbytes(size))
            if datagram and i % 2:
                datagram[0] = rng.randrange(1, 5)  # a type that exists
            stranger.send(datagram)
            if i % 100 == 99:  # not faster than they are read
                before = len(self.publisher.stats)
                self.publisher.wait_until("another line", lambda: len(self.publisher.stats) > before)
        self.publisher.wait_until("all of them", lambda: self.publisher.stats[-1]["datagrams_dropped"] > total / 2)
        last = self.publisher.stats[-1]
        self.assertEqual((last["sessions"], last["half_open"], last["datagrams_sent"]), (0, 0, 0))
        stranger.setblocking(False)
        self.assertRaises(BlockingIOError, stranger.recv, 2000)
        watcher = spate.watch(self.publisher.link)  # and it still works
        watcher.wait_for_stats(parents=1)


unittest.main()
