#!/usr/bin/env python3
"""Many neighbours spread over routing domains: what does a second worker thread give?

    bench/many_domains.py BUILD-DIR [--sessions 500] [--prefixes 1000] [--rounds 5] [--cases 1:1,1:2,2:1,2:2]

A case is DOMAINS:WORKERS. Rounds of all cases are interleaved. In each, fairlead-edge without a data plane is
started on the loopback, the sessions are opened from addresses in 127/8, and every sender announces its
prefixes while the router process is stopped, so that they wait in its sockets and Python's time does not count;
each domain has one more neighbour, who reads. Seconds: from the moment the process may go on until the last
octet came to a reader; then the octets are decoded, and every prefix has to be there. CPU: of the router
process meanwhile, and of its busiest thread. The last columns relate to the first case."""
import argparse
import json
import os
import selectors
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from soak import HOLD, LOCAL_AS, Speaker, attributes, children, memory, message, source

PATH_EACH = 25  # prefixes that share their attributes
QUIET_S = 0.5   # nothing more comes


def announcements(first, count, asn):
    out = []
    for at in range(0, count, PATH_EACH):
        attrs = attributes(asn, at)
        nlri = b"".join(b"\x18" + struct.pack(">I", 0x010000 + first + i)[1:]
                        for i in range(at, min(at + PATH_EACH, count)))
        out.append(message(2, struct.pack(">HH", 0, len(attrs)) + attrs + nlri))
    return b"".join(out)


class Reader(Speaker):
    """Keeps what comes, once `kept` is a list, and counts prefixes later: all are /24, four octets."""
    kept, last = None, 0.0

    def read(self):
        if self.kept is None:
            super().read()
            return
        try:
            data = self.sock.recv(1 << 22)
        except BlockingIOError:
            return
        self.last = time.monotonic()
        self.kept.append(data)
        if not data:
            sys.exit("a reader lost its session")

    def told(self):
        data, at, count = self.inbox + b"".join(self.kept), 0, 0
        while at < len(data):
            n, kind = struct.unpack_from(">HB", data, at + 16)
            if kind == 2:
                gone = struct.unpack_from(">H", data, at + 19)[0]
                attrs = struct.unpack_from(">H", data, at + 21 + gone)[0]
                count += (n - 23 - gone - attrs) // 4
            at += n
        return count


def configuration(folder, a, domains, workers):
    def peer(name, address, asn, role):
        return {"name": name, "address": address, "local": "127.0.0.1", "asn": asn, "role": role, "passive": True,
                "hold": HOLD}
    rows = [{"name": f"d{d}", "kind": "plain", "peers": [peer(f"r{d}", f"127.2.0.{d + 1}", 64900 - d, "gateway")]}
            for d in range(domains)]
    for i in range(a.sessions):
        rows[i % domains]["peers"].append(peer(f"c{i}", source(i), 100000 + i, "customer"))
    path = os.path.join(folder, "edge.yaml")
    with open(path, "w") as f:
        json.dump({"router": {"name": "many", "id": "192.0.2.1", "asn": LOCAL_AS, "workers": workers},
                   "dataplane": "none", "control_socket": os.path.join(folder, "edge.sock"),
                   "bgp": {"listen": [f"127.0.0.1:{a.port}"]}, "domains": rows}, f)
    return path


def threads(pid):
    ticks = {}
    for t in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{t}/stat") as f:
            words = f.read().rpartition(")")[2].split()
        ticks[t] = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return ticks


def until(what, speakers, selector, seconds=120):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            sys.exit(f"not within {seconds} s; lost: {[s.lost for s in speakers if s.lost][:3]}")
        for key, _ in selector.select(0.01):
            key.data.read()
        for s in speakers:
            if s.outbox:
                s.flush()


def one_round(a, domains, workers):
    with tempfile.TemporaryDirectory() as folder:
        edge = subprocess.Popen([os.path.join(a.build, "fairlead-edge"), "--config",
                                 configuration(folder, a, domains, workers)], stdout=subprocess.PIPE,
                                stderr=open(os.path.join(folder, "log"), "w"))
        try:
            if edge.stdout.readline().strip() != b"ready":
                sys.exit(open(os.path.join(folder, "log")).read())
            readers = [Reader(f"127.2.0.{d + 1}", 64900 - d, a.sessions + d, a.port) for d in range(domains)]
            senders = [Speaker(source(i), 100000 + i, i, a.port) for i in range(a.sessions)]
            everybody, selector = senders + readers, selectors.DefaultSelector()
            for s in everybody:
                selector.register(s.sock, selectors.EVENT_READ, s)
            until(lambda: all(s.up for s in everybody), everybody, selector)
            prepared = [announcements(i * a.prefixes, a.prefixes, s.asn) for i, s in enumerate(senders)]
            pid = max(children(edge.pid), key=lambda child: memory(child)[0])
            for r in readers:
                r.kept = []
            selector = selectors.DefaultSelector()
            for r in readers:
                selector.register(r.sock, selectors.EVENT_READ, r)
            os.kill(pid, signal.SIGSTOP)
            for s, data in zip(senders, prepared):
                s.send(data)
            if any(s.outbox for s in senders):
                sys.exit("more than sockets hold: fewer prefixes")
            before, begun = threads(pid), time.monotonic()
            os.kill(pid, signal.SIGCONT)
            until(lambda: all(r.last for r in readers) and
                  time.monotonic() - max(r.last for r in readers) > QUIET_S, readers, selector)
            took, after = max(r.last for r in readers) - begun, threads(pid)
            if sum(r.told() for r in readers) != a.sessions * a.prefixes:
                sys.exit("prefixes are missing")
            spent = [after[t] - before.get(t, 0) for t in after]
            return took, sum(spent), max(spent), memory(pid)[0]
        finally:
            edge.terminate()
            edge.wait(20)


def main():
    p = argparse.ArgumentParser(description="domains spread over worker threads")
    p.add_argument("build")
    p.add_argument("--sessions", type=int, default=500)
    p.add_argument("--prefixes", type=int, default=1000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--cases", default="1:1,1:2,2:1,2:2", help="DOMAINS:WORKERS,...")
    p.add_argument("--port", type=int, default=17902)
    a = p.parse_args()
    cases = [tuple(int(x) for x in c.split(":")) for c in a.cases.split(",")]
    rows = {c: [] for c in cases}
    for n in range(a.rounds):
        for c in cases:
            rows[c].append(one_round(a, *c))
            print(f"round {n + 1} {c[0]}:{c[1]}  " + "  ".join(f"{x:.3f}" for x in rows[c][-1]), flush=True)
    print("| domains | workers | seconds | CPU s | busiest thread's CPU s | memory MiB | seconds, ratio | CPU, ratio |")
    middle = {c: [statistics.median(x) for x in zip(*rows[c])] for c in cases}
    first = middle[cases[0]]
    for c in cases:
        m = middle[c]
        print(f"| {c[0]} | {c[1]} | {m[0]:.3f} | {m[1]:.2f} | {m[2]:.2f} | {m[3]:.1f} | {m[0] / first[0]:.2f} | "
              f"{m[1] / max(first[1], 0.01):.2f} |")


if __name__ == "__main__":
    main()
