#!/usr/bin/env python3
"""issuer_test.py BUILD: an OpenID Connect issuer besides fairleadd itself: its keys by discovery over HTTPS, its people by
role assignments, its rotation; and what its tokens must not do."""
import base64
import http.server
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import uuid

from harness import Server, program, run

work = tempfile.mkdtemp(prefix="fl-issuer-")


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True, cwd=work).stdout


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    def __init__(self, kid, kind):
        self.kid, self.kind = kid, kind
        self.file = os.path.join(work, str(uuid.uuid4()) + ".pem")
        openssl("genpkey", "-algorithm", *(("RSA", "-pkeyopt", "rsa_keygen_bits:2048") if kind == "RS256" else
                                           ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")), "-out", self.file)
        der = openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")
        if kind == "RS256":
            text = openssl("rsa", "-in", self.file, "-noout", "-modulus").decode().strip().split("=")[1]
            self.jwk = {"kty": "RSA", "n": b64(bytes.fromhex(text)), "e": "AQAB"}
        else:
            self.jwk = {"kty": "EC", "crv": "P-256", "x": b64(der[-64:-32]), "y": b64(der[-32:])}
        self.jwk.update(kid=kid, use="sig")

    def sign(self, claims, **head):
        text = b64(json.dumps({"alg": self.kind, "kid": self.kid, **head}).encode()) + "." + b64(json.dumps(claims).encode())
        raw = openssl("dgst", "-sha256", "-sign", self.file, data=text.encode())
        if self.kind == "ES256":  # DER to the two numbers (RFC 7518 3.4)
            n = raw[3]
            r, s = raw[4:4 + n], raw[6 + n:]
            raw = r.lstrip(b"\0").rjust(32, b"\0") + s.lstrip(b"\0").rjust(32, b"\0")
        return text + "." + b64(raw)


keys, asked = [Key("one", "RS256"), Key("two", "ES256")], []


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        asked.append(self.path)
        if self.path.startswith("/.well-known"):
            body = {"issuer": ISSUER, "jwks_uri": ISSUER + "/keys"}
        else:
            body = {"keys": [k.jwk for k in keys]}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass


openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out", "tls.pem", "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(work, "tls.pem"), os.path.join(work, "tls.key"))
pages.socket = context.wrap_socket(pages.socket, server_side=True)
threading.Thread(target=pages.serve_forever, daemon=True).start()
ISSUER = f"https://localhost:{pages.server_port}"
AUDIENCE = "api://fairlead"
server = Server(program(), config=f"issuer: {{url: '{ISSUER}', audience: '{AUDIENCE}', ca_file: {work}/tls.pem}}\n")
admin = server.sign_in("admin")
ALICE, BOB = str(uuid.uuid4()), "bob@example.org"
GROUPS = f"/subscriptions/{admin.subscription}/resourcegroups?api-version=2021-04-01"


def claims(**changes):
    now = int(time.time())
    base = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 600, "nbf": now, "oid": ALICE, "sub": "x"}
    return {k: v for k, v in {**base, **changes}.items() if v is not None}


def ask(token, method="GET", path=GROUPS, body=None):
    return server.call(method, path, body, {"Authorization": "Bearer " + token})


def nobody_has_a_role_by_a_token_alone():
    assert ask(keys[0].sign(claims())).status == 401
    assert asked == ["/.well-known/openid-configuration", "/keys"], asked


def give(who, role, name):
    path = f"/subscriptions/{admin.subscription}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01"
    a = admin.call("PUT", path, {"properties": {"roleDefinitionId": role, "principalId": who}})
    assert a.status == 201, a
    return path


def its_people_do_what_they_were_given():
    give(ALICE, "b24988ac-6180-42a0-ab88-20f7382dd24c", str(uuid.uuid4()))
    give(BOB, "acdd72a7-3385-48ef-bd42-f606fba81ae7", str(uuid.uuid4()))
    for key in keys:
        alice, bob = key.sign(claims(aud=["x", AUDIENCE])), key.sign(claims(oid=None, sub=BOB))
        path = f"{admin.group('by-' + key.kid)}?api-version=2021-04-01"
        assert ask(alice, "PUT", path, {"location": "westeurope"}).status == 201
        assert ask(bob).status == 200
        assert ask(bob, "PUT", path, {"location": "westeurope"}).status == 403


def tokens_with_anything_wrong_are_refused_in_one_shape():
    stranger, answers = Key("one", "RS256"), set()
    other = json.loads(base64.urlsafe_b64decode(admin.token.split(".")[1] + "=="))["oid"]
    now = int(time.time())
    good = keys[0].sign(claims())
    for name, token in {
            "another's key": stranger.sign(claims()), "other issuer": keys[0].sign(claims(iss="https://x")),
            "other audience": keys[0].sign(claims(aud="x")), "no audience": keys[0].sign(claims(aud=None)),
            "no end": keys[0].sign(claims(exp=None)), "not yet": keys[0].sign(claims(nbf=now + 4000)),
            "nobody": keys[0].sign(claims(oid=None, sub=None)), "critical": keys[0].sign(claims(), crit=["x"]),
            "other algorithm": keys[0].sign(claims(), alg="RS512"), "none": keys[0].sign(claims(), alg="none"),
            "symmetric": keys[0].sign(claims(), alg="HS256"), "cut": good[:-8],
            "one of ours": keys[0].sign(claims(oid=other))}.items():
        a = ask(token)
        assert a.status == 401 and a.code == "InvalidAuthenticationToken", (name, a)
        answers.add(a.raw)
    assert len(answers) == 1
    a = ask(keys[0].sign(claims(exp=now - 4000, nbf=now - 8000)))
    assert a.status == 401 and a.code == "ExpiredAuthenticationToken", a
    assert ask(good).status == 200


def unknown_keys_do_not_make_it_ask_again_and_again():
    before = len(asked)
    for i in range(20):
        assert ask(keys[0].sign(claims(), kid=f"no-{i}")).status == 401
    assert len(asked) == before, asked


def what_it_must_be_is_said_when_it_is_not():
    path = os.path.join(server.dir, "bad.yaml")
    with open(path, "w", encoding="ascii") as f:
        f.write("issuer: {url: 'http://x', audience: y}\n")
    done = subprocess.run([program(), "--state-dir", os.path.join(server.dir, "o"), "--listen", "127.0.0.1:0", "--config", path],
                          capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 2 and "https://" in done.stderr, done


try:
    sys.exit(run([
        nobody_has_a_role_by_a_token_alone,
        its_people_do_what_they_were_given,
        tokens_with_anything_wrong_are_refused_in_one_shape,
        unknown_keys_do_not_make_it_ask_again_and_again,
        what_it_must_be_is_said_when_it_is_not,
    ]))
finally:
    server.close()
    pages.shutdown()
    subprocess.run(["rm", "-rf", work], check=False)
