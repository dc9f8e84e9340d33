#!/usr/bin/env python3
"""access_test.py BUILD: who gets a token, what tokens are refused, and what a request may not be."""
import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
import uuid

from harness import CIRCUIT, EDGES, GROUPS, Server, V, cross_connection, make_group, program, run, until

server = Server(program(), config="public_names: [fairlead.example]\nlimits: {body_kib: 64}\n")
admin = server.sign_in("admin")
SUBSCRIPTIONS = "/subscriptions?api-version=2019-11-01"


def form(**changes):
    a = server.account("admin")
    base = {"grant_type": "client_credentials", "client_id": a["clientId"], "client_secret": a["clientSecret"],
            "scope": f"https://127.0.0.1:{server.port}/.default"}
    return {k: v for k, v in {**base, **changes}.items() if v is not None}


def ask(token, **headers):
    return server.call("GET", SUBSCRIPTIONS, headers={"Authorization": f"Bearer {token}", **headers})


def part(o):
    return base64.urlsafe_b64encode(json.dumps(o).encode()).rstrip(b"=").decode()


def every_door_of_the_token_endpoint_opens():
    tenant = admin.account["tenantId"]
    for path in ("/adfs/oauth2/token", f"/{tenant}/oauth2/v2.0/token", f"/adfs/{tenant}/oauth2/v2.0/token",
                 f"/{tenant.upper()}/oauth2/v2.0/token"):
        a = server.token_answer(path, **form(claims="{}", client_info="1"))
        assert a.status == 200 and a.json["token_type"] == "Bearer" and a.json["expires_in"] == 3599, a
        assert ask(a.json["access_token"]).status == 200
    assert server.token_answer("/00000000-0000-0000-0000-000000000000/oauth2/v2.0/token", **form()).status in (400, 401, 404)


def a_token_says_who_it_is_for():
    head, body, _ = admin.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert {"oid", "tid", "appid", "aud", "iss", "exp", "nbf"} <= set(claims), claims
    assert claims["tid"] == admin.account["tenantId"] and claims["appid"] == admin.account["clientId"], claims
    key = server.call("GET", "/adfs/discovery/keys").json["keys"][0]
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "RS256", "typ": "JWT", "kid": key["kid"]}


def the_signature_verifies_with_the_published_key():
    key = server.call("GET", "/adfs/discovery/keys").json["keys"][0]
    n, e = (int.from_bytes(base64.urlsafe_b64decode(key[k] + "=="), "big") for k in ("n", "e"))
    signed, signature = admin.token.rsplit(".", 1)
    padded = pow(int.from_bytes(base64.urlsafe_b64decode(signature + "=="), "big"), e, n).to_bytes(256, "big")
    assert padded.endswith(hashlib.sha256(signed.encode()).digest())


def discovery_leads_to_the_endpoint_that_works():
    for path in ("/adfs/.well-known/openid-configuration", f"/{admin.account['tenantId']}/v2.0/.well-known/openid-configuration"):
        a = server.call("GET", path)
        base = f"https://127.0.0.1:{server.port}"
        for key in ("authorization_endpoint", "token_endpoint", "issuer", "jwks_uri"):
            assert a.json[key].startswith(base + "/"), a
        assert server.token_answer(a.json["token_endpoint"][len(base):], **form()).status == 200
        assert server.call("GET", a.json["jwks_uri"][len(base):]).json["keys"]


def all_versions_of_the_metadata_are_there():
    keys = {"2015-01-01": "graphEndpoint", "2018-01-01": "cloudEndpoint", "2022-09-01": "resourceManager"}
    for version, key in keys.items():
        a = server.call("GET", f"//metadata/endpoints?api-version={version}")
        assert a.status == 200 and key in a.json, a
    a = server.call("GET", "/metadata/endpoints?api-version=2019-05-01")
    assert a.json[0]["authentication"]["loginEndpoint"].endswith("/adfs"), a
    assert server.call("GET", "/metadata/endpoints?api-version=1999-01-01").status == 400


def terraform_finds_what_it_stops_without():
    cloud = server.call("GET", "/metadata/endpoints?api-version=2022-09-01").json
    base = f"https://127.0.0.1:{server.port}"
    assert cloud["name"] and cloud["resourceManager"] == base and cloud["microsoftGraphResourceId"], cloud
    assert set(cloud["suffixes"]) >= {"storage", "keyVaultDns", "sqlServerHostname", "acrLoginServer"}, cloud
    login, tenant = cloud["authentication"]["loginEndpoint"], admin.account["tenantId"]
    for audience in (base, cloud["microsoftGraphResourceId"], "https://vault.example"):
        a = server.token_answer(f"{login[len(base):]}/{tenant}/oauth2/v2.0/token", **form(scope=audience + "/.default"))
        assert a.status == 200 and a.json["access_token"].count(".") == 2, a
    a = admin.call("GET", f"/subscriptions/{admin.subscription}/providers?api-version=2022-09-01")
    assert any(p["namespace"] == "Microsoft.Network" for p in a.json["value"]), a


def links_begin_with_our_names_only():
    a = server.call("GET", "/metadata/endpoints?api-version=2022-09-01", headers={"Host": f"localhost:{server.port}"})
    assert a.json["resourceManager"] == f"https://localhost:{server.port}", a
    a = server.call("GET", "/metadata/endpoints?api-version=2022-09-01", headers={"Host": "fairlead.example"})
    assert a.json["resourceManager"] == "https://fairlead.example", a
    a = server.call("GET", "/metadata/endpoints?api-version=2022-09-01", headers={"Host": "evil.example"})
    assert a.json["resourceManager"] == f"https://127.0.0.1:{server.port}", a


def wrong_secrets_and_odd_grants_are_refused_as_clients_expect():
    a = server.token_answer(**form(client_secret="wrong"))
    assert a.status == 401 and a.json["error"] == "invalid_client" and a.json["error_codes"] == [7000215], a
    assert a.json["error_description"].startswith("AADSTS7000215: "), a
    b = server.token_answer(**form(client_id="00000000-0000-0000-0000-000000000000"))
    assert b.status == 401 and b.json["error_description"] == a.json["error_description"], b
    assert server.token_answer(**form(client_secret=None)).status == 401
    assert server.token_answer(**form(grant_type="password")).json["error"] == "unsupported_grant_type"
    a = server.call("POST", "/adfs/oauth2/token", {"grant_type": "client_credentials"})
    assert a.status == 400 and a.json["error"] == "invalid_request", a
    assert server.call("GET", "/adfs/oauth2/token").status == 405


def guessing_gets_slow_and_locks_nobody_out():
    times = []
    for _ in range(8):
        started = time.monotonic()
        assert server.token_answer(**form(client_secret="guess")).status == 401
        times.append(time.monotonic() - started)
    assert times[-1] >= 0.9, times
    right = []
    for _ in range(3):
        started = time.monotonic()
        assert server.token_answer(**form()).status == 200
        right.append(time.monotonic() - started)
    assert min(right) < times[-1] / 2, (right, times)


def bad_tokens_are_401_in_one_shape():
    head, body, signature = admin.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = server.token_answer(**form(scope="https://graph.example/.default")).json["access_token"]
    bodies = set()
    for name, token in {
            "altered": f"{head}.{part({**claims, 'oid': 'x'})}.{signature}",
            "unsigned": f"{part({'alg': 'none'})}.{body}.",
            "symmetric": f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{body}.{signature}",
            "key in it": f"{part({'alg': 'RS256', 'jwk': {'kty': 'RSA'}})}.{body}.{signature}",
            "cut": admin.token[:-5], "padded": admin.token + "=", "rubbish": "x", "long": "A" * 20000,
            "for somebody else": other}.items():
        a = ask(token)
        assert a.status == 401 and a.code == "InvalidAuthenticationToken", (name, a)
        assert a.headers["WWW-Authenticate"].startswith('Bearer authorization_uri="https://'), a.headers
        bodies.add(a.raw)
    assert len(bodies) == 1, bodies


def only_one_authorization_field_counts():
    a = server.call("GET", SUBSCRIPTIONS)
    assert a.status == 401 and a.code == "AuthenticationFailed", a
    assert server.call("GET", SUBSCRIPTIONS + "&access_token=" + admin.token).status == 401
    assert server.call("GET", SUBSCRIPTIONS, headers={"Authorization": "Basic eDp5"}).status == 401
    raw = exchange(f"GET {SUBSCRIPTIONS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {admin.token}\r\n"
                   f"Authorization: Bearer {admin.token}\r\nConnection: close\r\n\r\n")
    assert b" 401 " in raw.split(b"\r\n")[0], raw[:200]


def exchange(text):
    context = server.tls()
    context.check_hostname = False
    with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 10)) as s:
        out = b""
        try:
            s.sendall(text.encode("latin-1"))
        except (ssl.SSLError, OSError):
            pass  # it was refused before its end
        try:
            while chunk := s.recv(65536):
                out += chunk
        except (ssl.SSLError, OSError):
            pass
        return out


def malformed_framing_is_refused_and_nothing_after_it_is_read():
    post = f"POST /adfs/oauth2/token HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
    smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for name, text in {
            "both lengths": post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
            "two lengths": post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd" + smuggled,
            "no number": post + "Content-Length: 4x\r\n\r\nabcd" + smuggled,
            "other coding": post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled,
            "two hosts": "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled,
            "no host": "GET /healthz HTTP/1.1\r\n\r\n" + smuggled,
            "no path": "GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n" + smuggled}.items():
        out = exchange(text)
        assert b'"status":"ok"' not in out, (name, out)
        assert out == b"" or out.startswith(b"HTTP/1.1 4") or out.startswith(b"HTTP/1.1 501"), (name, out)


def too_large_too_many_and_unknown_are_refused():
    a = server.call("PUT", admin.net("expressRouteCircuits/x"), b"x" * 70000, {"Authorization": f"Bearer {admin.token}"})
    assert a.status == 413 and a.code == "RequestTooLarge", a
    a = admin.call("PUT", admin.net("expressRouteCircuits/x"), b"{}", {"Content-Encoding": "gzip"})
    assert a.status == 415, a
    admin.connection = None
    a = admin.call("PUT", admin.net("expressRouteCircuits/x"), b"<x/>", {"Content-Type": "text/xml"})
    assert a.status == 415 and a.code == "UnsupportedMediaType", a
    for method in ("TRACE", "CONNECT", "BREW"):
        out = exchange(f"{method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert out.startswith((b"HTTP/1.1 405", b"HTTP/1.1 501", b"HTTP/1.1 4")), (method, out)
    out = exchange("GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"X-{i}: y\r\n" for i in range(120)) + "\r\n")
    assert out.startswith(b"HTTP/1.1 431"), out
    out = exchange("GET /" + "x" * 100000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert out.startswith((b"HTTP/1.1 414", b"HTTP/1.1 431")), out[:100]


def what_hides_in_a_path_is_a_bad_request():
    for path in (f"{admin.group('a%2fb')}?{GROUPS}", f"{admin.group('a%00b')}?{GROUPS}", f"{admin.group('a%5cb')}?{GROUPS}"):
        a = admin.call("GET", path)
        assert a.status == 400, (path, a)
    for path in ("/../../etc/passwd", "/state/ca.key", "/admin.json", "/%2e%2e/ca.key"):
        a = admin.call("GET", path)
        assert a.status in (400, 404) and "PRIVATE" not in a.raw, (path, a)


def writes_of_one_principal_have_a_rate():
    # ten and one a second: a machine that does not write twice a second has other troubles
    slow = Server(program(), config="limits: {writes_per_second: 1}\n")
    try:
        busy, other = slow.sign_in("admin"), slow.sign_in("operator")
        write = lambda: busy.call("PUT", f"{busy.group('rg')}?{GROUPS}", {"location": "westeurope"})  # noqa: E731
        late = next((a for a in (write() for _ in range(300)) if a.status == 429), None)
        assert late and late.code == "TooManyRequests" and late.headers["Retry-After"] == "1", late
        assert busy.call("GET", f"{busy.group('rg')}?{GROUPS}").status == 200
        assert other.call("PUT", "/fairlead/v1/edges/edge1", EDGES["edge1"]).status == 201
    finally:
        slow.close()


def wrong_service_keys_are_held_up_and_every_use_of_one_is_on_the_trail():
    make_group(admin)
    provider = server.sign_in("provider")
    key = admin.put("expressRouteCircuits/for-keys", CIRCUIT).json["properties"]["serviceKey"]
    mine = cross_connection(provider, key)["id"]
    guess = lambda: mine.replace(key, str(uuid.uuid4())) + "?" + V  # noqa: E731
    assert provider.call("GET", mine + "?" + V).status == 200
    below = provider.call("GET", f"{mine}/peerings/AzurePrivatePeering?{V}")
    assert below.status == 404, below  # missing below the right key: no wrong key
    seen = []
    while len(seen) < 300 and (not seen or seen[-1].status != 429):
        seen.append(provider.call("GET", guess()))
    assert [a.status for a in seen[:10]] == [404] * 10, seen
    assert seen[-1].status == 429 and seen[-1].code == "TooManyRequests", seen[-1]
    assert 1 <= int(seen[-1].headers["Retry-After"]) <= 60, seen[-1].headers
    assert provider.call("PUT", guess(), {}).status == 429
    # the right one tells no more than a wrong one meanwhile; other clients and other paths go on
    assert provider.call("GET", mine + "?" + V).status == 429
    assert provider.call("GET", f"/subscriptions?{V}").status == 200
    assert admin.get("expressRouteCircuits/for-keys").status == 200
    with open(os.path.join(server.state, "audit.log"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    uses = [r for r in rows if "/expressrouteCrossConnections/".lower() in r["path"].lower() and r["method"] == "GET"]
    assert any(r["status"] == 200 and key in r["path"] for r in uses), uses
    assert sum(r["status"] == 404 for r in uses) >= 10 and any(r["status"] == 429 for r in rows)
    assert 'fairlead_service_keys_total{result="wrong"} 1' in server.call("GET", "/metrics").raw


def old_protocols_and_weak_ciphers_are_not_spoken():
    for settings in (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_2", "-cipher", "AES128-SHA:AES256-GCM-SHA384"],
                     ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"]):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", *settings], input=b"",
                              capture_output=True, timeout=10, check=False)
        assert b"Cipher is (NONE)" in done.stdout or done.returncode != 0, (settings, done.stdout[-500:])
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_3", "-CAfile",
                           os.path.join(server.state, "ca.pem"), "-verify_return_error", "-verify_hostname", "localhost"],
                          input=b"", capture_output=True, timeout=10, check=False)
    assert b"Verify return code: 0" in done.stdout, done.stdout[-800:]


def the_trail_has_every_write_and_refusal_and_no_secret():
    for _ in range(2):
        assert admin.call("PUT", f"{admin.group('twice')}?{GROUPS}", {"location": "westeurope"}).status in (200, 201)
    with open(os.path.join(server.state, "audit.log"), encoding="utf-8") as f:
        text = f.read()
    rows = [json.loads(line) for line in text.splitlines()]
    assert any(r["who"] == "admin" and r["method"] == "PUT" and r["status"] == 201 for r in rows)
    assert any(r["status"] == 401 for r in rows) and any(r["status"] == 429 for r in rows)
    twice = [r for r in rows if r["method"] == "PUT" and r["path"].endswith("/twice")]
    assert [r["status"] for r in twice] == [201, 200], twice
    made, again = twice
    assert "before" not in made and len(made["after"]) == 64 and again["before"] == made["after"], (made, again)
    for secret in (admin.token, admin.account["clientSecret"]):
        assert secret not in text and secret not in server.log()


def chain_holds():
    chain = ""
    with open(os.path.join(server.state, "audit.log"), encoding="utf-8") as f:
        for line in f:
            record, mark, told = line.rstrip("\n").rpartition(',"chain":"')
            chain = hashlib.sha256((chain + record + "}").encode()).hexdigest()
            if not mark or told != chain + '"}':
                return False
    return True


def a_record_that_is_taken_out_or_changed_is_found():
    assert chain_holds()
    server.end()
    server.start()  # the chain goes on where it was
    assert server.call("DELETE", f"{admin.group('rg')}?{GROUPS}").status == 401
    assert chain_holds()
    path = os.path.join(server.state, "audit.log")
    with open(path, encoding="utf-8") as f:
        lines = f.readlines()
    for damaged in (lines[:3] + lines[4:], lines[:3] + [lines[3].replace("20", "21", 1)] + lines[4:]):
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(damaged)
        assert not chain_holds()
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(lines)
    assert chain_holds()


def bad_command_lines_and_files_say_what_is_wrong():
    def start(*words):
        done = subprocess.run([program(), *words], capture_output=True, timeout=10, check=False)
        return done.returncode, done.stderr.decode(), done.stdout
    base = ["--state-dir", os.path.join(server.dir, "other"), "--listen", "127.0.0.1:0"]
    for words, status, said in [
            ([], 2, "--state-dir and --listen"), (base + ["--stat"], 2, "unknown option '--stat'"),
            (base + ["--pace", "slow"], 2, "--pace"), (base + ["--store", "paper"], 2, "sqlite"),
            (["--state-dir", base[1], "--listen", "nowhere"], 1, "'nowhere' is no address"),
            (["--state-dir", base[1], "--listen", f"127.0.0.1:{server.port}"], 1, "in use"),
            (["--state-dir", server.state, "--listen", "127.0.0.1:0"], 1, "locked")]:
        got = start(*words)
        assert got[0] == status and said in got[1] and got[2] == b"", (words, got)
    path = os.path.join(server.dir, "bad.yaml")
    with open(path, "w", encoding="ascii") as f:
        f.write("public_names: [a]\nlimit: {body_kib: 1}\n")
    status, said, _ = start(*base, "--config", path)
    assert status == 2 and "bad.yaml:2:1" in said and "limits" in said, said


def a_new_port_is_written_into_the_account_files():
    old = server.port
    server.end()
    server.port = 0
    server.start()
    for name in ("admin", "provider", "reader", "operator"):
        assert server.account(name)["endpoint"] == f"https://127.0.0.1:{server.port}"
    assert server.sign_in("admin").call("GET", SUBSCRIPTIONS).status == 200
    assert old


assert CIRCUIT and EDGES and http.client and until and urllib.parse
try:
    sys.exit(run([
        every_door_of_the_token_endpoint_opens,
        a_token_says_who_it_is_for,
        the_signature_verifies_with_the_published_key,
        discovery_leads_to_the_endpoint_that_works,
        all_versions_of_the_metadata_are_there,
        terraform_finds_what_it_stops_without,
        wrong_service_keys_are_held_up_and_every_use_of_one_is_on_the_trail,
        links_begin_with_our_names_only,
        wrong_secrets_and_odd_grants_are_refused_as_clients_expect,
        guessing_gets_slow_and_locks_nobody_out,
        bad_tokens_are_401_in_one_shape,
        only_one_authorization_field_counts,
        malformed_framing_is_refused_and_nothing_after_it_is_read,
        too_large_too_many_and_unknown_are_refused,
        what_hides_in_a_path_is_a_bad_request,
        writes_of_one_principal_have_a_rate,
        old_protocols_and_weak_ciphers_are_not_spoken,
        the_trail_has_every_write_and_refusal_and_no_secret,
        a_record_that_is_taken_out_or_changed_is_found,
        bad_command_lines_and_files_say_what_is_wrong,
        a_new_port_is_written_into_the_account_files,
    ]))
finally:
    server.close()
