"""A real fairleadd on a free loopback port with a directory of its own, and what one needs to talk to it
with Python's standard library alone."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

V = "api-version=2022-01-01"
GROUPS = "api-version=2021-04-01"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.raw = status, headers, body
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None

    @property
    def code(self):
        return (self.json or {}).get("error", {}).get("code") if isinstance(self.json, dict) else None

    def __repr__(self):
        return f"<{self.status} {self.raw[:600]!r}>"


class Server:
    def __init__(self, program, *options, config=None, port=0):
        self.program, self.options = program, list(options)
        self.dir = tempfile.mkdtemp(prefix="fl-api-")
        self.state = os.path.join(self.dir, "state")
        if config:
            path = os.path.join(self.dir, "config.yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(config)
            self.options += ["--config", path]
        self.port = port
        self.process, self.starts = None, 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--state-dir", self.state, "--listen", f"127.0.0.1:{self.port}", *self.options],
            stdout=subprocess.PIPE, stderr=open(os.path.join(self.dir, "log"), "ab"))
        line = self.process.stdout.readline().decode()
        m = re.fullmatch(r"ready https://127\.0\.0\.1:(\d+)\n", line)
        if not m:
            raise AssertionError(f"no ready line but {line!r}\n{self.log()}")
        self.port = int(m.group(1))
        self.starts += 1

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(10)
        rest = self.process.stdout.read()
        self.process.stdout.close()
        return status, rest

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.dir)

    def account(self, name):
        with open(os.path.join(self.state, name + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def tls(self, cert=None, key=None):
        context = ssl.create_default_context(cafile=os.path.join(self.state, "ca.pem"))
        if cert:
            context.load_cert_chain(cert, key)
        return context

    def call(self, method, path, body=None, headers=None, context=None, timeout=20):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout,
                                        context=context or self.tls())
        try:
            h = dict(headers or {})
            if data is not None:
                h.setdefault("Content-Type", "application/json")
            c.request(method, path, data, h)
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read().decode())
        finally:
            c.close()

    def token_answer(self, path=None, **form):
        tenant = self.account("admin")["tenantId"]
        return self.call("POST", path or f"/{tenant}/oauth2/v2.0/token", urllib.parse.urlencode(form).encode(),
                         {"Content-Type": "application/x-www-form-urlencoded"})

    def sign_in(self, name):
        return Client(self, name)


class Client:
    """A principal with its token and one connection that is kept."""

    def __init__(self, server, name):
        self.server, self.account = server, server.account(name)
        self.subscription = self.account["subscriptionId"]
        a = server.token_answer(grant_type="client_credentials", client_id=self.account["clientId"],
                                client_secret=self.account["clientSecret"],
                                scope=f"https://127.0.0.1:{server.port}/.default")
        assert a.status == 200, a
        self.token = a.json["access_token"]
        self.connection, self.start = None, 0

    def call(self, method, path, body=None, headers=None):
        if self.connection is None or self.start != self.server.starts:
            self.start = self.server.starts
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=20,
                                                          context=self.server.tls())
        h = {"Authorization": "Bearer " + self.token, **(headers or {})}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            h.setdefault("Content-Type", "application/json")
        try:
            self.connection.request(method, path, data, h)
            r = self.connection.getresponse()
            return Answer(r.status, r.headers, r.read().decode())
        except Exception:
            self.connection.close()
            self.connection = None
            raise

    def group(self, name):
        return f"/subscriptions/{self.subscription}/resourceGroups/{name}"

    def net(self, rest, group="rg"):
        return f"{self.group(group)}/providers/Microsoft.Network/{rest}?{V}"

    def id(self, rest, group="rg"):
        return f"{self.group(group)}/providers/Microsoft.Network/{rest}"

    def get(self, rest):
        return self.call("GET", self.net(rest))

    def put(self, rest, body):
        """PUT and its operation to the end; the resource as read then."""
        a = self.call("PUT", self.net(rest), body)
        assert a.status in (200, 201), a
        self.finish(a)
        return self.get(rest)

    def delete(self, rest):
        a = self.call("DELETE", self.net(rest))
        assert a.status in (200, 202, 204), a
        self.finish(a)
        return a

    def finish(self, a):
        url = a.headers.get("Azure-AsyncOperation")
        if not url:
            return None
        path = url.split(str(self.server.port), 1)[1]
        return until(lambda: self.ended(path), 15, "the operation to end")

    def ended(self, path):
        a = self.call("GET", path)
        assert a.status == 200, a
        if a.json["status"] in ("Succeeded", "Failed", "Canceled"):
            assert a.json["status"] == "Succeeded", a
            return a.json
        return None


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        v = condition()
        if v:
            return v
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


# --- the demo's resources ---

CIRCUIT = {"location": "westeurope", "sku": {"name": "Standard_MeteredData", "tier": "Standard", "family": "MeteredData"},
           "properties": {"serviceProviderProperties": {"serviceProviderName": "Equinix", "peeringLocation": "Amsterdam",
                                                        "bandwidthInMbps": 200}}}
PEERING = {"properties": {"peeringType": "AzurePrivatePeering", "peerASN": 65010, "vlanId": 100, "sharedKey": "demoKey2026",
                          "primaryPeerAddressPrefix": "192.168.100.128/30",
                          "secondaryPeerAddressPrefix": "192.168.100.132/30"}}
VNET = {"location": "westeurope", "properties": {
    "addressSpace": {"addressPrefixes": ["10.20.0.0/16"]},
    "subnets": [{"name": "GatewaySubnet", "properties": {"addressPrefix": "10.20.255.0/27"}},
                {"name": "workload", "properties": {"addressPrefix": "10.20.0.0/24"}}]}}
ADDRESS = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}


def gateway(client):
    return {"location": "westeurope", "properties": {
        "gatewayType": "ExpressRoute", "sku": {"name": "ErGw1AZ", "tier": "ErGw1AZ"},
        "ipConfigurations": [{"name": "default", "properties": {
            "subnet": {"id": client.id("virtualNetworks/vnet-demo/subnets/GatewaySubnet")},
            "publicIPAddress": {"id": client.id("publicIPAddresses/gw-ip")}}}]}}


def connection(client):
    return {"location": "westeurope", "properties": {
        "connectionType": "ExpressRoute", "virtualNetworkGateway1": {"id": client.id("virtualNetworkGateways/gw-demo")},
        "peer": {"id": client.id("expressRouteCircuits/er-demo")}}}


def make_group(client):
    a = client.call("PUT", f"{client.group('rg')}?{GROUPS}", {"location": "westeurope"})
    assert a.status in (200, 201), a


def cross_connection(provider, key):
    a = provider.call("GET", f"/subscriptions/{provider.subscription}/providers/Microsoft.Network/"
                             f"expressRouteCrossConnections?{V}")
    assert a.status == 200, a
    return next(x for x in a.json["value"] if x["name"] == key)


def provision(provider, key, state="Provisioned"):
    x = cross_connection(provider, key)
    body = provider.call("GET", f"{x['id']}?{V}").json
    body["properties"]["serviceProviderProvisioningState"] = state
    a = provider.call("PUT", f"{x['id']}?{V}", body)
    assert a.status == 200, a
    provider.finish(a)
    return provider.call("GET", f"{x['id']}?{V}").json


def make_link(admin, provider):
    """Everything up to the connection."""
    make_group(admin)
    circuit = admin.put("expressRouteCircuits/er-demo", CIRCUIT).json
    provision(provider, circuit["properties"]["serviceKey"])
    admin.put("expressRouteCircuits/er-demo/peerings/AzurePrivatePeering", PEERING)
    admin.put("virtualNetworks/vnet-demo", VNET)
    admin.put("publicIPAddresses/gw-ip", ADDRESS)
    admin.put("virtualNetworkGateways/gw-demo", gateway(admin))
    admin.put("connections/conn-demo", connection(admin))


EDGES = {
    "edge1": {"name": "edge1", "role": "edge", "location": "Amsterdam", "leg": "primary", "region": "westeurope",
              "router_id": "192.0.2.11", "namespace": "fl-demo-edge1", "ports": {"access": "acc0", "core": "core0"}},
    "edge2": {"name": "edge2", "role": "edge", "location": "Amsterdam", "leg": "secondary", "region": "westeurope",
              "router_id": "192.0.2.12", "namespace": "fl-demo-edge2", "ports": {"access": "acc0", "core": "core0"}},
    "gw": {"name": "gw", "role": "gateway", "region": "westeurope", "router_id": "192.0.2.20",
           "namespace": "fl-demo-gw", "cores": {"edge1": "core1", "edge2": "core2"},
           "networks": [{"vnet": "vnet-demo", "port": "vnet0", "stag": 0, "ctag": 0, "address": "10.20.0.1/24"}]},
}


class Edge:
    """A router with its certificate."""

    def __init__(self, server, operator, name):
        self.server, self.name = server, name
        a = operator.call("PUT", f"/fairlead/v1/edges/{name}", EDGES[name])
        assert a.status in (200, 201), a
        self.answer = a
        files = {}
        for part in ("cert", "key"):
            files[part] = os.path.join(server.dir, f"{name}-{part}.pem")
            with open(files[part], "w", encoding="ascii") as f:
                f.write(a.json["credentials"][part])
        self.context = server.tls(files["cert"], files["key"])

    def intent(self, revision=0, wait=0, name=None):
        return self.server.call("GET", f"/fairlead/v1/edges/{name or self.name}/intent?revision={revision}&wait={wait}",
                                context=self.context, timeout=wait + 10)

    def report(self, evidence):
        return self.server.call("POST", f"/fairlead/v1/edges/{self.name}/evidence", evidence, context=self.context)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(tests, seconds=120):
    """Runs them in order; each is a function whose name is a sentence. Ends with the counts."""
    failed = 0
    started = time.monotonic()
    for test in tests:
        name = test.__name__.replace("_", " ")
        try:
            if time.monotonic() - started > seconds:
                raise AssertionError("no time left")
            test()
            print(f"ok   {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


def program(name="fairleadd"):
    return os.path.join(sys.argv[1], name)
