#!/usr/bin/env python3
"""dataplane_nat_test.py EDGE FLOWKEEP: NAT on real packets, two edges with one pool, either of which may be lost.

                      10.0.1.0/24 +----+ 10.1.1.0/24
                 eth1 ----------- | E1 | ----------- eth1
    C 10.0.0.2                    +----+                    S 10.9.9.9
                 eth2 ----------- | E2 | ----------- eth2   (knows only the pool 203.0.113.0/26)
                      10.0.2.0/24 +----+ 10.1.2.0/24
                                 E1 === E2: 10.255.0.0/30, bindings

No BGP: which edge carries the traffic is a route of C and of S. FAIRLEAD_FLOWS flows of each kind of
fakes/flowkeep.c (default 100), written to every FAIRLEAD_FLOW_INTERVAL ms (50).
Needs root: exit status 77 without.
"""
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import edge_test
from edge_test import Failed, Router, Scene, run, wait_for

FLOWS = int(os.environ.get("FAIRLEAD_FLOWS", "100"))
KEYS = ["the first key of the pair", "another key of the pair"]
INTERVAL_MS = os.environ.get("FAIRLEAD_FLOW_INTERVAL", "50")


class NatScene(Scene):
    def __init__(self, edge, **nat):
        super().__init__(edge, "")
        self.nat = nat

    def wire(self):
        for name in ("C", "S", "E1", "E2"):
            run("ip", "netns", "add", self.ns(name))
            run("ip", "-n", self.ns(name), "link", "set", "dev", "lo", "up")
        for e in "12":
            for host, net in (("C", 0), ("S", 1)):
                self.cable(host, "eth" + e, "E" + e, host.lower(), 1500)
                run("ip", "netns", "exec", self.ns(host), "ethtool", "-K", "eth" + e, "tx", "off", "gro", "on")
                run("ip", "-n", self.ns(host), "address", "add", f"10.{net}.{e}.2/24", "dev", "eth" + e)
        self.cable("E1", "sync", "E2", "sync", 1500)
        for e in "12":
            run("ip", "-n", self.ns("E" + e), "address", "add", f"10.255.0.{e}/30", "dev", "sync")
        run("ip", "-n", self.ns("C"), "address", "add", "10.0.0.2/32", "dev", "lo")
        run("ip", "-n", self.ns("S"), "address", "add", "10.9.9.9/32", "dev", "lo")
        for host in "CS":
            # A host keeps what it has for a dead router until ARP fails, and TCP does not repeat what was not
            # sent: three seconds that are not the data plane's. Here ARP fails at once.
            run("ip", "netns", "exec", self.ns(host), "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0",
                *(f"net.ipv4.neigh.eth{e}.{k}" for e in "12" for k in ("retrans_time_ms=20", "mcast_solicit=1")))

    def document(self, e):
        nat = {"first": "203.0.113.0", "last": "203.0.113.63", "side": int(e) - 1, "sides": 2, "block_ports": 16128,
               "partner": f"10.255.0.{3 - int(e)}", "local": f"10.255.0.{e}", "partner_key": KEYS[0], **self.nat}
        return {"router": {"name": "e" + e, "id": "192.0.2." + e, "asn": 65010}, "dataplane": "fast",
                "domains": [{"name": "m", "kind": "plain", "nat": nat,
                             "attachments": [{"name": "in", "port": "c", "addresses": [f"10.0.{e}.1/24"]},
                                             {"name": "out", "port": "s", "outside": True, "addresses": [f"10.1.{e}.1/24"]}],
                             "routes": [{"prefix": "10.0.0.2/32", "via": f"10.0.{e}.2"}, {"prefix": "10.9.9.9/32", "via": f"10.1.{e}.2"}]}]}

    def start(self):
        self.e = {e: Router(self, self.ns("E" + e), self.document(e)) for e in "12"}
        for r in self.e.values():
            r.start()
        wait_for("the partners", lambda: all(self.partner(e).get("up") and self.partner(e)["told_all"] for e in "12"))

    def partner(self, e):
        return self.e[e].ask("show nat").get("partner", {})

    def pool(self, e):
        return self.e[e].ask("show nat")["pools"][0]

    def by(self, e):
        """Traffic takes this edge."""
        both = [subprocess.Popen(["ip", "-n", self.ns(host), "route", "replace", *words]) for host, words in (
            ("C", ["10.9.9.9/32", "via", f"10.0.{e}.1", "src", "10.0.0.2"]), ("S", ["203.0.113.0/26", "via", f"10.1.{e}.1"]))]
        if any(p.wait(30) for p in both):
            raise Failed("the routes could not be moved")

    def warm(self, e):
        """The hosts know this edge, as routers with a session know each other: of what waits for ARP they drop most."""
        for host, address in (("C", f"10.0.{e}.1"), ("S", f"10.1.{e}.1")):
            wait_for("the edge answers", lambda: "1 received" in run(
                "ip", "netns", "exec", self.ns(host), "ping", "-q", "-c", "1", "-W", "1", address, check=False))

    def ping(self, count=3):
        out = run("ip", "netns", "exec", self.ns("C"), "ping", "-q", "-c", str(count), "-i", "0.05", "-W", "2", "10.9.9.9", check=False)
        m = re.search(r"(\d+) received", out)
        return int(m.group(1)) if m else 0

    def lose(self, e, other=None):
        """An edge goes as by a power cut: no goodbye, nothing of it is left. Traffic takes the other one."""
        began = time.monotonic()
        subprocess.run(["ip", "-n", self.ns("E" + e), "-batch", "-"], check=True, timeout=30, text=True,
                       input="".join(f"link set dev {port} down\n" for port in ("c", "s", "sync")))
        if other:
            self.by(other)
        self.moved_ms = 1000 * (time.monotonic() - began)
        self.e[e].process.kill()
        self.e[e].process.wait()
        for port in ("c", "s"):
            run("ip", "-n", self.ns("E" + e), "link", "set", "dev", port, "xdp", "off", check=False)
        for name in run("ip", "netns", "list").split():
            if name.startswith(self.ns("E" + e) + "."):
                run("ip", "netns", "del", name)
        for link in re.findall(r": (fl[0-9a-f]{12})@", run("ip", "-n", self.ns("E" + e), "-o", "link")):
            run("ip", "-n", self.ns("E" + e), "link", "del", link, check=False)

    def bring_back(self, e):
        for port in ("c", "s", "sync"):
            run("ip", "-n", self.ns("E" + e), "link", "set", "dev", port, "up")
        self.e[e].start()


class Flows:
    def __init__(self, scene, n):
        self.process = subprocess.Popen([KEEPER, scene.ns("C"), scene.ns("S"), "10.0.0.2", "10.9.9.9", "7000", str(n), INTERVAL_MS],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        scene.processes.append(self.process)
        line = self.process.stdout.readline()
        if not line.startswith("open"):
            raise Failed("the flows could not be opened")

    def order(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def count(self, seconds):
        return json.loads(self.order(f"count {seconds}"))


def all_alive(counts):
    return not counts["broken"] and all(counts[k][0] == counts[k][1] for k in ("up", "down", "quiet"))


# --- cases ---

def flows_survive_the_loss_of_either_edge_and_its_return(edge):
    with NatScene(edge) as t:
        t.start()
        t.by("1")
        wait_for("the first ping", lambda: t.ping(1))
        flows = Flows(t, FLOWS)
        assert flows.count(1)["up"][0] == FLOWS
        wait_for("all bindings at the partner", lambda: t.pool("2")["bindings"] >= 3 * FLOWS)
        t.warm("2")
        flows.order("mark")
        print(f"   undisturbed: {flows.count(2)}")
        flows.order("mark")
        t.lose("1", "2")
        flows.order("speak")
        lost = flows.count(4)
        print(f"   after the loss of edge 1 (routes moved within {t.moved_ms:.0f} ms of it): {lost}")
        assert all_alive(lost), lost
        t.bring_back("1")
        wait_for("edge 1 knows them again", lambda: t.pool("1")["bindings"] >= 3 * FLOWS)
        t.warm("1")
        flows.order("mark")
        t.by("1")
        back = flows.count(3)
        print(f"   back on edge 1: {back}")
        assert all_alive(back), back
        flows.order("mark")
        t.lose("2")
        assert all_alive(flows.count(2))
        sync = t.partner("1")
        print(f"   {sync['records_out']} records in {sync['datagrams_out']} datagrams")


def answers_may_come_back_by_the_other_edge(edge):
    with NatScene(edge) as t:
        t.start()
        run("ip", "-n", t.ns("C"), "route", "replace", "10.9.9.9/32", "via", "10.0.1.1", "src", "10.0.0.2")
        run("ip", "-n", t.ns("S"), "route", "replace", "203.0.113.0/26", "via", "10.1.2.1")
        # the first answer may be faster than the news of its binding
        wait_for("pings out by edge 1 and in by edge 2", lambda: t.ping(10) >= 9)


def a_restarted_keeper_goes_on_with_its_bindings(edge):
    with NatScene(edge) as t:
        t.start()
        t.by("1")
        wait_for("the first ping", lambda: t.ping(1))
        flows = Flows(t, 20)
        t.e["1"].process.kill()
        t.e["1"].process.wait()
        t.lose("2") # nobody else remembers
        t.e["1"].start()
        assert "bindings and counters of an earlier run go on" in open(t.e["1"].log).read(), open(t.e["1"].log).read()[-800:]
        assert t.pool("1")["bindings"] >= 60
        flows.order("speak")
        assert all_alive(flows.count(2))


def larger_tables_keep_the_bindings(edge):
    with NatScene(edge, flows=1024) as t:
        t.start()
        t.by("1")
        wait_for("the first ping", lambda: t.ping(1))
        flows = Flows(t, 20)
        t.lose("2") # nobody else remembers
        t.e["1"].document["domains"][0]["nat"]["flows"] = 8192
        t.e["1"].write()
        t.e["1"].ask("apply") # no answer in time is none: the program is loaded anew
        wait_for("larger tables", lambda: "bindings are in the new tables" in open(t.e["1"].log).read())
        pool = wait_for("the router", lambda: t.e["1"].ask("show nat").get("pools"))[0]
        assert pool["bindings"] >= 60, pool
        flows.order("speak")
        counts = flows.count(3)
        assert all_alive(counts), counts


def static_pairs_work_both_ways_and_hairpins_are_refused(edge):
    with NatScene(edge, static=[{"inside": "10.0.0.2/32", "outside": "203.0.113.40/32"}], last="203.0.113.31") as t:
        t.start()
        t.by("1")
        wait_for("a ping out", lambda: t.ping(3) == 3)
        out = run("ip", "netns", "exec", t.ns("S"), "ping", "-q", "-c", "3", "-i", "0.05", "-W", "2", "-I", "10.9.9.9", "203.0.113.40")
        assert "3 received" in out, out
        run("ip", "-n", t.ns("C"), "route", "replace", "203.0.113.0/26", "via", "10.0.1.1", "src", "10.0.0.2")
        run("ip", "netns", "exec", t.ns("C"), "ping", "-q", "-c", "2", "-i", "0.05", "-W", "1", "203.0.113.5", check=False)
        run("ip", "netns", "exec", t.ns("S"), "ping", "-q", "-c", "2", "-i", "0.05", "-W", "1", "-I", "10.9.9.9", "203.0.113.6", check=False)
        rows = {r.get("name"): r["packets"] for r in t.e["1"].ask("show drops")["drops"]}
        assert rows.get("NAT_HAIRPIN") == 2 and rows.get("NAT_NO_BINDING") == 2, rows


def an_inside_host_gets_its_bindings_and_no_more(edge):
    with NatScene(edge, block_ports=64, host_limit=8) as t:
        t.start()
        t.by("1")
        run("ip", "netns", "exec", t.ns("C"), sys.executable, "-c",
            "import socket\nfor p in range(20):\n s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n s.bind(('10.0.0.2', 5000 + p))\n s.sendto(b'x', ('10.9.9.9', 9))")
        rows = wait_for("the drops", lambda: {r.get("name"): r["packets"] for r in t.e["1"].ask("show drops")["drops"]}.get("NAT_HOST_LIMIT"))
        assert rows == 12, rows
        pool = t.pool("1")
        assert pool["bindings"] == 8 and pool["blocks_used"] == 1 and pool["refused"] == 12, pool
        assert re.search(r"nat-block .*inside 10.0.0.2, 203.0.113.\d+ ports \d+-\d+", open(t.e["1"].log).read())


def told(t, e):
    p = t.partner(e)
    return p.get("up") and p["told_all"] and p["authenticated"] and p


def only_a_partner_with_the_key_is_listened_to(edge):
    """Plain datagrams and forged ones from the partner's own address are refused by name; a key is replaced on
    one edge and then on the other without a break; what reads the partner is confined and holds no key in view."""
    with NatScene(edge) as t:
        t.start()
        t.by("1")
        wait_for("the first ping", lambda: t.ping(1))
        before = wait_for("both know each other by the key", lambda: told(t, "1") and told(t, "2"))
        forge = ("import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)\n"
                 "def udp(b): s.sendto(bytes([0x14, 0xe6, 0x14, 0xe6, 0, 8 + len(b), 0, 0]) + b, ('10.255.0.2', 0))\n"
                 "udp(b'FLNS\\1\\0\\0\\0' + bytes(32))\n"
                 "udp(b'FLNA' + bytes(70))\n"
                 "udp(b'FLNA\\1\\0\\0\\0' + b'abcdefgh' + b'\\1' * 48)\n")
        run("ip", "netns", "exec", t.ns("E1"), sys.executable, "-c", forge)
        wanted = {"unsealed", "malformed", "unknown-key"}
        wait_for("refusals by name", lambda: wanted <= {k for k, n in t.partner("2")["refusals"].items() if n})
        assert "caps=none" in before["process"]["confined"], before
        shown = json.dumps([t.e["2"].ask(q) for q in ("show nat", "show status", "show evidence")]) + open(t.e["2"].log).read()
        assert KEYS[0] not in shown
        restarts, rounds = before["process"]["restarts"], t.partner("2")["rounds"]
        for e in "12":
            t.e[e].document["domains"][0]["nat"]["partner_key"] = KEYS[1]
            t.e[e].apply()
            n = t.partner(e)["datagrams_in"]
            wait_for("the partner is heard as before", lambda: t.partner(e).get("datagrams_in", 0) > n + 2)
        after = told(t, "2")
        assert after and after["process"]["restarts"] == restarts and after["rounds"] == rounds, (after, rounds)
        t.e["1"].document["domains"][0]["nat"]["partner_key"] = "a key that nobody else has"
        t.e["1"].process.kill()
        t.e["1"].process.wait()
        t.e["1"].start()
        wait_for("a stranger is no partner", lambda: not t.partner("2").get("up", True) and not t.partner("1").get("up", True))


def the_process_that_hears_the_partner_may_die(edge):
    with NatScene(edge) as t:
        t.start()
        t.by("1")
        wait_for("the first ping", lambda: t.ping(1))
        pid = t.partner("1")["process"]["pid"]
        os.kill(pid, 9)
        wait_for("another one", lambda: t.partner("1").get("process", {}).get("pid") not in (0, pid, None))
        wait_for("the partners", lambda: told(t, "1") and told(t, "2"))
        assert t.pool("2")["bindings"] >= 1


def without_a_key_the_partners_warn(edge):
    with NatScene(edge) as t:
        t.start()
        wait_for("both know each other by the key", lambda: told(t, "1") and told(t, "2"))
        assert "nat-unauthenticated" not in open(t.e["1"].log).read()
        for e in "12":
            del t.e[e].document["domains"][0]["nat"]["partner_key"]
            t.e[e].apply()
            wait_for("the warning", lambda: "nat-unauthenticated" in open(t.e[e].log).read())
        wait_for("partners without a key", lambda: all(t.partner(e).get("up") and not t.partner(e)["authenticated"] for e in "12"))


KEEPER = sys.argv.pop(2)


def main():
    edge_test.CASES = [v for k, v in globals().items() if callable(v) and getattr(v, "__module__", "") == "__main__" and k.count("_") > 3]
    return edge_test.main()


if __name__ == "__main__":
    sys.exit(main())
