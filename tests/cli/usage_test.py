"""How the tools answer to what they are told: help, mistakes, configuration, terminals."""
import json
import os
import pty
import random
import re
import resource
import socket
import string
import subprocess
import tempfile
import unittest

import spate

TOOLS = ("publish", "relay", "watch", "probe")


def link_to(port, host="127.0.0.1"):
    publisher = spate.Publisher("--advertise", "%s:%d" % (host, port))
    publisher.close_input()
    publisher.wait()
    return publisher.link


class Usage(unittest.TestCase):
    def silent_socket(self):
        """One that never answers."""
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        return silent

    def assert_one_line(self, tool, code, *words):
        self.assertEqual(tool.code, code, tool.err)
        self.assertEqual(tool.out, b"")
        self.assertEqual(tool.err.count("\n"), 1, tool.err)
        for word in words:
            self.assertIn(word, tool.err)

    def test_help_and_version(self):
        for name in TOOLS:
            for option in ("--help", "-h", "--version"):
                tool = spate.run(name, option)
                self.assertEqual((tool.code, tool.err), (0, ""), name)
                self.assertIn(b"spate-" + name.encode(), tool.out)

    def test_help_names_variables_that_there_are(self):
        for name in TOOLS + ("simulate",):
            help_text = spate.run(name, "--help").out.decode()
            variables = set(re.findall(r"\bSPATE_(\w+)", help_text))
            self.assertIn("CONFIG", variables)
            if name in ("publish", "simulate"):
                self.assertNotIn("LINK", variables, name)
            else:
                self.assertIn("LINK", variables, name)
            for variable in variables - {"LINK"}:
                self.assertRegex(help_text, r"--%s\b" % variable.lower().replace("_", "-"), name)

    def test_what_cannot_be_printed_is_told(self):
        publisher = spate.Publisher()
        for name, *arguments in ([name, option] for name in TOOLS for option in ("--help", "--version")):
            self.assert_disk_full(name, *arguments)
        self.assert_disk_full("publish", "--listen", "127.0.0.1:0")
        self.assert_disk_full("probe", "--count", 1, publisher.link)

    def assert_disk_full(self, *command):
        with open("/dev/full", "w") as full:
            tool = spate.Tool(*command, stdout=full)
            tool.code = tool.wait()
        self.assert_one_line(tool, 1, "No space left")

    def test_wrong_options(self):
        for name in TOOLS:
            self.assert_one_line(spate.run(name, "--no-such-option"), 2, "spate-" + name)
        self.assert_one_line(spate.run("publish", "--children", "many"), 2, "--children")
        self.assert_one_line(spate.run("publish", "--children", "-1"), 2, "--children")
        self.assert_one_line(spate.run("publish", "--stats", "5"), 2, "5")
        self.assert_one_line(spate.run("publish", "--listen", "nonsense"), 2, "nonsense")
        self.assert_one_line(spate.run("publish", "--advertise", "nonsense"), 2, "nonsense")
        self.assert_one_line(spate.run("watch", "--latency", "soon", link_to(9)), 2, "soon")
        self.assert_one_line(spate.run("watch", "--latency", "5", link_to(9)), 2, "--latency: '5' is neither auto nor",
                             "500ms")
        self.assert_one_line(spate.run("watch", env={"SPATE_LATENCY": "5", "SPATE_LINK": link_to(9)}), 2, "SPATE_LATENCY: '5'")
        self.assert_one_line(spate.run("publish", "--stats-file", "-"), 2, "--stats-file: '-'", "fd:1")
        self.assert_one_line(spate.run("publish", "--lis", ":1"), 2, "unknown option '--lis'")
        self.assert_one_line(spate.run("publish", "extra"), 2, "too many", "extra")
        self.assert_one_line(spate.run("watch", "--relay-only", "--children", "2", link_to(9)), 2, "leave out --children")
        self.assert_one_line(spate.run("watch", "--no-upload", "--children", "2", link_to(9)), 2, "leave out --children")
        self.assert_one_line(spate.run("watch", "-o"), 2, "--output", "missing", "FILE")
        link = link_to(9)
        for arguments in ((link, link), ("--lnk=" + link,)):
            tool = spate.run("watch", *arguments)
            self.assert_one_line(tool, 2)
            self.assertNotIn(link[10:30], tool.err)

    def test_upload_limits_that_leave_no_room_for_anything(self):
        for name, *arguments in (("publish",), ("relay", link_to(9)), ("watch", link_to(9))):
            for limit in ("5", "15999", "15.9k"):
                tool = spate.run(name, "--upload-limit", limit, *arguments)
                self.assert_one_line(tool, 2, "--upload-limit: ", "16k", "5M")
        self.assert_one_line(spate.run("publish", env={"SPATE_UPLOAD_LIMIT": "5"}), 2, "SPATE_UPLOAD_LIMIT: ")
        self.assertEqual(spate.run("publish", "--upload-limit", "16k").code, 0)

    def test_mistakes_are_told_with_their_place(self):
        self.assert_one_line(spate.run("publish", "--stats", "5"), 2, "--stats: '5' is not a duration")
        self.assert_one_line(spate.run("publish", env={"SPATE_STATS": "5"}), 2, "SPATE_STATS: '5' is not a duration")
        self.assert_one_line(spate.run("publish", "--config", "/no/such"), 2, "cannot read", "/no/such")
        for line, complaint in (("stats = 5", "stats: '5' is not a duration"), ("children = many", "children: 'many'"),
                                ("raw = maybe", "raw: 'maybe' is neither 1 nor 0"), ("help = 1", "unknown option 'help'"),
                                ("no_such = 1", "unknown option 'no_such'"), ("nonsense", "unknown option 'nonsense'"),
                                ("children", "children: a value is missing: N"), ("= 3", "a name is missing"),
                                ("key = \"my", "key: a quote is not closed"), ("key = 'a' b", "key: what follows"),
                                ("[network]", "'network' is a section")):
            tool = spate.run("publish", "--config", self.config("# Mine.\nchildren = 3\n\n%s\n\n# End.\n" % line))
            self.assert_one_line(tool, 2, "mine.conf:4: " + complaint)
        # Of several the last counts, and is what is wrong.
        twice = self.config("children = 1\nraw\nchildren = 2\nchildren = -1\n")
        self.assert_one_line(spate.run("publish", "--config", twice), 2, "mine.conf:4: children: '-1'")

    def config(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "mine.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_what_a_configuration_file_may_say(self):
        folder = os.path.dirname(self.config(""))
        stats = os.path.join(folder, "my, own # stats")
        config = self.config("  ; Mine.\r\nchildren=5\t# five\n\nstats-file = \"%s\"\nraw = no\nraw\n"
                             "advertise = one.example:1\nchildren = 6\nadvertise = two.example:2,three.example:3" % stats)
        publisher = spate.Publisher("--config", config, stats=False)
        publisher.write(b"any bytes")
        publisher.close_input()
        self.assertEqual(publisher.wait(), 0)
        self.assertTrue(publisher.link.endswith("@one.example:1,two.example:2,three.example:3"), publisher.link)
        with open(stats, encoding="utf-8") as file:
            final = json.loads(file.read().splitlines()[-1])
        self.assertEqual((final["slots"], final["bytes_in"]), (6, 9))

    def test_switches(self):
        def takes_any_bytes(*arguments, **options):
            publisher = spate.Publisher("-v", *arguments, **options)
            publisher.write(b"not MPEG-TS")
            publisher.close_input()
            code = publisher.wait()
            taken = "MPEG-TS" not in publisher.err
            self.assertEqual(code, 0 if taken else 1)
            return taken

        for words, on in (("1 yes on true", True), ("0 no off false", False)):
            for word in words.split():
                self.assertEqual(takes_any_bytes(env={"SPATE_RAW": word}), on, word)
                self.assertEqual(takes_any_bytes("--config", self.config("raw = %s\n" % word)), on, word)
        self.assertFalse(takes_any_bytes("--raw=0", env={"SPATE_RAW": "1"}))
        for word in ("2", "-1", "y", "maybe", "enable", "YES"):
            for publisher, place in ((spate.run("publish", env={"SPATE_RAW": word}), "SPATE_RAW"),
                                     (spate.run("publish", "--raw=" + word), "--raw"),
                                     (spate.run("publish", "--config", self.config("raw = " + word)), "mine.conf:1: raw")):
                self.assert_one_line(publisher, 2, "%s: '%s' is neither 1 nor 0" % (place, word))
        for verbose, tells in (("0", False), ("1", False), ("2", True)):
            publisher = spate.run("publish", "--listen", "127.0.0.1:0", env={"SPATE_VERBOSE": verbose})
            self.assertEqual("listening on" in publisher.err, tells, verbose)
        self.assert_one_line(spate.run("publish", env={"SPATE_VERBOSE": "3"}), 2, "SPATE_VERBOSE", "0, 1 or 2")

    def test_malformed_links(self):
        good = link_to(9)
        bad = ["", "spate", "spate:", "http://example.org/", good[:-1], good[:40], good[:30] + good[31:],
               good.replace("spate:", "spate:A"), good.split("@")[0], good + ":", "spate:" + "A" * 10_000]
        for link in bad:
            for name in ("watch", "probe", "relay"):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                tool = spate.run(name, link)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                self.assert_one_line(tool, 2)
                self.assertNotIn(good[10:30], tool.err)  # a link may be a secret
                self.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0.1)

    def test_links_from_elsewhere(self):
        silent = self.silent_socket()
        link = link_to(silent.getsockname()[1])
        short = ("--connect-timeout", "100ms")
        self.assert_one_line(spate.run("watch", *short, "-", data=b"\n# a link\n" + link.encode() + b"\n"), 4)
        self.assert_one_line(spate.run("watch", *short, "-", data=b"# no link\n"), 2, "link")
        self.assert_one_line(spate.run("watch", *short, env={"SPATE_LINK": link}), 4)
        self.assert_one_line(spate.run("probe", *short, env={"SPATE_LINK": link}), 4)
        self.assert_one_line(spate.run("watch", *short), 2, "link")
        for arguments in ((), ("nonsense",), (":7400",), ("host:99999",)):
            self.assert_one_line(spate.run("probe", *arguments), 2, "HOST:PORT", "link")

    def test_relay_reads_links_by_line(self):
        silent = self.silent_socket()
        link = link_to(silent.getsockname()[1])
        short = ("--connect-timeout", "100ms")
        relay = spate.run("relay", *short, data=b"# mine\n\n" + link.encode() + b"\n\n" + link.encode())
        self.assertIn("let us join", relay.err)
        self.assertEqual(relay.code, 4)
        self.assert_one_line(spate.run("relay", "-", *short, data=link.encode()), 4, "let us join")
        self.assert_one_line(spate.run("relay", data=b"\n# two\nspate:nonsense\n"), 2, "line 3")
        self.assert_one_line(spate.run("relay", data=b"# nothing\n"), 2, "no link")
        self.assert_one_line(spate.run("relay", data=b"x" * 100_000), 2, "line 1")

    def test_changed_links_are_refused_at_once(self):
        """The parser's own test changes thousands; these are to see that the tools ask it first."""
        rng = random.Random(14)
        good = link_to(9)

        def changed():
            at = rng.randrange(len(good))
            other = rng.choice([c for c in string.ascii_lowercase + string.digits + "-_@:,." if c != good[at]])
            return rng.choice([good[:at], good[:at] + good[at + 1:], good[:at] + other + good[at + 1:],
                               good[:at] + other + good[at:], good[:at] + good[at:] * 2])

        for i in range(60):
            link, name = changed(), ("watch", "relay", "probe")[i % 3]
            if link.lower() == good.lower() or name == "probe" and not link.startswith("spate:"):
                continue  # the same; or for the probe a host, perhaps
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.assert_one_line(spate.run(name, "--", link), 2)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            # Not the time by the clock, of which other processes have their share.
            self.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0.1)

    def test_a_relay_does_not_do_without_the_good_links_for_a_bad_one(self):
        link = spate.run("publish", "--advertise", "127.0.0.1:9").out
        ended = spate.run("relay", "--connect-timeout", "500ms", data=b"nonsense\n" + link)
        self.assertEqual(ended.code, 4)
        self.assertIn("line 1", ended.err)
        self.assertIn("let us join", ended.err)

    def test_a_relay_goes_on_to_the_next_link(self):
        silent = self.silent_socket()
        unknown, good = link_to(9, host="no-such-host.invalid"), link_to(silent.getsockname()[1])
        self.assert_one_line(spate.run("relay", good, good[:-9]), 2, "link 2: ")
        relay = spate.run("relay", "--connect-timeout", "200ms", unknown, good)
        self.assertEqual(relay.code, 4)
        self.assertIn("link 1: no address known", relay.err)
        self.assertIn("let us join", relay.err)

    def test_unreachable(self):
        silent = self.silent_socket()
        port = silent.getsockname()[1]
        for name in ("watch", "relay", "probe"):
            self.assert_one_line(spate.run(name, "--connect-timeout", "200ms", link_to(port)), 4, str(port), "firewall")
        self.assert_one_line(spate.run("probe", "--connect-timeout", "200ms", "127.0.0.1:%d" % port), 4, str(port))
        self.assertGreater(len(silent.recv(2000)), 0)  # they did try
        self.assert_one_line(spate.run("watch", link_to(9).rsplit("@")[0] + "@no-such-host.invalid:1"), 2)
        self.assert_one_line(spate.run("probe", "no-such-host.invalid:7400"), 4, "no-such-host.invalid")

    def test_port_in_use(self):
        taken = self.silent_socket()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        for name, arguments in (("publish", ()), ("relay", (link_to(9),)), ("watch", (link_to(9),))):
            self.assert_one_line(spate.run(name, "--listen", address, *arguments), 1, address, "choose another port, or 0")

    def test_terminals_are_refused(self):
        controller, terminal = pty.openpty()
        watcher = spate.Tool("watch", link_to(9), stdout=terminal)
        self.assertEqual(watcher.wait(), 2)
        self.assertIn("terminal", watcher.err)
        publisher = spate.Tool("publish", stdin=terminal)
        self.assertEqual(publisher.wait(), 2)
        self.assertIn("terminal", publisher.err)
        relay = spate.Tool("relay", stdin=terminal)
        self.assertEqual(relay.wait(), 2)
        os.close(controller)
        os.close(terminal)

    def slots(self, *arguments, env=None):
        publisher = spate.Publisher(*arguments, env=env)
        publisher.wait_until("statistics", lambda: publisher.stats)
        publisher.close_input()
        self.assertEqual(publisher.wait(), 0)
        return publisher.stats[-1]["slots"]

    def test_options_beat_environment_beats_configuration(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
            config.write("children = 2\n")
            config.flush()
            file = ("--config", config.name)
            env = {"SPATE_CHILDREN": "3"}
            self.assertEqual(self.slots(*file), 2)
            self.assertEqual(self.slots(*file, env=env), 3)
            self.assertEqual(self.slots(*file, "--children", "4", env=env), 4)
            self.assertEqual(self.slots(env={"SPATE_CONFIG": config.name}), 2)
            config.write("no_such_option = 2\n")
            config.flush()
            self.assert_one_line(spate.run("publish", *file), 2)
        self.assert_one_line(spate.run("publish", env={"SPATE_RAW": "maybe"}), 2, "SPATE_RAW")

    def test_closed_descriptors_are_not_taken_for_others(self):
        # Without a standard output the tool must not write the stream into whatever it opened first.
        command = [os.path.join(spate.BIN, "spate-watch"), "--version"]
        status = subprocess.run(command, close_fds=True, preexec_fn=lambda: os.close(1), timeout=spate.LIMIT,
                                stderr=subprocess.PIPE)
        self.assertEqual((status.returncode, status.stderr.count(b"\n")), (1, 1))


unittest.main()
