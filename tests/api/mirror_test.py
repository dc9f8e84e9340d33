"""mirror_test.py BUILD: fairleadd serves the Office 365 feed, lists and PAC files from the copies that
`fairlead m365 sync` keeps. A second fairleadd and `fairlead m365 sync` are its clients."""
import json
import os
import subprocess
import sys
import tempfile
import time

from harness import Server, program, run

ID = "ClientRequestId=5f1d9a2c-6a0b-4f7e-9d27-3a64c1d0f8a1"
OTHER = "ClientRequestId=0b0e7d3e-1c5f-4b21-8d5a-7f0a9b1c2d3e"
SETS = [
    {"id": 1, "serviceArea": "Exchange", "serviceAreaDisplayName": "Exchange Online", "urls": ["mail.example.com"],
     "ips": ["192.0.2.0/24", "2001:db8:1::/48"], "tcpPorts": "80,443", "expressRoute": True, "category": "Optimize",
     "required": True},
    {"id": 2, "serviceArea": "Common", "serviceAreaDisplayName": "Common", "urls": ["*.portal.example.com"],
     "tcpPorts": "443", "expressRoute": False, "category": "Default", "required": True},
    {"id": 3, "serviceArea": "Skype", "serviceAreaDisplayName": "Teams", "ips": ["198.51.100.0/24"],
     "udpPorts": "3478", "expressRoute": True, "category": "Optimize", "required": True},
]
LATER = [dict(SETS[0], ips=["192.0.2.0/24", "203.0.113.0/24", "2001:db8:1::/48"]), SETS[1]]  # 3 is gone

folder = tempfile.mkdtemp(prefix="fl-mirror-")
feed = os.path.join(folder, "feed")
os.mkdir(feed)
server = None


def keep(version, sets, newest=True):
    now = int(time.time())
    copy = {"instance": "Worldwide", "version": version, "fetchedAt": now, "checkedAt": now, "notBefore": 0,
            "endpoints": sets}
    for name in [f"Worldwide-{version}.json"] + (["Worldwide.json"] if newest else []):
        with open(os.path.join(feed, name + ".new"), "w", encoding="utf-8") as f:
            json.dump(copy, f)
        os.rename(os.path.join(feed, name + ".new"), os.path.join(feed, name))


def get(path, status=200, call=ID):
    a = server.call("GET", f"{path}{'&' if '?' in path else '?'}{call}")
    assert a.status == status, (path, a)
    return a


def fairlead(*words, status=0, cache="copy"):
    done = subprocess.run([program("fairlead"), "m365", "--cache", os.path.join(folder, cache), *words],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == status, done
    return done.stdout


def the_version_is_the_newest_copy():
    a = get("/Version")
    assert a.json == [{"instance": "Worldwide", "latest": "2026010100"}], a
    assert a.headers["Cache-Control"] == "public, max-age=3600", a.headers
    assert get("/version/WORLDWIDE").json["latest"] == "2026010100"
    assert get("/version?format=CSV").raw == "instance,latest\r\nWorldwide,2026010100\r\n"
    get("/version/China", 404)


def endpoints_come_whole_and_by_choice():
    assert [s["id"] for s in get("/endpoints/worldwide").json] == [1, 2, 3]
    assert [s["id"] for s in get("/endpoints/Worldwide?ServiceAreas=Exchange").json] == [1, 2]  # Common comes along
    assert get("/endpoints/Worldwide?NoIPv6=true").json[0]["ips"] == ["192.0.2.0/24"]


def who_does_not_say_who_he_is_gets_nothing():
    for call in ("x=1", "ClientRequestId=me"):
        get("/endpoints/Worldwide", 400, call)
        get("/version", 400, call)


def a_new_copy_is_served_without_a_restart_and_its_changes_are_told():
    keep("2026020100", LATER)
    deadline = time.monotonic() + 10
    while get("/version/Worldwide").json["latest"] != "2026020100":
        assert time.monotonic() < deadline, "the new copy is not seen"
        time.sleep(0.1)
    assert get("/version/Worldwide?AllVersions=true").json["versions"] == ["2026020100", "2026010100"]
    changes = get("/changes/Worldwide/2026010100").json
    assert [(c["endpointSetId"], c["disposition"]) for c in changes] == [(1, "Change"), (3, "Remove")], changes
    assert changes[0]["add"]["ips"] == ["203.0.113.0/24"], changes
    assert get("/changes/Worldwide/2026020100").json == []
    assert len(get("/changes/Worldwide/0000000000").json) == 5  # three added, then those two
    assert len(get("/changes/Worldwide/2026011500").json) == 2  # never kept: the one before it
    get("/changes/Worldwide/yesterday", 400)


def changes_replayed_give_the_new_feed():
    for name, path in (("old", "/endpoints/Worldwide"), ("changes", "/changes/Worldwide/2026010100")):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(get(path).raw if name != "old" else json.dumps(SETS))
    with open(os.path.join(folder, "new"), "w", encoding="utf-8") as f:
        f.write(get("/endpoints/Worldwide").raw)
    fairlead("replay", os.path.join(folder, "old"), os.path.join(folder, "changes"), "--expect",
             os.path.join(folder, "new"))


def pac_files_and_lists_are_there():
    a = get("/pac/Worldwide/er", call="x=1")
    assert a.headers["Content-Type"] == "application/x-ns-proxy-autoconfig", a.headers
    assert "mail.example.com" in a.raw and "PROXY proxy.corp:3128" in a.raw, a
    assert get("/lists/worldwide/frr", call="x=1").raw.count("192.0.2.0/24") == 1
    assert "203.0.113.0/24" in get("/lists/worldwide/prefixes", call="x=1").raw
    assert "*.portal.example.com" in get("/lists/worldwide/urls", call="x=1").raw
    assert "table inet" in get("/lists/worldwide/nft", call="x=1").raw
    get("/lists/worldwide/fax", 404, "x=1")
    get("/pac/worldwide/9", 404, "x=1")


def our_own_client_syncs_from_it():
    ca = os.path.join(server.state, "ca.pem")
    url = f"https://127.0.0.1:{server.port}"
    assert "2026020100" in fairlead("sync", "--url", url, "--ca", ca, "-o", "json")
    assert json.loads(fairlead("stats", "-o", "json"))["sets"] == 2
    assert sorted(os.listdir(os.path.join(folder, "copy"))) == \
        ["Worldwide-2026020100.json", "Worldwide.json", "client-request-id"]


def a_damaged_copy_is_left_out_and_the_others_are_served():
    with open(os.path.join(feed, "Worldwide-2026030100.json"), "w", encoding="utf-8") as f:
        f.write('{"instance": "Worldwide", "version": "2026030100", "endpoints": [{"id": "x"}]}')
    deadline = time.monotonic() + 10
    while "mirror-copy-refused" not in server.log():
        get("/version/Worldwide")
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.1)
    assert get("/version/Worldwide").json["latest"] == "2026020100"


def who_asks_for_bodies_all_the_time_is_told_to_wait():
    answers = [server.call("GET", f"/endpoints/Worldwide?{OTHER}") for _ in range(31)]
    assert [a.status for a in answers] == [200] * 30 + [429], [a.status for a in answers]
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600, answers[-1].headers
    get("/version/Worldwide", call=OTHER)  # never limited


def without_a_directory_there_is_no_mirror():
    plain = Server(program())
    try:
        assert plain.call("GET", f"/version?{ID}").status == 401
    finally:
        plain.close()


keep("2026010100", SETS)
server = Server(program(), config=json.dumps({"m365_mirror": {"directory": feed, "proxy": "PROXY proxy.corp:3128"}}))
try:
    sys.exit(run([
        the_version_is_the_newest_copy,
        endpoints_come_whole_and_by_choice,
        who_does_not_say_who_he_is_gets_nothing,
        a_new_copy_is_served_without_a_restart_and_its_changes_are_told,
        changes_replayed_give_the_new_feed,
        pac_files_and_lists_are_there,
        our_own_client_syncs_from_it,
        a_damaged_copy_is_left_out_and_the_others_are_served,
        who_asks_for_bodies_all_the_time_is_told_to_wait,
        without_a_directory_there_is_no_mirror,
    ]))
finally:
    server.close()
    subprocess.run(["rm", "-rf", folder], check=False)
