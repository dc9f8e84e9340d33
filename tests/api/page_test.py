#!/usr/bin/env python3
"""page_test.py BUILD: the status page as a reader without scripts gets it."""
import html.parser
import sys

from harness import EDGES, Edge, Server, make_link, program, run

server = Server(program())
admin, provider, operator = (server.sign_in(n) for n in ("admin", "provider", "operator"))
HOSTILE = "<script>alert('x')</script>\" onload=\"x"


class Reader(html.parser.HTMLParser):
    """Collects the text, and refuses what a quiet page has no use for."""
    VOID = {"meta", "br", "rect", "path"}

    def __init__(self, page):
        super().__init__()
        self.text, self.open, self.found = [], [], []
        self.feed(page)
        self.close()
        assert not self.open, self.open
        self.plain = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "iframe", "object", "link", "img", "form"), tag
        for name, value in attrs:
            assert not name.startswith("on") and name not in ("src", "href", "style"), (tag, name, value)
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def page():
    a = server.call("GET", "/")
    assert a.status == 200 and a.headers["Content-Type"] == "text/html; charset=utf-8", a
    policy = a.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script" not in policy, policy
    return Reader(a.raw)


def peer(subject, state="Established", **more):
    return {"name": "p", "subject": subject, "address": "192.168.100.129", "asn": 65010, "state": state, "uptime_s": 7200,
            "prefixes": {"received": 7, "accepted": 6, "advertised": 5}, "bfd": "up", "last_error": {"text": ""}, **more}


def an_empty_installation_says_how_to_begin():
    p = page()
    assert "No circuit was ordered yet" in p.plain and "fairlead lab up" in p.plain, p.plain
    assert "fairlead check --lab demo" in p.plain, p.plain


def an_ordered_circuit_names_who_must_act():
    make_link(admin, provider)
    p = page()
    assert "er-demo" in p.plain and "Equinix" in p.plain and "Provisioned" in p.plain, p.plain
    assert "no router is registered for both legs" in p.plain, p.plain


def a_silent_router_makes_unknown_and_not_down():
    server.edges = {n: Edge(server, operator, n) for n in EDGES}
    p = page()
    assert "no evidence" in p.plain and "its sessions are unknown, not down" in p.plain, p.plain
    assert "never seen" in p.plain, p.plain


def both_legs_are_drawn_with_their_states():
    server.edges["edge1"].report({"revision": 1, "peers": [peer("circuit/er-demo/private/primary"),
                                                           peer("connection/conn-demo/primary")]})
    server.edges["edge2"].report({"revision": 1, "peers": [
        peer("circuit/er-demo/private/secondary", "Active", bfd="down", last_error={"text": HOSTILE})]})
    p = page()
    wires = [a["class"] for t, a in p.found if t == "path"]
    assert wires.count("wire good") >= 3 and wires.count("wire bad") == 2, wires
    for text in ("192.168.100.129", "192.168.100.130", "192.168.100.134", "VLAN 100", "AS 65010", "gw-demo", "vnet-demo",
                 "10.20.0.0/16", "one session is down", "2 h 00 min"):
        assert text in p.plain.replace("\u202f", " "), (text, p.plain)


def what_others_say_is_text_and_never_markup():
    p = page()
    assert HOSTILE.split('"')[0] in p.plain, p.plain
    report = {"mode": "lab", "index": 50, "summary": {"pass": 1, "fail": 1, "warn": 0, "unknown": 1, "na": 0, "waived": 0}, "rows": [
        {"id": "CIR-01", "seed": "A1", "title": HOSTILE, "verdict": "fail", "subject": HOSTILE, "message": "the message",
         "owner": "customer", "remedy": "the remedy", "evidence": [{"fact": "f", "value": HOSTILE, "source": "edge1", "age_s": 3}]},
        {"id": "NET-BGP-01", "seed": "N1", "title": "t", "verdict": "pass", "subject": "", "message": "", "owner": "",
         "remedy": "", "evidence": []},
        {"id": "NAT-01", "seed": "N4", "title": "t", "verdict": "unknown", "subject": "", "message": "not yet judged",
         "owner": "", "remedy": "", "evidence": []}]}
    assert admin.call("PUT", "/fairlead/v1/report", report).status == 204
    p = page()
    for text in ("1 fail", "1 pass", "the remedy", "customer:", "from edge1", "Not yet judged: NAT-01", "Resiliency index 50 of 100"):
        assert text in p.plain.replace("\u202f", " "), (text, p.plain)
    assert p.plain.index("Account and active subscription") < p.plain.index("Redundant BGP sessions") < p.plain.index("NAT for Microsoft")


def a_report_is_judged_and_kept_over_a_restart():
    for bad in ({}, {"rows": {}}, {"summary": {}, "rows": [{"id": 1}]}):
        assert admin.call("PUT", "/fairlead/v1/report", bad).status == 400, bad
    assert provider.call("PUT", "/fairlead/v1/report", {"summary": {}, "rows": []}).status == 403
    server.kill()
    server.start()
    a = admin.call("GET", "/fairlead/v1/report")
    assert a.status == 200 and a.json["by"] == "admin" and a.json["report"]["index"] == 50, a
    assert 'fairlead_check_status{id="CIR-01"' in server.call("GET", "/metrics").raw


try:
    sys.exit(run([
        an_empty_installation_says_how_to_begin,
        an_ordered_circuit_names_who_must_act,
        a_silent_router_makes_unknown_and_not_down,
        both_legs_are_drawn_with_their_states,
        what_others_say_is_text_and_never_markup,
        a_report_is_judged_and_kept_over_a_restart,
    ]))
finally:
    server.close()
