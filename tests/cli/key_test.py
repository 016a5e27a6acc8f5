"""Key files: made with the right mode, kept, refused when they are not safe or not whole."""
import os
import tempfile
import unittest

import spate


class KeyFile(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "my.key")

    def publish(self, *arguments):
        return spate.run("publish", "--listen", "127.0.0.1:0", "--advertise", "a.example:7400", "--key", self.path,
                         *arguments)

    def test_made_once_and_kept(self):
        os.umask(0)
        first = self.publish()
        self.assertEqual(first.code, 0, first.err)
        self.assertEqual(os.stat(self.path).st_mode & 0o7777, 0o600)
        second = self.publish()
        self.assertEqual(first.out, second.out)
        private = self.publish("--private")
        self.assertEqual(private.out, self.publish("--private").out)

    def test_fresh_key_without_a_file(self):
        once = spate.run("publish", "--advertise", "a.example:7400")
        again = spate.run("publish", "--advertise", "a.example:7400")
        self.assertNotEqual(once.out, again.out)

    def test_readable_by_others_is_refused(self):
        self.publish()
        for mode in (0o640, 0o644, 0o604):
            os.chmod(self.path, mode)
            refused = self.publish()
            self.assertEqual((refused.code, refused.out), (5, b""))
            self.assertIn("chmod 600 " + self.path, refused.err)
            self.assertEqual(refused.err.count("\n"), 1)

    def test_damaged_is_refused_and_left_alone(self):
        self.publish()
        with open(self.path, "rb") as file:
            key = file.read()
        for damaged in (key[:-10], b"", b"-----BEGIN PRIVATE KEY-----\n", key[:20] + b"A" + key[20:]):
            with open(self.path, "wb") as file:
                file.write(damaged)
            refused = self.publish()
            self.assertEqual((refused.code, refused.out), (5, b""))
            self.assertNotIn(key[15:30].decode(), refused.err)
            with open(self.path, "rb") as file:
                self.assertEqual(file.read(), damaged)

    def test_no_place_for_it(self):
        self.path = "/no/such/directory/my.key"
        failed = self.publish()
        self.assertEqual((failed.code, failed.out), (1, b""))
        self.assertIn(self.path, failed.err)


unittest.main()
