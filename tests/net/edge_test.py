#!/usr/bin/env python3
"""edge_test.py EDGE: fairlead-edge with its data plane, on real packets between namespaces.

    host s<d>                    customer routers                 cloud edge                  host v<d>
  10.0.0.10/16 --- lan<d> [ P: one fairlead-edge ] trunk0 === trunk0 [ E: one ] net<d> --- 10.20.0.10/16

Four customers d = a, b, c, d with the SAME addresses everywhere: link 192.168.100.0/30, site 10.0.0.0/16,
network 10.20.0.0/16. a and b share C-tag 100 below S-tags 10 and 20; c and d have single tags 300 and 301.
P holds one routing domain per customer, so does E: eight namespaces P.<d>, E.<d> besides those drawn.
Everything is called fl-t-edge-PID-...; nothing is left behind. Needs root: exit status 77 without.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CUSTOMERS = {"a": (10, 100), "b": (20, 100), "c": (0, 300), "d": (0, 301)}
SITE, VNET, LINK = "10.0.0.0/16", "10.20.0.0/16", ("192.168.100.1", "192.168.100.2")
KEY = "Secret123"
DATAPLANE = os.environ.get("FAIRLEAD_DATAPLANE", "namespaces")


class Failed(Exception):
    pass


def run(*args, check=True, timeout=30):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
    if check and done.returncode:
        raise Failed(f"{' '.join(args)}: {done.stdout.strip()}")
    return done.stdout


def wait_for(what, condition, seconds=40):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Router:
    """One fairlead-edge in a namespace of the scene."""

    def __init__(self, scene, ns, document):
        self.scene, self.ns, self.document = scene, ns, document
        self.socket = scene.path(ns + ".sock")
        document["control_socket"] = self.socket
        document["state_dir"] = scene.path(ns + ".state")
        document["router"]["namespace"] = ns
        self.file = scene.path(ns + ".yaml")
        self.log = scene.path(ns + ".log")

    def write(self):
        with open(self.file, "w", encoding="utf-8") as f:
            json.dump(self.document, f)

    def start(self):
        self.write()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.scene.edge, "--config", self.file], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log)
        self.scene.processes.append(self.process)
        line = self.process.stdout.readline()
        if line != b"ready\n":
            raise Failed(f"{self.ns} says {line!r} instead of ready")

    def ask(self, question):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(5)
                s.connect(self.socket)
                s.sendall(question.encode() + b"\n")
                answer = b""
                while True:
                    got = s.recv(65536)
                    if not got:
                        return json.loads(answer)
                    answer += got
        except (OSError, ValueError):
            return {}

    def peers(self):
        return {p["name"]: p for p in self.ask("show bgp").get("peers", [])}

    def up(self, *names):
        peers = self.peers()
        return all(peers.get(n, {}).get("state") == "Established" for n in names)

    def router_pid(self):
        return self.ask("show status").get("router_process", {}).get("pid", 0)

    def apply(self):
        self.write()
        answer = self.ask("apply")
        if not answer.get("applied"):
            raise Failed(f"apply: {answer}")


class Scene:
    def __init__(self, edge, customers):
        self.edge, self.customers = edge, customers
        self.base = f"fl-t-edge-{os.getpid()}"
        self.processes = []

    def ns(self, name):
        return f"{self.base}-{name}"

    def path(self, name):
        return os.path.join(self.dir, name)

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="fl-t-edge-")
        try:
            self.wire()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wire(self):
        for name in ["P", "E"] + [h + d for d in self.customers for h in "sv"]:
            run("ip", "netns", "add", self.ns(name))
            run("ip", "-n", self.ns(name), "link", "set", "dev", "lo", "up")
        self.cable("P", "trunk0", "E", "trunk0", 1508)
        for d in self.customers:
            self.cable("P", "lan" + d, "s" + d, "eth0", 1500)
            self.cable("E", "net" + d, "v" + d, "eth0", 1500)
            self.host("s" + d, "10.0.0.10/16", "10.0.0.1")
            self.host("v" + d, "10.20.0.10/16", "10.20.0.1")

    def cable(self, a, port_a, b, port_b, mtu):
        run("ip", "link", "add", port_a, "mtu", str(mtu), "netns", self.ns(a), "type", "veth", "peer", "name",
            port_b, "mtu", str(mtu), "netns", self.ns(b))
        for ns, port in ((a, port_a), (b, port_b)):
            run("ip", "-n", self.ns(ns), "link", "set", "dev", port, "up")

    def host(self, name, address, gateway):
        # on the way of redirected frames nobody completes a checksum, and a veth takes them with GRO only
        run("ip", "netns", "exec", self.ns(name), "ethtool", "-K", "eth0", "tx", "off", "gro", "on")
        run("ip", "-n", self.ns(name), "address", "add", address, "dev", "eth0")
        run("ip", "-n", self.ns(name), "route", "add", "default", "via", gateway)

    def __exit__(self, *_):
        for p in self.processes:
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
        for p in self.processes:
            try:
                p.wait(8)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        for name in run("ip", "netns", "list").split():
            if name.startswith(self.base):
                run("ip", "netns", "del", name, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- routers ---
    def customer_side(self, d, bfd=True, md5=KEY):
        s, c = CUSTOMERS[d]
        return {"name": d, "kind": "plain", "networks": [{"prefix": SITE}],
                "attachments": [{"name": "leg", "port": "trunk0", "stag": s, "ctag": c, "addresses": [LINK[0] + "/30"]},
                                {"name": "lan", "port": "lan" + d, "addresses": ["10.0.0.1/16"]}],
                "peers": [{"name": "cloud-" + d, "address": LINK[1], "local": LINK[0], "asn": 12076, "role": "cloud",
                           "bfd": bfd, "md5": md5, "hold": 30}]}

    def cloud_side(self, d, bfd=True, md5=KEY, **more):
        s, c = CUSTOMERS[d]
        return {"name": d, "kind": "private", "networks": [{"prefix": VNET, "communities": ["12076:50002"]}],
                "attachments": [{"name": "acc", "port": "trunk0", "stag": s, "ctag": c, "addresses": [LINK[1] + "/30"]},
                                {"name": "net", "port": "net" + d, "addresses": ["10.20.0.1/16"]}],
                "peers": [{"name": "customer-" + d, "address": LINK[0], "local": LINK[1], "asn": 65010,
                           "role": "customer", "bfd": bfd, "md5": md5, "hold": 30, "subject": f"circuit/{d}/private/primary",
                           **more}]}

    def start(self, customer=None, cloud=None):
        """Both routers, all domains, sessions up."""
        self.p = Router(self, self.ns("P"), {"router": {"name": "ce", "id": "192.0.2.1", "asn": 65010},
                                             "dataplane": DATAPLANE,
                                             "domains": [(customer or self.customer_side)(d) for d in self.customers]})
        self.e = Router(self, self.ns("E"), {"router": {"name": "edge", "id": "192.0.2.2", "asn": 12076},
                                             "dataplane": DATAPLANE,
                                             "domains": [(cloud or self.cloud_side)(d) for d in self.customers]})
        self.p.start()
        self.e.start()

    def sessions_up(self):
        return self.e.up(*("customer-" + d for d in self.customers)) and \
            self.p.up(*("cloud-" + d for d in self.customers))

    def wait_up(self):
        wait_for("all sessions", self.sessions_up)
        for d in self.customers:
            wait_for(f"routes of {d} in both kernels",
                     lambda d=d: "10.20.0.0/16 via" in self.routes("P", d) and "10.0.0.0/16 via" in self.routes("E", d))

    def routes(self, router, d):
        return run("ip", "-n", f"{self.ns(router)}.{d}", "route", check=False)

    # --- traffic ---
    def ping(self, d, count=5, interval="0.05", size=56):
        out = run("ip", "netns", "exec", self.ns("s" + d), "ping", "-q", "-M", "do", "-s", str(size), "-c", str(count),
                  "-i", interval, "-W", "2", "10.20.0.10", check=False, timeout=60)
        m = re.search(r"(\d+) packets transmitted, (\d+) received", out)
        return int(m.group(2)) if m else 0

    def echoes(self, name):
        out = run("ip", "netns", "exec", self.ns(name), "cat", "/proc/net/snmp")
        heads, values = [line.split() for line in out.splitlines() if line.startswith("Icmp:")]
        return int(values[heads.index("InEchos")])

    def stream(self, d):
        return Stream(self, d)


class Stream:
    """Pings every 10 ms while something happens; stop() says how many of them never came back, up to the last
    that did: what was under way at the end is not judged."""

    def __init__(self, scene, d):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(["ip", "netns", "exec", scene.ns("s" + d), "ping", "-i", "0.01", "10.20.0.10"],
                                        stdout=self.log)
        scene.processes.append(self.process)

    def stop(self):
        time.sleep(0.3)  # the last answers
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        self.log.seek(0)
        came = {int(n) for n in re.findall(r"icmp_seq=(\d+) ttl=", self.log.read())}
        if len(came) < 10:
            raise Failed(f"{len(came)} pings came back: not even the beginning worked")
        self.sent = max(came)
        return self.sent - len(came)


# --- cases ---

def customers_with_the_same_addresses_behind_one_trunk_reach_their_own_network_only(edge):
    with Scene(edge, "abcd") as t:
        t.start()
        t.wait_up()
        for d in t.customers:
            before = {x: t.echoes("v" + x) for x in t.customers}
            assert t.ping(d) == 5, f"pings of {d} are lost"
            assert t.ping(d, 3, size=1472) == 3, f"full packets of {d} are lost"
            for x in t.customers:
                got = t.echoes("v" + x) - before[x]
                assert got == (8 if x == d else 0), f"{got} pings of {d} arrived at {x}"
        evidence = t.e.ask("show evidence")
        assert len(evidence["attachments"]) == 8 and all(a["up"] for a in evidence["attachments"])
        assert {n["address"] for n in evidence["neighbors"]} >= {LINK[0]}
        assert all(r["subject"].startswith("circuit/") for r in evidence["routes"])
        wait_for("BFD", lambda: all(p["bfd"] == "up" for p in t.e.peers().values()))


def a_killed_router_process_loses_no_packet_and_its_sessions_return(edge):
    with Scene(edge, "ab") as t:
        t.start()
        t.wait_up()
        stream, pid = t.stream("a"), t.e.router_pid()
        os.kill(pid, signal.SIGKILL)
        wait_for("another router process", lambda: t.e.router_pid() not in (0, pid))
        wait_for("the sessions again", t.sessions_up)
        wait_for("stale routes are confirmed", lambda: "fib-swept" in open(t.e.log).read() or t.e.up("customer-a"))
        lost = stream.stop()
        assert lost == 0, f"{lost} of {stream.sent} packets lost"
        assert t.ping("b") == 5


def a_killed_keeper_loses_no_packet_and_the_next_one_takes_over(edge):
    with Scene(edge, "ab") as t:
        t.start()
        t.wait_up()
        stream = t.stream("a")
        t.e.process.kill()
        t.e.process.wait()
        time.sleep(0.5)
        t.e.start()
        wait_for("the sessions again", t.sessions_up)
        lost = stream.stop()
        assert lost == 0, f"{lost} of {stream.sent} packets lost"
        assert t.ping("b") == 5


def a_leg_that_falls_silent_is_noticed_by_bfd_long_before_the_hold_time(edge):
    with Scene(edge, "a") as t:
        t.start()
        t.wait_up()
        wait_for("BFD at full speed", lambda: [b for b in t.e.ask("show bfd").get("bfd", [])
                                               if b["state"] == "Up" and b["detect_us"] == 900000])
        begun = time.monotonic()
        # P stops switching the tags of the leg; no interface goes down
        run("ip", "netns", "exec", t.ns("P"), "tc", "qdisc", "del", "dev", "trunk0", "clsact")
        wait_for("the session falls", lambda: not t.e.up("customer-a"), 15)
        took = time.monotonic() - begun
        assert took < 15, f"it took {took:.2f} s, and the hold time is 30"
        print(f"   noticed after {took * 1000:.0f} ms")
        assert "10.0.0.0/16 via" not in t.routes("E", "a")


def a_new_configuration_disturbs_neither_sessions_nor_traffic_that_stay(edge):
    with Scene(edge, "abc") as t:
        t.start()
        t.wait_up()
        counts = {n: p["established_count"] for n, p in t.e.peers().items()}
        stream = t.stream("a")
        t.e.document["domains"] = [t.cloud_side("a"), t.cloud_side("b")]  # c goes
        t.e.document["domains"][1]["networks"].append({"prefix": "10.30.0.0/16"})
        t.e.apply()
        wait_for("b learns the new network", lambda: "10.30.0.0/16" in t.routes("P", "b"))
        wait_for("c's namespace is gone", lambda: f"{t.ns('E')}.c" not in run("ip", "netns", "list"))
        t.e.document["domains"].append(t.cloud_side("c"))
        t.e.apply()
        wait_for("c is back", t.sessions_up)
        lost = stream.stop()
        assert lost == 0, f"{lost} of {stream.sent} packets lost"
        for n in ("customer-a", "customer-b"):
            assert t.e.peers()[n]["established_count"] == counts[n], f"{n} was disturbed"
        t.e.document["domains"][0]["kindd"] = "x"
        t.e.write()
        answer = t.e.ask("apply")
        assert re.search(r"yaml:1:\d+: .*did you mean 'kind'", answer["error"]), answer
        assert t.sessions_up()


def a_wrong_md5_key_stays_down_and_the_others_come_up(edge):
    with Scene(edge, "ab") as t:
        t.start(customer=lambda d: t.customer_side(d, md5="Wrong" if d == "a" else KEY))
        wait_for("b", lambda: t.e.up("customer-b"))
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            assert not t.e.up("customer-a") and not t.p.up("cloud-a")
            time.sleep(0.2)
        rows = t.e.ask("show drops")["drops"]
        assert any(r["where"] == "domain a" and "MD5" in r["reason"] and r["packets"] for r in rows), rows
        assert KEY not in json.dumps(t.e.ask("show evidence")) and KEY not in open(t.e.log).read()
        t.p.document["domains"][0]["peers"][0]["md5"] = KEY
        t.p.apply()
        wait_for("a with the right key", lambda: t.e.up("customer-a"))


def frames_with_tags_nobody_was_given_are_counted(edge):
    with Scene(edge, "a") as t:
        t.start()
        t.wait_up()
        t.p.document["domains"][0]["attachments"][0]["ctag"] = 210
        t.p.apply()
        run("ip", "netns", "exec", t.ns("P") + ".a", "ping", "-c", "2", "-i", "0.1", "-W", "1", LINK[1], check=False)
        rows = wait_for("the unknown tag", lambda: [r for r in t.e.ask("show drops").get("unknown_tags", [])
                                                    if r["inner"] == 210])
        assert rows[0]["outer"] == 10 and rows[0]["port"] == "trunk0" and rows[0]["packets"] > 0


def too_many_prefixes_end_the_session_and_take_the_routes_along(edge):
    with Scene(edge, "a") as t:
        t.start(cloud=lambda d: t.cloud_side(d, max_prefixes={"ipv4": 3}))
        t.wait_up()
        t.p.document["domains"][0]["networks"] += [{"prefix": f"10.{n}.0.0/16"} for n in range(100, 105)]
        t.p.apply()
        wait_for("the limit", lambda: t.e.peers()["customer-a"]["limited"])
        peer = t.e.peers()["customer-a"]
        assert peer["last_error"]["code"] == 6 and peer["last_error"]["subcode"] == 1
        wait_for("the routes are gone", lambda: "10.0.0.0/16 via" not in t.routes("E", "a"))


OUTER_TAG = """
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("trunk0", 0))
s.setsockopt(263, 8, 1)  # PACKET_AUXDATA: the outer tag travels beside the frame
s.settimeout(30)
while True:
    frame, beside, _, address = s.recvmsg(2048, 256)
    for level, kind, data in beside:
        status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
        if address[2] != socket.PACKET_OUTGOING and status & 1 << 6:
            print(f"{tpid:04x} {tci & 4095} {frame[12:14].hex()}")
            raise SystemExit
"""


def an_outer_tag_of_802_1ad_goes_out_where_it_is_asked_for(edge):
    def leg(made):
        made["attachments"][0]["ethertype"] = 0x88a8
        return made

    with Scene(edge, "a") as t:
        t.start(lambda d: leg(t.customer_side(d)), lambda d: leg(t.cloud_side(d)))
        t.wait_up()
        for router in "EP":
            seen = run("ip", "netns", "exec", t.ns(router), sys.executable, "-c", OUTER_TAG, timeout=60)
            assert seen.split() == ["88a8", "10", "8100"], seen
        assert t.ping("a") == 5
        assert t.e.ask("show attachments")["attachments"][0]["ethertype"] == "0x88a8"
        # each side takes either type
        t.p.document["domains"][0]["attachments"][0]["ethertype"] = 0x8100
        t.p.apply()
        assert t.ping("a") == 5 and t.sessions_up()


def an_orderly_end_leaves_nothing_behind_and_says_goodbye(edge):
    with Scene(edge, "ab") as t:
        t.start()
        t.wait_up()
        t.e.process.send_signal(signal.SIGTERM)
        assert t.e.process.wait(8) == 0
        left = [n for n in run("ip", "netns", "list").split() if n.startswith(t.ns("E") + ".")]
        assert not left, f"namespaces {left} are left"
        links = run("ip", "-n", t.ns("E"), "-o", "link")
        assert not re.search(r": fl[0-9a-f]{12}@", links), links
        assert "bpf" not in run("tc", "-n", t.ns("E"), "filter", "show", "dev", "trunk0", "ingress")
        assert not os.path.exists(t.e.socket)
        assert t.p.peers()["cloud-a"]["last_error"]["code"] == 6


def a_port_that_comes_later_is_joined_then(edge):
    with Scene(edge, "a") as t:
        run("ip", "-n", t.ns("E"), "link", "set", "dev", "trunk0", "down")
        run("ip", "-n", t.ns("E"), "link", "set", "dev", "trunk0", "name", "other0")
        t.start()
        wait_for("the missing port is reported", lambda: "there is no port trunk0" in open(t.e.log).read())
        run("ip", "-n", t.ns("E"), "link", "set", "dev", "other0", "name", "trunk0")
        t.wait_up()
        assert t.ping("a") == 5


CASES = [v for k, v in list(globals().items()) if callable(v) and getattr(v, "__module__", "") == "__main__"
         and k.count("_") > 3]


def main():
    if os.geteuid() != 0:
        print("skipped: namespaces need root")
        return 77
    edge, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    passed = failed = 0
    for case in CASES:
        name = case.__name__.replace("_", " ")
        if wanted and not any(w in name for w in wanted):
            continue
        begun = time.monotonic()
        try:
            case(edge)
            passed += 1
            print(f"ok - {name} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception as why:
            failed += 1
            print(f"not ok - {name} ({time.monotonic() - begun:.1f} s): {type(why).__name__}: {why}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
