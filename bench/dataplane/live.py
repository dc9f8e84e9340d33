#!/usr/bin/env python3
"""bench/dataplane/live.py BUILD [--rounds N] [--seconds S] [--flows N,N] [--only NAME,NAME] [--six] [--beside EDGE]

Live frames of 64 bytes through veth, one processor for source, path and sink. In turns, so that what else the
machine does hits all alike:

    fast      source === trunk0 [ fairlead-edge ] core0 === XDP sink      two tags in, two out, strict source, NAT, policer
    plain     the same without NAT
    other     as fast, by another fairlead-edge (--beside): what a change is worth
    kernel    source === c0 [ router: nftables SNAT and DSCP ] s0 === tc sink        no tags
    relay     source === r0 [ bpf_redirect_map, nothing else ] r1 === XDP sink      the floor of a path of these hops
    wire      source === XDP sink                                                    the source and the sink alone
    wire-tc   source === tc sink

For each flow count a line a path: best and median of the rounds by the clock and by processor time, and how
often it fits into the kernel's. Needs root; makes namespaces flb-* and removes them. A million flows need
net.netfilter.nf_conntrack_max above 1,048,576 in the first namespace (otherwise the kernel's line lies, and says so).
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

MAC_OUT, MAC_GATE = "02:00:00:00:09:09", "02:00:00:00:08:08"


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


class Bed:
    """Namespaces, links and routers; everything goes with it."""

    def __init__(self, build, six):
        self.build, self.six = os.path.abspath(build), six
        self.flood = os.path.join(self.build, "bench/flood")
        self.object = os.path.join(self.build, "bench/flood.bpf.o")
        self.dir = tempfile.mkdtemp(prefix="flb-")
        self.names, self.processes = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.processes:
            p.terminate()
            p.wait()
        listed = run("ip", "netns", "list").split()
        for name in [n for n in listed if n.startswith("flb-")]:
            subprocess.run(["ip", "netns", "del", name], check=False)

    def ns(self, *names):
        for name in names:
            run("ip", "netns", "add", "flb-" + name)
            run("ip", "-n", "flb-" + name, "link", "set", "lo", "up")

    def pair(self, a, dev_a, b, dev_b, mac_a=None, mac_b=None):
        run("ip", "-n", "flb-" + a, "link", "add", dev_a, *(["address", mac_a] if mac_a else []), "type", "veth", "peer", "name", dev_b,
            *(["address", mac_b] if mac_b else []), "netns", "flb-" + b)
        for n, dev in ((a, dev_a), (b, dev_b)):
            run("ip", "-n", "flb-" + n, "link", "set", dev, "mtu", "1600", "up")
            run("ip", "netns", "exec", "flb-" + n, "ethtool", "-K", dev, "gro", "on")

    def edge(self, name, nat, flows, program=None):
        self.ns(name, name + "g", name + "k")
        self.pair(name + "g", "g0", name, "trunk0")
        self.pair(name + "k", "k0", name, "core0", mac_a=MAC_OUT)
        inside, outside = ("2001:db8:a::1/48", "2001:db8:b::1/48") if self.six else ("10.0.0.1/16", "10.1.0.1/16")
        domain = {"name": "m", "kind": "plain", "attachments": [
            {"name": "in", "port": "trunk0", "stag": 100, "ctag": 20, "addresses": [inside], "source": "strict", "rate_mbps": 100000},
            {"name": "out", "port": "core0", "stag": 200, "ctag": 20, "addresses": [outside], "outside": nat}]}
        if nat:
            domain["nat"] = {"first": "203.0.113.0", "last": "203.0.113.63", "block_ports": 64, "flows": flows}
        wish = {"router": {"name": "bench", "id": "192.0.2.1", "asn": 65010, "namespace": "flb-" + name}, "dataplane": "fast",
                "control_socket": f"{self.dir}/{name}.sock", "domains": [domain]}
        path = f"{self.dir}/{name}.yaml"
        with open(path, "w") as f:
            json.dump(wish, f)
        log = open(f"{self.dir}/{name}.log", "w")
        p = subprocess.Popen([program or os.path.join(self.build, "fairlead-edge"), "--config", path], stdout=subprocess.PIPE, stderr=log, text=True)
        self.processes.append(p)
        if p.stdout.readline().strip() != "ready":
            sys.exit(open(f"{self.dir}/{name}.log").read())
        target = "2001:db8:b::2" if self.six else "10.1.0.2"
        run("ip", "-n", f"flb-{name}.m", "neigh", "replace", target, "lladdr", MAC_OUT, "dev", "out")
        mac = re.search(r"ether (\S+)", run("ip", "-n", f"flb-{name}.m", "-o", "link", "show", "dev", "in")).group(1)
        time.sleep(2.5)  # the port is asked every second whether it takes frames
        return ["-g", f"flb-{name}g:g0", "-s", f"flb-{name}k:k0:xdp", "-d", mac, "-S", "100", "-C", "20"]

    def kernel(self, nat):
        self.ns("c", "r", "s")
        self.pair("c", "eth0", "r", "c0", mac_b=MAC_GATE)
        self.pair("r", "s0", "s", "eth0", mac_b=MAC_OUT)
        run("ip", "netns", "exec", "flb-r", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=1", "net.ipv6.conf.all.forwarding=1")
        for dev, addr, addr6 in (("c0", "10.0.0.1/16", "2001:db8:a::1/48"), ("s0", "10.1.0.1/16", "2001:db8:b::1/48")):
            run("ip", "-n", "flb-r", "address", "add", addr, "dev", dev)
            run("ip", "-n", "flb-r", "address", "add", addr6, "dev", dev, "nodad")
        run("ip", "-n", "flb-r", "neigh", "replace", "10.1.0.2", "lladdr", MAC_OUT, "dev", "s0")
        run("ip", "-n", "flb-r", "neigh", "replace", "2001:db8:b::2", "lladdr", MAC_OUT, "dev", "s0")
        if nat:
            run("ip", "netns", "exec", "flb-r", "nft", "-f", "-", input="""
table ip nat {
    chain out {
        type nat hook postrouting priority 100
        oifname "s0" ip saddr 10.0.0.0/8 snat to 203.0.113.0/26
    }
}
table ip mangle {
    chain dscp {
        type filter hook forward priority -150
        ip dscp ef accept
        ip dscp != cs0 ip dscp set cs0
    }
}
""")
        return ["-g", "flb-c:eth0", "-s", "flb-s:eth0:tc", "-d", MAC_GATE]

    def relay(self):
        self.ns("rg", "rr", "rk")
        self.pair("rg", "g0", "rr", "r0")
        self.pair("rr", "r1", "rk", "k0")
        p = subprocess.Popen([self.flood, self.object, "-r", "flb-rr:r0:r1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.processes.append(p)
        if p.stdout.readline().strip() != "ready":
            sys.exit("relay does not start")
        return ["-g", "flb-rg:g0", "-s", "flb-rk:k0:xdp", "-S", "100", "-C", "20"]

    def wire(self, name, sink):
        self.ns(name + "0", name + "1")
        self.pair(name + "0", "g0", name + "1", "g1")
        return ["-g", f"flb-{name}0:g0", "-s", f"flb-{name}1:g1:{sink}"]

    def once(self, arguments, flows, seconds, cpu):
        got = run(self.flood, self.object, *arguments, "-f", str(flows), "-t", str(seconds), "-c", str(cpu), *(["-6"] if self.six else []))
        _, sent, arrived, clock, used = got.split()
        return int(arrived) / int(sent), float(clock), float(used)


def conntrack_room():
    with open("/proc/sys/net/netfilter/nf_conntrack_max") as f:
        return int(f.read())


def line(name, flows, rounds, kernel):
    clock, used = [r[1] for r in rounds], [r[2] for r in rounds]
    share = min(r[0] for r in rounds)
    text = (f"{name:8} {flows:8} flows  clock best {min(clock):6.0f} median {statistics.median(clock):6.0f} ns   processor best {min(used):6.0f} "
            f"median {statistics.median(used):6.0f} ns   arrived {100 * share:5.1f} %")
    if kernel and kernel is not rounds:
        text += (f"   kernel / this: clock {min(r[1] for r in kernel) / min(clock):.2f}, {statistics.median(r[1] for r in kernel) / statistics.median(clock):.2f}"
                 f"  processor {min(r[2] for r in kernel) / min(used):.2f}, {statistics.median(r[2] for r in kernel) / statistics.median(used):.2f}")
    print(text, flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=1)
    p.add_argument("--flows", default="1024,65536,1048576")
    p.add_argument("--only", default="fast,plain,kernel,relay,wire,wire-tc")
    p.add_argument("--cpu", type=int, default=os.cpu_count() - 1)
    p.add_argument("--beside", metavar="EDGE", help="another build's fairlead-edge")
    p.add_argument("--six", action="store_true", help="IPv6, without NAT")
    a = p.parse_args()
    only, counts = a.only.split(","), [int(n) for n in a.flows.split(",")]
    with Bed(a.build, a.six) as bed:
        paths = {}
        if not a.six and "fast" in only:
            for n in counts:
                paths["fast", n] = bed.edge(f"f{n}", True, n)
        if a.beside:
            for n in counts:
                paths["other", n] = bed.edge(f"o{n}", not a.six, n, os.path.abspath(a.beside))
        if "plain" in only:
            plain = bed.edge("p", False, 0)
            paths.update({("plain", n): plain for n in counts})
        if "kernel" in only:
            kernel = bed.kernel(not a.six)
            paths.update({("kernel", n): kernel for n in counts if a.six or n < conntrack_room() * 0.9})
        for name, make in (("relay", bed.relay), ("wire", lambda: bed.wire("w", "xdp")), ("wire-tc", lambda: bed.wire("t", "tc"))):
            if name in only:
                made = make()
                paths.update({(name, n): made for n in counts})
        got = {}
        for n in counts:
            mine = [name for name, m in paths if m == n]
            for _ in range(a.rounds):
                for name in mine:
                    got.setdefault((name, n), []).append(bed.once(paths[name, n], n, a.seconds, a.cpu))
            with open("/proc/loadavg") as f:
                print(f"-- {n} flows, load {f.read().split()[0]}")
            for name in mine:
                line(name, n, got[name, n], got.get(("kernel", n)))
            if "kernel" in only and "kernel" not in mine:
                print("kernel: nf_conntrack_max is too small for that many flows")


main()
