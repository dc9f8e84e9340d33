#!/usr/bin/env python3
"""shards_test.py EDGE: domains spread over worker threads are one router to everybody outside.

    a, two workers                    b, one worker
      red    192.0.2.1  AS 65001  <-->  198.51.100.1  AS 65002
      green  192.0.2.2            <-->  198.51.100.2
      blue   192.0.2.3            <-->  198.51.100.3      b originates a network in each domain, in blue
      black  192.0.2.4            <-->  198.51.100.4      two thousand

Two fairlead-edge without a data plane on the loopback of a network namespace that goes with the test; a calls
in red and green and is called in the others, so that connections are asked for by both shards and handed to
both; both have BFD in one of their domains. Needs root.
"""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

PORT, SKIP = 1790, 77
PATIENT_BFD = {"min_tx_ms": 300, "min_rx_ms": 300, "multiplier": 50}  # no alarm on a machine that is busy
NAMES = ["red", "green", "blue", "black"]
MANY = 2000
PATIENCE_S = 40


class Failed(Exception):
    pass


def wait_for(what, condition, seconds=PATIENCE_S):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return value


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}: {got!r} instead of {wanted!r}")


def networks(k):
    if NAMES[k] != "blue":
        return [{"prefix": f"198.18.{k}.0/24"}]
    return [{"prefix": f"10.{i // 250}.{i % 250}.0/24"} for i in range(MANY)]


class Edge:
    def __init__(self, program, folder, name, workers, own, other, asn, other_asn, originates, stations=()):
        self.program, self.name, self.own = program, name, own
        self.socket = os.path.join(folder, name + ".sock")
        self.file, self.log = os.path.join(folder, name + ".yaml"), os.path.join(folder, name + ".log")
        self.all = []
        for k, domain in enumerate(NAMES):
            calls = (k < 2) == (name == "a")
            self.all.append({"name": domain, "kind": "plain", "networks": networks(k) if originates else [],
                             "peers": [{"name": f"{domain}-peer", "address": f"{other}.{k + 1}", "hold": 90,
                                        "local": f"{own}.{k + 1}", "port": PORT, "asn": other_asn,
                                        "passive": not calls, "bfd": PATIENT_BFD if k < 2 else False}]})
        self.document = {"router": {"name": name, "id": f"{own}.1", "asn": asn, "workers": workers},
                         "dataplane": "none", "control_socket": self.socket,
                         "bgp": {"listen": [f"{own}.{k + 1}:{PORT}" for k in range(len(NAMES))]},
                         "bmp": {"stations": list(stations)}, "domains": self.all}
        self.process = None

    def write(self, names=None):
        self.document["domains"] = [d for d in self.all if names is None or d["name"] in names]
        with open(self.file, "w", encoding="utf-8") as f:
            json.dump(self.document, f)

    def start(self):
        self.write()
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.program, "--config", self.file], stdout=subprocess.PIPE,
                                            stderr=log, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise Failed(f"{self.name} is not ready")

    def ask(self, line):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.socket)
            s.sendall(line.encode() + b"\n")
            s.shutdown(socket.SHUT_WR)
            return json.loads(b"".join(iter(lambda: s.recv(65536), b"")))

    def apply(self, *names):
        self.write(names)
        answer = self.ask("apply")
        expect(f"apply {names}", answer.get("applied"), True)

    def peers(self):
        return {p["domain"]: p for p in self.ask("show bgp").get("peers", [])}

    def routes(self, domain=""):
        return self.ask(f"show routes {domain}".strip()).get("routes", [])

    def router_pid(self):
        return self.ask("show status")["router_process"]["pid"]

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)


class Station:
    """Counts its connections, and keeps whose sessions came up: route distinguishers."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port, self.connections, self.up = self.server.getsockname()[1], 0, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            s, _ = self.server.accept()
            self.connections += 1
            threading.Thread(target=self.read, args=(s,), daemon=True).start()

    def read(self, s):
        f = s.makefile("rb")
        while len(head := f.read(6)) == 6:
            _, length, kind = struct.unpack("!BIB", head)
            body = f.read(length - 6)
            if kind == 3:
                self.up.append(body[2:10])


def all_up(edge, count=len(NAMES)):
    wait_for(f"{count} sessions of {edge.name}",
             lambda: [p["state"] for p in edge.peers().values()].count("Established") == count)


def everything_there(edge):
    wait_for("all routes", lambda: len(edge.routes()) == MANY + len(NAMES) - 1)


def sessions_of_all_domains_come_up_on_two_threads(a, b, station):
    all_up(a)
    all_up(b)
    pid = a.router_pid()
    names = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as f:
            names.append(f.read().strip())
    expect("threads beside the first", sorted(n for n in names if n in ("front", "shard-1")), ["front", "shard-1"])
    expect("how it is confined", "workers=2" in a.ask("show status")["router_process"]["confined"], True)


def questions_are_answered_by_all_shards_with_one_voice(a, b, station):
    everything_there(a)
    for k, domain in enumerate(NAMES):
        prefix = networks(k)[0]["prefix"]
        expect(f"routes of {domain}", len(a.routes(domain)), len(networks(k)))
        found = a.ask(f"show route {prefix}")
        expect(f"route {prefix}", [r["domain"] for r in found["routes"]], [domain])
        received = a.ask(f"show received {domain}-peer")
        expect(f"received from {domain}", len(received["routes"]), len(networks(k)))
        expect(f"advertised to {domain}", a.ask(f"show advertised {domain}-peer")["neighbor"], f"{domain}-peer")
        expect(f"refresh of {domain}", a.ask(f"refresh {domain}-peer"), {"refresh": True})
    expect("a neighbour nobody has", "error" in a.ask("show received nobody"), True)
    expect("no prefix", "error" in a.ask("show route nonsense"), True)
    expect("neighbours in the evidence", len(a.ask("show evidence")["peers"]), len(NAMES))
    expect("neighbours in the figures", len(a.ask("show figures")["peers"]), len(NAMES))
    expect("payloads", a.ask("show rpki")["payloads"], {"ipv4": 0, "ipv6": 0})
    expect("faults", a.ask("show faults"), {"faults": [], "counts": []})
    wait_for("BFD of both shards", lambda: sorted((s["domain"], s["state"]) for s in a.ask("show bfd")["bfd"]) ==
             [("green", "Up"), ("red", "Up")])
    wait_for("BFD told to both shards", lambda: {d: p["bfd"] for d, p in a.peers().items()} ==
             {"red": "up", "green": "up", "blue": "off", "black": "off"})
    drops = [d["reason"] for d in a.ask("show drops")["drops"] if d["where"] == "bfd"]
    expect("each reason of a drop once", len(set(drops)), len(drops))


def a_station_hears_every_domain_under_a_number_of_its_own(a, b, station):
    wait_for("every neighbour told to the station", lambda: len(set(station.up)) == len(NAMES))
    expect("connections to the station, one from each shard", station.connections, 2)
    row = wait_for("the station is complete", lambda: [s for s in a.ask("show bmp")["stations"] if s["complete"]])
    expect("rows of the station", len(row), 1)


def tables_of_all_domains_are_in_one_file(a, b, station):
    everything_there(a)
    path = os.path.join(os.path.dirname(a.file), "table.mrt")
    answer = a.ask(f"mrt table {path}")
    expect("prefixes written", (answer.get("written"), answer.get("prefixes")), ("table", MANY + len(NAMES) - 1))
    kinds, views = {}, []
    with open(path, "rb") as f:
        while len(head := f.read(12)) == 12:
            _, kind, subtype, length = struct.unpack("!IHHI", head)
            body = f.read(length)
            kinds[kind, subtype] = kinds.get((kind, subtype), 0) + 1
            if subtype == 1:
                n = struct.unpack("!H", body[4:6])[0]
                views.append(body[6:6 + n].decode())
    expect("records", kinds, {(13, 1): len(NAMES), (13, 2): MANY + len(NAMES) - 1})
    expect("an index for each domain", sorted(views), sorted(NAMES))
    expect("records counted", answer["records"], MANY + 2 * len(NAMES) - 1)
    path = os.path.join(os.path.dirname(a.file), "updates.mrt")
    expect("recording", a.ask(f"mrt updates {path}"), {"recording": True})
    expect("a second recording is refused", "error" in a.ask(f"mrt updates {path}"), True)
    for domain in NAMES:
        a.ask(f"refresh {domain}-peer")
    wait_for("updates in the file", lambda: os.path.getsize(path) > 0)
    expect("stopped", a.ask("mrt stop").get("written"), "updates")


def domains_come_and_go_and_the_others_notice_nothing(a, b, station):
    everything_there(a)
    before = {d: p["since"] for d, p in a.peers().items()}
    a.apply("red", "blue", "black")
    expect("domains left", sorted(a.peers()), ["black", "blue", "red"])
    a.apply(*NAMES)
    all_up(a)
    after = {d: p["since"] for d, p in a.peers().items()}
    for domain in ("red", "blue", "black"):
        expect(f"{domain} is the same session", after[domain], before[domain])
    everything_there(a)


def an_intent_with_one_bad_domain_is_refused_whole(a, b, station):
    before = a.peers()
    twin = {"name": "twin", "kind": "plain", "peers": [dict(a.all[0]["peers"][0], name="red-peer")]}
    a.document["domains"] = a.all[1:] + [a.all[0], twin]
    with open(a.file, "w", encoding="utf-8") as f:
        json.dump(a.document, f)
    expect("refused", "error" in a.ask("apply"), True)
    expect("sessions", {d: p["since"] for d, p in a.peers().items()}, {d: p["since"] for d, p in before.items()})
    a.write()


def a_domain_goes_while_it_is_busy(a, b, station):
    for turn in range(3):
        a.ask("refresh blue-peer")
        expect("reset", b.ask("reset blue-peer"), {"reset": True})
        a.apply("red", "green", "black")
        expect("its routes are gone", a.routes("blue"), [])
        a.apply(*NAMES)
    all_up(a)
    everything_there(a)


def a_router_process_that_is_killed_comes_back_whole(a, b, station):
    all_up(b)
    old = a.router_pid()
    os.kill(old, signal.SIGKILL)
    wait_for("another router process", lambda: a.router_pid() not in (0, old))
    all_up(a)
    all_up(b)
    everything_there(a)


def an_orderly_end_is_told_in_every_domain(a, b, station):
    all_up(b)
    a.stop()
    expect("exit status", a.process.returncode, 0)
    a.process = None
    wait_for("what each neighbour was told",
             lambda: [(p["last_error"]["code"], p["last_error"]["subcode"]) for p in b.peers().values()] ==
             [(6, 2)] * len(NAMES))


def in_a_namespace_of_our_own():
    if os.environ.get("SHARDS_TEST_INSIDE"):
        return
    if os.geteuid() != 0:
        print("skipped: needs root for a network namespace")
        sys.exit(SKIP)
    os.execvpe("unshare", ["unshare", "--net", sys.executable] + sys.argv, dict(os.environ, SHARDS_TEST_INSIDE="1"))


def ip(*args):
    subprocess.run(["ip", *args], check=True)


def addresses():
    ip("link", "set", "lo", "up")
    for k in range(len(NAMES)):
        for own in ("192.0.2", "198.51.100"):
            ip("addr", "add", f"{own}.{k + 1}/32", "dev", "lo")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    in_a_namespace_of_our_own()
    addresses()
    folder, failed, passed = tempfile.mkdtemp(), 0, 0
    station = Station()
    a = Edge(sys.argv[1], folder, "a", 2, "192.0.2", "198.51.100", 65001, 65002, False, [f"127.0.0.1:{station.port}"])
    b = Edge(sys.argv[1], folder, "b", 1, "198.51.100", "192.0.2", 65002, 65001, True)
    try:
        b.start()
        a.start()
        for case in (sessions_of_all_domains_come_up_on_two_threads,
                     questions_are_answered_by_all_shards_with_one_voice,
                     a_station_hears_every_domain_under_a_number_of_its_own, tables_of_all_domains_are_in_one_file,
                     domains_come_and_go_and_the_others_notice_nothing,
                     an_intent_with_one_bad_domain_is_refused_whole, a_domain_goes_while_it_is_busy,
                     a_router_process_that_is_killed_comes_back_whole, an_orderly_end_is_told_in_every_domain):
            try:
                case(a, b, station)
                passed += 1
            except Exception as e:  # the next case may still tell something
                failed += 1
                print(f"FAILED {case.__name__}: {e}", flush=True)
    finally:
        a.stop()
        b.stop()
        if failed:
            for edge in (a, b):
                with open(edge.log, encoding="utf-8") as f:
                    print(f"--- {edge.name}\n" + "".join(f.readlines()[-60:]))
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
