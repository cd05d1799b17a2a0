"""The door: what a token opens, what a page carries, and that looking changes nothing."""

import re
import secrets
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from parlour.links.rules import Kind
from tests.rig import oracles
from tests.rig.model import FakeModel
from tests.rig.server import Link, Server
from tests.rig.visiting import Visit, visiting
from tests.rig.visitor import Answer, Visitor

PAGES = ("/chat/{}", "/public/chat/{}")
READS = ("/api/public/history/{}", "/api/public/live/{}")
SOURCE = "/chat/{}/sources/msg_x/1"
POSTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/api/public/chat/{}", {"json": {"message": "Hello?"}}),
    ("POST", "/api/public/stop/{}", {}),
    ("POST", "/api/public/typing/{}", {}),
    ("POST", "/api/public/retry/{}", {}),
    ("DELETE", "/api/public/session/{}", {}),
    ("POST", "/chat/{}", {"data": {"message": "Hello?"}}),
    ("POST", "/chat/{}/identify", {"data": {"id": "x"}}),
    ("POST", "/chat/{}/stop", {}),
    ("POST", "/chat/{}/retry", {}),
    ("POST", "/chat/{}/new", {}),
)
VERIFY = (
    ("POST", "/chat/{}/verify", {"data": {"email": "sam@example.org"}}),
    ("POST", "/chat/{}/verify", {"data": {"email": "sam@example.org", "code": "123456"}}),
)
NOTES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/chat/{}", {"data": {"message": ""}}),
    ("GET", "/chat/{}/note", {}),
    ("POST", "/chat/{}/note", {"data": {"text": "Hello?"}}),
    ("POST", "/chat/{}/note", {"data": {"text": ""}}),
    ("POST", "/api/public/note/{}", {"json": {"text": ""}}),
)
"""What is answered otherwise than a message where the door is shut."""
NAMED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/api/public/verify/request", {"email": "sam@example.org"}),
    ("/api/public/verify/request", {"email": "nobody"}),
    ("/api/public/verify/confirm", {"email": "sam@example.org", "code": "123456"}),
    ("/api/public/identify", {"id": "x"}),
)
ROUTES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("GET", path, {}) for path in (*PAGES, *READS, SOURCE)),
    *POSTS,
)


def plain(answer: Answer, token: str) -> tuple[Any, ...]:
    """An answer without what differs between any two: nonces, the date, the token itself."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    headers.pop("date", None)
    headers.pop("content-length", None)
    nonce = re.search(r"'nonce-([^']+)'", headers.get("content-security-policy", ""))
    text = answer.text
    if nonce is not None:
        # First of all: a short token may stand in it by chance.
        text = text.replace(nonce[1], "NONCE")
        policy = headers["content-security-policy"]
        headers["content-security-policy"] = policy.replace(nonce[1], "NONCE")
    return answer.status, sorted(headers.items()), text.replace(token, "TOKEN")


async def dead_tokens(visit: Visit) -> dict[str, str]:
    """Tokens that open nothing, each for another reason."""
    keys = visit.keeper.tools.keys
    real = visit.link.token
    revoked = await visit.another_link()
    await visit.keeper.revoke(visit.agent, revoked)
    stranger = type(keys)(["the key of another instance altogether"])
    last = "A" if real[-1] != "A" else "B"
    return {
        "malformed": "zzzz-zzzz",
        "short": "zzz",
        "unknown": keys.sign_link(1, "lnk_AAAAAAAAAAA", 0),
        "forged": real[:-1] + last,
        "other kind": keys.sign_link(2, visit.link.id, 0),
        "other end": keys.sign_link(1, visit.link.id, 2_000_000_000),
        "foreign": stranger.sign_link(1, visit.link.id, 0),
        "revoked": revoked.token,
        "random": secrets.token_urlsafe(30),
    }


@pytest.mark.parametrize(
    "route", [*ROUTES, *VERIFY, *NOTES], ids=lambda route: f"{route[0]} {route[1]}"
)
async def test_tokens_that_open_nothing_look_alike(
    visit: Visit, route: tuple[str, str, dict[str, Any]]
) -> None:
    """LNK-03: unknown, malformed, forged, revoked and foreign tokens get the same answer."""
    method, path, options = route
    person = visit.visitor()
    answers = {}
    for why, token in (await dead_tokens(visit)).items():
        answer = await person.ask(method, path.format(token), **options)
        answers[why] = plain(answer, token)
    assert {status for status, _, _ in answers.values()} == {404}
    assert len(set(map(str, answers.values()))) == 1, answers
    assert person.cookies == {}


@pytest.mark.parametrize("carrier", ["none", "header", "cookie", "start"])
async def test_tokens_that_open_nothing_look_alike_with_a_session(
    visit: Visit, carrier: str
) -> None:
    """LNK-03: whatever session comes along, good elsewhere or for nothing."""
    odin = visit.visitor(await visit.another_link())
    await odin.say("Hello from elsewhere")
    for session in (odin.session, "vs_" + "A" * 38):
        headers = {"X-Parlour-Session": session} if carrier == "header" else {}
        if carrier == "cookie":
            headers = {"Cookie": f"{next(iter(odin.cookies))}={session}"}
        body = {"message": "Hello?"} | ({"start": session} if carrier == "start" else {})
        told = set()
        for token in (await dead_tokens(visit)).values():
            person = visit.visitor()
            answer = await person.ask(
                "POST", f"/api/public/chat/{token}", json=body, headers=headers
            )
            told.add(str(plain(answer, token)))
            assert answer.status == 404
        assert len(told) == 1, told


@pytest.mark.parametrize(("path", "body"), NAMED)
async def test_dead_tokens_in_a_body_look_alike(
    visit: Visit, path: str, body: dict[str, str]
) -> None:
    """LNK-03: where the call names its link in the body."""
    told = set()
    for token in (await dead_tokens(visit)).values():
        answer = await visit.visitor().ask("POST", path, json={"token": token, **body})
        assert answer.status in {404, 422}
        told.add(str(plain(answer, token)))
    assert len(told) == 1, told


async def test_the_link_call_tells_every_dead_token_the_same(visit: Visit) -> None:
    person = visit.visitor()
    told = []
    for token in (await dead_tokens(visit)).values():
        answer = await person.ask("GET", f"/api/public/link/{token}")
        told.append((answer.status, answer.body))
    assert {status for status, _ in told} == {200}
    assert len(set(told)) == 1
    assert b'"not_found"' in told[0][1]


def twisted(token: str) -> list[str]:
    """Addresses that nearly are the token's."""
    return [
        token.swapcase(),
        token[:20] + "%2e%2e/" + token[20:],
        quote(token[0], safe="").join(["%2525", token[1:]]),
        *(token + end for end in ("/", ".", ";", "%00", "%20", "%0a", "?", "%3f", "/.", "/..")),
        *(token + end for end in ("/x.css", ";a.js", "%0a.png", ".html", "%2f", "\\")),
        "%c0%af" + token,
        "%ff" + token,
        token[:-1] + "%c1%81",
        quote("".join(chr(ord(each) + 0xFEE0) for each in token)),  # the same in full width
        "A" * 8192,
        "%41" * 3000,
        "..%2f..%2fetc%2fpasswd",
        "",
        "%",
        "%zz",
    ]


async def test_addresses_that_nearly_are_the_token(visit: Visit) -> None:
    """LNK-05, LNK-06: 404 or 400, never a match unless it is the very token, never a 500."""
    token = visit.link.token
    person = visit.visitor()
    canary = 'data-token="'
    for twist in twisted(token):
        for path in (*PAGES, "/static/..%2fchat/{}", "//chat/{}", "/chat//{}", "/CHAT/{}"):
            raw = URL(person.url + path.format(twist), encoded=True)
            async with visit.http.get(raw, allow_redirects=False) as got:
                text = await got.text(errors="replace")
                oracles.check_headers(got.status, got.headers)
                if got.status == 200:
                    assert twist.rstrip("?") == token, raw
                    assert "no-store" in got.headers["Cache-Control"]
                else:
                    assert got.status in {400, 404, 405}, (got.status, raw)
                    assert canary not in text


async def test_headers_of_every_answer_of_a_token(visit: Visit) -> None:
    """O7, LNK-07: whatever a token opened is not cached, indexed, or told to other sites."""
    vera = visit.visitor()
    await vera.say("Hello?")
    await vera.settled()
    for method, path, options in ROUTES:
        if "live" in path or method != "GET":
            continue
        answer = await vera.ask(method, path.format(visit.link.token), **options)
        oracles.check_never_cached(answer.headers)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    page = await vera.page()
    assert '<meta name="robots" content="noindex' in page.text
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    async with vera.live() as stream:
        oracles.check_never_cached(stream.response.headers)


def policy_of(answer: Answer) -> dict[str, list[str]]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {words[0]: words[1:] for part in parts if (words := part.split())}


async def test_the_policy_of_every_page(visit: Visit) -> None:
    """WID-11: read as a browser reads it: nothing from elsewhere, no inline code, no framing."""
    vera = visit.visitor()
    found = [await vera.page(), await vera.ask("GET", "/chat/nothing"), await vera.ask("GET", "/x")]
    assert [answer.status for answer in found] == [200, 404, 404]
    for answer in found[:2]:
        policy = policy_of(answer)
        (nonce,) = policy.pop("script-src")
        assert re.fullmatch(r"'nonce-[A-Za-z0-9_-]{22,}'", nonce)
        assert policy == {
            "default-src": ["'none'"],
            "style-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "connect-src": ["'self'"],
            "manifest-src": ["'self'"],
            "form-action": ["'self'"],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
        }
        said = nonce.strip("'").removeprefix("nonce-")
        scripts = re.findall(r"<script\b[^>]*>", answer.text)
        assert all(f'nonce="{said}"' in each or "application/json" in each for each in scripts)
        assert not re.search(r'\s(on\w+|style)="', answer.text)
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.text)
    nonces = {policy_of(await vera.page())["script-src"][0] for _ in range(5)}
    assert len(nonces) == 5
    closed = policy_of(found[2])
    assert closed["default-src"] == ["'none'"]
    assert closed["frame-ancestors"] == ["'none'"]


async def test_the_cookie_is_the_browsers_secret(visit: Visit) -> None:
    """SES: not readable by scripts, not sent from elsewhere, one per link, none before a word."""
    vera = visit.visitor()
    assert (await vera.page()).cookies == ()
    answer = await vera.say("Hello?")
    (line,) = answer.cookies
    (name, morsel), *others = SimpleCookie(line).items()
    assert others == []
    assert name == f"parlour-{visit.link.id.removeprefix('lnk_')}"
    assert morsel["httponly"]
    assert morsel["samesite"].lower() == "lax"
    assert morsel["path"] == "/"
    assert morsel["domain"] == ""
    assert int(morsel["max-age"]) == 30 * 24 * 3600
    assert not morsel["secure"]  # this server is on plain http
    page = await vera.page()
    assert morsel.value not in page.text


async def test_looking_changes_nothing(
    own_server: Server, model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """LNK-21: every GET and HEAD by everybody; the database is the same before and after."""
    async with visiting(own_server, model, http) as visit:
        vera, sam = visit.visitor(), visit.visitor()
        await vera.say("Hello?")
        await vera.settled()
        before, after = await around(visit, vera, sam)
        if before["job_clocks"] != after["job_clocks"]:
            # The minute was over, and what is done every minute was done.
            before, after = await around(visit, vera, sam)
        assert after == before


async def around(visit: Visit, vera: Visitor, sam: Visitor) -> tuple[dict[str, str], ...]:
    """What is stored before and after everybody looked at everything."""
    await visit.keeper.quiet()
    before = await visit.keeper.fingerprint()
    await look(visit, vera, sam)
    return before, await visit.keeper.fingerprint()


async def look(visit: Visit, vera: Visitor, sam: Visitor) -> None:
    paths = [path.format(visit.link.token) for path in (*PAGES, *READS, SOURCE)]
    paths += [f"/api/public/link/{visit.link.token}", f"/chat/{visit.link.token}/read"]
    paths += ["/chat/nothing", "/healthz", "/robots.txt"]
    for person in (vera, sam):
        for path in paths:
            if person is vera and "live" in path:
                async with person.live() as stream:
                    await stream.next("done")
                continue
            for method in ("GET", "HEAD", "OPTIONS"):
                await person.ask(method, path)


async def test_closed_doors_say_why(visit: Visit) -> None:
    """Refusals of the contract: each its status, its reason, its page, its problem document."""
    ending = await visit.another_link(kind=Kind.TEMPORARY, hours=1)
    disabled = await visit.another_link(enabled=False)
    offline = await visit.another_link()
    await visit.keeper.end(ending)
    expected: dict[Link, tuple[int, str]] = {ending: (410, "expired"), disabled: (403, "disabled")}
    await check_refusals(visit, expected)
    await visit.keeper.switch(visit.agent, live=False)
    await check_refusals(visit, {offline: (503, "offline")})
    told = (await visit.visitor().ask("GET", f"/api/public/link/{offline.token}")).json
    assert (told["valid"], told["agent_available"], told["reason"]) == (True, False, None)


async def check_refusals(visit: Visit, expected: dict[Link, tuple[int, str]]) -> None:
    for link, (status, reason) in expected.items():
        person = visit.visitor(link)
        person.faulty = status == 503
        for method, path, options in ROUTES:
            answer = await person.ask(method, path.format(link.token), **options)
            if path == SOURCE:  # what was said may still be read, by whoever it was said to
                assert answer.status == 404
                continue
            assert answer.status == status, (method, path, answer.body)
            if path.startswith("/api"):
                assert answer.code == reason
            else:
                assert answer.headers["Content-Type"].startswith("text/html")
                assert 'data-token="' not in answer.text
        assert person.cookies == {}


async def test_an_expired_link_keeps_its_visitors_out_at_once(visit: Visit) -> None:
    link = await visit.another_link(kind=Kind.TEMPORARY, hours=1)
    vera = visit.visitor(link)
    assert (await vera.say("Hello?")).status == 202
    await vera.settled()
    await visit.keeper.end(link)
    refused = await vera.say("Again?")
    assert (refused.status, refused.code) == (410, "expired")
    assert len(await visit.keeper.messages(link)) == 2


async def test_links_are_named_by_the_configured_address(visit: Visit) -> None:
    """LNK-13: a host that a request claims is never repeated."""
    vera = visit.visitor()
    evil = {"X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test", "X-Host": "evil.test"}
    # A browser there would say whose page it comes from; without that, pages ask for it.
    for headers in (evil, {**evil, "Host": "evil.test", "Sec-Fetch-Site": "none"}):
        for path in (*PAGES, "/api/public/link/{}", "/chat/nothing{}"):
            answer = await vera.ask("GET", path.format(visit.link.token), headers=headers)
            assert "evil.test" not in answer.text + str(answer.headers)
