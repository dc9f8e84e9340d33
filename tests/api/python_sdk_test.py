#!/usr/bin/env python3
"""python_sdk_test.py BUILD: Debian's network client for Python plays the life of a circuit, customer and provider."""
import os
import sys

from harness import Server, program, run

try:
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
    from azure.identity import ClientSecretCredential
    from azure.mgmt.network import NetworkManagementClient
except ImportError:
    print("skipped: python3-azure is not installed (tools/install-deps test)")
    sys.exit(77)

server = Server(program(), "--pace", "instant", config="limits: {writes_per_second: 0, requests_per_second: 0}\n")
os.environ["REQUESTS_CA_BUNDLE"] = os.path.join(server.state, "ca.pem")


def network(account):
    a = server.account(account)
    # The tenant "adfs", because with any other this library asks the public cloud about our authority.
    credential = ClientSecretCredential("adfs", a["clientId"], a["clientSecret"], authority=a["endpoint"],
                                        validate_authority=False)
    return NetworkManagementClient(credential, a["subscriptionId"], base_url=a["endpoint"], polling_interval=1,
                                   credential_scopes=[a["endpoint"] + "/.default"], api_version="2022-07-01")


admin, provider = network("admin"), network("provider")
SUB = server.account("admin")["subscriptionId"]


def the_id(rest):
    return f"/subscriptions/{SUB}/resourceGroups/rg1/providers/Microsoft.Network/{rest}"


def refused(kind, call):
    try:
        call()
    except kind as e:
        return e
    raise AssertionError("it was not refused")


def a_circuit_is_ordered():
    client = server.sign_in("admin")
    assert client.call("PUT", f"{client.group('rg1')}?api-version=2021-04-01", {"location": "westeurope"}).status == 201
    c = admin.express_route_circuits.begin_create_or_update("rg1", "p1", {
        "location": "westeurope", "sku": {"name": "Standard_MeteredData", "tier": "Standard", "family": "MeteredData"},
        "service_provider_properties": {"service_provider_name": "Equinix", "peering_location": "Amsterdam",
                                        "bandwidth_in_mbps": 200}}).result()
    assert c.provisioning_state == "Succeeded" and len(c.service_key) == 36, c
    assert [x.name for x in admin.express_route_circuits.list("rg1")] == ["p1"]
    assert [x.name for x in admin.express_route_circuits.list_all()] == ["p1"]


def move(state):
    x = next(iter(provider.express_route_cross_connections.list()))
    x.service_provider_provisioning_state = state
    provider.express_route_cross_connections.begin_create_or_update(x.id.split("/")[4], x.name, x).result()


def its_provider_provisions_it():
    move("Provisioned")
    assert admin.express_route_circuits.get("rg1", "p1").service_provider_provisioning_state == "Provisioned"
    e = refused(HttpResponseError, lambda: list(provider.express_route_circuits.list("rg1")))
    assert e.status_code == 403 or e.status_code == 404, e


def peering_network_gateway_and_link():
    p = admin.express_route_circuit_peerings.begin_create_or_update("rg1", "p1", "AzurePrivatePeering", {
        "peering_type": "AzurePrivatePeering", "peer_asn": 65010, "vlan_id": 100, "shared_key": "pyKey2026",
        "primary_peer_address_prefix": "192.168.15.0/30", "secondary_peer_address_prefix": "192.168.15.4/30"}).result()
    assert p.azure_asn == 12076 and p.shared_key is None, p
    admin.virtual_networks.begin_create_or_update("rg1", "v1", {
        "location": "westeurope", "address_space": {"address_prefixes": ["10.20.0.0/16"]},
        "subnets": [{"name": "GatewaySubnet", "address_prefix": "10.20.255.0/27"}]}).result()
    admin.public_ip_addresses.begin_create_or_update("rg1", "ip1", {
        "location": "westeurope", "sku": {"name": "Standard"}, "public_ip_allocation_method": "Static"}).result()
    admin.virtual_network_gateways.begin_create_or_update("rg1", "gw1", {
        "location": "westeurope", "gateway_type": "ExpressRoute", "sku": {"name": "ErGw1AZ", "tier": "ErGw1AZ"},
        "ip_configurations": [{"name": "default", "subnet": {"id": the_id("virtualNetworks/v1/subnets/GatewaySubnet")},
                               "public_ip_address": {"id": the_id("publicIPAddresses/ip1")}}]}).result()
    c = admin.virtual_network_gateway_connections.begin_create_or_update("rg1", "cn1", {
        "location": "westeurope", "connection_type": "ExpressRoute",
        "virtual_network_gateway1": {"id": the_id("virtualNetworkGateways/gw1")},
        "peer": {"id": the_id("expressRouteCircuits/p1")}}).result()
    assert c.provisioning_state == "Succeeded", c


def live_data_are_asked_for():
    table = admin.express_route_circuits.begin_list_arp_table("rg1", "p1", "AzurePrivatePeering", "primary").result()
    assert table.value == [], table
    assert admin.express_route_circuits.get_stats("rg1", "p1").primarybytes_in == 0
    assert admin.virtual_network_gateways.begin_get_learned_routes("rg1", "gw1").result().value == []


def what_is_refused_has_its_code():
    e = refused(ResourceNotFoundError, lambda: admin.express_route_circuits.get("rg1", "nothing"))
    assert e.error.code == "ResourceNotFound", e
    e = refused(HttpResponseError, lambda: admin.express_route_circuits.begin_delete("rg1", "p1").result())
    assert e.error.code.startswith("InUse"), e


def everything_is_deleted_in_its_order():
    admin.virtual_network_gateway_connections.begin_delete("rg1", "cn1").result()
    admin.virtual_network_gateways.begin_delete("rg1", "gw1").result()
    admin.virtual_networks.begin_delete("rg1", "v1").result()
    admin.public_ip_addresses.begin_delete("rg1", "ip1").result()
    admin.express_route_circuit_peerings.begin_delete("rg1", "p1", "AzurePrivatePeering").result()
    move("NotProvisioned")
    admin.express_route_circuits.begin_delete("rg1", "p1").result()
    assert list(admin.express_route_circuits.list("rg1")) == []
    assert list(provider.express_route_cross_connections.list()) == []


try:
    sys.exit(run([
        a_circuit_is_ordered,
        its_provider_provisions_it,
        peering_network_gateway_and_link,
        live_data_are_asked_for,
        what_is_refused_has_its_code,
        everything_is_deleted_in_its_order,
    ]))
finally:
    server.close()
