"""Forgetting on the rooms themselves: what goes, everywhere, and what stays."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import events, forgetting, sharing
from parlour.agents import sharing as terms
from parlour.agents.contract import Part, Question, Text
from parlour.budgets import spending
from parlour.chat.live import Live, View
from parlour.chat.runner import Runner
from parlour.chat.turns import RUN
from parlour.conversations import holds, reading, store
from parlour.conversations import turns as rows
from parlour.conversations.model import Cursor
from parlour.kit import once
from parlour.kit.clock import SystemClock
from parlour.kit.db import metadata
from parlour.kit.errors import NotFound
from parlour.kit.queue import Job
from parlour.links import keeping as links
from parlour.notes import keeping as notes
from parlour.notes.store import Note
from parlour.notes.store import Wish as NoteWish
from parlour.rights import Who
from parlour.sharing import Mode, Wish
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web import showing
from tests.rig.confirming import Browser
from tests.rig.storage import SQLITE
from tests.rig.waiting import PATIENCE
from tests.rooms.conftest import Maker

EMAIL = "vera.heron-5821@visitors.example"
CANARY = "heron-5821"


@pytest.fixture
async def vera(tools: Tools, owner: Who, make_agent: Maker) -> Browser:
    """Somebody who confirmed an address, and has said something about herself."""
    agent = await make_agent("helper")
    await terms.change(tools, owner, agent, {"verify": "required", "daily_token_limit": 9_000_000})
    link = await links.create(tools, owner, agent.id, links.Wish(name="Poster"))
    made = Browser(tools, link.token(tools.keys))
    await made.confirm(EMAIL)
    await made.say("I am vera heron-5821")
    return made


async def everything(tools: Tools) -> str:
    """Every row of every table, as text."""

    def read(conn: sa.Connection) -> str:
        told = []
        for table in metadata.sorted_tables:
            told += [f"{table.name}: {tuple(row)!r}" for row in conn.execute(sa.select(table))]
        return "\n".join(told)

    return await tools.db.browse(read)


async def visitor_of(tools: Tools, owner: Who, browser: Browser) -> str:
    talk = await tools.db.read(finding.find, owner, browser.conversation)
    return talk.visitor_id


async def furnish(tools: Tools, owner: Who, browser: Browser) -> str:
    """Leave traces wherever there can be any; answers with the token of a share."""
    talk = await tools.db.read(finding.find, owner, browser.conversation)
    made = await sharing.make(tools, owner, talk.id, Wish(Mode.AUTO, show_personal=True))
    token = made.share.token(tools.keys)
    await sharing.open_(tools, token, None)
    kept = once.Asked.of("key", "k", b"x")
    again = once.OnceDatabase(
        tools.db, tools.keys, tools.clock, kept, answer=lambda said: str(said).encode()
    )

    def leave(conn: sa.Connection) -> str:
        store.set_variables(conn, talk.id, {"name": CANARY})
        note = Note(
            "nte_x", talk.agent_id, talk.link_id, NoteWish.MESSAGE, "offline", CANARY,
            f"Vera <{EMAIL.upper()}>", tools.clock.now(), None, None,
        )  # fmt: skip
        notes.leave(conn, note, owner.workspace_id)
        other = replace(note, id="nte_y", text="Not hers", contact=f"not{EMAIL}")
        notes.leave(conn, other, owner.workspace_id)
        tools.queue.enqueue(conn, holds.LAPSE, {"conversation": talk.id})
        (first, *_) = reading.read(conn, talk.id)
        return f'{{"id": "{first.id}", "text": "{CANARY}"}}'

    await again.write(leave)
    why, kind = {"reason": f"Her name is {CANARY}"}, events.Kind.CONVERSATION_REVEALED
    revealed = partial(events.record, conversation_id=talk.id, data=why)
    await tools.db.write(revealed, kind, owner, tools.clock.now())
    return token


async def test_of_a_visitor_nothing_is_left(tools: Tools, owner: Who, vera: Browser) -> None:
    """PRI-03, SHR-07, promise 31: every table, every row."""
    token = await furnish(tools, owner, vera)
    visitor_id = await visitor_of(tools, owner, vera)
    turn = await tools.db.read(rows.latest, vera.conversation)
    assert turn is not None
    going = await tools.db.read(forgetting.of_visitor, owner, visitor_id)
    assert (going.conversations, going.messages) == ((vera.conversation,), 3)
    assert (going.shares, going.is_known, going.sessions, going.notes) == (1, True, 1, 1)
    before = await everything(tools)
    assert CANARY in before
    gone = await forgetting.forget_visitor(tools, owner, visitor_id)
    assert gone == going
    left = await everything(tools)
    assert gone.receipt is not None
    assert dict(gone.receipt.deleted) == {
        "conversations": 1,
        "messages": 3,
        "answers": 1,
        "shares": 1,
        "guests": 1,
        "notes": 1,
        "codes": 1,
        "sessions": 1,
        "proofs_of_identity": 1,
    }
    for trace in (CANARY, "Not hers"):
        assert (trace in left.replace(f"not{EMAIL}", "")) is (trace == "Not hers"), trace
    for line in left.splitlines():
        # The history says that it happened; its numbers lead nowhere.
        assert line.startswith("events: ") or not any(
            each in line for each in (visitor_id, vera.conversation, turn.id)
        ), line
    assert "verification_codes: " not in left, "a mail that was not sent yet, and the way in"
    assert "once_answers: " not in left
    for address in (token,):
        with pytest.raises(sharing.NoSuchShare):
            await sharing.look(tools, address, None)
    with pytest.raises(NotFound):
        await forgetting.forget_visitor(tools, owner, visitor_id)


@pytest.mark.only_on(SQLITE)
async def test_what_was_forgotten_stands_in_no_file(
    tools: Tools, owner: Who, vera: Browser
) -> None:
    """Promise 31: not in the database's file, nor in its log.

    What PostgreSQL leaves in its files until it has cleared up is its own matter.
    """
    await vera.say(f"A long story of {CANARY}. " * 200)
    visitor_id = await visitor_of(tools, owner, vera)
    folder = Path(tools.settings.data_dir)

    def stands() -> set[str]:
        found = [each for each in folder.rglob("*") if each.is_file()]
        return {each.name for each in found if CANARY.encode() in each.read_bytes()}

    shutil.copy(tools.settings.sqlite_path, folder / "parlour.db.before-0046")
    assert stands()
    await forgetting.forget_visitor(tools, owner, visitor_id)
    assert stands() == set()


async def test_of_one_conversation_the_visitor_stays(
    tools: Tools, owner: Who, vera: Browser
) -> None:
    first = vera.conversation
    visitor_id = await visitor_of(tools, owner, vera)
    gone = await forgetting.forget_conversation(tools, owner, first)
    assert (gone.conversations, gone.messages, gone.sessions, gone.is_known) == (
        (first,), 2, 0, False,
    )  # fmt: skip
    with pytest.raises(NotFound):
        await tools.db.read(finding.find, owner, first)
    with pytest.raises(NotFound):
        await forgetting.forget_conversation(tools, owner, first)
    await vera.say("Hello again")
    assert await visitor_of(tools, owner, vera) == visitor_id


async def test_whoever_was_forgotten_comes_as_somebody_new(
    tools: Tools, owner: Who, vera: Browser
) -> None:
    visitor_id = await visitor_of(tools, owner, vera)
    await forgetting.forget_visitor(tools, owner, visitor_id)
    vera.session = None
    await vera.confirm(EMAIL)
    await vera.say("Hello?")
    assert await visitor_of(tools, owner, vera) != visitor_id


async def test_a_reply_under_way_ends_and_writes_no_more(
    tools: Tools, owner: Who, vera: Browser
) -> None:
    """PRI-03: it stops, what it cost is charged, and whoever wrote it is late for ever."""
    asked = asyncio.Event()

    class Slow:
        repeatable = False

        async def answer(self, _question: Question) -> AsyncIterator[Part]:
            yield Text(f"You are {CANARY}, who ")
            asked.set()
            await asyncio.sleep(3600)

    async def backend(*_: Any) -> Any:
        return Slow()

    runner = Runner(tools, backend)
    turn = await tools.db.read(rows.latest, vera.conversation)
    assert turn is not None
    visitor_id = await visitor_of(tools, owner, vera)
    running = asyncio.create_task(runner.run(Job("job", RUN, {"turn": turn.id}, 0, 2)))
    await asked.wait()
    await forgetting.forget_visitor(tools, owner, visitor_id)
    await asyncio.wait_for(running, PATIENCE)
    runner.close()
    assert CANARY not in await everything(tools)
    reserved = sa.select(spending.reservations.c.turn_id)
    assert await tools.db.read(lambda conn: conn.execute(reserved).all()) == []


async def test_who_looks_on_is_told_at_once(tools: Tools, owner: Who, vera: Browser) -> None:
    """SHR-07: the visitor, the staff and a guest of a share, each on an open stream."""
    token = await furnish(tools, owner, vera)
    live = Live(tools)

    def view(**more: Any) -> View:
        return View(
            conversation_id=vera.conversation,
            cursor=Cursor(),
            present=lambda shown: showing.event(shown, "", ""),
            **more,
        )

    views = [
        view(judge=lambda _conn: None),
        view(judge=lambda _conn: None, stays=True),
        view(judge=sharing.judge(tools, token), stays=True),
    ]
    streams = [live.follow(each) for each in views]
    for stream in streams:
        assert CANARY.encode() in await anext(stream)
    await forgetting.forget_conversation(tools, owner, vera.conversation)
    signs = (b"event: resync", b'"code":"forgotten"', b'"code":"not_found"')
    for stream, sign in zip(streams, signs, strict=True):
        told = b"".join([chunk async for chunk in stream])
        assert sign in told, told
        assert CANARY.encode() not in told


async def test_a_message_that_comes_meanwhile_is_kept_or_goes_whole(
    tools: Tools, owner: Who, vera: Browser
) -> None:
    """PRI-03, PRI-04: whatever the order, nothing hangs in the air, and again is harmless."""
    tools.clock = SystemClock()
    visitor_id = await visitor_of(tools, owner, vera)

    async def speak(number: int) -> None:
        await asyncio.sleep(number / 500)
        await vera.say(f"Number {number}")

    outcomes = await asyncio.gather(
        *(speak(number) for number in range(8)),
        *(forgetting.forget_visitor(tools, owner, visitor_id) for _ in range(2)),
        return_exceptions=True,
    )
    forgot = outcomes[-2:]
    assert sum(isinstance(each, NotFound) for each in forgot) == 1, forgot
    odd = [each for each in outcomes[:8] if isinstance(each, Exception)]
    assert all(getattr(each, "status", 500) < 500 for each in odd), odd
    assert visitor_id not in "".join(
        line for line in (await everything(tools)).splitlines() if not line.startswith("events: ")
    )


async def test_it_stands_in_the_history_without_saying_who(
    tools: Tools, owner: Who, vera: Browser
) -> None:
    visitor_id = await visitor_of(tools, owner, vera)
    gone = await forgetting.forget_visitor(tools, owner, visitor_id)
    assert gone.receipt is not None
    receipt = {"receipt": gone.receipt.id}
    found = await tools.db.read(events.by_staff, owner.workspace_id, limit=2)
    assert [each.kind for each in found] == ["visitor.erased", "conversation.erased"]
    assert found[0].data == {"visitor": visitor_id, "conversations": 1, "messages": 2} | receipt
    assert (found[1].conversation_id, found[1].data) == (vera.conversation, receipt)


async def test_what_is_out_of_scope_is_not_there(
    tools: Tools, owner: Who, make_agent: Maker, vera: Browser
) -> None:
    """ISO-01"""
    other = await make_agent()
    visitor_id = await visitor_of(tools, owner, vera)
    for who in (replace(owner, agent_id=other.id), replace(owner, workspace_id="wsp_other")):
        for call, id_ in (
            (forgetting.forget_visitor, visitor_id),
            (forgetting.forget_conversation, vera.conversation),
        ):
            with pytest.raises(NotFound):
                await call(tools, who, id_)
    for odd in ("", "vis_x", "vis_" + "A" * 22, "nothing", visitor_id + "\n"):
        with pytest.raises(NotFound):
            await forgetting.forget_visitor(tools, owner, odd)
    assert await visitor_of(tools, owner, vera) == visitor_id
