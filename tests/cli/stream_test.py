"""The stream itself: byte for byte, through relays and other watchers, to its end."""
import subprocess
import tempfile
import time
import unittest

import spate


class Stream(unittest.TestCase):
    def watcher(self, publisher, *arguments, link=None):
        watcher = spate.watch(link or publisher.link, *arguments)
        watcher.wait_until("a parent", lambda: any(line["parents"] > 0 for line in watcher.stats[-3:]))
        return watcher

    def assert_ended(self, *tools):
        for tool in tools:
            self.assertEqual(tool.wait(), 0, tool.err)

    def test_an_upload_limit_of_0_is_none(self):
        publisher = spate.Publisher("--upload-limit", "0", env={"SPATE_UPLOAD_LIMIT": "16k"})
        watcher = spate.watch(publisher.link)
        publisher.wait_for_children(1)
        data = spate.ts_packets(1_000)
        publisher.write(data)
        publisher.close_input()
        self.assertEqual((publisher.wait(), watcher.wait()), (0, 0), watcher.err)
        self.assertTrue(watcher.out == data)

    def test_live_input_faster_than_the_upload_limit_is_told(self):
        limited = [spate.Publisher("--raw", "--upload-limit", limit) for limit in ("100k", "500M")]
        limit = time.monotonic() + spate.LIMIT
        while "nobody can be served" not in limited[0].err and time.monotonic() < limit:
            for publisher in limited:  # as a live stream comes: a little, and then nothing for a while
                before = len(publisher.stats)
                publisher.write(b"x" * 5_000)
                publisher.wait_until("another line", lambda: len(publisher.stats) > before)
        limited.append(spate.Publisher("--raw", "--upload-limit", "100k"))  # a file is not live
        limited[-1].write(b"x" * 2_000_000)
        for publisher in limited:
            publisher.close_input()
            self.assertEqual(publisher.wait(), 0, publisher.err)
        self.assertEqual([publisher.err.count("nobody can be served") for publisher in limited], [1, 0, 0])
        self.assertRegex(limited[0].err, r"input comes at .*bit/s, and --upload-limit is 100 kbit/s")

    def test_input_that_ends_at_once_is_told(self):
        for arguments in ((), ("--raw",)):
            publisher = spate.run("publish", "--listen", "127.0.0.1:0", *arguments)
            self.assertEqual((publisher.code, publisher.err.count("no input came")), (0, 1), publisher.err)
        publisher = spate.run("publish", "--listen", "127.0.0.1:0", data=spate.ts_packets(1))
        self.assertNotIn("no input came", publisher.err)

    def test_a_stream_that_ends_with_nothing_is_told(self):
        for data, told in ((b"", 1), (spate.ts_packets(1), 0)):
            publisher = spate.Publisher()
            watcher = self.watcher(publisher)
            publisher.write(data)
            publisher.close_input()
            self.assert_ended(publisher, watcher)
            self.assertEqual((watcher.out, watcher.err.count("before anything of it came")), (data, told), watcher.err)

    def test_bytes_are_exact_and_end_of_input_drains(self):
        publisher = spate.Publisher()
        watchers = [self.watcher(publisher) for _ in range(2)]
        data = spate.ts_packets(20_000)
        publisher.write(data)
        publisher.close_input()
        self.assert_ended(publisher, *watchers)
        for watcher in watchers:
            self.assertTrue(watcher.out == data, "%d bytes of %d" % (len(watcher.out), len(data)))

    def test_flat_out_input_is_held_back(self):
        publisher = spate.Publisher()
        watcher = self.watcher(publisher, "--output", "/dev/null")
        data = spate.ts_packets(10_000) * 40
        publisher.write(data)
        publisher.close_input()
        self.assert_ended(publisher, watcher)
        self.assertEqual(watcher.stats[-1]["bytes_out"], len(data))
        self.assertEqual(watcher.stats[-1]["lost_packets"], 0)

    def test_a_pause_flushes_what_is_there(self):
        publisher = spate.Publisher()
        watcher = self.watcher(publisher)
        sent = b""
        for n in (1, 2, 7, 1, 5):
            packets = spate.ts_packets(n, seed=n)
            sent += packets
            publisher.write(packets)
            watcher.wait_until("all that was written", lambda: watcher.out == sent)
        publisher.close_input()
        self.assert_ended(publisher, watcher)

    def test_garbage_is_skipped_and_counted(self):
        publisher = spate.Publisher()
        watcher = self.watcher(publisher)
        parts = [spate.ts_packets(300, seed=s) for s in range(3)]
        publisher.write(b"\x00garbage" * 50 + parts[0] + b"\x01" * 1000 + parts[1] + parts[2][:100])
        publisher.write(parts[2][100:] + parts[0][:90])
        publisher.close_input()
        self.assert_ended(publisher, watcher)
        self.assertTrue(spate.whole_packets(watcher.out))
        self.assertGreaterEqual(len(watcher.out), 880 * spate.TS_PACKET)
        everything = parts[0] + parts[1] + parts[2]
        for i in range(0, len(watcher.out), spate.TS_PACKET):
            self.assertIn(watcher.out[i:i + spate.TS_PACKET], everything)
        self.assertGreaterEqual(publisher.stats[-1]["skipped_input_bytes"], 1400)

    def test_nothing_but_garbage(self):
        publisher = spate.run("publish", "--listen", "127.0.0.1:0", data=bytes(range(256)) * 1000)
        self.assertEqual(publisher.code, 1, publisher.err)
        self.assertEqual(publisher.err.count("--raw"), 1)
        self.assertIn("nothing was published", publisher.err)

    def test_foreign_input_is_told_while_it_comes(self):
        for beginning in (b"\x00" * 70_000, b"a few words"):
            publisher = spate.Publisher()
            publisher.write(beginning)
            publisher.wait_until("a warning", lambda: "--raw" in publisher.err)
            publisher.write(b"\x00" * 70_000)
            publisher.close_input()
            self.assertEqual(publisher.wait(), 1)
            self.assertEqual(publisher.err.count("--raw"), 1)
        for arguments, data in (((), spate.ts_packets(1_000)), (("--raw",), b"a few words")):
            publisher = spate.run("publish", "--listen", "127.0.0.1:0", *arguments, data=data)
            self.assertNotIn("--raw", publisher.err)

    def test_raw_bytes(self):
        publisher = spate.Publisher("--raw")
        watcher = self.watcher(publisher)
        data = bytes(range(256)) * 4000 + b"end"
        publisher.write(data)
        publisher.close_input()
        self.assert_ended(publisher, watcher)
        self.assertTrue(watcher.out == data)

    def test_through_a_relay(self):
        publisher = spate.Publisher("--children", 1)
        relay = spate.Tool("relay", "--listen", "127.0.0.1:0", publisher.link, stats=True)
        relay.wait_for_stats(parents=1)
        watcher = self.watcher(publisher)
        relay.wait_for_stats(children=1)
        data = spate.ts_packets(20_000)
        publisher.write(data)
        publisher.close_input()
        self.assert_ended(publisher, relay, watcher)
        self.assertTrue(watcher.out == data, "%d bytes of %d" % (len(watcher.out), len(data)))
        self.assertEqual(relay.out, b"")
        self.assertGreaterEqual(relay.stats[-1]["bytes_out"], len(data))

    def test_through_another_watcher(self):
        publisher = spate.Publisher("--children", 1)
        first = self.watcher(publisher)
        second = self.watcher(publisher)  # may have what it passes on from the publisher, and nothing else
        first.wait_for_stats(children=1)
        data = spate.ts_packets(5_000)
        publisher.write(data)
        publisher.close_input()
        self.assert_ended(publisher, first, second)
        self.assertTrue(first.out == data)
        self.assertTrue(second.out == data)

    def test_relay_only(self):
        """It plays from the link's host, and serves nobody."""
        publisher = spate.Publisher()
        watchers = [self.watcher(publisher), self.watcher(publisher, "--relay-only")]
        data = spate.ts_packets(5_000)
        publisher.write(data)
        publisher.close_input()
        self.assert_ended(publisher, *watchers)
        for watcher in watchers:
            self.assertTrue(watcher.out == data)
        self.assertEqual(watchers[1].stats[-1]["slots"], 0)

    def test_a_relay_of_several_streams(self):
        publishers = [spate.Publisher("--children", 1) for _ in range(2)]
        relay = spate.Tool("relay", "--listen", "127.0.0.1:0", stdin=subprocess.PIPE, stats=True)
        for publisher in publishers:
            relay.write(publisher.link.encode() + b"\n")
            publisher.wait_for_children(1)
        relay.write(b"spate:nonsense\n")  # told, and no harm
        relay.close_input()
        watchers = [self.watcher(publisher) for publisher in publishers]
        for number, publisher in enumerate(publishers):
            publisher.write(spate.ts_packets(1_000, seed=number))
            publisher.close_input()
        self.assert_ended(*publishers, *watchers, relay)
        for number, watcher in enumerate(watchers):
            self.assertTrue(watcher.out == spate.ts_packets(1_000, seed=number))
        self.assertIn("line 3", relay.err)
        self.assertEqual(len({line["stream"] for line in relay.stats}), 2)
        self.assertEqual(sum("final" in line for line in relay.stats), 2)

    def test_a_relay_takes_an_ended_stream_again(self):
        with tempfile.TemporaryDirectory() as directory:
            relay = spate.Tool("relay", "-v", "--listen", "127.0.0.1:0", stdin=subprocess.PIPE, stats=True)
            for run in (1, 2):
                publisher = spate.Publisher("--children", 1, "--key", directory + "/key")
                relay.write(publisher.link.encode() + b"\n")
                publisher.wait_for_children(1)
                watcher = self.watcher(publisher)
                data = spate.ts_packets(500, seed=run)
                publisher.write(data)
                publisher.close_input()
                self.assert_ended(publisher, watcher)
                self.assertTrue(watcher.out == data)
                relay.wait_until("the end", lambda: relay.err.count(" ended\n") == run)
            relay.close_input()
            self.assert_ended(relay)
            self.assertEqual(sum("final" in line for line in relay.stats), 2)


unittest.main()
