#!/usr/bin/env python3
"""cli_test.py BUILD: a circuit's life by the command line, as in the README of a user."""
import json
import os
import subprocess
import sys

from harness import Server, program, run

server = Server(program(), config="limits: {writes_per_second: 0}\n")
cli = program("fairlead")
ENV = {**os.environ, "FAIRLEAD_STATE": server.state, "FAIRLEAD_GROUP": "rg"}


def call(*words, env=None, status=0):
    done = subprocess.run([cli, *words], capture_output=True, env=env or ENV, timeout=60, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == status, (words, done.returncode, out, err)
    return out if status == 0 else err


def get(*words):
    return json.loads(call(*words, "-o", "json"))


def the_way_from_a_group_to_a_linked_network():
    call("group", "create", "-n", "rg", "-l", "westeurope")
    call("circuit", "create", "-n", "er", "--bandwidth", "200 Mbps", "--provider", "Equinix", "--peering-location", "Amsterdam")
    circuit = get("circuit", "show", "-n", "er")
    assert circuit["location"] == "westeurope" and circuit["sku"]["name"] == "Standard_MeteredData", circuit
    key = circuit["properties"]["serviceKey"]
    assert [x["name"] for x in get("cross-connection", "list")] == [key]
    for state in ("Provisioning", "Provisioned"):
        moved = get("cross-connection", "update", "-n", key, "--provisioning-state", state)
        assert moved["properties"]["serviceProviderProvisioningState"] == state, moved
    secret = os.path.join(server.dir, "key")
    with open(secret, "w", encoding="ascii") as f:
        f.write("demoKey2026\n")
    made = get("peering", "create", "--circuit-name", "er", "--peering-type", "AzurePrivatePeering", "--peer-asn", "65010",
               "--vlan-id", "100", "--primary-peer-subnet", "192.168.100.128/30", "--secondary-peer-subnet",
               "192.168.100.132/30", "--shared-key", "@" + secret)
    assert made["properties"]["vlanId"] == 100 and "demoKey2026" not in json.dumps(made), made
    call("vnet", "create", "-n", "v", "--address-prefixes", "10.20.0.0/16", "--subnets",
         "GatewaySubnet=10.20.255.0/27 work=10.20.0.0/24")
    call("public-ip", "create", "-n", "ip")
    call("gateway", "create", "-n", "gw", "--vnet", "v", "--public-ip-address", "ip", "--sku", "ErGw1AZ")
    linked = get("connection", "create", "-n", "c", "--vnet-gateway1", "gw", "--express-route-circuit2", "er")
    assert linked["properties"]["provisioningState"] == "Succeeded", linked


def an_update_keeps_what_it_does_not_name():
    changed = get("circuit", "update", "-n", "er", "--bandwidth", "1 Gbps", "--tags", "team=net cost=7")
    p = changed["properties"]
    assert p["serviceProviderProperties"] == {"serviceProviderName": "Equinix", "peeringLocation": "Amsterdam",
                                              "bandwidthInMbps": 1000}, p
    assert changed["tags"] == {"team": "net", "cost": "7"} and len(p["peerings"]) == 1, changed
    moved = get("peering", "update", "--circuit-name", "er", "-n", "AzurePrivatePeering", "--vlan-id", "200")
    assert moved["properties"]["vlanId"] == 200 and moved["properties"]["peerASN"] == 65010, moved


def tables_have_a_row_for_each_thing():
    lines = call("circuit", "list", "-o", "table").splitlines()
    assert lines[0].split()[:3] == ["NAME", "LOCATION", "PROVIDER"] and lines[1].split()[0] == "er", lines
    assert "gw" in call("connection", "list", "-o", "table").splitlines()[1]
    assert len(get("provider", "list")) > 50
    stats = get("circuit", "get-stats", "-n", "er")
    assert stats[0]["primarybytesIn"] == 0, stats
    assert get("circuit", "list-arp-tables", "-n", "er", "--path", "secondary") == []


def authorizations_are_made_and_shown():
    made = get("auth", "create", "--circuit-name", "er", "-n", "a1")
    assert len(made["properties"]["authorizationKey"]) == 36, made
    assert [a["name"] for a in get("auth", "list", "--circuit-name", "er")] == ["a1"]
    call("auth", "delete", "--circuit-name", "er", "-n", "a1")


def errors_are_sentences_with_codes_and_statuses():
    err = call("circuit", "show", "-n", "none", status=3)
    assert "(ResourceNotFound)" in err, err
    err = call("circuit", "delete", "-n", "er", status=1)
    assert "(InUseExpressRouteCircuitCannotBeDeleted)" in err and "connections/c" in err, err
    err = call("circuit", "create", "-n", "x", "--bandwidth", "200", "--provider", "Equinox", "--peering-location", "Amsterdam", status=1)
    assert "did you mean 'Equinix'" in err and "at /properties/serviceProviderProperties" in err, err
    assert "--bandwidth is needed" in call("circuit", "create", "-n", "x", status=2)
    assert "did you mean '--bandwidth'" in call("circuit", "create", "--bandwith", "1", status=2)
    assert "did you mean 'create'" in call("circuit", "crate", status=2)
    assert "did you mean 'circuit'" in call("circiut", status=2)
    assert "--resource-group is needed" in call("circuit", "show", "-n", "er", env={**os.environ, "FAIRLEAD_STATE": server.state}, status=2)
    assert "letters, digits" in call("circuit", "show", "-n", "../x", status=2)
    err = call("circuit", "list", "--state", os.path.join(server.dir, "none.json"), status=1)
    assert "cannot read the account" in err, err
    err = call("group", "list", "--state", os.path.join(server.state, "provider.json"))
    assert "CrossConnection-Amsterdam" in err, err


def the_provider_is_told_about_unknown_keys():
    err = call("cross-connection", "show", "-n", "00000000-0000-0000-0000-000000000000", status=3)
    assert "no cross-connection has the service key" in err, err


def waiting_ends_when_it_is_ready_or_gone():
    call("circuit", "wait", "-n", "er", "--created")
    call("circuit", "wait", "-n", "none", "--deleted")
    assert "not ready after 1 s" in call("circuit", "wait", "-n", "none", "--timeout", "1", status=1)


def an_operation_without_waiting_goes_on_by_itself():
    slow = Server(program(), "--pace", "0.2")
    env = {**ENV, "FAIRLEAD_STATE": slow.state}
    try:
        call("group", "create", "-n", "rg", "-l", "westeurope", env=env)
        made = json.loads(call("vnet", "create", "-n", "v", "--address-prefixes", "10.1.0.0/16", "--no-wait", env=env))
        assert made["properties"]["provisioningState"] == "Updating", made
        call("vnet", "wait", "-n", "v", "--created", "--timeout", "20", env=env)
    finally:
        slow.close()


def help_comes_from_the_rows():
    text = call("help")
    assert "fairlead circuit create|show|list" in text and len(text.splitlines()) < 100, text
    text = call("peering", "create", "--help")
    assert "--peer-asn" in text and "(needed)" in text and "@FILE" in text, text
    assert "fairlead circuit show" in call("circuit", "--help")


def everything_is_taken_down_in_its_order():
    for words in (("connection", "-n", "c"), ("gateway", "-n", "gw"), ("public-ip", "-n", "ip"), ("vnet", "-n", "v"),
                  ("peering", "--circuit-name", "er", "-n", "AzurePrivatePeering")):
        assert call(words[0], "delete", *words[1:]) == ""
    key = get("circuit", "show", "-n", "er")["properties"]["serviceKey"]
    call("cross-connection", "update", "-n", key, "--provisioning-state", "NotProvisioned")
    call("circuit", "delete", "-n", "er")
    assert get("circuit", "list") == []
    call("group", "delete", "-n", "rg")
    assert get("group", "list") == []


try:
    sys.exit(run([
        the_way_from_a_group_to_a_linked_network,
        an_update_keeps_what_it_does_not_name,
        tables_have_a_row_for_each_thing,
        authorizations_are_made_and_shown,
        errors_are_sentences_with_codes_and_statuses,
        the_provider_is_told_about_unknown_keys,
        waiting_ends_when_it_is_ready_or_gone,
        an_operation_without_waiting_goes_on_by_itself,
        help_comes_from_the_rows,
        everything_is_taken_down_in_its_order,
    ]))
finally:
    server.close()
