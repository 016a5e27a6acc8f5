"""Relays that a link names: the word that they print, and a newcomer that the publisher does not see."""
import base64
import os
import signal
import subprocess
import tempfile
import unittest

import spate


class Hosts(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.key = os.path.join(directory.name, "relay.key")

    def relay(self, *arguments, **options):
        return spate.Tool("relay", "--listen", "127.0.0.1:0", "--key", self.key, *arguments, stdin=subprocess.PIPE,
                          stats=True, **options)

    def test_newcomers_join_by_a_relay_of_the_link(self):
        relay = self.relay()
        publisher = spate.Publisher("--private", "--host", relay.wait_for_line())
        relay.write(publisher.link.encode() + b"\n")
        relay.close_input()
        relay.wait_for_stats(parents=1)
        publisher.wait_for_children(1)
        publisher.signal(signal.SIGSTOP)
        watcher = spate.watch(publisher.link)
        watcher.wait_for_stats(parents=1)
        publisher.signal(signal.SIGCONT)
        data = spate.ts_packets(1_000)
        publisher.write(data)
        publisher.close_input()
        for tool in (publisher, relay, watcher):
            self.assertEqual(tool.wait(), 0, tool.err)
        self.assertTrue(watcher.out == data)

    def test_the_key_of_a_relay_lasts(self):
        words = []
        for _ in range(2):
            relay = self.relay("--advertise", "a.example:7401,[2001:db8::1]:7402")
            relay.close_input()
            self.assertEqual(relay.wait(), 2)
            words.append(relay.out.decode().splitlines())
        self.assertEqual(words[0], words[1])
        self.assertEqual([word.split("@")[1] for word in words[0]], ["a.example:7401", "[2001:db8::1]:7402"])
        self.assertEqual(os.stat(self.key).st_mode & 0o7777, 0o600)
        publisher = spate.run("publish", "--advertise", "p.example:7400", "--host", ",".join(words[0]))
        self.assertTrue(publisher.out.endswith(b"@p.example:7400,a.example:7401,[2001:db8::1]:7402\n"), publisher.out)

    def test_a_link_after_the_options_is_a_link(self):
        publisher = spate.Publisher()
        relay = self.relay("--advertise", "127.0.0.1:7400", publisher.link)
        publisher.wait_for_children(1)
        publisher.close_input()
        self.assertEqual(relay.wait(), 0, relay.err)
        self.assertEqual(publisher.wait(), 0, publisher.err)

    def test_a_publishers_key_is_no_relays(self):
        publisher = spate.run("publish", "--advertise", "127.0.0.1:1", "--key", self.key)
        relay = self.relay(publisher.out.decode().strip())
        relay.close_input()
        self.assertEqual(relay.wait(), 2)
        self.assertIn("a relay needs one of its own", relay.err)

    def test_a_relay_does_not_call_itself(self):
        relay = self.relay()
        key, address = relay.wait_for_line().split("@")
        link = spate.Link(spate.run("publish", "--advertise", address).out.decode())
        link.hosts = address
        link.body[35:67] = base64.urlsafe_b64decode(key + "=")
        relay.write(link.text().encode() + b"\n")
        relay.close_input()
        self.assertEqual(relay.wait(), 2)
        self.assertIn("nobody but this relay", relay.err)

    def test_mistakes(self):
        key = "A" * 43
        for word in ("127.0.0.1:7401", key + "@127.0.0.1", key + "@:7401", key[1:] + "@a.example:7401", "@a.example:1", ""):
            publisher = spate.run("publish", "--host=" + word)
            self.assertEqual((publisher.code, publisher.out, publisher.err.count("\n")), (2, b"", 1), publisher.err)
            self.assertIn("--host", publisher.err)

    def test_more_than_a_link_holds(self):
        hosts = ["--advertise=a.example:%d" % port for port in range(1, 17)]
        self.assertEqual(spate.run("publish", *hosts).code, 0)
        long = ["--advertise=%s:%d" % ("a" * 253, port) for port in range(1, 17)]
        for many in (hosts + ["--host=%s@a.example:17" % ("A" * 43)], hosts + ["--advertise=a.example:17"], long):
            publisher = spate.run("publish", *many)
            self.assertEqual((publisher.code, publisher.out, publisher.err.count("\n")), (2, b"", 1), publisher.err)
            self.assertIn("--advertise and --host", publisher.err)


unittest.main()
