"""One system call, or one allocation, of a tool fails, each in its turn: the tool goes on, or ends as it says it does.

By default a part of the calls, in half a minute; with SPATE_FAULTS=all every call with every error, and some errors that
stay, in some minutes. SPATE_FAULTS="watch read 3 EIO" is that one fault alone.
"""
import concurrent.futures
import errno
import os
import re
import resource
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../cli"))
import spate

SHIM = os.environ.get("SPATE_SHIM") or os.path.join(HERE, "../../build/tests/libfault-shim.so")
WHICH = os.environ.get("SPATE_FAULTS", "")
AT_A_TIME = 2
LIMIT = 15.0  # seconds: nothing may hang

# Kinds of calls, in the order of the shim's counts, and the errors that they may end with.
ERRORS = {
    "malloc": "ENOMEM",
    "sendmsg": "ENOBUFS EAGAIN EMSGSIZE ENETUNREACH ECONNREFUSED EPERM",
    "recvmsg": "ECONNREFUSED EAGAIN ENOMEM",
    "socket": "EMFILE EAFNOSUPPORT",
    "bind": "EADDRINUSE EACCES",
    "setsockopt": "ENOPROTOOPT",
    "getrandom": "ENOSYS EINTR",
    "timerfd": "EMFILE",
    "eventfd": "EMFILE",
    "epoll_create": "EMFILE",
    "epoll_ctl": "ENOSPC",
    "epoll_wait": "EINTR",
    "poll": "EINTR",
    "read": "EIO EINTR",
    "write": "ENOSPC EINTR",
    "open": "EMFILE EACCES",
    "fsync": "EIO",
    "rename": "EACCES",
    "flock": "ENOLCK",
    "dup": "EMFILE",
}
STAYING = ("malloc ENOMEM", "sendmsg EPERM", "sendmsg EAGAIN", "recvmsg ENOMEM", "epoll_create EMFILE", "open EMFILE",
           "read EIO", "write EIO", "getrandom ENOSYS")  # from some call on, all of them
ENDINGS = {1, 4, 6}  # an error of the host, no answer, a stream that stalled
FOR_EVER = 1 << 40
LIBSODIUMS = ("getrandom", 3)  # libsodium has just seen that it works, and aborts if it then does not
DATA = spate.ts_packets(300)


def read_counts(path):
    with open(path, "rb") as file:
        return dict(zip(ERRORS, struct.unpack("%dQ" % len(ERRORS), file.read())))


class Fault:
    """No fault at all without a kind."""

    def __init__(self, tool, kind="", at=1, error="EIO", many=1):
        self.tool, self.kind, self.at, self.error, self.many = tool, kind, at, error, many

    def __str__(self):
        return "%s %s %d %s%s" % (self.tool, self.kind, self.at, self.error, " for ever" if self.many > 1 else "")

    def environment(self):
        return {"LD_PRELOAD": SHIM, "FAULT_CALL": self.kind, "FAULT_AT": str(self.at), "FAULT_MANY": str(self.many),
                "FAULT_ERRNO": str(getattr(errno, self.error))}


class Run:
    """Publishes and watches a short stream, or probes its publisher, while one of the tools has a fault."""

    def __init__(self, fault):
        self.fault = fault
        self.tools = {}
        with tempfile.TemporaryDirectory() as directory:
            self.directory = directory
            try:
                self.stage()
                self.tool = self.tools[fault.tool]
                self.code = self.tool.wait(LIMIT)
                self.finish()
                self.counts = read_counts(directory + "/counts")
            finally:
                for tool in self.tools.values():
                    tool.kill()

    def start(self, name, *arguments, **options):
        env = {}
        if name == self.fault.tool:
            env = dict(self.fault.environment(), FAULT_COUNTS=self.directory + "/counts")
        tool = spate.Tool(name, *arguments, env=env, **options)
        self.tools[name] = tool
        return tool

    def stage(self):
        publisher = self.start("publish", "--listen", "127.0.0.1:0", "--key", self.directory + "/key",
                               stdin=subprocess.PIPE, stats=True)
        publisher.wait_until("a link", lambda: b"\n" in publisher.out or publisher.over(), LIMIT)
        if publisher.over():
            return
        link = bytes(publisher.out).split(b"\n")[0].decode()
        if self.fault.tool == "probe":
            self.start("probe", "--count", 2, "--connect-timeout", "1s", link.rsplit("@", 1)[1])
            return
        viewer = "relay" if self.fault.tool == "relay" else "watch"
        viewer = self.start(viewer, "--listen", "127.0.0.1:0", "--state", self.directory + "/state",
                            "--connect-timeout", "1s", "--idle-timeout", "2s", link, stats=True)
        for tool, figure in ((viewer, "parents"), (publisher, "children")):
            tool.wait_until(figure, lambda: tool.over() or "no more of them" in tool.err or  # statistics
                            any(line[figure] for line in tool.stats[-3:]), LIMIT)
            if tool.over():
                break
        try:
            publisher.write(DATA)
            publisher.close_input()
        except BrokenPipeError:
            pass

    def finish(self):
        """A run in which nobody gave up goes to its end."""
        if self.code == 0 and self.fault.tool in ("publish", "watch"):
            for tool in self.tools.values():
                tool.wait(LIMIT)

    def problems(self):
        """What is not as it should be."""
        lines = self.tool.err.splitlines()
        prefix = "spate-%s: " % self.fault.tool
        strange = [line for line in lines if not line.startswith(prefix)]
        if strange or "bug in spate" in self.tool.err or "std::" in self.tool.err:
            yield "not words of its own"
        errors = [line for line in lines if not line.startswith(prefix + "warning: ") and not re.search(" in, .* out", line)]
        if self.code != 0 and self.code not in ENDINGS:
            yield "an exit code that is not documented"
        if len(errors) != (self.code != 0):
            yield "%d lines say why" % len(errors)
        cut_off = self.fault.tool == "publish" and self.fault.many > 1  # cannot know that nothing arrives
        if self.code == 0 and "watch" in self.tools and not cut_off and self.tools["watch"].out != DATA:
            yield "the output is not the input"

    def report(self):
        return "; ".join(self.problems())


def faults_of(tool, counts):
    """Those of this test's budget, or all of them."""
    share = {"malloc": 40 if tool in ("publish", "watch") else 150}.get
    for kind, errors in ERRORS.items():
        errors = errors.split()
        # A few more than a run without faults needs: what answers to a fault may fail, too.
        for at in range(1, counts[kind] + (0 if kind == "malloc" else 2)):
            if (kind, at) == LIBSODIUMS:
                continue
            if WHICH == "all":
                yield from (Fault(tool, kind, at, error) for error in errors)
            elif tool in ("publish", "watch") or kind == "malloc":
                if (at - 1) % share(kind, 1) == 0:
                    yield Fault(tool, kind, at, errors[at % len(errors)])
    if WHICH == "all":
        for kind, error in map(str.split, STAYING):
            step = max(1, counts[kind] // 100)
            yield from (Fault(tool, kind, at, error, FOR_EVER) for at in range(1, counts[kind] + 1, step)
                        if (kind, at) != LIBSODIUMS)


class Faults(unittest.TestCase):
    def check(self, fault):
        """Whether its call was reached (not every run makes the same calls), and what is wrong."""
        try:
            run = Run(fault)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            return True, "%s: %s" % (fault, str(error)[:500])
        report = run.report()
        if report:
            report = "%s: exit %d, %s:\n%s" % (fault, run.code, report, run.tool.err)
        return run.counts[fault.kind] >= fault.at, report

    def test_each_fault(self):
        tools = ("publish", "watch", "relay", "probe")
        if WHICH not in ("", "all"):
            tool, kind, at, error, *many = WHICH.split()
            faults = [Fault(tool, kind, int(at), error, FOR_EVER if many else 1)]
        else:
            faults = [fault for tool in tools for fault in faults_of(tool, Run(Fault(tool)).counts)]
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            met, reports = zip(*pool.map(self.check, faults))
        reports = [report for report in reports if report]
        print("%d faults, %d met" % (len(faults), sum(met)))
        self.assertFalse(reports, "\n".join(["%d of %d faults" % (len(reports), len(faults))] + reports))
        self.assertGreater(sum(met), len(faults) / 2)

    def test_a_full_send_buffer_when_there_are_no_more_descriptors(self):
        """They are needed to wait for room in the buffer; meanwhile it goes on without."""
        with tempfile.TemporaryDirectory() as directory:
            fault = Fault("publish", "sendmsg", 1, "EAGAIN", 3)
            publisher = spate.Publisher(env=dict(fault.environment(), FAULT_COUNTS=directory + "/counts"))
            resource.prlimit(publisher.process.pid, resource.RLIMIT_NOFILE, (4, 4))
            before = read_counts(directory + "/counts")
            watcher = spate.watch(publisher.link)
            watcher.wait_for_stats(parents=1)
            publisher.write(DATA)
            publisher.close_input()
            self.assertEqual((publisher.wait(LIMIT), watcher.wait(LIMIT)), (0, 0), publisher.err)
            self.assertTrue(watcher.out == DATA)
            after = read_counts(directory + "/counts")
            self.assertGreater(after["epoll_create"], before["epoll_create"])


unittest.main()
