#!/usr/bin/env python3
"""bench/api/bench.py BUILD [--circuits N] [--fill N] [--clients N] [--store ...]

Starts fairleadd from BUILD twice on loopback, each with a fresh state directory and a pair of edges to
plan for, and measures both through HTTPS, as clients see them. One store is filled with --fill resources
first. Then, in turns, N circuits with two peerings each are made, read and listed on both. The ratio is
the full store's median over the small one's: flat is 1. Nothing is left behind.
"""
import argparse
import http.client
import json
import multiprocessing
import os
import random
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

PLACES = ["Amsterdam", "London", "Frankfurt", "Dublin", "Paris", "Silicon Valley", "Chicago", "Dallas",
          "New York", "Singapore"]
NETWORK = "/providers/Microsoft.Network"


class Client:
    """One kept connection with a token."""

    def __init__(self, who):
        self.who = who
        context = ssl.create_default_context(cafile=who["caFile"])
        at = urllib.parse.urlsplit(who["endpoint"])
        self.http = http.client.HTTPSConnection(at.hostname, at.port, context=context, timeout=60)
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": who["clientId"],
                                       "client_secret": who["clientSecret"],
                                       "scope": who["endpoint"] + "/.default"})
        self.http.request("POST", f"/{who['tenantId']}/oauth2/v2.0/token", form,
                          {"Content-Type": "application/x-www-form-urlencoded"})
        answer = json.load(self.http.getresponse())
        self.headers = {"Authorization": "Bearer " + answer["access_token"],
                        "Content-Type": "application/json"}
        self.root = "/subscriptions/" + who["subscriptionId"]

    def call(self, method, path, body=None):
        """(seconds, answer); a refusal ends the bench."""
        mark = "&" if "?" in path else "?"
        text = json.dumps(body) if body is not None else None
        begun = time.perf_counter()
        self.http.request(method, path + mark + "api-version=2024-03-01", text, self.headers)
        answer = self.http.getresponse()
        data = answer.read()
        took = time.perf_counter() - begun
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {data[:500]!r}")
        return took, json.loads(data) if data else None


def circuit(i):
    return {"location": "westeurope", "sku": {"tier": "Premium", "family": "MeteredData"},
            "properties": {"serviceProviderProperties": {
                "serviceProviderName": "Equinix", "peeringLocation": PLACES[i % len(PLACES)],
                "bandwidthInMbps": 200}}}


def peering(kind, vlan):
    links = ("203.0.113.0/30", "203.0.113.4/30") if kind == "MicrosoftPeering" else ("10.0.0.0/30", "10.0.0.4/30")
    props = {"peerASN": 3333, "vlanId": vlan, "primaryPeerAddressPrefix": links[0],
             "secondaryPeerAddressPrefix": links[1]}
    if kind == "MicrosoftPeering":
        props["microsoftPeeringConfig"] = {"advertisedPublicPrefixes": ["198.51.100.0/24"]}
    return {"properties": props}


def make(who, numbers, out):
    c, times = Client(who), []
    for i in numbers:
        path = f"{c.root}/resourceGroups/bench{i % 4}{NETWORK}/expressRouteCircuits/c{i}"
        times.append(c.call("PUT", path, circuit(i))[0])
        for vlan, kind in ((100, "AzurePrivatePeering"), (200, "MicrosoftPeering")):
            times.append(c.call("PUT", f"{path}/peerings/{kind}", peering(kind, vlan))[0])
    out.put(times)


def fill(who, numbers, out):
    c, times = Client(who), []
    for i in numbers:
        group = f"{c.root}/resourceGroups/fill{i % 20}{NETWORK}"
        if i % 4:
            times.append(c.call("PUT", f"{group}/expressRouteCircuits/f{i}", circuit(i))[0])
        else:
            times.append(c.call("PUT", f"{group}/publicIPAddresses/a{i}", {"location": "westeurope"})[0])
    out.put(times)


def register(state):
    """A pair of edges, so that there is something to plan for."""
    with open(os.path.join(state, "operator.json")) as f:
        c = Client(json.load(f))
    for name, leg, number in (("edge1", "primary", 11), ("edge2", "secondary", 12)):
        c.call("PUT", f"/fairlead/v1/edges/{name}", {
            "name": name, "role": "edge", "location": PLACES[0], "leg": leg, "router_id": f"192.0.2.{number}",
            "ports": {"access": "acc0", "core": "core0"}})


def read(who, numbers, out):
    c, times = Client(who), []
    for i in numbers:
        times.append(c.call("GET", f"{c.root}/resourceGroups/bench{i % 4}{NETWORK}/expressRouteCircuits/c{i}")[0])
    out.put(times)


def pages(who, paths, out):
    c, times = Client(who), []
    for path in paths:
        while path:
            took, answer = c.call("GET", path)
            times.append(took)
            link = answer.get("nextLink")
            at = urllib.parse.urlsplit(link) if link else None
            if "&once" in path or not at:
                break
            path = at.path + "?" + "&".join(p for p in at.query.split("&") if not p.startswith("api-version"))
    out.put(times)


def spread(clients, work, who, items):
    """Runs `work` over the items in several processes; (seconds, all latencies in ms)."""
    out = multiprocessing.Queue()
    parts = [p for p in (items[k::clients] for k in range(clients)) if p]
    begun = time.perf_counter()
    children = [multiprocessing.Process(target=work, args=(who, part, out)) for part in parts]
    for child in children:
        child.start()
    times = [t * 1000 for _ in children for t in out.get()]
    for child in children:
        child.join()
        if child.exitcode:
            raise SystemExit("a client failed")
    return time.perf_counter() - begun, sorted(times)


def at(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def line(seconds, times):
    return {"calls": len(times), "per_s": round(len(times) / seconds, 1),
            "p50_ms": round(at(times, 0.5), 2), "p99_ms": round(at(times, 0.99), 2)}


def works(options, who, first, count):
    """Name, worker, clients and items of everything that is measured in one round."""
    root = "/subscriptions/" + who["subscriptionId"]
    group = f"{root}/resourceGroups/bench0{NETWORK}/expressRouteCircuits?$top=20"
    whole = f"{root}{NETWORK}/expressRouteCircuits?$top=20"
    return [("create", make, options.clients, list(range(first, first + count))),
            ("get", read, options.clients, [random.randrange(first + count) for _ in range(count)]),
            ("list a group, a page of 20", pages, 1, [group + "&once"] * 20),
            ("list the subscription, a page of 20", pages, 1, [whole + "&once"] * 20)]


def measure(options, servers):
    """{name: [(seconds, times) of each server]}; the servers take turns."""
    sums = {}
    count = options.circuits // options.rounds
    for k in range(options.rounds):
        todo = [works(options, s.who, k * count, count) for s in servers]
        for row in zip(*todo):
            name = row[0][0]
            for server, (_, work, clients, items) in zip(servers, row):
                seconds, times = spread(clients, work, server.who, items)
                had = sums.setdefault(name, {}).setdefault(server.name, [0, []])
                had[0] += seconds
                had[1] += times
    return sums


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def memory_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(x.split()[1]) for x in status if x.startswith("VmRSS")) / 1024


class Server:
    """fairleadd in the foreground with its own state."""

    def __init__(self, options, folder, name):
        self.name = name
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        config = os.path.join(self.folder, "config.yaml")
        with open(config, "w", encoding="ascii") as f:
            f.write("limits: {requests_per_second: 1000000, writes_per_second: 1000000}\n")
        self.log = os.path.join(self.folder, "log")
        state = os.path.join(self.folder, "state")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [os.path.join(options.build, "fairleadd"), "--state-dir", state, "--listen",
                 f"127.0.0.1:{free_port()}", "--pace", "instant", "--config", config, "--store",
                 options.store], stdout=subprocess.PIPE, stderr=log, text=True)
        if not self.process.stdout.readline().startswith("ready"):
            with open(self.log, encoding="utf-8") as log:
                raise SystemExit("fairleadd did not start: " + log.read())
        with open(os.path.join(state, "admin.json"), encoding="ascii") as f:
            self.who = json.load(f)
        c = Client(self.who)
        for group in [f"bench{k}" for k in range(4)] + [f"fill{k}" for k in range(20)]:
            c.call("PUT", f"{c.root}/resourcegroups/{group}", {"location": "westeurope"})
        register(state)

    def end(self):
        self.process.terminate()
        self.process.wait(30)


def run(options, folder):
    servers = []
    try:
        for name in ("small", "full"):
            servers.append(Server(options, folder, name))
        # three in four of what fills are circuits without peerings, two resources each
        filled = line(*spread(options.clients, fill, servers[1].who, list(range(options.fill * 4 // 7))))
        result = {"fill": filled, "rows": []}
        for name, sums in measure(options, servers).items():
            result["rows"].append({"what": name, **{k: line(*v) for k, v in sums.items()}})
        result["memory_mb"] = [round(memory_mb(s.process.pid)) for s in servers]
        return result
    finally:
        for server in servers:
            server.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--circuits", type=int, default=1000)
    parser.add_argument("--fill", type=int, default=50000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--store", default="sqlite")
    parser.add_argument("-o", "--output", choices=["table", "json"], default="table")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="fairlead-bench-")
    try:
        result = run(options, folder)
    finally:
        shutil.rmtree(folder)
    if options.output == "json":
        print(json.dumps(result, indent=1))
        return
    print(f"{'':36} {'calls':>6} | {'per s':>7} {'p50 ms':>7} {'p99 ms':>7} | {'per s':>7} {'p50 ms':>7} {'p99 ms':>7} "
          f"| ratio")
    for row in result["rows"]:
        a, b = row["small"], row["full"]
        print(f"{row['what']:36} {a['calls']:6} | {a['per_s']:7} {a['p50_ms']:7} {a['p99_ms']:7} | {b['per_s']:7} "
              f"{b['p50_ms']:7} {b['p99_ms']:7} | {b['p50_ms'] / a['p50_ms']:.2f}")
    f, m = result["fill"], result["memory_mb"]
    print(f"filling to {options.fill} resources: {f['per_s']} requests/s, p50 {f['p50_ms']} ms, p99 {f['p99_ms']} ms; "
          f"memory {m[0]} MB and {m[1]} MB")


if __name__ == "__main__":
    main()
