"""fairlead-edge as a device under test of the BGP harness (its BENCH_DUTS names this folder). Senders are
customers and receivers gateways of a plain domain: everything in, customers do not see each other.
FAIRLEAD_EDGE names the binary; build/fairlead-edge otherwise."""
import json
import os

from dut import Dut

HERE = os.path.dirname(os.path.abspath(__file__))


class Fairlead(Dut):
    name = "fairlead"
    binary = os.path.normpath(os.path.join(HERE, "..", "..", "build", "fairlead-edge"))
    env = "FAIRLEAD_EDGE"

    def version(self):
        return "0.1.0"

    def commands(self, spec):
        def peer(kind, i, n):
            return {"name": f"{kind[0]}{i}", "address": n.address, "local": spec.address, "asn": n.asn,
                    "role": kind, "passive": True, "hold": 240}

        peers = [peer("customer", i, n) for i, n in enumerate(spec.senders)]
        peers += [peer("gateway", i, n) for i, n in enumerate(spec.receivers)]
        document = {"router": {"name": "dut", "id": spec.address, "asn": spec.asn}, "dataplane": "none",
                    "control_socket": spec.path("edge.sock"), "bgp": {"listen": [f"{spec.address}:179"]},
                    "domains": [{"name": "table", "kind": "plain", "peers": peers}]}
        return [[self.find(), "--config", spec.write("edge.yaml", json.dumps(document))]]


DUTS = [Fairlead()]
