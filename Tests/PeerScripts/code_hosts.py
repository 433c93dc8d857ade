"""Doubles of GitHub and GitLab: their pages for signing in, and their answers in the documented shapes.

usage: code_hosts.py FOLDER CLIENT_ID CLIENT_SECRET REDIRECT [PORT]

GitHub is at `/` (a GitHub Enterprise Server: its API is below `/api/v3`), GitLab at `/gitlab`. Whoever comes is
mona, user 583231, of the organization `octo` and its teams `core/web` and 100 others, and of the groups `acme/dev`.
GitHub sends a browser to the registered address when it is named none; GitLab wants it named, and answers a token that
has no more than `read_user` at its API alone.
`/control/WORD` changes what they say: `leave` (the organization, the group), `limited` (too many questions),
`pending` (an invitation that nobody has taken), `suspended`, `revoked`, `fine`.
"""
import base64
import hashlib
import http.server
import json
import secrets
import sys
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

folder, client_id, client_secret, redirect = sys.argv[1:5]
port = int(sys.argv[5]) if len(sys.argv) > 5 else 0
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
codes, tokens, scopes, word = {}, set(), {}, "fine"


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def team(name, organization="octo", parent=None):
    return {"id": len(name), "name": name, "slug": name, "description": None, "privacy": "closed",
            "permission": "pull", "parent": parent and {"id": 1, "slug": parent, "name": parent},
            "organization": {"login": organization, "id": 1}}


class Door(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, status, value, headers={}):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, content in headers.items():
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        global word
        url = urllib.parse.urlsplit(self.path)
        fields = dict(urllib.parse.parse_qsl(url.query))
        if url.path.startswith("/control/"):
            word = url.path.rsplit("/", 1)[1]
            if word == "revoked":
                tokens.clear()
            return self.answer(200, word)
        if url.path in ("/login/oauth/authorize", "/gitlab/oauth/authorize"):
            return self.authorize(fields)
        if url.path == "/gitlab/.well-known/openid-configuration":
            return self.answer(200, {
                "issuer": issuer, "authorization_endpoint": issuer + "/oauth/authorize",
                "token_endpoint": issuer + "/oauth/token", "userinfo_endpoint": issuer + "/oauth/userinfo",
                "jwks_uri": issuer + "/oauth/discovery/keys", "response_types_supported": ["code"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"]})
        if url.path == "/gitlab/oauth/discovery/keys":
            public = key.public_key().public_numbers()
            return self.answer(200, {"keys": [
                {"kty": "RSA", "kid": "k", "use": "sig", "alg": "RS256", "e": number(public.e), "n": number(public.n)}]})
        if url.path == "/api/v3/meta":
            return self.answer(200, {"verifiable_password_authentication": True})
        return self.ask(url.path, fields)

    def authorize(self, fields):
        named = fields.get("redirect_uri", None if self.path.startswith("/gitlab") else redirect)
        assert fields["client_id"] == client_id and named == redirect, fields
        assert fields["code_challenge_method"] == "S256" and len(fields["state"]) >= 22, fields
        code = secrets.token_urlsafe(16)
        codes[code] = fields
        goal = redirect + "?" + urllib.parse.urlencode({"code": code, "state": fields["state"]})
        self.send_response(302)
        self.send_header("Location", goal)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def ask(self, path, fields):
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in tokens:
            return self.answer(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
        if word == "limited":
            return self.answer(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0"})
        if word == "suspended":
            return self.answer(403, {"message": "Sorry. Your account was suspended."})
        held = scopes.get(self.headers["Authorization"].removeprefix("Bearer "), "").split()
        if path == "/gitlab/api/v4/user":
            if "read_user" not in held:
                return self.answer(403, {"error": "insufficient_scope"})
            return self.answer(200, {"id": 7, "username": "mona", "name": "Mona", "state": "active",
                                     "email": "mona@example.com", "web_url": "x"})
        if path == "/gitlab/oauth/userinfo" and "openid" not in held:
            return self.answer(403, {"error": "insufficient_scope"})
        if path == "/gitlab/oauth/userinfo":
            groups = [] if word == "leave" else ["acme/dev", "acme/dev/web"]
            return self.answer(200, {"sub": "7", "name": "Mona", "nickname": "mona", "preferred_username": "mona",
                                     "email": "mona@example.com", "email_verified": True, "groups": groups})
        assert self.headers["Accept"] == "application/vnd.github+json", self.headers
        if path == "/api/v3/user":
            return self.answer(200, {"login": "mona", "id": 583231, "node_id": "MDQ6", "type": "User",
                                     "site_admin": False, "name": "Mona", "email": None})
        if path == "/api/v3/user/memberships/orgs/octo":
            if word == "leave":
                return self.answer(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"})
            state = "pending" if word == "pending" else "active"
            return self.answer(200, {"url": "x", "state": state, "role": "member", "organization": {"login": "octo"}})
        if path == "/api/v3/user/teams":
            teams = [team(f"team-{place}") for place in range(99)] + [team("evil", "other"), team("web", "Octo", "core")]
            size, page = int(fields["per_page"]), int(fields["page"])
            return self.answer(200, teams[(page - 1) * size:page * size])
        return self.answer(404, {"message": "Not Found"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(urllib.parse.parse_qsl(body))
        is_github = self.path == "/login/oauth/access_token"
        shown = (fields.get("client_id"), fields.get("client_secret"))
        scheme, _, pair = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            shown = tuple(map(urllib.parse.unquote, base64.b64decode(pair).decode().split(":")))
        if shown != (client_id, client_secret):
            if is_github:
                return self.answer(200, {"error": "incorrect_client_credentials", "error_description": "..."})
            return self.answer(401, {"error": "invalid_client"})
        access = secrets.token_urlsafe(16)
        if fields["grant_type"] == "refresh_token":
            if word == "revoked" or fields["refresh_token"] not in tokens:
                return self.answer(400, {"error": "invalid_grant", "error_description": "..."})
            tokens.discard(fields["refresh_token"])
            scope, nonce = scopes[fields["refresh_token"]], None
        else:
            asked = codes.pop(fields.get("code"), None)
            proof = text(hashlib.sha256(fields.get("code_verifier", "").encode()).digest())
            named = (asked or {}).get("redirect_uri")
            if not asked or asked["code_challenge"] != proof or fields.get("redirect_uri") != named:
                if is_github:
                    return self.answer(200, {"error": "bad_verification_code", "error_description": "..."})
                return self.answer(400, {"error": "invalid_grant"})
            scope, nonce = asked.get("scope", ""), asked.get("nonce")
        tokens.add(access)
        scopes[access] = scope
        if is_github:
            return self.answer(200, {"access_token": access, "scope": "read:org", "token_type": "bearer"})
        now = int(time.time())
        claims = {"iss": issuer, "sub": "7", "aud": client_id, "exp": now + 120, "iat": now,
                  "groups_direct": ["acme/dev/web"]}
        if nonce:
            claims["nonce"] = nonce
        signed = ".".join(text(json.dumps(part).encode()) for part in
                          [{"typ": "JWT", "alg": "RS256", "kid": "k"}, claims])
        signature = text(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))
        refresh = secrets.token_urlsafe(16)
        tokens.add(refresh)
        scopes[refresh] = scope
        said = {"access_token": access, "token_type": "Bearer", "expires_in": 7200, "refresh_token": refresh}
        if "openid" in scope.split():
            said["id_token"] = f"{signed}.{signature}"
        self.answer(200, said)


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Door)
issuer = f"http://127.0.0.1:{server.server_address[1]}/gitlab"
print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
