#!/usr/bin/env python3
"""Many neighbours for a long time: do sessions hold and does memory stay flat?

    bench/soak.py BUILD-DIR [--sessions 500] [--prefixes 1000] [--minutes 10] [--rate 5000]

Starts fairlead-edge without a data plane on the loopback, opens the sessions from addresses in 127/8,
announces the prefixes, and then takes prefixes back and announces them again, RATE a second, spread
over all sessions. One more neighbour reads everything. Every 10 s one line: sessions up, prefixes the
reader holds, CPU and memory of the router process. Exit 0 when no session was lost, the reader ends with
every prefix, and memory in the last third is not above the middle third by more than 2 %."""
import argparse
import json
import os
import random
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import time

LOCAL_AS, HOLD = 65000, 90
MARKER = b"\xff" * 16


def message(kind, body=b""):
    return MARKER + struct.pack(">HB", 19 + len(body), kind) + body


def open_message(asn, ident):
    caps = bytes([1, 4, 0, 1, 0, 1, 2, 0, 65, 4]) + struct.pack(">I", asn)
    body = struct.pack(">BHHIB", 4, min(asn, 23456), HOLD, ident, len(caps) + 2) + bytes([2, len(caps)]) + caps
    return message(1, body)


def attributes(asn, med):
    path = struct.pack(">BBI", 2, 1, asn)
    return (bytes([0x40, 1, 1, 0, 0x40, 2, len(path)]) + path + bytes([0x40, 3, 4, 192, 0, 2, 1]) +
            bytes([0x80, 4, 4]) + struct.pack(">I", med))


def prefix(session, i):  # a /24 of its own for every session and number
    n = (10 << 24 if session < 60 else 20 << 24) + ((session * 1000 + i) << 8)
    return bytes([24]) + struct.pack(">I", n)[:3]


def announce(session, numbers, asn, med):
    attrs = attributes(asn, med)
    nlri = b"".join(prefix(session, i) for i in numbers)
    return message(2, struct.pack(">HH", 0, len(attrs)) + attrs + nlri)


def withdraw(session, numbers):
    nlri = b"".join(prefix(session, i) for i in numbers)
    return message(2, struct.pack(">H", len(nlri)) + nlri + b"\0\0")


class Speaker:
    def __init__(self, address, asn, number, port, to="127.0.0.1"):
        self.asn, self.number, self.up, self.lost = asn, number, False, None
        self.inbox, self.outbox = b"", open_message(asn, 0x0A000001 + number)
        self.held = None  # the reader: prefixes it holds
        self.sock = socket.socket()
        self.sock.bind((address, 0))
        self.sock.connect((to, port))
        self.sock.setblocking(False)
        self.flush()

    def flush(self):
        while self.outbox:
            try:
                n = self.sock.send(self.outbox)
            except BlockingIOError:
                return
            except OSError as e:
                self.lost, self.outbox = self.lost or str(e), b""
                return
            self.outbox = self.outbox[n:]

    def send(self, data):
        self.outbox += data
        self.flush()

    def read(self):
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError as e:
            self.lost = self.lost or str(e)
            return
        if not data:
            self.lost = self.lost or "closed"
            return
        self.inbox += data
        at = 0
        while len(self.inbox) - at >= 19:
            n, kind = struct.unpack_from(">HB", self.inbox, at + 16)
            if len(self.inbox) - at < n:
                break
            self.take(kind, self.inbox[at + 19:at + n])
            at += n
        self.inbox = self.inbox[at:]

    def take(self, kind, body):
        if kind == 1:
            self.send(message(4))
        elif kind == 4:
            self.up = True
        elif kind == 3:
            self.lost = f"NOTIFICATION {body[0]}/{body[1]}"
        elif kind == 2 and self.held is not None:
            gone = struct.unpack_from(">H", body)[0]
            attrs = struct.unpack_from(">H", body, 2 + gone)[0]
            self.held.difference_update(prefixes(body[2:2 + gone]))
            self.held.update(prefixes(body[4 + gone + attrs:]))


def prefixes(nlri):
    at = 0
    while at < len(nlri):
        n = 1 + (nlri[at] + 7) // 8
        yield nlri[at:at + n]
        at += n


def configuration(folder, sessions, port):
    def peer(name, address, asn, role):
        return {"name": name, "address": address, "local": "127.0.0.1", "asn": asn, "role": role, "passive": True,
                "hold": HOLD}
    peers = [peer(f"c{i}", source(i), 100000 + i, "customer") for i in range(sessions)]
    peers.append(peer("reader", "127.2.0.1", 64900, "gateway"))
    document = {"router": {"name": "soak", "id": "192.0.2.1", "asn": LOCAL_AS}, "dataplane": "none",
                "control_socket": os.path.join(folder, "edge.sock"), "bgp": {"listen": [f"127.0.0.1:{port}"]},
                "domains": [{"name": "table", "kind": "plain", "peers": peers}]}
    path = os.path.join(folder, "edge.yaml")
    with open(path, "w") as f:
        json.dump(document, f)
    return path


def source(i):
    return f"127.1.{i // 250}.{i % 250 + 1}"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(x) for x in f.read().split()]


def router_of(keeper):  # the process that holds the tables is the largest
    return max(children(keeper), key=lambda pid: memory(pid)[0])


def memory(pid):
    rss = 0
    if not os.path.exists(f"/proc/{pid}/status"):
        return 0, 0
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS"):
                rss = int(line.split()[1]) / 1024
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rpartition(")")[2].split()
    return rss, (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Soak:
    def __init__(self, a):
        self.a, self.rng = a, random.Random(7)
        self.away = [set() for _ in range(a.sessions)]
        self.selector = selectors.DefaultSelector()
        self.rows = []
        self.begun = time.monotonic()

    def connect(self, port):
        self.senders = [Speaker(source(i), 100000 + i, i, port) for i in range(self.a.sessions)]
        self.reader = Speaker("127.2.0.1", 64900, self.a.sessions, port)
        self.reader.held = set()
        self.all = self.senders + [self.reader]
        for s in self.all:
            self.selector.register(s.sock, selectors.EVENT_READ, s)

    def serve(self, until):
        while (left := until - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                key.data.read()
                if key.data.lost:
                    print(f"lost {key.data.number} after {time.monotonic() - self.begun:.1f} s: {key.data.lost}", flush=True)
                    self.selector.unregister(key.data.sock)
            for s in self.all:
                if s.outbox:
                    s.flush()

    def wait(self, what, seconds):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                return False
            self.serve(time.monotonic() + 0.05)
        return True

    def fill(self):
        for s in self.senders:
            for at in range(0, self.a.prefixes, 100):
                s.send(announce(s.number, range(at, min(at + 100, self.a.prefixes)), s.asn, at))

    def churn(self, events):
        each = max(1, events // 50)
        for _ in range(50):
            s = self.rng.choice(self.senders)
            away = self.away[s.number]
            if away:
                s.send(announce(s.number, sorted(away), s.asn, self.rng.randrange(50)))
                away.clear()
            else:
                away.update(self.rng.sample(range(self.a.prefixes), min(each, self.a.prefixes)))
                s.send(withdraw(s.number, sorted(away)))

    def bring_back(self):
        for s in self.senders:
            if self.away[s.number]:
                s.send(announce(s.number, sorted(self.away[s.number]), s.asn, 1))
                self.away[s.number].clear()

    def note(self, started, pid):
        rss, cpu = memory(pid)
        up = sum(s.up and not s.lost for s in self.all)
        self.rows.append((time.monotonic() - started, rss))
        print(f"{self.rows[-1][0]:7.1f} s  up {up}/{len(self.all)}  held {len(self.reader.held):7d}"
              f"  rss {rss:7.2f} MiB  cpu {cpu:7.2f} s", flush=True)

    def run(self, pid):
        started = time.monotonic()
        end, keepalive, note, tick = started + self.a.minutes * 60, started, started, started
        while time.monotonic() < end:
            now = time.monotonic()
            if now >= keepalive:
                keepalive = now + HOLD / 3
                for s in self.all:
                    s.send(message(4))
            if all(s.lost for s in self.all):
                return
            if now >= note:
                note = now + 10
                self.note(started, pid)
            self.churn(self.a.rate // 10)
            tick += 0.1
            self.serve(max(tick, time.monotonic() + 0.001))

    def verdict(self):
        total = self.a.sessions * self.a.prefixes
        third = len(self.rows) // 3
        rss = [r for _, r in self.rows]
        middle, last = max(rss[third:2 * third], default=0), max(rss[2 * third:], default=0)
        lost = [f"{s.number}: {s.lost}" for s in self.all if s.lost]
        print(f"sessions lost {len(lost)} {lost[:3]}; prefixes at the end {len(self.reader.held)} of {total}; "
              f"memory middle third {middle:.2f} MiB, last third {last:.2f} MiB")
        return not lost and len(self.reader.held) == total and last <= middle * 1.02


def main():
    p = argparse.ArgumentParser(description="sessions that hold, memory that stays flat")
    p.add_argument("build")
    p.add_argument("--sessions", type=int, default=500)
    p.add_argument("--prefixes", type=int, default=1000)
    p.add_argument("--minutes", type=float, default=10)
    p.add_argument("--rate", type=int, default=5000, help="prefixes taken back or announced again, a second")
    p.add_argument("--port", type=int, default=17901)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        edge = subprocess.Popen([os.path.join(a.build, "fairlead-edge"), "--config",
                                 configuration(folder, a.sessions, a.port)], stdout=subprocess.PIPE,
                                stderr=open(os.path.join(folder, "log"), "w"))
        good = False
        try:
            if edge.stdout.readline().strip() != b"ready":
                sys.exit("fairlead-edge did not start")
            soak = Soak(a)
            soak.connect(a.port)
            if not soak.wait(lambda: all(s.up for s in soak.all), 60):
                sys.exit(f"only {sum(s.up for s in soak.all)} sessions came up")
            soak.fill()
            if not soak.wait(lambda: len(soak.reader.held) == a.sessions * a.prefixes, 120):
                sys.exit(f"the reader has {len(soak.reader.held)} prefixes only")
            soak.run(router_of(edge.pid))
            soak.bring_back()
            soak.wait(lambda: len(soak.reader.held) == a.sessions * a.prefixes, 60)
            good = soak.verdict()
        finally:
            if not good:
                with open(os.path.join(folder, "log")) as f:
                    print("".join(line for line in f if " state " not in line and "session-" not in line)[-3000:])
            edge.terminate()
            edge.wait(20)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
