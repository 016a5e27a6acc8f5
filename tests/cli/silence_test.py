"""A publisher that is heard no more: told once, and again when it goes on."""
import signal
import unittest

import spate


class Silence(unittest.TestCase):
    def test_a_silent_publisher_is_told_and_so_is_that_it_goes_on(self):
        publisher = spate.Publisher()
        viewers = [spate.watch(publisher.link, "--idle-timeout", 0),
                   spate.Tool("relay", "--listen", "127.0.0.1:0", publisher.link, stats=True)]
        for viewer in viewers:
            viewer.wait_for_stats(parents=1)
            viewer.wait_until("a word", lambda viewer=viewer: viewer.stats[-1]["silence_ms"] is not None)
        publisher.signal(signal.SIGSTOP)
        for viewer in viewers:
            viewer.wait_until("a warning", lambda viewer=viewer: "nothing new from the publisher for 3 s" in viewer.err)
            viewer.wait_until("its figure", lambda viewer=viewer: viewer.stats[-1]["silence_ms"] >= 3_000)
            self.assertEqual(viewer.err.count("\n"), 1, viewer.err)
        publisher.signal(signal.SIGCONT)
        for viewer in viewers:
            viewer.wait_until("the good news", lambda viewer=viewer: "heard again" in viewer.err)
            viewer.wait_until("its figure", lambda viewer=viewer: viewer.stats[-1]["silence_ms"] < 3_000)
            self.assertEqual(viewer.err.count("\n"), 2, viewer.err)
        publisher.close_input()
        for tool in (publisher, *viewers):
            self.assertEqual(tool.wait(), 0, tool.err)
        self.assertEqual({line["silence_ms"] for line in publisher.stats}, {None})


    def test_a_stream_that_stalls_is_summed_up_all_the_same(self):
        publisher = spate.Publisher()
        watcher = spate.watch(publisher.link, "--idle-timeout", "500ms", "--retry-for", "500ms")
        watcher.wait_for_stats(parents=1)
        data = spate.ts_packets(100)
        publisher.write(data)
        watcher.wait_for_stats(bytes_out=len(data))
        publisher.kill()
        self.assertEqual(watcher.wait(), 6, watcher.err)
        self.assertRegex(watcher.err, r"the stream stopped.*\n.* in, .* lost.*\n\Z")


unittest.main()
