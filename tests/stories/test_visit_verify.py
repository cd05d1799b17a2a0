"""Confirming an address on the visitor's page, in a browser that runs no scripts."""

import re
from html import unescape

from tests.rig.visiting import Visit
from tests.rig.visitor import Answer, Visitor
from tests.stories.test_public_verify import EMAILS, asks, mailed


async def post(person: Visitor, path: str, **fields: str) -> Answer:
    return await person.ask("POST", f"/chat/{person.token}{path}", data=fields)


def fields(page: Answer, step: str) -> dict[str, str]:
    """What the form of a step sends along by itself."""
    shown = page.text.partition(f'id="step-{step}"')[2].partition("</form>")[0]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown)
    return {name: unescape(value) for name, value in found}


def asked(page: Answer) -> str:
    """The step that a page shows."""
    assert page.status == 200, page.text
    hidden = re.findall(r'id="step-(\w+)"[^>]*? hidden', page.text)
    assert len(hidden) == 1, page.text
    return "code" if hidden == ["email"] else "email"


async def test_what_was_being_said_is_said_afterwards(visit: Visit) -> None:
    vera, email = visit.visitor(), next(EMAILS)
    await asks(visit, verify="after", verify_after=1)
    device = "This device finds the conversation again"
    assert device in (await vera.ask("GET", f"/chat/{vera.token}")).text
    await post(vera, "", message="First", message_id="m1")
    await vera.settled()
    page = await post(vera, "", message='Second "quoted" <b>', message_id="m2")
    assert asked(page) == "email"
    page = await post(vera, "/verify", **{**fields(page, "email"), "email": "nobody"})
    assert asked(page) == "email"
    assert "That is not an e-mail address" in page.text
    page = await post(vera, "/verify", **{**fields(page, "email"), "email": email})
    assert asked(page) == "code"
    code = await mailed(visit, email)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    page = await post(vera, "/verify", **{**fields(page, "code"), "code": wrong})
    assert asked(page) == "code"
    assert "4 tries left" in page.text
    before = vera.session
    page = await post(vera, "/verify", **{**fields(page, "code"), "code": f"{code[:3]} {code[3:]}"})
    assert (page.status, page.headers["Location"]) == (303, f"/chat/{vera.token}")
    assert vera.session != before
    said = [text for role, text in await vera.settled() if role == "user"]
    assert said == ["First", 'Second "quoted" <b>']
    assert (await vera.ask("GET", f"/chat/{vera.token}/verify")).status == 303
    # It is any device from now on, for a day at a time.
    assert device not in (await vera.ask("GET", f"/chat/{vera.token}")).text


async def test_what_may_not_be_said_yet_is_not_lost(visit: Visit) -> None:
    """Confirmed, and then too much or too long: it goes by the limits, and back into the box."""
    vera, email = visit.visitor(), next(EMAILS)
    await asks(visit, message_chars=10)
    page = await post(vera, "", message="far too long <b>", message_id="m1")
    page = await post(vera, "/verify", **{**fields(page, "email"), "email": email})
    code = await mailed(visit, email)
    page = await post(vera, "/verify", **{**fields(page, "code"), "code": code})
    asked_for = f"/chat/{vera.token}?q=far+too+long+%3Cb%3E"
    assert (page.status, page.headers["Location"]) == (303, asked_for)
    page = await vera.ask("GET", page.headers["Location"])
    assert ">far too long &lt;b&gt;</textarea>" in page.text
    assert await vera.history() == []


async def test_no_address_is_an_error(visit: Visit) -> None:
    vera = visit.visitor()
    many = "&".join(f"a{n}=1" for n in range(50))
    for query in (f"lang=de&{many}", f"id=x&{many}", f"q=x&{many}", "q=%ff%00%ed%a0%80&lang=%00"):
        assert (await vera.ask("GET", f"/chat/{vera.token}?{query}")).status == 200, query


async def test_a_page_that_asks_shows_nothing_of_what_was_said(visit: Visit) -> None:
    """PRV-03, PRV-05: neither what was said, nor who may come in."""
    vera = visit.visitor()
    await vera.say("a secret of mine")
    await vera.settled()
    await asks(visit, emails=("boss@example.org", "@team.example"))
    for page in (await vera.page(), await vera.ask("GET", f"/chat/{vera.token}/verify")):
        assert asked(page) == "email"
        for kept in ("a secret of mine", "boss@", "team.example"):
            assert kept not in page.text
    page = await post(vera, "/verify", email="stranger@example.org", start="")
    assert asked(page) == "code", "the same for who may not come in"
    page = await post(vera, "/verify", email="stranger@example.org", code="12345")
    assert "six digits" in page.text


async def test_where_nobody_is_asked_there_is_no_such_step(visit: Visit) -> None:
    vera = visit.visitor()
    page = await vera.ask("GET", f"/chat/{vera.token}/verify")
    assert (page.status, page.headers["Location"]) == (303, f"/chat/{vera.token}")
    assert (await post(vera, "/verify", email="a@example.org")).status == 400
    vera.token = "x" * 40
    assert (await vera.ask("GET", f"/chat/{vera.token}/verify")).status == 404
    assert (await post(vera, "/verify", email="a@example.org")).status == 404
