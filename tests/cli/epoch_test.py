"""Runs and their epochs: a later run is always the greater, and an old one is not played twice."""
import fcntl
import os
import re
import stat
import tempfile
import unittest

import spate

FAR = 99_999_999  # milliseconds, more than a day


class Epoch(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.key = os.path.join(self.directory, "my.key")
        self.state = os.path.join(self.directory, "some", "state")

    def publisher(self):
        return spate.Publisher("--key", self.key)

    def kept(self, path):
        with open(path, encoding="ascii") as file:
            head, *lines = file.read().splitlines()
        self.assertEqual(head, "spate-epochs-1")
        return [(name, int(epoch)) for name, epoch in (line.split() for line in lines)]

    def keep(self, path, name, epoch):
        with open(path, "w", encoding="ascii") as file:
            file.write("spate-epochs-1\n%s %d\n" % (name, epoch))

    def watch_to_the_end(self, publisher, *arguments, data=spate.ts_packets(200), **options):
        watcher = spate.watch(publisher.link, *arguments, **options)
        watcher.wait_for_stats(parents=1)
        publisher.write(data)
        publisher.close_input()
        self.assertEqual((publisher.wait(), watcher.wait()), (0, 0), watcher.err)
        self.assertTrue(watcher.out == data)
        return watcher

    def test_a_publisher_whose_clock_goes_back_has_greater_epochs_all_the_same(self):
        self.publisher().kill()
        [(name, first)] = self.kept(self.key + ".epoch")
        self.assertEqual(stat.S_IMODE(os.stat(self.key + ".epoch").st_mode), 0o600)
        self.keep(self.key + ".epoch", name, first + FAR)  # as if the clock had been ahead then
        viewer_state = ("--state", self.state)
        self.watch_to_the_end(self.publisher(), *viewer_state)
        self.assertEqual(self.kept(self.key + ".epoch"), [(name, first + FAR + 1)])
        self.watch_to_the_end(self.publisher(), *viewer_state)
        self.assertEqual(self.kept(self.key + ".epoch"), [(name, first + FAR + 2)])
        self.assertEqual(sorted(os.listdir(self.directory)), ["my.key", "my.key.epoch", "some"])

    def lock(self, directory):
        """As another process has it that never goes on."""
        descriptor = os.open(directory, os.O_RDONLY)
        self.addCleanup(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def test_a_publisher_does_not_wait_for_ever_for_whoever_has_locked_its_epoch(self):
        self.lock(self.directory)
        publisher = spate.run("publish", "--listen", "127.0.0.1:0", "--key", self.key, data=spate.ts_packets(5))
        self.assertEqual(publisher.code, 1, publisher.err)
        self.assertEqual(publisher.err.count("\n"), 1, publisher.err)
        self.assertIn("another process has locked " + self.directory, publisher.err)
        self.assertEqual(publisher.out, b"")

    def test_a_watcher_goes_on_where_its_state_is_locked(self):
        os.makedirs(self.state)
        self.lock(self.state)
        watcher = self.watch_to_the_end(self.publisher(), "--state", self.state)
        self.assertEqual(watcher.err.count("another process has locked " + self.state), 1, watcher.err)
        self.assertEqual(os.listdir(self.state), [])

    def test_a_publisher_that_cannot_keep_its_epoch_says_so_in_one_line(self):
        os.mkdir(self.key + ".epoch")
        publisher = spate.run("publish", "--listen", "127.0.0.1:0", "--key", self.key, data=spate.ts_packets(5))
        self.assertEqual(publisher.code, 0, publisher.err)
        self.assertEqual(publisher.err.count(self.key + ".epoch"), 1)
        self.assertEqual(publisher.err.count("\n"), 2, publisher.err)  # and the summary

    def test_a_publisher_whose_clock_is_behind_does_not_use_an_epoch_that_it_cannot_keep(self):
        self.publisher().kill()
        [(name, first)] = self.kept(self.key + ".epoch")
        self.keep(self.key + ".epoch", name, first + FAR)
        os.mkdir(self.key + ".epoch.new")  # where the new one would be written
        publisher = spate.run("publish", "--listen", "127.0.0.1:0", "--key", self.key, data=spate.ts_packets(5))
        self.assertEqual(publisher.code, 1, publisher.err)
        self.assertEqual(publisher.err.count("\n"), 1, publisher.err)
        self.assertIn("clock", publisher.err)

    def test_without_a_key_file_nothing_is_kept(self):
        publisher = spate.run("publish", "--listen", "127.0.0.1:0", data=spate.ts_packets(5))
        self.assertEqual((publisher.code, publisher.err.count("\n")), (0, 1), publisher.err)

    def test_viewers_remember_the_newest_run(self):
        publisher = self.publisher()
        [(name, epoch)] = self.kept(self.key + ".epoch")
        relay_state = os.path.join(self.directory, "relay")
        relay = spate.Tool("relay", "--listen", "127.0.0.1:0", "--state", relay_state, publisher.link, stats=True)
        relay.wait_for_stats(parents=1)
        self.watch_to_the_end(publisher, env={"SPATE_STATE": self.state})
        self.assertEqual(relay.wait(), 0, relay.err)
        for state in (self.state, relay_state):
            self.assertEqual(self.kept(state + "/epochs"), [(name, epoch)])
            self.assertEqual(stat.S_IMODE(os.stat(state).st_mode), 0o700)
            self.assertEqual(stat.S_IMODE(os.stat(state + "/epochs").st_mode), 0o600)

    def test_an_old_run_is_refused(self):
        publisher = self.publisher()
        [(name, epoch)] = self.kept(self.key + ".epoch")
        os.makedirs(self.state)
        self.keep(self.state + "/epochs", name, epoch + 1)
        for tool in ("watch", "relay"):
            viewer = spate.Tool(tool, "--listen", "127.0.0.1:0", "--connect-timeout", "1s", "--state", self.state,
                                publisher.link)
            self.assertEqual(viewer.wait(), 5, viewer.err)
            self.assertEqual((viewer.out, viewer.err.count("\n")), (b"", 1), viewer.err)
            self.assertIn("old run", viewer.err)
        self.assertEqual(self.kept(self.state + "/epochs"), [(name, epoch + 1)])
        self.watch_to_the_end(publisher, "--state", "none")

    def test_an_old_run_is_refused_also_when_it_has_ended(self):
        first = self.publisher()
        [(name, epoch)] = self.kept(self.key + ".epoch")
        os.makedirs(self.state)
        self.keep(self.state + "/epochs", name, epoch + 1)
        viewers = [spate.watch(first.link, "--connect-timeout", "1500ms", "--state", state)
                   for state in (self.state, "none")]
        viewers[1].wait_for_stats(parents=1)
        first.wait_until("both", lambda: any(line["sessions"] >= 2 for line in first.stats[-3:]))
        first.close_input()
        self.assertEqual([viewer.wait() for viewer in viewers], [5, 0], viewers[0].err)

    def test_a_run_of_a_clock_far_ahead_does_not_shut_viewers_out_later(self):
        self.publisher().kill()
        [(name, epoch)] = self.kept(self.key + ".epoch")
        self.keep(self.key + ".epoch", name, epoch + FAR)
        self.watch_to_the_end(self.publisher(), "--state", self.state)
        os.remove(self.key + ".epoch")  # the clock is right again, and nothing known of the earlier run
        self.watch_to_the_end(self.publisher(), "--state", self.state)

    def test_a_viewer_that_cannot_remember_says_so_in_one_line_and_goes_on(self):
        file = os.path.join(self.directory, "file")
        with open(file, "w", encoding="ascii"):
            pass
        os.makedirs(self.state)
        with open(self.state + "/epochs", "w", encoding="ascii") as damaged:
            damaged.write("a diary\n")
        for state in (file, file + "/state", self.state):
            watcher = self.watch_to_the_end(self.publisher(), "--state", state)
            self.assertEqual(watcher.err.count("\n"), 2, watcher.err)  # and the summary
            self.assertEqual(watcher.err.count("--state"), 1)

    def test_where_state_is_by_default(self):
        home, xdg = (os.path.join(self.directory, name) for name in ("home", "xdg"))
        for env, place in (({"HOME": home, "XDG_STATE_HOME": ""}, home + "/.local/state/spate"),
                           ({"HOME": home, "XDG_STATE_HOME": "relative"}, home + "/.local/state/spate"),
                           ({"HOME": home, "XDG_STATE_HOME": xdg}, xdg + "/spate")):
            watcher = self.watch_to_the_end(self.publisher(), env={"SPATE_STATE": "", **env})
            self.assertTrue(re.search(r"lost", watcher.err))
            self.assertEqual(len(self.kept(place + "/epochs")), 1)
            os.remove(place + "/epochs")
        watcher = self.watch_to_the_end(self.publisher(), env={"SPATE_STATE": "", "HOME": "", "XDG_STATE_HOME": ""})
        self.assertEqual(watcher.err.count("--state"), 1)


unittest.main()
