"""Processes that stop, for a while or for good, while the stream is live."""
import signal
import time
import unittest

import spate

BURST = 20  # TS packets
PAUSE = 5_000  # ms
RESUMED_WITHIN = 2_000
FORGOTTEN_WITHIN = 2_000


class Live(spate.Publisher):
    """A publisher that is fed a little at each line of its statistics, which tell the time, too."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.data = b""
        self.wait_until("a first line", lambda: self.stats)

    def now(self):
        return self.stats[-1]["monotonic_ms"]

    def feed_until(self, what, condition, limit):
        """Returns how long it took, in ms of the publisher's clock."""
        start = self.now()
        while not condition():
            if self.now() - start > limit:
                raise AssertionError("not within %d ms: %s" % (limit, what))
            lines = len(self.stats)
            packets = spate.ts_packets(BURST, seed=lines)
            self.data += packets
            self.write(packets)
            self.wait_until("another line", lambda: len(self.stats) > lines)
        return self.now() - start


class Pauses(unittest.TestCase):
    def setUp(self):
        self.publisher, self.watcher = self.pair()

    def pair(self):
        publisher = Live()
        watcher = spate.watch(publisher.link)
        watcher.wait_for_stats(parents=1)
        publisher.feed_until("a first packet", lambda: watcher.out, spate.LIMIT * 1_000)
        return publisher, watcher

    def assert_plays_soon(self, publisher, watcher):
        """What is published from now on."""
        beginning = len(publisher.data)
        publisher.feed_until("a packet", lambda: len(publisher.data) > beginning, RESUMED_WITHIN)
        first = publisher.data[beginning:beginning + spate.TS_PACKET]
        publisher.feed_until("play", lambda: first in watcher.out, RESUMED_WITHIN)

    def test_a_stopped_watcher_or_publisher_goes_on_soon(self):
        publisher, watcher = self.pair()
        start = self.publisher.now()
        publisher.signal(signal.SIGSTOP)
        self.watcher.signal(signal.SIGSTOP)
        self.publisher.feed_until("the pause", lambda: self.publisher.now() - start > PAUSE, 2 * PAUSE)
        lines = len(publisher.stats)
        self.watcher.signal(signal.SIGCONT)
        publisher.signal(signal.SIGCONT)
        publisher.wait_until("a line", lambda: len(publisher.stats) > lines)  # its clock went on meanwhile
        self.assert_plays_soon(self.publisher, self.watcher)
        self.assert_plays_soon(publisher, watcher)
        for one in (self.publisher, publisher):
            one.close_input()
        for one in (self.publisher, publisher, self.watcher, watcher):
            self.assertEqual(one.wait(), 0, one.err)
        self.assertTrue(spate.whole_packets(self.watcher.out))

    def test_nothing_is_sent_for_long_to_who_was_killed(self):
        start = self.publisher.now()
        self.watcher.kill()
        self.publisher.feed_until("silence", lambda: self.publisher.now() - start > FORGOTTEN_WITHIN, 2 * FORGOTTEN_WITHIN)
        then = self.publisher.stats[-1]["datagrams_sent"]
        self.publisher.feed_until("more silence", lambda: self.publisher.now() - start > FORGOTTEN_WITHIN + 500, 1_000)
        self.assertEqual(self.publisher.stats[-1]["datagrams_sent"], then)
        self.assertEqual(self.publisher.stats[-1]["children"], 0)

    def test_one_that_is_asked_to_stop_ends_at_once(self):
        took = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            watcher = spate.watch(self.publisher.link)
            watcher.wait_for_stats(parents=1)
            start = time.monotonic()
            watcher.signal(number)
            self.assertEqual(watcher.process.wait(spate.LIMIT), 0)
            took.append(time.monotonic() - start)
        self.assertLess(min(took), 0.3)


unittest.main()
