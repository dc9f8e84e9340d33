#!/usr/bin/env python3
"""bench/dataplane/routes.py BUILD [--routes N] [--rounds N]: from a neighbour's UPDATE to the fast path.

    neighbour N (this program, AS 65001) === port0 [ fairlead-edge, `dataplane: fast` ]

N announces N /24 prefixes in one write, waits until the fast path has them all, takes them back, and waits
again. What is timed is everything: BGP's octets, decision, the link to the keeper, the kernel's table, its
notifications, the trie; asked every few milliseconds over the control socket. Beside it the processor time of
keeper and router. Needs root; makes namespaces flr-* and removes them.
"""
import argparse
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

MARKER = b"\xff" * 16
AS, HOLD, QUESTION = 65001, 180, "show bgp"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def message(kind, body):
    return MARKER + struct.pack("!HB", 19 + len(body), kind) + body


def attribute(flags, kind, value):
    return struct.pack("!BBB", flags, kind, len(value)) + value


def prefixes(n):
    return [struct.pack("!BBBB", 24, 20 + (k >> 16), k >> 8 & 255, k & 255) for k in range(n)]


def announcement(n, hop):
    attributes = attribute(0x40, 1, b"\0") + attribute(0x40, 2, struct.pack("!BBI", 2, 1, AS)) + attribute(0x40, 3, socket.inet_aton(hop))
    out, all_of = b"", prefixes(n)
    for k in range(0, n, 900):
        out += message(2, struct.pack("!HH", 0, len(attributes)) + attributes + b"".join(all_of[k:k + 900]))
    return out


def withdrawal(n):
    out, all_of = b"", prefixes(n)
    for k in range(0, n, 900):
        gone = b"".join(all_of[k:k + 900])
        out += message(2, struct.pack("!H", len(gone)) + gone + struct.pack("!H", 0))
    return out


def enter(ns):
    import ctypes
    with open(f"/run/netns/{ns}", encoding="ascii") as f:
        if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), 0):
            raise OSError("setns")


class Bed:
    def __init__(self, build):
        self.build, self.dir = os.path.abspath(build), tempfile.mkdtemp(prefix="flr-")

    def __enter__(self):
        for name in ("n", "e"):
            run("ip", "netns", "add", "flr-" + name)
            run("ip", "-n", "flr-" + name, "link", "set", "lo", "up")
        run("ip", "-n", "flr-e", "link", "add", "name", "port0", "type", "veth", "peer", "name", "eth0", "netns", "flr-n")
        for name, dev in (("e", "port0"), ("n", "eth0")):
            run("ip", "-n", "flr-" + name, "link", "set", "dev", dev, "up")
            run("ip", "netns", "exec", "flr-" + name, "ethtool", "-K", dev, "gro", "on", "tx", "off")
        run("ip", "-n", "flr-n", "address", "add", "10.0.0.2/24", "dev", "eth0")
        self.socket = self.dir + "/e.sock"
        wish = {"router": {"name": "bench", "id": "192.0.2.1", "asn": 65010, "namespace": "flr-e"}, "dataplane": "fast",
                "control_socket": self.socket, "domains": [{"name": "m", "kind": "plain",
                "attachments": [{"name": "in", "port": "port0", "addresses": ["10.0.0.1/24"]}],
                "peers": [{"name": "n", "address": "10.0.0.2", "local": "10.0.0.1", "asn": AS, "passive": True}]}]}
        with open(self.dir + "/e.json", "w", encoding="utf-8") as f:
            json.dump(wish, f)
        self.edge = subprocess.Popen([self.build + "/fairlead-edge", "--config", self.dir + "/e.json"], stdout=subprocess.PIPE,
                                     stderr=open(self.dir + "/e.log", "w"), text=True)
        if self.edge.stdout.readline() != "ready\n":
            sys.exit(open(self.dir + "/e.log").read())
        return self

    def __exit__(self, *_):
        self.edge.terminate()
        self.edge.wait()
        for name in ("n", "e"):
            subprocess.run(["ip", "netns", "del", "flr-" + name], check=False)

    def ask(self, question):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.socket)
            s.sendall(question.encode() + b"\n")
            answer = b""
            while got := s.recv(1 << 16):
                answer += got
        return json.loads(answer)

    def routes(self):
        return self.ask("show fast").get("routes", 0)

    def cpu(self):
        """Seconds so far: the keeper's own, the kernel's for it, the router process's."""
        took = []
        for pid in (self.edge.pid, self.ask("show status")["router_process"]["pid"]):
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            took += [int(f) / os.sysconf("SC_CLK_TCK") for f in fields[11:13]]
        return took[0], took[1], took[2] + took[3]


def session():
    """A BGP session from the neighbour's namespace, up."""
    deadline = time.monotonic() + 30
    while True:
        try:
            s = socket.create_connection(("10.0.0.1", 179), 5)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    capabilities = bytes([1, 4, 0, 1, 0, 1, 65, 4]) + struct.pack("!I", AS)
    s.sendall(message(1, struct.pack("!BHH4sBBB", 4, AS, HOLD, socket.inet_aton("10.0.0.2"), len(capabilities) + 2, 2, len(capabilities)) + capabilities))
    s.sendall(message(4, b""))
    return s


def drain(s):
    s.setblocking(False)
    try:
        while s.recv(1 << 16):
            pass
    except BlockingIOError:
        pass
    s.setblocking(True)


def until(bed, wanted):
    deadline = time.monotonic() + 20
    while not wanted(bed.routes()):
        if time.monotonic() > deadline:
            sys.exit(f"the fast path has {bed.routes()} routes after 20 s: {bed.ask(QUESTION)}\n" + open(bed.dir + "/e.log").read()[-1500:])
        time.sleep(0.002)
    return time.monotonic()


def main():
    args = argparse.ArgumentParser()
    args.add_argument("build")
    args.add_argument("--routes", type=int, default=100000)
    args.add_argument("--rounds", type=int, default=3)
    a = args.parse_args()
    come, go = announcement(a.routes, "10.0.0.2"), withdrawal(a.routes)
    with Bed(a.build) as bed:
        enter("flr-n")
        s = session()
        until(bed, lambda n: bed.ask("show bgp")["peers"][0]["state"] == "Established")
        base = bed.routes()
        rows = {"announced": [], "withdrawn": []}
        for _ in range(a.rounds):
            for name, octets, want in (("announced", come, lambda n: n >= base + a.routes), ("withdrawn", go, lambda n: n < base + 16)):
                drain(s)
                cpu, began = bed.cpu(), time.monotonic()
                s.sendall(octets)
                rows[name].append((until(bed, want) - began, [b - a for a, b in zip(cpu, bed.cpu())]))
        print(f"{a.routes} routes, load {os.getloadavg()[0]:.1f}")
        for name, got in rows.items():
            print(f"{name}: best {min(t for t, _ in got):.3f} s, median {statistics.median(t for t, _ in got):.3f} s;"
                  " processor time: " + ", ".join(f"{what} {statistics.median(c[k] for _, c in got):.2f} s" for k, what in enumerate(
                  ("keeper", "kernel for it", "router"))))


if __name__ == "__main__":
    main()
