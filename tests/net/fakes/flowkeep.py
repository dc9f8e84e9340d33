#!/usr/bin/env python3
"""flowkeep.py CLIENT-NS SERVER-NS SOURCE TARGET PORT FLOWS: TCP flows of three kinds that have to outlive
something. `up`: the client writes every 50 ms; `down`: only the server does; `quiet`: nobody does until a
switch, then the server. Reads orders from stdin, one a line, and answers each with one line:

    mark           forgets how long flows were silent so far (and says how many there are)
    speak          from now on the server writes on quiet flows too
    count SECONDS  lets them run so long, then a JSON object {kind: [flows that moved data, flows, longest silence in ms]}
"""
import ctypes
import json
import resource
import select
import socket
import sys
import time

KINDS = ("up", "down", "quiet")


def enter(ns):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{ns}") as f:
        if libc.setns(f.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")


class Flow:
    def __init__(self, kind, client, server):
        self.kind, self.dead = kind, False
        self.writer, self.reader = (client, server) if kind == "up" else (server, client)
        self.last, self.gap, self.bytes = time.monotonic(), 0.0, 0


def open_flows(client_ns, server_ns, source, target, port, n):
    home = open("/proc/self/ns/net")
    enter(server_ns)
    listener = socket.create_server((target, port), backlog=4096)
    enter(client_ns)
    flows = []
    for k in range(3 * n):
        c = socket.socket()
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        c.bind((source, 0))
        c.settimeout(5)
        c.connect((target, port))
        s, _ = listener.accept()
        for x in (c, s):
            x.setblocking(False)
            x.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flows.append(Flow(KINDS[k % 3], c, s))
    ctypes.CDLL(None).setns(home.fileno(), 0)
    return flows


def main():
    client_ns, server_ns, source, target, port, n = sys.argv[1:]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    flows = open_flows(client_ns, server_ns, source, target, int(port), int(n))
    poll = select.epoll()
    by_fd = {f.reader.fileno(): f for f in flows}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    orders = sys.stdin.fileno()
    poll.register(orders, select.EPOLLIN)
    print(f"open {len(flows)}", flush=True)
    speaking, until, next_write = False, None, 0.0
    while True:
        now = time.monotonic()
        if now >= next_write:
            next_write = now + 0.05
            for f in flows:
                if not f.dead and (f.kind != "quiet" or speaking):
                    try:
                        f.writer.send(b"data")
                    except BlockingIOError:
                        pass
                    except OSError:
                        f.dead = True
        for fd, _ in poll.poll(max(0.0, next_write - time.monotonic()), 4096):
            if fd == orders:
                words = sys.stdin.readline().split()
                if not words:
                    return
                if words[0] == "count":
                    until = time.monotonic() + float(words[1])
                    for f in flows:
                        f.bytes = 0
                    continue
                speaking = speaking or words[0] == "speak"
                for f in flows:
                    if words[0] == "mark" or f.kind == "quiet":
                        f.last, f.gap = time.monotonic(), 0.0
                print("done", flush=True)
                continue
            f, t = by_fd[fd], time.monotonic()
            try:
                got = f.reader.recv(65536)
            except OSError:
                got = b""
            if not got:
                f.dead = True
                poll.unregister(fd)
                continue
            f.bytes += len(got)
            f.gap, f.last = max(f.gap, t - f.last), t
        if until and time.monotonic() > until:
            until = None
            print(json.dumps({k: [sum(1 for f in flows if f.kind == k and f.bytes and not f.dead), sum(1 for f in flows if f.kind == k),
                                  round(1000 * max(f.gap for f in flows if f.kind == k))] for k in KINDS}), flush=True)


if __name__ == "__main__":
    main()
