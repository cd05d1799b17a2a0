"""Confirming an address through a link, as programs do it, on a server of one's own machine."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from parlour.agents import sharing
from tests.rig.visiting import Visit
from tests.rig.visitor import Answer, Drawn, Visitor
from tests.rig.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

EMAILS = iter(f"v{n}@example.org" for n in range(1_000_000))


async def asks(visit: Visit, **terms: Any) -> None:
    """Have the agent ask for an address."""
    tools, who = visit.keeper.tools, visit.keeper.who
    await sharing.change(tools, who, visit.agent, {"verify": "required", **terms})


async def request(person: Visitor, email: Any, **more: Any) -> Answer:
    return await person.ask(
        "POST", "/api/public/verify/request", json={"token": person.token, "email": email, **more}
    )


async def confirm(person: Visitor, email: str, code: Any, **more: Any) -> Answer:
    body = {"token": person.token, "email": email, "code": code, **more}
    return await person.ask("POST", "/api/public/verify/confirm", json=body)


async def mailed(visit: Visit, email: str) -> str:
    """The code that was printed for an address: this server is at home, and has no mail server."""
    found = re.compile(rf"This would go to {re.escape(email)}:\s+\| (\d{{6}}) is")
    return str(await eventually(lambda: (found.findall(visit.server.output) or [""])[-1]))


async def test_a_visitor_confirms_and_chats(visit: Visit) -> None:
    await asks(visit)
    vera, email = visit.visitor(), next(EMAILS)
    told = (await vera.call("link", "GET")).json
    assert (told["valid"], told["require_email"], told["reason"]) == (True, True, None)
    refused = await vera.say("Hello?")
    assert (refused.status, refused.code) == (401, "verification_required")
    assert vera.cookies == {}
    sent = await request(vera, email)
    assert (sent.status, sent.json["expires_in_seconds"]) == (200, 600)
    code = await mailed(visit, email)
    bad = (await confirm(vera, email, f"{(int(code) + 1) % 1_000_000:06d}")).json
    assert bad == {"verified": False, "error": "invalid_code", "tries_left": 4}
    good = (await confirm(vera, email, code)).json
    assert good["verified"] is True
    assert good["session_token"] == vera.session
    assert (await vera.say("Hello?")).status == 202
    assert [role for role, _ in await vera.settled()] == ["user", "assistant"]
    again = (await confirm(vera, email, code)).json
    assert again == {"verified": False, "error": "code_expired"}
    # A second device: the same address, the same conversation.
    laptop = visit.visitor()
    sent = await request(laptop, email)
    code = await eventually(lambda: another(visit, email, code))
    good = (await confirm(laptop, email, code)).json
    assert await laptop.history() == await vera.history()
    # By a header, as a program does that keeps no cookies.
    stranger = visit.visitor()
    answer = await stranger.call(
        "history", "GET", headers={"X-Parlour-Session": good["session_token"]}
    )
    assert answer.json["message_count"] == 2


def another(visit: Visit, email: str, but: str) -> str:
    found = re.findall(rf"would go to {re.escape(email)}:\s+\| (\d{{6}}) is", visit.server.output)
    return next((each for each in found if each != but), "")


async def test_only_codes_and_addresses_are_taken(visit: Visit) -> None:
    """OTP-05, OTP-12."""
    await asks(visit)
    vera = visit.visitor()
    full = "\uff11\uff12\uff13\uff14\uff15\uff16"
    texts = ("", " 123456", "123456\n", full, "12345")
    others: tuple[Any, ...] = (None, [], {}, 0, True, 123456)
    for code in texts + others:
        assert (await confirm(vera, "a@example.org", code)).status == 422, code
    body = {"token": vera.token, "email": "a@example.org"}
    assert (await vera.ask("POST", "/api/public/verify/confirm", json=body)).status == 422
    several = "a@x.org,b@x.org", "<a@x.org>,b@x.org", "a@x.org\r\nBcc: b@x.org"
    for email in ("ana", *several, "=?utf-8?q?a?=@x.org", "a%0ab@x.org", None):
        assert (await request(vera, email)).status == 422, email


async def test_where_nobody_is_asked(visit: Visit) -> None:
    vera = visit.visitor()
    answer = await request(vera, "a@example.org")
    assert (answer.status, answer.code) == (400, "no_verification")
    vera.token = "x" * 40
    assert (await request(vera, "a@example.org")).status == 404
    assert (await confirm(vera, "a@example.org", "123456")).status == 404


async def test_every_call_asks_for_it(visit: Visit) -> None:
    """A conversation begun without a name is not to be had without one, once it is asked for."""
    vera = visit.visitor()
    await vera.say("Hello?")
    await vera.settled()
    async with vera.live() as stream:
        drawn = Drawn()
        await drawn.until_ended(stream)
        await asks(visit)
        while not drawn.refused:
            drawn.take(await stream.next())
        assert drawn.refused == "verification_required"
    for verb, method in (("chat", "POST"), ("history", "GET"), ("live", "GET"), ("retry", "POST"),
                         ("session", "DELETE")):  # fmt: skip
        body = {"json": {"message": "x"}} if verb == "chat" else {}
        answer = await vera.call(verb, method, **body)
        assert (answer.status, answer.code) == (401, "verification_required"), verb


@asynccontextmanager
async def following(person: Visitor) -> "AsyncIterator[Callable[[], Any]]":
    async with person.live() as stream:
        drawn = Drawn()
        await drawn.until_ended(stream)

        async def refused() -> str:
            while not drawn.refused:
                drawn.take(await stream.next())
            return drawn.refused

        yield refused


async def test_a_session_that_is_over_ends_its_stream(visit: Visit) -> None:
    """OTP-19, SES-04: confirming makes another session; what looked on with the old one ends."""
    vera, email = visit.visitor(), next(EMAILS)
    await asks(visit, verify="after", verify_after=1)
    await vera.say("Hello?")
    before = await vera.settled()
    assert (await vera.say("And then?")).code == "verification_required"
    async with following(vera) as refused:
        await request(vera, email)
        await confirm(vera, email, await mailed(visit, email))
        assert await refused() == "session_not_found"
    assert await vera.history() == before
    assert (await vera.say("And then?")).status == 202


async def test_many_at_once_are_one_session(visit: Visit) -> None:
    """OTP-06, over HTTP."""
    await asks(visit)
    vera, email = visit.visitor(), next(EMAILS)
    await request(vera, email)
    code = await mailed(visit, email)
    answers = await asyncio.gather(*(confirm(vera, email, code) for _ in range(10)))
    assert [each.json["verified"] for each in answers].count(True) == 1
