#!/usr/bin/env python3
"""next_hop_test.py BUILD-DIR: a link goes down under next hops that other neighbours told of (RFC 4271 9.1.2.1).

    l (left .2)  --- left  10.61.1.0/24 ---+
                                           R  fairlead-edge, AS 65001, domain "d"
    r (right .2) --- right 10.61.2.0/24 ---+
                                           |
    n: two internal neighbours, 10.61.9.2 and .3, on "mgmt" 10.61.9.0/24, stay up all the time. The first
       announces 10.77.0.0/16 by the left (preferred), the second by the right.

Nobody speaks BGP over the links that fail: R knows only from the kernel that a next hop is gone. It is always the far end
that goes down, because the keeper brings its own ports up again.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

PREFIX = "10.77.0.0/16"
LINKS = {"left": ("l", "10.61.1"), "right": ("r", "10.61.2"), "mgmt": ("n", "10.61.9")}

# Plays both neighbours, inside namespace n: OPEN, KEEPALIVEs, one UPDATE each.
SPEAKER = r"""
import socket, struct, sys, time
own, hop, pref = sys.argv[1], sys.argv[2], int(sys.argv[3])
def message(kind, body=b""): return b"\xff" * 16 + struct.pack(">HB", 19 + len(body), kind) + body
caps = bytes([1, 4, 0, 1, 0, 1, 65, 4]) + struct.pack(">I", 65001)
attrs = bytes([0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4]) + socket.inet_aton(hop) + bytes([0x40, 5, 4]) + struct.pack(">I", pref)
update = message(2, struct.pack(">HH", 0, len(attrs)) + attrs + bytes([16, 10, 77]))
while True:
    try:
        s = socket.create_connection(("10.61.9.1", 179), timeout=2, source_address=(own, 0))
        s.sendall(message(1, struct.pack(">BHH4sB", 4, 65001, 90, socket.inet_aton(own), len(caps) + 2) + bytes([2, len(caps)]) + caps))
        s.sendall(message(4))
        time.sleep(0.5)
        s.sendall(update)
        s.settimeout(1)
        while True:
            try:
                if not s.recv(65536): break
            except socket.timeout:
                s.sendall(message(4))
    except OSError:
        time.sleep(0.2)
"""


class Failed(Exception):
    pass


def run(*args, check=True):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
    if check and done.returncode:
        raise Failed(f"{' '.join(args)}: {done.stdout.strip()}")
    return done.stdout


def wait_for(what, condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return value


class Scene:
    def __init__(self, build):
        self.build, self.base, self.processes = build, f"fl-t-nh-{os.getpid()}", []
        self.dir = tempfile.mkdtemp(prefix="fl-t-nh-")
        self.socket, self.log = os.path.join(self.dir, "r.sock"), os.path.join(self.dir, "log")

    def ns(self, name):
        return f"{self.base}-{name}"

    def wire(self):
        for name in "lrnR":
            run("ip", "netns", "add", self.ns(name))
            run("ip", "-n", self.ns(name), "link", "set", "dev", "lo", "up")
        for port, (far, net) in LINKS.items():
            run("ip", "link", "add", port + "0", "netns", self.ns("R"), "type", "veth", "peer", "name", "eth0", "netns",
                self.ns(far))
            run("ip", "-n", self.ns("R"), "link", "set", "dev", port + "0", "up")
            run("ip", "-n", self.ns(far), "link", "set", "dev", "eth0", "up")
            for host in (2, 3):
                run("ip", "-n", self.ns(far), "address", "add", f"{net}.{host}/24", "dev", "eth0")

    def start(self):
        def peer(host):
            return {"name": f"n{host}", "address": f"10.61.9.{host}", "local": "10.61.9.1", "asn": 65001, "role": "plain",
                    "passive": True}
        document = {"router": {"name": "r", "id": "192.0.2.1", "asn": 65001, "namespace": self.ns("R")},
                    "dataplane": "namespaces", "control_socket": self.socket, "state_dir": os.path.join(self.dir, "state"),
                    "domains": [{"name": "d", "kind": "plain", "peers": [peer(2), peer(3)],
                                 "attachments": [{"name": p, "port": p + "0", "addresses": [f"{net}.1/24"]}
                                                 for p, (_, net) in LINKS.items()]}]}
        file = os.path.join(self.dir, "r.yaml")
        with open(file, "w", encoding="utf-8") as f:
            json.dump(document, f)
        edge = subprocess.Popen([os.path.join(self.build, "fairlead-edge"), "--config", file], stdout=subprocess.PIPE,
                                stderr=open(self.log, "w", encoding="utf-8"), text=True)
        self.processes.append(edge)
        if edge.stdout.readline().strip() != "ready":
            raise Failed("fairlead-edge is not ready")
        for own, hop, pref in (("10.61.9.2", "10.61.1.2", "200"), ("10.61.9.3", "10.61.2.2", "100")):
            self.processes.append(subprocess.Popen(["ip", "netns", "exec", self.ns("n"), sys.executable, "-c", SPEAKER,
                                                    own, hop, pref]))

    def glass(self, *words):
        done = subprocess.run([os.path.join(self.build, "fairlead"), "lg", *words, "--socket", self.socket, "-o", "json"],
                              capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout)["routers"][0] if done.returncode == 0 else {}

    def paths(self):
        """neighbour -> (best, accepted, reason)"""
        return {r["peer"]: (r["best"], r["accepted"], r["reason"]) for r in self.glass("route", PREFIX).get("routes", [])}

    def kernel(self):
        return run("ip", "-n", f"{self.ns('R')}.d", "route", "show", PREFIX, check=False)

    def established(self):
        return {p["name"]: p["established_count"] for p in self.glass("summary").get("peers", [])}

    def end(self):
        for p in self.processes[::-1]:
            p.terminate()
        for p in self.processes:
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        for name in run("ip", "netns", "list").split():
            if name.startswith(self.base):
                run("ip", "netns", "del", name, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


BOTH = {"n2": (True, True, ""), "n3": (False, True, "")}
LEFT_GONE = {"n2": (False, False, "next-hop-unreachable"), "n3": (True, True, "")}
NONE = {"n2": (False, False, "next-hop-unreachable"), "n3": (False, False, "next-hop-unreachable")}


def play(t):
    t.wire()
    t.start()
    wait_for("both paths, the left one best", lambda: t.paths() == BOTH)
    wait_for("the kernel forwards by the left", lambda: "via 10.61.1.2" in t.kernel())
    before = t.established()
    run("ip", "-n", t.ns("l"), "link", "set", "dev", "eth0", "down")
    wait_for("the glass names the next hop that is gone", lambda: t.paths() == LEFT_GONE)
    wait_for("the kernel forwards by the right", lambda: "via 10.61.2.2" in t.kernel())
    run("ip", "-n", t.ns("r"), "link", "set", "dev", "eth0", "down")
    wait_for("no path is usable", lambda: t.paths() == NONE)
    wait_for("the kernel has no route", lambda: t.kernel().strip() == "")
    run("ip", "-n", t.ns("r"), "link", "set", "dev", "eth0", "up")
    wait_for("the right is back", lambda: t.paths() == LEFT_GONE and "via 10.61.2.2" in t.kernel())
    run("ip", "-n", t.ns("l"), "link", "set", "dev", "eth0", "up")
    wait_for("the left is best again", lambda: t.paths() == BOTH and "via 10.61.1.2" in t.kernel())
    if t.established() != before or not before:
        raise Failed(f"sessions were disturbed: {before} {t.established()}")


def main():
    if os.geteuid() != 0:
        print("skipped: namespaces need root")
        return 77
    t, failed = Scene(os.path.abspath(sys.argv[1])), 0
    try:
        play(t)
    except Failed as why:
        failed = 1
        print(f"{why}\n{json.dumps(t.glass('route', PREFIX))}\n{t.kernel()}")
        if os.path.exists(t.log):
            print(open(t.log, encoding="utf-8").read()[-3000:])
    finally:
        t.end()
    print(f"{1 - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
