"""The date of a host is wrong, by an hour, a day or a lifetime, from the start or all at once: it makes no difference."""
import os
import struct
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../cli"))
import spate

SHIM = os.environ.get("SPATE_SHIM") or os.path.join(HERE, "../../build/tests/libfault-shim.so")
HALF = 300  # packets
HOUR, DAY = 3_600, 86_400
IN_2106 = 1 << 32  # seconds after 1970: no longer a number of 32 bits


# By how much they are wrong, now.
DATES = {"an hour ahead": lambda: HOUR, "an hour behind": lambda: -HOUR, "a day ahead": lambda: DAY,
         "a day behind": lambda: -DAY, "1970": lambda: 10 - int(time.time()),
         "just before the end of 32 bits": lambda: IN_2106 - 1 - int(time.time()),
         "2106": lambda: IN_2106 + 1 - int(time.time())}


class Date:
    """Of one tool; set() may change it while it runs."""

    def __init__(self, directory, name):
        self.path = os.path.join(directory, name)
        self.set(0)

    def set(self, off):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as file:
            file.write(struct.pack("q", off))

    def environment(self):
        return {"LD_PRELOAD": SHIM, "FAULT_DATE": self.path}


class Dates(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dates = {name: Date(directory.name, name) for name in ("publish", "relay", "watch")}

    def play(self, change):
        """A stream from a publisher with room for one, over a relay; change() comes in the middle."""
        environment = {name: date.environment() for name, date in self.dates.items()}
        publisher = spate.Publisher("--children", "1", env=environment["publish"])
        relay = spate.Tool("relay", "--listen", "127.0.0.1:0", publisher.link, stats=True, env=environment["relay"])
        relay.wait_for_stats(parents=1)
        watcher = spate.watch(publisher.link, env=environment["watch"])
        watcher.wait_until("a parent", lambda: watcher.stats and watcher.stats[-1]["parents"] > 0)
        data = spate.ts_packets(2 * HALF)
        middle = HALF * spate.TS_PACKET
        publisher.write(data[:middle])
        watcher.wait_until("the first half", lambda: watcher.out == data[:middle])
        change()
        publisher.write(data[middle:])
        watcher.wait_until("the rest", lambda: watcher.out == data)
        publisher.close_input()
        for tool in (publisher, relay, watcher):
            self.assertEqual(tool.wait(), 0, tool.err)
        self.assertTrue(watcher.out == data)
        return watcher

    def test_the_date_is_what_the_tool_is_told(self):
        self.dates["watch"].set(10 - int(time.time()))
        self.assertTrue(self.play(lambda: None).stats[-1]["utc"].startswith("1970-01-01T00:00:"))

    def test_one_has_a_wrong_date(self):
        for name, date in self.dates.items():
            for what, off in DATES.items():
                with self.subTest(tool=name, date=what):
                    date.set(off())
                    self.play(lambda: None)
                    date.set(0)

    def test_the_date_of_one_jumps(self):
        for name, date in self.dates.items():
            for what, off in DATES.items():
                with self.subTest(tool=name, date=what):
                    self.play(lambda: date.set(off()))
                    date.set(0)


unittest.main()
