#!/usr/bin/env python3
"""az_test.py BUILD: the stock az of Debian 12, set up by `fairlead az-setup`, plays the whole life of a circuit, the
provider's side included. The commands are those whose requests the contract was found by."""
import base64
import json
import os
import shlex
import stat
import subprocess
import sys

from harness import Server, program, run

if subprocess.run(["/usr/bin/python3", "-P", "-c", "import azure.cli.core, azure.mgmt.network"], capture_output=True,
                  check=False).returncode != 0:
    print("skipped: azure-cli and python3-azure are not installed (tools/install-deps test)")
    sys.exit(77)

server = Server(program(), "--pace", "instant", config="limits: {writes_per_second: 0, requests_per_second: 0}\n")
SUB = server.account("admin")["subscriptionId"]
PROVIDER_SUB = server.account("provider")["subscriptionId"]
NET = f"/subscriptions/{SUB}/resourceGroups/rg1/providers/Microsoft.Network"
VERSION = "api-version=2022-01-01"


class Az:
    """An az of its own, in one process that is asked command by command."""

    def __init__(self, account):
        self.folder = os.path.join(server.dir, "az-" + account)
        self.setup = subprocess.run([program("fairlead"), "az-setup", self.folder, "--state", server.state, "--account",
                                     account], capture_output=True, text=True, timeout=100, check=False)
        assert self.setup.returncode == 0, self.setup
        env = dict(os.environ, AZURE_CONFIG_DIR=self.folder + "/config", AZURE_CORE_COLLECT_TELEMETRY="false",
                   REQUESTS_CA_BUNDLE=os.path.join(server.state, "ca.pem"), AZURE_EXTENSION_USE_DYNAMIC_INSTALL="no")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-P", os.path.join(os.path.dirname(os.path.abspath(__file__)), "az_driver.py"), self.folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
        self.commands = 0

    def __call__(self, command, status=0):
        self.commands += 1
        print(json.dumps(shlex.split(command)), file=self.process.stdin, flush=True)
        a = json.loads(self.process.stdout.readline())
        assert a["status"] == status, (command, a["status"], a["err"][-2000:], a["out"][-500:])
        if status:
            return a["err"]
        try:
            return json.loads(a["out"]) if a["out"].strip() else None
        except ValueError:
            return a["out"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


az, provider = Az("admin"), None


def the_setup_keeps_to_its_folder_and_leaves_no_secret_in_it():
    secret = server.account("admin")["clientSecret"]
    assert secret not in az.setup.stdout + az.setup.stderr
    assert not os.path.exists(os.path.join(az.folder, "secret"))
    for folder, _, names in os.walk(az.folder):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                kept = secret.encode() in f.read()
            # az keeps what it signs in with, as it does everywhere: for its owner only.
            assert not kept or stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0, path
    done = subprocess.run([os.path.join(az.folder, "az"), "account", "show"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["id"] == SUB, done


def accounts_locations_groups_and_namespaces():
    assert [a["id"] for a in az("account list")] == [SUB]
    az("account list --refresh")
    assert az("account get-access-token")["accessToken"].count(".") == 2
    assert any(x["name"] == "westeurope" for x in az("account list-locations"))
    assert az("group create -n rg1 -l westus --tags a=b")["properties"]["provisioningState"] == "Succeeded"
    assert az("group show -n rg1")["tags"] == {"a": "b"}
    assert [g["name"] for g in az("group list")] == ["rg1"]
    assert az("group exists -n rg1") is True and az("group exists -n rg2") is False
    assert az("provider show -n Microsoft.Network")["registrationState"] == "Registered"
    az("provider register -n Microsoft.Network")


def a_circuit_is_ordered():
    assert any(p["name"] == "Equinix" for p in az("network express-route list-service-providers"))
    c = az("network express-route create -g rg1 -n c1 -l westus --bandwidth 200 --peering-location 'Silicon Valley' "
           "--provider Equinix --sku-family MeteredData --sku-tier Standard --tags k=v")
    assert c["provisioningState"] == "Succeeded" and c["serviceProviderProvisioningState"] == "NotProvisioned", c
    c = az("network express-route create -g rg1 -n c2 --bandwidth '1 Gbps' --peering-location 'Washington DC' "
           "--provider Equinix --sku-family UnlimitedData --sku-tier Premium --allow-classic-operations false")
    assert c["serviceProviderProperties"]["bandwidthInMbps"] == 1000 and c["location"] == "westus", c
    assert az("network express-route show -g rg1 -n c1")["sku"]["name"] == "Standard_MeteredData"
    assert len(az("network express-route list -g rg1")) == len(az("network express-route list")) == 2
    c = az("network express-route update -g rg1 -n c1 --bandwidth 500 --sku-tier Premium --tags x=y")
    assert c["sku"]["name"] == "Premium_MeteredData" and c["tags"]["x"] == "y", c
    assert c["serviceProviderProperties"]["bandwidthInMbps"] == 500, c
    assert az("network express-route update -g rg1 -n c1 --set tags.z=abc")["tags"]["z"] == "abc"
    assert set(az("network express-route get-stats -g rg1 -n c1")) >= {"primarybytesIn", "secondarybytesOut"}


def the_provider_finds_and_provisions_it_with_az_rest():
    global provider  # pylint: disable=global-statement
    provider = Az("provider")
    base = f"/subscriptions/{PROVIDER_SUB}/providers/Microsoft.Network/expressRouteCrossConnections?{VERSION}"
    listed = provider(f"rest -m get -u {base}")["value"]
    for name in ("c1", "c2"):
        key = az(f"network express-route show -g rg1 -n {name}")["serviceKey"]
        x = next(x for x in listed if x["name"] == key)
        x["properties"]["serviceProviderProvisioningState"] = "Provisioned"
        path = os.path.join(server.dir, "body.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(x, f)
        provider(f"rest -m put -u '{x['id']}?{VERSION}' -b @{path}")
        assert az(f"network express-route show -g rg1 -n {name}")["serviceProviderProvisioningState"] == "Provisioned"
    for who, url in ((provider, f"{NET}/expressRouteCircuits?{VERSION}"), (az, base)):
        token = who("account get-access-token")["accessToken"]  # az itself asks only about subscriptions it knows
        said = who(f"rest --skip-authorization-header --headers 'Authorization=Bearer {token}' -m get -u "
                   f"'https://127.0.0.1:{server.port}{url}'", status=1)
        assert "AuthorizationFailed" in said, said


def peerings_and_a_route_filter():
    peering = "network express-route peering"
    p = az(f"{peering} create -g rg1 --circuit-name c1 --peering-type AzurePrivatePeering --peer-asn 65010 --vlan-id 100 "
           "--primary-peer-subnet 192.168.15.0/30 --secondary-peer-subnet 192.168.15.4/30 --shared-key A1B2")
    assert (p.get("azureAsn") or p.get("azureASN")) == 12076 and p["provisioningState"] == "Succeeded", p
    p = az(f"{peering} create -g rg1 --circuit-name c1 --peering-type MicrosoftPeering --peer-asn 65010 --vlan-id 101 "
           "--primary-peer-subnet 203.0.113.0/30 --secondary-peer-subnet 203.0.113.4/30 --advertised-public-prefixes "
           "198.51.100.0/24 203.0.113.128/25 --customer-asn 65011 --routing-registry-name ARIN")
    assert p["microsoftPeeringConfig"]["advertisedPublicPrefixes"] == ["198.51.100.0/24", "203.0.113.128/25"], p
    az("network route-filter create -g rg1 -n rf1 -l westus")
    az("network route-filter rule create -g rg1 --filter-name rf1 -n allow1 --access Allow --communities 12076:5010 12076:5030")
    assert len(az("network route-filter rule list -g rg1 --filter-name rf1")) == 1
    r = az("network route-filter rule update -g rg1 --filter-name rf1 -n allow1 --add communities 12076:5040")
    assert r["communities"] == ["12076:5010", "12076:5030", "12076:5040"] and r["routeFilterRuleType"] == "Community", r
    assert az("network route-filter rule show -g rg1 --filter-name rf1 -n allow1")["access"] == "Allow"
    assert az("network route-filter rule list-service-communities")
    assert len(az("network route-filter list -g rg1")) == len(az("network route-filter list")) == 1
    assert az("network route-filter update -g rg1 -n rf1 --tags q=1")["tags"]["q"] == "1"
    p = az(f"{peering} update -g rg1 --circuit-name c1 -n MicrosoftPeering --route-filter rf1")
    assert p["routeFilter"]["id"].endswith("/rf1"), p
    p = az(f"{peering} update -g rg1 --circuit-name c1 -n MicrosoftPeering --ip-version ipv6 --primary-peer-subnet "
           "2001:db8:0:1::/126 --secondary-peer-subnet 2001:db8:0:2::/126 --advertised-public-prefixes 2001:db8:100::/48 "
           "--customer-asn 65011 --routing-registry-name ARIN")
    assert p["ipv6PeeringConfig"] and p["primaryPeerAddressPrefix"] == "203.0.113.0/30", p
    assert az(f"{peering} update -g rg1 --circuit-name c1 -n AzurePrivatePeering --vlan-id 222")["vlanId"] == 222
    assert len(az(f"{peering} list -g rg1 --circuit-name c1")) == 2
    az(f"{peering} show -g rg1 --circuit-name c1 -n AzurePrivatePeering")
    az(f"{peering} get-stats -g rg1 --circuit-name c1 -n AzurePrivatePeering")
    for words in ("list-arp-tables -g rg1 -n c1 --path primary", "list-route-tables -g rg1 -n c1 --path primary",
                  "list-route-tables-summary -g rg1 -n c1 --path secondary"):
        assert not az(f"network express-route {words} --peering-name AzurePrivatePeering")["value"]


def authorizations_and_global_reach():
    a = az("network express-route auth create -g rg1 --circuit-name c1 -n a1")
    assert len(a["authorizationKey"]) == 36 and a["authorizationUseStatus"] == "Available", a
    assert len(az("network express-route auth list -g rg1 --circuit-name c1")) == 1
    az("network express-route auth show -g rg1 --circuit-name c1 -n a1")
    az("network express-route peering create -g rg1 --circuit-name c2 --peering-type AzurePrivatePeering --peer-asn 65020 "
       "--vlan-id 200 --primary-peer-subnet 192.168.16.0/30 --secondary-peer-subnet 192.168.16.4/30")
    reach = "network express-route peering connection"
    on = "-g rg1 --circuit-name c1 --peering-name AzurePrivatePeering"
    g = az(f"{reach} create {on} -n gr1 --peer-circuit c2 --address-prefix 10.250.0.0/29")
    assert g["provisioningState"] == "Succeeded", g
    assert len(az(f"{reach} list {on}")) == 1
    az(f"{reach} show {on} -n gr1")
    az(f"{reach} ipv6-config set {on} -n gr1 --address-prefix aa:bb::1/125")
    az(f"{reach} ipv6-config remove {on} -n gr1")
    assert len(az("network express-route peering peer-connection list -g rg1 --circuit-name c2 "
                  "--peering-name AzurePrivatePeering")) == 1
    assert "InUse" in az("network express-route delete -g rg1 -n c2", status=1)
    az(f"{reach} delete {on} -n gr1")


def waiting_for_what_was_not_waited_for():
    az("network express-route create -g rg1 -n c3 -l westus --bandwidth 50 --peering-location Amsterdam --provider Equinix --no-wait")
    az("network express-route wait -g rg1 -n c3 --created --interval 1 --timeout 20")
    az("network express-route wait -g rg1 -n c3 --custom \"properties.provisioningState=='Succeeded'\" --interval 1 --timeout 20")
    assert az("network express-route show -g rg1 -n c3")["provisioningState"] == "Succeeded"
    az("network express-route delete -g rg1 -n c3")


def ports_of_ones_own():
    port = "network express-route port"
    place = "Amsterdam"
    az(f"{port} create -g rg1 -n pt1 -l westus --bandwidth 10 Gbps --encapsulation QinQ --peering-location {place}")
    assert len(az(f"{port} list -g rg1")) == len(az(f"{port} list")) == 1
    assert az(f"{port} update -g rg1 -n pt1 --tags a=b")["tags"]["a"] == "b"
    assert [x["name"] for x in az(f"{port} link list -g rg1 --port-name pt1")] == ["link1", "link2"]
    az(f"{port} link update -g rg1 --port-name pt1 -n link1 --admin-state Enabled")
    az(f"{port} link update -g rg1 --port-name pt1 -n link2 --macsec-cipher GcmAes256 --macsec-ckn-secret-identifier "
       "https://kv.example/secrets/ckn --macsec-cak-secret-identifier https://kv.example/secrets/cak")
    assert az(f"{port} link show -g rg1 --port-name pt1 -n link1")["adminState"] == "Enabled"
    letter = os.path.join(server.dir, "loa.pdf")
    az(f"{port} generate-loa -g rg1 -n pt1 --customer-name Contoso --file {letter}")
    with open(letter, "rb") as f:
        assert f.read(5) == b"%PDF-"
    az("network express-route create -g rg1 -n cp1 --bandwidth '2 Gbps' --express-route-port pt1 -l westus")
    assert "InUse" in az(f"{port} delete -g rg1 -n pt1", status=1)
    az(f"{port} identity assign -g rg1 -n pt1 --identity id1")
    az(f"{port} identity show -g rg1 -n pt1")
    az(f"{port} identity remove -g rg1 -n pt1")


def networks_gateways_and_connections():
    az("network vnet create -g rg1 -n v1 --address-prefixes 10.0.0.0/16 --subnet-name app --subnet-prefixes 10.0.1.0/24 -l westus")
    az("network vnet subnet create -g rg1 --vnet-name v1 -n GatewaySubnet --address-prefixes 10.0.255.0/27")
    assert len(az("network vnet subnet list -g rg1 --vnet-name v1")) == 2
    az("network vnet subnet update -g rg1 --vnet-name v1 -n app --address-prefixes 10.0.2.0/24")
    az("network vnet update -g rg1 -n v1 --address-prefixes 10.0.0.0/16 10.8.0.0/16")
    assert az("network vnet show -g rg1 -n v1")["addressSpace"]["addressPrefixes"] == ["10.0.0.0/16", "10.8.0.0/16"]
    az("network public-ip create -g rg1 -n pip1 --sku Standard -l westus")
    gateway = "network vnet-gateway"
    g = az(f"{gateway} create -g rg1 -n gw1 -l westus --vnet v1 --gateway-type ExpressRoute --sku ErGw1AZ --public-ip-addresses pip1")
    assert az(f"{gateway} show -g rg1 -n gw1")["provisioningState"] == "Succeeded", g
    assert az(f"{gateway} update -g rg1 -n gw1 --sku ErGw2AZ")["sku"]["name"] == "ErGw2AZ"
    assert az(f"{gateway} list-bgp-peer-status -g rg1 -n gw1") == {"value": []}
    az(f"{gateway} list-learned-routes -g rg1 -n gw1")
    az(f"{gateway} list-advertised-routes -g rg1 -n gw1 --peer 10.0.255.5")
    az(f"{gateway} reset -g rg1 -n gw1")
    link = "network vpn-connection"
    az(f"{link} create -g rg1 -n cn1 --vnet-gateway1 gw1 --express-route-circuit2 c1 -l westus --routing-weight 10")
    assert az(f"{link} show -g rg1 -n cn1")["routingWeight"] == 10
    assert az(f"{link} update -g rg1 -n cn1 --routing-weight 20")["routingWeight"] == 20
    assert "InUse" in az("network express-route delete -g rg1 -n c1", status=1)
    az(f"{link} delete -g rg1 -n cn1")
    stranger = SUB.replace(SUB[:8], "22222222")
    said = az(f"{link} create -g rg1 -n cn2 --vnet-gateway1 gw1 --express-route-circuit2 /subscriptions/{stranger}/resourceGroups/x/"
              "providers/Microsoft.Network/expressRouteCircuits/zz -l westus --authorization-key "
              "33333333-2222-3333-4444-555555555555 --express-route-gateway-bypass true", status=1)
    assert "DeploymentFailed" in said and "LinkedAuthorizationFailed" in said, said
    az(f"{gateway} delete -g rg1 -n gw1")


def fairlead(*words, ok=(0,)):
    done = subprocess.run([program("fairlead"), *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in ok, (words, done.returncode, done.stderr)
    return done


def what_import_prints_is_exported_and_judged():
    """Every az command that `fairlead import` prints, its output under the file name it prints, fed back to a check."""
    to = os.path.join(server.dir, "export")
    os.mkdir(to)
    printed = fairlead("import", "--group", "rg1", "--circuit", "c1", "--peering", "both")
    files = {}
    for line in printed.stdout.splitlines():
        if not line.startswith("az "):
            continue
        command, target = line[3:].split("   #")[0].rsplit(" > ", 1)
        files[target] = command
        theirs = "expressRouteCrossConnections" in command
        who, whose = (provider, PROVIDER_SUB) if theirs else (az, SUB)
        with open(os.path.join(to, target), "w", encoding="utf-8") as f:
            json.dump(who(command.replace("$(az account show --query id -o tsv)", whose)), f)
    assert len(files) >= 20, files
    judged = fairlead("check", "--import", to, "-o", "json", ok=(0, 4, 5))
    assert "left out" not in judged.stderr and "whose table" not in judged.stderr, judged.stderr
    verdicts = {}
    for r in json.loads(judged.stdout)["rows"]:
        verdicts.setdefault(r["id"], set()).add(r["verdict"])
    for row in ("ACC-01", "ACC-02", "ACC-03", "CIR-01", "CIR-02", "CIR-03", "CIR-05", "PRV-01", "PRV-03", "NET-L2-01"):
        assert "fail" not in verdicts[row], (row, verdicts[row])
    for row in ("ACC-01", "ACC-02", "ACC-03", "CIR-01", "CIR-03", "CIR-05", "PRV-01"):
        assert verdicts[row] == {"pass"} or verdicts[row] == {"pass", "n/a"}, (row, verdicts[row])
    assert "pass" not in verdicts["NET-RED-02"], "no edge is there, so no session is seen"


def a_gateway_of_virtual_wan():
    gateway = "network express-route gateway"
    az(f"{gateway} create -g rg1 -n g1 --virtual-hub hub1 --min-val 2 --max-val 4 -l westus")
    assert len(az(f"{gateway} list -g rg1")["value"]) == len(az(f"{gateway} list")["value"]) == 1
    az(f"{gateway} update -g rg1 -n g1 --min-val 3")
    az(f"{gateway} connection create -g rg1 --gateway-name g1 -n conn1 --peering AzurePrivatePeering --circuit-name c1 --routing-weight 5")
    assert az(f"{gateway} connection update -g rg1 --gateway-name g1 -n conn1 --routing-weight 9")["routingWeight"] == 9
    az(f"{gateway} connection show -g rg1 --gateway-name g1 -n conn1")
    az(f"{gateway} connection delete -g rg1 --gateway-name g1 -n conn1")
    az(f"{gateway} delete -g rg1 -n g1")


def roles_are_given_and_taken():
    token = provider("account get-access-token")["accessToken"]
    oid = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["oid"]
    # By rest: the `role` commands of Debian's pair end in an AttributeError of their own.
    path = f"{NET}/expressRouteCircuits/c1/providers/Microsoft.Authorization/roleAssignments/{oid}?api-version=2022-04-01"
    body = os.path.join(server.dir, "role.json")
    with open(body, "w", encoding="utf-8") as f:
        json.dump({"properties": {"principalId": oid, "roleDefinitionId": "acdd72a7-3385-48ef-bd42-f606fba81ae7"}}, f)
    a = az(f"rest -m put -u '{path}' -b @{body}")
    assert a["properties"]["principalId"] == oid and a["properties"]["scope"].endswith("/c1"), a
    said = provider("rest --skip-authorization-header --headers "
                    f"'Authorization=Bearer {token}' -m get -u 'https://127.0.0.1:{server.port}{NET}/expressRouteCircuits/c1?{VERSION}'")
    assert said["name"] == "c1", said
    az(f"rest -m delete -u '{path}'")


def errors_are_shown_as_az_shows_them():
    said = az("network express-route show -g rg1 -n nothing", status=3)
    assert "(ResourceNotFound)" in said and "Code: ResourceNotFound" in said, said
    said = az("network express-route peering create -g rg1 --circuit-name c2 --peering-type MicrosoftPeering --peer-asn 65020 "
              "--vlan-id 200 --primary-peer-subnet 203.0.113.8/30 --secondary-peer-subnet 203.0.113.12/30 "
              "--advertised-public-prefixes 10.0.0.0/8", status=1)
    assert "(ExpressRoute" in said and "Target:" in said, said


def everything_is_deleted_and_gone():
    assert az(f"resource show --ids {NET}/expressRouteCircuits/c1 --query name") == "c1"
    assert az("resource show -g rg1 -n c1 --resource-type Microsoft.Network/expressRouteCircuits --query name") == "c1"
    assert az("resource list -g rg1 --query length(@)") >= 5
    az("network express-route auth delete -g rg1 --circuit-name c1 -n a1")
    az("network express-route peering delete -g rg1 --circuit-name c1 -n MicrosoftPeering")
    az("network route-filter rule delete -g rg1 --filter-name rf1 -n allow1")
    az("network route-filter delete -g rg1 -n rf1")
    az("network express-route delete -g rg1 -n cp1")
    az("network express-route port delete -g rg1 -n pt1")
    assert az("network express-route delete -g rg1 -n c1", status=1)  # its provider still holds it
    base = f"/subscriptions/{PROVIDER_SUB}/providers/Microsoft.Network/expressRouteCrossConnections?{VERSION}"
    for x in provider(f"rest -m get -u {base}")["value"]:
        x["properties"]["serviceProviderProvisioningState"] = "NotProvisioned"
        path = os.path.join(server.dir, "body.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(x, f)
        provider(f"rest -m put -u '{x['id']}?{VERSION}' -b @{path}")
    az("network express-route delete -g rg1 -n c1")
    az("group delete -n rg1 -y")
    assert az("group exists -n rg1") is False
    assert provider(f"rest -m get -u {base}")["value"] == []
    print(f"     {az.commands + provider.commands} commands")


try:
    sys.exit(run([
        the_setup_keeps_to_its_folder_and_leaves_no_secret_in_it,
        accounts_locations_groups_and_namespaces,
        a_circuit_is_ordered,
        the_provider_finds_and_provisions_it_with_az_rest,
        peerings_and_a_route_filter,
        authorizations_and_global_reach,
        waiting_for_what_was_not_waited_for,
        ports_of_ones_own,
        networks_gateways_and_connections,
        what_import_prints_is_exported_and_judged,
        a_gateway_of_virtual_wan,
        roles_are_given_and_taken,
        errors_are_shown_as_az_shows_them,
        everything_is_deleted_and_gone,
    ], seconds=240))
finally:
    for one in (az, provider):
        if one:
            one.close()
    server.close()
