#!/usr/bin/env python3
"""Does BFD at 3 x 10 ms raise a false alarm while full tables come and go?

    bench/bfd_load.py BUILD-DIR [--prefixes 1000000] [--rounds 5] [--interval 10] [--hogs 0]

    sender (AS 100000) --- a (AS 65000) === b (AS 65001)        === BGP with BFD, on the loopback

In a network namespace of its own. Each round announces every prefix, waits until b has them all, and takes them back. Then b's processes are
stopped for a moment: an alarm that has to come.

Beside them runs bench/rt_watch: threads of the same real-time priority, one bound to each processor, that only
sleep, and one that sends itself packets. A false alarm is the machine's when they too were kept waiting, in the
detection time before it, for so long that three packets sent in time could not have helped; any other is ours.
Exit 0 when there was no false alarm and the true one came, 1 when one was ours; 77 when there were some and
all were the machine's, and without root, where BFD cannot run in real time."""
import argparse
import datetime
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from soak import Speaker, announce, children, message, withdraw  # noqa: E402

BATCH = 500


class Edge:
    def __init__(self, build, folder, name, asn, address, peers):
        self.log, self.socket = os.path.join(folder, name + ".log"), os.path.join(folder, name + ".sock")
        self.tool = os.path.join(build, "fairlead")
        config = os.path.join(folder, name + ".yaml")
        document = {"router": {"name": name, "id": "192.0.2." + address[-1], "asn": asn}, "dataplane": "none",
                    "control_socket": self.socket, "bgp": {"listen": [f"{address}:1790"]},
                    "domains": [{"name": "table", "kind": "plain", "peers": peers}]}
        with open(config, "w") as f:
            json.dump(document, f)
        self.process = subprocess.Popen([os.path.join(build, "fairlead-edge"), "--config", config],
                                        stdout=subprocess.PIPE, stderr=open(self.log, "w"))
        if self.process.stdout.readline().strip() != b"ready":
            sys.exit(f"{name} did not start")

    def show(self, what):
        out = subprocess.run([self.tool, "edge", "show", what, "--socket", self.socket, "-o", "json"],
                             capture_output=True, text=True)
        return json.loads(out.stdout) if out.returncode == 0 else {}

    def peer(self, name):
        return next((p for p in self.show("bgp").get("peers", []) if p["name"] == name), {})

    def lines(self, event):
        with open(self.log) as f:
            return [line.rstrip() for line in f if f" {event} " in line]

    def alarms(self):
        return len(self.lines("bfd-down"))

    def in_real_time(self):
        with open(self.log) as f:
            return "bfd-time=real" in f.read()

    def end(self):
        self.process.terminate()
        self.process.wait(20)


def wait(what, seconds, text):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            sys.exit(f"waited {seconds} s: {text}")
        time.sleep(0.1)


def send_all(s, chunks, make):
    s.sock.setblocking(True)
    for at in chunks:
        s.sock.sendall(make(at // 1000, range(at % 1000, at % 1000 + BATCH)))
    s.sock.setblocking(False)


def load(a, edges, sender):
    chunks = range(0, a.prefixes, BATCH)
    for turn in range(a.rounds):
        began = time.monotonic()
        send_all(sender, chunks, lambda s, n: announce(s, n, sender.asn, turn))
        wait(lambda: edges[1].peer("a").get("prefixes", {}).get("received") == a.prefixes, 120, "b has every prefix")
        send_all(sender, chunks, withdraw)
        wait(lambda: edges[1].peer("a").get("prefixes", {}).get("received") == 0, 120, "b has no prefix")
        sender.send(message(4))
        sender.read()
        print(f"round {turn + 1}: {a.prefixes} prefixes there and back in {time.monotonic() - began:.1f} s, "
              f"alarms {[e.alarms() for e in edges]}", flush=True)


def stop_for_a_moment(edge):
    stopped = children(edge.process.pid)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(0.3)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)


class Machine:
    """When it did not run a real-time thread, or did not deliver a packet, for WORTH ms and more."""
    WORTH = 3

    def __init__(self, build, folder):
        self.path = os.path.join(folder, "machine")
        self.process = subprocess.Popen([os.path.join(build, "bench", "rt_watch"), str(self.WORTH)],
                                        stdin=subprocess.PIPE, stdout=open(self.path, "w"))
        wait(lambda: self.process.poll() is not None or os.path.getsize(self.path) > 0, 30, "rt_watch runs")
        if self.process.poll() is not None:  # it may not run in real time here
            sys.exit(self.process.returncode)

    def delays(self):
        with open(self.path) as f:
            rows = [line.split() for line in f]
        return [(float(r[0]), float(r[1]), r[2]) for r in rows if len(r) == 3]

    def longest(self):
        return max((1000 * (to - begun) for begun, to, _ in self.delays()), default=0)

    def stood_still(self, begun, end):
        """ms in that time, of the processor (or the way of packets) that was away longest."""
        sums = {}
        for a, b, what in self.delays():
            sums[what] = sums.get(what, 0) + max(0, min(b, end) - max(a, begun))
        return 1000 * max(sums.values(), default=0)

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)


def noticed(line):
    before = float(re.search(r"noticed ([\d.]+) ms before", line).group(1)) / 1000
    return -before + datetime.datetime.strptime(line.split()[0] + "+0000", "%Y-%m-%dT%H:%M:%S.%fZ%z").timestamp()


def judge(edges, machine, interval):
    """(ours, the machine's): three packets an interval apart, the last 10 ms may come later, are a detection
    time; what is beyond one and a half intervals is silence that no sender in time would have made."""
    verdicts = [[], []]
    for e in edges:
        for line in e.lines("bfd-lost"):
            still = machine.stood_still(noticed(line) - 4.5 * interval / 1000, noticed(line) + 0.001)
            verdicts[still >= 1.5 * interval].append(f"{line}; the machine stood still for {still:.1f} ms of it")
    return verdicts


def main():
    p = argparse.ArgumentParser(description="false alarms of BFD under load")
    p.add_argument("build")
    p.add_argument("--prefixes", type=int, default=1000000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--hogs", type=int, default=0, help="processes beside it that only compute")
    p.add_argument("--interval", type=int, default=10, help="ms; three lost are an alarm")
    a = p.parse_args()
    if os.geteuid() != 0:
        sys.exit(77)
    if "FAIRLEAD_OWN_NET" not in os.environ:
        os.environ["FAIRLEAD_OWN_NET"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in ("10.77.0.1", "10.77.0.2", "10.77.0.9"):
        subprocess.run(["ip", "addr", "replace", address + "/32", "dev", "lo"], check=True)
    bfd = {"min_tx_ms": a.interval, "min_rx_ms": a.interval, "multiplier": 3}
    common = {"passive": False, "hold": 90, "port": 1790, "bfd": bfd}
    with tempfile.TemporaryDirectory() as folder:
        edges, machine = [], Machine(a.build, folder)
        hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(a.hogs)]
        try:
            edges.append(Edge(a.build, folder, "a", 65000, "10.77.0.1", [
                {"name": "sender", "address": "10.77.0.9", "local": "10.77.0.1", "asn": 100000, "role": "customer",
                 "passive": True, "hold": 240},
                {"name": "b", "address": "10.77.0.2", "local": "10.77.0.1", "asn": 65001, "role": "gateway", **common}]))
            edges.append(Edge(a.build, folder, "b", 65001, "10.77.0.2", [
                {"name": "a", "address": "10.77.0.1", "local": "10.77.0.2", "asn": 65000, "role": "plain", **common}]))
            if not all(e.in_real_time() for e in edges):
                sys.exit(77)
            wait(lambda: edges[0].peer("b").get("bfd") == edges[1].peer("a").get("bfd") == "up", 60, "BFD is up")
            sender = Speaker("10.77.0.9", 100000, 9, 1790, "10.77.0.1")
            while not sender.up:
                sender.read()
            load(a, edges, sender)
            ours, not_ours = judge(edges, machine, a.interval)
            spared = sum(s["spared"] for e in edges for s in e.show("bfd").get("bfd", []))
            late = max((s["late_us"] / 1000 for e in edges for s in e.show("bfd").get("bfd", [])), default=0)
            false = [e.alarms() for e in edges]
            stop_for_a_moment(edges[1])
            wait(lambda: edges[0].alarms() > false[0], 20, "the alarm that has to come")
            print(f"false alarms {sum(false)}; a true one came; our threads ran {late:.1f} ms late at most, a thread "
                  f"that only sleeps {machine.longest():.1f} ms; {spared} alarms were our own delay and not raised; "
                  f"load average {os.getloadavg()[0]:.1f}")
        finally:
            for h in hogs:
                h.kill()
                h.wait()
            for e in edges:
                e.end()
            machine.end()
    for whose, lines in (("ours", ours), ("the machine's", not_ours)):
        for line in lines:
            print(f"{whose}: {line}")
    print("skipped: the machine did not run real-time threads" if not_ours and not ours else
          "0 passed, 1 failed" if ours else "1 passed, 0 failed")
    sys.exit(1 if ours else 77 if not_ours else 0)


if __name__ == "__main__":
    main()
