#!/usr/bin/env python3
"""durability_test.py BUILD [SECONDS [SEED]]: kill -9 at random instants while clients write. Whatever was
acknowledged is there afterwards, whole, and operations that had begun come to their end (RB-170 to 172)."""
import random
import sys
import threading
import time

from harness import GROUPS, Server, V, make_group, program, run, until

SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 6.0
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
WRITERS = 3
server = Server(program(), config="limits: {writes_per_second: 0, requests_per_second: 0}\n")
dice = random.Random(SEED)
print(f"seed {SEED}", flush=True)


class Writer(threading.Thread):
    """Creates, changes and deletes networks under names of its own; keeps what was acknowledged, and the
    one request of which nobody knows."""

    def __init__(self, number):
        super().__init__()
        self.number, self.made = number, 0
        self.dice = random.Random(f"{SEED}-{number}")
        self.client = server.sign_in("admin")
        self.known = {}   # name -> value that was acknowledged, None: deleted
        self.asked = None  # (name, value) in flight
        self.acknowledged = 0
        self.stop = False

    def run(self):
        try:
            while not self.stop:
                self.once()
        except Exception:  # pylint: disable=broad-except
            return  # the server was killed

    def once(self):
        fresh = not self.known or self.dice.random() < 0.4
        name = f"w{self.number}-{self.made}" if fresh else self.dice.choice(sorted(self.known))
        self.made += fresh
        delete = not fresh and self.dice.random() < 0.3
        value = None if delete else str(self.dice.randrange(1 << 30))
        self.asked = (name, value)
        if delete:
            a = self.client.call("DELETE", self.client.net(f"virtualNetworks/{name}"))
        else:
            a = self.client.call("PUT", self.client.net(f"virtualNetworks/{name}"), {
                "location": "westeurope", "tags": {"value": value},
                "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                               "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.1.0/24"}}]}})
        assert a.status in (200, 201, 202, 204), a
        self.known[name] = value
        self.asked = None
        self.acknowledged += 1

    def check(self):
        seen = {}
        path = self.client.net("virtualNetworks")
        while path:
            a = self.client.call("GET", path)
            assert a.status == 200, a
            for v in a.json["value"]:
                if v["name"].startswith(f"w{self.number}-"):
                    seen[v["name"]] = v
            path = a.json.get("nextLink", "").split(str(server.port), 1)[-1]
        for name, value in self.known.items():
            self.check_one(name, value, seen.get(name))
        extra = set(seen) - set(self.known)
        assert not extra or (self.asked and extra == {self.asked[0]}), (extra, self.asked)
        if self.asked:  # it happened whole or not at all; from now on we know
            name = self.asked[0]
            self.known[name] = seen[name]["tags"]["value"] if name in seen else None
            self.asked = None

    def check_one(self, name, value, seen):
        found = seen["tags"]["value"] if seen else None
        allowed = {value, self.asked[1]} if self.asked and self.asked[0] == name else {value}
        assert found in allowed, f"{name}: acknowledged {value}, found {found}, in flight {self.asked}"
        if seen:
            assert [s["name"] for s in seen["properties"]["subnets"]] == ["s"], seen


def what_was_acknowledged_survives_kill_9():
    make_group(server.sign_in("admin"))
    writers = [Writer(i) for i in range(WRITERS)]
    kills, began = 0, time.monotonic()

    def enough():  # a busy machine gets longer
        spent = time.monotonic() - began
        return spent > 10 * SECONDS or (spent > SECONDS and kills >= 5 and sum(w.acknowledged for w in writers) > 100)
    while not enough():
        for w in writers:
            w.start()
        time.sleep(dice.uniform(0.02, 0.25))
        server.kill()
        kills += 1
        for w in writers:
            w.join(10)
        server.start()
        for i, old in enumerate(writers):
            old.check()
            w = Writer(i)
            w.known, w.made, w.acknowledged = old.known, old.made, old.acknowledged
            w.dice = old.dice
            writers[i] = w
    total = sum(w.acknowledged for w in writers)
    print(f"     {kills} kills, {total} acknowledged writes, {total / (time.monotonic() - began):.0f} a second")
    assert kills >= 5 and total > 100, (kills, total)


def an_operation_goes_on_after_a_restart_and_ends():
    slow = Server(program(), "--pace", "realistic")
    try:
        admin = slow.sign_in("admin")
        make_group(admin)
        a = admin.call("PUT", admin.net("virtualNetworks/v"),
                       {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})
        assert a.status == 201, a
        path = a.headers["Azure-AsyncOperation"].split(str(slow.port), 1)[1]
        assert admin.call("GET", path).json["status"] == "InProgress"
        slow.kill()
        slow.start()
        assert admin.call("GET", path).status == 200
        until(lambda: admin.call("GET", path).json["status"] == "Succeeded", 30, "the operation to end")
        assert admin.call("GET", admin.net("virtualNetworks/v")).json["properties"]["provisioningState"] == "Succeeded"
    finally:
        slow.close()


def two_creations_of_one_name_give_one_resource():
    clients = [server.sign_in("admin") for _ in range(4)]
    body = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    for round_ in range(10):
        answers = []
        threads = [threading.Thread(target=lambda c=c, r=round_: answers.append(
            c.call("PUT", c.net(f"virtualNetworks/both-{r}"), body, {"If-None-Match": "*"}))) for c in clients]
        for t in threads:
            t.start()
        for t in threads:
            t.join(10)
        assert sorted(a.status for a in answers)[0] == 201, answers
        assert sum(a.status == 201 for a in answers) == 1, answers


assert GROUPS and V
try:
    sys.exit(run([
        what_was_acknowledged_survives_kill_9,
        an_operation_goes_on_after_a_restart_and_ends,
        two_creations_of_one_name_give_one_resource,
    ]))
finally:
    server.close()
