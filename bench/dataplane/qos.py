#!/usr/bin/env python3
"""bench/dataplane/qos.py BUILD [--only policer,shaper,tcp,storm,slow] [--seconds S] [--rounds N]

Figures for what tests/net/qos_test.py only holds within bounds, in the same scene (its head draws it):

    policer    50 and 200 Mbit/s, offered 2.2 times: rate error, loss and latency of voice
    shaper     the same at 50 Mbit/s through the customer edge's queues
    tcp        one flow through 100 Mbit/s, 10 ms away: share of the rate, bursts of 10 and 50 ms
    storm      frames that miss the fast path, as many as a processor makes (flood.c): what BGP and BFD notice
    slow       frames through the slow path alone: Mpps a processor (source and sink included)

Needs root, build/bench/flood and flood.bpf.o for the last two (ninja -C BUILD bench/flood bench/flood.bpf.o).
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
sys.path.insert(0, os.path.join(HERE, "../../tests/net"))
arguments, sys.argv = sys.argv, ["qos", BUILD + "/fairlead-edge", BUILD + "/tests/net/qosload", BUILD + "/tests/net/delayline"]
import qos_test
import edge_test
from edge_test import run, wait_for
from dataplane_test import fates


def cloud_with(t, **leg):
    def cloud(d):
        made = t.both(t.cloud_side, d)
        made["attachments"][0].update(leg)
        return made
    return cloud


def flows_of(mbps):
    """2 Mbit/s of voice, a fifth of the rate as video, twice the rate as bulk."""
    packets = [2e6 / 8 / 200, mbps * 0.2e6 / 8 / 1200, mbps * 2e6 / 8 / 1200]
    return [f"{n}:0:{size}:{round(pps)}:{port}" for (n, size, port), pps in zip((("voice", 200, 50000), ("video", 1200, 50020), ("bulk", 1200, 40000)), packets)]


def show_load(what, mbps, got):
    by = got["by"]
    lost = {n: f["sent"] - f["received"] for n, f in by.items()}
    print(f"{what} {mbps} Mbit/s: passed {got['mbps']:.3f}, error {100 * (got['mbps'] / mbps - 1):+.2f} %; voice lost {lost['voice']} of {by['voice']['sent']}, "
          f"p50 {by['voice']['p50_us']} us, p99 {by['voice']['p99_us']} us; video lost {lost['video']} of {by['video']['sent']}; "
          f"bulk p50 {by['bulk']['p50_us']} us; senders short for {got['thin_ms']} ms; load {os.getloadavg()[0]:.1f}", flush=True)


def policer(edge, a):
    for mbps in (50, 200):
        with qos_test.QosScene(edge, "a") as t:
            t.kinds = {"a": "microsoft"}
            t.up_fast(customer=qos_test.marking(t), cloud=cloud_with(t, rate_mbps=mbps))
            for _ in range(a.rounds):
                show_load("policer", mbps, t.load("a", a.seconds, *flows_of(mbps)))


def shaper(edge, a):
    with qos_test.QosScene(edge, "a") as t:
        t.kinds = {"a": "microsoft"}
        t.up_fast(customer=qos_test.marking(t, queues=True, rate_mbps=50), cloud=cloud_with(t))
        for _ in range(a.rounds):
            show_load("shaper", 50, t.load("a", a.seconds, *flows_of(50)))


def tcp(edge, a):
    for burst in (10, 50):
        with qos_test.Distant(edge, "a") as t:
            t.up_fast(cloud=cloud_with(t, rate_mbps=100, burst_ms=burst))
            for _ in range(a.rounds):
                got = json.loads(run(qos_test.QOSLOAD, "tcp", t.ns("sa"), t.ns("va"), "10.0.0.10", "10.20.0.10", "7200", str(a.seconds), timeout=120))
                print(f"tcp through 100 Mbit/s with {burst} ms of burst, 10 ms away: {100 * got['bytes'] * 8000 / got['ns'] / 100:.1f} % of the rate as payload; "
                      f"load {os.getloadavg()[0]:.1f}", flush=True)


def flood(t, seconds, target, source="sa", sink="va", six=False):
    """Frames a second by the clock and by processor time, and the share that arrived."""
    mac = re.search(r"ether (\S+)", run("ip", "-n", t.ns("P") + ".a", "-o", "link", "show", "dev", "lan")).group(1)
    got = run(BUILD + "/bench/flood", "-g", f"{t.ns(source)}:eth0", "-s", f"{t.ns(sink)}:eth0:xdp", "-d", mac, "-A", target, "-t", str(seconds),
              "-c", "1", BUILD + "/bench/flood.bpf.o", check=False, timeout=120)
    return got.split()


def storm(edge, a):
    with qos_test.QosScene(edge, "a") as t:
        t.up_fast()
        peers = lambda: {n: (p["state"], p["since"], p["bfd"]) for r in (t.p, t.e) for n, p in r.peers().items()}
        bfd = lambda: [s.get("times_down") for r in (t.p, t.e) for s in r.ask("show bfd")["bfd"]]
        before, at, downs = fates(t.p, "a"), peers(), bfd()
        begun = time.monotonic()
        flood(t, a.seconds, "10.99.0.1")
        took = time.monotonic() - begun
        after = fates(t.p, "a")
        grown = {k: after[k] - before.get(k, 0) for k in after if after[k] != before.get(k, 0)}
        print(f"storm of {sum(grown.values()) / took / 1e6:.2f} Mpps for {took:.1f} s: {grown}; sessions {'unchanged' if peers() == at and bfd() == downs else 'CHANGED'}: "
              f"{sorted(peers().values())}, BFD went down {sum(bfd()) - sum(downs)} times; load {os.getloadavg()[0]:.1f}", flush=True)


def slow(edge, a):
    edge_test.DATAPLANE = "namespaces"
    with edge_test.Scene(edge, "a") as t:
        def lan2(d):
            made = t.customer_side(d)
            made["attachments"].append({"name": "far", "port": "far0", "addresses": ["10.50.0.1/16"]})
            return made
        run("ip", "netns", "add", t.ns("sink"))
        t.cable("P", "far0", "sink", "eth0", 1500)
        t.start(customer=lan2)
        t.wait_up()
        wait_for("the attachment", lambda: "far" in run("ip", "-n", t.ns("P") + ".a", "link", check=False))
        run("ip", "-n", t.ns("P") + ".a", "neigh", "replace", "10.50.0.10", "lladdr", "02:00:00:00:09:09", "dev", "far", "nud", "permanent")
        run("ip", "netns", "exec", t.ns("P"), "ethtool", "-K", "lana", "gro", "on")
        for _ in range(a.rounds):
            got = flood(t, a.seconds, "10.50.0.10", sink="sink")
            if len(got) < 5:
                sys.exit(" ".join(got))
            sent, arrived, clock, used = int(got[1]), int(got[2]), float(got[3]), float(got[4])
            print(f"slow path: {1000 / used:.2f} Mpps of processor time ({used:.0f} ns a frame, source and sink included), {1000 / clock:.2f} by the clock; "
                  f"{100 * arrived / sent:.1f} % arrived; load {os.getloadavg()[0]:.1f}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("--only", default="policer,shaper,tcp,storm,slow")
    p.add_argument("--seconds", type=int, default=10)
    p.add_argument("--rounds", type=int, default=3)
    a = p.parse_args(arguments[1:])
    for name in a.only.split(","):
        {"policer": policer, "shaper": shaper, "tcp": tcp, "storm": storm, "slow": slow}[name](BUILD + "/fairlead-edge", a)


if __name__ == "__main__":
    main()
