#!/usr/bin/env python3
"""schema_test.py BUILD: answers against the OpenAPI files of two versions: no member that the version does not
know, no other type, no word that is not in its list. The files lie beside the repository; without them this is
skipped."""
import json
import os
import sys

from harness import CIRCUIT, PEERING, Server, make_link, program, provision, run

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "arm")
VERSIONS = ["2022-01-01", "2024-03-01"]
# Known to every version by what the service really answers, though not to its description.
MORE = {"properties.resourceGuid", "type", "etag", "properties.virtualNetworkGateway1.properties"}

if not os.path.isdir(FILES):
    print("skipped: the OpenAPI files are not beside the repository")
    sys.exit(77)

server = Server(program())
admin, provider = (server.sign_in(n) for n in ("admin", "provider"))


def rooted(name):
    return f"/subscriptions/{admin.subscription}/providers/Microsoft.Network/{name}"


def make_everything():
    """One of every kind. Returns the identifier of the provider's side of a circuit."""
    make_link(admin, provider)
    far = json.loads(json.dumps(CIRCUIT))
    far["properties"]["serviceProviderProperties"]["peeringLocation"] = "London"
    key = admin.put("expressRouteCircuits/far", far).json["properties"]["serviceKey"]
    provision(provider, key)
    links = {"primaryPeerAddressPrefix": "10.9.0.0/30", "secondaryPeerAddressPrefix": "10.9.0.4/30"}
    admin.put("expressRouteCircuits/far/peerings/AzurePrivatePeering", {"properties": {**PEERING["properties"], **links}})
    admin.put("routeFilters/rf", {"location": "westeurope", "properties": {"rules": [{
        "name": "allow", "properties": {"access": "Allow", "communities": ["12076:5010"]}}]}})
    announced = {"microsoftPeeringConfig": {"advertisedPublicPrefixes": ["198.51.100.0/24"]},
                 "routeFilter": {"id": admin.id("routeFilters/rf")}}
    admin.put("expressRouteCircuits/er-demo/peerings/MicrosoftPeering", {"properties": {
        "peerASN": 3333, "vlanId": 200, "primaryPeerAddressPrefix": "203.0.113.0/30",
        "secondaryPeerAddressPrefix": "203.0.113.4/30", **announced, "ipv6PeeringConfig": {
            "primaryPeerAddressPrefix": "2001:db8::/126", "secondaryPeerAddressPrefix": "2001:db8::4/126"}}})
    admin.put("expressRouteCircuits/er-demo/authorizations/a", {})
    admin.put("expressRouteCircuits/er-demo/peerings/AzurePrivatePeering/connections/gr", {"properties": {
        "peerExpressRouteCircuitPeering": {"id": admin.id("expressRouteCircuits/far/peerings/AzurePrivatePeering")},
        "addressPrefix": "10.250.0.0/29", "ipv6CircuitConnectionConfig": {"addressPrefix": "aa:bb::/125"}}})
    admin.put("expressRoutePorts/p", {"location": "westeurope", "properties": {
        "peeringLocation": "Amsterdam", "bandwidthInGbps": 10, "encapsulation": "QinQ"}})
    admin.put("expressRoutePorts/p/authorizations/a", {})
    admin.put("expressRouteCircuits/direct", {"location": "westeurope", "sku": CIRCUIT["sku"], "properties": {
        "expressRoutePort": {"id": admin.id("expressRoutePorts/p")}, "bandwidthInGbps": 1}})
    admin.put("expressRouteGateways/hg", {"location": "westeurope", "properties": {
        "virtualHub": {"id": admin.id("virtualHubs/h")}}})
    admin.put("expressRouteGateways/hg/expressRouteConnections/hc", {"properties": {
        "expressRouteCircuitPeering": {"id": admin.id("expressRouteCircuits/far/peerings/AzurePrivatePeering")}}})
    return next(x["id"] for x in provider.call("GET", f"/subscriptions/{provider.subscription}/providers/Microsoft.Network/"
                "expressRouteCrossConnections?api-version=2022-01-01").json["value"] if x["name"] == key)


CROSS = make_everything()
C, P, R, G, W, N = ("expressRouteCircuit.json", "expressRoutePort.json", "routeFilter.json",
                    "virtualNetworkGateway.json", "virtualWan.json", "virtualNetwork.json")
ASKED = [  # who, path, file, definition
    (admin, admin.id("expressRouteCircuits/er-demo"), C, "ExpressRouteCircuit"),
    (admin, admin.id("expressRouteCircuits/direct"), C, "ExpressRouteCircuit"),
    (admin, admin.id("expressRouteCircuits"), C, "ExpressRouteCircuitListResult"),
    (admin, admin.id("expressRouteCircuits/er-demo/peerings"), C, "ExpressRouteCircuitPeeringListResult"),
    (admin, admin.id("expressRouteCircuits/er-demo/authorizations/a"), C, "ExpressRouteCircuitAuthorization"),
    (admin, admin.id("expressRouteCircuits/er-demo/stats"), C, "ExpressRouteCircuitStats"),
    (admin, admin.id("expressRouteCircuits/er-demo/peerings/AzurePrivatePeering/connections/gr"), C,
     "ExpressRouteCircuitConnection"),
    (admin, admin.id("expressRouteCircuits/far/peerings/AzurePrivatePeering/peerConnections"), C,
     "PeerExpressRouteCircuitConnectionListResult"),
    (admin, rooted("expressRouteServiceProviders"), C, "ExpressRouteServiceProviderListResult"),
    (provider, CROSS, "expressRouteCrossConnection.json", "ExpressRouteCrossConnection"),
    (provider, CROSS + "/peerings", "expressRouteCrossConnection.json", "ExpressRouteCrossConnectionPeeringList"),
    (admin, admin.id("expressRoutePorts/p"), P, "ExpressRoutePort"),
    (admin, admin.id("expressRoutePorts/p/links"), P, "ExpressRouteLinkListResult"),
    (admin, admin.id("expressRoutePorts/p/authorizations/a"), P, "ExpressRoutePortAuthorization"),
    (admin, rooted("ExpressRoutePortsLocations"), P, "ExpressRoutePortsLocationListResult"),
    (admin, rooted("expressRouteProviderPorts"), "expressRouteProviderPort.json", "ExpressRouteProviderPortListResult"),
    (admin, admin.id("routeFilters/rf"), R, "RouteFilter"),
    (admin, admin.id("routeFilters/rf/routeFilterRules"), R, "RouteFilterRuleListResult"),
    (admin, rooted("bgpServiceCommunities"), "serviceCommunity.json", "BgpServiceCommunityListResult"),
    (admin, admin.id("virtualNetworks/vnet-demo"), N, "VirtualNetwork"),
    (admin, admin.id("virtualNetworks/vnet-demo/subnets"), N, "SubnetListResult"),
    (admin, admin.id("publicIPAddresses/gw-ip"), "publicIpAddress.json", "PublicIPAddress"),
    (admin, admin.id("virtualNetworkGateways/gw-demo"), G, "VirtualNetworkGateway"),
    (admin, admin.id("virtualNetworkGateways/gw-demo/connections"), G, "VirtualNetworkGatewayListConnectionsResult"),
    (admin, admin.id("connections/conn-demo"), G, "VirtualNetworkGatewayConnection"),
    (admin, admin.id("expressRouteGateways/hg"), W, "ExpressRouteGateway"),
    (admin, admin.id("expressRouteGateways/hg/expressRouteConnections"), W, "ExpressRouteConnectionList"),
]
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}


class Description:
    """The OpenAPI files of one version."""

    def __init__(self, version):
        self.version, self.files = version, {}

    def follow(self, file, schema):
        while "$ref" in schema:
            there, _, path = schema["$ref"].partition("#")
            file = os.path.basename(there) or file
            if file not in self.files:
                with open(os.path.join(FILES, self.version, file), encoding="utf-8") as f:
                    self.files[file] = json.load(f)
            schema = self.files[file]
            for step in path.strip("/").split("/"):
                schema = schema[step]
        return file, schema

    def members(self, file, schema):
        found = {}
        for part in schema.get("allOf", []):
            found.update(self.members(*self.follow(file, part)))
        found.update({k: (file, v) for k, v in schema.get("properties", {}).items()})
        return found

    def faults(self, file, schema, value, path=""):
        file, schema = self.follow(file, schema)
        wanted = schema.get("type")
        if wanted and (not isinstance(value, TYPES[wanted]) or (wanted == "integer" and isinstance(value, bool))):
            yield f"{path}: {wanted} wanted, not {value!r}"
        elif isinstance(value, dict):
            known = self.members(file, schema)
            for key, item in value.items():
                below = f"{path}.{key}" if path else key
                if key in known:
                    yield from self.faults(*known[key], item, below)
                elif known and not schema.get("additionalProperties"):
                    if below.rpartition("[].")[2] not in MORE and below not in MORE:
                        yield f"{below} is unknown"
        elif isinstance(value, list):
            for item in value[:20]:
                yield from self.faults(file, schema.get("items", {}), item, path + "[]")
        elif value not in schema.get("enum", [value]):
            yield f"{path}: {value!r} is none of {schema['enum']}"


def check(version):
    said = set()
    for who, path, file, name in ASKED:
        a = who.call("GET", f"{path}?api-version={version}")
        assert a.status == 200, (path, a)
        description = Description(version)
        said.update(f"{name}: {x}" for x in description.faults(file, {"$ref": f"{file}#/definitions/{name}"}, a.json))
    assert not said, "\n".join(sorted(said))


def answers_have_the_shape_of_2022_01_01():
    check(VERSIONS[0])


def answers_have_the_shape_of_2024_03_01():
    check(VERSIONS[1])


if __name__ == "__main__":
    try:
        sys.exit(run([answers_have_the_shape_of_2022_01_01, answers_have_the_shape_of_2024_03_01]))
    finally:
        server.close()
