"""What the interop suites share: two namespaces joined by a cable, and the routers that run in them: fairlead-edge on the left, BIRD
or FRR on the right. Everything a Scene started or made is gone when it is left, also on failure.

    left  fairlead-edge 10.99.0.1/24 fd00:99::1/64 ---- 10.99.0.2/24 fd00:99::2/64  BIRD or FRR
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

LEFT, RIGHT = "10.99.0.1", "10.99.0.2"
LEFT6, RIGHT6 = "fd00:99::1", "fd00:99::2"


class Failed(Exception):
    pass


def run(*args, check=True, **kw):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
                          **kw)
    if check and done.returncode:
        raise Failed(f"{' '.join(args)}: {done.stdout.strip()}")
    return done.stdout


def wait_for(what, condition, seconds=15):
    """Waits until condition() is true; its last value goes into the failure."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def stays(what, condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise Failed(f"did not stay so for {seconds} s: {what}")
        time.sleep(0.1)


class Scene:
    numbers = count(1)

    def __init__(self, edge_binary):
        self.edge_binary = edge_binary
        self.processes = []
        number = next(Scene.numbers)
        self.left = f"fl-t-io-{os.getpid()}-{number}-l"
        self.right = f"fl-t-io-{os.getpid()}-{number}-r"

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="fl-t-io-")
        os.chmod(self.dir, 0o755)
        try:
            for ns in (self.left, self.right):
                run("ip", "netns", "add", ns)
                run("ip", "-n", ns, "link", "set", "lo", "up")
            run("ip", "-n", self.left, "link", "add", "c0", "type", "veth", "peer", "name", "c0",
                "netns", self.right)
            ends = ((self.left, LEFT, LEFT6), (self.right, RIGHT, RIGHT6))
            for ns, four, six in ends:
                run("ip", "-n", ns, "addr", "add", f"{four}/24", "dev", "c0")
                run("ip", "-n", ns, "addr", "add", f"{six}/64", "dev", "c0", "nodad")
                run("ip", "-n", ns, "link", "set", "c0", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for p in reversed(self.processes):
            if p.poll() is None:
                p.send_signal(signal.SIGCONT)
                p.terminate()
        for p in self.processes:
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        for ns in (self.left, self.right):
            run("ip", "netns", "del", ns, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def start(self, ns, *args, env=None, name=None):
        log = open(self.path((name or os.path.basename(args[0])) + ".out"), "ab")
        p = subprocess.Popen(["ip", "netns", "exec", ns, *args], stdin=subprocess.DEVNULL, stdout=log,
                             stderr=subprocess.STDOUT, cwd=self.dir, env={**os.environ, **(env or {})})
        log.close()
        self.processes.append(p)
        return p


class Edge:
    """fairlead-edge as a plain speaker. Peers are dictionaries of the file's own keys."""

    def __init__(self, scene, peers, asn=65001, networks=("10.1.0.0/16", "fd00:1::/48"), domain_more=None, **more):
        self.socket = scene.path("edge.sock")
        domain = {"name": "blue", "kind": "plain", "peers": peers,
                  "networks": [{"prefix": n} for n in networks], **(domain_more or {})}
        document = {"router": {"name": "edge", "id": "192.0.2.1", "asn": asn}, "dataplane": "none",
                    "control_socket": self.socket,
                    "bgp": {"listen": [f"{LEFT}:179", f"[{LEFT6}]:179"]}, "domains": [domain], **more}
        # JSON is YAML
        file = scene.write("edge.yaml", json.dumps(document))
        self.scene, self.file, self.document = scene, file, document
        self.process = scene.start(scene.left, scene.edge_binary, "--config", file)
        wait_for("fairlead-edge answers", lambda: self.ask("show bgp"))

    def ask(self, question):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(3)
                s.connect(self.socket)
                s.sendall(question.encode() + b"\n")
                answer = b""
                while True:
                    got = s.recv(65536)
                    if not got:
                        return json.loads(answer)
                    answer += got
        except (OSError, ValueError):
            return None

    def apply(self, change):
        change(self.document["domains"][0])
        self.scene.write("edge.yaml", json.dumps(self.document))
        run("kill", "-HUP", str(self.pid()))

    def pid(self):
        """ip netns exec becomes the program it starts."""
        return self.process.pid

    def peer(self, name="right"):
        answer = self.ask("show bgp") or {"peers": []}
        return next((p for p in answer["peers"] if p["name"] == name), {})

    def is_up(self, name="right"):
        return self.peer(name).get("state") == "Established"

    def log(self):
        with open(self.scene.path("fairlead-edge.out"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def paths(self, prefix):
        answer = self.ask("show routes") or {"routes": []}
        return [r for r in answer["routes"] if r["prefix"] == prefix]


class Bird:
    """BIRD with a session `left4` (and `left6` over IPv6 when asked), announcing `networks`."""

    def __init__(self, scene, asn=65002, session="", bfd=False, peer_asn=65001, over_ipv6=False,
                 networks=("10.2.0.0/16", "fd00:2::/48"), channel4="", more=""):
        four = "".join(f" route {n} blackhole;" for n in networks if ":" not in n)
        six = "".join(f" route {n} blackhole;" for n in networks if ":" in n)
        local, remote = (RIGHT6, LEFT6) if over_ipv6 else (RIGHT, LEFT)
        conf = f"""router id 192.0.2.2;
protocol device {{ }}
protocol static s4 {{ ipv4; {four} }}
protocol static s6 {{ ipv6; {six} }}
{more}
{'protocol bfd b { interface "c0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }' if bfd else ''}
protocol bgp left {{
  local {local} as {asn};
  neighbor {remote} as {peer_asn};
  hold time 90;
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  {session}
  {'bfd on;' if bfd else ''}
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; {'extended next hop off;' if over_ipv6 else ''} {channel4} }};
  ipv6 {{ import all; export where source = RTS_STATIC; next hop {RIGHT6 if not over_ipv6 else 'self'}; }};
}}
"""
        if not over_ipv6:
            conf = conf.replace(f"next hop {RIGHT6};", f"next hop address {RIGHT6};")
        file = scene.write("bird.conf", conf)
        self.ctl = scene.path("bird.ctl")
        self.scene = scene
        self.process = scene.start(scene.right, "bird", "-f", "-c", file, "-s", self.ctl, "-P",
                                   scene.path("bird.pid"))
        wait_for("BIRD answers", lambda: "ready" in self.ask("show status").lower() or
                 "up and running" in self.ask("show status"))

    def ask(self, *question):
        return run("birdc", "-s", self.ctl, *question, check=False)

    def is_up(self):
        return "Established" in self.ask("show protocols left")

    def route(self, prefix):
        """The text about a route, '' without one."""
        text = self.ask("show route", prefix, "all")
        return text if "BGP.as_path" in text else ""


class Frr:
    """FRR's zebra and bgpd (and bfdd) in private directories."""
    DAEMONS = "/usr/lib/frr"

    def __init__(self, scene, asn=65002, session="", bfd=False, peer_asn=65001,
                 networks=("10.2.0.0/16", "fd00:2::/48"), restarts=False):
        self.scene = scene
        os.mkdir(scene.path("frr"))
        shutil.chown(scene.path("frr"), "frr", "frrvty")
        n4 = "".join(f"  network {n}\n" for n in networks if ":" not in n)
        n6 = "".join(f"  network {n}\n" for n in networks if ":" in n)
        conf = f"""router bgp {asn}
 bgp router-id 192.0.2.2
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor {LEFT} remote-as {peer_asn}
 neighbor {LEFT} timers 30 90
 neighbor {LEFT} timers connect 1
{''.join(f' neighbor {LEFT} {line}' + chr(10) for line in session.split(';') if line)}\
{f' neighbor {LEFT} bfd 3 100 100' if bfd else ''}
{' bgp graceful-restart' + chr(10) + ' bgp graceful-restart preserve-fw-state' if restarts else ''}
 neighbor {LEFT6} remote-as {peer_asn}
 neighbor {LEFT6} timers connect 1
 address-family ipv4 unicast
{n4}  neighbor {LEFT} activate
 exit-address-family
 address-family ipv6 unicast
{n6}  neighbor {LEFT6} activate
 exit-address-family
"""
        self.daemon("zebra", "")
        if bfd:
            self.daemon("bfdd", "")
        self.conf = conf
        self.bgpd = self.daemon("bgpd", conf)
        self.answers()

    def answers(self):
        wait_for("FRR answers", lambda: "BGP" in self.ask("show bgp summary") or
                 "Neighbor" in self.ask("show bgp summary"))

    def daemon(self, name, conf):
        scene = self.scene
        own = scene.path("frr")
        file = scene.write(f"frr/{name}.conf", f"log file {own}/{name}.log\n" + conf)
        # bgpd finds bfdd through zebra; the control socket is only for other users of bfdd.
        extra = ["--bfdctl", f"{own}/bfdd.ctl"] if name == "bfdd" else []
        process = scene.start(scene.right, f"{self.DAEMONS}/{name}", "-f", file, "-z", f"{own}/zserv",
                    "--vty_socket", own, "-i", f"{own}/{name}.pid", "-P", "0", *extra)
        wait_for(f"{name} listens", lambda: os.path.exists(f"{own}/{name}.vty"))
        return process

    def kill_bgpd(self):
        self.bgpd.kill()
        self.bgpd.wait()

    def start_bgpd_without(self, network):
        os.unlink(self.scene.path("frr/bgpd.vty"))
        self.bgpd = self.daemon("bgpd", self.conf.replace(f"  network {network}\n", ""))
        self.answers()

    def ask(self, *commands):
        args = [a for c in commands for a in ("-c", c)]
        return run("vtysh", "--vty_socket", self.scene.path("frr"), *args, check=False)

    def is_up(self, neighbor=LEFT):
        return "BGP state = Established" in self.ask(f"show bgp neighbors {neighbor}")

    def route(self, prefix):
        family = "ipv6" if ":" in prefix else "ipv4"
        text = self.ask(f"show bgp {family} unicast {prefix}")
        return text if "valid" in text else ""


def play(case, edge_binary):
    """One case in a scene of its own: (report, whether it held)."""
    started, why, logs = time.monotonic(), None, ""
    try:
        with Scene(edge_binary) as scene:
            try:
                case(scene)
            except BaseException:
                for name in sorted(os.listdir(scene.dir)):
                    if name.endswith((".out", ".log")):
                        with open(scene.path(name), errors="replace") as f:
                            logs += f"--- {name}\n" + f.read()[-3000:]
                raise
    except (Failed, AssertionError, subprocess.SubprocessError, KeyError, IndexError, OSError) as e:
        why = f"{type(e).__name__}: {e}"
    text = f"{logs}{'not ok' if why else 'ok'} - {case.__name__.replace('_', ' ')} " \
           f"({time.monotonic() - started:.1f} s){': ' + why if why else ''}"
    return text, why is None


def play_all(cases, edge_binary, only, alone=lambda name: False, side_by_side=4):
    """Most cases wait for others most of the time, so several run at once; those that measure how soon
    something is noticed run alone. The exit status."""
    wanted = [c for c in cases if not only or c.__name__ in only]
    results = []
    for group, width in (([c for c in wanted if not alone(c.__name__)], side_by_side),
                         ([c for c in wanted if alone(c.__name__)], 1)):
        with ThreadPoolExecutor(width) as pool:
            for text, held in pool.map(lambda c: play(c, edge_binary), group):
                print(text, flush=True)
                results.append(held)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


def missing_here(*programs):
    """What cannot be found, for a skip message; "" when all is there."""
    lacking = [p for p in ("ip", *programs) if not shutil.which(p)]
    if os.geteuid() != 0:
        lacking.insert(0, "root")
    return ", ".join(lacking)
