"""Answers of programs outside that no database would take as they are, stored on both engines."""

import json

import sqlalchemy as sa

from parlour.conversations.store import conversations
from tests.rig import plays
from tests.rig.visiting import Visit

ODD = {
    "text": "All of it \0 [1].",
    "citations": [
        {"n": 1, "title": "T\0", "source": "a.md", "quote": "so", "url": "https://a.example/\0"}
    ],
    "variables": {"plan\0": {"na\0me": ["pro\0", {"deep": "\0"}]}},
    "actions": [{"name": "handoff", "arguments": {"to\0": "\0"}}],
}


async def test_a_reply_with_what_no_database_takes_is_kept(visit: Visit) -> None:
    """INP-07: PostgreSQL's JSON refuses a NUL, and a finished reply must not be lost for one."""
    visit.model.plays(plays.answer(200, json.dumps(ODD).encode()))
    agent = await visit.keeper.agent("webhook", {"url": f"http://127.0.0.1:{visit.model.port}/"})
    link = await visit.keeper.link(agent)
    visit.server.keep_secret(link.token)
    vera = visit.visitor(link)
    await vera.say("Hello?")
    asked, reply, handed = await vera.settled()
    assert (asked, reply) == (("user", "Hello?"), ("assistant", "All of it \ufffd [1]."))
    assert handed[0] == "system"  # the answer's action: a person is asked to come
    [turn] = await visit.keeper.turns(link)
    assert turn.state == "done"
    reply = (await visit.keeper.messages(link))[1]
    assert [(each["title"], each["url"]) for each in reply.citations] == [("T\ufffd", "")]
    known = sa.select(conversations.c.variables).where(conversations.c.link_id == link.id)
    [found] = await visit.keeper.rows(known)
    expected = {"plan\ufffd": {"na\ufffdme": ["pro\ufffd", {"deep": "\ufffd"}]}}
    assert found.variables == expected


async def test_what_an_answer_learnt_comes_with_the_next_question(visit: Visit) -> None:
    """The conversation's own variables, and of no other conversation."""
    told = {"text": "Noted.", "variables": {"plan": "pro"}}
    visit.model.plays(plays.answer(200, json.dumps(told).encode()))
    agent = await visit.keeper.agent("webhook", {"url": f"http://127.0.0.1:{visit.model.port}/"})
    link = await visit.keeper.link(agent)
    visit.server.keep_secret(link.token)
    vera, sam = visit.visitor(link), visit.visitor(link)
    for person in (vera, vera, sam):
        await person.say("Hello?")
        await person.settled()
    asked = [each.json["variables"] for each in visit.model.requests]
    assert asked == [{}, {"plan": "pro"}, {}]
