"""spate-simulate: what it prints, and the files it writes."""
import csv
import json
import os
import pty
import re
import shutil
import signal
import tempfile
import unittest

import spate

SMALL = ("--peers", "6", "--seconds", "6", "--rate", "500k")

FIELDS = """schema scenario seed digest crypto peers simulated_seconds interrupted lag_ms lag_estimate_error_ms
    delivered continuity startup_ms join_ms failovers failover_ms lost_packets repaired_packets duplicate_packets
    forged_packets parent_switches depth_max overhead publisher_upload_x resource_index input_held_ms_max datagrams
    events events_per_second bytes_per_peer wall_seconds safety_findings liveness_findings findings""".split()
OF_THE_MACHINE = ("events_per_second", "bytes_per_peer", "wall_seconds")

FILES = {
    "lag_cdf.csv": "lag_ms,share",
    "series.csv": "seconds,viewers_present,viewers_playing,lag_p50_ms,lag_p99_ms,lag_max_ms,packets_written,"
                  "packets_missed,continuity,wire_bytes_sent,stream_bytes_delivered,findings",
    "startup.csv": "host,joined_seconds,startup_ms",
    "failover.csv": "host,lost_seconds,failover_ms",
    "hops.csv": "hops,hosts",
    "uplinks.csv": "class,hosts,offered_bps,used_bps",
    "marks.csv": "seconds,label",
}


class Simulate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def simulate(self, *arguments, env=None):
        tool = spate.run("simulate", *SMALL, *arguments, env=env)
        self.assertEqual((tool.code, tool.err), (0, ""))
        return tool.out.decode()

    def assert_fails(self, tool, code, *words):
        self.assertEqual(tool.code, code, tool.err)
        self.assertEqual(tool.out, b"")
        self.assertEqual(tool.err.count("\n"), 1, tool.err)
        for word in words:
            self.assertIn(word, tool.err)

    def test_table(self):
        out = self.simulate()
        for word in ("lag", "continuity", "overhead", "digest", "safe", "alive"):
            self.assertIn(word, out)
        lines = out.split("\n")
        self.assertLessEqual(len(lines), 30)
        self.assertLessEqual(max(map(len, lines)), 100)

    def test_json(self):
        out = self.simulate("--json")
        self.assertEqual(out.count("\n"), 1)
        run = json.loads(out)
        self.assertEqual(list(run), FIELDS)
        self.assertEqual((run["schema"], run["interrupted"], run["findings"]), (2, False, []))
        self.assertEqual(list(run["lag_ms"]), ["p50", "p90", "p99", "p999", "max"])
        overhead = dict(run["overhead"])
        total = overhead.pop("total")
        self.assertEqual(list(overhead),
                         ["headers", "signatures", "parity", "repairs", "duplicates", "control", "rest"])
        self.assertAlmostEqual(sum(overhead.values()), total, places=4)
        again = json.loads(self.simulate("--json"))
        for name in FIELDS:
            if name not in OF_THE_MACHINE:
                self.assertEqual(run[name], again[name], name)
        self.assertNotIn("resource_index", json.loads(self.simulate("--json", "--uplink", "0")))

    def test_every_field_has_its_place_in_the_page(self):
        with open(os.path.join(os.path.dirname(__file__), "../../man/spate-simulate.1"), encoding="utf-8") as page:
            words = set(re.findall(r"\w+", page.read()))
        self.assertEqual([name for name in FIELDS + ["bound_ms", "stretch"] if name not in words], [])

    def test_csv(self):
        folder = os.path.join(self.folder, "new", "run")
        run = json.loads(self.simulate("--json", "--csv", folder))
        self.assertEqual(set(os.listdir(folder)), set(FILES))
        tables = {}
        for name, headings in FILES.items():
            with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
                self.assertEqual(file.readline(), headings + "\n", name)
                tables[name] = list(csv.DictReader(file, headings.split(",")))
        shares = [float(row["share"]) for row in tables["lag_cdf.csv"]]
        self.assertEqual(shares, sorted(shares))
        self.assertEqual(shares[-1], 1)
        self.assertEqual(len(tables["startup.csv"]), 5)
        self.assertEqual(sum(int(row["hosts"]) for row in tables["hops.csv"]), 5)
        self.assertEqual(tables["series.csv"][0]["seconds"], "1.000")
        self.assertEqual(tables["series.csv"][1]["viewers_present"], str(sum(
            float(row["joined_seconds"]) <= 2 for row in tables["startup.csv"])))
        self.assertEqual(float(tables["series.csv"][-1]["seconds"]), run["simulated_seconds"])
        self.assertEqual([row["class"] for row in tables["uplinks.csv"]], ["publisher", "viewers"])

    def test_a_folder_that_cannot_be_written_to(self):
        file = os.path.join(self.folder, "file")
        open(file, "w", encoding="utf-8").close()
        self.assert_fails(spate.run("simulate", *SMALL, "--csv", file), 1, file)
        self.assert_fails(spate.run("simulate", *SMALL, "--csv", file + "/below"), 1, file)
        self.assert_fails(spate.run("simulate", *SMALL, "--json", "--table"), 2, "--table")

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_report(self):
        path = os.path.join(self.folder, "run.html")
        self.simulate("--seed", "7", "--report", path)
        with open(path, encoding="utf-8") as file:
            page = file.read()
        self.assertTrue(page.startswith("<!DOCTYPE html>"))
        self.assertEqual(page.count("<svg"), page.count("</svg>"))
        self.assertGreaterEqual(page.count("<svg"), 8)
        for outside in ("http:", "https:", "src=", "href", "url(", "@import", "<script", "<link", "rgb("):
            self.assertNotIn(outside, page)
        self.assertIn("--seed 7", page)
        self.assertIn("--rate 500k", page)
        self.assertIn(">alive<", page)

    def test_report_needs_gnuplot(self):
        path = os.path.join(self.folder, "run.html")
        tool = spate.run("simulate", *SMALL, "--report", path, env={"PATH": self.folder})
        self.assert_fails(tool, 1, "gnuplot-nox")
        self.assertFalse(os.path.exists(path))

    def long_run(self, *arguments, **options):
        return spate.Tool("simulate", "--peers", "6", "--seconds", "80000", "--rate", "500k", *arguments, **options)

    def test_a_signal_ends_it_with_what_there_is(self):
        controller, terminal = pty.openpty()
        tool = self.long_run("--json", stderr=terminal)
        os.close(terminal)
        progress = b""
        while b"left" not in progress:
            progress += os.read(controller, 4096)
        self.assertIn("× real time".encode(), progress)
        tool.signal(signal.SIGINT)
        self.assertEqual(tool.wait(), 0)
        os.close(controller)
        run = json.loads(bytes(tool.out))
        self.assertTrue(run["interrupted"])
        self.assertEqual(run["findings"], [])
        self.assertGreater(run["delivered"]["ever"], 0.9)

    def test_a_second_signal_does_not_wait(self):
        controller, terminal = pty.openpty()
        tool = self.long_run(stderr=terminal)
        os.close(terminal)
        os.read(controller, 1)
        spate.interrupted_twice(tool)
        self.assertEqual(tool.wait(), 3)
        os.close(controller)
        self.assertEqual(tool.out, b"")


unittest.main()
