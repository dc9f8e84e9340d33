#!/usr/bin/env python3
"""interop_test.py EDGE: fairlead-edge against the real BIRD 2 and FRR of the system, over a cable between
two namespaces. Prints each case; the last line is "N passed, N failed"; 77 when it cannot run here.

Cases are functions; each builds its own scene (see routers.py) and says in its name what must hold.
"""
import os
import signal
import sys
import time

from routers import (LEFT, LEFT6, RIGHT, RIGHT6, Bird, Edge, Frr, missing_here, play_all, stays, wait_for)

BOTH = ["ipv4-unicast", "ipv6-unicast"]


def right(**more):
    """The neighbour entry for the router on the right."""
    return {"name": "right", "address": RIGHT, "local": LEFT, "asn": 65002, "hold": 90, "families": BOTH,
            **more}


def right6(**more):
    return {"name": "right6", "address": RIGHT6, "local": LEFT6, "asn": 65002, "hold": 90,
            "families": ["ipv6-unicast"], **more}


def routes_flow(edge, other, prefixes=("10.2.0.0/16", "fd00:2::/48"), ours=("10.1.0.0/16", "fd00:1::/48")):
    for p in prefixes:
        wait_for(f"{p} arrives", lambda p=p: any(r["accepted"] for r in edge.paths(p)))
    for p in ours:
        wait_for(f"{p} reaches the neighbour", lambda p=p: other.route(p))


def bird_session_opened_by_bird_carries_both_families(scene):
    edge = Edge(scene, [right(passive=True)])
    bird = Bird(scene)
    wait_for("the session", lambda: edge.is_up() and bird.is_up())
    routes_flow(edge, bird)
    assert "65001" in bird.route("10.1.0.0/16"), bird.route("10.1.0.0/16")
    assert edge.paths("10.2.0.0/16")[0]["as_path"] == "65002"
    assert edge.paths("10.2.0.0/16")[0]["next_hop"] == RIGHT
    assert edge.paths("fd00:2::/48")[0]["next_hop"] == RIGHT6


def bird_session_opened_by_the_edge_comes_up(scene):
    bird = Bird(scene, session="passive on;")
    edge = Edge(scene, [right()])
    wait_for("the session", lambda: edge.is_up() and bird.is_up())
    routes_flow(edge, bird)


def bird_both_sides_opening_end_with_one_session(scene):
    edge = Edge(scene, [right()])
    bird = Bird(scene)
    wait_for("the session", lambda: edge.is_up() and bird.is_up())
    routes_flow(edge, bird)
    stays("one session", lambda: edge.is_up() and edge.peer()["established_count"] == 1, 2)


def bird_session_over_ipv6(scene):
    edge = Edge(scene, [right6(families=["ipv6-unicast"])])
    bird = Bird(scene, over_ipv6=True)
    wait_for("the session", lambda: edge.is_up("right6"))
    routes_flow(edge, bird, ["fd00:2::/48"], ["fd00:1::/48"])


def bird_with_the_same_md5_key_comes_up(scene):
    edge = Edge(scene, [right(md5="Secret123")])
    bird = Bird(scene, session='password "Secret123";')
    wait_for("the session", lambda: edge.is_up() and bird.is_up())
    assert "Secret123" not in str(edge.ask("show bgp"))


def bird_with_another_md5_key_stays_down(scene):
    edge = Edge(scene, [right(md5="Secret123")])
    bird = Bird(scene, session='password "Secret124";')
    stays("down", lambda: not edge.is_up() and not bird.is_up(), 4)


def bird_with_ttl_security_comes_up(scene):
    edge = Edge(scene, [right(ttl_security=True)])
    bird = Bird(scene, session="ttl security on;")
    wait_for("the session", lambda: edge.is_up() and bird.is_up())
    routes_flow(edge, bird)


def bird_with_a_four_octet_as_number(scene):
    edge = Edge(scene, [right(asn=4200000001)], asn=4200000000)
    bird = Bird(scene, asn=4200000001, peer_asn=4200000000)
    wait_for("the session", lambda: edge.is_up() and bird.is_up())
    routes_flow(edge, bird)
    assert edge.paths("10.2.0.0/16")[0]["as_path"] == "4200000001"


def bird_withdrawing_takes_the_route_away(scene):
    edge = Edge(scene, [right()])
    bird = Bird(scene)
    wait_for("the route", lambda: edge.paths("10.2.0.0/16"))
    bird.ask("disable s4")
    wait_for("the route goes", lambda: not edge.paths("10.2.0.0/16"))
    assert edge.paths("fd00:2::/48")
    bird.ask("enable s4")
    wait_for("the route is back", lambda: edge.paths("10.2.0.0/16"))


def bird_sends_several_paths_to_one_prefix(scene):
    edge = Edge(scene, [right(add_path_receive=True, add_path_send=4)])
    bird = Bird(scene, channel4="add paths on;",
                more="protocol static again { ipv4; route 10.2.0.0/16 blackhole { preference = 150; bgp_med = 7; }; }")
    routes_flow(edge, bird)  # ours carry identifiers as well
    assert edge.peer()["add_path"] == {"send": 4, "receive": True}, edge.peer()["add_path"]
    wait_for("both paths", lambda: len(edge.paths("10.2.0.0/16")) == 2)
    assert sorted(r.get("med", 0) for r in edge.paths("10.2.0.0/16")) == [0, 7]
    bird.ask("disable again")
    wait_for("one of them goes", lambda: [r.get("med", 0) for r in edge.paths("10.2.0.0/16")] == [0])
    bird.ask("disable s4")
    wait_for("the other goes", lambda: not edge.paths("10.2.0.0/16"))


def bird_asking_for_a_refresh_gets_everything_again(scene):
    edge = Edge(scene, [right()])
    bird = Bird(scene)
    routes_flow(edge, bird)
    before = edge.peer()["updates"]["out"]
    bird.ask("reload in left")
    wait_for("updates again", lambda: edge.peer()["updates"]["out"] > before)
    stays("the session", lambda: edge.is_up() and bird.route("10.1.0.0/16"), 1)


def bird_of_another_as_is_refused_with_bad_peer_as(scene):
    edge = Edge(scene, [right(asn=65003)])
    bird = Bird(scene)
    wait_for("the refusal", lambda: (edge.peer()["last_error"]["code"],
                                     edge.peer()["last_error"]["subcode"]) == (2, 2))
    assert not bird.is_up()


def bird_shut_down_takes_its_routes_along(scene):
    edge = Edge(scene, [right()])
    bird = Bird(scene)
    wait_for("the route", lambda: edge.paths("10.2.0.0/16"))
    bird.ask("disable left")
    wait_for("the routes go", lambda: not edge.paths("10.2.0.0/16") and not edge.is_up())
    bird.ask("enable left")
    wait_for("the session is back", lambda: edge.is_up() and edge.paths("10.2.0.0/16"))


def bird_over_its_prefix_limit_loses_the_session(scene):
    edge = Edge(scene, [right(max_prefixes={"ipv4": 3})])
    bird = Bird(scene, networks=[f"10.2.{i}.0/24" for i in range(5)])
    wait_for("the limit", lambda: edge.peer().get("limited"))
    assert edge.peer()["last_error"]["code"] == 6 and edge.peer()["last_error"]["subcode"] == 1
    stays("down", lambda: not bird.is_up(), 3)


def bird_falling_silent_is_noticed_by_bfd(scene):
    edge = Edge(scene, [right(bfd={"min_tx_ms": 100, "min_rx_ms": 100, "multiplier": 3})])
    bird = Bird(scene, bfd=True)
    wait_for("the session", lambda: edge.is_up() and bird.is_up())
    wait_for("BFD", lambda: edge.peer()["bfd"] == "up")
    bird.process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    wait_for("BFD down", lambda: not edge.is_up(), 30)
    assert time.monotonic() - started < 30, "far below the hold time of 90 s"
    bird.process.send_signal(signal.SIGCONT)
    wait_for("the session is back", lambda: edge.is_up() and edge.peer()["bfd"] == "up", 30)


def bird_sees_a_reload_of_the_edge_without_losing_its_session(scene):
    edge = Edge(scene, [right()])
    bird = Bird(scene)
    routes_flow(edge, bird)
    edge.apply(lambda d: d["networks"].append({"prefix": "10.3.0.0/16", "communities": ["65001:7"]}))
    wait_for("the new network", lambda: "(65001,7)" in bird.route("10.3.0.0/16"))
    edge.apply(lambda d: d["networks"].pop())
    wait_for("it goes again", lambda: not bird.route("10.3.0.0/16"))
    assert edge.peer()["established_count"] == 1


def bird_killed_and_started_again_keeps_its_routes_in_use(scene):
    edge = Edge(scene, [right()])
    bird = Bird(scene, session="graceful restart on;")
    routes_flow(edge, bird)
    bird.process.kill()
    bird.process.wait()
    wait_for("the loss is noticed", lambda: edge.peer()["state"] != "Established")
    assert edge.paths("10.2.0.0/16")[0]["stale"] and edge.paths("10.2.0.0/16")[0]["best"]
    again = Bird(scene, session="graceful restart on;", networks=["10.2.0.0/16"])
    wait_for("the session is back", lambda: edge.is_up() and again.is_up())
    wait_for("what was said again is fresh", lambda: not edge.paths("10.2.0.0/16")[0]["stale"])
    wait_for("what was not said again goes", lambda: not edge.paths("fd00:2::/48"), 30)


def frr_session_carries_both_families(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"]), right6()])
    frr = Frr(scene)
    wait_for("the sessions", lambda: edge.is_up() and edge.is_up("right6"), 30)
    routes_flow(edge, frr)
    assert "65001" in frr.route("10.1.0.0/16")


def frr_killed_and_started_again_keeps_its_routes_in_use(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"])])
    frr = Frr(scene, restarts=True, networks=("10.2.0.0/16", "10.3.0.0/16"))
    wait_for("both routes", lambda: edge.is_up() and edge.paths("10.2.0.0/16") and edge.paths("10.3.0.0/16"), 30)
    frr.kill_bgpd()
    wait_for("the loss is noticed", lambda: edge.peer()["state"] != "Established")
    for prefix in ("10.2.0.0/16", "10.3.0.0/16"):
        assert edge.paths(prefix)[0]["stale"] and edge.paths(prefix)[0]["best"], edge.paths(prefix)
    frr.start_bgpd_without("10.3.0.0/16")
    wait_for("the session is back", lambda: edge.is_up() and frr.is_up(), 60)
    wait_for("what was said again is fresh", lambda: (p := edge.paths("10.2.0.0/16")) and not p[0]["stale"], 60)
    wait_for("what was not said again goes", lambda: not edge.paths("10.3.0.0/16"), 60)


def frr_with_md5_and_ttl_security_comes_up(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"], md5="Secret123", ttl_security=True)])
    frr = Frr(scene, session="password Secret123;ttl-security hops 1")
    wait_for("the session", lambda: edge.is_up() and frr.is_up(), 30)
    routes_flow(edge, frr, ["10.2.0.0/16"], ["10.1.0.0/16"])


def frr_asking_for_a_refresh_gets_everything_again(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"])])
    frr = Frr(scene)
    wait_for("the session", lambda: edge.is_up() and frr.route("10.1.0.0/16"), 30)
    before = edge.peer()["updates"]["out"]
    frr.ask(f"clear bgp ipv4 unicast {LEFT} soft in")
    wait_for("updates again", lambda: edge.peer()["updates"]["out"] > before)
    assert edge.is_up()


def frr_falling_silent_is_noticed_by_bfd(scene):
    edge = Edge(scene, [right(families=["ipv4-unicast"],
                              bfd={"min_tx_ms": 100, "min_rx_ms": 100, "multiplier": 3})])
    frr = Frr(scene, bfd=True)
    wait_for("the session", lambda: edge.is_up() and frr.is_up(), 30)
    wait_for("BFD", lambda: edge.peer()["bfd"] == "up", 20)
    for p in scene.processes[1:]:
        p.send_signal(signal.SIGSTOP)
    wait_for("BFD down", lambda: not edge.is_up(), 5)


CASES = [f for name, f in list(globals().items()) if name.startswith(("bird_", "frr_"))]


def main():
    lacking = missing_here("bird", "birdc", "vtysh")
    if lacking or not os.path.exists(f"{Frr.DAEMONS}/bgpd"):
        print(f"skipped: needs root, bird2, frr, iproute2 ({lacking or 'frr'} not here)")
        return 77
    return play_all(CASES, os.path.abspath(sys.argv[1]), sys.argv[2:], alone=lambda name: "bfd" in name)


if __name__ == "__main__":
    sys.exit(main())
