"""A swarm of real processes, checked, beside the simulation of the same scenario. See README.md here.

Ends with 0 if all held, 1 if something did not, 2 for wrong usage, 77 and the reason if it cannot run here.
"""
import argparse
import collections
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("SPATE_BIN") or os.path.join(HERE, "../../build/bin")
PORT = 7400
PACKETS_A_SHARD = 6  # TS packets, at most: what the tools count as one lost packet
PREDICTED_WITHIN = 0.25
GAPS_AFTER_KILL = 3  # seconds: later ones have other causes
SKIPPED = 77


class Skip(Exception):
    """Cannot run here, and why."""


def program(name):
    return os.path.join(BIN, name)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="swarm-test", description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", default=os.path.join(HERE, "swarm.toml"), metavar="FILE",
                        help="as for spate-simulate (tests/e2e/swarm.toml)")
    parser.add_argument("--peers", metavar="N", help="hosts, the publisher among them, in place of the scenario's")
    parser.add_argument("--seconds", metavar="S", help="length of the stream, in place of the scenario's")
    parser.add_argument("--seed", metavar="N", help="in place of the scenario's")
    parser.add_argument("--runs", type=int, default=1, metavar="N",
                        help="simulate N seeds from the scenario's on, and print the median and the range of each figure")
    parser.add_argument("--kill", metavar="third|N", help="SIGKILL so many watchers in the middle")
    parser.add_argument("--plain", action="store_true",
                        help="plain loopback: no namespaces, no emulator; links and delays of the scenario do not apply")
    parser.add_argument("--keep", metavar="DIR", help="leave logs, statistics and figures there")
    return parser.parse_args()


def usage_error(message):
    print(message, file=sys.stderr)
    sys.exit(2)


def run_json(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)
    if not done.stdout:
        usage_error(done.stderr.strip())
    return json.loads(done.stdout)


class Run:
    """The scenario as it is run: options applied, faults of ours added, planned host by host."""

    def __init__(self, options, work):
        self.options, self.work = options, work
        self.path = os.path.join(work, "scenario.toml")
        overrides = [word for key in ("peers", "seconds", "seed") if getattr(options, key)
                     for word in ("--" + key, getattr(options, key))]
        written = subprocess.run([program("spate-simulate"), os.path.abspath(options.scenario), *overrides, "--write"],
                                 stdout=subprocess.PIPE, check=False, text=True)
        if written.returncode != 0:
            sys.exit(2)
        self.scenario = written.stdout
        self.write()
        self.plan = run_json(program("e2e-plan"), self.path, "0")
        self.hosts = self.plan["hosts"]
        self.watchers = [i for i, host in enumerate(self.hosts) if host["role"] == "watch"]
        self.warm_up, self.duration = self.plan["warm_up_s"], self.plan["duration_s"]
        self.musts = self.read_goals("must")
        self.goals = {**self.read_goals("goals"), **self.musts}
        self.victims, self.kill_at = self.choose_victims()

    def write(self):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(self.scenario)

    def read_goals(self, word):
        """A comment of the scenario, such as "# goals: p50 5, bytes 1.15": none of these figures should be above."""
        with open(self.options.scenario, encoding="utf-8") as file:
            found = re.search(r"^# %s: (.*)$" % word, file.read(), re.MULTILINE)
        pairs = (goal.split() for goal in found[1].split(",")) if found else ()
        return {key: float(value) for key, value in pairs}

    def choose_victims(self):
        if not self.options.kill:
            return [], None
        third = self.options.kill == "third"
        count = len(self.watchers) // 3 if third else int(self.options.kill) if self.options.kill.isdigit() else 0
        if not 1 <= count < len(self.watchers):
            usage_error("--kill: '%s' of %d watchers" % (self.options.kill, len(self.watchers)))
        at = round(min(self.warm_up + (self.duration - self.warm_up) / 2, self.duration - self.plan["calm_s"]), 3)
        # The simulator rounds up.
        share = count * 1_000_000 // len(self.watchers) / 10_000
        self.scenario += '\n[[faults]]\nkind = "kill"\nat = "%gs"\nshare = "%g%%"\n' % (at, share)
        self.write()
        return sorted(random.Random(self.plan["seed"]).sample(self.watchers, count)), at

    def gaps_between(self):
        """When a pause in what a watcher writes counts, if it begins then."""
        return (self.warm_up, self.duration) if self.kill_at is None else (self.kill_at, self.kill_at + GAPS_AFTER_KILL)

    def address(self, host):
        return "%s.%d.%d" % ("127.78" if self.options.plain else "10.78", host // 250, host % 250 + 1)


def check_usable(options):
    for name in ("spate-publish", "spate-watch", "spate-relay", "spate-simulate", "e2e-plan", "e2e-feed", "e2e-sink",
                 "e2e-emulator"):
        if not os.access(program(name), os.X_OK):
            raise Skip("no %s in %s: run scripts/build" % (name, BIN))
    if options.plain:
        return
    if os.geteuid() != 0:
        raise Skip("needs root for network namespaces (--plain does not)")
    for name in ("ip", "nsenter"):
        if not shutil.which(name):
            raise Skip("needs " + name)
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        raise Skip("needs /dev/net/tun: " + error.strerror) from error
    probe = "e2e-probe-%d" % os.getpid()
    if subprocess.run(["ip", "netns", "add", probe], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise Skip("cannot make network namespaces")
    subprocess.run(["ip", "netns", "delete", probe], check=False)


class Process:
    """One that we started; ended by its pid only. Its stderr is in WORK/NAME.err."""

    def __init__(self, run, name, command, netns=None, pass_fds=(), **streams):
        self.name = name
        self.error_file = os.path.join(run.work, name + ".err")
        if netns:
            command = ["nsenter", "--net=/run/netns/" + netns, *command]  # which becomes the command
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SPATE_")}
        streams.setdefault("stdin", subprocess.DEVNULL)
        streams.setdefault("stdout", subprocess.DEVNULL)
        with open(self.error_file, "wb") as errors:
            # In a session of its own the scheduler takes it for a machine's worth, not for a part of one program.
            self.popen = subprocess.Popen(command, stderr=errors, pass_fds=pass_fds, start_new_session=True,
                                          env={**environment, "SPATE_STATE": "none"}, **streams)

    def scheduled(self):
        """Nanoseconds that all its threads have run, and that they could have run and waited for a CPU."""
        tasks = "/proc/%d/task" % self.popen.pid
        ran = waited = 0
        try:
            for task in os.listdir(tasks):
                with open(os.path.join(tasks, task, "schedstat"), encoding="ascii") as file:
                    figures = file.read().split()
                ran, waited = ran + int(figures[0]), waited + int(figures[1])
        except (OSError, IndexError):
            return None
        return ran, waited

    def end(self):
        for how in (self.popen.terminate, self.popen.kill):
            if self.popen.poll() is None:
                how()
                try:
                    self.popen.wait(3)
                except subprocess.TimeoutExpired:
                    pass

    def said(self):
        with open(self.error_file, encoding="utf-8", errors="replace") as file:
            return file.read()[-500:].strip()


class Namespaces:
    """One for each host; gone with the block."""

    def __init__(self, count):
        self.names = ["e2e-%d-%d" % (os.getpid(), i) for i in range(count)]

    @staticmethod
    def batch(verb, names):
        subprocess.run(["ip", "-force", "-batch", "-"], input="".join("netns %s %s\n" % (verb, n) for n in names),
                       text=True, stderr=subprocess.DEVNULL, check=False)

    def __enter__(self):
        self.batch("add", self.names)
        return self

    def __exit__(self, *_):
        self.batch("delete", [n for n in self.names if os.path.exists("/run/netns/" + n)])


class Swarm:
    """The processes, from the first to the last."""

    def __init__(self, run, namespaces):
        self.run, self.netns = run, namespaces
        self.peers, self.others = {}, []  # by host; emulator, feed and sink
        self.cpu = {}                     # by host: what scheduled() was at both ends of what is measured
        self.emulated = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in [*self.peers.values(), *self.others]:
            process.end()

    def start_other(self, name, *words, **streams):
        process = Process(self.run, name, [program("e2e-" + name), self.run.path, *map(str, words)], **streams)
        self.others.append(process)
        return process

    def start_peer(self, host, *words, **streams):
        told = self.run.hosts[host]
        name = "%s-%d" % (told["role"], host)
        command = [program("spate-" + told["role"]), "--listen", "%s:%d" % (self.run.address(host), PORT),
                   "--children", str(told["children"]), "--upload-limit", str(told["upload_limit_bps"]),
                   "--stats", "1s", "--stats-file", os.path.join(self.run.work, name + ".json"), *words]
        if told["role"] == "watch" and self.run.plan["latency_ms"] is not None:
            command += ["--latency", "%gms" % self.run.plan["latency_ms"]]
        netns = self.netns[host] if self.netns else None
        self.peers[host] = Process(self.run, name, command, netns=netns, **streams)

    def play(self):
        run = self.run
        # Emulator, publisher and relays are up by then.
        self.start_ns = time.monotonic_ns() + int((2 + 0.02 * len(run.hosts)) * 1e9)
        emulator = None
        if self.netns:
            emulator = self.start_other("emulator", self.start_ns, *self.netns, stdout=subprocess.PIPE)
            if emulator.popen.stdout.readline() != b"ready\n":
                raise Skip("the emulator did not start: " + emulator.said())
        pipes = {host: os.pipe() for host in run.watchers}
        sink = self.start_other("sink", self.start_ns, *run.gaps_between(), *(pipes[host][0] for host in run.watchers),
                                pass_fds=[pipes[host][0] for host in run.watchers], stdout=subprocess.PIPE)
        for read_end, _ in pipes.values():
            os.close(read_end)
        stream_read, stream_write = os.pipe()
        self.start_peer(0, stdin=stream_read, stdout=subprocess.PIPE)
        link = self.peers[0].popen.stdout.readline().decode().strip()
        if not link:
            raise RuntimeError("no link: " + self.peers[0].said())
        self.start_other("feed", self.start_ns, stdout=stream_write)
        os.close(stream_read)
        os.close(stream_write)
        for host, told in enumerate(run.hosts):
            if told["role"] == "relay":
                self.start_peer(host, "--idle-timeout", "10s", link)
        if time.monotonic_ns() > self.start_ns:
            raise RuntimeError("the machine is too slow: not ready in time")

        def start_watcher(host):
            self.start_peer(host, link, stdout=pipes[host][1])
            os.close(pipes[host][1])

        events = [(run.hosts[host]["arrives_s"], start_watcher, (host,)) for host in run.watchers]
        events += [(at, self.note_cpu, ()) for at in (run.warm_up, run.duration - 0.05)]
        events += [(run.kill_at, self.peers_kill, (host,)) for host in run.victims]
        for at, action, words in sorted(events, key=lambda event: event[0]):
            time.sleep(max(0, (self.start_ns - time.monotonic_ns()) / 1e9 + at))
            action(*words)
        self.wait_for_the_end()
        self.seen = json.loads(sink.popen.communicate(timeout=30)[0])
        if emulator:
            emulator.popen.terminate()
            self.emulated = json.loads(emulator.popen.communicate(timeout=10)[0])

    def note_cpu(self):
        for host, process in self.peers.items():
            self.cpu.setdefault(host, []).append(process.scheduled())

    def peers_kill(self, host):
        self.peers[host].popen.send_signal(signal.SIGKILL)

    def wait_for_the_end(self):
        deadline = time.monotonic() + 20
        for process in self.peers.values():
            try:
                process.popen.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.end()
                process.overran = True


def stats_of(run, host):
    path = os.path.join(run.work, "%s-%d.json" % (run.hosts[host]["role"], host))
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    return [json.loads(line) for line in lines[:-1]]  # a process that was killed may have left half a line


def difference(lines, key, from_ms):
    """Of a figure that counts up: to its end, since a time, between lines as if it grew evenly."""
    before = None
    for line in lines:
        if line["monotonic_ms"] >= from_ms:
            break
        before = line
    else:
        return 0  # killed before
    at_start = line[key]
    if before is not None:
        share = (from_ms - before["monotonic_ms"]) / (line["monotonic_ms"] - before["monotonic_ms"])
        at_start = before[key] + share * (line[key] - before[key])
    return lines[-1][key] - at_start


def real_figures(run, swarm):
    """What was measured; after the warm-up, as the simulator does it."""
    from_ms = swarm.start_ns / 1e6 + run.warm_up * 1e3
    stats = {host: stats_of(run, host) for host in swarm.peers}
    each = dict(zip(run.watchers, swarm.seen["watchers"]))
    survivors = [host for host in run.watchers if host not in run.victims]
    written = sum(each[h]["written"] for h in run.watchers)
    missed = sum(each[h]["missing"] + (each[h]["unwritten"] if h in survivors else 0) for h in run.watchers)
    carried = sum(difference(stats[h], "wire_bytes_sent", from_ms) for h in stats)
    delivered = sum(difference(stats[h], "bytes_out", from_ms) for h in run.watchers)
    seconds = run.duration - 0.05 - run.warm_up
    # Only of those that were there all the time.
    ran, waited = ({h: (v[1][i] - v[0][i]) / 1e7 / seconds for h, v in swarm.cpu.items()
                    if len(v) == 2 and None not in v} for i in (0, 1))
    watcher_cpu = [ran[h] for h in survivors if h in ran]
    tell = [s[-1]["lag_ms"] for h, s in stats.items() if h in survivors and s and s[-1]["lag_ms"]["p50"] is not None]
    gap_host = max(survivors, key=lambda h: each[h]["gap_ms"])
    return {
        "p50": swarm.seen["lag_ms"]["p50"], "p95": swarm.seen["lag_ms"]["p95"], "p99": swarm.seen["lag_ms"]["p99"],
        "max": swarm.seen["lag_ms"]["max"],
        "told_p50": statistics.median(lag["p50"] for lag in tell) if tell else None,
        "told_p99": statistics.median(lag["p99"] for lag in tell) if tell else None,
        "delivered": 100 * written / (written + missed) if written else 0,
        "lost": round(sum(difference(stats[h], "lost_packets", from_ms) for h in survivors)),
        "short": sum(each[h]["missing"] + each[h]["unwritten"] for h in survivors),
        "repaired": round(sum(difference(s, "repaired_packets", from_ms) for s in stats.values())),
        "bytes": carried / delivered if delivered else 0,
        "publisher_x": difference(stats[0], "wire_bytes_sent", from_ms) * 8
                       / (run.plan["rate_bps"] * (run.duration - run.warm_up)),
        "depth": max(line["depth"] for h in survivors for line in stats[h] if line["monotonic_ms"] >= from_ms),
        "cpu": statistics.fmean(watcher_cpu) if watcher_cpu else None,
        "cpu_max": max(watcher_cpu, default=None),
        "cpu_publisher": ran.get(0),
        "starved": statistics.fmean(waited.values()) if waited else None,
        "gap": each[gap_host]["gap_ms"],
        "gap_where": "watch-%d, until %.1f s" % (gap_host, each[gap_host]["gap_ends_s"]),
        "losers": collections.OrderedDict((h, each[h]["missing"] + each[h]["unwritten"]) for h in survivors
                                          if each[h]["missing"] + each[h]["unwritten"]),
    }


def violations(run, swarm):
    """What must hold of any run."""
    for host, seen in zip(run.watchers, swarm.seen["watchers"]):
        process = swarm.peers[host]
        if seen["wrong_bytes"] and not (host in run.victims and seen["wrong_bytes"] < 188):
            yield "%s wrote %d bytes that were not published" % (process.name, seen["wrong_bytes"])
        if seen["disordered"]:
            yield "%s wrote %d packets twice or out of order" % (process.name, seen["disordered"])
        if host in run.victims:
            continue
        if seen["first"] is None:
            yield "%s wrote nothing" % process.name
            continue
        last = stats_of(run, host)[-1]
        declared = (last["lost_packets"] + last["output_dropped_packets"]) * PACKETS_A_SHARD
        if seen["missing"] + seen["unwritten"] > declared:
            yield "%s is short of %d packets and says %d" % (process.name, seen["missing"] + seen["unwritten"],
                                                             declared)
    for host, process in swarm.peers.items():
        if getattr(process, "overran", False):
            yield "%s did not end with the stream: %s" % (process.name, process.said())
        elif process.popen.returncode != (-signal.SIGKILL if host in run.victims else 0):
            yield "%s ended with %d: %s" % (process.name, process.popen.returncode, process.said())
    if swarm.emulated and swarm.emulated["overflow"]:
        yield "the emulator held more packets than it can"


def simulated_figures(run, seed):
    csv = os.path.join(run.work, "simulated-%d" % seed)
    told = run_json("nice", program("spate-simulate"), run.path, "--seed", str(seed), "--crypto", "fast", "--json",
                    "--csv", csv)
    with open(os.path.join(csv, "run.json"), "w", encoding="utf-8") as file:
        json.dump(told, file)
    lag = told["lag_ms"]
    with open(os.path.join(csv, "lag_cdf.csv"), encoding="utf-8") as file:
        points = [tuple(map(float, line.split(","))) for line in file.read().split("\n")[1:] if line]
    p95 = next((ms for ms, share in points if share >= 0.95), None)
    return {"p50": lag["p50"], "p95": p95, "p99": lag["p99"], "max": lag["max"],
            "delivered": 100 * told["delivered"]["ever"], "lost": told["lost_packets"],
            "repaired": told["repaired_packets"], "bytes": 1 + told["overhead"]["total"],
            "publisher_x": told["publisher_upload_x"], "depth": told["depth_max"]}


ROWS = (("p50", "lag p50, ms"), ("p95", "lag p95, ms"), ("p99", "lag p99, ms"), ("max", "lag max, ms"),
        ("told_p50", "lag p50 as told, ms"), ("told_p99", "lag p99 as told, ms"), ("delivered", "delivered, %"),
        ("lost", "lost packets, as told"), ("short", "  TS packets not written"), ("repaired", "repaired packets"), ("bytes", "bytes on the wire / stream"),
        ("publisher_x", "publisher's upload / stream"), ("depth", "depth, hops"), ("gap", "longest gap, ms"),
        ("cpu", "CPU of a watcher, % of a core"), ("cpu_max", "  the busiest"), ("cpu_publisher", "  the publisher"),
        ("starved", "waiting for a CPU, % of the time"))
PREDICTED = ("p50", "p99", "bytes")


def show(value):
    if value is None:
        return "-"
    return "%d" % value if float(value).is_integer() else "%.2f" % value if abs(value) < 100 else "%.1f" % value


def print_table(run, real, runs, load):
    """`runs` are the simulated ones."""
    simulated = {key: statistics.median(r[key] for r in runs) for key in runs[0]}
    print("%s: %d hosts, %d watchers, %.2f Mbit/s for %g s, seed %d, %s; load %s" % (
        os.path.basename(run.options.scenario), len(run.hosts), len(run.watchers), run.plan["rate_bps"] / 1e6,
        run.duration, run.plan["seed"], "plain loopback" if run.options.plain else "emulated", load))
    print("%-32s %10s %10s %7s  %-16s %s" % ("after %g s" % run.warm_up, "real", "simulated", "ratio",
                                             "%d runs" % len(runs) if len(runs) > 1 else "", "goal"))
    for key, label in ROWS:
        a, b = real.get(key), simulated.get(key)
        ratio = "%.2f" % (a / b) if a is not None and b else "-"
        goal = ""
        if key in run.goals and a is not None and (key != "gap" or run.victims):
            goal = "<= %g %s" % (run.goals[key], "met" if a <= run.goals[key] else "MISSED")
        among = "%s..%s" % tuple(show(f(r[key] for r in runs)) for f in (min, max)) if key in simulated else ""
        print(("%-32s %10s %10s %7s  %-16s %s" % (label, show(a), show(b), ratio, among if len(runs) > 1 else "",
                                                  goal)).rstrip())
    near = ["%s %s" % (key, "yes" if abs(real[key] / simulated[key] - 1) <= PREDICTED_WITHIN else "no")
            for key in PREDICTED if simulated[key]]
    print("predicted within %d %%: %s" % (100 * PREDICTED_WITHIN, ", ".join(near)))
    print("longest gap: " + real["gap_where"])
    if run.victims:
        print("killed at %g s: %s" % (run.kill_at, ", ".join(map(str, run.victims))))
    if real["losers"]:
        print("TS packets not written: " + ", ".join("watch-%d %d" % item for item in real["losers"].items()))


def stage(options, work):
    check_usable(options)
    run = Run(options, work)
    load = " ".join("%.1f" % value for value in os.getloadavg()[:2])
    namespaces = Namespaces(0 if options.plain else len(run.hosts))
    with namespaces, Swarm(run, namespaces.names) as swarm:
        swarm.play()
    real = real_figures(run, swarm)
    seeds = range(run.plan["seed"], run.plan["seed"] + options.runs)
    print_table(run, real, [simulated_figures(run, seed) for seed in seeds], load)
    if swarm.emulated:
        print("emulator: " + ", ".join("%s %.6g" % item for item in swarm.emulated.items() if item[1]))
    broken = list(violations(run, swarm))
    labels = dict(ROWS)
    broken += ["%s: %s, and must be at most %g" % (labels[key].strip(), show(real[key]), most)
               for key, most in run.musts.items() if real[key] > most]
    for what in broken:
        print("BROKEN: " + what)
    return 1 if broken else 0


def main():
    options = parse_arguments()
    work = options.keep or tempfile.mkdtemp(prefix="spate-swarm.")
    os.makedirs(work, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return stage(options, work)
    except Skip as reason:
        print("skipped: %s" % reason)
        return SKIPPED
    except RuntimeError as failure:
        print("BROKEN: %s" % failure)
        return 1
    finally:
        if not options.keep:
            shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
