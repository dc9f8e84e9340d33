#!/usr/bin/env python3
"""What `fairlead config render` writes for fairlead, FRR and BIRD, started for real against our edge.

   [ ce1 ] wan0 ---- t0 [        ] t1 ---- wan0 [ ce2 ]      C-tag 100 on both trunks
      lan0 ------------- [  edge  ] ------------ lan0         ce1 and ce2 also share a LAN

The design is the demo's. Interfaces are made as the rendered text's own comments say; where the kernel has no
VLAN devices our tag multiplexer stands in for them. For each dialect both legs must come up with MD5, BFD, and
exactly the announced prefix; what the design does not announce must not arrive.
usage: render_test.py BUILD SOURCE TAGMUX_JOIN. Needs root.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD, SOURCE, JOIN = sys.argv[1], sys.argv[2], sys.argv[3]
PID = os.getpid()
FAIRLEAD, EDGE = os.path.join(BUILD, "fairlead"), os.path.join(BUILD, "fairlead-edge")
KEY, PATIENCE_S = "demoKey2026", 40
LEGS = {"primary": ("192.168.100.129", "192.168.100.130"), "secondary": ("192.168.100.133", "192.168.100.134")}


def run(*args, check=True):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(args)}: {done.stdout[-1500:]}")
    return done.stdout


def wait(what, condition):
    end = time.monotonic() + PATIENCE_S
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE_S} s: {what}")
        time.sleep(0.1)


class Scene:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="fl-t-rd-")
        os.chmod(self.dir, 0o755)
        self.processes, self.names = [], {n: f"fl-t-rd-{PID}-{n}" for n in ("edge", "ce1", "ce2")}
        try:
            for ns in self.names.values():
                run("ip", "netns", "add", ns)
                run("ip", "-n", ns, "link", "set", "lo", "up")
            for i, ce in enumerate(("ce1", "ce2")):
                self.veth("edge", f"t{i}", ce, "wan0")
            self.veth("ce1", "lan0", "ce2", "lan0")
        except BaseException:
            self.close()
            raise

    def veth(self, a, port_a, b, port_b):
        run("ip", "-n", self.names[a], "link", "add", port_a, "mtu", "1508", "type", "veth", "peer", "name", port_b,
            "mtu", "1508", "netns", self.names[b])
        run("ip", "-n", self.names[a], "link", "set", port_a, "up")
        run("ip", "-n", self.names[b], "link", "set", port_b, "up")

    def start(self, node, *args):
        with open(os.path.join(self.dir, f"{node}-{os.path.basename(args[0])}.log"), "ab") as log:
            p = subprocess.Popen(["ip", "netns", "exec", self.names[node], *args], stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=subprocess.STDOUT, cwd=self.dir)
        self.processes.append(p)
        return p

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def close(self):
        for p in reversed(self.processes):
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
        for p in self.processes:
            try:
                p.wait(8)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        for ns in run("ip", "netns", "list", check=False).split():
            if any(ns == n or ns.startswith(n + ".") for n in (*self.names.values(), f"fl-ce1r{PID}", f"fl-ce2r{PID}")):
                run("ip", "netns", "del", ns, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


def cloud_edge(scene):
    """Both legs of the peering on one router of ours, as the control plane would have it."""
    attachments, peers = [], []
    for i, (leg, (customer, cloud)) in enumerate(LEGS.items()):
        attachments.append({"name": f"acc{i}", "subject": f"circuit/er-demo/private/{leg}", "port": f"t{i}", "stag": 0,
                            "ctag": 100, "addresses": [f"{cloud}/30"]})
        peers.append({"name": leg, "subject": f"circuit/er-demo/private/{leg}", "role": "customer", "address": customer,
                      "local": cloud, "asn": 65010, "md5": KEY, "bfd": True})
    sock = os.path.join(scene.dir, "edge.sock")
    document = {"router": {"name": f"edge{PID}", "id": "192.0.2.11", "asn": 12076, "namespace": scene.names["edge"]},
                "dataplane": "namespaces", "control_socket": sock,
                "domains": [{"name": "er", "kind": "private", "attachments": attachments, "peers": peers,
                             "networks": [{"prefix": "10.20.0.0/16"}, {"prefix": "10.21.0.0/16"}]}]}
    scene.start("edge", EDGE, "--config", scene.write("edge.yaml", json.dumps(document)))
    wait("the edge answers", lambda: os.path.exists(sock))
    return lambda what: json.loads(run(FAIRLEAD, "edge", "show", what, "--socket", sock, "-o", "json"))


def rendered(scene, dialect):
    """{router: text}, for routers whose names nobody else uses."""
    with open(os.path.join(SOURCE, "examples/demo.yaml")) as f:
        design = f.read()
    for ce in ("ce1", "ce2"):
        design = re.sub(rf"\b{ce}\b", f"{ce}r{PID}", design)
    into = os.path.join(scene.dir, "rendered-" + dialect)
    printed = run(FAIRLEAD, "config", "render", scene.write("design.yaml", design), "--for", dialect, "--into", into)
    out = {}
    for path in printed.split():
        assert os.stat(path).st_mode & 0o077 == 0, f"{path} holds a key and can be read by others"
        with open(path) as f:
            out["ce1" if f"ce1r{PID}" in path else "ce2"] = (path, f.read())
    assert set(out) == {"ce1", "ce2"}, printed
    return out


def make_interfaces(scene, node, text, lan):
    """The commands in the text's comments; a VLAN device is made of the multiplexer where there is none."""
    ns = scene.names[node]
    run("ip", "-n", ns, "addr", "add", lan, "dev", "lan0")
    for line in re.findall(r"^[!#]   (ip .*)$", text, re.M):
        for command in line.split(" && "):
            words = command.split()
            made = subprocess.run(["ip", "-n", ns, *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if made.returncode and "vlan" in words:
                port, name, tag = words[4], words[6], words[-1]
                run("ip", "-n", ns, "link", "add", name, "type", "veth", "peer", "name", "inside")
                run("ip", "-n", ns, "link", "set", "inside", "up")
                run(JOIN, ns, port, "0", tag, "inside")
            elif made.returncode:
                raise AssertionError(f"{command}: {made.stdout.decode()}")


def start_fairlead(scene, node, path, text):
    sock = os.path.join(scene.dir, f"{node}.sock")
    with open(path, "a") as f:
        f.write(f"control_socket: {sock}\n")
    run(EDGE, "--check-config", "--config", path)
    scene.start(node, EDGE, "--config", path)


def start_bird(scene, node, path, text):
    make_interfaces(scene, node, text, "10.10.0.1/24" if node == "ce1" else "10.10.0.2/24")
    run("bird", "-p", "-c", path)
    scene.start(node, "bird", "-f", "-c", path, "-s", os.path.join(scene.dir, f"{node}.ctl"), "-P",
                os.path.join(scene.dir, f"{node}.pid"))


def start_frr(scene, node, path, text):
    make_interfaces(scene, node, text, "10.10.0.1/24" if node == "ce1" else "10.10.0.2/24")
    own = os.path.join(scene.dir, "frr-" + node)
    os.mkdir(own)
    shutil.chown(own, "frr", "frrvty")
    for daemon in ("zebra", "staticd", "bfdd", "bgpd"):
        extra = ["--bfdctl", f"{own}/bfdd.ctl"] if daemon == "bfdd" else []
        scene.start(node, f"/usr/lib/frr/{daemon}", "-f", "/dev/null", "-z", f"{own}/zserv", "--vty_socket", own, "-i",
                    f"{own}/{daemon}.pid", "-P", "0", *extra)
        wait(f"{daemon} listens", lambda: os.path.exists(f"{own}/{daemon}.vty"))
    said = run("vtysh", "--vty_socket", own, "-f", path)
    assert "% " not in said, said


STARTERS = {"fairlead": start_fairlead, "bird": start_bird, "frr": start_frr}


def comes_up(dialect):
    scene = Scene()
    try:
        ask = cloud_edge(scene)
        for node, (path, text) in rendered(scene, dialect).items():
            STARTERS[dialect](scene, node, path, text)

        def legs():
            return {p["name"]: p for p in ask("bgp")["peers"]}
        wait("both legs stand with BFD", lambda: all(p["state"] == "Established" and p["bfd"] == "up"
                                                     for p in legs().values()))
        wait("the site's prefix arrives on both", lambda: all(p["prefixes"]["accepted"] == 1 for p in legs().values()))
        routes = {(r["peer"], r["prefix"]) for r in ask("routes")["routes"] if r["peer"]}
        assert routes == {(leg, "10.10.0.0/16") for leg in LEGS}, routes
        for p in legs().values():
            assert p["md5"] and p["hold_s"] == 180, p
            assert p["prefixes"]["received"] == 1, "the router announces more than the design says"
    except Exception:
        for name in sorted(os.listdir(scene.dir)):
            if name.endswith(".log"):
                with open(os.path.join(scene.dir, name), errors="replace") as f:
                    print(f"--- {name}\n" + "".join(f.readlines()[-12:]))
        raise
    finally:
        scene.close()


def main():
    if os.geteuid() != 0:
        print("skipped: needs root")
        return 77
    passed = failed = 0
    for dialect in STARTERS:
        try:
            comes_up(dialect)
            passed += 1
            print(f"ok      {dialect}: both legs come up as rendered", flush=True)
        except Exception as e:  # the next dialect is tried all the same
            failed += 1
            print(f"FAILED  {dialect}: {e}", flush=True)
    left = [n for n in run("ip", "netns", "list", check=False).split() if n.startswith(f"fl-t-rd-{PID}")]
    passed, failed = (passed + 1, failed) if not left else (passed, failed + 1)
    print("ok      nothing is left" if not left else f"FAILED  left: {left}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
