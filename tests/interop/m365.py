#!/usr/bin/env python3
"""tests/interop/m365.py FAIRLEAD TRAPS.json SHARED: what `fairlead m365` writes, read by the programs it is for.

PAC files in a real JavaScript engine (node) against every name of every feed, nftables rules by nft,
prefix lists by BIRD and FRR, and `m365 sync` against a local mirror that lies in every way.
A program that is not installed is skipped by name. Last line: N passed, N failed, N skipped.
"""
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

FAIRLEAD, TRAPS, SHARED = sys.argv[1:4]
SHARED = os.environ.get("FAIRLEAD_SHARED", SHARED)
HERE = os.path.dirname(os.path.abspath(__file__))
counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, fine, detail=""):
    counts["passed" if fine else "failed"] += 1
    if not fine:
        print(f"FAILED {what}: {detail}")


def skip(what):
    counts["skipped"] += 1
    print(f"skipped: {what}")


def fairlead(*args, env=None):
    return subprocess.run([FAIRLEAD, "m365", *args], capture_output=True, text=True, timeout=30,
                          env=dict(os.environ, **(env or {})))


def feeds():
    yield TRAPS
    top = os.path.join(SHARED, "data", "m365")
    if not os.path.isdir(top):
        skip("no shared captures; the synthetic feed only")
        return
    for folder in (top, os.path.join(top, "derived")):
        for name in sorted(os.listdir(folder)):
            if name.startswith("endpoints-"):
                yield os.path.join(folder, name)


# --- PAC: an oracle of its own, from the raw JSON ---------------------------------------------

def compiled(pattern):
    return re.compile(".*".join(re.escape(p) for p in pattern.split("*"))).fullmatch


def in_direct(entry, kind):
    category = entry["category"].lower()
    return {"1": category == "optimize", "2": category in ("optimize", "allow"), "er": entry["expressRoute"]}[kind]


def oracle(feed, kind):
    """host -> what the PAC must answer."""
    direct, every = set(), set()
    for entry in feed:
        urls = {u.lower() for u in entry.get("urls", [])}
        every |= urls
        if in_direct(entry, kind):
            direct |= urls
    wild = [compiled(d) for d in direct if "*" in d]
    away = [compiled(u) for u in every - direct if any(w(u.replace("*", "x")) for w in wild)]
    through = [compiled(d) for d in direct]

    def answer(host):
        if "." not in host:
            return "DIRECT"
        if any(m(host) for m in away) or not any(m(host) for m in through):
            return "PROXY p:8080"
        return "DIRECT"
    return answer


def test_pac(path):
    feed = json.load(open(path, encoding="utf-8"))
    urls = sorted({u.lower() for entry in feed for u in entry.get("urls", [])})
    hosts = [u.replace("*", fill) for u in urls for fill in ("q", "a.b")] + ["intranet", "www.example.invalid"]
    for kind in ("1", "2", "er"):
        made = fairlead("--from", path, "pac", kind, "--proxy", "PROXY p:8080")
        done = subprocess.run(["node", os.path.join(HERE, "pac_eval.js")], capture_output=True, text=True, timeout=60,
                              input=json.dumps({"pac": made.stdout, "hosts": hosts}))
        answers = json.loads(done.stdout) if done.returncode == 0 else []
        expected = oracle(feed, kind)
        wrong = [(h, a) for h, a in zip(hosts, answers) if a != expected(h)]
        name = f"pac {kind} of {os.path.basename(path)}, {len(hosts)} hosts"
        check(name, len(answers) == len(hosts) and not wrong, wrong[:3] or done.stderr[:300] or made.stderr)
        lost = [u for e in feed if in_direct(e, kind) for u in e.get("urls", [])
                if answers and answers[hosts.index(u.lower().replace("*", "q"))] != "DIRECT"]
        check(name + ": each direct name goes direct", not lost, lost[:3])


# --- other readers ---------------------------------------------------------------------------

def test_nft(path, folder):
    rules = fairlead("--from", path, "nft").stdout
    name = os.path.join(folder, "rules.nft")
    with open(name, "w", encoding="utf-8") as f:
        f.write(rules)
    alone = subprocess.run(["unshare", "-rn", "true"], capture_output=True)
    if alone.returncode:
        return skip("no network namespace for nft")
    done = subprocess.run(["unshare", "-rn", "nft", "-f", name], capture_output=True, text=True, timeout=60)
    check(f"nft takes {os.path.basename(path)}", done.returncode == 0, done.stderr[:400])


def test_bird(path, folder):
    lists = fairlead("--from", path, "prefix-list", "bird").stdout
    name = os.path.join(folder, "bird.conf")
    with open(name, "w", encoding="utf-8") as f:
        f.write("router id 192.0.2.1;\nprotocol device {}\n" + lists)
        if "M365_v4" in lists:
            f.write("filter only_m365 { if net ~ M365_v4 then accept; reject; }\n")
    done = subprocess.run(["bird", "-p", "-c", name], capture_output=True, text=True, timeout=60)
    check(f"BIRD takes {os.path.basename(path)}", done.returncode == 0, done.stderr[:400])


def test_frr(path, folder):
    name = os.path.join(folder, "frr.conf")
    with open(name, "w", encoding="utf-8") as f:
        f.write(fairlead("--from", path, "prefix-list", "frr").stdout)
    done = subprocess.run(["/usr/lib/frr/bgpd", "-C", "-f", name, "-i", os.path.join(folder, "pid"),
                           "--vty_socket", folder], capture_output=True, text=True, timeout=60)
    check(f"FRR takes {os.path.basename(path)}", done.returncode == 0, done.stdout[:300] + done.stderr[:400])


# --- sync ------------------------------------------------------------------------------------

class Mirror(http.server.BaseHTTPRequestHandler):
    answers = {}   # path without query -> (status, bytes)
    asked = []

    def do_GET(self):
        path, _, query = self.path.partition("?")
        Mirror.asked.append((path, query))
        status, body = Mirror.answers.get(path, (404, b""))
        claimed = len(body) + (10 if status == 599 else 0)   # 599: promise more than is sent
        self.send_response(200 if status == 599 else status)
        self.send_header("Content-Length", str(claimed))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def version(v):
    return 200, json.dumps({"instance": "Worldwide", "latest": v}).encode()


def test_sync(folder):
    server = http.server.HTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cache = os.path.join(folder, "deep", "cache")
    base = f"http://127.0.0.1:{server.server_port}"
    feed = json.load(open(TRAPS, encoding="utf-8"))

    def sync(*more):
        return fairlead("sync", "--url", base, "--cache", cache, "-o", "json", *more)

    def kept():
        with open(os.path.join(cache, "Worldwide.json"), "rb") as f:
            doc = json.load(f)
        return doc["version"], doc["endpoints"]

    good = json.dumps(feed).encode()
    Mirror.answers = {"/version/Worldwide": version("2026010100"), "/endpoints/Worldwide": (200, good)}
    done = sync()
    check("first sync", done.returncode == 0 and json.loads(done.stdout)["outcome"] == "replaced", done.stderr)
    order = [p for p, _ in Mirror.asked]
    check("version, endpoints, version again", order == ["/version/Worldwide", "/endpoints/Worldwide", "/version/Worldwide"], order)
    ids = {re.search(r"ClientRequestId=([0-9a-f-]{36})", q).group(1) for _, q in Mirror.asked}
    check("one client request id, not the documented one", len(ids) == 1 and "b10c5ed1-bad1-445f-b386-b919946339a7" not in ids, ids)
    Mirror.asked = []
    done = sync()
    check("not twice in an hour", json.loads(done.stdout)["outcome"] == "too early" and not Mirror.asked, done.stdout)
    stats = fairlead("--cache", cache, "stats", "-o", "json")
    check("views read the copy", stats.returncode == 0 and json.loads(stats.stdout)["version"] == "2026010100", stats.stderr)
    before = kept()

    lies = {
        "truncated body": (200, good[:-40]), "connection cut short": (599, good[:-40]), "empty": (200, b""),
        "another type": (200, b'{"a": 1}'), "a page": (200, b"<html></html>"), "no sets": (200, b"[]"),
        "wrong types": (200, good.replace(b"true", b'"true"')), "host bits": (200, good.replace(b"192.0.2.0/24", b"192.0.2.1/24")),
        "script in a name": (200, good.replace(b"ntp.example.org", b'x\\");alert(1);//')),
        "most sets gone": (200, json.dumps(feed[:2]).encode()), "huge": (200, b" " * (3 << 20) + good),
        "deep": (200, b"[" * 100000), "error": (500, good), "too many requests": (429, b""),
    }
    for name, answer in lies.items():
        Mirror.answers = {"/version/Worldwide": version("2026020100"), "/endpoints/Worldwide": answer}
        done = sync("--force") if name != "most sets gone" else None
        if done is None:   # without --force the hour must have passed: age the copy instead
            path = os.path.join(cache, "Worldwide.json")
            doc = json.load(open(path, encoding="utf-8"))
            doc["checkedAt"] -= 7200
            doc["notBefore"] = 0
            json.dump(doc, open(path, "w", encoding="utf-8"))
            done = sync()
        check(f"hostile mirror, {name}: refused and the copy kept",
              done.returncode == 1 and json.loads(done.stdout)["outcome"] == "kept" and kept() == before, done.stdout)
    for name, answer in {"replayed old version": version("2020010100"), "nonsense": (200, b"42"),
                         "another instance": (200, b'{"instance":"China","latest":"2026030100"}')}.items():
        Mirror.answers = {"/version/Worldwide": answer, "/endpoints/Worldwide": (200, good)}
        done = sync("--force")
        check(f"hostile version, {name}", done.returncode == 1 and kept() == before, done.stdout)
    server.shutdown()
    server.server_close()
    done = sync("--force")
    check("source unreachable: the copy is kept", done.returncode == 1 and kept() == before, done.stdout)
    stats = fairlead("--cache", cache, "stats", "-o", "json")
    check("and served", stats.returncode == 0, stats.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix="fl-t-m365-") as folder:
        programs = {"node": lambda p: test_pac(p), "nft": lambda p: test_nft(p, folder),
                    "bird": lambda p: test_bird(p, folder), "/usr/lib/frr/bgpd": lambda p: test_frr(p, folder)}
        have = {n: t for n, t in programs.items() if shutil.which(n) or os.access(n, os.X_OK)}
        for n in programs.keys() - have.keys():
            skip(f"{n} is not installed")
        for path in feeds():
            for test in have.values():
                test(path)
        test_sync(folder)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


sys.exit(main())
