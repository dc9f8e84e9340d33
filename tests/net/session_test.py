#!/usr/bin/env python3
"""session_test.py EDGE: what protects a session, with real sockets on loopback.

    a 127.0.0.1, AS 65001  <--- TCP, MD5 key, TTL 255 --->  b 127.0.0.2, AS 65002

Two fairlead-edge without a data plane, b calls a. Needs no rights; leaves nothing behind.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PORT = 20000 + os.getpid() % 20000
HOLD_S = 6


class Failed(Exception):
    pass


def wait_for(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Edge:
    def __init__(self, program, folder, name, own, other, asn, other_asn, passive):
        self.program, self.name = program, name
        self.socket = os.path.join(folder, name + ".sock")
        self.file = os.path.join(folder, name + ".yaml")
        self.log = open(os.path.join(folder, name + ".log"), "w+", encoding="utf-8")
        self.peer = {"name": "p", "address": other, "local": own, "port": PORT, "asn": other_asn, "hold": HOLD_S,
                     "passive": passive}
        self.document = {"router": {"name": name, "id": own, "asn": asn}, "dataplane": "none",
                         "control_socket": self.socket, "bgp": {"listen": [f"{own}:{PORT}"]},
                         "domains": [{"name": "d", "kind": "plain", "peers": [self.peer]}]}
        self.process = None

    def write(self, **changes):
        self.peer.update(changes)
        with open(self.file, "w", encoding="utf-8") as f:
            json.dump(self.document, f)

    def start(self):
        self.process = subprocess.Popen([self.program, "--config", self.file], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise Failed(f"{self.name} is not ready: {open(self.log.name, encoding='utf-8').read()}")

    def apply(self, **changes):
        self.write(**changes)
        self.process.send_signal(signal.SIGHUP)

    def ask(self, what):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.socket)
            s.sendall(f"show {what}\n".encode())
            s.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: s.recv(65536), b""))
        return json.loads(answer)

    def show(self):
        return self.ask("bgp").get("peers", [{"state": "nobody answers"}])[0]

    def bfd(self):
        return next(iter(self.ask("bfd")["bfd"]), {"state": "none"})

    def router(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as f:
            for pid in f.read().split():
                with open(f"/proc/{pid}/cmdline", "rb") as c:
                    if b"--role=router" in c.read().split(b"\0"):
                        return int(pid)
        raise Failed("no router process")

    def said(self, what):
        with open(self.log.name, encoding="utf-8") as f:
            return what in f.read()

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
        self.log.close()


def up(*edges):
    return all(e.show()["state"] == "Established" for e in edges)


def a_key_changes_under_a_running_session(a, b):
    wait_for("the session with the first key", lambda: up(a, b))
    since = [e.show()["established_count"] for e in (a, b)]
    a.apply(md5="second-key")
    b.apply(md5="second-key")
    wait_for("the new key under both ends", lambda: a.said("has the new key") and b.said("has the new key"))
    heard = [e.show()["messages"]["in"] for e in (a, b)]
    wait_for("keepalives signed by the new key",
             lambda: all(e.show()["messages"]["in"] >= n + 4 for e, n in zip((a, b), heard)), 4 * HOLD_S)
    if [e.show()["established_count"] for e in (a, b)] != since or not up(a, b):
        raise Failed("the session did not live through the change of its key")


def a_wrong_key_silences_it(a, b):
    a.apply(md5="another")
    wait_for("the end of a session whose keys differ", lambda: not up(a), 3 * HOLD_S)
    time_out = a.show()["last_error"]
    if time_out["code"] not in (0, 4):
        raise Failed(f"ended by {time_out}, not by silence")
    a.apply(md5="second-key")
    wait_for("the session with equal keys", lambda: up(a, b), 60)


def both_ends_within_one_hop(a, b):
    for e in (a, b):
        e.apply(ttl_security=True)
    wait_for("a session with TTL security on both ends", lambda: up(a, b), 60)
    b.apply(ttl_security=False)
    wait_for("the end of a session whose other end sends TTL 1", lambda: not up(a, b), 30)
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if up(a):
            raise Failed("packets with TTL 1 pass TTL security")
        time.sleep(0.1)


def other_bfd_intervals_leave_the_session_up(a, b):
    for e in (a, b):
        e.apply(ttl_security=False, bfd={"min_tx_ms": 300, "min_rx_ms": 300, "multiplier": 20})
    wait_for("BFD", lambda: up(a, b) and a.bfd()["state"] == b.bfd()["state"] == "Up", 60)
    since = [e.show()["established_count"] for e in (a, b)]
    a.apply(bfd={"min_tx_ms": 500, "min_rx_ms": 200, "multiplier": 15})
    wait_for("the new intervals agreed by a poll",
             lambda: a.bfd()["tx_us"] == 500000 and b.bfd()["detect_us"] == 7500000 and
             a.bfd()["detect_us"] == 20 * 300000 and a.bfd()["rx_us"] == 200000, 30)
    if [e.bfd()["times_up"] for e in (a, b)] != [1, 1] or [e.bfd()["times_down"] for e in (a, b)] != [0, 0]:
        raise Failed(f"the BFD sessions did not stay up: {a.bfd()} {b.bfd()}")
    if [e.show()["established_count"] for e in (a, b)] != since:
        raise Failed("BGP did not live through the change")
    for e in (a, b):
        e.apply(bfd=False)


def a_stopped_router_process_is_replaced(a, b):
    wait_for("the session", lambda: up(a, b), 60)
    stopped = a.router()
    os.kill(stopped, signal.SIGSTOP)
    wait_for("the keeper takes it for deaf", lambda: a.said("router-deaf"), 60)
    wait_for("another one in its place", lambda: up(a, b) and a.router() != stopped, 60)


def an_address_that_opens_too_many_connections_is_turned_away(a, b):
    wait_for("the session", lambda: up(a, b), 60)
    since = [e.show()["established_count"] for e in (a, b)]

    def refused():
        return sum(d["packets"] for d in a.ask("drops")["drops"] if d["where"] == "listener")

    def flood():
        for _ in range(200):
            with socket.socket() as s:
                s.settimeout(5)
                s.bind(("127.0.0.9", 0))
                s.connect(("127.0.0.1", PORT))
        return refused()
    before = refused()
    wait_for("connections beyond 50 a second counted", lambda: flood() > before)
    if [e.show()["established_count"] for e in (a, b)] != since or not up(a, b):
        raise Failed("the flood disturbed the session of another address")


CASES = [a_key_changes_under_a_running_session, a_wrong_key_silences_it,
         an_address_that_opens_too_many_connections_is_turned_away, both_ends_within_one_hop,
         other_bfd_intervals_leave_the_session_up, a_stopped_router_process_is_replaced]


def main():
    folder = tempfile.mkdtemp(prefix="fl-session-")
    a = Edge(sys.argv[1], folder, "a", "127.0.0.1", "127.0.0.2", 65001, 65002, True)
    b = Edge(sys.argv[1], folder, "b", "127.0.0.2", "127.0.0.1", 65002, 65001, False)
    passed = failed = 0
    try:
        for e in (a, b):
            e.write(md5="first-key")
            e.start()
        for case in CASES:
            try:
                case(a, b)
                passed += 1
            except Failed as why:
                failed += 1
                print(f"{case.__name__}: {why}")
                for e in (a, b):
                    print(f"--- {e.name}: {open(e.log.name, encoding='utf-8').read()[-2500:]}")
                break
    finally:
        for e in (a, b):
            e.stop()
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
