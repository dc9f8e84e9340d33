#!/usr/bin/env python3
"""node_test.py BUILD: the Node SDK of npm, as tests/api/node/package-lock.json pins it, against fairleadd. The packages are
kept in BUILD/node-client between runs."""
import os
import shutil
import subprocess
import sys

from harness import Server, program

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node")
CLIENT = os.path.join(os.path.abspath(sys.argv[1]), "node-client")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def same(name):
    kept = os.path.join(CLIENT, name)
    with open(os.path.join(HERE, name), "rb") as ours:
        return os.path.exists(kept) and open(kept, "rb").read() == ours.read()


def fetch():
    if same("package-lock.json") and os.path.exists(os.path.join(CLIENT, "node_modules", ".complete")):
        return
    if not shutil.which("npm"):
        skip("npm is not installed")
    shutil.rmtree(CLIENT, ignore_errors=True)
    os.makedirs(CLIENT)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), CLIENT)
    try:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1"], cwd=CLIENT,
                              capture_output=True, text=True, timeout=150, check=False)
    except subprocess.TimeoutExpired:
        skip("npm's registry does not answer in time")
    if done.returncode != 0:
        if any(word in done.stderr for word in ("EINTEGRITY", "EUSAGE")):
            print(done.stderr[-2000:])
            sys.exit(1)
        skip("npm's registry cannot be reached: " + done.stderr.strip().splitlines()[0] if done.stderr else "npm failed")
    with open(os.path.join(CLIENT, "node_modules", ".complete"), "w", encoding="ascii"):
        pass


if not shutil.which("node"):
    skip("node is not installed")
fetch()
shutil.copy(os.path.join(HERE, "life.mjs"), CLIENT)
server = Server(program(), "--pace", "instant", config="limits: {writes_per_second: 0, requests_per_second: 0}\n")
try:
    admin = server.sign_in("admin")
    a = admin.call("PUT", f"{admin.group('rg1')}?api-version=2021-04-01", {"location": "westeurope"})
    assert a.status == 201, a
    played = subprocess.run(["node", "life.mjs", os.path.join(server.state, "admin.json"),
                             os.path.join(server.state, "provider.json"), admin.subscription], cwd=CLIENT, timeout=120,
                            env=dict(os.environ, NODE_EXTRA_CA_CERTS=os.path.join(server.state, "ca.pem")), check=False)
    sys.exit(played.returncode)
finally:
    server.close()
