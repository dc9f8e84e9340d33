#!/usr/bin/env python3
"""bench/api/bench.py BUILD [--circuits N] [--fill N] [--clients N] [--store ...]

Starts fairleadd from BUILD on loopback with a fresh state directory and measures it through HTTPS, as
clients see it: N circuits with two peerings each are made, read and listed; then the store is filled
with other resources up to --fill, and the same is measured again. The last column is the second run's
median over the first's: flat is 1. Nothing is left behind. Figures go to docs/performance.md by hand.
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
        path = f"{c.root}/resourceGroups/fill{i % 20}{NETWORK}/publicIPAddresses/a{i}"
        times.append(c.call("PUT", path, {"location": "westeurope", "properties": {}})[0])
    out.put(times)


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
            path = at.path + "?" + "&".join(p for p in at.query.split("&") if not p.startswith("api-version")) if at else None
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


def line(name, seconds, times):
    return {"what": name, "calls": len(times), "per_s": round(len(times) / seconds, 1),
            "p50_ms": round(at(times, 0.5), 2), "p99_ms": round(at(times, 0.99), 2)}


def measure(options, who, first, count):
    root = "/subscriptions/" + who["subscriptionId"]
    numbers = list(range(first, first + count))
    known = list(range(first + count))
    rows = [line("create", *spread(options.clients, make, who, numbers)),
            line("get", *spread(options.clients, read, who, random.sample(known, count)))]
    group = f"{root}/resourceGroups/bench0{NETWORK}/expressRouteCircuits?$top=20"
    whole = f"{root}{NETWORK}/expressRouteCircuits?$top=20"
    rows.append(line("list a group, pages of 20", *spread(1, pages, who, [group] * 8)))
    rows.append(line("list the subscription, pages of 20", *spread(1, pages, who, [whole] * 2)))
    return rows


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def memory_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(x.split()[1]) for x in status if x.startswith("VmRSS")) / 1024


def run(options, folder):
    config = os.path.join(folder, "config.yaml")
    with open(config, "w") as f:
        f.write("limits: {requests_per_second: 1000000, writes_per_second: 1000000}\n")
    server = subprocess.Popen(
        [os.path.join(options.build, "fairleadd"), "--state-dir", os.path.join(folder, "state"), "--listen",
         f"127.0.0.1:{free_port()}", "--pace", "instant", "--config", config, "--store", options.store],
        stdout=subprocess.PIPE, stderr=open(os.path.join(folder, "log"), "w"), text=True)
    try:
        if not server.stdout.readline().startswith("ready"):
            raise SystemExit("fairleadd did not start: " + open(os.path.join(folder, "log")).read())
        with open(os.path.join(folder, "state", "admin.json")) as f:
            who = json.load(f)
        c = Client(who)
        for k in range(4):
            c.call("PUT", f"{c.root}/resourcegroups/bench{k}", {"location": "westeurope"})
        for k in range(20):
            c.call("PUT", f"{c.root}/resourcegroups/fill{k}", {"location": "westeurope"})
        small = measure(options, who, 0, options.circuits)
        before = memory_mb(server.pid)
        # a circuit is four resources: itself, two peerings, the provider's side
        missing = max(0, options.fill - 4 * options.circuits)
        filled = line("fill", *spread(options.clients, fill, who, list(range(missing))))
        large = measure(options, who, options.circuits, max(options.circuits // 4, 50))
        return {"small": small, "fill": filled, "large": large, "memory_mb": [round(before), round(memory_mb(server.pid))]}
    finally:
        server.terminate()
        server.wait(30)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("build")
    parser.add_argument("--circuits", type=int, default=1000)
    parser.add_argument("--fill", type=int, default=50000)
    parser.add_argument("--clients", type=int, default=4)
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
    print(f"{'':36} {'calls':>7} {'per s':>8} {'p50 ms':>8} {'p99 ms':>8} | {'p50 ms':>8} {'p99 ms':>8} {'ratio':>6}")
    for a, b in zip(result["small"], result["large"]):
        print(f"{a['what']:36} {a['calls']:7} {a['per_s']:8} {a['p50_ms']:8} {a['p99_ms']:8} | "
              f"{b['p50_ms']:8} {b['p99_ms']:8} {b['p50_ms'] / a['p50_ms']:6.2f}")
    f = result["fill"]
    print(f"{f['what']:36} {f['calls']:7} {f['per_s']:8} {f['p50_ms']:8} {f['p99_ms']:8} |")
    print(f"memory: {result['memory_mb'][0]} MB, with {options.fill} resources {result['memory_mb'][1]} MB")


if __name__ == "__main__":
    main()
