#!/usr/bin/env python3
"""field_faults_test.py BUILD SOURCE: exports of a subscription and of customer routers as people really have them,
sound and with faults. Every export is written in the dialects of the REST API, of az (flattened) and of PowerShell
(capitals, byte order marks, UTF-16, lists of one as that one), under names somebody made up. A sound export fails
nothing; a faulty one fails exactly the rows that the specification names for it, in every dialect.
"""
import copy
import json
import os
import subprocess
import sys
import tempfile
import time

BUILD, SOURCE = sys.argv[1], sys.argv[2]
FAIRLEAD = os.path.join(BUILD, "fairlead")
NOW = int(time.time())
GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg1/providers/Microsoft.Network"
CIRCUIT, CUSTOMER, CLOUD = f"{GROUP}/expressRouteCircuits/er1", {"primary": "192.168.7.1", "secondary": "192.168.7.5"}, {"primary": "192.168.7.2", "secondary": "192.168.7.6"}
passed = failed = 0


def peering(name, vlan, **more):
    p = {"provisioningState": "Succeeded", "peeringType": name, "azureASN": 12076, "peerASN": 65010, "state": "Enabled",
         "primaryPeerAddressPrefix": "192.168.7.0/30", "secondaryPeerAddressPrefix": "192.168.7.4/30", "vlanId": vlan,
         "primaryAzurePort": "A-06GMR-CIS-1-PRI-A", "secondaryAzurePort": "A-06GMR-CIS-2-SEC-A", "lastModifiedBy": "Customer",
         "gatewayManagerEtag": "3", "connections": [], "peeredConnections": []}
    p.update(more)
    return {"name": name, "id": f"{CIRCUIT}/peerings/{name}", "type": "Microsoft.Network/expressRouteCircuits/peerings",
            "etag": 'W/"1"', "properties": p}


def resources():
    """What the resource manager has of a sound circuit, in the form of the REST API."""
    return {
        "subscription": {"id": "/subscriptions/11111111-2222-3333-4444-555555555555", "subscriptionId": "11111111-2222-3333-4444-555555555555",
                         "displayName": "net", "state": "Enabled", "tenantId": "99999999-2222-3333-4444-555555555555"},
        "circuit": {"name": "er1", "id": CIRCUIT, "type": "Microsoft.Network/expressRouteCircuits", "location": "westeurope",
                    "sku": {"name": "Standard_MeteredData", "tier": "Standard", "family": "MeteredData"},
                    "properties": {"provisioningState": "Succeeded", "circuitProvisioningState": "Enabled",
                                   "serviceProviderProvisioningState": "Provisioned", "serviceKey": "aaaaaaaa-0000-0000-0000-000000000001",
                                   "serviceProviderProperties": {"serviceProviderName": "Equinix", "peeringLocation": "Amsterdam",
                                                                 "bandwidthInMbps": 200},
                                   "allowClassicOperations": False, "authorizations": [],
                                   "peerings": [peering("AzurePrivatePeering", 100)]}},
        "networks": [{"name": "vnet1", "id": f"{GROUP}/virtualNetworks/vnet1", "type": "Microsoft.Network/virtualNetworks",
                      "location": "westeurope",
                      "properties": {"provisioningState": "Succeeded", "addressSpace": {"addressPrefixes": ["10.20.0.0/16"]},
                                     "subnets": [{"name": "GatewaySubnet", "id": f"{GROUP}/virtualNetworks/vnet1/subnets/GatewaySubnet",
                                                  "properties": {"addressPrefix": "10.20.255.0/27"}}]}}],
        "gateways": [{"name": "gw1", "id": f"{GROUP}/virtualNetworkGateways/gw1", "type": "Microsoft.Network/virtualNetworkGateways",
                      "location": "westeurope",
                      "properties": {"provisioningState": "Succeeded", "gatewayType": "ExpressRoute",
                                     "sku": {"name": "ErGw1AZ", "tier": "ErGw1AZ", "capacity": 2},
                                     "ipConfigurations": [{"name": "default", "properties": {
                                         "subnet": {"id": f"{GROUP}/virtualNetworks/vnet1/subnets/GatewaySubnet"}}}]}}],
        "connections": [{"name": "conn1", "id": f"{GROUP}/connections/conn1", "type": "Microsoft.Network/connections",
                         "location": "westeurope",
                         "properties": {"provisioningState": "Succeeded", "connectionType": "ExpressRoute", "routingWeight": 0,
                                        "virtualNetworkGateway1": {"id": f"{GROUP}/virtualNetworkGateways/gw1"},
                                        "peer": {"id": CIRCUIT}}}],
        "namespace": {"namespace": "Microsoft.Network", "registrationState": "Registered", "resourceTypes": []},
        "providers": [{"name": "Equinix", "id": "/subscriptions//resourceGroups//providers/Microsoft.Network/expressRouteServiceProviders/",
                       "type": "Microsoft.Network/expressRouteServiceProviders",
                       "properties": {"provisioningState": "Succeeded", "peeringLocations": ["Amsterdam", "London"],
                                      "bandwidthsOffered": [{"offerName": f"{n}Mbps", "valueInMbps": n} for n in (50, 100, 200, 500, 1000)]}}],
        "stats": {"primarybytesIn": 8123456, "primarybytesOut": 9123456, "secondarybytesIn": 7123456, "secondarybytesOut": 6123456},
    }


def tables():
    out = {}
    for leg, mac in (("primary", "8858.9269.9111"), ("secondary", "8858.9269.9113")):
        out[f"{leg}.arp"] = [{"age": 10, "interface": "On-Prem", "ipAddress": CUSTOMER[leg], "macAddress": mac},
                             {"age": 0, "interface": "Microsoft", "ipAddress": CLOUD[leg], "macAddress": "1234.5678.9ab0"}]
        out[f"{leg}.routes"] = [{"network": "10.10.0.0/16", "nextHop": CUSTOMER[leg], "locPrf": "", "weight": 0, "path": "65010"},
                                {"network": "10.20.0.0/16", "nextHop": "10.20.255.4", "locPrf": "", "weight": 0, "path": "65515"}]
        out[f"{leg}.summary"] = [{"neighbor": CUSTOMER[leg], "v": 4, "as": 65010, "upDown": "3d04h", "statePfxRcd": "1"}]
    return out


def frr(leg):
    return {CLOUD[leg]: {"remoteAs": 12076, "localAs": 65010, "bgpState": "Established", "bgpTimerHoldTimeMsecs": 180000,
                         "addressFamilyInfo": {"ipv4Unicast": {"acceptedPrefixCounter": 1}}, "peerBfdInfo": {"status": "Up"}}}


def frr_bfd(leg):
    return [{"multihop": False, "peer": CLOUD[leg], "status": "up", "receive-interval": 300, "transmit-interval": 300,
             "remote-transmit-interval": 300, "remote-receive-interval": 300, "remote-detect-multiplier": 3}]


BIRD = """BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
cloud      BGP        ---        up     15:45:20.962  Established
  BGP state:          Established
    Neighbor address: 192.168.7.6
    Neighbor AS:      12076
    Hold timer:       153.672/180
    Keepalive timer:  42.295/60
  Channel ipv4
    Routes:         1 imported, 1 exported, 1 preferred
"""
BIRD_BFD = """BIRD 2.0.12 ready.
bfd1:
IP address                Interface  State      Since         Interval  Timeout
192.168.7.6               leg0       Up         15:45:21.270    0.300    0.900
"""


class World:
    def __init__(self):
        self.r, self.t = resources(), tables()
        self.text = {"ce2.protocols.txt": BIRD, "ce2.bfd.txt": BIRD_BFD}
        self.json = {"ce1.neighbors.json": frr("primary"), "ce1.bfd.json": frr_bfd("primary")}
        self.more = {}

    def peering(self, n=0):
        return self.r["circuit"]["properties"]["peerings"][n]["properties"]


# ---- dialects ----

def flat(v):
    if isinstance(v, list):
        return [flat(x) for x in v]
    if not isinstance(v, dict):
        return v
    out = {}
    for k, x in v.items():
        if k == "properties" and isinstance(x, dict):
            out.update(flat(x))
        else:
            out[k] = flat(x)
    return out


def capital(v):
    if isinstance(v, list):
        return [capital(x) for x in v]
    if not isinstance(v, dict):
        return v
    return {k[0].upper() + k[1:]: capital(x) for k, x in v.items() if k != "type"}


def powershell(v):
    v = capital(flat(v))
    for row in v if isinstance(v, list) else [v]:
        if "Interface" in row:
            row["InterfaceProperty"] = row.pop("Interface")
        if "VlanId" in row:
            row["VlanId"] = str(row["VlanId"])
        for p in row.get("Peerings", []):
            p["State"] = {"value": 1, "Value": p["State"]}
            p["VlanId"] = str(p["VlanId"])
        if "Peerings" in row:
            row["PeeringsText"] = json.dumps(row["Peerings"])
    return v[0] if isinstance(v, list) and len(v) == 1 else v


DIALECTS = {
    "rest": (lambda v: {"value": v} if isinstance(v, list) else v, "utf-8", "\n"),
    "az": (flat, "utf-8", "\n"),
    "powershell": (powershell, "utf-8-sig", "\r\n"),
    "powershell-5": (powershell, "utf-16", "\r\n"),
}


def export(world, dialect, to):
    form, encoding, newline = DIALECTS[dialect]
    names = {"subscription": "sub.json", "circuit": "circuit of us.json", "networks": "nets.json", "gateways": "gw list.json",
             "connections": "links.json", "stats": "er1 private stats.json"}
    files = {names.get(k, k + ".json"): json.dumps(form(v), indent=2) for k, v in world.r.items()}
    files |= {f"{k}.json": json.dumps(form(v), indent=2) for k, v in world.t.items()}
    files |= {k: json.dumps(v) for k, v in world.json.items()} | world.text | world.more
    files["collected-at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime(NOW))
    for name, text in files.items():
        with open(os.path.join(to, name), "w", encoding=encoding, newline=newline) as f:
            f.write(text)


def judged(world, dialect):
    with tempfile.TemporaryDirectory() as to:
        export(world, dialect, to)
        done = subprocess.run([FAIRLEAD, "check", "--import", to, "-o", "json"], capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 4, 5), done.stderr
        return json.loads(done.stdout)["rows"], done.stderr


def found(rows, *verdicts):
    return {r["id"] for r in rows if r["verdict"] in verdicts}


# ---- faults: what is changed, rows that fail, rows that warn, rows that no longer say ----

def change(path, value):
    def do(w):
        at = w.r if path[0] in w.r else w.t if path[0] in w.t else w.json
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
    return do


def in_peering(**values):
    return lambda w: w.peering().update(values)


def in_circuit(**values):
    return lambda w: w.r["circuit"]["properties"].update(values)


def text(name, old, new):
    def do(w):
        assert old in w.text[name]
        w.text[name] = w.text[name].replace(old, new)
    return do


def two(*changes):
    return lambda w: [c(w) for c in changes]


def old_copy(w):
    """The table of an earlier day stands beside the new one: both speak of the same leg."""
    w.t["secondary.summary"][0]["statePfxRcd"] = "Idle"
    w.more["an older secondary summary.json"] = json.dumps(tables()["secondary.summary"])


def many(n):
    rows = [{"network": f"10.{i // 256 + 30}.{i % 256}.0/24", "nextHop": "LEG", "locPrf": "", "weight": 0, "path": "65010"} for i in range(n)]

    def do(w):
        for leg in ("primary", "secondary"):
            w.t[f"{leg}.routes"] = [dict(r, nextHop=CUSTOMER[leg]) for r in rows]
            w.t[f"{leg}.summary"][0]["statePfxRcd"] = str(n)
    return do


def with_another(w, p):
    w.r["circuit"]["properties"]["peerings"].append(p)
    w.t = {f"er1 private {k}": v for k, v in w.t.items()}


def with_microsoft(w, **more):
    values = {"primaryPeerAddressPrefix": "203.0.113.8/30", "secondaryPeerAddressPrefix": "203.0.113.12/30", "vlanId": 200,
              "microsoftPeeringConfig": {"advertisedPublicPrefixes": ["198.51.100.0/24"], "advertisedPublicPrefixesState": "Configured",
                                         "customerASN": 0, "legacyMode": 0, "routingRegistryName": "RIPENCC"},
              "routeFilter": {"id": f"{GROUP}/routeFilters/rf1"}}
    values.update(more)
    with_another(w, peering("MicrosoftPeering", **{"vlan": values.pop("vlanId"), **values}))
    w.r["filters"] = [{"name": "rf1", "id": f"{GROUP}/routeFilters/rf1", "type": "Microsoft.Network/routeFilters", "location": "westeurope",
                       "properties": {"provisioningState": "Succeeded", "peerings": [], "rules": [
                           {"name": "r1", "properties": {"access": "Allow", "routeFilterRuleType": "Community", "communities": ["12076:51002"]}}]}}]


def ipv6(state):
    def do(w):
        w.peering()["ipv6PeeringConfig"] = {"primaryPeerAddressPrefix": "2001:db8:7::/126", "secondaryPeerAddressPrefix": "2001:db8:7::4/126",
                                            "state": "Enabled"}
        w.r["networks"][0]["properties"]["addressSpace"]["addressPrefixes"].append("2001:db8:20::/48")
        w.r["networks"][0]["properties"]["subnets"][0]["properties"] = {"addressPrefixes": ["10.20.255.0/27", "2001:db8:20:ff::/64"]}
        for leg, address in (("primary", "2001:db8:7::1"), ("secondary", "2001:db8:7::5")):
            w.t[f"{leg}.summary"].append({"neighbor": address, "v": 4, "as": 65010, "upDown": "3d04h",
                                          "statePfxRcd": "1" if leg == "primary" else state})
    return do


FAULTS = [
    ("nothing", lambda w: None, set(), set(), set()),
    ("an IPv6 peering that is up", ipv6("1"), set(), set(), set()),
    ("the IPv6 session of one leg idle", ipv6("Idle"), {"NET-RED-02"}, set(), {"NET-RED-06", "NET-RED-07"}),
    ("a Microsoft peering beside it", with_microsoft, set(), None, None),
    ("the subscription is disabled", change(("subscription", "state"), "Disabled"), {"ACC-01"}, set(), set()),
    ("the subscription is warned", change(("subscription", "state"), "Warned"), {"ACC-01"}, set(), set()),
    ("the circuit is disabled", in_circuit(circuitProvisioningState="Disabled"), {"CIR-03", "GWY-12"}, set(), set()),
    ("the circuit's last write failed", in_circuit(provisioningState="Failed"), {"CIR-03"}, set(), set()),
    ("the provider is still provisioning", in_circuit(serviceProviderProvisioningState="Provisioning"), {"PRV-05", "GWY-12"}, set(), set()),
    ("the provider has deprovisioned", in_circuit(serviceProviderProvisioningState="NotProvisioned"), {"PRV-05", "GWY-12"}, set(), set()),
    ("a bandwidth that is not sold", in_circuit(serviceProviderProperties={"serviceProviderName": "Equinix", "peeringLocation": "Amsterdam",
                                                                           "bandwidthInMbps": 300}), {"CIR-02", "PRV-03"}, set(), set()),
    ("a provider that is not at the location", in_circuit(serviceProviderProperties={
        "serviceProviderName": "AIS", "peeringLocation": "Amsterdam", "bandwidthInMbps": 200}), {"PRV-01"}, set(), set()),
    ("Local with metered data", change(("circuit", "sku"), {"name": "Local_MeteredData", "tier": "Local", "family": "MeteredData"}), {"CIR-01"}, set(), set()),
    ("the peering is disabled", in_peering(state="Disabled"), {"NET-BGP-10"}, set(), set()),
    ("the peering's last write failed", in_peering(provisioningState="Failed"), {"NET-BGP-10"}, set(), set()),
    ("VLAN 4095", in_peering(vlanId=4095), {"NET-L2-01"}, set(), set()),
    ("a documentation AS number", two(in_peering(peerASN=64500), change(("primary.summary", 0, "as"), 64500), change(("secondary.summary", 0, "as"), 64500)),
     {"NET-BGP-02"}, set(), set()),
    ("a reserved AS number", two(in_peering(peerASN=65515), change(("primary.summary", 0, "as"), 65515), change(("secondary.summary", 0, "as"), 65515)),
     {"NET-BGP-02"}, set(), set()),
    ("a /29 as link", two(in_peering(primaryPeerAddressPrefix="192.168.7.0/29", secondaryPeerAddressPrefix="192.168.7.8/30"),), {"NET-IP-01", "NET-L2-06", "NET-L2-07"}, set(), None),
    ("both links in one subnet", in_peering(secondaryPeerAddressPrefix="192.168.7.0/30"), {"NET-IP-04", "NET-L2-06", "NET-L2-07"}, set(), None),
    ("a link inside the network", two(in_peering(primaryPeerAddressPrefix="10.20.7.0/30")), {"NET-IP-03", "NET-L2-06", "NET-L2-07"}, set(), None),
    ("the customer does not answer ARP", change(("secondary.arp", 0, "macAddress"), "Incomplete"), {"NET-L2-07"}, set(), None),
    ("the on-premises ARP entry is missing", lambda w: w.t["secondary.arp"].pop(0), {"NET-L2-07"}, set(), None),
    ("an ARP table without rows", lambda w: w.t["secondary.arp"].clear(), set(), set(), {"NET-L2-07"}),
    ("addresses of a link swapped", lambda w: w.t["primary.arp"].__setitem__(slice(None), [
        {"age": 10, "interface": "On-Prem", "ipAddress": CLOUD["primary"], "macAddress": "8858.9269.9111"},
        {"age": 0, "interface": "Microsoft", "ipAddress": CUSTOMER["primary"], "macAddress": "1234.5678.9ab0"}]), {"NET-L2-07", "NET-IP-02"}, set(), None),
    ("VRRP under a session", change(("primary.arp", 0, "macAddress"), "0000.5e00.010a"), {"NET-RED-03"}, set(), set()),
    ("the secondary session idle", two(change(("secondary.summary", 0, "statePfxRcd"), "Idle"), change(("secondary.summary", 0, "upDown"), "never")),
     {"NET-RED-02"}, set(), {"NET-RED-06", "NET-RED-07"}),
    ("the secondary session shut", change(("secondary.summary", 0, "statePfxRcd"), "Idle (Admin)"), {"NET-RED-02"}, set(), {"NET-RED-06", "NET-RED-07"}),
    ("an old copy beside the new one", old_copy, {"NET-RED-02"}, set(), {"NET-RED-06", "NET-RED-07"}),
    ("the neighbour has another AS number", change(("primary.summary", 0, "as"), 65011), {"NET-BGP-02"}, set(), set()),
    ("a prefix on one leg only", lambda w: w.t["primary.routes"].append(
        {"network": "10.30.0.0/16", "nextHop": CUSTOMER["primary"], "locPrf": "", "weight": 0, "path": "65010"}), {"NET-RED-06"}, set(), set()),
    ("a longer path on one leg", change(("secondary.routes", 0, "path"), "65010 65010 65010"), set(), {"NET-RED-07"}, set()),
    ("4,200 prefixes on a Standard circuit", many(4200), {"NET-PFX-01"}, {"NET-PFX-03"}, set()),
    ("3,500 prefixes", many(3500), set(), {"NET-PFX-03"}, set()),
    ("the site overlaps the network", lambda w: [w.t[f"{leg}.routes"].append(
        {"network": "10.20.128.0/17", "nextHop": CUSTOMER[leg], "locPrf": "", "weight": 0, "path": "65010"}) for leg in CUSTOMER], {"NET-IP-07"}, set(), set()),
    ("service routes leak into private peering", lambda w: [w.t[f"{leg}.routes"].append(
        {"network": "40.92.0.0/15", "nextHop": CUSTOMER[leg], "locPrf": "", "weight": 0, "path": "65010 12076"}) for leg in CUSTOMER] + [with_microsoft(w)], set(), {"NET-PFX-04"}, set()),
    ("BFD down at BIRD", text("ce2.bfd.txt", "Up  ", "Down"), set(), {"NET-BGP-07"}, None),
    ("a hold time of nine seconds", text("ce2.protocols.txt", "/180", "/9"), set(), {"NET-BGP-06"}, set()),
    ("the customer expects another AS", change(("ce1.neighbors.json", CLOUD["primary"], "remoteAs"), 12067), {"NET-BGP-01"}, set(), set()),
    ("one leg carries nothing", two(change(("stats", "secondarybytesIn"), 0), change(("stats", "secondarybytesOut"), 0)), set(), {"OPS-05"}, set()),
    ("the connection failed", lambda w: w.r["connections"][0]["properties"].update(provisioningState="Failed"), {"GWY-12"}, set(), set()),
    ("a gateway without zones", lambda w: w.r["gateways"][0]["properties"].update(sku={"name": "Standard", "tier": "Standard"}), set(), {"GWY-06"}, set()),
    ("a small gateway subnet", lambda w: w.r["networks"][0]["properties"]["subnets"][0]["properties"].update(addressPrefix="10.20.255.0/29"), {"GWY-03"}, set(), set()),
    ("a security group on GatewaySubnet", lambda w: w.r["networks"][0]["properties"]["subnets"][0]["properties"].update(
        networkSecurityGroup={"id": f"{GROUP}/networkSecurityGroups/nsg1"}), {"GWY-02"}, set(), set()),
    ("a network in another geography", lambda w: w.r["networks"][0].update(location="eastus"), {"CIR-04"}, set(), set()),
    ("a peering of the old public type", lambda w: with_another(w, peering(
        "AzurePublicPeering", 300, primaryPeerAddressPrefix="203.0.113.0/30", secondaryPeerAddressPrefix="203.0.113.4/30")), {"NET-MSP-01"}, set(), None),
    ("two peerings with one VLAN", lambda w: with_microsoft(w, vlanId=100), {"NET-L2-01"}, None, None),
    ("Microsoft peering with a private link", lambda w: with_microsoft(w, primaryPeerAddressPrefix="10.99.0.0/30"), {"NET-IP-05"}, None, None),
    ("Microsoft peering that waits for validation", lambda w: with_microsoft(w, microsoftPeeringConfig={
        "advertisedPublicPrefixes": ["198.51.100.0/24"], "advertisedPublicPrefixesState": "ValidationNeeded", "customerASN": 0,
        "routingRegistryName": "RIPENCC"}), {"NET-MSP-04"}, None, None),
    ("Microsoft peering without a filter", lambda w: with_microsoft(w, routeFilter=None), {"NET-MSP-08"}, None, None),
    ("Microsoft peering that announces a private prefix", lambda w: with_microsoft(w, microsoftPeeringConfig={
        "advertisedPublicPrefixes": ["10.99.0.0/24"], "advertisedPublicPrefixesState": "Configured", "customerASN": 0,
        "routingRegistryName": "RIPENCC"}), {"NET-MSP-02", "NET-RTE-02"}, None, None),
    ("a filter with two rules", lambda w: [with_microsoft(w), w.r["filters"][0]["properties"]["rules"].append(
        {"name": "r2", "properties": {"access": "Allow", "routeFilterRuleType": "Community", "communities": ["12076:51003"]}})], {"NET-MSP-09"}, None, None),
    ("a filter with an unknown community", lambda w: [with_microsoft(w), w.r["filters"][0]["properties"]["rules"][0]["properties"].update(
        communities=["12076:59999"])], {"NET-MSP-10"}, None, None),
]
BASE = {}


def attempt(name, function, *args):
    global passed, failed
    try:
        function(*args)
        passed += 1
    except Exception as e:  # whatever went wrong, the others are tried
        failed += 1
        print("FAILED", name, "\n", repr(e)[:1500], flush=True)


def one(dialect, do, fail, warn, unknown):
    world = World()
    do(world)
    rows, said = judged(world, dialect)
    assert not said, said
    if do is FAULTS[0][1]:
        BASE[dialect] = rows
    base = BASE[dialect]
    for want, verdicts in ((fail, ("fail",)), (warn, ("warn", "note"))):
        if want is None:
            print("   ", dialect, verdicts, sorted(found(rows, *verdicts) - found(base, *verdicts)),
                  [(r["id"], r["message"]) for r in rows if r["verdict"] in verdicts and r["id"] not in found(base, *verdicts)]) if "-v" in sys.argv else None
            continue
        got = found(rows, *verdicts) - (found(base, *verdicts) if do is not FAULTS[0][1] else set())
        if do is FAULTS[0][1] and verdicts[0] == "warn":
            continue
        assert got == want, f"{verdicts[0]}: {sorted(got)}, wanted {sorted(want)}: " + str([(r["id"], r["subject"], r["message"]) for r in rows if r["id"] in got ^ want])
    if unknown is not None and do is not FAULTS[0][1]:
        got = found(rows, "unknown") - found(base, "unknown")
        assert unknown <= got, f"unknown: {sorted(got)}, wanted {sorted(unknown)}"


def same_in_all_dialects():
    verdicts = {d: {(r["id"], r["subject"]): r["verdict"] for r in rows} for d, rows in BASE.items()}
    for d in DIALECTS:
        differ = {k: (v, verdicts[d].get(k)) for k, v in verdicts["rest"].items() if verdicts[d].get(k) != v}
        assert not differ, (d, differ)
    live = {r["id"] for r in BASE["az"] if r["verdict"] == "pass" and r["evidence"]}
    assert {"ACC-01", "CIR-03", "PRV-01", "NET-RED-02", "NET-RED-06", "NET-RED-07", "NET-L2-07", "NET-BGP-01", "NET-BGP-07", "NET-IP-02",
            "GWY-12", "OPS-05"} <= live, live


if __name__ == "__main__":
    for n, (name, *what) in enumerate(FAULTS):
        turn = list(DIALECTS)[n % 4:] + list(DIALECTS)[:n % 4]
        for dialect in turn if n < 2 else turn[:2]:
            attempt(f"{name} ({dialect})", one, dialect, *what)
    attempt("a sound export gives the same verdicts in all dialects", same_in_all_dialects)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
