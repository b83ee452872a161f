"""A small OpenID Connect provider on loopback, which a test may tell to answer wrongly."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "annotator", "a secret of the provider and the server"


class Provider:
    """Everybody who comes is `person`. claims: what the next tokens say otherwise, None: leave it out."""

    def __init__(self):
        self.person = {"sub": "17", "preferred_username": "anna"}
        self.claims, self.denies = {}, ""
        self._granted = {}
        self.renew_key("first")
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02])
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def renew_key(self, name, *, published=True):
        """published: whether its list of keys names the new one, and no longer the last one."""
        self.key = RSAKey.generate_key(2048, {"kid": name, "alg": "RS256", "use": "sig"})
        if published:
            self._keys = {"keys": [self.key.as_dict(private=False)]}

    def answer(self, path, asked):
        """Status, headers and JSON."""
        if path == "/.well-known/openid-configuration":
            named = {
                name: f"{self.issuer}/{name.partition('_')[0]}" for name in ("authorization_endpoint", "token_endpoint")
            }
            algorithms = {"id_token_signing_alg_values_supported": ["RS256"]}
            return 200, {}, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **named, **algorithms}
        if path == "/jwks":
            return 200, {}, self._keys
        if path == "/authorization":
            code = secrets.token_urlsafe(8)
            self._granted[code] = asked
            said = {"error": "access_denied", "error_description": self.denies} if self.denies else {"code": code}
            return 302, {"location": f"{asked['redirect_uri']}?{urlencode({**said, 'state': asked['state']})}"}, {}
        if path == "/token":
            return self._token(asked)
        return 404, {}, {}

    def _token(self, asked):
        granted = self._granted.pop(asked["code"], None)  # once
        verified = base64.urlsafe_b64encode(hashlib.sha256(asked.get("code_verifier", "").encode()).digest()).decode()
        fits = granted is not None and verified.rstrip("=") == granted["code_challenge"]
        if not fits or granted["redirect_uri"] != asked["redirect_uri"]:
            return 400, {}, {"error": "invalid_grant", "error_description": "the code fits nothing"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": granted["nonce"]}
        claims = {name: value for name, value in {**claims, **self.person, **self.claims}.items() if value is not None}
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return 200, {}, {"access_token": "a", "token_type": "Bearer", "id_token": token}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlsplit(self.path)
        self._say(address.path, address.query)

    def do_POST(self):
        self._say(self.path, self.rfile.read(int(self.headers["content-length"])).decode())

    def _say(self, path, asked):
        status, headers, said = self.provider.answer(path, {name: value[0] for name, value in parse_qs(asked).items()})
        content = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass
