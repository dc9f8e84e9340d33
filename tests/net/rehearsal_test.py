#!/usr/bin/env python3
"""rehearsal_test.py BUILD: `fairlead m365 rehearse` takes Office 365 over both paths (drawn in
src/lab/rehearsal.h). Needs root: exit status 77 without."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

FAIRLEAD = os.path.join(sys.argv[1], "fairlead")
FEED = [
    {"id": 1, "serviceArea": "Exchange", "urls": ["outlook.office365.com"], "ips": ["13.107.6.152/31", "2603:1006::/40"],
     "tcpPorts": "80,443", "expressRoute": True, "category": "Optimize", "required": True},
    {"id": 11, "serviceArea": "Skype", "ips": ["52.112.0.0/14"], "udpPorts": "3478", "expressRoute": True,
     "category": "Optimize", "required": True},
    {"id": 31, "serviceArea": "SharePoint", "urls": ["*.sharepoint.com"], "ips": ["13.107.136.0/22"],
     "tcpPorts": "443", "expressRoute": True, "category": "Optimize", "required": True},
]
counts = [0, 0]


def check(what, fine, detail=""):
    counts[not fine] += 1
    print(f"{'ok' if fine else 'not ok'} - {what}{'' if fine else f': {detail}'}")


def command(*words):
    return [FAIRLEAD, "m365", "--from", feed, "rehearse", "-o", "json", *words]


def left():
    names = [n for n in (os.listdir("/run/netns") if os.path.isdir("/run/netns") else []) if n.startswith("fl-m365")]
    return names + ([] if not os.path.isdir("/run/fairlead/m365") else ["/run/fairlead/m365"])


if os.geteuid():
    print("skipped: needs root")
    sys.exit(77)
with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as f:
    json.dump(FEED, f)
feed = f.name
try:
    done = subprocess.run(command("--services", "exchange,teams"), capture_output=True, text=True, timeout=120)
    said = json.loads(done.stdout or "{}")
    ways = {s["community"]: [s[p]["path"] for p in ("before", "cut", "after")] for s in said.get("services", [])}
    check("what is selected takes the circuit, the rest the Internet, and everything the Internet while it is cut",
          done.returncode == 0 and said.get("expected") is True and ways == {
              "12076:5010": ["circuit", "internet", "circuit"], "12076:5030": ["circuit", "internet", "circuit"],
              "12076:5020": ["internet"] * 3}, done)
    check("no probe is lost once the routes have moved",
          all(s[p]["lost"] == 0 and s[p]["sent"] >= 40 for s in said.get("services", []) for p in ("before", "cut", "after")), said)
    check("nothing is left", not left(), left())

    killed = subprocess.Popen(command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not os.path.exists("/run/netns/fl-m365-office") and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    check("a killed rehearsal leaves something", bool(left()))
    done = subprocess.run(command(), capture_output=True, text=True, timeout=120)
    check("the next one removes it and works", done.returncode == 0 and not left(), (done, left()))

    first = subprocess.Popen(command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not os.path.exists("/run/netns/fl-m365-office") and time.monotonic() < deadline:
        time.sleep(0.02)
    second = subprocess.run(command(), capture_output=True, text=True, timeout=60)
    check("two at once: the second is told", second.returncode == 1 and "another rehearsal" in second.stderr, second)
    first.send_signal(signal.SIGINT)
    check("Ctrl-C ends it, and nothing is left", first.wait(60) == 1 and
          [n for n in left() if n.startswith("fl-")] == [], left())
finally:
    os.unlink(feed)
    subprocess.run(["rm", "-rf", "/run/fairlead/m365"], check=False)
print(f"{counts[0]} passed, {counts[1]} failed")
sys.exit(counts[1] > 0)
