#!/usr/bin/env python3
"""life_test.py BUILD: the whole life of a circuit through the real fairleadd, by the people it takes."""
import os
import stat
import sys

from harness import (CIRCUIT, PEERING, VNET, GROUPS, V, Server, connection, cross_connection, make_group, make_link,
                     program, provision, run)

server = Server(program())
admin, provider, reader, operator = (server.sign_in(n) for n in ("admin", "provider", "reader", "operator"))
PRIVATE = "expressRouteCircuits/er-demo/peerings/AzurePrivatePeering"


def the_first_start_leaves_private_account_files_and_nothing_to_guess():
    names = ["admin.json", "provider.json", "reader.json", "operator.json", "ca.key", "token.key", "store.db", "audit.log"]
    for name in names:
        mode = os.stat(os.path.join(server.state, name)).st_mode
        assert stat.S_IMODE(mode) == 0o600, (name, oct(mode))
    account = server.account("admin")
    assert sorted(account) == ["caFile", "clientId", "clientSecret", "endpoint", "subscriptionId", "tenantId"]
    assert account["endpoint"] == f"https://127.0.0.1:{server.port}"
    with open(os.path.join(server.state, "store.db"), "rb") as f:
        store = f.read()
    with open(os.path.join(server.state, "store.db-wal"), "rb") as f:
        store += f.read()
    for name in ("admin", "provider", "reader", "operator"):
        assert server.account(name)["clientSecret"].encode() not in store


def a_group_and_a_circuit_are_ordered_and_a_service_key_comes_back():
    make_group(admin)
    a = admin.call("PUT", admin.net("expressRouteCircuits/er-demo"), CIRCUIT)
    assert a.status == 201 and a.json["properties"]["provisioningState"] == "Updating", a
    assert a.headers["Azure-AsyncOperation"].startswith(f"https://127.0.0.1:{server.port}/subscriptions/"), a.headers
    assert int(a.headers["Retry-After"]) >= 1
    assert a.headers["Azure-AsyncNotification"] == "Enabled"
    assert admin.finish(a)["status"] == "Succeeded"
    p = admin.get("expressRouteCircuits/er-demo").json["properties"]
    assert p["provisioningState"] == "Succeeded" and p["circuitProvisioningState"] == "Enabled", p
    assert p["serviceProviderProvisioningState"] == "NotProvisioned" and len(p["serviceKey"]) == 36, p


def the_same_put_again_is_harmless_and_paths_have_no_case():
    a = admin.call("PUT", admin.net("expressroutecircuits/ER-DEMO").replace("resourceGroups", "resourcegroups"), CIRCUIT)
    assert a.status == 200 and a.json["name"] == "er-demo", a
    admin.finish(a)


def the_provider_finds_the_order_by_its_key_and_moves_its_state():
    key = admin.get("expressRouteCircuits/er-demo").json["properties"]["serviceKey"]
    assert cross_connection(provider, key)["properties"]["serviceProviderProvisioningState"] == "NotProvisioned"
    assert provision(provider, key, "Provisioning")["properties"]["sTag"] > 0
    assert provision(provider, key)["properties"]["serviceProviderProvisioningState"] == "Provisioned"
    seen = admin.get("expressRouteCircuits/er-demo").json["properties"]["serviceProviderProvisioningState"]
    assert seen == "Provisioned", seen


def a_peering_is_configured_and_keeps_its_key_to_itself():
    a = admin.put(PRIVATE, PEERING)
    p = a.json["properties"]
    assert p["azureASN"] == 12076 and p["peerASN"] == 65010 and p["state"] == "Enabled", p
    assert "demoKey2026" not in a.raw


def nonsense_in_a_peering_is_refused_with_its_place_and_rule():
    bad = {"properties": {**PEERING["properties"], "vlanId": 5000}}
    a = admin.call("PUT", admin.net(PRIVATE), bad)
    assert a.status == 400 and a.code == "ExpressRoutePeeringVlanIdInvalid", a
    assert a.json["error"]["target"] == "/properties/vlanId", a
    a = admin.call("PUT", admin.net(PRIVATE), {"properties": {**PEERING["properties"], "peerASN": "x"}})
    assert a.status == 400 and a.code == "InvalidRequestFormat" and "/properties/peerASN" in a.raw, a
    a = admin.call("PUT", admin.net(PRIVATE), b"{\"properties\": {,}}")
    assert a.status == 400 and a.code == "InvalidRequestContent", a
    assert admin.get(PRIVATE).json["properties"]["vlanId"] == 100


def a_network_with_its_gateway_is_linked():
    make_link(admin, provider)
    c = admin.get("connections/conn-demo").json["properties"]
    assert c["provisioningState"] == "Succeeded" and c["connectionType"] == "ExpressRoute", c


def what_is_in_use_cannot_be_deleted():
    rows = [("expressRouteCircuits/er-demo", "InUseExpressRouteCircuitCannotBeDeleted"),
            ("virtualNetworkGateways/gw-demo", "InUseVirtualNetworkGatewayCannotBeDeleted"),
            ("virtualNetworks/vnet-demo/subnets/GatewaySubnet", "InUseSubnetCannotBeDeleted"),
            ("publicIPAddresses/gw-ip", "PublicIPAddressCannotBeDeleted")]
    for rest, code in rows:
        a = admin.call("DELETE", admin.net(rest))
        assert a.status in (400, 409) and a.code == code, (rest, a)


def errors_have_the_codes_of_the_contract():
    sub = admin.subscription
    rows = [
        ("GET", f"/subscriptions/{sub}/resourcegroups/rg", None, 400, "MissingApiVersionParameter"),
        ("GET", f"/subscriptions/{sub}/resourcegroups/rg?api-version=1999-01-01", None, 400, "NoRegisteredProviderFound"),
        ("GET", admin.net("expressRouteCircuits/nothing"), None, 404, "ResourceNotFound"),
        ("GET", admin.net("expressRouteCircuits/x", group="nothing"), None, 404, "ResourceGroupNotFound"),
        ("GET", f"/subscriptions/{sub}/resourceGroups/rg/providers/Microsoft.Network/teapots/x?{V}", None, 404, "InvalidResourceType"),
        ("PUT", admin.net("expressRouteCircuits/-bad-"), CIRCUIT, 400, "InvalidResourceName"),
        ("PUT", admin.net("expressRouteCircuits/new"), {k: v for k, v in CIRCUIT.items() if k != "location"}, 400, "LocationRequired"),
        ("PUT", admin.net("expressRouteCircuits/nothing/peerings/AzurePrivatePeering"), PEERING, 404, "ParentResourceNotFound"),
    ]
    for method, path, body, status, code in rows:
        a = admin.call(method, path, body)
        assert a.status == status and a.code == code, (method, path, a)
        assert a.headers["x-ms-request-id"] and a.headers["X-Content-Type-Options"] == "nosniff", a.headers


def live_tables_are_empty_and_not_invented_while_no_edge_reports():
    a = admin.call("POST", admin.net(PRIVATE + "/arpTables/primary"))
    assert a.status == 202 and a.raw == "null", a
    path = a.headers["Location"].split(str(server.port), 1)[1]
    a = admin.call("GET", path)
    assert a.status == 200 and a.json == {"value": []}, a


def the_reader_reads_and_writes_nothing():
    assert reader.get("expressRouteCircuits/er-demo").status == 200
    for method, rest, body in [("PUT", "expressRouteCircuits/er-demo", CIRCUIT), ("DELETE", "connections/conn-demo", None),
                               ("PUT", "virtualNetworks/other", VNET)]:
        a = reader.call(method, reader.net(rest), body)
        assert a.status == 403 and a.code == "AuthorizationFailed", (method, rest, a)


def the_provider_sees_its_side_only():
    a = provider.call("GET", admin.net("expressRouteCircuits/er-demo"))
    b = provider.call("GET", admin.net("expressRouteCircuits/nothing"))
    assert a.status == b.status == 403, (a, b)
    assert "demoKey2026" not in provider.call("GET", f"/subscriptions/{provider.subscription}/providers/Microsoft.Network/"
                                                     f"expressRouteCrossConnections?{V}").raw
    ids = [s["subscriptionId"] for s in provider.call("GET", "/subscriptions?api-version=2019-11-01").json["value"]]
    assert ids == [provider.subscription], ids


def the_customer_cannot_move_the_providers_state():
    key = admin.get("expressRouteCircuits/er-demo").json["properties"]["serviceKey"]
    x = cross_connection(provider, key)
    a = admin.call("PUT", f"{x['id']}?{V}", x)
    assert a.status == 403, a
    body = {**CIRCUIT, "properties": {**CIRCUIT["properties"], "serviceProviderProvisioningState": "NotProvisioned"}}
    a = admin.call("PUT", admin.net("expressRouteCircuits/er-demo"), body)
    assert a.status in (200, 400, 403), a
    admin.finish(a)
    seen = admin.get("expressRouteCircuits/er-demo").json["properties"]["serviceProviderProvisioningState"]
    assert seen == "Provisioned", seen


def the_operator_has_no_business_with_resources():
    a = operator.call("GET", admin.net("expressRouteCircuits/er-demo"))
    assert a.status == 403, a
    for client in (admin, provider, reader):
        a = client.call("PUT", "/fairlead/v1/edges/edge1", {"role": "edge"})
        assert a.status == 403, a


def an_old_etag_is_a_failed_precondition():
    a = admin.call("PUT", admin.net("virtualNetworks/vnet-demo"), VNET, {"If-Match": 'W/"no-such"'})
    assert a.status == 412 and a.code == "PreconditionFailed", a
    a = admin.call("PUT", admin.net("virtualNetworks/vnet-demo"), VNET, {"If-None-Match": "*"})
    assert a.status == 412, a


def everything_is_deleted_in_its_order_and_gone():
    admin.delete("connections/conn-demo")
    admin.delete("virtualNetworkGateways/gw-demo")
    admin.delete("virtualNetworks/vnet-demo")
    admin.delete("publicIPAddresses/gw-ip")
    admin.delete(PRIVATE)
    a = admin.call("DELETE", admin.net("expressRouteCircuits/er-demo"))
    assert a.status == 409, a
    provision(provider, admin.get("expressRouteCircuits/er-demo").json["properties"]["serviceKey"], "NotProvisioned")
    admin.delete("expressRouteCircuits/er-demo")
    assert admin.get("expressRouteCircuits/er-demo").status == 404
    assert admin.call("DELETE", admin.net("expressRouteCircuits/er-demo")).status == 204
    a = provider.call("GET", f"/subscriptions/{provider.subscription}/providers/Microsoft.Network/"
                             f"expressRouteCrossConnections?{V}")
    assert a.json["value"] == [], a
    a = admin.call("DELETE", f"{admin.group('rg')}?{GROUPS}")
    assert a.status in (200, 202), a


def one_client_plays_both_parts_when_told_so():
    one = Server(program(), "--provider-subscription", "same", "--pace=instant")
    try:
        both = one.sign_in("admin")
        assert one.account("provider")["subscriptionId"] == both.subscription
        make_link(both, both)
        assert both.get("connections/conn-demo").json["properties"]["provisioningState"] == "Succeeded"
        assert connection(both)["properties"]["peer"]["id"].endswith("er-demo")
    finally:
        one.close()


def it_ends_in_order_with_one_line_on_its_output():
    status, rest = server.end()
    assert status == 0 and rest == b"", (status, rest)


try:
    sys.exit(run([
        the_first_start_leaves_private_account_files_and_nothing_to_guess,
        a_group_and_a_circuit_are_ordered_and_a_service_key_comes_back,
        the_same_put_again_is_harmless_and_paths_have_no_case,
        the_provider_finds_the_order_by_its_key_and_moves_its_state,
        a_peering_is_configured_and_keeps_its_key_to_itself,
        nonsense_in_a_peering_is_refused_with_its_place_and_rule,
        a_network_with_its_gateway_is_linked,
        what_is_in_use_cannot_be_deleted,
        errors_have_the_codes_of_the_contract,
        live_tables_are_empty_and_not_invented_while_no_edge_reports,
        the_reader_reads_and_writes_nothing,
        the_provider_sees_its_side_only,
        the_customer_cannot_move_the_providers_state,
        the_operator_has_no_business_with_resources,
        an_old_etag_is_a_failed_precondition,
        everything_is_deleted_in_its_order_and_gone,
        one_client_plays_both_parts_when_told_so,
        it_ends_in_order_with_one_line_on_its_output,
    ]))
finally:
    server.close()
