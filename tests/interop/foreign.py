"""Other speakers for the right-hand namespace of a Scene (routers.py): OpenBGPD, GoBGP and ExaBGP, and what
stands beside a router: an RPKI cache and a BMP station. All run in the foreground with private files."""
import json
import os
import time

from routers import LEFT, LEFT6, RIGHT, RIGHT6, run, wait_for


class OpenBgpd:
    """OpenBGPD announcing 10.2.0.0/16 and fd00:2::/48. Its chroot directory is in a /run of its own."""

    def __init__(self, scene, asn=65002, session="", networks=("10.2.0.0/16", "fd00:2::/48"), peer_asn=65001):
        self.scene, self.ctl = scene, scene.path("bgpd.sock")
        lines = "\n".join(f"network {n}" for n in networks)
        file = scene.write("openbgpd.conf", f"""AS {asn}
router-id 192.0.2.2
fib-update no
socket "{self.ctl}"
listen on {RIGHT}
listen on {RIGHT6}
{lines}
neighbor {LEFT} {{
  remote-as {peer_asn}
  local-address {RIGHT}
  holdtime 90
  announce IPv4 unicast
  {session}
}}
neighbor {LEFT6} {{
  remote-as {peer_asn}
  local-address {RIGHT6}
  holdtime 90
  announce IPv6 unicast
}}
allow from any
allow to any
""")
        os.chmod(file, 0o600)
        own_run = "mount -t tmpfs tmpfs /run && mkdir /run/openbgpd && exec \"$@\""
        self.process = scene.start(scene.right, "unshare", "-m", "--propagation", "private", "sh", "-c", own_run, "sh",
                                   "/usr/sbin/bgpd", "-d", "-v", "-f", file, name="openbgpd")
        wait_for("OpenBGPD answers", lambda: "Neighbor" in self.ask("show"))

    def ask(self, *words):
        return run("bgpctl", "-s", self.ctl, *words, check=False)

    def is_up(self, neighbor=LEFT):
        return "State = Established" in self.ask("show", "neighbor", neighbor) or \
            "BGP state = Established" in self.ask("show", "neighbor", neighbor)

    def route(self, prefix):
        text = self.ask("show", "rib", "detail", prefix)
        return text if "BGP routing table entry" in text else ""


class GoBgp:
    """GoBGP with one session over IPv4 that carries both families."""

    def __init__(self, scene, asn=65002, neighbor="", networks=("10.2.0.0/16", "fd00:2::/48"), peer_asn=65001,
                 restart=False, passive=False):
        self.scene = scene
        families = "".join(f"""
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "{f}"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = {str(restart).lower()}""" for f in ("ipv4-unicast", "ipv6-unicast"))
        file = scene.write("gobgp.toml", f"""[global.config]
  as = {asn}
  router-id = "192.0.2.2"
  local-address-list = ["{RIGHT}"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{LEFT}"
    peer-as = {peer_asn}
{neighbor}
  [neighbors.transport.config]
    local-address = "{RIGHT}"
    passive-mode = {str(passive).lower()}
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 90
  [neighbors.graceful-restart.config]
    enabled = {str(restart).lower()}
    restart-time = 60{families}
""")
        self.process = scene.start(scene.right, "gobgpd", "-f", file, "--api-hosts", "127.0.0.1:50051",
                                   *(["-r"] if restart == "restarting" else []))
        wait_for("GoBGP answers", lambda: LEFT in self.ask("neighbor"))
        for n in networks:
            hop = RIGHT6 if ":" in n else RIGHT
            self.ask("global", "rib", "add", n, "nexthop", hop, "-a", "ipv6" if ":" in n else "ipv4")

    def ask(self, *words):
        return run("ip", "netns", "exec", self.scene.right, "gobgp", *words, check=False)

    def is_up(self):
        return "BGP_FSM_ESTABLISHED" in self.ask("neighbor", LEFT) or "ESTABLISHED" in self.ask("neighbor", LEFT)

    def route(self, prefix):
        text = self.ask("global", "rib", prefix, "-a", "ipv6" if ":" in prefix else "ipv4")
        return text if prefix in text else ""


class ExaBgp:
    """ExaBGP sends what it is told, true or not. `routes` are lines of its configuration; `say` adds more
    while it runs."""

    def __init__(self, scene, asn=65002, routes=(), address=RIGHT, peer_asn=65001, session="", name="exabgp"):
        self.scene, self.pipe = scene, scene.path(name + ".say")
        os.mkfifo(self.pipe)
        os.chmod(self.pipe, 0o666)
        lines = "\n".join(f"    route {r};" for r in routes)
        file = scene.write(name + ".conf", f"""process say {{
  run /bin/sh -c "exec cat <>{self.pipe}";
  encoder text;
}}
neighbor {LEFT} {{
  router-id 192.0.2.{address.rsplit('.')[-1]};
  local-address {address};
  local-as {asn};
  peer-as {peer_asn};
  hold-time 90;
  family {{ ipv4 unicast; ipv6 unicast; }}
  capability {{ route-refresh enable; }}
  {session}
  api {{ processes [ say ]; }}
  static {{
{lines}
  }}
}}
""")
        env = {"exabgp.daemon.user": "root", "exabgp.daemon.daemonize": "false", "exabgp.api.cli": "false",
               "exabgp.log.destination": "stdout", "exabgp.api.ack": "false"}
        self.process = scene.start(scene.right, "exabgp", file, env=env, name=name)

    def say(self, line):
        fd = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK)
        os.write(fd, line.encode() + b"\n")
        os.close(fd)


class Cache:
    """stayrtr in the left namespace, beside the router."""

    def __init__(self, scene, port=3323):
        self.scene, self.port = scene, port
        self.payloads = []
        self.write()

    def start(self):
        self.process = self.scene.start(
            self.scene.left, "stayrtr", "-cache", self.scene.path("vrps.json"), "-bind", f"127.0.0.1:{self.port}",
            "-metrics.addr", "127.0.0.1:9847", "-refresh", "1", "-checktime=false")
        return self

    def give(self, *payloads):
        """(prefix, max length, AS) each, in place of what there was."""
        self.payloads = payloads
        self.write()

    def write(self):
        until = int(time.time()) + 86400
        roas = [{"prefix": p, "maxLength": n, "asn": f"AS{a}", "ta": "test", "expires": until}
                for p, n, a in self.payloads]
        document = {"metadata": {"buildtime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, "roas": roas}
        self.scene.write("vrps.json.new", json.dumps(document))
        os.rename(self.scene.path("vrps.json.new"), self.scene.path("vrps.json"))


class Station:
    """A BMP station in the left namespace (bmp_station.py): what it got, message by message."""

    PORT = 11019

    def __init__(self, scene, *flags):
        self.scene, self.file = scene, scene.path("bmp.jsonl")
        here = os.path.dirname(os.path.abspath(__file__))
        self.process = scene.start(scene.left, "python3", os.path.join(here, "bmp_station.py"), str(self.PORT),
                                   self.file, *flags, name="station")
        wait_for("the station listens", lambda: os.path.exists(self.file))

    def messages(self, kind=None):
        with open(self.file, encoding="utf-8") as f:
            whole = f.read()
        lines = [json.loads(line) for line in whole[:whole.rfind("\n") + 1].splitlines()]
        return [m for m in lines if kind in (None, m["type"])]
