"""Whatever is sent: one clear refusal, at once, nothing stored, the server unshaken."""

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from tests.rig import oracles
from tests.rig.raw import exchange, request
from tests.rig.visiting import Visit
from tests.rig.visitor import check

JSON = {"Content-Type": "application/json"}
DEEP = 100_000
FINE = '{"message": "Hi", "async_mode": true}'

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"17",
    "a text": b'"message"',
    "no JSON": b"message=Hi",
    "half": FINE[:-3].encode(),
    "two": FINE.encode() * 2,
    "byte order mark": b"\xef\xbb\xbf" + FINE.encode(),
    "UTF-16": FINE.encode("utf-16"),
    "bad UTF-8": b'{"message": "\xff\xfe"}',
    "overlong UTF-8": b'{"message": "\xc0\xaf"}',
    "surrogate bytes": b'{"message": "\xed\xa0\x80"}',
    "lone surrogate": b'{"message": "\\ud83d"}',
    "surrogates swapped": b'{"message": "\\udc26\\ud83d"}',
    "NUL": b'{"message": "a\\u0000b"}',
    "NUL in an id": b'{"message": "a", "message_id": "a\\u0000b"}',
    "surrogate in an id": b'{"message": "a", "message_id": "\\ud83d"}',
    "NUL in a session": b'{"message": "a", "session_id": "a\\u0000b"}',
    "raw NUL": b'{"message": "a\x00b"}',
    "NaN": b'{"message": NaN}',
    "infinity": b'{"message": "a", "async_mode": Infinity}',
    "1e400": b'{"message": 1e400}',
    "many digits": b'{"message": ' + b"9" * 10_000 + b"}",
    "the wrong type": b'{"message": 17}',
    "no message": b"{}",
    "message null": b'{"message": null}',
    "message list": b'{"message": ["Hi"]}',
    "empty message": b'{"message": ""}',
    "white space": b'{"message": " \\n\\t\\u3000\\u200a "}',
    "true as a text": b'{"message": "a", "async_mode": "true"}',
    "true as a number": b'{"message": "a", "async_mode": 1}',
    "true as text": b'{"message": "a", "async_mode": "yes"}',
    "duplicate key": b'{"message": "a", "message": "b"}',
    "duplicate key, escaped": b'{"message": "a", "messag\\u0065": "b"}',
    "unknown key": b'{"message": "a", "mesage": "b"}',
    "deep lists": b'{"message": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"message": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(70_000)) + b"}",
    "long id": json.dumps({"message": "a", "message_id": "x" * 101}).encode(),
    "empty id": b'{"message": "a", "message_id": ""}',
    "binary": bytes(range(256)) * 10,
}


@pytest.mark.parametrize("kind", BODIES)
async def test_a_body_that_does_not_fit(visit: Visit, kind: str) -> None:
    """INP-02: 4xx at once, on every call that takes a body, and nothing is stored."""
    vera = visit.visitor()
    answer = await vera.call("chat", data=BODIES[kind], headers=JSON)
    assert 400 <= answer.status < 500, answer.body[:300]
    assert answer.code in {"invalid", "bad_request", "too_large", "session_not_found"}
    assert len(answer.body) < 3000
    assert answer.cookies == ()
    assert await visit.keeper.messages(visit.link) == []
    for verb in ("stop", "retry"):
        other = await vera.call(verb, data=BODIES[kind], headers=JSON)
        assert 400 <= other.status < 500


@pytest.mark.parametrize(
    "kind", ["text/json", "application/jsonx", "application/xml", "*/*", "application/json+x", ";"]
)
async def test_a_kind_of_content_that_is_not_taken(visit: Visit, kind: str) -> None:
    vera = visit.visitor()
    answer = await vera.call("chat", data=FINE, headers={"Content-Type": kind})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


async def test_kinds_of_content_that_are_taken(visit: Visit) -> None:
    vera = visit.visitor()
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;x=y"):
        answer = await vera.call("chat", data=FINE, headers={"Content-Type": kind})
        assert answer.status == 202, kind


async def test_a_packed_body_is_not_unpacked(visit: Visit) -> None:
    """INP-05: nobody can send a small bomb."""
    vera = visit.visitor()
    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = await vera.call("chat", data=gzip.compress(FINE.encode()), headers=headers)
    assert answer.status == 415


async def test_bodies_beyond_the_limit(visit: Visit) -> None:
    """INP-02: refused by the announced length, and while counting what comes without one."""
    vera = visit.visitor()
    huge = b'{"message": "' + b"x" * (2 << 20) + b'"}'

    async def unannounced() -> AsyncIterator[bytes]:
        for start in range(0, len(huge), 65_536):
            yield huge[start : start + 65_536]

    # A client that is refused while it still sends may find the line cut instead of the answer.
    for data in (io.BytesIO(huge), unannounced()):
        try:
            answer = await vera.call("chat", data=data, headers=JSON)
        except (OSError, aiohttp.ClientConnectionError):
            continue
        assert (answer.status, answer.code) == (413, "too_large")
        assert answer.headers["Connection"] == "close"
    path = f"/api/public/chat/{visit.link.token}"
    headers = ("Content-Type: application/json", "Content-Length: 10000000000")
    (answer,) = await exchange(vera.url, request("POST", path, *headers))
    assert check(answer).status == 413
    assert await visit.keeper.messages(visit.link) == []


async def test_the_longest_message_is_taken_whole_and_one_more_is_not(visit: Visit) -> None:
    """INP-03: characters are counted as people count code points; what is stored is exact."""
    longest = visit.keeper.tools.settings.max_message_chars
    family = "👨‍👩‍👧‍👦"
    texts = [
        "x",
        "x" * longest,
        "é" * longest,
        "\U0001f426" * longest,
        "e" + "\u0301" * (longest - 1),
        (family * longest)[:longest],
        "\u202eright to left\u2066 שלום \u2069\ufeff\u200b",
        "  kept  \r\n\t as it is \u2028",
        "'; DROP TABLE messages; -- %s {0} ${x} {{7*7}} \\x00 <b>",
    ]
    vera = visit.visitor()
    for text in texts:
        assert (await vera.say(text)).status == 202
        too_long = await vera.say(text + "x" * (longest + 1 - len(text)))
        assert (too_long.status, too_long.code) == (413, "too_long")
    await vera.settled()
    stored = await visit.keeper.messages(visit.link)
    assert [each.text for each in stored if each.author_kind == "visitor"] == texts
    assert [text for role, text in await vera.history() if role == "user"] == texts
    forms = await vera.ask("POST", f"/chat/{vera.token}", data={"message": "x" * (longest + 1)})
    assert forms.status == 413
    assert forms.headers["Content-Type"].startswith("text/html")


LIES = {
    "two lengths": ("Content-Length: 5", "Content-Length: 6"),
    "length and chunks": ("Content-Length: 5", "Transfer-Encoding: chunked"),
    "no number": ("Content-Length: five",),
    "negative": ("Content-Length: -5",),
    "plus": ("Content-Length: +5",),
    "beyond": ("Content-Length: 99999999999999999999999",),
    "folded": ("Content-Length: 5", " 6"),
    "spaced name": ("Content-Length : 5",),
    "odd encoding": ("Transfer-Encoding: chunked, identity",),
    "chunked before something": ("Transfer-Encoding: chunked", "Transfer-Encoding: gzip"),
    "a second host": ("Content-Length: 5", "Host: other.test"),
    "twice chunked": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "NUL": ("X: a\0b",),
}


@pytest.mark.parametrize("kind", LIES)
async def test_requests_that_lie_about_themselves(visit: Visit, kind: str) -> None:
    """INP-04: refused and closed, so that nothing behind it is taken for a second request."""
    path = f"/api/public/chat/{visit.link.token}"
    follow = request("GET", f"/chat/{visit.link.token}")
    head = request("POST", path, "Content-Type: application/json", *LIES[kind])
    answers = await exchange(visit.server.url, head + b"hello" + follow)
    assert [check(answer).status for answer in answers] == [400]
    assert await visit.keeper.messages(visit.link) == []


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\nhello\r\n",
        b"5;" + b"x" * 200_000 + b"\r\nhello\r\n",
        b"-5\r\nhello\r\n",
        b"5\nhello\n",
    ],
)
async def test_chunks_that_are_none(visit: Visit, chunks: bytes) -> None:
    """INP-04: bad sizes, bare line feeds and endless extensions."""
    path = f"/api/public/chat/{visit.link.token}"
    headers = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    follow = request("GET", f"/chat/{visit.link.token}")
    sent = request("POST", path, *headers) + chunks + b"0\r\n\r\n" + follow
    answers = await exchange(visit.server.url, sent)
    assert all(400 <= check(answer).status < 500 for answer in answers)
    assert len(answers) <= 1
    assert await visit.keeper.messages(visit.link) == []


HOSTS = {
    "none": b"GET /healthz HTTP/1.1\r\n\r\n",
    "empty": b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
    "two words": b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a path": b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a user": b"GET /healthz HTTP/1.1\r\nHost: me@a\r\n\r\n",
    "no port": b"GET /healthz HTTP/1.1\r\nHost: a:http\r\n\r\n",
    "chunks of old": b"POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("kind", HOSTS)
async def test_requests_without_one_good_host(visit: Visit, kind: str) -> None:
    """INP-04: what two programs could read differently is refused, with a word why."""
    (answer,) = await exchange(visit.server.url, HOSTS[kind])
    assert check(answer).status == 400
    assert answer.json["detail"]


async def test_hosts_that_are_good(visit: Visit) -> None:
    for host in ("a", "a.test:80", "127.0.0.1:8080", "[::1]", "[::1]:443", "xn--bcher-kva.test"):
        sent = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        (answer,) = await exchange(visit.server.url, sent.encode())
        assert answer.status == 200
    (old,) = await exchange(visit.server.url, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert old.status == 200


async def test_a_coding_that_is_not_known(visit: Visit) -> None:
    """INP-04"""
    head = request("POST", "/healthz", "Transfer-Encoding: gzip, chunked")
    (answer,) = await exchange(visit.server.url, head + b"0\r\n\r\n")
    assert answer.status == 501
    oracles.check_problem(501, answer.headers, answer.body)


@pytest.mark.parametrize("kind", ["GET", "POST"])
async def test_a_request_to_speak_something_else(visit: Visit, kind: str) -> None:
    """INP-05: is answered in ours, and the line is closed: nothing waits on it for ever."""
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Content-Length: 2")
    head = request(kind, "/healthz", *(upgrade if kind == "POST" else upgrade[:2]))
    body = b"{}" if kind == "POST" else b""
    follow = request("GET", "/healthz")
    (answer,) = await exchange(visit.server.url, head + body, follow, pause=0.2)
    assert answer.status == (405 if kind == "POST" else 200)
    assert answer.headers["Connection"] == "close"


METHODS = {
    "/healthz": "GET, HEAD, OPTIONS",
    "/api/agents": "GET, HEAD, OPTIONS, POST",
    "/chat/x": "GET, HEAD, OPTIONS, POST",
    "/api/public/chat/x": "OPTIONS, POST",
    "/studio": "GET, HEAD, OPTIONS",
}


@pytest.mark.parametrize("path", METHODS)
async def test_which_methods_a_path_takes(visit: Visit, path: str) -> None:
    """API-09: told alike to who asks, and to who tries another one."""
    vera = visit.visitor()
    asked = await vera.ask("OPTIONS", path)
    assert (asked.status, asked.headers["Allow"]) == (204, METHODS[path])
    for method in ("TRACE", "PATCH"):
        refused = await vera.ask(method, path)
        assert (refused.status, refused.headers["Allow"]) == (405, METHODS[path])


@pytest.mark.parametrize("path", ["/healthz{}", "/api/agents{}", "/docs{}"])
async def test_an_address_has_one_form(visit: Visit, path: str) -> None:
    """LNK-05: another form of it is another address, where nothing is."""
    for twist in ("/", "//", "%2f", "/%2e", "%20"):
        raw = URL(visit.server.url + path.format(twist), encoded=True)
        async with visit.http.get(raw, allow_redirects=False) as got:
            assert got.status == 404, raw
    for raw_path in ("//healthz", "/api//agents", "/%68ealthz"):
        raw = URL(visit.server.url + raw_path, encoded=True)
        async with visit.http.get(raw) as got:
            assert got.status == 404


BIG = {
    "address": ("GET", "/chat/" + "a" * 65_536, (), {404, 414}),
    "query": ("GET", "/chat/x?" + "a=1&" * 10_000, (), {404, 414}),
    "header": ("GET", "/chat/x", ("X: " + "a" * 65_536,), {431}),
    "headers": ("GET", "/chat/x", tuple(f"X-{n}: a" for n in range(200)), {431}),
    "cookies": ("GET", "/chat/x", ("Cookie: " + "a=b; " * 7000,), {431}),
    "ranges": ("GET", "/chat/x", ("Range: bytes=" + "0-1," * 3000 + "0-1",), {404}),
    "expectation": (
        "POST",
        "/chat/x",
        ("Expect: 200-ok", "Content-Length: 0"),
        {404, 415, 417, 422},
    ),
    "no host": ("GET", "/chat/x", ("Host: other.test",), {400, 404}),
    "absolute": ("GET", "http://evil.test/chat/x", (), {400, 404}),
    "upgrade": ("GET", "/chat/x", ("Connection: Upgrade", "Upgrade: websocket"), {400, 404, 426}),
    "upgrade h2c": ("GET", "/chat/x", ("Connection: Upgrade", "Upgrade: h2c"), {400, 404, 426}),
}


@pytest.mark.parametrize("kind", BIG)
async def test_requests_that_are_too_big_or_odd(visit: Visit, kind: str) -> None:
    """INP-05: refused fast, in the form of every refusal."""
    method, path, headers, statuses = BIG[kind]
    (answer,) = await exchange(visit.server.url, request(method, path, *headers))
    assert check(answer).status in statuses


async def test_two_requests_on_one_line_get_their_own_answers(visit: Visit) -> None:
    """INP-04: the paired probe: what follows a good request is a request of its own."""
    path = f"/api/public/history/{visit.link.token}"
    pair = request("GET", path) + request("GET", "/chat/zzz", "Connection: close")
    answers = []
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(visit.server.url.split(":")[-1])
    )
    writer.write(pair)
    raw = await reader.read()
    writer.close()
    answers = raw.split(b"HTTP/1.1 ")[1:]
    assert len(answers) == 2
    assert b"session_not_found" in answers[0]
    assert b"text/html" in answers[1]
