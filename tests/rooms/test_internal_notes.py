"""Internal notes and canned replies on the rooms themselves: who reads them, and who does not."""

from dataclasses import replace

import pytest

from parlour import takeover, transcripts
from parlour.canned import keeping, store
from parlour.chat import prompt
from parlour.conversations import erasing, internal, reading
from parlour.kit.clock import SECOND
from parlour.kit.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from parlour.rights import Role, Who
from parlour.tools import Tools
from parlour.transcripts import asides
from tests.rooms.conftest import Maker
from tests.rooms.test_takeover import Talk, begun

NOTE = "Ring her: +44 20 7946 0018, says vera-heron-5821"


@pytest.fixture
async def talk(tools: Tools, owner: Who, make_agent: Maker) -> Talk:
    return await begun(tools, owner, make_agent)


async def read(talk: Talk, who: Who) -> list[str]:
    found = await talk.tools.db.read(asides.internal_notes, who, talk.id)
    return [each.text for each in found]


async def test_only_the_team_reads_a_note_and_only_who_may_reads_what_is_personal(
    talk: Talk,
) -> None:
    """SHR-03: not the visitor, not a guest, not the agent."""
    before = await talk.tools.db.read(asides.mark, talk.id)
    made = await takeover.note(talk.tools, talk.ana, talk.id, f"  {NOTE}\r\nand be nice ", "one")
    again = await takeover.note(talk.tools, talk.ana, talk.id, "Another", "one")
    assert (again, made.place, made.by_name) == (made, 2, "Ana Ruiz")
    assert await talk.tools.db.read(asides.mark, talk.id) != before
    whole, guest = replace(talk.ben, sees_personal=True), replace(talk.ben, kind="guest", role=None)
    assert await read(talk, whole) == [f"{NOTE}\nand be nice"]
    assert await read(talk, guest) == []
    (masked,) = await read(talk, talk.ben)
    assert "7946" not in masked
    assert "vera-heron-5821" in masked
    assert "nice" not in str(await talk.told())
    shown = await talk.tools.db.read(transcripts.shown_to, whole, talk.id)
    assert "nice" not in str(shown)
    found = await talk.tools.db.read(reading.read, talk.id)
    assert "nice" not in str(prompt.assemble(found, 1, 10_000))
    assert await talk.kinds("internal_note.") == ["internal_note.added"]


async def test_a_note_is_its_writer_s_to_delete_and_goes_with_the_conversation(talk: Talk) -> None:
    note = await takeover.note(talk.tools, talk.ana, talk.id, "One")
    talk.clock.forward(SECOND)
    await takeover.note(talk.tools, talk.ben, talk.id, "Two")
    assert await read(talk, talk.ana) == ["One", "Two"]
    with pytest.raises(NotAllowed):
        await takeover.delete_note(talk.tools, talk.ben, talk.id, note.id)
    with pytest.raises(NotFound):
        await takeover.delete_note(talk.tools, talk.ana, talk.id, "itn_nothing")
    await takeover.delete_note(talk.tools, talk.ana, talk.id, note.id)
    assert await read(talk, talk.ana) == ["Two"]
    for wrong in ("", " \n", "x" * 4_001, "a\0b"):
        with pytest.raises(Invalid):
            await takeover.note(talk.tools, talk.ana, talk.id, wrong)
    with pytest.raises(NotFound):
        await takeover.note(talk.tools, talk.ana, "cnv_nothing", "Three")
    await talk.tools.db.write(erasing.erase, [talk.id])
    assert await talk.tools.db.read(internal.read, talk.id) == []


async def test_canned_replies_are_one_workspace_s_and_shortcuts_are_unique(
    tools: Tools, owner: Who
) -> None:
    made = await keeping.create(tools, owner, " ;Delivery-Time", "It takes\r\nthree days. ")
    assert (made.shortcut, made.text) == ("delivery-time", "It takes\nthree days.")
    with pytest.raises(Conflict) as taken:
        await keeping.create(tools, owner, "delivery-time", "Other")
    assert taken.value.code == "taken"
    for shortcut, text in (("", "x"), ("two words", "x"), ("-x", "x"), ("x" * 41, "x"), ("x", " ")):
        with pytest.raises(Invalid):
            await keeping.create(tools, owner, shortcut, text)
    other = await keeping.create(tools, owner, "hello", "Hello!")
    changed = await keeping.change(
        tools, owner, made.id, "delivery", "Two days.", seen=made.updated_at
    )
    assert changed.updated_at > made.updated_at
    with pytest.raises(Stale, match=owner.name):
        await keeping.change(tools, owner, made.id, "late", "Late.", seen=made.updated_at)
    with pytest.raises(Conflict):
        await keeping.change(tools, owner, made.id, "hello", "Two days.")
    assert [each.shortcut for each in await tools.db.read(store.every, owner.workspace_id)] == [
        "delivery",
        "hello",
    ]
    elsewhere = Who("person", "per_1", "Sam", "wsp_elsewhere", Role.OWNER)
    assert await tools.db.read(store.every, elsewhere.workspace_id) == []
    for id_ in (made.id, "delivery", "can_x", "\0", ""):
        with pytest.raises(NotFound):
            await keeping.delete(tools, elsewhere, id_)
    scoped = replace(owner, kind="key", agent_id="agt_1")
    with pytest.raises(NotAllowed):
        await keeping.delete(tools, scoped, other.id)
    await keeping.delete(tools, owner, "hello")
    assert len(await tools.db.read(store.every, owner.workspace_id)) == 1
