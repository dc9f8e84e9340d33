#!/usr/bin/env python3
"""roles_test.py BUILD: who may what, where, and since when: several providers and customers, roles at a subscription, a
group and a resource, and what ends with the assignment."""
import sys
import uuid

from harness import CIRCUIT, EDGES, PEERING, Server, V, program, run

PARTIES = ("parties:\n- {name: equinix, provider: Equinix}\n- {name: megaport, provider: Megaport}\n- {name: fabrikam}\n"
           "limits: {writes_per_second: 0, requests_per_second: 0}\n")
server = Server(program(), config=PARTIES)
NAMES = ("admin", "provider", "reader", "operator", "equinix", "megaport", "fabrikam")
people = {n: server.sign_in(n) for n in NAMES}
admin, reader, equinix, megaport, fabrikam = (people[n] for n in ("admin", "reader", "equinix", "megaport", "fabrikam"))
AUTH = "api-version=2022-04-01"
ROLES = {"Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
         "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7", "ExpressRoute Provider": "5d1a5c5e-7c0e-4b8e-9f5a-0e1b7a3c9d21"}


def object_id(who):
    import base64  # pylint: disable=import-outside-toplevel
    import json  # pylint: disable=import-outside-toplevel
    return json.loads(base64.urlsafe_b64decode(people[who].token.split(".")[1] + "=="))["oid"]


def assign(by, role, who, scope, name=None):
    name = name or str(uuid.uuid4())
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?{AUTH}"
    return path, by.call("PUT", path, {"properties": {
        "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}",
        "principalId": who if "-" in who else object_id(who), "principalType": "ServicePrincipal"}})


def crosses(client):
    a = client.call("GET", f"/subscriptions/{client.subscription}/providers/Microsoft.Network/expressRouteCrossConnections?{V}")
    assert a.status == 200, a
    return a.json["value"]


def order(client, name, provider, location="Amsterdam", group="rg"):
    client.call("PUT", f"{client.group(group)}?api-version=2021-04-01", {"location": "westeurope"})
    body = {**CIRCUIT, "properties": {"serviceProviderProperties": {
        "serviceProviderName": provider, "peeringLocation": location, "bandwidthInMbps": 200}}}
    a = client.call("PUT", client.net(f"expressRouteCircuits/{name}", group), body)
    assert a.status == 201, a
    client.finish(a)
    return client.call("GET", client.net(f"expressRouteCircuits/{name}", group)).json["properties"]["serviceKey"]


keys = {}


def each_provider_sees_the_orders_that_are_its_own():
    keys["e"], keys["m"], keys["f"] = (order(admin, "c-e", "Equinix"), order(admin, "c-m", "Megaport"),
                                       order(fabrikam, "c-f", "Equinix"))
    assert {x["name"] for x in crosses(equinix)} == {keys["e"], keys["f"]}
    assert {x["name"] for x in crosses(megaport)} == {keys["m"]}
    assert crosses(people["provider"]) == []
    mine = next(x for x in crosses(equinix) if x["name"] == keys["e"])
    stranger = megaport.call("GET", f"{mine['id']}?{V}")
    nothing = megaport.call("GET", f"{mine['id'].replace(keys['e'], keys['m'])}?{V}")
    assert stranger.status == nothing.status == 403, (stranger, nothing)
    assert megaport.call("PUT", f"{mine['id']}?{V}", mine).status == 403


def a_service_key_opens_one_cross_connection_and_no_other():
    x = next(x for x in crosses(equinix) if x["name"] == keys["e"])
    for key in (keys["m"], str(uuid.uuid4())):
        assert equinix.call("GET", f"{x['id'].replace(keys['e'], key)}?{V}").status == 404
    assert equinix.call("GET", f"{x['id']}?{V}").json["name"] == keys["e"]


def customers_do_not_see_each_other_nor_the_providers_side():
    ids = [s["subscriptionId"] for s in fabrikam.call("GET", "/subscriptions?api-version=2019-11-01").json["value"]]
    assert ids == [fabrikam.subscription], ids
    for client, other in ((fabrikam, admin), (admin, fabrikam)):
        a = client.call("GET", other.net("expressRouteCircuits/c-e"))
        b = client.call("GET", other.net("expressRouteCircuits/nothing"))
        assert a.status == b.status == 403 and a.code == b.code == "AuthorizationFailed", (a, b)
        x = crosses(equinix)[0]
        assert client.call("GET", f"{x['id']}?{V}").status == 403
    assert equinix.call("GET", admin.net("expressRouteCircuits/c-e")).status == 403


def what_edges_say_is_for_those_who_own_the_whole():
    for path in ("/fairlead/v1/evidence", "/fairlead/v1/edges"):
        assert admin.call("GET", path).status == reader.call("GET", path).status == 200
        for stranger in (fabrikam, equinix, megaport):
            assert stranger.call("GET", path).status == 403, path


def a_role_on_a_group_reaches_to_its_end():
    order(admin, "c-2", "Equinix", "Amsterdam", "rg2")
    assert fabrikam.call("GET", admin.net("expressRouteCircuits/c-2", "rg2")).status == 403
    path, a = assign(admin, "Contributor", "fabrikam", admin.group("rg2"))
    assert a.status == 201 and a.json["properties"]["scope"] == admin.group("rg2"), a
    assert fabrikam.call("GET", admin.net("expressRouteCircuits/c-2", "rg2")).status == 200
    a = fabrikam.call("PUT", admin.net("expressRouteCircuits/c-2/peerings/AzurePrivatePeering", "rg2"), PEERING)
    assert a.status == 201, a
    admin.finish(a)
    assert fabrikam.call("GET", admin.net("expressRouteCircuits/c-e")).status == 403
    assert assign(fabrikam, "Reader", "megaport", admin.group("rg2"))[1].status == 403  # a contributor gives no roles
    assert fabrikam.call("GET", "/fairlead/v1/evidence").status == 403
    assert admin.call("GET", path).status == 200 and admin.call("DELETE", path).status == 200
    assert fabrikam.call("GET", admin.net("expressRouteCircuits/c-2", "rg2")).status == 403
    assert admin.call("DELETE", path).status == 204


def a_role_on_one_resource_opens_that_one():
    path, a = assign(admin, "Reader", "megaport", admin.id("expressRouteCircuits/c-m"))
    assert a.status == 201, a
    a = megaport.call("GET", admin.net("expressRouteCircuits/c-m"))
    assert a.status == 200 and a.json["name"] == "c-m", a
    assert megaport.call("GET", admin.net("expressRouteCircuits/c-e")).status == 403
    assert megaport.call("PUT", admin.net("expressRouteCircuits/c-m"), CIRCUIT).status == 403
    listed = admin.call("GET", f"/subscriptions/{admin.subscription}/providers/Microsoft.Authorization/roleAssignments?{AUTH}")
    assert [x["properties"]["principalId"] for x in listed.json["value"]] == [object_id("megaport")], listed
    server.kill()
    server.start()  # it is on the store
    assert megaport.call("GET", admin.net("expressRouteCircuits/c-m")).status == 200
    assert admin.call("DELETE", path).status == 200


def a_provider_hands_one_order_to_another():
    x = next(x for x in crosses(equinix) if x["name"] == keys["e"])
    other = next(x for x in crosses(equinix) if x["name"] == keys["f"])
    assert assign(admin, "ExpressRoute Provider", "megaport", x["id"])[1].status == 403
    assert assign(equinix, "Owner", "equinix", x["id"])[1].status == 403
    path, a = assign(equinix, "ExpressRoute Provider", "megaport", x["id"])
    assert a.status == 201, a
    assert megaport.call("GET", f"{x['id']}?{V}").status == 200
    assert megaport.call("GET", f"{other['id']}?{V}").status == 403
    assert equinix.call("DELETE", path).status == 200


def nonsense_is_refused():
    assert assign(admin, "Reader", "megaport", admin.group("rg"), "x")[1].code == "InvalidRoleAssignmentId"
    path, _ = assign(admin, "Reader", "megaport", admin.group("rg"))
    admin.call("DELETE", path)
    a = admin.call("PUT", path, {"properties": {"roleDefinitionId": "x", "principalId": object_id("megaport")}})
    assert a.status == 400 and a.code == "RoleDefinitionDoesNotExist", a
    a = admin.call("PUT", path, {"properties": {"roleDefinitionId": ROLES["Reader"]}})
    assert a.status == 400 and a.code == "InvalidPrincipalId", a
    assert admin.call("PATCH", path, {}).status == 405 and admin.call("GET", path).status == 404
    a = admin.call("GET", f"{admin.group('rg')}/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName%20eq%20'Reader'&{AUTH}")
    assert [d["name"] for d in a.json["value"]] == [ROLES["Reader"]], a


assert EDGES
try:
    sys.exit(run([
        each_provider_sees_the_orders_that_are_its_own,
        a_service_key_opens_one_cross_connection_and_no_other,
        customers_do_not_see_each_other_nor_the_providers_side,
        what_edges_say_is_for_those_who_own_the_whole,
        a_role_on_a_group_reaches_to_its_end,
        a_role_on_one_resource_opens_that_one,
        a_provider_hands_one_order_to_another,
        nonsense_is_refused,
    ]))
finally:
    server.close()
