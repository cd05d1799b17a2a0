"""The webhook backend: what is posted, what is understood, and what is signed, both ways."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from parlour.agents import calling
from parlour.agents.backends import KINDS
from parlour.agents.backends.webhook.client import WebhookBackend
from parlour.agents.contract import (
    Action,
    Citation,
    Part,
    Said,
    Status,
    Text,
    Usage,
    Variable,
)
from parlour.kit.tokens import Keyring
from parlour.tools import Tools
from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.outgoing import Canary, failing, parts_of, question, text_of, tools_for
from tests.rig.plays import Asked, Play, Wire
from tests.rig.waiting import eventually

KIND = KINDS["webhook"]
CITED = {"n": 1, "title": "T", "source": "a.md", "quote": "so it is"}


@pytest.fixture
async def tools(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tools]:
    monkeypatch.setattr(calling, "_WAITS", (0.01, 0.01))
    made = tools_for(first_byte_timeout=2.0, silence_timeout=2.0, reply_timeout=30.0)
    yield made
    await made.http.close()


class Agent:
    """A webhook agent and the secret its owner was shown."""

    def __init__(self, tools: Tools, url: str, **config: Any) -> None:
        self.tools = tools
        self.config = KIND.accept({"url": url, **config}, None, tools, trusted=True)
        self.secret = KIND.made(None, self.config, tools)["secret"]

    def rotate(self) -> None:
        before, given = self.config, {**KIND.shown(self.config), "rotate_secret": True}
        self.config = KIND.accept(given, before, self.tools, trusted=True)
        self.secret = KIND.made(before, self.config, self.tools)["secret"]

    @property
    def backend(self) -> WebhookBackend:
        made = KIND.build(self.config, "agt_1", self.tools)
        assert isinstance(made, WebhookBackend)
        return made


def whole(document: Any) -> Play:
    return plays.answer(200, json.dumps(document).encode())


def stream(*lines: bytes, kind: str = "text/event-stream") -> Play:
    async def play(_: Asked, wire: Wire) -> None:
        await wire.head(Content_Type=kind, Connection="close")
        for line in lines:
            await wire.raw(line)

    return play


def events(*parts: Any) -> list[bytes]:
    return [b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts]


async def test_what_is_posted(tools: Tools, model: FakeModel) -> None:
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/hook")
    model.plays(whole({"text": "hi"}))
    said = Said("agent", "Welcome."), Said("operator", "hm", "Odin"), Said("visitor", "Hello?")
    await parts_of(agent.backend, question(*said, language="de", variables={"plan": "pro"}))
    asked = model.requests[0]
    assert (asked.method, asked.path) == ("POST", "/hook")
    assert asked.json == {
        "conversation": "cnv_1",
        "turn": "trn_1",
        "agent": "agt_1",
        "language": "de",
        "message": "Hello?",
        "messages": [
            {"author": "agent", "name": "", "text": "Welcome."},
            {"author": "operator", "name": "Odin", "text": "hm"},
            {"author": "visitor", "name": "", "text": "Hello?"},
        ],
        "variables": {"plan": "pro"},
        "memory": None,
    }
    assert asked.headers["webhook-id"] == "trn_1"
    Webhook(agent.secret).verify(asked.body, asked.headers)


async def test_a_rotation_signs_with_both_secrets(tools: Tools, model: FakeModel) -> None:
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/")
    old = agent.secret
    agent.rotate()
    model.plays(plays.error(503), whole({"text": "hi"}))
    await parts_of(agent.backend)
    assert len({asked.headers["webhook-id"] for asked in model.requests}) == 1
    for asked in model.requests:
        for secret in (old, agent.secret):
            Webhook(secret).verify(asked.body, asked.headers)


async def test_a_rotated_secret_outlives_the_instance_key_of_the_one_before(
    tools: Tools, model: FakeModel
) -> None:
    former, new = "a secret key of these tests", "the key that comes after"
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/")
    tools.keys = Keyring([new, former])
    agent.rotate()
    tools.keys = Keyring([new])
    model.plays(whole({"text": "hi"}))
    assert text_of(await parts_of(agent.backend)) == "hi"
    Webhook(agent.secret).verify(model.requests[0].body, model.requests[0].headers)
    tools.keys = Keyring(["a key that it never had"])
    assert (await failing(agent.backend))[1].code == "misconfigured"


EVERYTHING: list[Part] = [
    Status("Looking it up"),
    Text("Hello "),
    Text("**you**"),
    Citation(1, "T", "a.md", "so it is"),
    Variable("plan", {"name": "pro"}),
    Usage(12, 3),
    Action("handoff", {"to": "sales"}),
]
WRITTEN: list[dict[str, Any]] = [
    {"type": "status", "label": "Looking\n it up"},
    {"type": "text", "text": "Hello ", "surprise": 1},
    {"type": "confetti"},
    {"type": "text", "text": "**you**"},
    {"type": "citation", **CITED, "passage": "psg_1", "url": "javascript:alert(1)"},
    {"type": "variable", "name": "plan", "value": {"name": "pro"}},
    {"type": "usage", "input_tokens": 12, "output_tokens": 3},
    {"type": "usage", "input_tokens": -12, "output_tokens": 3},
    {"type": "action", "name": "handoff", "arguments": {"to": "sales"}},
]


async def test_one_document(tools: Tools, model: FakeModel) -> None:
    model.plays(
        whole(
            {
                "status": "Looking it up",
                "text": "Hello ",
                "parts": [{"type": "text", "text": "**you**"}],
                "citations": [{**CITED, "passage": "psg_1"}],
                "variables": {"plan": {"name": "pro"}},
                "usage": {"input_tokens": 12, "output_tokens": 3},
                "actions": [{"name": "handoff", "arguments": {"to": "sales"}}],
                "surprise": True,
            }
        )
    )
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/")
    assert await parts_of(agent.backend) == EVERYTHING


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("text/event-stream; charset=utf-8", [b": hi\n\n", *events(*WRITTEN)]),
        ("text/event-stream", [b"".join(events(*WRITTEN)).replace(b"\n", b"\r\n")]),
        ("application/x-ndjson", [json.dumps(part).encode() + b"\n" for part in WRITTEN]),
        ("application/x-ndjson", [b"\n".join(json.dumps(part).encode() for part in WRITTEN)]),
    ],
)
async def test_a_stream(tools: Tools, model: FakeModel, kind: str, lines: list[bytes]) -> None:
    """Types and fields that are not known are ignored; no backend outside opens our documents."""
    model.plays(stream(*lines, kind=kind))
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/")
    assert await parts_of(agent.backend) == EVERYTHING


TEXT = {"type": "text", "text": "so far"}
BAD: list[tuple[str, Play, str, str]] = [
    ("hang before header", plays.hang_before_header(), "timeout", ""),
    ("reset", plays.reset_after("x"), "unreachable", ""),
    ("not HTTP", plays.not_http(), "bad_answer", ""),
    ("web page", plays.page(), "bad_answer", ""),
    ("redirect", plays.redirect("http://127.0.0.1:1/"), "misconfigured", ""),
    ("410", plays.answer(410), "refused", ""),
    ("500", plays.error(500), "unreachable", ""),
    ("empty", plays.answer(200), "bad_answer", ""),
    ("not an object", whole([1]), "bad_answer", ""),
    ("text is a number", whole({"text": 7}), "bad_answer", ""),
    ("parts is an object", whole({"parts": {"a": 1}}), "bad_answer", ""),
    ("a part is a text", whole({"parts": ["hi"]}), "bad_answer", ""),
    ("a citation without source", whole({"citations": [{"n": 1}]}), "bad_answer", ""),
    ("an unknown action", whole({"actions": [{"name": "format_disk"}]}), "bad_answer", ""),
    ("a huge variable", whole({"variables": {"a": "x" * 20_000}}), "bad_answer", ""),
    ("its own error", whole({"error": "the CRM is down"}), "refused", ""),
    ("too large", plays.answer(200, b'{"text": "' + b"x" * 5_000_000 + b'"}'), "bad_answer", ""),
    ("error after text", stream(*events(TEXT, {"type": "error"})), "refused", "so far"),
    ("bad JSON after text", stream(*events(TEXT), b"data: {\n\n"), "bad_answer", "so far"),
    ("huge line", plays.huge_line(), "bad_answer", ""),
    ("unfitting part", stream(*events(TEXT, {"type": "status"})), "bad_answer", "so far"),
]


@pytest.mark.parametrize(("play", "code", "said"), [pytest.param(*b[1:], id=b[0]) for b in BAD])
async def test_every_bad_answer_is_one_failure(
    tools: Tools, model: FakeModel, play: Play, code: str, said: str
) -> None:
    """CRH-09, CRH-10, CRH-11, SSR-08."""
    model.plays(play)
    parts, failure = await failing(Agent(tools, f"http://127.0.0.1:{model.port}/").backend)
    assert (failure.code, text_of(parts)) == (code, said)
    await eventually(lambda: model.open_connections == 0)


@pytest.mark.parametrize(
    ("play", "parts"),
    [
        (whole({"variables": {"a": 1}}), [Variable("a", 1)]),
        (whole({}), []),
        (stream(b": nothing\n\n"), []),
    ],
)
async def test_whether_anything_was_said_is_not_for_a_backend_to_judge(
    tools: Tools, model: FakeModel, play: Play, parts: list[Part]
) -> None:
    """One place decides what counts as an answer, for all backends alike."""
    model.plays(play)
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/")
    assert await parts_of(agent.backend) == parts


async def test_a_handoff_needs_no_text(tools: Tools, model: FakeModel) -> None:
    model.plays(whole({"actions": [{"name": "handoff"}]}))
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/")
    assert await parts_of(agent.backend) == [Action("handoff")]


async def test_a_private_address_is_not_called() -> None:
    """SSR-01."""
    async with Canary().listening() as canary:
        tools = tools_for(allow_networks=())
        agent = Agent(tools, f"http://127.0.0.1:{canary.port}/")
        _, failure = await failing(agent.backend)
        assert (failure.code, canary.hits) == ("unreachable", 0)
        await tools.http.close()


async def test_stopping_ends_the_call(tools: Tools, model: FakeModel) -> None:
    async def play(_: Asked, wire: Wire) -> None:
        await stream(*events(TEXT))(_, wire)
        await wire.hang()

    model.plays(play)
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/")
    async with aclosing(agent.backend.answer(question())) as parts:
        assert await anext(parts) == Text("so far")
        assert model.open_connections == 1
    await eventually(lambda: model.open_connections == 0)


# Signed back


def signature(secret: str, signed: str, turn: str = "trn_1", ago: int = 0) -> dict[str, str]:
    when = datetime.fromtimestamp(int(datetime.now(UTC).timestamp()) - ago, UTC)
    stamp = str(int(when.timestamp()))
    return {"timestamp": stamp, "signature": Webhook(secret).sign(turn, when, signed)}


def signed_document(secret: str, body: bytes, **how: Any) -> dict[str, str]:
    made = signature(secret, body.decode(), **how)
    return {
        "webhook_id": how.get("turn", "trn_1"),
        "webhook_timestamp": made["timestamp"],
        "webhook_signature": made["signature"],
    }


BODY = b'{"text": "hi"}'
STRANGER = "whsec_" + base64.b64encode(b"x" * 32).decode()


async def test_a_signed_document_is_believed(tools: Tools, model: FakeModel) -> None:
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/", verify_response=True)
    old = agent.secret
    agent.rotate()
    for secret in (old, agent.secret):
        model.plays(plays.answer(200, BODY, **signed_document(secret, BODY)))
        assert text_of(await parts_of(agent.backend)) == "hi"


@pytest.mark.parametrize(
    "headers",
    [
        lambda _: {},
        lambda _: signed_document(STRANGER, BODY),
        lambda secret: signed_document(secret, BODY, turn="trn_2"),
        lambda secret: signed_document(secret, BODY, ago=3_600),
        lambda secret: signed_document(secret, b'{"text": "ho"}'),
        lambda secret: {**signed_document(secret, BODY), "webhook_signature": "v1,%%%"},
        lambda secret: {**signed_document(secret, BODY), "webhook_signature": "nonsense"},
        lambda secret: {**signed_document(secret, BODY), "webhook_timestamp": "soon"},
    ],
)
async def test_an_unsigned_or_foreign_document_is_not(
    tools: Tools, model: FakeModel, headers: Callable[[str], dict[str, str]]
) -> None:
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/", verify_response=True)
    model.plays(plays.answer(200, BODY, **headers(agent.secret)))
    parts, failure = await failing(agent.backend)
    assert (parts, failure.code) == ([], "bad_answer")


class Signing:
    """Writes a signed stream as the owner of an agent would."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._hash = hashlib.sha256()

    def part(self, text: str) -> bytes:
        return self._line({"type": "text", "text": text})

    def signature(self, **how: Any) -> bytes:
        made = signature(self._secret, self._hash.hexdigest(), **how)
        return self._line({"type": "signature", **made})

    def _line(self, part: dict[str, Any]) -> bytes:
        line = json.dumps(part).encode()
        self._hash.update(line + b"\n")
        return b"data: " + line + b"\n\n"


async def test_a_signed_stream_is_shown_as_far_as_it_is_signed(
    tools: Tools, model: FakeModel
) -> None:
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/", verify_response=True)
    sign = Signing(agent.secret)
    lines = [sign.part("a"), sign.part("b"), sign.signature(), sign.part("c")]
    model.plays(stream(*lines))
    parts, failure = await failing(agent.backend)
    assert (text_of(parts), failure.code) == ("ab", "bad_answer")
    model.plays(stream(*lines, b": a proxy says hello\r\n", sign.signature()))
    assert text_of(await parts_of(agent.backend)) == "abc"


def unsigned(_: Signing) -> list[bytes]:
    return events(TEXT)


def altered(sign: Signing) -> list[bytes]:
    return [sign.part("a").replace(b'"a"', b'"b"'), sign.signature()]


def another_turn(sign: Signing) -> list[bytes]:
    return [sign.part("a"), sign.signature(turn="trn_2")]


def reordered(sign: Signing) -> list[bytes]:
    first, second = sign.part("a"), sign.part("b")
    return [second, first, sign.signature()]


def dropped(sign: Signing) -> list[bytes]:
    sign.part("a")
    return [sign.part("b"), sign.signature()]


@pytest.mark.parametrize("write", [unsigned, altered, another_turn, reordered, dropped])
async def test_nothing_unsigned_is_ever_shown(
    tools: Tools, model: FakeModel, write: Callable[[Signing], list[bytes]]
) -> None:
    agent = Agent(tools, f"http://127.0.0.1:{model.port}/", verify_response=True)
    model.plays(stream(*write(Signing(agent.secret))))
    parts, failure = await failing(agent.backend)
    assert (parts, failure.code) == ([], "bad_answer")
