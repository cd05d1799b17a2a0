"""An OpenID provider that answers as the test tells it to: rightly, wrongly, late or not at all."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "parlour & friends", "a secret: with/odd+signs"


@dataclass
class FakeProvider:
    """`claims` go into the next ID token over what would be right; None leaves one out."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    """What it says of itself beside or instead of the truth."""
    signed: str = ""
    """How the token is signed wrongly: `stranger`, `none`, `hmac`, `cut`, `text`."""
    stalls: str = ""
    """The path that is not answered."""
    broken: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """What is answered instead, by path."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, auto_kid=True)

    def signs_in(self, location: str, subject: str = "u1", **more: Any) -> str:
        """Sign somebody in who was led here; answers with the query they are led back with."""
        parts = urlsplit(location)
        assert location.startswith(f"{self.issuer}/authorize?"), location
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT
        code = f"code-{len(self.codes)}"
        self.codes[code] = {**asked, "subject": subject}
        self.claims = {**self.claims, **more}
        return f"?code={code}&state={asked['state']}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.stalls == request.path:
            await asyncio.sleep(60)
        if request.path in self.broken:
            status, body = self.broken[request.path]
            headers = {"Location": "http://127.0.0.1:1/"} if status == 302 else {}
            return web.Response(status=status, body=body, headers=headers)
        if request.path.endswith("/openid-configuration"):
            return web.json_response(self._offer())
        if request.path == "/keys":
            return web.json_response(KeySet([self.key]).as_dict(private=False))
        if request.path == "/token":
            return await self._token(request)
        assert request.headers["Authorization"] == "Bearer access"
        return web.json_response(self.userinfo)

    def _offer(self) -> dict[str, Any]:
        made = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        for name in ("authorization", "token", "userinfo"):
            path = {"authorization": "authorize"}.get(name, name)
            made[f"{name}_endpoint"] = f"{self.issuer}/{path}"
        return {name: value for name, value in {**made, **self.says}.items() if value is not None}

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        pair = base64.b64encode(b"parlour%20%26%20friends:a%20secret%3A%20with%2Fodd%2Bsigns")
        asked = self.codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or request.headers.get("Authorization") != f"Basic {pair.decode()}"
            or form.get("redirect_uri") != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": self._id_token(asked), "access_token": "access"})

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time())
        made = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "sub": asked["subject"],
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "email": "ben@team.example",
            "email_verified": True,
            "name": "Ben Okri",
        }
        kept = {**made, **self.claims}
        said = {name: value for name, value in kept.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid}
        if self.signed == "none":
            return ".".join(_b64(text) for text in (b'{"alg":"none"}', _json(said))) + "."
        if self.signed == "hmac":
            head = _json({"alg": "HS256", "kid": self.key.kid})
            told = f"{_b64(head)}.{_b64(_json(said))}"
            known = self.key.as_pem(private=False)
            return f"{told}.{_b64(hmac.digest(known, told.encode(), 'sha256'))}"
        if self.signed == "text":
            return "not a token"
        key = self.key
        if self.signed == "stranger":
            key = RSAKey.generate_key(2048)
        token = jwt.encode(header, said, key)
        return token[:-6] if self.signed == "cut" else token


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@asynccontextmanager
async def fake_provider() -> AsyncIterator[FakeProvider]:
    """Open one on a free port."""
    made = FakeProvider()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    made.issuer = f"http://127.0.0.1:{port}"
    yield made
    await runner.cleanup()
