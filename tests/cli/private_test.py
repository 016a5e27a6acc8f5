"""Private streams: two links, and what each of them opens."""
import unittest

import spate


class Private(unittest.TestCase):
    def setUp(self):
        self.publisher = spate.Publisher("--private")
        self.publisher.wait_until("two lines", lambda: self.publisher.out.count(b"\n") == 2)
        label, self.relay_link = self.publisher.out.decode().splitlines()[1].split()
        self.assertEqual(label, "relay:")

    def test_the_watch_link_opens_it_even_through_a_relay(self):
        relay = spate.Tool("relay", "--listen", "127.0.0.1:0", self.relay_link, stats=True)
        relay.wait_for_stats(parents=1)
        watcher = spate.watch(self.publisher.link)
        watcher.wait_for_stats(parents=1)
        data = spate.ts_packets(2_000)
        self.publisher.write(data)
        self.publisher.close_input()
        for tool in (self.publisher, relay, watcher):
            self.assertEqual(tool.wait(), 0, tool.err)
        self.assertTrue(watcher.out == data)

    def test_both_printed_lines_may_be_passed_on_as_they_are(self):
        watcher = spate.watch(self.publisher.out.decode())
        watcher.wait_for_stats(parents=1)
        watcher.signal(15)
        self.assertEqual(watcher.wait(), 0, watcher.err)

    def test_the_relay_link_does_not_open_it(self):
        watcher = spate.run("watch", self.relay_link)
        self.assertEqual((watcher.code, watcher.out), (5, b""))
        self.assertEqual(watcher.err.count("\n"), 1)

    def test_a_wrong_content_secret_is_refused(self):
        wrong = spate.Link(self.publisher.link)
        wrong.body[-1] ^= 1
        watcher = spate.watch(wrong.text(), stats=False)
        self.publisher.wait_until("a child, or the refusal",
                                  lambda: watcher.process.poll() is not None or
                                  any(line["children"] for line in self.publisher.stats))
        if watcher.process.poll() is None:
            self.publisher.write(spate.ts_packets(100))
        self.assertEqual(watcher.wait(), 5, watcher.err)
        self.assertEqual(watcher.out, b"")
        self.assertEqual(watcher.err.count("\n"), 1)

    def test_a_wrong_swarm_secret_gets_no_answer_nor_does_another_key(self):
        for what, at in (("swarm secret", -64), ("stream", 3), ("host", 35)):
            with self.subTest(what):
                wrong = spate.Link(self.publisher.link)
                wrong.body[at] ^= 1
                watcher = spate.run("watch", "--connect-timeout", "300ms", wrong.text())
                self.assertEqual((watcher.code, watcher.out), (4, b""))
                self.assertEqual(watcher.err.count("\n"), 1, watcher.err)


unittest.main()
