"""Signals: the first says goodbye, the second does not wait."""
import signal
import subprocess
import unittest

import spate


class Signals(unittest.TestCase):
    def setUp(self):
        self.publisher = spate.Publisher()

    def test_the_first_signal_says_goodbye(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            watcher = spate.watch(self.publisher.link)
            watcher.wait_for_stats(parents=1)
            watcher.signal(number)
            self.assertEqual(watcher.wait(), 0, watcher.err)
            self.assertIn("lost", watcher.err)  # the summary
            self.publisher.wait_for_children(0)

    def test_every_tool_ends_with_0(self):
        relay = spate.Tool("relay", self.publisher.link, stats=True)
        relay.wait_for_stats(parents=1)
        for tool in (relay, self.publisher):
            tool.signal(signal.SIGTERM)
            self.assertEqual(tool.wait(), 0, tool.err)
            self.assertTrue(tool.stats[-1]["final"])
        relay = spate.Tool("relay", stdin=subprocess.PIPE)  # still waiting for a link
        relay.write(b"# none yet\n")
        relay.signal(signal.SIGSTOP, signal.SIGCONT)
        relay.signal(signal.SIGTERM)
        self.assertIn(relay.wait(), (0, -signal.SIGTERM))  # it may not have got as far as its handler

    def test_a_watcher_whose_reader_sleeps_ends_all_the_same(self):
        watcher = spate.watch(self.publisher.link, collect=False)
        self.publisher.wait_for_children(1)
        self.publisher.write(spate.ts_packets(20_000))
        watcher.wait_for_stats(bytes_in=20_000 * spate.TS_PACKET)
        watcher.signal(signal.SIGINT)
        self.assertEqual(watcher.process.wait(5), 0)

    def test_a_reader_that_is_behind_gets_what_it_lacks(self):
        watcher = spate.watch(self.publisher.link, collect=False)
        self.publisher.wait_for_children(1)
        data = spate.ts_packets(8_000)  # 1.5 MB, more than a pipe holds
        self.publisher.write(data)
        watcher.wait_for_stats(bytes_in=len(data))
        watcher.signal(signal.SIGINT)
        taken = watcher.process.stdout.read()
        self.assertEqual(watcher.wait(), 0, watcher.err)
        self.assertTrue(taken == data, "%d bytes of %d" % (len(taken), len(data)))

    def test_the_second_signal_ends_it_at_once(self):
        watcher = spate.watch(self.publisher.link)
        watcher.wait_for_stats(parents=1)
        for tool in (watcher, self.publisher):
            spate.interrupted_twice(tool)
            self.assertEqual(tool.wait(), 3)


unittest.main()
