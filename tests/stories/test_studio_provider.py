"""Coming in by an OpenID provider: rightly, from another browser, and with every wrong answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.rig.colleague import PASSWORD, Colleague, Page, invited, owner_of
from tests.rig.nursery import Nursery
from tests.rig.provider import CLIENT, SECRET, FakeProvider, fake_provider
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage
from tests.stories.test_studio_second_step import turned_on

BEN, OLGA = "ben@team.example", "olga@team.example"
THERE = "/studio/sign-in/provider"


@pytest.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    """A provider that answers as the test says."""
    async with fake_provider() as made:
        yield made


@pytest.fixture
def serving(
    storage: Storage, tmp_path: Path, nursery: Nursery, provider: FakeProvider
) -> Callable[..., Any]:
    """Serve an instance that knows the provider."""

    @asynccontextmanager
    async def serving(**settings: str) -> AsyncIterator[Server]:
        given = {
            "PARLOUR_OIDC_ISSUER": provider.issuer,
            "PARLOUR_OIDC_CLIENT_ID": CLIENT,
            "PARLOUR_OIDC_CLIENT_SECRET": SECRET,
            "PARLOUR_OIDC_LABEL": "Fjord <Login>",
            **settings,
        }
        server = Server(storage, tmp_path, nursery, **given).start()
        server.keep_secret(SECRET)
        yield server
        server.close()

    return serving


async def come(
    browser: Colleague, provider: FakeProvider, subject: str = "u1", ask: str = "", **claims: Any
) -> Page:
    """Go to the provider and come back."""
    led = await browser.get(THERE + ask)
    assert led.status == 303, led.words
    return await browser.get(f"{THERE}/back{provider.signs_in(led.leads_to, subject, **claims)}")


async def test_from_the_button_to_the_page_where_one_wanted_to_be(
    http: aiohttp.ClientSession, serving: Callable[..., Any], provider: FakeProvider
) -> None:
    async with serving() as server:
        olga = await owner_of(http, server)
        await invited(olga, BEN, "builder")
        ben = Colleague(http, server)
        lost = await ben.get("/studio/me")
        page = await ben.get(lost.leads_to)
        assert "Continue with Fjord <Login>" in page.words
        assert f'href="{THERE}?next=%2Fstudio%2Fme"' in page.text.replace(
            "/studio/me", "%2Fstudio%2Fme"
        )
        led = await ben.get(f"{THERE}?next=/studio/me")
        cookie = led.headers["Set-Cookie"]
        for sign in ("parlour-round=", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=600"):
            assert sign in cookie
        asked = parse_qs(urlsplit(led.leads_to).query)
        assert asked["redirect_uri"] == [f"{server.url}{THERE}/back"]
        assert asked["scope"] == ["openid email profile"]
        back = f"{THERE}/back{provider.signs_in(led.leads_to)}"
        came = await ben.get(back)
        assert (came.status, came.leads_to) == (303, "/studio/me"), came.words
        assert set(ben.cookies) == {"parlour-studio"}
        me = await ben.get("/studio/me")
        assert "Ben Okri" in me.words
        assert "You have no password here" in me.words
        assert 'name="old"' not in me.text
        again = await ben.get(back)
        assert again.status == 400, "an answer counts once"
        # Next week: another address, another name; still the same person.
        later = Colleague(http, server)
        came = await come(later, provider, email="benjamin@team.example")
        assert came.leads_to == "/studio"
        assert BEN in (await later.get("/studio/me")).words
        history = (await olga.get("/studio/history")).words
        assert history.count("came in by the provider for the first time") == 1


async def test_the_host_of_a_request_leads_nowhere(
    http: aiohttp.ClientSession, serving: Callable[..., Any], provider: FakeProvider
) -> None:
    async with serving() as server:
        await owner_of(http, server)
        browser = Colleague(http, server)
        led = await browser.get(THERE, Host="evil.example", X_Forwarded_Host="evil.example")
        assert "evil" not in led.leads_to
        for planted in ("https://evil.example", "//evil.example", "/studio/sign-in", "/\\e"):
            page = await come(browser, provider, ask=f"?next={planted}", email=OLGA)
            assert page.leads_to == "/studio", planted


async def test_an_answer_is_good_only_where_it_was_asked_for(
    http: aiohttp.ClientSession, serving: Callable[..., Any], provider: FakeProvider
) -> None:
    """Nobody is signed in as somebody else by an address that was sent to them (login CSRF)."""
    async with serving() as server:
        await owner_of(http, server)
        evil, victim = Colleague(http, server), Colleague(http, server)
        led = await evil.get(THERE)
        back = f"{THERE}/back{provider.signs_in(led.leads_to, email=OLGA)}"
        assert (await victim.get(back)).status == 400
        await victim.get(THERE)
        assert (await victim.get(back)).status == 400
        assert "parlour-studio" not in victim.cookies
        assert "/token" not in provider.asked, "the code was not even shown to the provider"
        for query in ("", "?state=", "?code=x", "?state=a&state=b&code=c", "?error=access_denied"):
            assert (await Colleague(http, server).get(f"{THERE}/back{query}")).status == 400
        stranger = Colleague(http, server)
        led = await stranger.get(THERE)
        state = parse_qs(urlsplit(led.leads_to).query)["state"][0]
        denied = await stranger.get(
            f"{THERE}/back?state={state}&error=access_denied&error_description=<b>Call+666"
        )
        assert denied.status == 403
        assert "Call" not in denied.text


WRONG: list[tuple[str, dict[str, Any], int]] = [
    ("signed by a stranger", {"signed": "stranger"}, 502),
    ("not signed", {"signed": "none"}, 502),
    ("signed with the public key", {"signed": "hmac"}, 502),
    ("signature cut", {"signed": "cut"}, 502),
    ("no token", {"signed": "text"}, 502),
    ("another nonce", {"claims": {"nonce": "another"}}, 502),
    ("no nonce", {"claims": {"nonce": None}}, 502),
    ("for somebody else", {"claims": {"aud": "others"}}, 502),
    ("for several", {"claims": {"aud": [CLIENT, "others"]}}, 502),
    ("of another issuer", {"claims": {"iss": "https://evil.example"}}, 502),
    ("expired", {"claims": {"exp": 1_000_000_000}}, 502),
    ("never expires", {"claims": {"exp": None}}, 502),
    ("old", {"claims": {"iat": 1_000_000_000}}, 502),
    ("nobody", {"claims": {"sub": ""}}, 502),
    ("no address", {"claims": {"email": None}, "userinfo": {"sub": "u1"}}, 403),
    ("unconfirmed", {"claims": {"email_verified": False}}, 403),
    ("nothing said of it", {"claims": {"email_verified": None}}, 403),
    ("unknown", {"claims": {"email": "eve@team.example"}}, 403),
    ("userinfo of another", {"claims": {"email": None}, "userinfo": {"sub": "u2"}}, 502),
    ("token: an error", {"broken": {"/token": (500, b"oh")}}, 503),
    ("token: no JSON", {"broken": {"/token": (200, b"<html>")}}, 503),
    ("token: a list", {"broken": {"/token": (200, b"[]")}}, 503),
    ("token: nothing in it", {"broken": {"/token": (200, b"{}")}}, 502),
    ("token: elsewhere", {"broken": {"/token": (302, b"")}}, 503),
    ("token: endless", {"broken": {"/token": (200, b" " * 300_000)}}, 503),
]


@pytest.mark.only_on(SQLITE)
async def test_wrong_answers_let_nobody_in(
    http: aiohttp.ClientSession, serving: Callable[..., Any], provider: FakeProvider
) -> None:
    right = replace(provider)
    async with serving() as server:
        await owner_of(http, server)
        for said, wrong, status in WRONG:
            for name in ("signed", "claims", "userinfo", "broken"):
                setattr(provider, name, wrong.get(name, type(getattr(right, name))()))
            browser = Colleague(http, server)
            address = wrong.get("claims", {}).get("email", OLGA)
            page = await come(browser, provider, email=address)
            assert page.status == status, f"{said}: {page.status} {page.words}"
            assert "parlour-studio" not in browser.cookies, said
            assert "Sign in" in page.words, "the form stands there to go on with"
        provider.broken, provider.claims = {}, {}
        assert (await come(Colleague(http, server), provider, email=OLGA)).status == 303


@pytest.mark.long
@pytest.mark.only_on(SQLITE)
async def test_a_provider_that_is_down_or_wrong_of_itself(
    http: aiohttp.ClientSession, serving: Callable[..., Any], provider: FakeProvider
) -> None:
    """The password works meanwhile; when it is well again, so does the button."""
    configuration = "/.well-known/openid-configuration"
    async with serving() as server:
        await owner_of(http, server)
        for says in (
            {"issuer": "https://evil.example"},
            {"authorization_endpoint": None},
            {"authorization_endpoint": "javascript:alert(1)"},
            {"token_endpoint": "http://user:pass@127.0.0.1/x"},
            {"jwks_uri": 7},
        ):
            provider.says = dict(says)
            page = await Colleague(http, server).get(THERE)
            assert page.status == 503, says
            assert "cannot be reached just now" in page.words
        for status, body in ((404, b""), (200, b"nonsense"), (302, b""), (200, b"null")):
            provider.broken = {configuration: (status, body)}
            assert (await Colleague(http, server).get(THERE)).status == 503
        provider.broken, provider.says, provider.stalls = {}, {}, configuration
        assert (await Colleague(http, server).get(THERE)).status == 503
        assert (await Colleague(http, server).sign_in(OLGA)).leads_to == "/studio"
        provider.stalls = ""
        assert (await come(Colleague(http, server), provider, email=OLGA)).status == 303
        provider.says = {"authorization_response_iss_parameter_supported": True}


@pytest.mark.only_on(SQLITE)
async def test_keys_change_without_a_word(
    http: aiohttp.ClientSession,
    serving: Callable[..., Any],
    provider: FakeProvider,
) -> None:
    """Within ten seconds of the last look it is not asked again, however many come."""
    async with serving() as server:
        await owner_of(http, server)
        looks, refused = 0, list[Page]()
        for _ in range(6):
            began = time.monotonic()
            assert (await come(Colleague(http, server), provider, email=OLGA)).status == 303
            looks = provider.asked.count("/keys")
            provider.rotate()
            refused = [await come(Colleague(http, server), provider, email=OLGA) for _ in range(3)]
            if time.monotonic() - began < 9:
                break
            # A machine that takes so long looks again, and knows the key; then once more.
            await asyncio.sleep(10)
        assert {page.status for page in refused} == {502}
        assert provider.asked.count("/keys") == looks


async def test_the_second_step_is_asked_for_after_the_provider_too(
    http: aiohttp.ClientSession, serving: Callable[..., Any], provider: FakeProvider
) -> None:
    async with serving() as server:
        _, codes = await turned_on(await owner_of(http, server))
        browser = Colleague(http, server)
        page = await come(browser, provider, ask="?next=/studio/people", email=OLGA)
        assert page.leads_to == "/studio/sign-in/code?next=%2Fstudio%2Fpeople"
        assert (await browser.get("/studio")).status == 303
        form = {"code": codes[0], "next": "/studio/people"}
        page = await browser.post("/studio/sign-in/code", form)
        assert page.leads_to == "/studio/people"


@pytest.mark.only_on(SQLITE)
async def test_only_owners_have_passwords_and_newcomers_join(
    http: aiohttp.ClientSession, serving: Callable[..., Any], provider: FakeProvider
) -> None:
    async with serving(
        PARLOUR_PASSWORDS="owners",
        PARLOUR_OIDC_NEWCOMERS="analyst",
        PARLOUR_OIDC_DOMAINS="team.example",
    ) as server:
        first = await come(Colleague(http, server), provider)
        assert first.status == 403, "the first one is the owner, by the code of the terminal"
        olga = await owner_of(http, server)
        path = await invited(olga, "ana@other.example", "builder")
        page = await Colleague(http, server).get(path)
        assert "Continue with Fjord" in page.words
        assert 'type="password"' not in page.text
        posted = await Colleague(http, server).post(path, {"name": "Ana", "password": PASSWORD})
        assert (posted.status, "come in by the provider" in posted.words) == (409, True)
        ben = Colleague(http, server)
        assert (await come(ben, provider)).leads_to == "/studio"
        assert "Analyst" in (await ben.get("/studio/me")).words
        assert (await ben.sign_in(BEN, "")).status == 422
        assert (await Colleague(http, server).sign_in(OLGA)).leads_to == "/studio"
        people = {each["email"]: each["id"] for each in server.cli("staff", "list")}
        shown = await olga.get(f"/studio/people/{people[BEN]}")
        assert "Comes in by" in shown.words
        done = await olga.post(f"/studio/people/{people[BEN]}/forget-provider")
        assert done.leads_to.endswith("?said=forgotten")
        assert (await come(Colleague(http, server), provider, "u2")).leads_to == "/studio"
        assert server.cli("staff", "forget-provider", BEN)["email"] == BEN


async def test_without_a_provider_there_is_no_way(
    http: aiohttp.ClientSession, storage: Storage, tmp_path: Path, nursery: Nursery
) -> None:
    server = Server(storage, tmp_path, nursery).start()
    for path in (THERE, f"{THERE}/back?code=x&state=y"):
        assert (await Colleague(http, server).get(path)).status == 404
    await owner_of(http, server)
    assert "Continue with" not in (await Colleague(http, server).get("/studio/sign-in")).words
    server.close()
