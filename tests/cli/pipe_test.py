"""Readers that leave, and readers that are slow."""
import os
import subprocess
import time
import unittest

import spate


class Pipes(unittest.TestCase):
    def setUp(self):
        self.publisher = spate.Publisher()

    def test_a_reader_that_has_enough_ends_it_quietly(self):
        watcher = spate.watch(self.publisher.link, collect=False)
        self.publisher.wait_for_children(1)
        self.publisher.write(spate.ts_packets(2_000))
        self.assertEqual(len(watcher.process.stdout.read(10_000)), 10_000)
        watcher.process.stdout.close()
        self.assertEqual(watcher.wait(), 0)
        self.assertEqual(watcher.err, "")
        self.publisher.wait_for_children(0)  # it said goodbye

    def test_a_reader_that_leaves_is_noticed_without_data(self):
        watcher = spate.watch(self.publisher.link, collect=False)
        self.publisher.wait_for_children(1)
        closed = time.monotonic()
        watcher.process.stdout.close()
        self.assertEqual(watcher.process.wait(spate.LIMIT), 0)
        self.assertLess(time.monotonic() - closed, 1.0)

    def test_a_slow_reader_harms_nobody_else(self):
        publisher = spate.Publisher("--children", 1)
        slow = spate.watch(publisher.link, collect=False)
        slow.wait_for_stats(parents=1)
        fast = spate.watch(publisher.link)
        slow.wait_for_stats(children=1)
        # 38 MB, more than all queues on the way hold; live, at the pace of the watcher behind the slow one.
        data = spate.ts_packets(200_000)
        for at in range(0, len(data), 1_000 * spate.TS_PACKET):
            publisher.write(data[at:at + 1_000 * spate.TS_PACKET])
            fast.wait_until("all of the burst", lambda: len(fast.out) >= min(at + 1_000 * spate.TS_PACKET, len(data)))
        publisher.close_input()
        self.assertEqual(fast.wait(), 0, fast.err)
        self.assertTrue(fast.out == data)
        self.assertLess(slow.resident_bytes(), 64e6)
        # Now it reads: whole packets, in order, and some are missing, but not the newest.
        slow_out = slow.process.stdout.read()
        self.assertEqual(slow.wait(), 0, slow.err)
        last = slow.stats[-1]
        self.assertEqual(last["lost_packets"], 0)  # the network brought everything
        self.assertGreater(last["output_dropped_packets"], 0)
        self.assertEqual(last["bytes_out"], len(slow_out))
        self.assertEqual(slow.err.count("too slow"), 1, slow.err)
        self.assertTrue(spate.whole_packets(slow_out))
        self.assertTrue(slow_out.endswith(data[-1_000 * spate.TS_PACKET:]))
        packets = [data[at:at + spate.TS_PACKET] for at in range(0, len(data), spate.TS_PACKET)]
        number_of = {packet: number for number, packet in enumerate(packets)}
        numbers = [number_of[slow_out[at:at + spate.TS_PACKET]] for at in range(0, len(slow_out), spate.TS_PACKET)]
        self.assertTrue(all(a < b for a, b in zip(numbers, numbers[1:])))
        self.assertLess(len(numbers), len(packets))

    def test_a_link_that_nobody_reads_ends_it(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        publisher = spate.Tool("publish", "--listen", "127.0.0.1:0", stdin=subprocess.PIPE, stdout=write_end)
        os.close(write_end)
        self.assertEqual(publisher.wait(), 1)  # its input has not ended
        self.assertIn("nobody reads the link", publisher.err)
        self.assertEqual(publisher.err.count("\n"), 1)

    def test_a_reader_of_the_link_may_leave(self):
        publisher = spate.Tool("publish", "--listen", "127.0.0.1:0", stdin=subprocess.PIPE, collect=False, stats=True)
        link = publisher.process.stdout.readline().decode().strip()
        publisher.process.stdout.close()
        watcher = spate.watch(link)
        publisher.wait_for_stats(children=1)
        publisher.close_input()
        self.assertEqual((publisher.wait(), watcher.wait()), (0, 0))

    def test_a_full_disk_is_told(self):
        watcher = spate.watch(self.publisher.link, "--output", "/dev/full", stats=False)
        self.publisher.wait_for_children(1)
        self.publisher.write(spate.ts_packets(100))
        self.assertEqual(watcher.wait(), 1)
        self.assertIn("No space left", watcher.err)
        self.assertRegex(watcher.err, r"\A.*No space left.*\n.* in, .* lost.*\n\Z")  # and the summary

    def test_flags_of_shared_descriptors_stay(self):
        read_end, write_end = os.pipe()
        watcher = spate.watch(self.publisher.link, stdout=write_end)
        self.publisher.wait_for_children(1)
        self.publisher.write(spate.ts_packets(100))
        self.assertGreater(len(os.read(read_end, 1000)), 0)
        self.assertTrue(os.get_blocking(write_end))
        self.assertTrue(os.get_blocking(self.publisher.process.stdin.fileno()))
        watcher.kill()
        os.close(read_end)
        os.close(write_end)

    def test_a_reader_of_a_megabyte_ends_it_soon(self):
        watcher = spate.watch(self.publisher.link, collect=False)
        self.publisher.wait_for_children(1)
        with subprocess.Popen(["head", "-c", "1M"], stdin=watcher.process.stdout, stdout=subprocess.PIPE) as head:
            watcher.process.stdout.close()
            self.publisher.write(spate.ts_packets(10_000))
            self.assertEqual(len(head.stdout.read()), 1 << 20)
        left = time.monotonic()
        self.assertEqual(watcher.wait(), 0)
        self.assertLess(time.monotonic() - left, 1.0)
        self.assertEqual(watcher.err, "")

    def test_a_shell_pipeline(self):
        watcher = os.path.join(spate.BIN, "spate-watch")
        shell = subprocess.Popen(["sh", "-c", '"$0" "$1" | head -c 1000 | wc -c', watcher, self.publisher.link],
                                 stdout=subprocess.PIPE)
        self.publisher.wait_for_children(1)
        self.publisher.write(spate.ts_packets(1_000))
        self.assertEqual(shell.communicate(timeout=spate.LIMIT)[0].strip(), b"1000")


unittest.main()
