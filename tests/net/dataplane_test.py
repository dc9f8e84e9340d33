#!/usr/bin/env python3
"""dataplane_test.py EDGE: the fast path on real packets; the scene is edge_test.py's, with `dataplane: fast`
in both routers, and hosts that take redirected frames:

    host s<d>                    customer routers                 cloud edge                  host v<d>
  10.0.0.10/16 --- lan<d> [ P: one fairlead-edge ] trunk0 === trunk0 [ E: one ] net<d> --- 10.20.0.10/16
  2001:db8:1::10/64                                                                        2001:db8:2::10/64

First every case of edge_test.py runs over again in front of the slow path, then those that are only about
the fast one. Needs root: exit status 77 without.
"""
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

os.environ["FAIRLEAD_DATAPLANE"] = "fast"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import edge_test
from edge_test import Failed, Scene, run, wait_for


def fates(router, d):
    """{name: packets} of a domain of a router."""
    shown = router.ask("show fast")
    for domain in shown.get("domains", []):
        if domain["name"] == d:
            return {f["name"]: f["packets"] for f in domain["fates"]}
    return {}


def grown(before, after, name):
    return after.get(name, 0) - before.get(name, 0)


class FastScene(Scene):
    """Both families; addresses of the second one follow the first."""

    def host(self, name, address, gateway):
        super().host(name, address, gateway)
        side = "1" if name[0] == "s" else "2"
        run("ip", "-n", self.ns(name), "address", "add", f"2001:db8:{side}::10/64", "dev", "eth0", "nodad")
        run("ip", "-n", self.ns(name), "route", "add", "default", "via", f"2001:db8:{side}::1")

    def both(self, side, d, **more):
        made = side(d, **more)
        lan, leg = made["attachments"][1], made["attachments"][0]
        here, there, end = ("1", "2", "1") if side == self.customer_side else ("2", "1", "2")
        lan["addresses"].append(f"2001:db8:{here}::1/64")
        leg["addresses"].append(f"2001:db8:ffff::{end}/126")
        made["routes"] = [{"prefix": f"2001:db8:{there}::/64", "via": f"2001:db8:ffff::{3 - int(end)}"}]
        return made

    def up_fast(self, customer=None, cloud=None):
        self.start(customer or (lambda d: self.both(self.customer_side, d)), cloud or (lambda d: self.both(self.cloud_side, d)))
        self.wait_up()
        for router in (self.p, self.e):
            wait_for("the fast path on all ports", lambda router=router: self.ports_ready(router))
        for d in self.customers:
            wait_for(f"first pings of {d}", lambda d=d: self.ping(d, 1) and self.ping6(d, 1))

    def ports_ready(self, router):
        ports = router.ask("show fast").get("ports", [])
        return len(ports) == 1 + len(self.customers) and all(p["attached"] and p["takes_redirects"] for p in ports)

    def ping6(self, d, count=5, size=56):
        out = run("ip", "netns", "exec", self.ns("s" + d), "ping", "-6", "-q", "-s", str(size), "-c", str(count), "-i", "0.05",
                  "-W", "2", "2001:db8:2::10", check=False, timeout=60)
        m = re.search(r"(\d+) packets transmitted, (\d+) received", out)
        return int(m.group(2)) if m else 0


# --- cases ---

def packets_of_both_families_pass_by_the_kernel(edge):
    with FastScene(edge, "ab") as t:
        t.up_fast()
        for d in t.customers:
            before = {r.ns: fates(r, d) for r in (t.p, t.e)}
            other = fates(t.e, "b" if d == "a" else "a")
            assert t.ping(d, 20) == 20 and t.ping(d, 3, size=1472) == 3
            assert t.ping6(d, 20) == 20
            for r in (t.p, t.e):
                n = grown(before[r.ns], fates(r, d), "FORWARDED")
                assert n >= 80, f"only {n} packets of {d} passed by the kernel of {r.ns}"
            assert grown(other, fates(t.e, "b" if d == "a" else "a"), "FORWARDED") == 0, "another domain forwarded them"


def the_slow_path_answers_what_the_fast_one_does_not_understand(edge):
    with FastScene(edge, "a") as t:
        t.up_fast()
        trace = run("ip", "netns", "exec", t.ns("sa"), "ping", "-c", "2", "-i", "0.1", "-t", "1", "-W", "1", "10.20.0.10", check=False)
        assert "Time to live exceeded" in trace, trace
        trace = run("ip", "netns", "exec", t.ns("sa"), "ping", "-c", "2", "-i", "0.1", "-W", "1", "10.99.0.1", check=False)
        assert "Unreachable" in trace, trace
        # options, fragments
        assert run("ip", "netns", "exec", t.ns("sa"), "ping", "-c", "2", "-i", "0.1", "-R", "-W", "2", "10.20.0.10").count("bytes from") == 2
        assert run("ip", "netns", "exec", t.ns("sa"), "ping", "-c", "2", "-i", "0.1", "-M", "dont", "-s", "3000", "-W", "2",
                   "10.20.0.10").count("bytes from") == 2
        got = fates(t.p, "a")
        for name in ("TTL", "OPTIONS", "FRAGMENT", "NO_ROUTE", "LOCAL", "CONTROL"):
            assert got.get(name), f"nothing was punted for {name}: {got}"


def a_smaller_link_behind_is_told_to_the_sender(edge):
    with FastScene(edge, "a") as t:
        def small(d):
            made = t.both(t.customer_side, d)
            made["attachments"][0]["mtu"] = 1400
            return made

        def cloud(d):
            made = t.both(t.cloud_side, d)
            made["attachments"][0]["mtu"] = 1400
            return made
        t.up_fast(small, cloud)
        said = run("ip", "netns", "exec", t.ns("sa"), "ping", "-c", "3", "-i", "0.2", "-M", "do", "-s", "1400", "-W", "1", "10.20.0.10", check=False)
        assert re.search(r"[Ff]rag needed.*1400|mtu=1400|message too long, mtu: 1400", said), said
        wait_for("IPv6 learns it", lambda: t.ping6("a", 2, size=1400) == 2)
        assert fates(t.p, "a").get("TOO_BIG"), fates(t.p, "a")


def tcp_streams_run_through_both_routers(edge):
    with FastScene(edge, "a") as t:
        t.up_fast()
        before = fates(t.e, "a")
        taker = subprocess.Popen(["ip", "netns", "exec", t.ns("va"), sys.executable, "-c",
                                  "import socket\ns = socket.create_server(('10.20.0.10', 7000))\nprint('ready', flush=True)\nc, _ = s.accept()\n"
                                  "n = 0\nwhile True:\n    b = c.recv(1 << 20)\n    if not b: break\n    n += len(b)\nprint(n)"],
                                 stdout=subprocess.PIPE, text=True)
        t.processes.append(taker)
        assert taker.stdout.readline() == "ready\n"
        run("ip", "netns", "exec", t.ns("sa"), sys.executable, "-c",
            "import socket\ns = socket.create_connection(('10.20.0.10', 7000), 5)\ns.sendall(b'x' * 20000000)\ns.close()")
        assert taker.communicate(timeout=20)[0].strip() == "20000000"
        assert grown(before, fates(t.e, "a"), "FORWARDED") > 10000


def a_thousand_configurations_lose_and_misroute_nothing(edge):
    """Traffic of a and b, with the same addresses, while c's network comes and goes."""
    with FastScene(edge, "ab") as t:
        t.up_fast()
        commits = t.e.ask("show fast")["commits"]
        streams = {d: t.stream(d) for d in t.customers}
        before = {d: t.echoes("v" + d) for d in t.customers}
        for n in range(CONFIGURATIONS):
            t.e.document["domains"][0]["attachments"][1]["mtu"] = 1499 - n % 2
            t.e.apply()
        after = {d: t.echoes("v" + d) for d in t.customers}
        lost = {d: s.stop() for d, s in streams.items()}
        done = t.e.ask("show fast")["commits"] - commits
        assert done >= CONFIGURATIONS, f"only {done} switches"
        assert not any(lost.values()), f"lost {lost}"
        for d in t.customers:
            assert after[d] - before[d] <= streams[d].sent + 2, f"{d} got packets of somebody else"


def forged_tags_and_addresses_never_reach_another_customer(edge):
    """10,000 frames from a's wire: tags of b and of nobody, sources and targets of b, both families, runts, options,
    fragments, wrong lengths and versions."""
    with FastScene(edge, "ab") as t:
        t.up_fast()
        before = {host: received(t, host) for host in ("sb", "vb")}
        drops = fates(t.p, "a")
        forge(t)
        # P's trunk is shared by a and b: what carries b's tags belongs to b. From a's own port nothing may.
        assert t.ping("a") == 5 # what was forged is through
        after = {host: received(t, host) for host in ("sb", "vb")}
        assert before == after, f"forged packets of a arrived at b: {before}, {after}"
        got = {name: grown(drops, fates(t.p, "a"), name) for name in ("FORWARDED", "RUNT", "MALFORMED", "MARTIAN", "OTHER_STATION", "OPTIONS", "FRAGMENT")}
        assert all(got.values()), f"not everything was tried: {got}"
        assert t.ping("b") == 5 and t.ping6("b") == 5


def received(t, host):
    """Packets of IPv4, and echo requests and datagrams of IPv6, that a host got."""
    four = run("ip", "netns", "exec", t.ns(host), "cat", "/proc/net/snmp")
    heads, values = [line.split() for line in four.splitlines() if line.startswith("Ip:")]
    six = dict(line.split() for line in run("ip", "netns", "exec", t.ns(host), "cat", "/proc/net/snmp6").splitlines() if line.startswith(("Icmp6InEchos", "Udp6")))
    return int(values[heads.index("InReceives")]), six["Icmp6InEchos"], six["Udp6InDatagrams"], six["Udp6NoPorts"]


def forge(t):
    """Raw frames out of a host's interface of customer a."""
    program = r"""
import random, socket, struct
random.seed(7)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
macs = [bytes.fromhex(m) for m in %r]
def tags():
    kind = random.randrange(4)
    outer, inner = random.choice([10, 20, 30, 0, 4095]), random.choice([100, 300, 301, 0, 200])
    if kind == 0: return b""
    if kind == 1: return struct.pack("!HH", random.choice([0x8100, 0x88a8]), inner)
    return struct.pack("!HHHH", random.choice([0x8100, 0x88a8]), outer, 0x8100, inner)
def total(b):
    n = sum(struct.unpack("!%%dH" %% (len(b) // 2), b))
    while n >> 16: n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff
for k in range(10000):
    source = random.choice(["10.0.0.10", "10.20.0.10", "10.0.0.1", "192.168.100.2", "127.0.0.1", "224.0.0.1"])
    target = random.choice(["10.20.0.10", "10.20.0.10", "10.0.0.10", "192.168.100.2", "255.255.255.255"])
    icmp = struct.pack("!BBHHH", 8, 0, 0, 99, k) + bytes(16)
    icmp = icmp[:2] + struct.pack("!H", total(icmp)) + icmp[4:]
    words = random.choice([5] * 8 + [6, 4, 15])
    options = bytes([1] * 3 + [0]) if words == 6 else b""
    ip = struct.pack("!BBHHHBBH4s4s", random.choice([0x40] * 9 + [0x50]) + words, 0, 20 + len(options) + len(icmp) + random.choice([0] * 9 + [999]), k,
                     random.choice([0] * 6 + [0x2000, 100]), random.choice([64, 1, 0]), 1, 0, socket.inet_aton(source), socket.inet_aton(target)) + options
    ip = ip[:10] + struct.pack("!H", total(ip)) + ip[12:]
    kind, packet = 0x0800, ip + icmp
    if k %% 4 == 0:
        source = random.choice(["2001:db8:1::10", "2001:db8:2::10", "2001:db8:1::1", "::1", "ff02::1"])
        target = random.choice(["2001:db8:2::10", "2001:db8:2::10", "2001:db8:1::10", "2001:db8:ffff::2"])
        udp = struct.pack("!HHHH", 9, 9, 8 + 8, 1) + bytes(8)
        kind, packet = 0x86dd, struct.pack("!IHBB", 0x60000000, len(udp), random.choice([17] * 6 + [0, 44]), random.choice([64, 1])) + \
            socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target) + udp
    frame = random.choice(macs) + bytes.fromhex("020000000099") + tags() + struct.pack("!H", kind) + packet
    s.send(frame[:random.choice([len(frame)] * 9 + [random.randrange(14, len(frame))])])
"""
    macs = []
    for ns in (t.ns("P") + ".a", t.ns("P") + ".b", t.ns("E") + ".b"):
        macs += [m.replace(":", "") for m in re.findall(r"link/ether ([0-9a-f:]+)", run("ip", "-n", ns, "link"))]
    run("ip", "netns", "exec", t.ns("sa"), sys.executable, "-c", program % (macs + ["ffffffffffff"]), timeout=60)


def sources_and_access_lists_are_enforced_and_drops_have_names(edge):
    with FastScene(edge, "a") as t:
        def guarded(d):
            made = t.both(t.cloud_side, d)
            made["attachments"][0].update(source="strict", rate_mbps=100, acl=[
                {"action": "permit", "protocol": "icmp"}, {"action": "permit", "protocol": "icmpv6"},
                {"action": "deny", "protocol": "udp", "port": 9, "port_to": 99}])
            return made
        t.up_fast(cloud=guarded)
        run("ip", "-n", t.ns("P") + ".a", "address", "add", "172.31.0.1/32", "dev", "lo")
        run("ip", "netns", "exec", t.ns("P") + ".a", "ping", "-c", "2", "-i", "0.1", "-W", "1", "-I", "172.31.0.1", "10.20.0.10", check=False)
        run("ip", "netns", "exec", t.ns("sa"), sys.executable, "-c",
            "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n[s.sendto(b'x', ('10.20.0.10', p)) for p in (9, 50, 5000)]")
        rows = wait_for("the drops", lambda: [r for r in t.e.ask("show drops").get("drops", []) if r.get("name") == "ACL"])
        assert rows[0]["where"] == "domain a" and rows[0]["packets"] == 3, rows
        spoofed = [r for r in t.e.ask("show drops")["drops"] if r.get("name") == "SPOOFED"]
        assert spoofed and spoofed[0]["packets"] == 2, t.e.ask("show drops")["drops"]
        assert t.ping("a") == 5
        classes = {(c["direction"], c["class"]): c["passed"] for c in t.e.ask("show qos")["classes"]}
        assert len(classes) == 8 and classes["in", "default"] and classes["out", "default"], classes


CONFIGURATIONS = int(os.environ.get("FAIRLEAD_CONFIGURATIONS", "100"))


def cases():
    own = [v for k, v in globals().items() if callable(v) and getattr(v, "__module__", "") == "__main__" and k.count("_") > 3]
    return own + edge_test.CASES


if __name__ == "__main__":
    edge_test.CASES = [v for k, v in vars(edge_test).items() if callable(v) and getattr(v, "__module__", "") == "edge_test"
                       and k.count("_") > 3]
    edge_test.CASES = cases()
    sys.exit(edge_test.main())
