#!/usr/bin/env python3
"""foreign_test.py EDGE: fairlead-edge against OpenBGPD, GoBGP and ExaBGP of the system, an RPKI cache
(stayrtr), a BMP station and bgpdump, over a cable between two namespaces. As interop_test.py."""
import os
import re
import subprocess
import sys
import time

from foreign import Cache, ExaBgp, GoBgp, OpenBgpd, Station
from interop_test import BOTH, right, right6, routes_flow
from routers import LEFT, RIGHT, Bird, Edge, missing_here, play_all, run, stays, wait_for


# --- OpenBGPD ---

def openbgpd_sessions_carry_both_families(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"]), right6()])
    other = OpenBgpd(scene)
    wait_for("the sessions", lambda: edge.is_up() and edge.is_up("right6"), 40)
    routes_flow(edge, other)
    assert edge.paths("10.2.0.0/16")[0]["as_path"] == "65002"


def openbgpd_with_md5_and_ttl_security_comes_up(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"], md5="Secret123", ttl_security=True)])
    other = OpenBgpd(scene, session='tcp md5sig password "Secret123"\n  ttl-security yes')
    wait_for("the session", lambda: edge.is_up() and other.is_up(), 40)
    routes_flow(edge, other, ["10.2.0.0/16"], ["10.1.0.0/16"])


def openbgpd_asking_for_a_refresh_gets_everything_again(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"])])
    other = OpenBgpd(scene)
    wait_for("the session", lambda: edge.is_up() and other.route("10.1.0.0/16"), 40)
    before = edge.peer()["updates"]["out"]
    other.ask("neighbor", LEFT, "refresh")
    wait_for("updates again", lambda: edge.peer()["updates"]["out"] > before)
    assert edge.is_up() and edge.peer()["established_count"] == 1


def openbgpd_over_its_prefix_limit_loses_the_session(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"], max_prefixes={"ipv4": 3}, limit_restart=3)])
    other = OpenBgpd(scene, networks=[f"10.2.{i}.0/24" for i in range(5)])
    wait_for("the limit", lambda: edge.peer().get("limited"), 40)
    assert (edge.peer()["last_error"]["code"], edge.peer()["last_error"]["subcode"]) == (6, 1)
    assert not other.is_up()
    other.ask("network", "delete", "10.2.0.0/24")
    other.ask("network", "delete", "10.2.1.0/24")
    wait_for("it comes back when below", lambda: edge.is_up() and edge.peer()["prefixes"]["accepted"] == 3, 40)


# --- GoBGP ---

def gobgp_session_carries_both_families(scene):
    edge = Edge(scene, [right()])
    other = GoBgp(scene)
    wait_for("the session", lambda: edge.is_up() and other.is_up(), 30)
    routes_flow(edge, other)
    assert edge.paths("10.2.0.0/16")[0]["next_hop"] == RIGHT


def gobgp_waiting_for_the_edge_with_md5_comes_up(scene):
    other = GoBgp(scene, neighbor='    auth-password = "Secret123"', passive=True)
    edge = Edge(scene, [right(md5="Secret123")])
    wait_for("the session", lambda: edge.is_up() and other.is_up(), 30)
    routes_flow(edge, other)


def gobgp_with_another_md5_key_stays_down(scene):
    edge = Edge(scene, [right(md5="Secret124")])
    other = GoBgp(scene, neighbor='    auth-password = "Secret123"')
    stays("down", lambda: not edge.is_up() and not other.is_up(), 4)


def gobgp_asked_for_a_refresh_sends_everything_again(scene):
    """An operator asks for the routes again; another local preference is judged on what is there."""
    edge = Edge(scene, [right()])
    other = GoBgp(scene)
    routes_flow(edge, other)
    before = edge.peer()["updates"]["in"]
    assert edge.ask("refresh right") == {"refresh": True}
    wait_for("updates again", lambda: edge.peer()["updates"]["in"] > before)
    edge.apply(lambda d: d["peers"][0].update(local_pref=200))
    wait_for("the new preference", lambda: edge.paths("10.2.0.0/16")[0]["local_pref"] == 200)
    assert edge.peer()["established_count"] == 1


def gobgp_killed_and_started_again_keeps_its_routes_in_use(scene):
    edge = Edge(scene, [right()])
    other = GoBgp(scene, restart=True)
    routes_flow(edge, other)
    other.process.kill()
    other.process.wait()
    wait_for("the loss is noticed", lambda: edge.peer()["state"] != "Established")
    assert edge.paths("10.2.0.0/16")[0]["stale"] and edge.paths("10.2.0.0/16")[0]["best"]
    again = GoBgp(scene, restart=True)
    wait_for("the session is back", lambda: edge.is_up() and again.is_up(), 30)
    wait_for("what was said again is fresh", lambda: not edge.paths("10.2.0.0/16")[0]["stale"], 30)


def gobgp_over_its_prefix_limit_loses_the_session(scene):
    edge = Edge(scene, [right(max_prefixes={"ipv4": 3})])
    other = GoBgp(scene, networks=[f"10.2.{i}.0/24" for i in range(5)])
    wait_for("the limit", lambda: edge.peer().get("limited"), 30)
    assert (edge.peer()["last_error"]["code"], edge.peer()["last_error"]["subcode"]) == (6, 1)
    assert not other.is_up()


# --- ExaBGP: what no honest speaker sends ---

def edge_between_exabgp_and_bird(scene, routes=()):
    """A second neighbour on the same cable, which must notice nothing."""
    run("ip", "-n", scene.right, "addr", "add", "10.99.0.3/24", "dev", "c0")
    exa = {"name": "exa", "address": "10.99.0.3", "local": LEFT, "asn": 65003, "passive": True, "families": BOTH}
    edge = Edge(scene, [right(), exa])
    bird = Bird(scene)
    routes_flow(edge, bird)
    other = ExaBgp(scene, asn=65003, address="10.99.0.3", routes=routes)
    wait_for("ExaBGP's session", lambda: edge.is_up("exa"), 30)
    return edge, bird, other


def unmoved(edge, bird):
    assert edge.is_up() and edge.peer()["established_count"] == 1, "the other session was disturbed"
    assert bird.route("10.1.0.0/16") and edge.paths("10.2.0.0/16")


def exabgp_session_carries_routes(scene):
    edge, bird, other = edge_between_exabgp_and_bird(scene, ["10.3.0.0/16 next-hop 10.99.0.3 community [ 65003:7 ]"])
    wait_for("the route", lambda: edge.paths("10.3.0.0/16"))
    assert edge.paths("10.3.0.0/16")[0]["communities"] == ["65003:7"]
    wait_for("it goes on", lambda: bird.route("10.3.0.0/16"))
    other.say("withdraw route 10.3.0.0/16 next-hop 10.99.0.3")
    wait_for("it goes", lambda: not edge.paths("10.3.0.0/16"))
    unmoved(edge, bird)


# attribute of ExaBGP's configuration; the word of RFC 7606; attribute number in the log
MALFORMED = [
    ("attribute [ 0x08 0xc0 0x010203 ]", "treat-as-withdraw", 8),       # half a community
    ("attribute [ 0x10 0xc0 0x01020304 ]", "treat-as-withdraw", 16),    # half an extended community
    ("attribute [ 0x20 0xc0 0x0102030405 ]", "treat-as-withdraw", 32),  # a piece of a large community
    ("attribute [ 0x04 0x80 0x0102 ]", "treat-as-withdraw", 4),         # MED of two octets
    ("attribute [ 0x06 0x40 0x01 ]", "attribute-discarded", 6),         # ATOMIC_AGGREGATE with a value
    ("attribute [ 0x07 0xc0 0x0102 ]", "attribute-discarded", 7),       # AGGREGATOR of two octets
]


def exabgp_sending_malformed_attributes_loses_those_routes_only(scene):
    edge, bird, other = edge_between_exabgp_and_bird(scene, ["10.3.0.0/16 next-hop 10.99.0.3"])
    wait_for("the good route", lambda: edge.paths("10.3.0.0/16"))
    for i, (attribute, word, number) in enumerate(MALFORMED):
        counter = "treated_as_withdraw" if word == "treat-as-withdraw" else "attributes_discarded"
        before = edge.peer("exa")["faults"][counter]
        other.say(f"announce route 10.4.{i}.0/24 next-hop 10.99.0.3 {attribute}")
        wait_for(f"{attribute} is counted", lambda: edge.peer("exa")["faults"][counter] > before)
        wait_for("the log names attribute and offset", lambda: any(
            word in line and "blue/exa" in line and f"attribute {number} at offset" in line
            for line in edge.log().splitlines()))
        kept = word == "attribute-discarded"
        wait_for(f"10.4.{i}.0/24 is {'there' if kept else 'not there'}",
                 lambda: bool(edge.paths(f"10.4.{i}.0/24")) == kept)
        assert edge.is_up("exa") and edge.peer("exa")["established_count"] == 1
    assert edge.paths("10.3.0.0/16"), "the good route stayed"
    unmoved(edge, bird)


def exabgp_sending_a_private_path_over_microsoft_peering_is_refused_by_rule(scene):
    run("ip", "-n", scene.right, "addr", "add", "10.99.0.3/24", "dev", "c0")
    customer = {"name": "exa", "address": "10.99.0.3", "local": LEFT, "asn": 65003, "passive": True, "role": "customer"}
    edge = Edge(scene, [customer], asn=12076, networks=(), domain_more={
        "kind": "microsoft", "advertised_prefixes": ["198.51.100.0/24"], "route_filter": ["12076:5010"]})
    edge.apply(lambda d: d.update(networks=[{"prefix": "192.0.2.0/25", "communities": ["12076:5010"]},
                                            {"prefix": "192.0.2.128/25", "communities": ["12076:5020"]}]))
    other = ExaBgp(scene, asn=65003, address="10.99.0.3", peer_asn=12076, routes=[
        "198.51.100.0/25 next-hop 10.99.0.3 community [ 12076:5010 65003:7 ]",
        "203.0.113.0/24 next-hop 10.99.0.3", "10.5.0.0/16 next-hop 10.99.0.3", "0.0.0.0/0 next-hop 10.99.0.3",
        "198.51.100.128/25 next-hop 10.99.0.3 as-path [ 65003 64500 ]"])
    wait_for("the session", lambda: edge.is_up("exa"), 30)
    rules = {"198.51.100.0/25": "", "203.0.113.0/24": "not-declared", "10.5.0.0/16": "private-prefix",
             "0.0.0.0/0": "default-route", "198.51.100.128/25": "documentation-as"}
    wait_for("five routes", lambda: edge.peer("exa")["prefixes"]["received"] == 5)
    got = {r["prefix"]: r for r in edge.ask("show received exa")["routes"]}
    assert {p: r["reason"] for p, r in got.items()} == rules, got
    assert got["198.51.100.0/25"]["communities"] == ["65003:7"] and got["198.51.100.0/25"]["as_path"] == ""
    sent = {r["prefix"]: r for r in edge.ask("show advertised exa")["routes"]}
    assert sent["192.0.2.0/25"]["advertised"] and sent["192.0.2.128/25"]["reason"] == "not-in-filter", sent
    assert other.process.poll() is None


# --- RPKI ---

def rpki_cache_decides_about_routes_and_changes_its_mind(scene):
    cache = Cache(scene)
    cache.give(("10.2.0.0/16", 16, 65009), ("10.3.0.0/16", 16, 65002))
    cache.start()
    edge = Edge(scene, [right()], rpki={"caches": ["127.0.0.1:3323"], "refresh": 1, "retry": 1},
                domain_more={"origin_validation": "drop"})
    bird = Bird(scene, networks=["10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"])
    wait_for("the session", lambda: edge.is_up() and bird.is_up())

    def states():
        return {p: (r[0]["origin_validation"], r[0]["best"], r[0]["reason"]) for p in
                ("10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16") if (r := edge.paths(p))}
    wait_for("verdicts", lambda: states() == {"10.2.0.0/16": ("invalid", False, "rpki-invalid"),
                                              "10.3.0.0/16": ("valid", True, ""),
                                              "10.4.0.0/16": ("not-found", True, "")})
    assert edge.peer()["refused"] == {"rpki-invalid": 1} or edge.peer()["prefixes"]["accepted"] == 2
    cache.give(("10.2.0.0/16", 16, 65002), ("10.4.0.0/16", 16, 65009))
    wait_for("other verdicts", lambda: states() == {"10.2.0.0/16": ("valid", True, ""),
                                                    "10.3.0.0/16": ("not-found", True, ""),
                                                    "10.4.0.0/16": ("invalid", False, "rpki-invalid")}, 30)
    rpki = edge.ask("show rpki")
    assert rpki["followed"] and rpki["payloads"] == {"ipv4": 2, "ipv6": 0}, rpki
    assert rpki["domains"][0]["routes"] == {"valid": 1, "invalid": 1, "not_found": 1}, rpki
    assert "caps=none" in rpki["process"]["confined"]
    run("kill", "-9", str(rpki["process"]["pid"]))
    wait_for("another process follows", lambda: (again := edge.ask("show rpki")) and again["followed"] and
             again["process"]["pid"] != rpki["process"]["pid"] and again["payloads"]["ipv4"] == 2)
    cache.process.terminate()
    stays("payloads outlive the cache", lambda: edge.ask("show rpki")["payloads"]["ipv4"] == 2, 2)
    run("kill", "-9", str(edge.ask("show status")["router_process"]["pid"]))
    wait_for("a new router process is told", lambda: (r := edge.ask("show rpki")) and
             r.get("payloads", {}).get("ipv4") == 2, 20)
    assert edge.is_up() or wait_for("the session", edge.is_up)


# --- BMP ---

def bmp_station_sees_sessions_and_routes(scene):
    station = Station(scene)
    edge = Edge(scene, [right()], bmp={"stations": [f"127.0.0.1:{Station.PORT}"], "adj_rib_out": True})
    bird = Bird(scene)
    routes_flow(edge, bird)

    def told(out, key="announced"):
        return {p for m in station.messages("route") if m["out"] == out for p in m[key]}
    wait_for("Adj-RIB-In", lambda: told(False) >= {"10.2.0.0/16", "fd00:2::/48"})
    wait_for("Adj-RIB-Out", lambda: told(True) >= {"10.1.0.0/16", "fd00:1::/48"})
    assert station.messages()[1]["type"] == "initiation"
    up = station.messages("up")[-1]
    assert (up["asn"], up["peer"], up["id"], up["opens"]) == (65002, RIGHT, "192.0.2.2", [[65001, 90], [65002, 90]]), up
    assert up["kind"] == 1 and up["rd"][:2] == [2, 65001]
    assert any(m["as_path"] == [65002] for m in station.messages("route") if "10.2.0.0/16" in m["announced"])
    assert abs(up["at"] - time.time()) < 60
    bird.ask("disable s4")
    wait_for("a withdrawal", lambda: "10.2.0.0/16" in told(False, "withdrawn"))
    bird.ask("disable left")
    wait_for("the end", lambda: station.messages("down"))
    assert station.messages("down")[0]["reason"] == 3 and station.messages("down")[0]["notification"][0] == 6
    bird.ask("enable left")
    wait_for("up again", lambda: len(station.messages("up")) == len(station.messages("down")) + 1, 20)
    assert not station.messages("fault"), station.messages("fault")
    edge.process.terminate()
    wait_for("Termination", lambda: station.messages("termination"))


def bmp_station_sees_what_policy_refused_and_each_table(scene):
    """Before policy (RFC 7854), after it, and the domain's table (RFC 9069): of two prefixes one is declared."""
    station = Station(scene)
    edge = Edge(scene, [right(role="customer")], networks=(),
                domain_more={"kind": "microsoft", "advertised_prefixes": ["198.51.100.0/24"]},
                bmp={"stations": [f"127.0.0.1:{Station.PORT}"], "adj_rib_in_pre": True, "loc_rib": True})
    bird = Bird(scene, networks=["198.51.100.0/24", "203.0.113.0/24"])

    def told(view, key="announced"):
        return {p for m in station.messages("route") if m["view"] == view for p in m[key]}
    wait_for("before policy", lambda: told("pre") >= {"198.51.100.0/24", "203.0.113.0/24"}, 30)
    wait_for("after policy and in the table", lambda: "198.51.100.0/24" in told("in") and "198.51.100.0/24" in told("table"), 30)
    assert "203.0.113.0/24" not in told("in") | told("table")
    table = [m for m in station.messages("up") if m["kind"] == 3]
    assert len(table) == 1 and table[0]["asn"] == 65001 and table[0]["information"] == [[3, "blue"]], table
    bird.ask("disable s4")
    for view in ("pre", "in", "table"):
        wait_for(f"a withdrawal from {view}", lambda: "198.51.100.0/24" in told(view, "withdrawn"), 30)
    bird.ask("enable s4")
    wait_for("it is back", lambda: [m for m in station.messages("route") if m["view"] == "table"][-1]["announced"] != [], 30)
    station.process.kill()
    station.process.wait()
    os.unlink(station.file)
    late = Station(scene)  # what came before it is asked for again (RFC 2918)
    wait_for("the whole of it again", lambda: {p for m in late.messages("route") if m["view"] == "pre"
                                               for p in m["announced"]} >= {"198.51.100.0/24", "203.0.113.0/24"}, 60)
    wait_for("the table", lambda: any(m["view"] == "table" and m["end_of_rib"] for m in late.messages("route")), 30)
    assert not late.messages("fault"), late.messages("fault")


def bmp_station_that_comes_late_gets_the_whole_picture(scene):
    edge = Edge(scene, [right()], bmp={"stations": [f"127.0.0.1:{Station.PORT}"], "adj_rib_out": True})
    bird = Bird(scene)
    routes_flow(edge, bird)
    station = Station(scene)
    wait_for("complete", lambda: edge.ask("show bmp")["stations"][0]["complete"], 30)
    wait_for("all of it", lambda: {p for m in station.messages("route") for p in m["announced"]} ==
             {"10.2.0.0/16", "fd00:2::/48", "10.1.0.0/16", "fd00:1::/48"})
    ends = [(m["out"]) for m in station.messages("route") if m["end_of_rib"]]
    assert sorted(ends) == [False, False, True, True], ends
    assert not station.messages("fault")


def bmp_station_that_never_reads_hurts_nobody(scene):
    """A million octets of changes for a station that takes none: its buffer fills, it is given up."""
    Station(scene, "deaf")
    edge = Edge(scene, [right()], bmp={"stations": [f"127.0.0.1:{Station.PORT}"], "buffer_kb": 1024})
    bird = Bird(scene, networks=[f"10.{2 + i // 250}.{i % 250}.0/24" for i in range(5000)])
    wait_for("5000 routes", lambda: edge.is_up() and edge.peer()["prefixes"]["received"] == 5000, 30)
    deadline = time.monotonic() + 60
    while not edge.ask("show bmp")["stations"][0]["overruns"] and time.monotonic() < deadline:
        for order in ("disable s4", "enable s4"):
            bird.ask(order)
            want = 5000 if order == "enable s4" else 0
            wait_for(f"{want} routes", lambda: edge.peer()["prefixes"]["received"] == want, 20)
    assert edge.ask("show bmp")["stations"][0]["overruns"], "the buffer never filled"
    assert "it reads too slowly" in edge.log()
    assert edge.is_up() and edge.peer()["established_count"] == 1


# --- figures ---

def figures_are_served_and_their_process_is_replaced(scene):
    bad = {"METHOD": b"POST /metrics HTTP/1.1\r\n\r\n", "path": b"GET /etc/passwd HTTP/1.1\r\n\r\n"}
    edge = Edge(scene, [right(max_prefixes={"ipv4": 10})], metrics={"listen": [f"{LEFT}:9179"]},
                bmp={"stations": ["127.0.0.1:9"]})
    bird = Bird(scene)
    routes_flow(edge, bird)

    def fetch():
        return run("ip", "netns", "exec", scene.right, "curl", "-s", "--max-time", "3", f"http://{LEFT}:9179/metrics",
                   check=False)
    wait_for("figures", lambda: 'fairlead_bgp_peer_up{router="edge",name="right"} 1' in fetch(), 20)
    assert 'fairlead_prefix_limit_ratio{router="edge",name="right",family="ipv4"} 0.1' in fetch()
    assert "fairlead_figures_age_seconds" in fetch()
    assert 'fairlead_bmp_station_up{router="edge",name="127.0.0.1 port 9"} 0' in fetch()
    for what, request in bad.items():
        answer = run("ip", "netns", "exec", scene.right, "python3", "-c",
                     f"import socket; s = socket.create_connection(('{LEFT}', 9179)); s.sendall({request!r}); "
                     "print(s.recv(100))")
        assert ("405" if what == "METHOD" else "404") in answer, answer
    pid = re.search(r"process-ready exporter: pid (\d+): (.*)", edge.log())
    assert "caps=none" in pid[2] and "root=empty" in pid[2], pid[2]
    run("kill", "-9", pid[1])
    wait_for("figures again", lambda: "fairlead_bgp_peer_up" in fetch(), 20)
    assert edge.is_up() and edge.peer()["established_count"] == 1


# --- MRT ---

def mrt_files_are_read_by_bgpdump(scene):
    edge = Edge(scene, [right()])
    bird = Bird(scene)
    routes_flow(edge, bird)
    table, updates = scene.path("table.mrt"), scene.path("updates.mrt")
    done = edge.ask(f"mrt table {table}")
    assert (done["prefixes"], done["paths"], done["skipped"]) == (4, 4, 0), done
    lines = subprocess.run(["bgpdump", "-m", table], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                           check=True, timeout=20).stdout.splitlines()
    rows = {line.split("|")[5]: line.split("|") for line in lines}
    assert set(rows) == {"10.1.0.0/16", "10.2.0.0/16", "fd00:1::/48", "fd00:2::/48"}, lines
    assert rows["10.2.0.0/16"][3:9] == [RIGHT, "65002", "10.2.0.0/16", "65002", "IGP", RIGHT], rows
    assert rows["fd00:2::/48"][8] == "fd00:99::2", rows
    assert edge.ask(f"mrt updates {updates}")["recording"]
    assert "error" in edge.ask(f"mrt updates {updates}")
    bird.ask("disable s4")
    wait_for("the withdrawal", lambda: not edge.paths("10.2.0.0/16"))
    edge.apply(lambda d: d["networks"].append({"prefix": "10.7.0.0/16"}))
    wait_for("the new network", lambda: bird.route("10.7.0.0/16"))
    bird.ask("disable left")
    wait_for("down", lambda: not edge.is_up())
    done = edge.ask("mrt stop")
    assert done["records"] >= 3, done
    text = subprocess.run(["bgpdump", "-m", updates], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=True, timeout=20).stdout
    assert f"|W|{RIGHT}|65002|10.2.0.0/16" in text, text
    assert "|STATE|" in text and "|6|" in text, text
    assert "error" in edge.ask("mrt stop") and "error" in edge.ask("mrt table relative.mrt")
    os.symlink("/etc/hostname", scene.path("trap"))
    assert "error" in edge.ask(f"mrt table {scene.path('trap')}")


CASES = [f for name, f in list(globals().items())
         if name.startswith(("openbgpd_", "gobgp_", "exabgp_", "rpki_", "bmp_", "figures_", "mrt_"))]


def main():
    lacking = missing_here("bird", "birdc", "bgpctl", "gobgpd", "exabgp", "stayrtr", "bgpdump")
    if lacking:
        print(f"skipped: needs root, bird2, openbgpd, gobgpd, exabgp, stayrtr, bgpdump ({lacking} not here)")
        return 77
    return play_all(CASES, os.path.abspath(sys.argv[1]), sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
