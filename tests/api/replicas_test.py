#!/usr/bin/env python3
"""replicas_test.py BUILD [SECONDS]: three fairleadd on one real etcd. Writes through any, edges of all get their
intents, one is killed under load: nothing that was acknowledged is lost, and no operation runs twice."""
import base64
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from harness import (CIRCUIT, EDGES, Client, Edge, Server, V, cross_connection, free_port, make_group, make_link, program,
                     provision, run, until)

if not shutil.which("etcd"):
    print("skipped: etcd is not installed (tools/install-deps)")
    sys.exit(77)

SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
SEED = random.randrange(1 << 32)
print(f"seed {SEED}", flush=True)


class Etcd:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="fl-etcd-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.port = free_port()
        peer = f"http://127.0.0.1:{free_port()}"
        self.url = f"http://127.0.0.1:{self.port}"
        self.words = ["etcd", "--data-dir", os.path.join(self.dir, "data"), "--listen-client-urls", self.url,
                      "--advertise-client-urls", self.url, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                      "--initial-cluster", "default=" + peer]
        self.start()

    def start(self):
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=log)
        until(self.answers, 20, "etcd to answer")

    def ask(self, path, body):
        with urllib.request.urlopen(self.url + path, json.dumps(body).encode(), timeout=5) as a:
            return json.load(a)

    def answers(self):
        try:
            return self.ask("/v3/kv/range", {"key": "AA=="})
        except OSError:
            return None

    def keys(self, prefix):
        """{key: [versions, value]} under fairlead/data/PREFIX."""
        first = ("fairlead/data/" + prefix).encode()
        end = first[:-1] + bytes([first[-1] + 1])
        a = self.ask("/v3/kv/range", {"key": base64.b64encode(first).decode(), "range_end": base64.b64encode(end).decode()})
        return {base64.b64decode(kv["key"]).decode(): (int(kv["version"]), base64.b64decode(kv.get("value", "")))
                for kv in a.get("kvs", [])}

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.dir)


etcd = Etcd()
FREE = "limits: {writes_per_second: 0, requests_per_second: 0}\n"
# Operations take a while, so that the lead ends them and not the request that began them.
servers = [Server(program(), "--store", "etcd:" + etcd.url, "--pace", "0.05", config=FREE)]


class At(Client):
    """The principal of the first one's account file at another replica."""

    def __init__(self, server, name):
        accounts = os.path.join(servers[0].state, name + ".json")
        target = os.path.join(server.state, name + ".json")
        if not os.path.exists(target):
            shutil.copy(accounts, target)
        super().__init__(server, name)


def a_second_one_wants_the_key_of_the_cluster():
    state = os.path.join(servers[0].dir, "second")
    words = [program(), "--state-dir", state, "--listen", "127.0.0.1:0", "--store", "etcd:" + etcd.url]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1 and "cluster.key" in done.stderr and done.stdout == "", done
    for _ in range(2):
        server = Server.__new__(Server)
        server.dir = tempfile.mkdtemp(prefix="fl-api-")
        server.program, server.options = program(), servers[0].options
        server.state, server.port, server.process, server.starts = os.path.join(server.dir, "state"), 0, None, 0
        os.mkdir(server.state, 0o700)
        shutil.copy(os.path.join(servers[0].state, "cluster.key"), server.state)
        server.start()
        servers.append(server)
    cas = set()
    for s in servers:
        with open(os.path.join(s.state, "ca.pem"), encoding="ascii") as f:
            cas.add(f.read())
        assert not os.path.exists(os.path.join(s.state, "ca.key")) and not os.path.exists(os.path.join(s.state, "token.key"))
    assert len(cas) == 1
    stored = b"".join(value for _, value in etcd.keys("system/").values())
    assert b"PRIVATE KEY" not in stored and b"sealed" in stored


def what_one_wrote_the_others_read_at_once():
    people = [At(s, "admin") for s in servers]
    make_group(people[0])
    for i in range(12):
        writer, reader = people[i % 3], people[(i + 1) % 3]
        a = writer.call("PUT", writer.net(f"virtualNetworks/at-once-{i}"),
                        {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})
        assert a.status == 201, a
        assert reader.get(f"virtualNetworks/at-once-{i}").status == 200
    for p in people:  # the token of one is good at all
        path = f"/subscriptions/{p.subscription}/resourcegroups?api-version=2021-04-01"
        for s in servers:
            a = s.call("GET", path, headers={"Authorization": "Bearer " + p.token})
            assert a.status == 200, a


def a_link_is_made_through_all_of_them_and_the_edges_of_all_learn_it():
    operators = [At(s, "operator") for s in servers]
    edges = [Edge(servers[0], operators[0], "edge1"), Edge(servers[1], operators[1], "edge2"), Edge(servers[2], operators[2], "gw")]
    for s in servers:  # a registration anywhere is known everywhere
        until(lambda s=s: len(At(s, "operator").call("GET", "/fairlead/v1/edges").json["edges"]) == 3, 10, "the registry")
    before = [until(lambda e=e: (lambda a: a.json["revision"] if a.status == 200 else None)(e.intent()), 10, "an intent")
              for e in edges]
    make_link(At(servers[1], "admin"), At(servers[2], "provider"))
    for e, revision in zip(edges, before):
        def linked(e=e, revision=revision):
            a = e.intent(revision, 2)
            return a.status == 200 and a.json.get("domains")
        until(linked, 20, f"the circuit in the intent of {e.name}")
    def seen_everywhere():  # an edge that goes to another replica finds the same, once that one has heard of it
        newest = {}
        for s in servers:
            for e in edges:
                moved = Edge.__new__(Edge)
                moved.server, moved.name, moved.context = s, e.name, e.context
                a = moved.intent()
                content = a.json if a.status == 200 and a.json.get("domains") else None
                newest.setdefault(e.name, set()).add(json.dumps({k: v for k, v in (content or {}).items() if k != "revision"},
                                                                sort_keys=True))
        return all(len(v) == 1 and "{}" not in v for v in newest.values())

    until(seen_everywhere, 20, "the same intent at every replica")
    evidence = {"name": "edge1", "revision": before[0], "sessions": []}
    assert edges[0].report(evidence).status == 204
    for s in servers:
        until(lambda s=s: [e for e in At(s, "operator").call("GET", "/fairlead/v1/evidence").json["edges"]
                           if e["name"] == "edge1" and e["age_s"] < 30], 10, "the evidence")


def token_keys_rotate_everywhere_and_old_tokens_stay_good():
    operator, people = At(servers[1], "operator"), [At(s, "admin") for s in servers]
    before = {k["kid"] for k in servers[0].call("GET", "/adfs/discovery/keys").json["keys"]}
    a = operator.call("POST", "/fairlead/v1/token-keys")
    assert a.status == 201, a
    for s in servers:
        until(lambda s=s: len({k["kid"] for k in s.call("GET", "/adfs/discovery/keys").json["keys"]} - before) == 1, 10, "the key")
    for p in people:
        assert p.call("GET", f"/subscriptions/{p.subscription}/resourcegroups?api-version=2021-04-01").status == 200
    assert At(servers[2], "admin").token.split(".")[0] != people[2].token.split(".")[0]


class Writer(threading.Thread):
    def __init__(self, number, server):
        super().__init__()
        self.dice = random.Random(f"{SEED}-{number}")
        self.number, self.client = number, At(server, "admin")
        self.known, self.asked, self.made, self.acknowledged, self.stop = {}, None, 0, 0, False
        self.operations, self.trouble = [], []

    def run(self):
        while not self.stop:
            try:
                self.once()
            except OSError:
                return  # its server was killed
            except Exception as e:  # pylint: disable=broad-except
                if "IncompleteRead" in repr(e) or "RemoteDisconnected" in repr(e):
                    return
                self.trouble.append(repr(e))
                return

    def once(self):
        fresh = not self.known or self.dice.random() < 0.5
        name = f"w{self.number}-{self.made}" if fresh else self.dice.choice(sorted(self.known))
        self.made += fresh
        value = str(self.dice.randrange(1 << 30))
        self.asked = (name, value)
        a = self.client.call("PUT", self.client.net(f"virtualNetworks/{name}"), {
            "location": "westeurope", "tags": {"value": value},
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})
        if a.status in (409, 503):  # busy; nothing was promised
            return
        assert a.status in (200, 201), a
        self.known[name], self.asked = value, None
        self.acknowledged += 1
        self.operations.append(a.headers["Azure-AsyncOperation"].split("/operations/")[1].split("?")[0])


def one_is_killed_under_load_and_nothing_is_lost_or_done_twice():
    writers = [Writer(i, servers[i % 3]) for i in range(6)]
    for w in writers:
        w.start()
    time.sleep(SECONDS / 2)
    servers[0].kill()  # the first to start has the lead
    time.sleep(SECONDS / 2 + 1)
    for w in writers:
        w.stop = True
    for w in writers:
        w.join(20)
    assert not [w.trouble for w in writers if w.trouble], [w.trouble for w in writers]
    survivor = At(servers[1], "admin")
    seen, path = {}, survivor.net("virtualNetworks")
    while path:
        a = survivor.call("GET", path)
        assert a.status == 200, a
        seen.update({v["name"]: v for v in a.json["value"]})
        path = a.json.get("nextLink", "").split(str(servers[1].port), 1)[-1]
    for w in writers:
        for name, value in w.known.items():
            allowed = {value} | ({w.asked[1]} if w.asked and w.asked[0] == name else set())
            assert seen[name]["tags"]["value"] in allowed, (name, value, seen.get(name), w.asked)
    until(lambda: not etcd.keys("running/"), 30, "the new lead to end all operations")
    records = etcd.keys("op/")
    total = sum(w.acknowledged for w in writers)
    for w in writers:
        for op in w.operations:
            versions, value = records["fairlead/data/op/" + op.lower()]
            # Written when it began and once more when it ended: nobody ended it a second time.
            assert versions == 2 and json.loads(value)["status"] == "Succeeded", (versions, value)
    for v in until(lambda: survivor.get("virtualNetworks").json["value"], 5, "the list"):
        assert v["properties"]["provisioningState"] == "Succeeded", v
    print(f"     {total} acknowledged writes, {total / (SECONDS + 1):.0f} a second; per writer "
          f"{[w.acknowledged for w in writers]}")
    # The lead has the ends of all operations to write, so its own clients are slower.
    assert all(w.acknowledged > 0 for w in writers), [w.acknowledged for w in writers]


def the_dead_one_comes_back_and_catches_up():
    servers[0].start()
    back, other = At(servers[0], "admin"), At(servers[2], "admin")
    key = other.get("expressRouteCircuits/er-demo").json["properties"]["serviceKey"]
    assert back.get("expressRouteCircuits/er-demo").json["properties"]["serviceKey"] == key
    provider = At(servers[0], "provider")
    provision(provider, key, "Deprovisioning")
    assert cross_connection(At(servers[1], "provider"), key)["properties"]["serviceProviderProvisioningState"] == "Deprovisioning"


def while_etcd_is_away_nothing_is_promised_and_edges_keep_their_intents():
    people, operator = [At(s, "admin") for s in servers], At(servers[1], "operator")
    edge = Edge(servers[1], operator, "edge1")
    until(lambda: edge.intent().status == 200, 10, "the intent")
    etcd.stop()
    for p in people:
        a = p.call("PUT", p.net("virtualNetworks/away"), {
            "location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})
        assert a.status == 503 and a.code == "ServiceUnavailable", a
        assert p.get("virtualNetworks/at-once-1").status == 503
    assert edge.intent().status == 200
    assert servers[2].call("GET", "/healthz").status == 200
    etcd.start()
    for p in people:
        until(lambda p=p: p.get("virtualNetworks/at-once-1").status == 200, 15, "the answers to come back")
    p = people[0]
    a = until(lambda: (lambda a: a if a.status < 500 else None)(p.call("PUT", p.net("virtualNetworks/back"), {
        "location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})), 15, "a write")
    assert a.status in (200, 201), a
    until(lambda: people[2].get("virtualNetworks/back").json["properties"]["provisioningState"] == "Succeeded", 20, "its end")


assert CIRCUIT and EDGES and V
try:
    sys.exit(run([
        a_second_one_wants_the_key_of_the_cluster,
        what_one_wrote_the_others_read_at_once,
        a_link_is_made_through_all_of_them_and_the_edges_of_all_learn_it,
        token_keys_rotate_everywhere_and_old_tokens_stay_good,
        one_is_killed_under_load_and_nothing_is_lost_or_done_twice,
        the_dead_one_comes_back_and_catches_up,
        while_etcd_is_away_nothing_is_promised_and_edges_keep_their_intents,
    ], seconds=200))
finally:
    for one in servers:
        one.close()
    etcd.close()
