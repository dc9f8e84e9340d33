#!/usr/bin/env python3
"""commands_test.py BUILD SOURCE: what people and machines read of a check - every output format parsed by
somebody else's parser, the file `init` writes, the lines `--suggest` proposes, bad input.

Rows come and go, so nothing here counts them; it is about shape, agreement between formats, and messages.
"""
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

BUILD, SOURCE = sys.argv[1], sys.argv[2]
FAIRLEAD = os.path.join(BUILD, "fairlead")
DEMO = os.path.join(SOURCE, "examples", "demo.yaml")
WORK = tempfile.TemporaryDirectory()
passed = failed = 0


def run(*words, ok=(0,), stdin=""):
    done = subprocess.run([FAIRLEAD, *words], capture_output=True, text=True, timeout=60, input=stdin, cwd=WORK.name)
    assert done.returncode in ok, f"fairlead {' '.join(words)}: status {done.returncode}: {done.stderr[-1500:]}"
    return done


def path(name, text=None):
    at = os.path.join(WORK.name, name)
    if text is not None:
        with open(at, "w") as f:
            f.write(text)
    return at


def demo(*changes):
    with open(DEMO) as f:
        text = f.read()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return path("changed.yaml", text)


BAD = (("bandwidth_mbps: 200", "bandwidth_mbps: 300"),
       ("        bfd: true", "        bfd: true\n        edge:\n          primary: {vlan: 101}\n"
                             "          secondary:\n            prepend: 2   # an old experiment"))


def report(file, *more):
    return json.loads(run("check", file, "-o", "json", *more, ok=(0, 4, 5)).stdout)


def formats_agree():
    file = demo(*BAD)
    r = report(file)
    fail = [x for x in r["rows"] if x["verdict"] == "fail"]
    assert {"CIR-02", "NET-L2-02"} <= {x["id"] for x in fail}, fail
    junit = xml.etree.ElementTree.fromstring(run("check", file, "-o", "junit", ok=(4,)).stdout)
    assert int(junit.get("failures")) == len(fail) == len(junit.findall(".//failure"))
    assert int(junit.get("tests")) == len(r["rows"]) == len(junit.findall("testcase"))
    metrics = run("check", file, "-o", "prometheus", ok=(4,)).stdout
    for line in metrics.splitlines():
        assert re.fullmatch(r'#.*|[a-z_]+(\{([a-z]+="(\\.|[^"\\])*",?)+\})? -?\d+', line), line
    assert f'fairlead_check_findings{{mode="design",verdict="fail"}} {len(fail)}\n' in metrics
    assert metrics.count("fairlead_check_verdict{") == len(r["rows"])
    nagios = run("check", file, "-o", "nagios", ok=(2,)).stdout
    assert nagios.count("\n") == 1 and nagios.startswith("FAIRLEAD CRITICAL - ") and f"fail={len(fail)} " in nagios
    table = run("check", file, "-o", "table", ok=(4,)).stdout
    assert f"{len(fail)} fail, " in table and file + ":" in table and "\033" not in table


class Page(html.parser.HTMLParser):
    VOID = {"meta", "br", "link", "img", "hr", "input"}

    def __init__(self):
        super().__init__()
        self.open, self.text, self.refs = [], [], []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        self.refs += [v for k, v in attributes if k in ("src", "href", "action", "onclick")]
        assert tag not in ("script", "iframe", "img", "link"), tag

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        self.text.append(data)


def html_is_whole_and_alone():
    evil = demo(*BAD, ("name: demo", 'name: demo'))
    waivers = path("waivers.yaml", "waivers:\n"
                   "  - {row: CIR-02, owner: \"<b>Ann</b>\", reason: \"R&D says \\\"wait\\\"\", until: 2099-01-31}\n"
                   "  - {row: NET-L2-02, owner: Bob, reason: late, until: 2020-01-31}\n")
    file = path("report.html")
    done = run("report", evil, "--html", file, "--waivers", waivers, ok=(4,))
    assert file in done.stdout
    with open(file) as f:
        text = f.read()
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open and not page.refs, (page.open, page.refs)
    assert "url(" not in text and "@import" not in text and "@media print" in text
    words = " ".join(page.text)
    for want in ("<b>Ann</b>", '"wait"', "2099-01-31", "over", "SHA-256", "NET-L2-02", "who must act"):
        assert want in words, want
    digest = subprocess.run(["sha256sum", evil], capture_output=True, text=True).stdout.split()[0]
    assert digest in words, "the design's hash is not that of the file"
    r = report(evil, "--waivers", waivers)
    verdicts = {x["id"]: x for x in r["rows"] if x["id"] in ("CIR-02", "NET-L2-02")}
    assert verdicts["CIR-02"]["verdict"] == "waived" and "until 2099-01-31" in verdicts["CIR-02"]["message"]
    assert verdicts["NET-L2-02"]["verdict"] == "fail", "a waiver that is over waives nothing"


def suggestions_settle_what_they_name():
    file = demo(*BAD)
    said = run("check", file, "--suggest", ok=(4,)).stdout
    lines = open(file).read().splitlines()
    for line, old, new in re.findall(r":(\d+)  \(.*\)\n- (.*)\n\+ (.*)", said):
        assert lines[int(line) - 1] == old, (line, old)
        lines[int(line) - 1] = new
    mended = path("mended.yaml", "\n".join(lines) + "\n")
    before, after = report(file), report(mended)
    gone = {x["id"] for x in before["rows"] if x["verdict"] in ("fail", "warn")} - \
           {x["id"] for x in after["rows"] if x["verdict"] in ("fail", "warn")}
    assert {"CIR-02", "PRV-03", "NET-L2-02", "NET-L2-03", "NET-RED-07"} <= gone, (gone, said)
    assert "# an old experiment" in "\n".join(lines), "comments stay"


def init_writes_a_design_without_a_fail():
    file = path("plant.yaml")
    run("init", file, "--name", "plant", "--asn", "65033", "--site-prefix", "10.64.0.0/14", "--yes")
    assert os.stat(file).st_mode & 0o077 == 0, "it holds a key"
    r = report(file)
    assert r["summary"]["fail"] == 0, [x for x in r["rows"] if x["verdict"] == "fail"]
    assert "65033" in run("config", "render", file, "--for", "frr").stdout
    assert "there already" in run("init", file, "--yes", ok=(1,)).stderr
    first = re.search("shared_key: (\\w+)", open(file).read()).group(1)
    run("init", file, "--yes", "--force")
    assert re.search("shared_key: (\\w+)", open(file).read()).group(1) != first, "each file gets a key of its own"
    for flag, value, word in (("--provider", "Equinx", "did you mean 'Equinix'"), ("--asn", "12076", "12076"),
                              ("--bandwidth", "300", "500"), ("--primary", "10.0.0.0/29", "/30"),
                              ("--location", "Nowhere", "--location"), ("--vlan", "5000", "4094")):
        said = run("init", path("other.yaml"), "--yes", flag, value, ok=(2,)).stderr
        assert word in said, said
    assert not os.path.exists(path("other.yaml"))


def bad_input_is_told():
    assert re.search(r"bad\.yaml:\d+:\d+:", run("check", path("bad.yaml", "circuits: {a: 1}\n"), ok=(2,)).stderr)
    assert "--import DIR" in run("check", ok=(2,)).stderr
    assert "did you mean 'bird'" in run("config", "render", DEMO, "--for", "brid", ok=(2,)).stderr
    assert "there is no row" in run("check", "--explain", "NET-XX-01", ok=(3,)).stderr
    assert "source" in run("check", "--explain", "NET-RED-06").stdout
    assert "--every" in run("check", DEMO, "--watch", "--every", "0", ok=(2,)).stderr
    assert "no row's id begins so" in run("check", DEMO, "--only", "NOPE", ok=(2,)).stderr
    assert "no such directory" in run("check", "--import", path("nowhere"), ok=(1,)).stderr
    os.makedirs(path("empty"), exist_ok=True)
    assert "fairlead import" in run("check", "--import", path("empty"), ok=(1,)).stderr
    os.makedirs(path("odd"), exist_ok=True)
    for name, text in (("a.json", "{"), ("b.json", '{"value": [1, null, {"id": 3}]}'), ("c.txt", "hello"),
                       ("d.json", "[" * 3000), ("e.json", '{"id": "/subscriptions/s/resourceGroups/g/providers/'
                        'Microsoft.Network/expressRouteCircuits/c1", "name": "c1", "peerings": "no", "sku": [1]}')):
        path(os.path.join("odd", name), text)
    done = run("check", "--import", path("odd"), "-o", "json", ok=(4, 5))
    assert "a.json: line 1" in done.stderr and json.loads(done.stdout)["mode"] == "field"
    assert "needs evidence" in run("why", "10.10.0.10", "10.20.0.10", "--design", DEMO, ok=(2,)).stderr
    # a key that a router would read as syntax is left out, and said so
    evil = demo(("shared_key: demoKey2026", 'shared_key: "x\\n neighbor 1.2.3.4 remote-as 1"'))
    for dialect in ("frr", "bird", "ios-xe", "junos", "fairlead"):
        text = run("config", "render", evil, "--for", dialect).stdout
        assert "1.2.3.4" not in text and "left out" in text, dialect



RESILIENT = os.path.join(SOURCE, "examples", "resilient.yaml")
# First words that a statement of IOS-XE may have, at the margin and below it.
IOS_TOP = ("hostname", "class-map", "policy-map", "interface", "ip route", "ipv6 route", "ip nat", "ip access-list", "ip prefix-list",
           "ipv6 prefix-list", "ip community-list", "ip bgp-community", "route-map", "router bgp", "bfd", "ipv6 unicast-routing", "end")
IOS_BELOW = ("match", "class", "priority", "bandwidth", "shape", "service-policy", "description", "encapsulation", "ip address", "ipv6 address",
             "ip nat", "bfd", "no ", "permit", "deny", "set", "bgp", "neighbor", "network", "address-family", "exit-address-family", "maximum-paths")


def render(dialect, router, design=RESILIENT):
    return run("config", "render", design, "--for", dialect, "--router", router).stdout


def statements_of_ios_are_known_ones():
    for line in render("ios-xe", "ams-ce1").splitlines():
        bare = line.strip()
        if not bare or bare.startswith("!"):
            continue
        assert bare.startswith(IOS_BELOW if line.startswith(" ") else IOS_TOP), line


def braces_of_junos_are_balanced():
    text, depth = render("junos", "ams-ce1"), 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split("#")[0].strip() if not line.strip().startswith("#") else ""
        if not bare:
            continue
        assert bare.endswith(("{", ";", "}")), f"line {number}: {line}"
        depth += bare.count("{") - bare.count("}")
        assert depth >= 0, f"line {number} closes what is not open"
        indent = len(line) - len(line.lstrip())
        assert indent == 4 * (depth - (1 if bare.endswith("{") else 0)), f"line {number} is indented {indent} at depth {depth}"
    assert depth == 0, "something stays open"


def each_dialect_has_all_of_the_legs_and_nothing_of_others():
    mine = ("192.168.100.129", "192.168.100.130", "192.0.2.1", "192.0.2.2", "resilientAms1", "resilientAms2", "12076", "65010",
            "10.10.0.0", "10.11.0.0", "198.51.100.0", "192.0.2.128", "10.20.0.0")
    others = ("192.168.100.133", "resilientFra", "198.51.100.128", "pool-fra", "203.0.113.64")
    for dialect in ("fairlead", "frr", "bird", "ios-xe", "junos"):
        text = render(dialect, "ams-ce1")
        for word in mine if dialect != "fairlead" else mine[:-1]:
            assert re.search(rf"(?<![\d.]){re.escape(word)}(?![\d])", text), f"{dialect} lacks {word}"
        for vlan in ("100", "200"):
            assert re.search(rf"(?:\.|vlan-id |dot1Q |ctag: |id ){vlan}\b", text), f"{dialect} lacks VLAN {vlan}"
        for word in others:
            assert not re.search(rf"(?<![\d.]){re.escape(word)}", text), f"{dialect} has {word}, which ends elsewhere"


def our_own_files_are_valid_and_translate():
    edge = os.path.join(BUILD, "fairlead-edge")
    for router in ("ams-ce1", "ams-ce2", "fra-ce1", "fra-ce2"):
        text = render("fairlead", router)
        file = path(f"{router}.yaml", text)
        done = subprocess.run([edge, "--config", file, "--check-config"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, (router, done.stderr, done.stdout)
        assert "dataplane: fast" in text and "outside: true" in text and "sides: 2" in text, text
    plain = run("config", "render", DEMO, "--for", "fairlead").stdout
    assert "dataplane: namespaces" in plain and "nat:" not in plain, "a router that does not translate only forwards"


def main():
    global passed, failed
    for test in (formats_agree, html_is_whole_and_alone, suggestions_settle_what_they_name,
                 init_writes_a_design_without_a_fail, bad_input_is_told,
                 statements_of_ios_are_known_ones, braces_of_junos_are_balanced,
                 each_dialect_has_all_of_the_legs_and_nothing_of_others, our_own_files_are_valid_and_translate):
        try:
            test()
            passed += 1
            print("ok     ", test.__name__.replace("_", " "))
        except Exception as e:
            failed += 1
            print("FAILED ", test.__name__.replace("_", " "), repr(e)[:2500])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
