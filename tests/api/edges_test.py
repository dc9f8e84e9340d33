#!/usr/bin/env python3
"""edges_test.py BUILD: registry, intents by long poll over mutual TLS, evidence and what is made of it."""
import sys
import threading
import time

from harness import EDGES, Edge, Server, V, make_link, program, provision, run, until

server = Server(program())
admin, provider, reader, operator = (server.sign_in(n) for n in ("admin", "provider", "reader", "operator"))
edges = {}
LEG = "circuit/er-demo/private/primary"


def evidence(revision=1):
    return {
        "router": {"name": "edge1", "id": "192.0.2.11", "asn": 12076}, "revision": revision, "at": "2026-11-24T12:00:00Z",
        "peers": [{"name": "er-demo-private-4", "domain": "er-demo-private", "subject": LEG, "role": "customer",
                   "address": "192.168.100.129", "asn": 65010, "state": "Established", "uptime_s": 3700, "hold_s": 90,
                   "prefixes": {"received": 1, "accepted": 1, "advertised": 1}, "messages": {"in": 9, "out": 8}, "bfd": "up"}],
        "bfd": [{"peer": "er-demo-private-4", "subject": LEG, "state": "up", "tx_us": 300000, "rx_us": 300000}],
        "attachments": [{"name": "acc", "domain": "er-demo-private", "subject": LEG, "port": "acc0", "stag": 1, "ctag": 100,
                         "mac": "02:00:00:00:00:01", "up": True, "addresses": ["192.168.100.130/30"],
                         "rx_packets": 5, "rx_bytes": 500, "tx_packets": 6, "tx_bytes": 600}],
        "neighbors": [{"domain": "er-demo-private", "attachment": "acc", "subject": LEG, "address": "192.168.100.129",
                       "mac": "02:00:00:00:00:02", "state": "reachable", "age_s": 120}],
        "routes": [{"domain": "er-demo-private", "prefix": "10.10.0.0/16", "next_hop": "192.168.100.129", "peer": "x",
                    "subject": LEG, "as_path": "65010", "local_pref": 100, "med": 0, "communities": [], "best": True,
                    "accepted": True, "reason": ""}],
        "unknown_tags": []}


def a_registration_answers_with_credentials_and_lists_show_none():
    for name in EDGES:
        edges[name] = Edge(server, operator, name)
        assert edges[name].answer.status == 201
        assert "PRIVATE KEY" in edges[name].answer.json["credentials"]["key"]
    a = admin.call("GET", "/fairlead/v1/edges")
    assert [e["name"] for e in a.json["edges"]] == ["edge1", "edge2", "gw"], a
    assert "PRIVATE" not in a.raw and "credentials" not in a.raw
    assert operator.call("GET", "/fairlead/v1/edges/gw").json["cores"] == EDGES["gw"]["cores"]
    assert operator.call("GET", "/fairlead/v1/edges/none").status == 404


def nonsense_in_a_registration_is_refused_with_every_place():
    a = operator.call("PUT", "/fairlead/v1/edges/edge9", {"role": "edge", "location": "Amsterdam", "lag": "primary",
                                                          "router_id": "300.1.1.1"})
    assert a.status == 400 and a.code == "InvalidRequestFormat", a
    targets = [d["target"] for d in a.json["error"]["details"]]
    assert "/router_id" in targets and "/lag" in targets, a
    assert "leg" in a.raw
    assert operator.call("PUT", "/fairlead/v1/edges/edge9", {**EDGES["edge1"]}).status == 400
    assert operator.call("PUT", "/fairlead/v1/edges/..%2fx", EDGES["edge1"]).status == 400
    assert operator.call("PUT", "/fairlead/v1/edges/a%00b", EDGES["edge1"]).status == 400


def an_intent_without_circuits_is_there_at_once():
    a = until(lambda: (lambda x: x if x.status == 200 else None)(edges["edge1"].intent()), 5, "the first intent")
    assert a.json["router"]["name"] == "edge1" and a.json["router"]["asn"] == 12076 and a.json["revision"] >= 1, a


def a_poll_without_news_ends_after_its_wait():
    revision = edges["edge1"].intent().json["revision"]
    started = time.monotonic()
    a = edges["edge1"].intent(revision, 1)
    took = time.monotonic() - started
    assert a.status == 204 and a.raw == "" and 0.9 < took < 20, (a, took)


def a_poll_is_answered_as_soon_as_there_is_a_newer_intent():
    revision = edges["edge1"].intent().json["revision"]
    got = {}

    def poll():
        got["answer"] = edges["edge1"].intent(revision, 20)
        got["at"] = time.monotonic()

    thread = threading.Thread(target=poll)
    thread.start()
    make_link(admin, provider)
    thread.join(15)
    made = time.monotonic()
    assert got["answer"].status == 200 and got["answer"].json["revision"] > revision, got
    assert got["at"] <= made + 0.5


def the_intents_are_those_of_the_plan():
    def whole():
        e, g = edges["edge1"].intent().json, edges["gw"].intent().json
        return (e, g) if e.get("domains") and g.get("domains") and len(e["domains"][0]["attachments"]) == 2 else None
    edge, gateway = until(whole, 5, "the plan")
    domain = edge["domains"][0]
    assert domain["name"] == "er-demo-private" and domain["kind"] == "private", domain
    access = next(a for a in domain["attachments"] if a["name"] == "acc")
    assert access["port"] == "acc0" and access["ctag"] == 100 and access["addresses"] == ["192.168.100.130/30"], access
    customer = next(p for p in domain["peers"] if p["address"] == "192.168.100.129")
    assert customer["asn"] == 65010 and customer["role"] == "customer" and customer["md5"] == "demoKey2026", customer
    assert gateway["router"]["asn"] == 65515, gateway


def a_change_that_changes_no_intent_raises_no_revision():
    revision = edges["edge1"].intent().json["revision"]
    a = admin.call("PATCH", admin.net("expressRouteCircuits/er-demo"), {"tags": {"a": "b"}})
    assert a.status == 200, a
    assert edges["edge1"].intent(revision, 1).status == 204


def only_the_edge_itself_with_its_newest_certificate_is_answered():
    bare = server.call("GET", "/fairlead/v1/edges/edge1/intent")
    assert bare.status == 401 and bare.code == "ClientCertificateRequired", bare
    other = edges["edge2"].intent(name="edge1")
    assert other.status == 403 and other.code == "AuthorizationFailed", other
    none = edges["edge2"].intent(name="edge99")
    assert none.status == 403 and none.json["error"]["message"] == other.json["error"]["message"], none
    token = admin.call("GET", "/fairlead/v1/edges/edge1/intent")
    assert token.status == 401, token
    old = edges["edge2"]
    edges["edge2"] = Edge(server, operator, "edge2")
    assert edges["edge2"].answer.status == 200
    assert old.intent().status == 403
    assert edges["edge2"].intent().status == 200


def odd_questions_of_an_edge_are_bad_requests():
    for revision, wait in [("x", 0), (0, 100000), (-1, 0), (0, "1.5")]:
        a = server.call("GET", f"/fairlead/v1/edges/edge1/intent?revision={revision}&wait={wait}", context=edges["edge1"].context)
        assert a.status == 400, (revision, wait, a)
    assert edges["edge1"].report([]).status == 400
    assert edges["edge1"].report(b"{").status == 400


def evidence_comes_back_with_its_age():
    assert edges["edge1"].report(evidence()).status == 204
    a = reader.call("GET", "/fairlead/v1/evidence")
    assert a.status == 200, a
    [row] = a.json["edges"]
    assert row["name"] == "edge1" and 0 <= row["age_s"] < 5 and row["evidence"] == evidence(), row
    assert provider.call("GET", "/fairlead/v1/evidence").status == 403
    assert server.call("GET", "/fairlead/v1/evidence").status == 401
    shown = admin.call("GET", "/fairlead/v1/edges/edge1").json
    assert shown["applied_revision"] == 1 and shown["age_s"] < 5, shown


def tables_of_the_circuit_come_from_the_evidence():
    rest = "expressRouteCircuits/er-demo/peerings/AzurePrivatePeering/"

    def table(which):
        a = admin.call("POST", admin.net(rest + which))
        return admin.call("GET", a.headers["Location"].split(str(server.port), 1)[1]).json["value"]
    [theirs, ours] = table("arpTables/primary")
    assert theirs["ipAddress"] == "192.168.100.129" and theirs["macAddress"] == "0200.0000.0002", theirs
    assert ours["ipAddress"] == "192.168.100.130", ours
    [route] = table("routeTables/primary")
    assert route["network"] == "10.10.0.0/16" and route["path"] == "65010", route
    [row] = table("routeTablesSummary/primary")
    assert row["neighbor"] == "192.168.100.129" and row["statePfxRcd"] == "1" and row["upDown"] == "01:01:40", row
    assert table("arpTables/secondary") == []
    a = admin.call("GET", admin.net("expressRouteCircuits/er-demo/stats"))
    assert a.json["primarybytesIn"] == 500 and a.json["primarybytesOut"] == 600, a


def metrics_say_what_the_edges_say():
    a = server.call("GET", "/metrics")
    assert a.status == 200 and a.headers["Content-Type"].startswith("text/plain"), a
    labels = 'router="edge1",name="er-demo-private-4",circuit="er-demo",domain="private",leg="primary"'
    assert f"fairlead_bgp_peer_up{{{labels}}} 1\n" in a.raw, a.raw
    assert 'fairlead_evidence_age_seconds{router="edge1"}' in a.raw
    assert 'fairlead_link_bytes_total{router="edge1",name="acc",circuit="er-demo",domain="private",leg="primary",direction="in"} 500' in a.raw


def revisions_only_rise_also_over_a_restart():
    before = edges["edge1"].intent().json["revision"]
    server.kill()
    server.start()
    a = until(lambda: (lambda x: x if x.status == 200 else None)(edges["edge1"].intent()), 5, "the intent")
    assert a.json["revision"] == before, (a.json["revision"], before)
    key = admin.get("expressRouteCircuits/er-demo").json["properties"]["serviceKey"]
    provision(provider, key, "Deprovisioning")
    a = edges["edge1"].intent(before, 10)
    assert a.status == 200 and a.json["revision"] > before, a


def a_removed_edge_is_a_stranger():
    assert operator.call("DELETE", "/fairlead/v1/edges/edge2").status == 200
    assert operator.call("DELETE", "/fairlead/v1/edges/edge2").status == 204
    assert edges["edge2"].intent().status == 403
    assert [e["name"] for e in operator.call("GET", "/fairlead/v1/edges").json["edges"]] == ["edge1", "gw"]


def many_polls_wait_and_the_server_ends_in_order():
    before = edges["edge1"].intent().json["revision"]
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(attempt(before))) for _ in range(20)]
    for t in threads:
        t.start()
    time.sleep(0.3)
    assert admin.call("GET", f"{admin.group('rg')}?api-version=2021-04-01").status == 200
    status, _ = server.end()
    for t in threads:
        t.join(10)
    assert status == 0 and len(answers) == 20, (status, answers)


def attempt(revision):
    try:
        return edges["edge1"].intent(revision, 30).status
    except OSError:
        return 0
    except Exception as e:  # pylint: disable=broad-except
        return type(e).__name__


assert V
try:
    sys.exit(run([
        a_registration_answers_with_credentials_and_lists_show_none,
        nonsense_in_a_registration_is_refused_with_every_place,
        an_intent_without_circuits_is_there_at_once,
        a_poll_without_news_ends_after_its_wait,
        a_poll_is_answered_as_soon_as_there_is_a_newer_intent,
        the_intents_are_those_of_the_plan,
        a_change_that_changes_no_intent_raises_no_revision,
        only_the_edge_itself_with_its_newest_certificate_is_answered,
        odd_questions_of_an_edge_are_bad_requests,
        evidence_comes_back_with_its_age,
        tables_of_the_circuit_come_from_the_evidence,
        metrics_say_what_the_edges_say,
        revisions_only_rise_also_over_a_restart,
        a_removed_edge_is_a_stranger,
        many_polls_wait_and_the_server_ends_in_order,
    ]))
finally:
    server.close()
