"""Secrets: how they come in unseen, and that they do not come out."""
import os
import re
import resource
import subprocess
import tempfile
import unittest

import spate

SECRET_CHARS = 24  # of base64: more than chance repeats


def command_line(tool):
    with open("/proc/%d/cmdline" % tool.process.pid, "rb") as file:
        return file.read().decode()


class Secrets(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.key = os.path.join(directory.name, "my.key")
        self.publisher = spate.Publisher("-vv", "--private", "--key", self.key)
        self.publisher.wait_until("two lines", lambda: self.publisher.out.count(b"\n") == 2)
        self.relay_link = self.publisher.out.decode().splitlines()[1].split()[1]

    def pieces(self):
        """Everything secret, in the forms in which it could be written: links, key file, and their bytes in hex."""
        with open(self.key, encoding="ascii") as file:
            key = file.read().strip().split(":")[1]
        texts = [key, self.publisher.link.split("@")[0].split(":")[1], self.relay_link.split("@")[0].split(":")[1]]
        stream = 48  # the public key's characters at the beginning of a link are no secret
        for text in (texts[0], texts[1][stream:], texts[2][stream:]):
            yield from (text[i:i + SECRET_CHARS] for i in range(len(text) - SECRET_CHARS))
        for secret in (spate.Link(self.publisher.link).body[-32:], spate.Link(self.publisher.link).body[-64:-32]):
            yield bytes(secret).hex()

    def test_what_is_looked_for_would_be_found(self):
        for link in (self.publisher.link, self.relay_link):
            self.assertTrue(any(piece in link for piece in self.pieces()))

    def assert_no_secret(self, text):
        self.assertEqual([piece for piece in self.pieces() if piece in text], [])

    def tools(self):
        """A watcher and a relay that are told their link on standard input, and the same from the environment."""
        for name, link in (("watch", self.publisher.link), ("relay", self.relay_link)):
            tool = spate.Tool(name, "-vv", "--listen", "127.0.0.1:0", "-", stdin=subprocess.PIPE, stats=True)
            tool.write(link.encode() + b"\n")
            yield tool
            yield spate.Tool(name, "-vv", "--listen", "127.0.0.1:0", env={"SPATE_LINK": link}, stats=True)

    def test_secrets_are_in_no_log_no_statistics_and_no_list_of_processes(self):
        tools = list(self.tools())
        for tool in tools:
            tool.wait_for_stats(parents=1)
            self.assert_no_secret(command_line(tool))
        self.assert_no_secret(command_line(self.publisher))
        self.publisher.write(spate.ts_packets(500))
        self.publisher.close_input()
        for tool in (*tools, self.publisher):
            if tool.process.stdin and not tool.process.stdin.closed:
                tool.close_input()
            self.assertEqual(tool.wait(), 0, tool.err)
            self.assertIn("\n", tool.err)
            self.assert_no_secret(tool.err)
            self.assert_no_secret(str(tool.stats))

    def test_a_probe_takes_its_link_unseen_and_says_nothing_of_it(self):
        for probe in (spate.run("probe", "-vv", "--count", 2, "-", data=self.publisher.link.encode()),
                      spate.run("probe", "-vv", "--count", 2, env={"SPATE_LINK": self.publisher.link})):
            self.assertEqual(probe.code, 0, probe.err)
            self.assert_no_secret(probe.err + probe.out.decode())

    def test_mistakes_do_not_repeat_a_link(self):
        broken = self.publisher.link.replace("@", "x@")
        for name in ("watch", "relay", "probe"):
            for tool in (spate.run(name, broken), spate.run(name, env={"SPATE_LINK": broken}),
                         spate.run(name, "-", data=broken.encode()), spate.run(name, "--link=" + broken)):
                self.assertEqual(tool.code, 2, tool.err)
                self.assert_no_secret(tool.err)

    def test_no_core_and_no_look_into_memory(self):
        watcher = spate.watch(self.publisher.link)
        watcher.wait_for_stats(parents=1)
        for tool in (watcher, self.publisher):
            self.assertEqual(resource.prlimit(tool.process.pid, resource.RLIMIT_CORE), (0, 0))
            # A process that may be dumped belongs to whoever started it, files in /proc included.
            if os.geteuid() != 0:
                self.assertRaises(PermissionError, open, "/proc/%d/mem" % tool.process.pid, "rb")

    def test_keys_are_kept_out_of_swap_where_the_limit_allows(self):
        def locked_kb(tool):
            with open("/proc/%d/status" % tool.process.pid, encoding="ascii") as status:
                return int(re.search(r"VmLck:\s+(\d+)", status.read()).group(1))

        watcher = spate.watch(self.publisher.link)
        watcher.wait_for_stats(parents=1)
        limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
        if limit not in (resource.RLIM_INFINITY, -1) and limit < 4 << 20:
            self.skipTest("RLIMIT_MEMLOCK is %d bytes here" % limit)
        for tool in (watcher, self.publisher):
            self.assertGreater(locked_kb(tool), 0)


unittest.main()
