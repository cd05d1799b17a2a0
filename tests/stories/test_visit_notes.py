"""Leaving a note at a shut door, without scripts: kept once, bounded, and for the team alone."""

import asyncio
import re
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from parlour.links.rules import Kind
from parlour.notes.store import notes
from tests.rig.colleague import Colleague, joined, owner_of
from tests.rig.mailing import MailServer
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Link, Server
from tests.rig.storage import Storage
from tests.rig.visiting import Visit, visiting
from tests.rig.visitor import Answer, Visitor
from tests.rig.waiting import eventually


async def left(visit: Visit, link: Link) -> list[Any]:
    """The notes at a link, in the order in which they came."""
    wanted = sa.select(notes).where(notes.c.link_id == link.id).order_by(notes.c.left_at)
    return await visit.keeper.rows(wanted)


async def ended(visit: Visit) -> Link:
    """A link whose time has come."""
    link = await visit.another_link(kind=Kind.TEMPORARY, hours=1)
    await visit.keeper.end(link)
    return link


def hidden(page: Answer) -> str:
    """What names the form that a page shows."""
    found = re.search(r'name="form" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return unescape(found.group(1))


async def note(person: Visitor, text: str, **more: str) -> Answer:
    path = f"/chat/{person.token}/note{more.pop('query', '')}"
    return await person.ask("POST", path, data={"text": text, **more})


async def test_asking_for_a_new_link(visit: Visit) -> None:
    """The page of a link that has ended leads to a form; what is sent twice arrives once."""
    link = await ended(visit)
    vera = visit.visitor(link)
    page = await vera.ask("GET", f"/chat/{link.token}?lang=de")
    way = f"/chat/{link.token}/note?lang=de"
    assert f'<a class="btn btn--lg btn--primary" href="{way}">' in page.text
    assert "Um einen neuen Link bitten" in page.text
    page = await vera.ask("GET", way)
    assert '<html lang="de"' in page.text
    assert f'action="{way}"' in page.text
    assert await left(visit, link) == []

    form = {"contact": " vera@example.org ", "form": hidden(page), "query": "?lang=de"}
    for _ in range(2):
        sent = await note(vera, "Vera,\r\nfrom <b>Ulm</b>\u2026\n", **form)
        assert (sent.status, sent.headers["Location"]) == (303, f"{way}&sent=1")
    assert "Es ist angekommen." in (await vera.ask("GET", f"{way}&sent=1")).text
    ((kept),) = await left(visit, link)
    assert (kept.wish, kept.why) == ("link", "expired")
    assert (kept.text, kept.contact) == ("Vera,\nfrom <b>Ulm</b>\u2026", "vera@example.org")
    assert vera.cookies == {}
    again = await note(vera, "Another one", form="another form")
    assert again.status == 303
    assert len(await left(visit, link)) == 2


async def test_which_doors_take_what(visit: Visit) -> None:
    """LNK-03: a wish for a link, a message, or nothing at all, by why the door is shut."""
    switched = await visit.another_link(enabled=False)
    vera = visit.visitor(switched)
    assert "/note" not in (await vera.page()).text
    refused = await note(vera, "Hello?")
    assert refused.status == 403
    assert "switched off" in refused.text

    sam = visit.visitor()
    for answer in (await sam.ask("GET", f"/chat/{sam.token}/note"), await note(sam, "Hello?")):
        assert (answer.status, answer.headers["Location"]) == (303, f"/chat/{sam.token}")
    call = await sam.ask("POST", f"/api/public/note/{sam.token}", json={"text": "Hello?"})
    assert (call.status, call.code) == (409, "link_open")

    await visit.keeper.switch(visit.agent, live=False)
    sam.faulty = True
    page = await sam.page()
    assert page.status == 503
    assert "Leave a message" in page.text
    assert (await note(sam, "Call me")).status == 303
    body = {"text": "By a program", "contact": "0151 1234567", "note_id": "one"}
    for _ in range(2):
        call = await sam.ask("POST", f"/api/public/note/{sam.token}", json=body)
        assert (call.status, call.json) == (201, {"left": True})
    found = await left(visit, visit.link)
    assert [(each.wish, each.why, each.text) for each in found] == [
        ("message", "offline", "Call me"),
        ("message", "offline", "By a program"),
    ]
    assert await left(visit, switched) == []


async def test_where_a_budget_is_spent_a_message_may_be_left(visit: Visit) -> None:
    """RLB-09: the door itself is open; what shuts it is known when somebody says something."""
    link = await visit.another_link(budget_tokens=1)
    vera = visit.visitor(link)
    await vera.say("Hello?")
    await vera.settled()
    refused = await vera.ask("POST", f"/chat/{link.token}", data={"message": "And more?"})
    assert refused.status == 429
    assert f'href="/chat/{link.token}/note"' in refused.text
    page = await vera.ask("GET", f"/chat/{link.token}/note")
    assert (page.status, "Leave a message" in page.text) == (200, True)
    assert (await note(vera, "More, please")).status == 303
    ((kept),) = await left(visit, link)
    assert (kept.wish, kept.why) == ("message", "budget_spent")


@pytest.mark.parametrize(
    ("text", "contact"),
    [("", ""), (" \n\t", ""), ("x" * 2001, ""), ("a\x00b", ""), ("Hello", "x" * 201)],
)
async def test_what_does_not_fit_is_kept_in_the_form(visit: Visit, text: str, contact: str) -> None:
    link = await ended(visit)
    vera = visit.visitor(link)
    page = await note(vera, text, contact=contact, form="f1")
    assert page.status == 422
    assert "A message has 1 to 2,000 characters." in page.text
    assert hidden(page) == "f1"
    body = {"text": text, "contact": contact}
    call = await vera.ask("POST", f"/api/public/note/{link.token}", json=body)
    assert (call.status, call.code) == (422, "invalid")
    assert await left(visit, link) == []


async def test_the_team_hears_of_it_and_nobody_leaves_too_much(
    storage: Storage,
    tmp_path: Path,
    nursery: Nursery,
    model: FakeModel,
    http: aiohttp.ClientSession,
) -> None:
    """RLB-04: three in an hour from one place; one mail to each who makes links, without a word
    of the note; all of it at Home."""
    with MailServer(tmp_path).serving() as box:
        settings = {"PARLOUR_NOTES_PER_HOUR": "3", "PARLOUR_SMTP_URL": box.url}
        settings["PARLOUR_MAIL_FROM"] = "Parlour <noreply@parlour.example>"
        server = Server(storage, tmp_path, nursery, **settings).start()
        owner = await owner_of(http, server)
        ana = await joined(owner, "ana@team.example", "analyst")
        async with visiting(server, model, http) as visit:
            link = await ended(visit)
            vera = visit.visitor(link)
            # What is sent again under its own name counts once, also at the same moment.
            body = {"text": "canary 0", "contact": "vera@canary.example", "note_id": "one"}
            for together in (3, 1):
                calls = [vera.call("note", json=body) for _ in range(together)]
                assert {call.status for call in await asyncio.gather(*calls)} == {201}
            for n in range(1, 3):
                assert (
                    await note(vera, f"canary {n}", contact="vera@canary.example")
                ).status == 303
            page = await note(vera, "one more")
            assert page.status == 429
            assert int(page.headers["Retry-After"]) > 60
            assert "Nothing more can be left here for now" in page.text
            assert "one more</textarea>" in page.text
            assert (await vera.call("note", json=body)).status == 201
            assert len(await left(visit, link)) == 3
            await eventually(lambda: len(box.mails) >= 1)
            (mail,) = box.mails
            assert mail["X-RcptTo"] == "olga@team.example"
            assert b"canary" not in box.raw[0]
            assert f"{server.url}/studio/notes" in str(mail.get_body(("plain",)))
        await _seen_to(server, owner, ana)
        server.close()


async def _seen_to(server: Server, owner: Colleague, ana: Colleague) -> None:
    """What the studio and the command line make of three notes."""
    assert "3 notes wait for somebody" in (await owner.get("/studio")).words
    page = await owner.get("/studio/notes")
    assert page.words.count("canary") == 6
    assert 'href="mailto:vera@canary.example?subject=' in page.text
    assert "Make a link" in page.words
    masked = await ana.get("/studio/notes")
    assert "canary.example" not in masked.text
    assert "mailto:" not in masked.text
    assert "/done" not in masked.text
    last, second, first = re.findall(r'id="(nte_\w+)"', page.text)

    sent = await owner.post(f"/studio/notes/{last}/done")
    page = await owner.get(sent.leads_to)
    assert "Seen to" in page.words
    assert f'action="/studio/notes/{last}/reopen"' in page.text, "it can be undone"
    assert "by Olga" in (await owner.get("/studio/notes?show=done")).words
    await owner.post(f"/studio/notes/{last}/reopen")
    await owner.post(f"/studio/notes/{second}/delete")
    page = await owner.get("/studio/notes")
    assert re.findall(r'id="(nte_\w+)"', page.text) == [last, first]
    older = re.findall(
        r'id="(nte_\w+)"', (await owner.get(f"/studio/notes?before=9999999999999~{last}")).text
    )
    assert older == [last, first]

    assert [each["id"] for each in server.cli("note", "list")] == [last, first]
    assert server.cli("note", "done", first)["done_by"] == "command line"
    assert [each["id"] for each in server.cli("note", "list")] == [last]
    server.cli("note", "delete", last)
    assert [each["id"] for each in server.cli("note", "list", "--all")] == [first]
