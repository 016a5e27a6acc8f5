"""Runs the tools for the tests: starts them, waits for what they say, ends them by their pid.

Every wait is for an event (a line, a figure, an exit) and has a limit that only a failure reaches.
"""
import atexit
import base64
import hashlib
import json
import os
import random
import signal
import subprocess
import threading
import time

BIN = os.environ.get("SPATE_BIN") or os.path.join(os.path.dirname(__file__), "../../build/bin")
LIMIT = 30.0  # seconds; generous, for sanitizers on busy machines
TS_PACKET = 188

_running = []


@atexit.register
def _end_all():
    for tool in _running:
        tool.kill()


class Tool:
    """One running tool. Its output is collected as it comes: out (bytearray), err (text), stats (dicts).

    `within` is a command that takes the tool's command as its last arguments and becomes it, as nice(1) does.
    """

    def __init__(self, name, *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                 env=None, stats=False, collect=True, within=()):
        self._changed = threading.Condition()
        self.out, self.err, self.stats = bytearray(), "", []
        command = [*within, os.path.join(BIN, "spate-" + name), *map(str, arguments)]
        stats_fd = None
        if stats:
            stats_read, stats_fd = os.pipe()
            command += ["--stats", "20ms", "--stats-file", "fd:%d" % stats_fd]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SPATE_")}
        environment["SPATE_STATE"] = "none"  # what a test leaves there would meet the next one, and the user
        environment.update(env or {})
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, env=environment,
                                        pass_fds=[stats_fd] if stats else [])
        _running.append(self)
        self._readers = []
        self._streams = 0  # that may say more
        if stats:
            os.close(stats_fd)
            self._collect(os.fdopen(stats_read, "rb", 0), self._on_stats)
        if self.process.stderr:
            self._collect(self.process.stderr, self._on_err)
        if collect and self.process.stdout:
            self._collect(self.process.stdout, self._on_out)

    def _collect(self, stream, handler):
        def run():
            while True:
                data = os.read(stream.fileno(), 1 << 16)
                if not data:
                    break
                with self._changed:
                    handler(data)
                    self._changed.notify_all()
            stream.close()
            with self._changed:
                self._streams -= 1
                self._changed.notify_all()

        with self._changed:
            self._streams += 1
        reader = threading.Thread(target=run, daemon=True)
        reader.start()
        self._readers.append(reader)

    def _on_out(self, data):
        self.out += data  # in place: a slow reader would change what is tested

    def _on_err(self, data):
        self.err += data.decode(errors="replace")

    _partial = b""

    def _on_stats(self, data):
        *lines, self._partial = (self._partial + data).split(b"\n")
        self.stats += [json.loads(line) for line in lines]

    def over(self):
        """All that it had to say has come; to be asked in a wait_until() condition."""
        return self._streams == 0

    def wait_until(self, what, condition, limit=LIMIT):
        """Until condition() holds; it is asked again whenever this tool has said something."""
        deadline = time.monotonic() + limit
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(min(left, 0.5)) and self.process.poll() is not None:
                    if condition():
                        return
                    raise AssertionError("%s: not so: %s; exit %s, stderr: %s; last stats: %s" % (
                        self.process.args[0], what, self.process.poll(), self.err[-2000:], self.stats[-1:]))

    def wait_for_stats(self, limit=LIMIT, **figures):
        """Until a statistics line has these figures, e.g. children=1."""
        self.wait_until("stats %s" % figures,
                        lambda: any(all(line[k] == v for k, v in figures.items()) for line in self.stats[-3:]), limit)

    def wait_for_line(self):
        """The first line of standard output."""
        self.wait_until("a line on stdout", lambda: b"\n" in self.out)
        return bytes(self.out).split(b"\n")[0].decode()

    def wait(self, limit=LIMIT):
        """The exit code, when all output has been collected, too."""
        code = self.process.wait(limit)
        for reader in self._readers:
            reader.join(limit)
        return code

    def signal(self, *numbers):
        for number in numbers:
            self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def close_input(self):
        self.process.stdin.close()

    def resident_bytes(self):
        with open("/proc/%d/statm" % self.process.pid, encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Publisher(Tool):
    """A publisher on loopback that waits for input; .link (and .relay_link with --private)."""

    def __init__(self, *arguments, **options):
        options.setdefault("stdin", subprocess.PIPE)
        options.setdefault("stats", True)
        super().__init__("publish", "--listen", "127.0.0.1:0", *arguments, **options)
        self.link = self.wait_for_line()

    def port(self):
        return int(self.link.rsplit(":", 1)[1])

    def wait_for_children(self, n):
        self.wait_for_stats(children=n)


def watch(link, *arguments, **options):
    options.setdefault("stats", True)
    return Tool("watch", "--listen", "127.0.0.1:0", *arguments, link, **options)


def run(name, *arguments, data=b"", env=None, limit=LIMIT):
    """Runs a tool to its end with `data` on standard input."""
    tool = Tool(name, *arguments, stdin=subprocess.PIPE, env=env)
    try:
        tool.write(data)
        tool.close_input()
    except BrokenPipeError:
        pass
    tool.code = tool.wait(limit)
    return tool


def ts_packets(n, seed=1):
    """n packets in the shape of MPEG-TS, with contents of their own."""
    rng = random.Random(seed)
    return b"".join(b"\x47\x01\x00" + bytes([0x10 | i & 15]) + rng.randbytes(TS_PACKET - 4) for i in range(n))


def whole_packets(data):
    return len(data) % TS_PACKET == 0 and all(data[i] == 0x47 for i in range(0, len(data), TS_PACKET))


class Link:
    """A link taken apart, to be put together wrongly (libcore/wire/README.md, "Links")."""

    def __init__(self, text):
        blob, self.hosts = text.removeprefix("spate:").split("@")
        self.body = bytearray(base64.urlsafe_b64decode(blob + "=" * (-len(blob) % 4))[:-4])

    def text(self):
        check = hashlib.blake2b(bytes(self.body) + self.hosts.encode(), digest_size=16).digest()[:4]
        return "spate:%s@%s" % (base64.urlsafe_b64encode(self.body + check).decode().rstrip("="), self.hosts)


def interrupted_twice(tool):
    """Both signals are there before the tool can act on the first."""
    tool.signal(signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT)
