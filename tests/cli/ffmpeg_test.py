"""A real encoder at one end and a real demultiplexer at the other."""
import shutil
import subprocess
import unittest

import spate

ENCODE = """ffmpeg -nostdin -v error -re -f lavfi -i testsrc2=size=320x180:rate=25 -f lavfi -i sine
 -t 3 -c:v mpeg2video -b:v 500k -g 10 -c:a mp2 -f mpegts -flush_packets 1 -""".split()
PROBE = "ffprobe -v error -show_entries stream=codec_type -of csv=p=0 -".split()


@unittest.skipUnless(shutil.which("ffmpeg") and shutil.which("ffprobe"), "no ffmpeg here")
class Ffmpeg(unittest.TestCase):
    def test_live_television(self):
        with subprocess.Popen(ENCODE, stdout=subprocess.PIPE) as encoder:
            publisher = spate.Publisher(stdin=encoder.stdout)
            encoder.stdout.close()
            watcher = spate.watch(publisher.link)
            self.assertEqual(publisher.wait(), 0, publisher.err)
            self.assertEqual(watcher.wait(), 0, watcher.err)
        self.assertEqual(watcher.stats[-1]["lost_packets"], 0)
        self.assertTrue(spate.whole_packets(watcher.out))
        kinds = subprocess.run(PROBE, input=watcher.out, capture_output=True, timeout=spate.LIMIT, check=True).stdout
        self.assertEqual({kind.strip(b",") for kind in kinds.split()}, {b"video", b"audio"})


unittest.main()
