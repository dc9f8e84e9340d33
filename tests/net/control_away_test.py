#!/usr/bin/env python3
"""control_away_test.py BUILD: the cloud's routers without their control plane. It is killed while traffic flows through the
demo lab: sessions and traffic stay; back again, what was changed meanwhile reaches every router.

    site-host -+- ce1 - xchg - edge1 - gw - vnet-host        fairleadd (killed -9, started again)
               +- ce2 -   '--- edge2 ---'
"""
import json
import os
import re
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "api"))
from harness import Client, Server, V, cross_connection, program, run, until  # noqa: E402  pylint: disable=wrong-import-position

if os.geteuid() != 0:
    print("skipped: needs root")
    sys.exit(77)

NAME = "t-away"
STATE = f"/run/fairlead/lab/{NAME}/control"
fairlead = program("fairlead")


class There(Server):
    """The lab's own fairleadd."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.program, self.state, self.dir, self.starts, self.process = program(), STATE, f"/run/fairlead/lab/{NAME}", 1, None
        self.options = []
        self.port = int(self.account("admin")["endpoint"].rsplit(":", 1)[1])


def sh(*words, check=True):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=check).stdout


def pid_of_control():
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"fairleadd") and STATE.encode() in words:
                return int(entry), [w.decode() for w in words[:-1]]
    return None, None


def evidence():
    operator = Client(server, "operator")
    return {e["name"]: e for e in operator.call("GET", "/fairlead/v1/edges").json["edges"]}


def ping(count):
    out = sh(fairlead, "lab", "exec", "site-host", "--name", NAME, "--", "ping", "-n", "-c", str(count), "-i", "0.1", "10.20.0.10",
             check=False)
    return int(re.search(r"(\d+) received", out).group(1)), out


server, kept = None, {}


def the_lab_is_up_and_its_routers_report():
    global server  # pylint: disable=global-statement
    sh(fairlead, "lab", "up", "--name", NAME)
    server = There()
    until(lambda: all("age_s" in e and e.get("applied_revision") == e["revision"] for e in evidence().values()), 30, "reports")
    kept["before"] = {n: e["revision"] for n, e in evidence().items()}
    assert ping(5)[0] == 5


def without_control_plane_sessions_and_traffic_stay():
    pid, kept["words"] = pid_of_control()
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid_of_control()[0] is None or not os.path.exists(f"/proc/{pid}/exe"), 10, "its end")
    got, out = ping(60)  # six seconds
    assert got == 60, out


def back_again_it_hears_of_them_and_they_of_what_changed():
    with open(os.path.join(server.dir, "control-again.log"), "ab") as log:
        server.process = subprocess.Popen(kept["words"], stdout=subprocess.PIPE, stderr=log)
    assert server.process.stdout.readline().startswith(b"ready "), "no ready line"
    until(lambda: all(e.get("age_s", 99) < 10 for e in evidence().values()), 30, "the routers to report again")
    assert {n: e["revision"] for n, e in evidence().items()} == kept["before"]
    admin, provider = Client(server, "admin"), Client(server, "provider")
    circuits = admin.call("GET", f"/subscriptions/{admin.subscription}/providers/Microsoft.Network/expressRouteCircuits?{V}")
    x = cross_connection(provider, circuits.json["value"][0]["properties"]["serviceKey"])
    x["properties"]["serviceProviderProvisioningState"] = "Deprovisioning"
    assert provider.call("PUT", f"{x['id']}?{V}", x).status == 200

    def caught_up():
        now = evidence()
        return all(e.get("applied_revision") == e["revision"] for e in now.values()) and \
            any(e["revision"] > kept["before"][n] for n, e in now.items())
    until(caught_up, 30, "the change to reach the routers")
    assert ping(3)[0] == 0  # a circuit that its provider takes back carries nothing


assert json
try:
    sys.exit(run([
        the_lab_is_up_and_its_routers_report,
        without_control_plane_sessions_and_traffic_stay,
        back_again_it_hears_of_them_and_they_of_what_changed,
    ]))
finally:
    if server and server.process:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)
    sh(fairlead, "lab", "down", "--name", NAME, check=False)
