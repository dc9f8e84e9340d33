#!/usr/bin/env python3
"""A lab judged on live evidence: healthy, with faults made by hand, repaired again.

  site-host -+- ce1 - xchg - edge1 - gw - vnet-host      the demo's lab, under a name of its own
             +- ce2 -   '--- edge2 ---'

A fault is what a person would do wrong at a router. For each, `fairlead check --lab` must name the rows
of the table at the leg of the table, and once it is repaired no row may fail, without any restart.
usage: check_test.py BUILD SOURCE. Needs root.
"""
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

BUILD, SOURCE = sys.argv[1], sys.argv[2]
FAIRLEAD = os.path.join(BUILD, "fairlead")
LAB = f"t-ck-{os.getpid()}"
DIR = f"/run/fairlead/lab/{LAB}"
# What the demo has wrong on purpose (examples/demo.yaml).
DELIBERATE = {"NET-DR-01", "OPS-03"}
DELIBERATE_FAILS = {("NET-DR-01", ""), ("NET-SEC-06", "workload/payroll")}
JUDGED = ("PRV-", "CIR-", "NET-L2-", "NET-RED-", "NET-IP-", "NET-BGP-")
PATIENCE_S = 20

passed = failed = 0


def fairlead(*words, ok=(0,)):
    done = subprocess.run([FAIRLEAD, *words], capture_output=True, text=True, timeout=120)
    if ok and done.returncode not in ok:
        raise AssertionError(f"fairlead {' '.join(words)}: status {done.returncode}: {done.stderr[-2000:]}")
    return done


def check(*words):
    done = fairlead("check", "--lab", LAB, "-o", "json", *words, ok=(0, 4, 5))
    report = json.loads(done.stdout)
    wanted = 4 if report["summary"]["fail"] else 5 if report["summary"]["unknown"] else 0
    assert done.returncode == wanted, (done.returncode, report["summary"])
    return report


def fails(report):
    return {(r["id"], r["subject"]) for r in report["rows"] if r["verdict"] == "fail"} - DELIBERATE_FAILS


def warns(report):
    return {r["id"] for r in report["rows"] if r["verdict"] == "warn"}


def unknowns(report):
    return {r["id"] for r in report["rows"] if r["verdict"] == "unknown" and r["id"].startswith(JUDGED)}


def wait(what, condition):
    """Asks again until `condition` gives something, at most PATIENCE_S seconds."""
    end = time.monotonic() + PATIENCE_S
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"{what}: still not so after {PATIENCE_S} s")
        time.sleep(0.1)


def session(router, leg):
    """State of the session of that leg at an edge."""
    shown = json.loads(fairlead("edge", "show", "bgp", "--router", router, "--lab", LAB, "-o", "json").stdout)
    for peer in shown["peers"]:
        if peer["subject"] == f"circuit/er-demo/private/{leg}":
            return peer["state"]
    return None


def bird(*words):
    done = subprocess.run(["birdc", "-s", f"{DIR}/ce2/bird.ctl", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


class Ce1File:
    """ce1's configuration, changed and applied as its owner would; back to what it was at the end."""

    def __init__(self, change):
        self.change = change

    def __enter__(self):
        self.path = f"{DIR}/ce1/edge.yaml"
        shutil.copy(self.path, self.path + ".kept")
        with open(self.path) as f:
            config = json.load(f)
        self.change(config["domains"][0])
        with open(self.path, "w") as f:
            json.dump(config, f)
        fairlead("edge", "apply", "--router", "ce1", "--lab", LAB)

    def __exit__(self, *_):
        shutil.move(self.path + ".kept", self.path)
        fairlead("edge", "apply", "--router", "ce1", "--lab", LAB)


class Ce2Session:
    def __enter__(self):
        bird("disable", "cloud")

    def __exit__(self, *_):
        bird("enable", "cloud")


def named(items, name):
    return next(i for i in items if i["name"] == name)


def wrong_tag(domain):
    named(domain["attachments"], "leg")["ctag"] = 101


def wrong_key(domain):
    """Another hold time makes another session of it: a key alone is put under the running one, which would
    then take its hold time to die."""
    named(domain["peers"], "cloud").update(md5="anotherKey", hold=179)


def admin_down(domain):
    named(domain["peers"], "cloud")["admin_down"] = True


def prepend(domain):
    named(domain["peers"], "cloud")["prepend"] = 2


def one_more(domain):
    domain["networks"].append({"prefix": "10.30.0.0/16"})


def nothing_announced(domain):
    domain["networks"] = []


def no_bfd(domain):
    named(domain["peers"], "cloud")["bfd"] = False


def short_hold(domain):
    named(domain["peers"], "cloud")["hold"] = 6


def wrong_asn(domain):
    named(domain["peers"], "cloud")["asn"] = 12067


def wrong_address(domain):
    named(domain["attachments"], "leg")["addresses"] = ["192.168.100.130/30"]
    peer = named(domain["peers"], "cloud")
    peer["address"], peer["local"] = "192.168.100.129", "192.168.100.130"


P, S, PEERING = "circuit/er-demo/private/primary", "circuit/er-demo/private/secondary", "circuit/er-demo/private"

def why(*words):
    done = fairlead("why", *(words or ("site-host", "vnet-host")), "--lab", LAB, "-o", "json", ok=(0, 4, 5))
    w = json.loads(done.stdout)
    assert done.returncode == {True: 0, False: 4, None: 5}[w["ok"]], (done.returncode, w["ok"])
    for leg in w["legs"]:
        assert [r["rung"] for r in leg["rungs"]] == ["link", "tag", "arp", "bfd", "bgp", "policy", "route", "nat",
                                                     "qos", "reply"]
        for r in leg["rungs"]:
            assert r["ok"] is not False or (r["rule"] and r["owner"] and r["remedy"] and r["evidence"]), r
    return w


def why_healthy():
    for ends in (("site-host", "vnet-host"), ("10.20.0.10", "10.10.0.10")):
        w = wait("both ways are whole", lambda: (lambda w: w if w["ok"] else None)(why(*ends)))
        assert w["reachable"] and w["symmetric"], w
    done = fairlead("why", "10.10.0.10", "10.99.0.1", "--lab", LAB, ok=(3,))
    assert "10.99.0.1" in done.stderr, done.stderr


# fault -> the rung that breaks, what must fail where, what must warn, and the leg whose session tells that it is there
FAULTS = [
    ("a C-tag that the other side does not have", "tag", lambda: Ce1File(wrong_tag),
     {("NET-RED-02", P), ("NET-L2-03", P), ("NET-L2-07", P)}, set(), ("edge1", "primary")),
    ("another MD5 key on the primary leg", "bgp", lambda: Ce1File(wrong_key),
     {("NET-RED-02", P), ("NET-BGP-04", PEERING)}, set(),
     ("edge1", "primary")),
    ("the primary session shut down by hand", "bgp", lambda: Ce1File(admin_down), {("NET-RED-02", P)}, set(),
     ("edge1", "primary")),
    ("the secondary session disabled in BIRD", "bgp", Ce2Session, {("NET-RED-02", S)}, set(),
     ("edge2", "secondary")),
    ("first and second address of the link swapped", "arp", lambda: Ce1File(wrong_address),
     {("NET-RED-02", P), ("NET-L2-07", P)}, set(), ("edge1", "primary")),
    ("BFD off at the customer's end of the primary leg", "bfd", lambda: Ce1File(no_bfd), set(), {"NET-BGP-07"}, None),
    ("a hold time of six seconds at the customer", None, lambda: Ce1File(short_hold), set(), {"NET-BGP-06"}, None),
    ("the customer expects AS 12067", "bgp", lambda: Ce1File(wrong_asn), {("NET-RED-02", P), ("NET-BGP-01", P)}, set(),
     ("edge1", "primary")),
    ("a longer path on the primary leg", None, lambda: Ce1File(prepend), set(), {"NET-RED-07"}, None),
    ("a prefix on one leg only", None, lambda: Ce1File(one_more), {("NET-RED-06", PEERING)}, set(), None),
    ("the site not announced on the primary leg", "reply", lambda: Ce1File(nothing_announced),
     {("NET-RED-06", PEERING)}, set(), None),
]


def healthy():
    report = check()
    assert report["mode"] == "lab"
    assert not fails(report), fails(report)
    assert warns(report) <= DELIBERATE, warns(report)
    live = [r for r in report["rows"] if r["verdict"] == "pass" and r["evidence"]]
    assert len(live) > 25, f"{len(live)} rows pass on live evidence"
    sources = {e["source"] for r in live for e in r["evidence"]}
    assert {"api", "edge edge1", "edge edge2", "router ce1", "router ce2 (bird)"} <= sources, sources
    assert all(0 <= e["age_s"] <= 10 for r in live for e in r["evidence"]), "evidence is of now"
    # what nobody has rehearsed is not known, and nothing else is
    assert unknowns(report) == {"PRV-06", "NET-RED-10"}, unknowns(report)


def rehearsed():
    for leg in ("primary", "secondary"):
        fairlead("drill", "run", f"leg-{leg}", "--lab", LAB, "-o", "json")
    report = check()
    assert not fails(report) and not unknowns(report), (fails(report), unknowns(report))


def fault(rung, make, want_fail, want_warn, watched):
    before = fails(check())
    assert not before, before
    with make():
        if watched:
            wait("the session falls", lambda: session(*watched) != "Established")
        report = wait("the rows are named", lambda: (
            lambda r: r if want_fail <= fails(r) and want_warn <= warns(r) else None)(check()))
        other = "secondary" if watched and watched[1] == "primary" else "primary"
        for row, subject in fails(report):
            assert not watched or not subject.endswith("/" + other), f"{row} accuses {subject}"
        for row in report["rows"]:
            if row["verdict"] == "fail":
                assert row["owner"] and row["remedy"] and row["message"], row
        if rung:
            w = wait(f"the ladder breaks at {rung}", lambda: (lambda w: w if w["ok"] is False else None)(why()))
            broken = {leg["leg"]: leg["broken"] for leg in w["legs"]}
            hurt = "secondary" if make is Ce2Session else "primary"
            assert broken[hurt] == rung and w["reachable"], broken
            assert w["symmetric"] is (rung != "reply"), w["symmetric"]
        extra = fails(report) - want_fail
        print("        named:", ", ".join(sorted(i for i, _ in fails(report)) or sorted(want_warn)),
              f"({len(extra)} beyond the expected)" if extra else "")
    wait("green again", lambda: not fails(check()) and warns(check()) <= DELIBERATE)


def api(path, method="GET"):
    """The customer's question to the resource manager; waits for the answer of an action."""
    with open(f"{DIR}/control/admin.json") as f:
        a = json.load(f)
    context = ssl.create_default_context(cafile=a["caFile"])
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": a["clientId"],
                                   "client_secret": a["clientSecret"], "scope": a["endpoint"] + "/.default"})
    url = f"{a['endpoint']}/{a['tenantId']}/oauth2/v2.0/token"
    with urllib.request.urlopen(urllib.request.Request(url, form.encode()), context=context) as r:
        token = json.load(r)["access_token"]
    path = path.replace("SUB", a["subscriptionId"])
    url = path if path.startswith("http") else a["endpoint"] + path + "?api-version=2024-03-01"
    while True:
        request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token}, method=method,
                                         data=b"" if method == "POST" else None)
        with urllib.request.urlopen(request, context=context) as r:
            if r.status != 202:
                return r.read().decode(), token, a
            url, method = r.headers["Location"], "GET"


def export(to):
    """What `fairlead import` tells a user to export, from this lab."""
    network = "/subscriptions/SUB/resourceGroups/rg-demo/providers/Microsoft.Network"
    circuit = network + "/expressRouteCircuits/er-demo"
    peering = circuit + "/peerings/AzurePrivatePeering"
    asked = {"subscription.json": "/subscriptions/SUB", "er-demo.json": circuit,
             "provider.json": "/subscriptions/SUB/providers/Microsoft.Network",
             "service-providers.json": "/subscriptions/SUB/providers/Microsoft.Network/expressRouteServiceProviders",
             "gateways.json": network + "/virtualNetworkGateways", "connections.json": network + "/connections",
             "networks.json": network + "/virtualNetworks", "er-demo.private.stats.json": peering + "/stats"}
    files = {name: api(path)[0] for name, path in asked.items()}
    for leg in ("primary", "secondary"):
        for action, kind in (("arpTables", "arp"), ("routeTables", "routes"), ("routeTablesSummary", "summary")):
            files[f"er-demo.private.{leg}.{kind}.json"] = api(f"{peering}/{action}/{leg}", "POST")[0]
    files["ce1.fairlead.json"] = fairlead("edge", "show", "evidence", "--router", "ce1", "--lab", LAB, "-o", "json").stdout
    files["ce2.bird.txt"] = bird("show", "protocols", "all")
    files["ce2.bird-routes.txt"] = bird("show", "route", "all")
    files["ce2.bird-bfd.txt"] = bird("show", "bfd", "sessions")
    for name, text in files.items():
        with open(os.path.join(to, name), "w") as f:
            f.write(text)
    return set(files)


def field(*words):
    done = fairlead("check", *words, "-o", "json", ok=(0, 4, 5))
    return json.loads(done.stdout)


def exported():
    with tempfile.TemporaryDirectory() as to:
        names = export(to)
        # what edges told the control plane is up to some seconds old
        wait("nothing of an earlier fault is left", lambda: export(to) and not fails(field("--import", to)))
        printed = fairlead("import", os.path.join(SOURCE, "examples/demo.yaml")).stdout
        for name in names:
            assert f"> {name}" in printed, f"fairlead import does not tell how to make {name}"
        alone = field("--import", to)
        assert alone["mode"] == "field" and not fails(alone), [r for r in alone["rows"] if r["verdict"] == "fail"]
        seen = {r["id"] for r in alone["rows"] if r["verdict"] == "pass" and r["evidence"]}
        assert {"CIR-03", "PRV-01", "NET-RED-02", "NET-L2-07", "NET-BGP-02", "NET-BGP-06", "NET-IP-02",
                "CIR-05"} <= seen, seen
        lacks = {r["id"]: r["remedy"] for r in alone["rows"] if r["verdict"] == "unknown"}
        assert "expressRouteCrossConnections" in lacks["PRV-05"], lacks["PRV-05"]
        # with the design beside it more is known
        both = field(os.path.join(SOURCE, "examples/demo.yaml"), "--import", to)
        assert both["summary"]["unknown"] < alone["summary"]["unknown"] and not fails(both), fails(both)
        # a missing file gives unknown and its command
        os.remove(os.path.join(to, "er-demo.private.primary.summary.json"))
        less = field("--import", to)
        row = next(r for r in less["rows"] if (r["id"], r["subject"]) == ("NET-RED-02", P))
        assert row["verdict"] == "unknown" and "--path primary" in row["remedy"], row
        # and a broken one is named, and the rest still judged
        with open(os.path.join(to, "er-demo.private.primary.arp.json"), "w") as f:
            f.write('{"value": [')
        done = fairlead("check", "--import", to, "-o", "json", ok=(5,))
        assert "er-demo.private.primary.arp.json: line 1" in done.stderr, done.stderr
        # what was true ten minutes ago proves nothing now
        with open(os.path.join(to, "collected-at"), "w") as f:
            f.write(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600)))
        old = field("--import", to)
        row = next(r for r in old["rows"] if (r["id"], r["subject"]) == ("NET-RED-02", S))
        assert row["verdict"] == "unknown" and "s old" in row["message"], row


def pulled():
    _, token, account = api("/subscriptions/SUB")
    os.environ["FAIRLEAD_ARM_TOKEN"] = token
    try:
        report = wait("no fail through the API", lambda: (lambda r: None if fails(r) else r)(
            field("--arm", account["endpoint"], "--ca", account["caFile"])))
        assert {r["verdict"] for r in report["rows"] if r["id"] == "NET-RED-02"} == {"pass"}
        os.environ["FAIRLEAD_ARM_TOKEN"] = "wrong"
        done = fairlead("check", "--arm", account["endpoint"], "--ca", account["caFile"], ok=(1,))
        assert "401" in done.stderr and "wrong" not in done.stderr, done.stderr
    finally:
        del os.environ["FAIRLEAD_ARM_TOKEN"]
    done = fairlead("check", "--arm", account["endpoint"], ok=(1,))
    assert "FAIRLEAD_ARM_TOKEN" in done.stderr, done.stderr


def page_has_it():
    check()
    with open(f"{DIR}/control/admin.json") as f:
        account = json.load(f)
    page = subprocess.run(["curl", "-s", "--cacert", account["caFile"], account["endpoint"] + "/"],
                          capture_output=True, text=True).stdout
    assert "No verdicts yet" not in page and "NET-RED-02" in page, page[:500]


def choices():
    done = fairlead("check", ok=(2,))
    for word in ("DESIGN.yaml", f"--lab NAME", LAB, "--import DIR"):
        assert word in done.stderr, done.stderr
    done = fairlead("check", "--lab", "nobody", ok=(3,))
    assert LAB in done.stderr, done.stderr


def attempt(name, function, *args):
    global passed, failed
    try:
        function(*args)
        passed += 1
        print("ok     ", name, flush=True)
    except Exception as e:  # whatever went wrong, the lab goes down
        failed += 1
        print("FAILED ", name, "\n", repr(e)[:3000], flush=True)


def main():
    if os.geteuid() != 0:
        print("skipped: needs root")
        return 77
    try:
        fairlead("lab", "up", "--name", LAB)
        attempt("a healthy lab gives no fail, and only what was never rehearsed is unknown", healthy)
        attempt("once both legs were drilled nothing of these groups is unknown", rehearsed)
        attempt("both ways are explained, there and back", why_healthy)
        for name, *what in FAULTS:
            attempt(name, fault, *what)
        attempt("an export of the lab is judged in field mode", exported)
        attempt("the API is read with a token from the environment", pulled)
        attempt("the status page shows the report", page_has_it)
        attempt("without a choice the choices are listed", choices)
    finally:
        fairlead("lab", "down", "--name", LAB, ok=())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
