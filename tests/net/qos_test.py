#!/usr/bin/env python3
"""qos_test.py EDGE QOSLOAD DELAYLINE: classes of service on real packets; the scene is dataplane_test.py's:

    host s<d>                    customer routers                 cloud edge                  host v<d>
  10.0.0.10/16 --- lan<d> [ P: one fairlead-edge ] trunk0 === trunk0 [ E: one ] net<d> --- 10.20.0.10/16

P marks, and shapes where it is asked to; E polices, keeps or resets. What is asserted about rates holds on
a machine of any load: never more than the circuit's rate, and no voice dropped. Figures are printed; the
policer is held to its rate from below on a virtual clock (tests/unit/forward/policer_test.c), and
bench/dataplane/qos.py measures. Needs root: exit status 77 without.
"""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dataplane_test
import edge_test
from dataplane_test import FastScene, fates
from edge_test import Failed, run, wait_for

QOSLOAD, DELAYLINE = (os.path.abspath(p) for p in (sys.argv.pop(2), sys.argv.pop(2))) if len(sys.argv) > 3 else ("", "")
MARKS = [{"protocol": "udp", "source_port": 50000, "source_port_to": 50019, "dscp": 46},
         {"protocol": "udp", "source_port": 50020, "source_port_to": 50039, "dscp": 34},
         {"protocol": "udp", "source_port": 50040, "source_port_to": 50059, "dscp": 18},
         {"source": "10.0.0.11/32", "dscp": 10}]
LISTED = {46, 34, 18, 10, 0}


class QosScene(FastScene):
    """Static routes: Microsoft peering would not take these private prefixes."""
    kinds = {}

    def both(self, side, d, **more):
        made = super().both(side, d, **more)
        customer = side == self.customer_side
        made["routes"].append({"prefix": edge_test.VNET if customer else edge_test.SITE, "via": edge_test.LINK[customer]})
        made["kind"] = self.kinds.get(d, "plain")
        return made

    def load(self, d, seconds, *flows, source="10.0.0.10", target="10.20.0.10"):
        out = run(QOSLOAD, self.ns("s" + d), self.ns("v" + d), source, target, str(seconds), *flows, timeout=60 + seconds)
        got = json.loads(out)
        got["by"] = {f["name"]: f for f in got["flows"]}
        got["mbps"] = got["bytes"] * 8000 / max(got["ns"], 1)
        return got

    def classes(self, router, attachment):
        return {(c["direction"], c["class"]): c for c in router.ask("show qos")["classes"] if c["attachment"] == attachment}

    def queues(self, attachment="leg"):
        return {q["queue"]: q for q in self.p.ask("show qos")["queues"] if q["attachment"] == attachment}

    def probe(self, d, peering):
        """fairlead probe classes from s to v, as an operator would."""
        fairlead = os.path.join(os.path.dirname(self.edge), "fairlead")
        reflector = subprocess.Popen(["ip", "netns", "exec", self.ns("v" + d), fairlead, "probe", "reflect"], stdout=subprocess.PIPE, text=True)
        self.processes.append(reflector)
        if reflector.stdout.readline() != "ready\n":
            raise Failed("the reflector does not start")
        done = subprocess.run(["ip", "netns", "exec", self.ns("s" + d), fairlead, "probe", "classes", "10.20.0.10", "--count", "5",
                               "--peering", peering, "-o", "json"], stdout=subprocess.PIPE, text=True, timeout=120)
        reflector.terminate()
        reflector.wait(10)
        return done.returncode, {c["dscp"]: c for c in json.loads(done.stdout)["classes"]}


class Distant(QosScene):
    """Ten milliseconds of distance between host and router, by a wire that takes its time."""

    def cable(self, a, port_a, b, port_b, mtu):
        if b != "sa":
            return super().cable(a, port_a, b, port_b, mtu)
        run("ip", "netns", "add", self.ns("D"))
        super().cable(a, port_a, "D", "x0", mtu)
        super().cable("D", "x1", b, port_b, mtu)
        for port in ("x0", "x1"):
            run("ip", "netns", "exec", self.ns("D"), "ethtool", "-K", port, "tx", "off", "gro", "on" if port == "x0" else "off")
            run("ip", "netns", "exec", self.ns("D"), "sysctl", "-qw", f"net.ipv6.conf.{port}.disable_ipv6=1")
        line = subprocess.Popen([DELAYLINE, self.ns("D"), "x0", "x1", "5"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.processes.append(line)
        assert line.stdout.readline() == "ready\n"


def marking(t, **leg):
    """The customer's router: marks on the LAN, and what is said about its leg."""
    def customer(d):
        made = t.both(t.customer_side, d)
        made["attachments"][1]["mark"] = MARKS
        made["attachments"][0].update(leg)
        return made
    return customer


def show(what, got):
    flows = ", ".join(f"{f['name']} {f['received']}/{f['sent']} p50 {f['p50_us']} p99 {f['p99_us']} us" for f in got["flows"])
    print(f"   {what}: {got['mbps']:.2f} Mbit/s; {flows}; senders short for {got['thin_ms']} ms", flush=True)


def within(got, mbps, spare_bytes):
    """Not more than the rate, within half a percent and what a bucket holds."""
    most = mbps * 1e6 / 8 * got["ns"] / 1e9 * 1.005 + spare_bytes
    assert got["bytes"] <= most, f"{got['bytes']} bytes in {got['ns'] / 1e9:.2f} s are more than {most:.0f}"


# --- cases ---

def the_customer_edge_marks_by_port_and_address(edge):
    with QosScene(edge, "a") as t:
        t.kinds = {"a": "microsoft"}
        t.up_fast(customer=marking(t), cloud=lambda d: t.both(t.cloud_side, d))
        got = t.load("a", 1, "voice:0:200:50:50000", "video:0:200:50:50039", "sharing:0:200:50:50040", "other:0:200:50:50060",
                     "listed:34:200:50:40000", "unlisted:26:200:50:40001")["by"]
        want = {"voice": [46], "video": [34], "sharing": [18], "other": [0], "listed": [34], "unlisted": [0]}
        assert {k: v["dscp"] for k, v in got.items()} == want, got
        run("ip", "-n", t.ns("sa"), "address", "add", "10.0.0.11/16", "dev", "eth0")
        got = t.load("a", 1, "file:0:200:50:40000", "voice:0:200:50:50000", source="10.0.0.11")["by"]
        assert got["file"]["dscp"] == [10] and got["voice"]["dscp"] == [46], got # the first mark counts


def probes_tell_which_values_arrive(edge):
    with QosScene(edge, "ab") as t:
        t.kinds = {"a": "microsoft", "b": "private"}
        t.up_fast()
        status, got = t.probe("a", "microsoft")
        assert status == 0 and len(got) >= 8, got
        for dscp, row in got.items():
            kept = [dscp if dscp in LISTED else 0]
            assert row["at_reflector"] == kept and row["on_return"] == kept, row
        status, got = t.probe("b", "private")
        assert status == 0 and all(r["at_reflector"] == [0] and r["on_return"] == [0] for r in got.values()), got
        status, got = t.probe("b", "microsoft")
        assert status == 4 and got[46]["verdict"] == "not as expected", got[46]


def an_overloaded_policer_holds_its_rate_and_drops_no_voice(edge):
    with QosScene(edge, "a") as t:
        def cloud(d):
            made = t.both(t.cloud_side, d)
            made["attachments"][0].update(rate_mbps=20)
            return made
        t.kinds = {"a": "microsoft"}
        t.up_fast(customer=marking(t), cloud=cloud)
        before = t.classes(t.e, "acc")
        got = t.load("a", 4, "voice:0:200:250:50000", "video:0:1200:400:50020", "bulk:0:1200:3700:40000")
        show("2 x 20 Mbit/s through the policer", got)
        after = t.classes(t.e, "acc")
        dropped = {c: after["in", c]["dropped"] - before["in", c]["dropped"] for c in ("voice", "interactive", "default")}
        passed = {c: after["in", c]["passed"] - before["in", c]["passed"] for c in ("voice", "interactive", "default")}
        within(got, 20, 25000)
        assert dropped["voice"] == 0 and dropped["default"] > 100 and dropped["interactive"] < dropped["default"], dropped
        assert passed["voice"] == got["by"]["voice"]["sent"], (passed, got)
        leg = next(a for a in t.e.ask("show evidence")["attachments"] if a["name"] == "acc")
        classes = {c["class"]: c for c in leg["classes"]}
        assert leg["rx_bytes"] > sum(c["rx_bytes"] for c in classes.values()) > 1000 * passed["default"], leg
        assert classes["voice"]["rx_dropped"] == 0 and classes["default"]["rx_dropped"] > 1000 * dropped["default"], leg


def a_shaped_leg_keeps_voice_short_and_drops_none_of_it(edge):
    with QosScene(edge, "a") as t:
        t.kinds = {"a": "microsoft"}
        t.up_fast(customer=marking(t, queues=True, rate_mbps=10), cloud=lambda d: t.both(t.cloud_side, d))
        before = t.queues()
        assert set(before) == {"control", "voice", "interactive", "default"}, before
        got = t.load("a", 4, "voice:0:200:250:50000", "video:0:1200:200:50020", "bulk:0:1200:1800:40000")
        show("2 x 10 Mbit/s through the queues", got)
        after = t.queues()
        grown = {q: {k: after[q][k] - before[q][k] for k in ("packets", "dropped")} for q in after}
        within(got, 10, 20000)
        voice, bulk = got["by"]["voice"], got["by"]["bulk"]
        assert grown["voice"] == {"packets": voice["sent"], "dropped": 0}, grown
        assert grown["interactive"]["packets"] == got["by"]["video"]["sent"] and not grown["interactive"]["dropped"], grown
        assert grown["default"]["dropped"] > 50, grown
        assert voice["dscp"] == [46] and voice["p50_us"] < bulk["p50_us"], got
        assert grown["control"]["packets"] > 0, "BGP and BFD have no queue of their own"
        # another rate loses nothing of what waits or was counted; without queues the fast path has it all again
        t.p.document["domains"][0]["attachments"][0]["rate_mbps"] = 12
        t.p.apply()
        assert t.queues()["voice"]["packets"] >= after["voice"]["packets"], "the queues were made anew"
        del t.p.document["domains"][0]["attachments"][0]["queues"]
        t.p.apply()
        assert t.queues() == {}, t.queues()
        slow = fates(t.p, "a").get("SLOW_PORT", 0)
        assert t.ping("a", 5) == 5 and fates(t.p, "a").get("SLOW_PORT", 0) == slow


def a_storm_of_misses_costs_no_session(edge):
    with QosScene(edge, "a") as t:
        t.up_fast()
        since = {n: p["since"] for r in (t.p, t.e) for n, p in r.peers().items()}
        before = fates(t.p, "a")
        storm = [subprocess.Popen([QOSLOAD, t.ns("sa"), t.ns("va"), "10.0.0.10", "10.20.0.10", "3", "x:0:60:1:40000"], stdout=subprocess.DEVNULL)]
        program = ("import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nend, n = time.monotonic() + 3, 0\n"
                   "while time.monotonic() < end:\n for k in range(200):\n  n += 1\n  try: s.sendto(b'x', (f'10.{99 + n % 50}.0.{1 + n % 200}', 9))\n  except OSError: pass\n")
        storm += [subprocess.Popen(["ip", "netns", "exec", t.ns("sa"), sys.executable, "-c", program]) for _ in range(2)]
        for p in storm:
            p.wait(60)
        after = fates(t.p, "a")
        print(f"   misses: {after.get('NO_ROUTE', 0) - before.get('NO_ROUTE', 0)} punted, {after.get('PUNT_LIMIT', 0) - before.get('PUNT_LIMIT', 0)} over the limit")
        assert after.get("NO_ROUTE", 0) - before.get("NO_ROUTE", 0) > 5000, after
        assert t.sessions_up() and since == {n: p["since"] for r in (t.p, t.e) for n, p in r.peers().items()}, "a session was lost"
        assert after.get("CONTROL_LIMIT", 0) == before.get("CONTROL_LIMIT", 0)


def tcp_reaches_its_share_of_a_policed_circuit(edge):
    with Distant(edge, "a") as t:
        def cloud(d):
            made = t.both(t.cloud_side, d)
            made["attachments"][0].update(rate_mbps=RATE, burst_ms=50)
            return made
        t.up_fast(cloud=cloud)
        for _ in range(3): # congestion control starts over when the machine stands still
            got = json.loads(run(QOSLOAD, "tcp", t.ns("sa"), t.ns("va"), "10.0.0.10", "10.20.0.10", "7200", str(SECONDS), timeout=60 + SECONDS))
            share = got["bytes"] * 8000 / got["ns"] / RATE
            print(f"   TCP gets {100 * share:.1f} % of {RATE} Mbit/s at 10 ms", flush=True)
            assert share <= 1.01, share
            if share > 0.5:
                break
        assert share > 0.5, share


RATE, SECONDS = int(os.environ.get("FAIRLEAD_RATE", "20")), int(os.environ.get("FAIRLEAD_SECONDS", "5"))

if __name__ == "__main__":
    edge_test.CASES = [v for k, v in globals().items() if callable(v) and getattr(v, "__module__", "") == "__main__" and k.count("_") > 3]
    sys.exit(edge_test.main())
