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

# A world in which all is well: places for children for everybody, and nobody leaves.
WORLD = """purpose = "A test."
peers = 6
duration = "6s"
calm = "2s"
viewer-children = 2
[stream]
rate = "500k"
[churn]
on = false
[[viewers]]
name = "home"
up = "4M"
"""
IMPOSSIBLE = "[expect]\nlag-p50 = \"1us\"\n"

FIELDS = """schema scenario scenario_hash seed digest crypto peers simulated_seconds warm_up_seconds interrupted bound_ms stretch lag_ms lag_estimate_error_ms
    delivered continuity startup_ms join_ms failovers failover_ms lost_packets repaired_packets duplicate_packets
    forged_packets hostile_deeds parent_switches depth_max overhead publisher_upload_x resource_index input_held_ms_max datagrams
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
    "marks.csv": "seconds,label,lasts_seconds",
}


class Simulate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def world(self, more=""):
        return self.write("world.toml", WORLD + more)

    def simulate(self, *arguments, env=None):
        tool = spate.run("simulate", *arguments, env=env)
        self.assertEqual((tool.code, tool.err), (0, ""))
        return tool.out.decode()

    def assert_fails(self, tool, code, *words):
        self.assertEqual(tool.code, code, tool.err)
        self.assertEqual(tool.out, b"")
        self.assertEqual(tool.err.count("\n"), 1, tool.err)
        for word in words:
            self.assertIn(word, tool.err)

    def test_table(self):
        out = self.simulate(self.world())
        for word in ("lag", "continuity", "overhead", "digest", "safe", "alive"):
            self.assertIn(word, out)
        lines = out.split("\n")
        self.assertLessEqual(len(lines), 30)
        self.assertLessEqual(max(map(len, lines)), 100)

    def test_json(self):
        out = self.simulate(self.world(), "--json")
        self.assertEqual(out.count("\n"), 1)
        run = json.loads(out)
        self.assertEqual(list(run), FIELDS)
        self.assertEqual((run["schema"], run["interrupted"], run["findings"]), (3, False, []))
        self.assertEqual(list(run["lag_ms"]), ["p50", "p90", "p99", "p999", "max"])
        overhead = dict(run["overhead"])
        total = overhead.pop("total")
        self.assertEqual(list(overhead),
                         ["headers", "signatures", "parity", "repairs", "duplicates", "control", "rest"])
        self.assertAlmostEqual(sum(overhead.values()), total, places=4)
        datagrams = dict(run["datagrams"])
        self.assertEqual(list(datagrams), ["sent", "delivered", "lost", "queue_full", "too_large", "nobody", "filtered",
                                           "cut", "overflow", "in_flight", "copies"])
        self.assertEqual(datagrams.pop("sent") + datagrams.pop("copies"), sum(datagrams.values()))
        self.assertEqual((run["failovers"], run["failover_ms"]), (0, None))
        again = json.loads(self.simulate(self.world(), "--json"))
        for name in FIELDS:
            if name not in OF_THE_MACHINE:
                self.assertEqual(run[name], again[name], name)
        unlimited = self.world("[[viewers]]\nname = \"no limit\"\nshare = 1000\n")
        self.assertNotIn("resource_index", json.loads(self.simulate(unlimited, "--json")))

    def test_every_field_has_its_place_in_the_page(self):
        with open(os.path.join(os.path.dirname(__file__), "../../man/spate-simulate.1"), encoding="utf-8") as page:
            words = set(re.findall(r"\w+", page.read()))
        self.assertEqual([name for name in FIELDS if name not in words], [])

    def test_help_and_page_have_the_same_exit_codes(self):
        with open(os.path.join(os.path.dirname(__file__), "../../man/spate-simulate.1"), encoding="utf-8") as page:
            section = page.read().split(".Sh EXIT STATUS")[1].split(".Sh")[0]
        codes = re.search(r"Exit codes: ([^.]*)\.", self.simulate("--help"))[1]
        self.assertEqual(re.findall(r"\b\d+\b", codes), re.findall(r"^\.It (\d+)$", section, re.MULTILINE))

    def test_what_befell_datagrams(self):
        faults = "".join('[[faults]]\nkind = "%s"\nat = "2s"\nfor = "1s"\nshare = "40%%"\n%s\n' % fault for fault in (
            ("partition", ""), ("mtu", "bytes = 600"), ("pause", "")))
        tool = spate.run("simulate", self.world(faults), "--json", "--crypto", "fast")
        datagrams = json.loads(bytes(tool.out))["datagrams"]
        self.assertGreater(datagrams["cut"], 0)
        self.assertGreater(datagrams["too_large"], 0)

    def test_a_fail_over_has_a_time(self):
        kill = '[[faults]]\nkind = "kill"\nat = "3900ms"\nwho = "interior"\nshare = "1%"\n'
        world = self.write("tree.toml", "publisher-children = 2\n" + WORLD + kill)
        run = json.loads(bytes(spate.run("simulate", world, "--json", "--crypto", "fast").out))
        self.assertGreater(run["failovers"], 0)
        self.assertEqual(list(run["failover_ms"]), ["p50", "p95", "max"])

    def test_csv(self):
        folder = os.path.join(self.folder, "new", "run")
        run = json.loads(self.simulate(self.world(), "--json", "--csv", folder))
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
        self.assertEqual([row["class"] for row in tables["uplinks.csv"]], ["publisher", "home"])

    def test_a_folder_that_cannot_be_written_to(self):
        file = os.path.join(self.folder, "file")
        open(file, "w", encoding="utf-8").close()
        self.assert_fails(spate.run("simulate", self.world(), "--csv", file), 1, file)
        self.assert_fails(spate.run("simulate", self.world(), "--csv", file + "/below"), 1, file)
        self.assert_fails(spate.run("simulate", self.world(), "--json", "--table"), 2, "--table")

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_report(self):
        path = os.path.join(self.folder, "run.html")
        self.simulate(self.world(), "--seed", "7", "--rate", "500k", "--report", path)
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

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_a_fault_is_marked_for_as_long_as_it_lasts(self):
        path, folder = os.path.join(self.folder, "run.html"), os.path.join(self.folder, "csv")
        world = self.world('[[faults]]\nkind = "pause"\nat = "2s"\nwithin = "500ms"\nfor = "1s"\nshare = "40%"\n')
        spate.run("simulate", world, "--crypto", "fast", "--report", path, "--csv", folder)
        with open(os.path.join(folder, "marks.csv"), encoding="utf-8", newline="") as file:
            marks = list(csv.DictReader(file))
        self.assertEqual(marks[0], {"seconds": "2.000", "label": "pause viewers: 2 hosts", "lasts_seconds": "1.500"})
        with open(path, encoding="utf-8") as file:
            page = file.read()
        self.assertIn("pause viewers: 2 hosts, for 1.5 s", page)

    def test_report_needs_gnuplot(self):
        path = os.path.join(self.folder, "run.html")
        tool = spate.run("simulate", self.world(), "--report", path, env={"PATH": self.folder})
        self.assert_fails(tool, 1, "gnuplot-nox")
        self.assertFalse(os.path.exists(path))

    def test_what_is_written_is_the_same_run(self):
        text = self.simulate("lte", "--peers", "20", "--seconds", "5", "--rate", "200k", "--seed", "3", "--write")
        path = self.write("lte.toml", text)
        self.assertEqual(self.simulate(path, "--write"), text)
        options = ("--crypto", "fast", "--json")
        runs = [json.loads(bytes(spate.run("simulate", *which, *options).out)) for which in (
            ("lte", "--peers", "20", "--seconds", "5", "--rate", "200k", "--seed", "3"), (path,))]
        self.assertEqual(runs[0]["digest"], runs[1]["digest"])
        self.assertEqual([run["scenario"] for run in runs], ["lte", "lte"])

    def test_options_win_over_the_scenario(self):
        text = self.simulate(self.world(), "--peers", "9", "--seconds", "3", "--rate", "300k", "--churn", "on", "--write")
        for line in ("peers = 9", 'duration = "3s"', 'calm = "1500ms"', 'rate = "300k"', "on = true"):
            self.assertIn(line + "\n", text)

    def test_a_warm_up(self):
        whole = json.loads(self.simulate(self.world(), "--json"))
        run = json.loads(self.simulate(self.world(), "--json", "--warm-up", "4s"))
        self.assertEqual((run["digest"], run["simulated_seconds"]), (whole["digest"], whole["simulated_seconds"]))
        self.assertEqual((whole["warm_up_seconds"], run["warm_up_seconds"]), (0, 4))
        self.assertEqual((run["startup_ms"], run["join_ms"]), (None, None))  # nobody came after it
        self.assertNotEqual(run["overhead"], whole["overhead"])
        self.assertNotEqual(run["scenario_hash"], whole["scenario_hash"])
        table = self.simulate(self.world(), "--warm-up", "4s")
        self.assertIn("warm-up of 4.0 s left out", table.split("\n")[0])
        self.assertNotIn("start-up", table)
        self.assertNotIn("warm-up", self.simulate(self.world()))
        self.assertIn("p99.9", table)
        self.assertIn('warm-up = "1500ms"\n', self.simulate(self.world(), "--warm-up", "1.5s", "--write"))
        path = self.write("warm.toml", 'warm-up = "2s"\n' + WORLD)
        self.assertIn('warm-up = "2s"\n', self.simulate(path, "--write"))
        self.assertIn('warm-up = "0"\n', self.simulate(path, "--warm-up", "0", "--write"))
        env = {"SPATE_WARM_UP": "3s"}
        self.assertIn('warm-up = "3s"\n', self.simulate(path, "--write", env=env))

    def test_a_warm_up_that_cannot_be(self):
        for value in ("x", "4", "-1s", "", "1e3s"):
            self.assert_fails(spate.run("simulate", self.world(), "--warm-up", value), 2, "--warm-up")
        for more in (("--warm-up", "6s"), ("--warm-up", "1h"), ("--warm-up", "3s", "--seconds", "3")):
            self.assert_fails(spate.run("simulate", self.world(), *more), 2, "with --", "--warm-up: 'warm-up'", "'duration'")
        self.assert_fails(spate.run("simulate", "--swarm", "--seconds", "20", "--warm-up", "20s"), 2, "'warm-up'")
        path = self.write("warm.toml", 'warm-up = "6s"\n' + WORLD)
        self.assert_fails(spate.run("simulate", path), 2, path + ":1: ", "'warm-up'")

    SCHEMES = ["spate", "single-tree", "pull-mesh", "random-push"]

    def test_schemes_side_by_side(self):
        table = self.simulate(self.world(), "--scheme", "all", "--crypto", "fast")
        rows = [line.split() for line in table.split("\n") if line.startswith("  ")]
        self.assertEqual([row[0] for row in rows if row[0] in self.SCHEMES], self.SCHEMES)
        self.assertEqual([row[-1] == "*" for row in rows if row[0] in self.SCHEMES], [False, True, True, True])
        self.assertIn("reconstructed from the literature", table)
        self.assertLessEqual(max(map(len, table.split("\n"))), 100)
        out = self.simulate(self.world(), "--scheme", "all", "--crypto", "fast", "--json")
        self.assertEqual(out.count("\n"), 1)
        runs = json.loads(out)
        self.assertEqual([run["scheme"] for run in runs], self.SCHEMES)
        self.assertEqual([run["baseline"] for run in runs], [False, True, True, True])
        self.assertEqual(list(runs[0]), ["scheme", "baseline"] + FIELDS)
        for run in runs[1:]:
            self.assertLess(set(run), set(runs[0]))
            self.assertEqual([run[name] for name in ("seed", "peers", "scenario_hash", "resource_index")],
                             [runs[0][name] for name in ("seed", "peers", "scenario_hash", "resource_index")])
            self.assertEqual(run["delivered"]["ever"], 1)
        alone = json.loads(self.simulate(self.world(), "--crypto", "fast", "--json"))
        self.assertEqual(alone["digest"], runs[0]["digest"])

    def test_some_schemes(self):
        names = lambda *options: [run["scheme"] for run in json.loads(self.simulate(self.world(), "--json", *options))]
        self.assertEqual(names("--scheme", "random-push"), ["random-push"])
        self.assertEqual(names("--scheme", "pull-mesh,single-tree,pull-mesh"), ["pull-mesh", "single-tree"])
        spate_only = json.loads(self.simulate(self.world(), "--json", "--scheme", "spate"))
        self.assertEqual(list(spate_only), FIELDS)
        self.assertNotIn("*", self.simulate(self.world(), "--scheme", "spate"))

    def test_schemes_that_cannot_be(self):
        for value in ("x", "spate,x", "all,x", "spate,", ",pull-mesh"):
            self.assert_fails(spate.run("simulate", self.world(), "--scheme", value), 2, "--scheme")
        for more in (("--seeds", "1..2"), ("--shrink", "x"), ("--csv", self.folder + "/csv"), ("--write",)):
            self.assert_fails(spate.run("simulate", self.world(), "--scheme", "all", *more), 2, "--scheme", more[0])
        self.assert_fails(spate.run("simulate", "--swarm", "--scheme", "all"), 2, "--scheme", "--swarm")
        self.assert_fails(spate.run("simulate", "free-riders", "--scheme", "pull-mesh"), 2, "hostile")
        self.assert_fails(spate.run("simulate", "pauses", "--scheme", "all"), 2, "'pauses'", "faults")

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_a_page_of_schemes(self):
        path = os.path.join(self.folder, "schemes.html")
        self.simulate(self.world(), "--crypto", "fast", "--scheme", "all", "--report", path)
        with open(path, encoding="utf-8") as file:
            page = file.read()
        self.assertEqual((page.count("<svg"), page.count("</svg>"), page.count("<tr>")), (1, 1, 5))
        self.assertIn("reconstructed from the literature", page)
        self.assertIn("--scheme all", page)
        for outside in ("http:", "https:", "src=", "href", "url(", "<script", "rgb("):
            self.assertNotIn(outside, page)

    def test_mistakes_are_told_with_their_place(self):
        wrong = self.world("speed = 3\n")
        line = (WORLD + "speed").count("\n") + 1
        self.assert_fails(spate.run("simulate", wrong), 2, "%s:%d: " % (wrong, line), "'speed'")
        self.assert_fails(spate.run("simulate", self.world('[expect]\never = "99"\n')), 2, "'ever'", "100%")
        late = self.world('[[faults]]\nkind = "pause"\nat = "3s"\nfor = "2s"\n')
        self.assert_fails(spate.run("simulate", late), 2, "%s:%d: " % (late, line + 3), "must be well")
        self.assert_fails(spate.run("simulate", "no-such-world"), 2, "no-such-world", "--list")
        self.assert_fails(spate.run("simulate", self.folder + "/none.toml"), 2, "none.toml", "no such file")
        self.assert_fails(spate.run("simulate", self.folder), 2, self.folder + " is a folder")
        self.assert_fails(spate.run("simulate", "/dev/null"), 2, "/dev/null is not a regular file")
        hole = self.write("rtt", "0 10 20\n10 0\n20 30 0\n")
        self.assert_fails(spate.run("simulate", self.world(), "--rtt", hole), 2, hole + ":2: ")
        matrix = self.world('[map]\nkind = "matrix"\n')
        self.assert_fails(spate.run("simulate", matrix), 2, "--rtt")

    def test_options_that_a_scenario_cannot_have_are_named(self):
        late = self.world('[[faults]]\nkind = "pause"\nat = "1s"\nfor = "1s"\n')
        self.assert_fails(spate.run("simulate", late, "--seconds", "2"), 2, "with --seconds: a fault ends at")
        relays = self.write("relays.toml", "relays = 3\n" + WORLD)
        self.assert_fails(spate.run("simulate", relays, "--peers", "4", env={"SPATE_SECONDS": "3"}), 2,
                          "with --peers and --seconds: 'peers' must leave room")

    def test_a_matrix_is_in_place_of_any_map(self):
        rtt = self.write("rtt", self.MATRIX)
        for world in ('[map]\ncontinent = "europe"\n', '[map]\nkind = "plane"\ndelay-min = "6ms"\n'):
            self.assertIn('kind = "matrix"\n', self.simulate(self.world(world), "--rtt", rtt, "--write"))

    def test_what_cannot_go_together(self):
        world, rtt = self.world(), self.write("rtt", self.MATRIX)
        for arguments in ((world, "--swarm"), (world, "--replay", world), ("--swarm", "--replay", world),
                          ("--seed", "1", "--seeds", "1..2"), ("--seeds", "1..2", "--csv", self.folder + "/csv"),
                          ("--resume", world), ("--seeds", "2..1"), ("--seeds", "x"), ("--json", "--table"),
                          ("--seed", "-1"), ("--seed", "1e3"), ("--seed", "9223372036854775808"),
                          ("--places", world), ("--compare-map", world, "--seeds", "1..2"),
                          (world, "--compare-map", world),
                          *(("--compare-map", rtt, *other) for other in (
                              ("--peers", "5"), ("--seed", "1"), ("--seconds", "5"), ("--rate", "1M"),
                              ("--churn", "on"), ("--warm-up", "1s"), ("--crypto", "real"), ("--crypto", "fast"), ("--jobs", "1"))),
                          ("--rate", "1"), ("--peers", "1"), (world, "--churn", "maybe"), (world, world)):
            with self.subTest(arguments):
                tool = spate.run("simulate", *arguments)
                self.assertEqual((tool.code, bytes(tool.out)), (2, b""), tool.err)

    def test_a_matrix(self):
        rtt = self.write("rtt", "# three sites\n0 100 100\n100 0 100\n100 100 0\n")
        self.assertGreater(json.loads(self.simulate(self.world(), "--rtt", rtt, "--json"))["bound_ms"]["p50"], 49)

    MATRIX = "0 80 290\n82 0 310\n290 300 0\n"
    PLACES = "city,lat,lon\nLondon,51.5,-0.1\nNew York,40.7,-74.0\nSydney,-33.9,151.2\n"

    def test_the_built_in_world_compared_with_a_matrix(self):
        matrix, places = self.write("rtt", self.MATRIX), self.write("places.csv", self.PLACES)
        table = self.simulate("--compare-map", matrix, "--places", places)
        for words in ("6 pairs", "measured", "built-in", "europe, north-america"):
            self.assertIn(words, table)
        run = json.loads(self.simulate("--compare-map", matrix, "--places", places, "--json"))
        self.assertEqual(list(run), ["pairs", "measured_ms", "built_in_ms", "deviation", "continents", "left_out"])
        self.assertEqual((run["pairs"], run["left_out"]), (6, []))
        self.assertLess(run["deviation"], 0.3)
        self.assertEqual([(pair["from"], pair["to"], pair["pairs"]) for pair in run["continents"]],
                         [("europe", "north-america", 2), ("europe", "oceania", 2), ("north-america", "oceania", 2)])
        self.assertEqual(run["continents"][0]["measured_ms"], 82)
        bare = json.loads(self.simulate("--compare-map", matrix, "--json"))
        self.assertEqual(list(bare), ["pairs", "measured_ms", "built_in_ms"])
        self.assertIn("--places", self.simulate("--compare-map", matrix))

    def test_what_a_comparison_refuses(self):
        matrix, places = self.write("rtt", self.MATRIX), self.write("places.csv", self.PLACES)
        two = self.write("two.csv", self.PLACES.rsplit("Sydney", 1)[0])
        self.assert_fails(spate.run("simulate", "--compare-map", matrix, "--places", two), 2, two, "2 places", "3 rows")
        wrong = self.write("wrong.csv", "city,lat\nLondon,51.5\n")
        self.assert_fails(spate.run("simulate", "--compare-map", matrix, "--places", wrong), 2, wrong + ":1: ", "lon")
        self.assert_fails(spate.run("simulate", "--compare-map", places), 2, places + ":1: ")
        self.assert_fails(spate.run("simulate", "--compare-map", self.folder + "/none"), 2, "none")
        light = self.write("light", "0 1 1\n1 0 1\n1 1 0\n")
        self.assert_fails(spate.run("simulate", "--compare-map", light, "--places", places), 2, places)

    def seeds(self, *arguments):
        tool = spate.run("simulate", self.world(), "--json", "--crypto", "fast", *arguments)
        self.assertEqual(tool.code, 0, tool.err)
        return [json.loads(line) for line in tool.out.decode().splitlines()]

    def test_seeds(self):
        one = self.seeds("--seeds", "3..6")
        two = self.seeds("--seeds", "3..6", "--jobs", "2")
        self.assertEqual([run["seed"] for run in one], [3, 4, 5, 6])
        digests = [run["digest"] for run in one]
        self.assertEqual([run["digest"] for run in two], digests)
        self.assertEqual(len(set(digests)), 4)
        done = self.write("done", "".join(json.dumps(run) + "\n" for run in (one[0], one[2])))
        self.assertEqual([run["digest"] for run in self.seeds("--seeds", "3..6", "--resume", done)],
                         [digests[1], digests[3]])
        self.assertEqual(self.simulate(self.world(), "--crypto", "fast", "--seeds", "1..2"), "2 seeds, 0 failures\n")
        self.assertEqual(self.simulate(self.world(), "--crypto", "fast", "--seeds", "7"), "1 seed, 0 failures\n")

    def test_resume_goes_on_with_the_same_runs_only(self):
        runs = self.seeds("--seeds", "3..4")
        done = self.write("done", "no line of a run\n" + "".join(json.dumps(run) + "\n" for run in runs))
        seeds = ("--seeds", "3..5", "--resume", done)
        self.assert_fails(spate.run("simulate", "lte", "--crypto", "fast", *seeds), 2, done + ":2: ", "'world'", "'lte'")
        self.assert_fails(spate.run("simulate", self.world(), *seeds), 2, done + ":2: ", "'fast'", "'real'")
        self.assert_fails(spate.run("simulate", "--swarm", "--crypto", "fast", *seeds), 2, "'hunt-3'")
        self.assert_fails(spate.run("simulate", self.world(), "--seeds", "1", "--resume", done + "x"), 2, done + "x")
        for other in (("--peers", "5"), ("--seconds", "5"), ("--rate", "400k"), ("--churn", "on"),
                      ("--rtt", self.write("rtt", self.MATRIX))):
            with self.subTest(other):
                tool = spate.run("simulate", self.world(), "--crypto", "fast", *other, *seeds)
                self.assert_fails(tool, 2, done + ":2: ", "'scenario_hash'")
        runs[0].pop("scenario_hash")
        done = self.write("done", json.dumps(runs[0]) + "\n")
        tool = spate.run("simulate", self.world(), "--crypto", "fast", "--seeds", "3..5", "--resume", done)
        self.assert_fails(tool, 2, done + ":1: ", "'scenario_hash'")

    def test_a_line_that_is_cut_short_is_passed_over(self):
        whole = "".join(json.dumps(run) + "\n" for run in self.seeds("--seeds", "3..4"))
        for text, seeds in ((whole + '{"sce', [5]), (whole[:-1], [5]), (whole[:-2], [4, 5]), (whole, [5])):
            with self.subTest(text[-9:]):
                done = self.write("done", text)
                with open(done, "ab") as more:
                    tool = spate.Tool("simulate", self.world(), "--json", "--crypto", "fast", "--seeds", "3..5",
                                      "--resume", done, stdout=more)
                    self.assertEqual(tool.wait(), 0, tool.err)
                with open(done, encoding="utf-8") as file:
                    lines = file.read().split("\n")
                self.assertEqual([json.loads(line)["seed"] for line in lines[-1 - len(seeds):-1]], seeds)
                self.assertNotIn("", lines[:-1])

    def test_the_hash_of_a_scenario_leaves_out_the_seed(self):
        runs = self.seeds("--seeds", "3..4")
        self.assertEqual(runs[0]["scenario_hash"], runs[1]["scenario_hash"])
        self.assertRegex(runs[0]["scenario_hash"], "^[0-9a-f]{16}$")
        self.assertNotEqual(runs[0]["scenario_hash"], self.seeds("--seeds", "3", "--peers", "5")[0]["scenario_hash"])

    def test_failures_before_count_when_resumed(self):
        run = self.seeds("--seeds", "3")[0]
        for findings, code in (({"liveness_findings": 2}, 9), ({"safety_findings": 1}, 8)):
            done = self.write("done", json.dumps({**run, **findings}) + "\n")
            tool = spate.run("simulate", self.world(), "--crypto", "fast", "--seeds", "3..4", "--resume", done)
            self.assertEqual((tool.code, bytes(tool.out)),
                             (code, b"1 seed, 0 failures\nbefore: 1 seed, 1 failure\n"), tool.err)
            tool = spate.run("simulate", self.world(), "--crypto", "fast", "--seeds", "4..5", "--resume", done)
            self.assertEqual(tool.code, 0, tool.err)  # that seed is none of these

    def test_skipped_seeds_cost_nothing(self):
        """A process for each would take minutes."""
        run = self.seeds("--seeds", "1")[0]
        done = self.write("done", "".join(json.dumps({**run, "seed": seed}) + "\n" for seed in range(1, 30001)))
        out = self.simulate(self.world(), "--crypto", "fast", "--seeds", "1..30001", "--resume", done)
        self.assertEqual(out, "1 seed, 0 failures\nbefore: 30,000 seeds, 0 failures\n")

    def test_a_hunt(self):
        tool = spate.run("simulate", "--swarm", "--seed", "1", "--seconds", "20", "--crypto", "fast", "--json")
        self.assertIn(tool.code, (0, 8, 9), tool.err)
        self.assertEqual(json.loads(bytes(tool.out))["peers"], 12)

    def test_shrink_and_replay(self):
        small = os.path.join(self.folder, "small.toml")
        fault = '[[faults]]\nkind = "kill"\nat = "1s"\nshare = "20%"\n'
        tool = spate.run("simulate", self.world(fault + IMPOSSIBLE), "--crypto", "fast", "--shrink", small)
        self.assertEqual(tool.code, 9, tool.err)
        self.assertIn("--replay " + small, tool.err)
        with open(small, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn("[[faults]]", text)
        self.assertLess(int(re.search(r"^peers = (\d+)", text, re.MULTILINE)[1]), 6)
        self.assertEqual(spate.run("simulate", "--replay", small, "--crypto", "fast").code, 9)

    def test_what_is_shrunk_fails_in_the_same_way(self):
        small = os.path.join(self.folder, "small.toml")
        jump = '[[faults]]\nkind = "clock-jump"\nat = "2s"\nby = "1m"\n'  # longer than viewers wait
        hostile = '[[hostile]]\nkind = "colluder"\nshare = "20%"\nat = "1s"\n'
        expect = "[expect]\nhostile-deeds = 1\n"
        tool = spate.run("simulate", self.world(jump + hostile + expect), "--crypto", "fast", "--shrink", small)
        self.assertEqual(tool.code, 9, tool.err)
        self.assertIn("stopped early", tool.err.splitlines()[0])
        tool = spate.run("simulate", "--replay", small, "--crypto", "fast")
        self.assertEqual(tool.code, 9, tool.err)
        self.assertIn("stopped early", tool.err)

    def test_files_that_are_read_are_not_written_to(self):
        world = self.world(IMPOSSIBLE)
        with open(world, encoding="utf-8") as file:
            before = file.read()
        beside = os.path.join(self.folder, ".", "world.toml")
        self.assert_fails(spate.run("simulate", world, "--shrink", beside), 2, "--shrink would overwrite", "another")
        self.assert_fails(spate.run("simulate", "--replay", world, "--shrink", world), 2, "--shrink would overwrite")
        self.assert_fails(spate.run("simulate", world, "--report", beside), 2, "--report would overwrite")
        with open(world, encoding="utf-8") as file:
            self.assertEqual(file.read(), before)

    def test_a_file_to_shrink_to_is_tried_before_the_run(self):
        path = os.path.join(self.folder, "nowhere", "small.toml")
        self.assert_fails(spate.run("simulate", self.world(IMPOSSIBLE), "--shrink", path), 1, "cannot write " + path)
        path = os.path.join(self.folder, "small.toml")
        self.simulate(self.world(), "--crypto", "fast", "--shrink", path)
        self.assertFalse(os.path.exists(path))

    def test_findings_that_are_not_listed_are_counted(self):
        world = self.world('[expect]\nstartup-max = "1us"\n')
        tool = spate.run("simulate", world, "--peers", "31", "--crypto", "fast")
        self.assertEqual(tool.code, 9, tool.err)
        self.assertEqual(len(tool.err.splitlines()), 22)
        self.assertRegex(tool.err.splitlines()[20], r"^and [0-9]+ more$")

    def test_a_failure_tells_how_to_run_it_again(self):
        world = self.world(IMPOSSIBLE)
        tool = spate.run("simulate", world, "--seed", "5", "--crypto", "fast", "--json")
        self.assertEqual(tool.code, 9, tool.err)
        self.assertRegex(tool.err, r"^liveness: [0-9.]+ s: the median lag")  # of the whole run, of no host
        self.assertEqual(tool.err.splitlines()[-1], "  spate-simulate %s --seed 5 --crypto fast" % world)

    def test_a_crash_tells_how_to_run_it_again(self):
        tool, controller, _ = self.shown_run("--seed", "5", until=b"left")
        tool.signal(signal.SIGSEGV)
        self.assertEqual(tool.wait(), 10)
        told = os.read(controller, 65536)
        command = "  spate-simulate %s/world.toml --seed 5 --seconds 80000\r\n" % self.folder
        self.assertTrue(told.decode().endswith("crashed\r\n" + command), told)

    def test_failures_of_seeds(self):
        small = os.path.join(self.folder, "small.toml")
        world = self.world(IMPOSSIBLE)
        tool = spate.run("simulate", world, "--crypto", "fast", "--seeds", "5..6", "--shrink", small)
        self.assertEqual((tool.code, bytes(tool.out)), (9, b"2 seeds, 2 failures\n"), tool.err)
        self.assertIn("seed 6: ", tool.err)
        self.assertIn("spate-simulate %s --seed 5 --crypto fast\n" % world, tool.err)
        with open(small, encoding="utf-8") as file:
            self.assertIn("\nseed = 5\n", file.read())

    def test_a_signal_ends_shrinking(self):
        small = os.path.join(self.folder, "small.toml")
        tool = spate.Tool("simulate", self.world("[[faults]]\nkind = \"clock-jump\"\nby = \"1s\"\n" * 60 + IMPOSSIBLE),
                          "--shrink", small)
        tool.wait_until("it shrinks", lambda: "shrinking" in tool.err)
        tool.signal(signal.SIGINT)
        self.assertEqual(tool.wait(), 9)
        self.assertIn("--replay " + small, tool.err)
        self.assertEqual(spate.run("simulate", small, "--write").code, 0)

    def test_seeds_show_where_they_are(self):
        tool, _, _ = self.shown_run("--seeds", "1..3", until=b"0 of 3 seeds")
        tool.signal(signal.SIGINT)
        self.assertEqual(tool.wait(), 0)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            tool = spate.Tool("simulate", self.world(), "--json", stdout=full)
            self.assertEqual(tool.wait(), 1)

    def long_run(self, *arguments, **options):
        return spate.Tool("simulate", self.world(), "--seconds", "80000", *arguments, **options)

    def shown_run(self, *arguments, until=b""):
        """A long run on a terminal, our end of that, and what it has shown when `until` is among it."""
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        tool = self.long_run(*arguments, stderr=terminal)
        os.close(terminal)
        shown = os.read(controller, 4096)
        while until not in shown:
            shown += os.read(controller, 4096)
        return tool, controller, shown

    def test_a_signal_ends_it_with_what_there_is(self):
        tool, _, progress = self.shown_run("--json", until=b"left")
        self.assertIn("× real time".encode(), progress)
        tool.signal(signal.SIGINT)
        self.assertEqual(tool.wait(), 0)
        run = json.loads(bytes(tool.out))
        self.assertTrue(run["interrupted"])
        self.assertEqual(run["findings"], [])
        self.assertGreater(run["delivered"]["ever"], 0.9)

    def test_a_second_signal_does_not_wait(self):
        tool, _, _ = self.shown_run()
        spate.interrupted_twice(tool)
        self.assertEqual(tool.wait(), 3)
        self.assertEqual(tool.out, b"")


unittest.main()
