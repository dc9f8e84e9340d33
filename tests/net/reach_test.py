#!/usr/bin/env python3
"""reach_test.py BUILD: Global Reach on real packets. Two sites with circuits at two locations are joined through the API;
fairleadd plans, two cloud edges take their intents from it, two customer routers speak BGP with them.

    host a -- lan0 [ce-a] wan0 === acc0 [edge-a] core0 === core0 [edge-b] acc0 === wan0 [ce-b] lan0 -- host b
    10.1.0.10         AS 65010          Amsterdam              London          AS 65010        10.2.0.10

The edges' trunks carry the circuits' tags, the link between them the tag of the connection. Both sites use one private AS
number. Everything is called fl-t-reach-PID-...; nothing is left behind. Needs root: exit status 77 without.
"""
import json
import os
import re
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "api"))
from harness import CIRCUIT, EDGES, Edge, Server, cross_connection, make_group, program, run, until  # noqa: E402  pylint: disable=wrong-import-position

if os.geteuid() != 0:
    print("skipped: needs root")
    sys.exit(77)

BASE = f"fl-t-reach-{os.getpid()}"
SITES = {"a": ("Amsterdam", "er-a", "10.1.0", "192.168.1"), "b": ("London", "er-b", "10.2.0", "192.168.2")}
PEER = "peerings/AzurePrivatePeering"
LONG_S = 40
processes, routers = [], {}
server = Server(program())
admin, operator = server.sign_in("admin"), server.sign_in("operator")


def sh(*words, check=True):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    assert done.returncode == 0 or not check, f"{words}: {done.stdout}"
    return done.stdout


def ns(name):
    return f"{BASE}-{name}"


def cable(a, port_a, b, port_b, mtu=1508):
    sh("ip", "link", "add", port_a, "mtu", str(mtu), "netns", ns(a), "type", "veth", "peer", "name", port_b, "mtu", str(mtu),
       "netns", ns(b))
    for where, port in ((a, port_a), (b, port_b)):
        sh("ip", "-n", ns(where), "link", "set", "dev", port, "up")


def wire():
    for name in [h + d for d in SITES for h in ("host-", "ce-", "edge-")]:
        sh("ip", "netns", "add", ns(name))
        sh("ip", "-n", ns(name), "link", "set", "dev", "lo", "up")
    cable("edge-a", "core0", "edge-b", "core0")
    for d, (_, _, lan, _) in SITES.items():
        cable("ce-" + d, "wan0", "edge-" + d, "acc0")
        cable("ce-" + d, "lan0", "host-" + d, "eth0", 1500)
        sh("ip", "netns", "exec", ns("host-" + d), "ethtool", "-K", "eth0", "tx", "off", "gro", "on")
        sh("ip", "-n", ns("host-" + d), "address", "add", lan + ".10/24", "dev", "eth0")
        sh("ip", "-n", ns("host-" + d), "route", "add", "default", "via", lan + ".1")


def start(name, document):
    path = os.path.join(server.dir, name + ".yaml")
    document["router"]["namespace"] = ns(name)
    document["control_socket"] = os.path.join(server.dir, name + ".sock")
    document["state_dir"] = os.path.join(server.dir, name + ".state")
    document["dataplane"] = "namespaces"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f)
    with open(os.path.join(server.dir, name + ".log"), "ab") as log:
        p = subprocess.Popen([program("fairlead-edge"), "--config", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=log)
    processes.append(p)
    assert p.stdout.readline() == b"ready\n", f"{name} does not start"


def customer(d, stag):
    _, _, lan, link = SITES[d]
    start("ce-" + d, {"router": {"name": "ce-" + d, "id": lan + ".1", "asn": 65010}, "domains": [{
        "name": "site", "kind": "plain", "networks": [{"prefix": lan + ".0/24"}],
        "attachments": [{"name": "leg", "port": "wan0", "stag": stag, "ctag": 100, "addresses": [link + ".1/30"]},
                        {"name": "lan", "port": "lan0", "addresses": [lan + ".1/24"]}],
        "peers": [{"name": "cloud", "address": link + ".2", "local": link + ".1", "asn": 12076, "role": "cloud",
                   "bfd": True, "hold": 30}]}]})


def edge(d, number):
    name = "edge-" + d
    EDGES[name] = {"name": name, "role": "edge", "location": SITES[d][0], "leg": "primary",
                   "router_id": f"192.0.2.{number}", "namespace": ns(name), "ports": {"access": "acc0", "core": "core0"}}
    Edge(server, operator, name)
    files = {k: os.path.join(server.dir, f"{name}-{k}.pem") for k in ("cert", "key")}
    start(name, {"router": {"name": name, "id": f"192.0.2.{number}", "asn": 12076}, "control": {
        "url": f"https://127.0.0.1:{server.port}", "ca": os.path.join(server.state, "ca.pem"),
        "cert": files["cert"], "key": files["key"]}})


def routes(d):
    return sh("ip", "-n", f"{ns('ce-' + d)}.site", "route", check=False)


def ping(d, other, count=5):
    out = sh("ip", "netns", "exec", ns("host-" + d), "ping", "-q", "-c", str(count), "-i", "0.1", "-W", "2",
             SITES[other][2] + ".10", check=False)
    m = re.search(r"(\d+) received", out)
    return int(m.group(1)) if m else 0


def reach():
    return admin.get(f"expressRouteCircuits/er-a/{PEER}/connections/gr").json["properties"]


def two_sites_have_a_circuit_each_and_do_not_know_each_other():
    make_group(admin)
    provider = server.sign_in("provider")
    for number, (d, (place, name, _, link)) in enumerate(SITES.items()):
        body = json.loads(json.dumps(CIRCUIT))
        body["properties"]["serviceProviderProperties"]["peeringLocation"] = place
        key = admin.put("expressRouteCircuits/" + name, body).json["properties"]["serviceKey"]
        x = cross_connection(provider, key)
        x["properties"]["serviceProviderProvisioningState"] = "Provisioned"
        a = provider.call("PUT", x["id"] + "?api-version=2022-01-01", x)
        assert a.status == 200, a
        provider.finish(a)
        stag = provider.call("GET", x["id"] + "?api-version=2022-01-01").json["properties"]["sTag"]
        admin.put(f"expressRouteCircuits/{name}/{PEER}", {"properties": {
            "peerASN": 65010, "vlanId": 100, "primaryPeerAddressPrefix": link + ".0/30",
            "secondaryPeerAddressPrefix": link + ".4/30"}})
        edge(d, 11 + number)
        customer(d, stag)
    until(lambda: all(edge_knows(d) for d in SITES), LONG_S, "both sessions")
    assert "10.2.0.0/24" not in routes("a") and "10.1.0.0/24" not in routes("b")
    assert ping("a", "b", 1) == 0


def edge_knows(d):
    """Has the edge of the site its route?"""
    found = operator.call("GET", "/fairlead/v1/evidence").json["edges"]
    return any(r["prefix"] == SITES[d][2] + ".0/24" for e in found for r in e["evidence"].get("routes", []))


def join():
    far = admin.id(f"expressRouteCircuits/er-b/{PEER}")
    a = admin.put(f"expressRouteCircuits/er-a/{PEER}/connections/gr", {"properties": {
        "peerExpressRouteCircuitPeering": {"id": far}, "addressPrefix": "10.250.0.0/29"}})
    assert a.status == 200, a


def joined_by_global_reach_they_ping_each_other_and_the_status_says_connected():
    join()
    until(lambda: "10.2.0.0/24" in routes("a") and "10.1.0.0/24" in routes("b"), LONG_S, "the routes at both sites")
    until(lambda: ping("a", "b") == 5, LONG_S, "five pings in a row")
    assert ping("b", "a") == 5
    until(lambda: reach()["circuitConnectionStatus"] == "Connected", LONG_S, "the status")
    peer = admin.get(f"expressRouteCircuits/er-b/{PEER}/peerConnections").json["value"][0]["properties"]
    assert peer["circuitConnectionStatus"] == "Connected", peer


def parted_again_neither_site_has_the_other_s_route():
    admin.delete(f"expressRouteCircuits/er-a/{PEER}/connections/gr")
    until(lambda: "10.2.0.0/24" not in routes("a") and "10.1.0.0/24" not in routes("b"), LONG_S, "the routes to go")
    assert ping("a", "b", 1) == 0


def joined_once_more_a_cut_between_the_edges_shows():
    join()
    until(lambda: reach()["circuitConnectionStatus"] == "Connected" and "10.2.0.0/24" in routes("a"), LONG_S, "the link")
    # BFD takes no session down before it was once up itself
    until(bfd_over_the_link, LONG_S, "BFD between the edges")
    # the edge stops switching the tags of the link; no interface goes down
    sh("ip", "netns", "exec", ns("edge-a"), "tc", "qdisc", "del", "dev", "core0", "clsact")
    until(lambda: reach()["circuitConnectionStatus"] == "Connecting", LONG_S, "the status to fall")
    until(lambda: "10.2.0.0/24" not in routes("a"), LONG_S, "the route to go")


def bfd_over_the_link():
    """Asked from the edges themselves: what the control plane has may be of the link before."""
    for d in SITES:
        shown = json.loads(sh(program("fairlead"), "edge", "show", "bfd", "--socket", f"{server.dir}/edge-{d}.sock", "-o", "json"))
        rows = [r for r in shown["bfd"] if "-gr" in r["peer"]]
        if len(rows) != 1 or rows[0]["state"] != "Up":
            return False
    return True


def end():
    for p in processes:
        if p.poll() is None:
            p.send_signal(signal.SIGTERM)
    for p in processes:
        try:
            p.wait(8)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
        p.stdout.close()
    for name in sh("ip", "netns", "list").split():
        if name.startswith(BASE):
            sh("ip", "netns", "del", name, check=False)


try:
    wire()
    status = run([
        two_sites_have_a_circuit_each_and_do_not_know_each_other,
        joined_by_global_reach_they_ping_each_other_and_the_status_says_connected,
        parted_again_neither_site_has_the_other_s_route,
        joined_once_more_a_cut_between_the_edges_shows,
    ], 240)
    if status:
        for name in sorted(os.listdir(server.dir)):
            if name.endswith(".log"):
                print(f"== {name}\n{sh('tail', '-n', '8', os.path.join(server.dir, name))}")
    sys.exit(status)
finally:
    end()
    server.close()
