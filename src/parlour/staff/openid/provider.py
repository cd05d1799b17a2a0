"""Asking the provider: what it offers, its keys, a token for a code, and who that is."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import orjson
import structlog

from parlour.config import Settings
from parlour.kit.clock import HOUR, SECOND, Clock, Moment
from parlour.kit.http import Blocked, Deadlines, GuardedClient, RequestFailed
from parlour.kit.http.address import parse
from parlour.staff.openid import signatures
from parlour.staff.openid.refusals import NotTrusted, ProviderAway

log = structlog.get_logger("parlour.openid")

KEPT: Final[Moment] = HOUR
"""For how long what the provider offers, and its keys, are believed without asking again."""
KEYS_AGAIN: Final[Moment] = 10 * SECOND
"""An unknown key makes us ask again, at most so often: keys are changed without a word."""
LARGEST: Final = 256 * 1024
_PATIENCE: Final = Deadlines(connect=5.0, first_byte=8.0, idle=5.0, total=10.0)
_JSON: Final = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the provider says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    basic: bool
    """Whether the secret travels in a header; else in the form."""
    names_itself: bool
    """Whether its answers must say who it is (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was given for a code."""

    id_token: str
    access_token: str


class Provider:
    """The provider that the settings name, as this process knows it."""

    def __init__(self, settings: Settings, http: GuardedClient, clock: Clock) -> None:
        """Ask nothing yet."""
        self._settings = settings
        self._http = http
        self._clock = clock
        self._offer: tuple[Moment, Offer] | None = None
        self._keys: tuple[Moment, list[Any]] | None = None

    async def offer(self) -> Offer:
        """Return what the provider offers; ProviderAway when it cannot be asked."""
        now = self._clock.now()
        if self._offer is not None and 0 <= now - self._offer[0] < KEPT:
            return self._offer[1]
        issuer = self._settings.oidc_issuer
        said = await self._json("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        if said.get("issuer") != issuer:
            raise self._away(f"it calls itself {str(said.get('issuer'))[:200]!r}, not {issuer!r}")
        offer = _read(said, secure=issuer.startswith("https://"))
        if offer is None:
            raise self._away("an endpoint is missing, or is no address")
        self._offer = (now, offer)
        return offer

    async def verified(self, id_token: str) -> Mapping[str, Any]:
        """Return what a token says whose signature is the provider's; NotTrusted else."""
        try:
            return signatures.verified(id_token, await self._known_keys())
        except signatures.BadSignature as first:
            read_at = self._keys[0] if self._keys is not None else 0
            if self._clock.now() - read_at < KEYS_AGAIN:
                raise NotTrusted(str(first)) from None
        try:
            return signatures.verified(id_token, await self._known_keys(anew=True))
        except signatures.BadSignature as error:
            raise NotTrusted(str(error)) from None

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """Give a code for tokens; NotTrusted when the provider does not take it."""
        offer, settings = await self.offer(), self._settings
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        form["redirect_uri"] = redirect_uri
        headers = {**_JSON, "Content-Type": "application/x-www-form-urlencoded"}
        if settings.oidc_client_secret and offer.basic:
            pair = f"{quote(settings.oidc_client_id, '')}:{quote(settings.oidc_client_secret, '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = settings.oidc_client_id
            if settings.oidc_client_secret:
                form["client_secret"] = settings.oidc_client_secret
        body = urlencode(form).encode()
        said = await self._json("POST", offer.token_endpoint, headers=headers, body=body)
        token, access = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str):
            raise NotTrusted("no ID token was given for the code")
        return Tokens(token, access if isinstance(access, str) else "")

    async def userinfo(self, access_token: str) -> Mapping[str, Any]:
        """Ask what the token did not say; nothing when the provider has no such place."""
        endpoint = (await self.offer()).userinfo_endpoint
        if not endpoint or not access_token or not _plain(access_token):
            return {}
        headers = {**_JSON, "Authorization": f"Bearer {access_token}"}
        return await self._json("GET", endpoint, headers=headers)

    async def _known_keys(self, *, anew: bool = False) -> list[Any]:
        now = self._clock.now()
        if not anew and self._keys is not None and 0 <= now - self._keys[0] < KEPT:
            return self._keys[1]
        said = await self._json("GET", (await self.offer()).jwks_uri)
        keys = signatures.keys(said.get("keys"))
        if not keys:
            raise self._away("it has no key that can be used")
        self._keys = (now, keys)
        return keys

    async def _json(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _JSON,
        body: bytes | None = None,
    ) -> Mapping[str, Any]:
        """Call the provider; ProviderAway for whatever is not an object of JSON, with 200."""
        try:
            async with self._http.stream(
                method, url, headers=headers, body=body, deadlines=_PATIENCE, max_bytes=LARGEST
            ) as response:
                raw = await response.read()
                status = response.status
        except Blocked as error:
            raise self._away(f"{error} PARLOUR_ALLOW_NETWORKS opens private networks") from None
        except RequestFailed as error:
            raise self._away(str(error)) from None
        if 400 <= status < 500 and body is not None:
            raise NotTrusted(f"the code was not taken: status {status}")
        try:
            said = orjson.loads(raw)
        except ValueError:
            said = None
        if status != 200 or not isinstance(said, dict):
            raise self._away(f"status {status}, and not what a provider says")
        return said

    def _away(self, reason: str) -> ProviderAway:
        log.warning("openid.away", issuer=self._settings.oidc_issuer, reason=reason)
        return ProviderAway(reason)


def _read(said: Mapping[str, Any], *, secure: bool) -> Offer | None:
    def endpoint(name: str) -> str:
        value = said.get(name)
        try:
            target = parse(value if isinstance(value, str) else "")
        except Blocked:
            return ""
        return "" if secure and target.scheme != "https" else target.url

    offer = Offer(
        authorization_endpoint=endpoint("authorization_endpoint"),
        token_endpoint=endpoint("token_endpoint"),
        jwks_uri=endpoint("jwks_uri"),
        userinfo_endpoint=endpoint("userinfo_endpoint"),
        basic=_takes_basic(said.get("token_endpoint_auth_methods_supported")),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )
    return (
        offer if offer.authorization_endpoint and offer.token_endpoint and offer.jwks_uri else None
    )


def _takes_basic(methods: Any) -> bool:
    # Unless it says otherwise, it does (discovery 1.0, section 3).
    return not isinstance(methods, list) or "client_secret_basic" in methods


def _plain(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token


def named(label: str, issuer: str) -> str:
    """Return what the provider is called on pages: as the settings say, else its host."""
    return label or urlsplit(issuer).hostname or "your provider"
