#!/usr/bin/env python3
"""office_import_test.py BUILD SOURCE: rows about Office 365 and capacity that only measurements can settle, from
files as the printed commands make them. Each row is made to pass, to fail, and to be unknown; an unknown one
has to carry the command that would supply what it lacks.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

BUILD, SOURCE = sys.argv[1], sys.argv[2]
FAIRLEAD = os.path.join(BUILD, "fairlead")
NOW = int(time.time())
APPLIED = "2026102900"
passed = failed = 0


def endpoint_set(number, area, ips, er=True, category="Optimize", urls=()):
    return {"id": number, "serviceArea": area, "serviceAreaDisplayName": area, "urls": list(urls), "ips": ips, "tcpPorts": "443",
            "expressRoute": er, "category": category, "required": True}


SETS = [endpoint_set(1, "Exchange", ["40.92.0.0/15"], urls=["outlook.office.com"]),
        endpoint_set(31, "SharePoint", ["52.104.0.0/14"], urls=["*.sharepoint.com"]),
        endpoint_set(11, "Skype", ["52.112.0.0/14"], urls=["*.teams.microsoft.com"]),
        endpoint_set(56, "Common", ["20.190.128.0/18"], category="Allow", urls=["login.microsoftonline.com"]),
        endpoint_set(124, "Common", [], er=False, category="Default", urls=["cdn.example.net"])]


def copy(version=APPLIED, checked=NOW - 600, sets=SETS):
    return {"instance": "Worldwide", "version": version, "fetchedAt": checked, "checkedAt": checked, "notBefore": 0,
            "endpoints": sets}


def customer(routes, leg="primary"):
    """A router's `show evidence`, as far as the routes of one leg of Microsoft peering."""
    subject = f"circuit/er-ams/microsoft/{leg}"
    return {"router": {"name": "ams-ce1", "id": "10.10.0.1", "asn": 65010},
            "peers": [{"name": "cloud", "subject": subject, "role": "cloud", "address": "192.0.2.2", "asn": 12076,
                       "state": "Established", "hold_s": 180, "bfd": "up", "prefixes": {"received": len(routes)}}],
            "attachments": [], "routes": [{"subject": subject, "prefix": p, "accepted": True, "communities": c, "as_path": "12076"}
                                          for p, c in routes]}


ROUTES = [("40.92.0.0/15", ["12076:5010"]), ("52.104.0.0/14", ["12076:5020"]), ("52.112.0.0/14", ["12076:5030"]),
          ("20.190.128.0/18", ["12076:5100"])]


def request(url, name_s=0.012, code=200, exit=0, size=5_000_000, speed=4_000_000):
    return {"url": url, "http_code": code, "http_connect": 0, "exitcode": exit, "ssl_verify_result": 0,
            "time_namelookup": name_s, "size_download": size, "speed_download": speed}


def sample(n, rtt_us=20000, longest=0, jitter=900, at=None):
    at = NOW - (1100 - n) * 600 if at is None else at
    return {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), "rate": 50, "sent": 750, "received": 750 - longest,
            "lost": longest, "duplicates": 0, "longest_loss": longest, "jitter_us": jitter, "reordered": 0,
            "rtt_us": {"min": 9000, "median": rtt_us, "p99": 22000, "max": 23000}}


def lines(values):
    return "\n".join(json.dumps(v) for v in values) + "\n"


SS = ("1 0 10.10.0.10:49822 52.96.1.2:443\n\t ts sack cubic wscale:8,7 rto:204 rtt:3.1/1.5 mss:%d pmtu:1500 rcvmss:536 advmss:1448 cwnd:10\n")
FLOWS = ("tcp      6 431990 ESTABLISHED src=10.10.0.10 dst=40.92.1.1 sport=50112 dport=443 src=40.92.1.1 dst=198.51.100.9 sport=443 dport=50112 [ASSURED] mark=0 use=1\n"
         "tcp      6 300 ESTABLISHED src=10.10.0.10 dst=40.92.1.2 sport=50113 dport=443 %ssrc=40.92.1.2 dst=198.51.100.9 sport=443 dport=50113 mark=0 use=1\n")
GOOD = {
    "Worldwide.json": json.dumps(copy()),
    "ams-ce1.fairlead.json": json.dumps(customer(ROUTES)),
    "ams.flows.txt": FLOWS % "",
    "ams.requests.json": lines([request("https://outlook.office365.com/"), request("https://contoso.sharepoint.com/f")]),
    "ams.connections.txt": SS % 1448,
    "ams.sessions.txt": "net.netfilter.nf_conntrack_count = 2000\nnet.netfilter.nf_conntrack_max = 65536\n",
    "ams.load.json": json.dumps({"interface_percent": 41}),
    "ams.media.json": "\n".join(json.dumps(sample(n), indent=2) for n in range(1100)),
    "ams.edge-media.json": lines(sample(n) for n in range(1100)),
}


def judged(rows, files):
    with tempfile.TemporaryDirectory() as to:
        shutil.copy(os.path.join(SOURCE, "examples", "resilient.yaml"), os.path.join(to, "design.yaml"))
        files = dict(files, **{"collected-at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW))})
        for name, content in files.items():
            with open(os.path.join(to, name), "wb") as f:
                f.write(content if isinstance(content, bytes) else content.encode())
        done = subprocess.run([FAIRLEAD, "check", "--import", to, "-o", "json", "--only", rows], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode in (0, 4, 5), done.stderr
        return json.loads(done.stdout)["rows"], done.stderr


def verdict(row, subject, files):
    rows, _ = judged(row, files)
    return next(r for r in rows if (r["id"], r["subject"]) == (row, subject))


def table(*prefixes):
    return json.dumps([{"network": p, "nextHop": "192.0.2.1", "locPrf": "", "weight": 0, "path": "65010"} for p in prefixes])


SUMMARY = json.dumps([{"neighbor": "192.0.2.1", "v": 4, "as": 65010, "upDown": "1d04h", "statePfxRcd": "2"}])


def windows(text):
    return b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")


# row, subject, verdict, files that differ from the good ones (None: absent)
CASES = [
    ("M365-FEED-01", "", "pass", {}),
    ("M365-FEED-01", "", "warn", {"Worldwide.json": json.dumps(copy(checked=NOW - 9000))}),
    ("M365-FEED-03", "", "pass", {}),
    ("M365-FEED-03", "", "fail", {"Worldwide.json": json.dumps(copy("2026111000"))}),
    ("M365-FEED-03", "", "pass", {"Worldwide.json": json.dumps(copy(time.strftime("%Y%m%d00", time.gmtime(NOW))))}),
    ("M365-FEED-03", "", "unknown", {"Worldwide.json": json.dumps(copy(checked=NOW - 9000))}),
    ("M365-FEED-03", "", "unknown", {"Worldwide.json": None}),
    ("M365-FEED-04", "", "pass", {}),
    ("M365-FEED-04", "", "fail", {"feed-changes.json": json.dumps(
        [{"id": 1, "endpointSetId": 1, "disposition": "Change", "impact": "AddedIp", "version": "2026110100",
          "add": {"effectiveDate": "20261110", "ips": ["40.96.0.0/13"]}}])}),
    ("M365-FEED-04", "", "pass", {"feed-changes.json": json.dumps(
        [{"id": 1, "endpointSetId": 1, "disposition": "Change", "impact": "AddedIp", "version": "2026110100",
          "add": {"effectiveDate": "20991110", "ips": ["40.96.0.0/13"]}}])}),
    ("M365-FEED-04", "", "pass", {"feed-changes.json": "[]"}),
    ("M365-FEED-04", "", "unknown", {"Worldwide.json": json.dumps(copy("2026111000"))}),
    ("M365-FEED-05", "", "pass", {"feed-changes.json": "[]"}),
    ("M365-FEED-05", "", "fail", {"feed-changes.json": json.dumps(
        [{"id": 2, "endpointSetId": 56, "disposition": "Change", "impact": "ChangedIsExpressRoute", "version": "2026110100",
          "previous": {"expressRoute": True}, "current": {"expressRoute": False}}])}),
    ("M365-FEED-05", "", "unknown", {"Worldwide.json": None}),
    ("M365-PEER-09", "", "pass", {}),
    ("M365-PEER-09", "", "fail", {"ams-ce1.fairlead.json": json.dumps(customer(ROUTES[1:]))}),
    ("M365-PEER-09", "", "fail", {"ams-ce1.fairlead.json": json.dumps(customer([("40.92.0.0/15", ["12076:5020"])] + ROUTES[1:]))}),
    ("M365-PEER-09", "", "unknown", {"ams-ce1.fairlead.json": None}),
    ("M365-PEER-09", "", "unknown", {"Worldwide.json": None}),
    ("M365-SYM-05", "", "pass", {}),
    ("M365-SYM-05", "", "fail", {"ams.flows.txt": FLOWS % "[UNREPLIED] "}),
    ("M365-SYM-05", "", "unknown", {"ams.flows.txt": None}),
    ("M365-SYM-06", "circuit/er-ams/microsoft/primary", "pass",
     {"er-ams.microsoft.primary.routes.json": table("198.51.100.0/25", "192.0.2.128/28"), "er-ams.microsoft.primary.summary.json": SUMMARY}),
    ("M365-SYM-06", "circuit/er-ams/microsoft/primary", "fail",
     {"er-ams.microsoft.primary.routes.json": table("198.51.100.0/25"), "er-ams.microsoft.primary.summary.json": SUMMARY}),
    ("M365-SYM-06", "circuit/er-ams/microsoft/primary", "fail",
     {"er-ams.microsoft.primary.summary.json": SUMMARY.replace('"2"', '"0"')}),
    ("M365-SYM-06", "circuit/er-ams/microsoft/primary", "unknown",
     {"er-ams.microsoft.primary.routes.json": table("198.51.100.0/25"), "er-ams.microsoft.primary.summary.json": SUMMARY.replace('"2"', '"Idle"')}),
    ("M365-SYM-06", "circuit/er-ams/microsoft/primary", "unknown", {}),
    ("CAP-08", "site/ams", "pass", {}),
    ("CAP-08", "site/ams", "warn", {"ams.load.json": '{"interface_percent": 83}'}),
    ("CAP-08", "site/ams", "warn", {"ams.sessions.txt": "net.netfilter.nf_conntrack_count = 60000\nnet.netfilter.nf_conntrack_max = 65536\n"}),
    ("CAP-08", "site/ams", "unknown", {"ams.load.json": None}),
    ("CAP-09", "site/ams", "pass", {}),
    ("CAP-09", "site/ams", "fail", {"ams.media.json": lines(sample(n, rtt_us=130000) for n in range(1100))}),
    ("CAP-09", "site/ams", "fail", {"ams.media.json": lines(sample(n, longest=1 if n % 5 == 0 else 0) for n in range(1100))}),
    ("CAP-09", "site/ams", "unknown", {"ams.media.json": lines(sample(n) for n in range(900, 1100))}),
    ("CAP-09", "site/ams", "unknown", {"ams.media.json": lines(sample(n, at=NOW - n) for n in range(1100))}),
    ("CAP-09", "site/ams", "unknown", {"ams.media.json": lines(sample(n, at=NOW - (2200 - n) * 600) for n in range(1100))}),
    ("CAP-09", "site/ams", "unknown", {"ams.media.json": None}),
    ("CAP-10", "site/ams", "pass", {}),
    ("CAP-10", "site/ams", "fail", {"ams.edge-media.json": lines(sample(n, rtt_us=70000) for n in range(1100))}),
    ("CAP-10", "site/ams", "unknown", {"ams.edge-media.json": None}),
    ("CAP-11", "site/ams", "pass", {}),
    ("CAP-11", "site/ams", "warn", {"ams.connections.txt": (SS % 1448).replace(" sack", "")}),
    ("CAP-11", "site/ams", "warn", {"ams.connections.txt": SS % 1348}),
    ("CAP-11", "site/ams", "unknown", {"ams.connections.txt": None}),
    ("CAP-12", "site/ams", "pass", {}),
    ("CAP-12", "site/ams", "pass", {"ams.requests.json": windows(GOOD["ams.requests.json"])}),
    ("CAP-12", "site/ams", "warn", {"ams.requests.json": GOOD["ams.requests.json"].replace("0.012", "0.240")}),
    ("CAP-12", "site/ams", "warn", {"ams.requests.json": GOOD["ams.requests.json"].replace("4000000", "400000")}),
    ("CAP-12", "site/ams", "unknown", {"ams.requests.json": GOOD["ams.requests.json"].replace("5000000", "5000")}),
    ("CAP-12", "site/ams", "unknown", {"ams.requests.json": None}),
    ("M365-NET-02", "", "fail", {"ams.requests.json": lines([request("https://outlook.office365.com/", code=0, exit=7)])}),
    ("M365-NET-04", "", "fail", {"ams.requests.json": lines([request("https://outlook.office365.com/", code=407, exit=56)])}),
    ("M365-NET-04", "", "fail", {"ams.requests.json": lines([request("https://outlook.office365.com/", code=0, exit=60)])}),
]
COMMANDS = {"M365-FEED-03": "Worldwide.json", "M365-FEED-04": "endpoints.office.com/changes", "M365-FEED-05": "endpoints.office.com/changes",
            "M365-SYM-05": "conntrack -L", "CAP-08": ".load.json", "CAP-09": "ams.media.json", "CAP-10": "ams.edge-media.json",
            "CAP-11": "ss -tinH", "CAP-12": "curl", "M365-PEER-09": "m365"}


def attempt(name, function, *args):
    global passed, failed
    try:
        function(*args)
        passed += 1
    except Exception as e:  # whatever went wrong, the others are tried
        failed += 1
        print("FAILED", name, "\n", repr(e)[:1500], flush=True)


def one(row, subject, want, changes):
    files = {n: c for n, c in {**GOOD, **changes}.items() if c is not None}
    got = verdict(row, subject, files)
    assert got["verdict"] == want, (got["verdict"], got["message"], got["evidence"])
    lacking = [n for n, c in changes.items() if c is None]
    if want == "unknown" and lacking and row in COMMANDS:
        assert COMMANDS[row] in got["remedy"], got["remedy"]


def commands_are_printed():
    printed = subprocess.run([FAIRLEAD, "import", os.path.join(SOURCE, "examples", "resilient.yaml")], capture_output=True,
                             text=True, timeout=60).stdout
    for name in ("feed-changes.json", "feed.json", "ams.flows.txt", "fra.requests.json", "ams.connections.txt",
                 "ams.sessions.txt", "ams.load.json", "ams.media.json", "fra.edge-media.json"):
        assert f"> {name}" in printed, name
    assert f"/changes/Worldwide/{APPLIED}?" in printed
    demo = subprocess.run([FAIRLEAD, "import", os.path.join(SOURCE, "examples", "demo.yaml")], capture_output=True, text=True).stdout
    assert "office" not in demo, "the demo does not use Office 365"


def damaged_files_are_named():
    rows, said = judged("CAP-12", {**GOOD, "ams.requests.json": '{"url": "x", ', "Worldwide.json": '{"checkedAt": 1, "endpoints": 2}'})
    assert "ams.requests.json" in said and "Worldwide.json" in said, said
    rows, said = judged("CAP-12", {**GOOD, "ams.requests.json": b"\xff\xfe\x00"})
    assert "UTF-16" in said, said


for n, case in enumerate(CASES):
    attempt(f"{n}: {case[0]} {case[2]} with {', '.join(case[3]) or 'all files'}", one, *case)
attempt("commands are printed where the service is used", commands_are_printed)
attempt("damaged files are named", damaged_files_are_named)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
