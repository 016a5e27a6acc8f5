"""Statistics lines: their fields, where they go, and the last one."""
import json
import math
import os
import pty
import tempfile
import unittest

import spate

FIELDS = {"schema", "utc", "monotonic_ms", "role", "stream", "bytes_in", "bytes_out", "lag_ms", "lost_packets",
          "repaired_packets", "duplicate_packets", "silence_ms", "parents", "children", "wire_bytes_sent", "wire_bytes_received"}
COUNTERS = ("bytes_in", "bytes_out", "lost_packets", "wire_bytes_sent", "wire_bytes_received", "monotonic_ms")


class Stats(unittest.TestCase):
    def test_lines_of_a_run(self):
        publisher = spate.Publisher()
        watcher = spate.watch(publisher.link)
        watcher.wait_for_stats(parents=1)
        data = spate.ts_packets(1_000)
        publisher.write(data)
        watcher.wait_for_stats(bytes_out=len(data))
        publisher.close_input()
        self.assertEqual((publisher.wait(), watcher.wait()), (0, 0))
        for tool, role in ((publisher, "publish"), (watcher, "watch")):
            for line in tool.stats:
                self.assertLessEqual(FIELDS, line.keys())
                self.assertEqual((line["schema"], line["role"]), (1, role))
                self.assertRegex(line["utc"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                self.assertRegex(line["stream"], r"^[0-9a-f]{16}$")
                self.assertEqual(set(line["lag_ms"]), {"p50", "p99", "max"})
            for before, after in zip(tool.stats, tool.stats[1:]):
                for counter in COUNTERS:
                    self.assertLessEqual(before[counter], after[counter], counter)
            self.assertEqual([line.get("final") for line in tool.stats], [None] * (len(tool.stats) - 1) + [True])
            self.assertEqual(tool.stats[-1]["bytes_in"], len(data))
            self.assertGreater(tool.stats[-1]["wire_bytes_sent"], 0)
        lag = watcher.stats[-1]["lag_ms"]
        self.assertTrue(0 <= lag["p50"] <= lag["p99"] <= lag["max"] < 5_000, lag)
        self.assertTrue(all(math.isfinite(v) for v in lag.values()))
        self.assertEqual(publisher.stats[0]["stream"], watcher.stats[0]["stream"])

    def test_standard_error_and_files(self):
        publisher = spate.run("publish", "--listen", "127.0.0.1:0", "--stats", "10ms", data=spate.ts_packets(10))
        lines = [line for line in publisher.err.splitlines() if line.startswith("{")]
        self.assertTrue(json.loads(lines[-1])["final"])
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "stats")
            spate.run("publish", "--listen", "127.0.0.1:0", "--stats-file", path, data=spate.ts_packets(10))
            with open(path, encoding="utf-8") as file:
                self.assertTrue(json.loads(file.read().splitlines()[-1])["final"])
        failed = spate.run("publish", "--stats", "1s", "--stats-file", "/no/such/directory/stats")
        self.assertEqual((failed.code, failed.out), (1, b""))
        self.assertEqual(failed.err.count("\n"), 1)

    def test_what_cannot_be_written_is_told_once(self):
        publisher = spate.Publisher("--stats", "10ms", "--stats-file", "/dev/full", stats=False)
        watcher = spate.watch(publisher.link, "--stats", "10ms", "--stats-file", "/dev/full", stats=False)
        publisher.write(spate.ts_packets(500))
        for tool in (publisher, watcher):
            tool.wait_until("a word", lambda tool=tool: "cannot write the statistics: No space left" in tool.err)
        publisher.write(spate.ts_packets(500, seed=2))  # and it goes on
        publisher.close_input()
        self.assertEqual((publisher.wait(), watcher.wait()), (0, 0), watcher.err)
        self.assertTrue(watcher.out.endswith(spate.ts_packets(500, seed=2)))
        for tool in (publisher, watcher):
            self.assertEqual(tool.err.count("\n"), 2, tool.err)  # and the summary

    def test_no_statistics_with_0(self):
        command = ("publish", "--listen", "127.0.0.1:0", "--stats", "0")
        publisher = spate.run(*command, env={"SPATE_STATS": "10ms"}, data=spate.ts_packets(10))
        self.assertEqual((publisher.code, publisher.err.count("\n")), (0, 1), publisher.err)
        self.assertNotIn("{", publisher.err)
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "stats")
            publisher = spate.run(*command, "--stats-file", path, data=spate.ts_packets(10))
            self.assertEqual(publisher.code, 0, publisher.err)
            self.assertFalse(os.path.exists(path))

    def test_not_into_the_stream(self):
        publisher = spate.Publisher()
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "out.ts")
            again = os.path.join(directory, ".", "out.ts")
            watcher = spate.run("watch", "--output", path, "--stats-file", again, publisher.link)
            self.assertEqual((watcher.code, watcher.out, watcher.err.count("\n")), (2, b"", 1), watcher.err)
            self.assertFalse(os.path.exists(path))
        for target in ("fd:1", "/dev/stdout"):
            watcher = spate.run("watch", "--stats-file", target, publisher.link)
            self.assertEqual((watcher.code, watcher.out, watcher.err.count("\n")), (2, b"", 1), watcher.err)
            self.assertIn("--stats-file", watcher.err)
            # Fine when the stream goes elsewhere.
            watcher = spate.watch(publisher.link, "--output", "/dev/null", "--stats-file", target, stats=False)
            self.assertIn("bytes_in", json.loads(watcher.wait_for_line()))

    def test_a_terminal_gets_a_status_line_instead(self):
        publisher = spate.Publisher()
        controller, terminal = pty.openpty()
        watcher = spate.watch(publisher.link, stats=False, stderr=terminal)
        os.close(terminal)
        seen = b""
        while b"from 1 peer" not in seen:
            seen += os.read(controller, 1000)
        publisher.write(spate.ts_packets(1))
        publisher.close_input()
        self.assertEqual((publisher.wait(), watcher.wait()), (0, 0))
        try:
            while data := os.read(controller, 1000):
                seen += data
        except OSError:
            pass  # how the end of a terminal is told
        os.close(controller)
        status, summary = seen.rsplit(b"\r\x1b[K", 1)
        self.assertIn(b"kbit/s", status)
        self.assertRegex(summary, rb"^spate-watch: .*lost.*\r\n$")

    def test_no_addresses_without_asking_twice(self):
        publisher = spate.Publisher()
        watcher = spate.watch(publisher.link, "-v")
        watcher.wait_for_stats(parents=1)
        publisher.close_input()
        watcher.wait()
        self.assertNotIn("127.0.0.1", watcher.err)
        self.assertNotIn("127.0.0.1", json.dumps(watcher.stats))


unittest.main()
