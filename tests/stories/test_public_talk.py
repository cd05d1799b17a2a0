"""A visitor talks to an agent: says, watches, stops, asks again, begins anew."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from parlour.links.store import links
from tests.rig import plays
from tests.rig.visiting import Visit
from tests.rig.visitor import Answer, Drawn, Visitor
from tests.rig.waiting import eventually

TOLD = [("user", "Hello?"), ("assistant", "One two three.")]


async def said(person: Visitor, text: str = "Hello?", **fields: str) -> Answer:
    answer = await person.say(text, **fields)
    assert answer.status == 202, answer.body
    return answer


async def test_say_and_watch_the_reply_come(visit: Visit) -> None:
    visit.model.plays(plays.paused("One two", " three."))
    vera = visit.visitor()
    answer = await said(vera)
    assert answer.json["status"] == "accepted"
    assert answer.json["execution_id"] == answer.json["turn"]["id"]
    assert answer.json["session_id"] == vera.session
    drawn = Drawn()
    async with vera.live() as stream:
        async for event in stream:
            drawn.take(event)
            if drawn.text == "One two":
                visit.model.release()
            if event.kind == "done":
                break
    assert drawn.shown() == [("visitor", "Hello?", "done"), ("agent", "One two three.", "done")]
    assert drawn.messages[1]["id"] == answer.json["message"]["id"]
    assert await vera.history() == TOLD
    assert "One two three." in (await vera.page()).text


async def test_the_reply_as_one_answer(visit: Visit) -> None:
    vera = visit.visitor()
    answer = await vera.call("chat", json={"message": "Hello?"})
    assert answer.status == 200
    told = answer.json
    assert told["response"] == "One two three."
    assert told["message_count"] == 2
    assert told["usage"] == {"input_tokens": 7, "output_tokens": 3}
    assert told["session_id"] == vera.session
    assert await vera.history() == TOLD


async def test_the_reply_as_a_stream_of_its_own(visit: Visit) -> None:
    vera = visit.visitor()
    headers = {"Accept": "text/event-stream"}
    answer = await vera.call("chat", json={"message": "Hello?"}, headers=headers)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert b"event: done" in answer.body
    assert await vera.history() == TOLD


async def test_the_session_travels_in_the_body_the_query_and_a_header(visit: Visit) -> None:
    vera, program = visit.visitor(), visit.visitor()
    session = (await said(vera)).json["session_id"]
    await vera.settled()
    for field in ("session_id", "session_token"):
        again = await program.call("chat", json={"message": "More", field: session})
        assert again.json["session_id"] == session
        program.cookies.clear()
        asked = f"/api/public/history/{visit.link.token}?{field}={session}"
        assert len((await program.ask("GET", asked)).json["messages"]) > 2
    asked = f"/api/public/history/{visit.link.token}"
    by_header = await program.ask("GET", asked, headers={"X-Parlour-Session": session})
    assert by_header.json["message_count"] == 6
    assert program.cookies == {}


async def test_stop_keeps_what_came_and_retry_replaces_it(visit: Visit) -> None:
    visit.model.plays(plays.hang_after("Half of it"), plays.reply("All of it."))
    vera = visit.visitor()
    await said(vera)
    drawn = Drawn()
    async with vera.live() as stream:
        await drawn.until_text(stream, "Half of it")
        assert (await vera.call("stop")).json == {"stopped": True}
        drawn.take(await stream.next("done"))
        assert drawn.shown()[1] == ("agent", "Half of it", "stopped")
        await eventually(lambda: visit.model.open_connections == 0)
        assert (await vera.call("stop")).json == {"stopped": False}
        again = await vera.call("retry")
        assert again.status == 202
        for event in await stream.until("done"):
            drawn.take(event)
        assert event.data["turn"] == again.json["execution_id"]
    assert drawn.shown() == [("visitor", "Hello?", "done"), ("agent", "All of it.", "done")]
    assert await vera.history() == [("user", "Hello?"), ("assistant", "All of it.")]
    refused = await vera.call("retry")
    assert (refused.status, refused.code) == (409, "conflict")
    asked = [asked.json["messages"][-1]["content"] for asked in visit.model.requests]
    assert asked == ["Hello?", "Hello?"]


async def test_retry_twice_at_once_asks_once(visit: Visit) -> None:
    visit.model.plays(plays.error(400), plays.reply("Now."))
    vera = visit.visitor()
    await said(vera)
    await vera.settled()
    answers = await asyncio.gather(*(vera.call("retry") for _ in range(6)))
    assert Counter(answer.status for answer in answers) == {202: 1, 409: 5}
    assert await vera.settled() == [("user", "Hello?"), ("assistant", "Now.")]


async def test_a_server_that_repeats_the_question_tells_the_log_nothing(visit: Visit) -> None:
    """PRI-05: no log holds what visitors say, whatever an agent's server answers with."""
    echo = {"detail": [{"loc": ["body"], "msg": "bad content: canary-said", "input": "canary-in"}]}
    visit.model.plays(
        plays.error(400, "cannot parse 'canary-said by Vera'"),
        plays.answer(422, json.dumps(echo).encode(), Content_Type="application/json"),
        plays.answer(400, b"<h1>canary-said</h1>", Content_Type="text/html"),
    )
    vera = visit.visitor()
    for _ in range(3):
        await said(vera, "I am the canary-said by Vera, canary-in")
        await vera.settled()
    said_why = ("the server answered 400: cannot parse", "422: bad content", "answered 400")
    await eventually(lambda: all(kept in visit.server.output for kept in said_why))
    assert "canary-said" not in visit.server.output
    assert "canary-in" not in visit.server.output


async def test_a_new_conversation_forgets_nothing_and_shows_nothing(visit: Visit) -> None:
    vera = visit.visitor()
    await said(vera)
    await vera.settled()
    session = vera.session
    async with vera.live() as stream:
        await stream.next("done")
        cleared = await vera.call("session", "DELETE")
        assert cleared.json == {"cleared": True, "new_session_id": session}
        await stream.next("resync")
        assert [event async for event in stream] == []
    assert await vera.history() == []
    assert "Hello?" not in (await vera.page()).text
    answer = await vera.call("live", "GET")
    assert answer.status == 204
    await said(vera, "Again?")
    assert await vera.settled() == [("user", "Again?"), ("assistant", "One two three.")]
    assert len(await visit.keeper.messages(visit.link)) == 4
    assert [said["content"] for said in visit.model.requests[-1].json["messages"]] == ["Again?"]


async def test_a_new_conversation_ends_the_reply_that_is_being_written(visit: Visit) -> None:
    visit.model.plays(plays.hang_after("Half"))
    vera = visit.visitor()
    await said(vera)
    await asyncio.to_thread(visit.model.wait_for_requests, 1)
    await vera.call("session", "DELETE")
    await eventually(lambda: visit.model.open_connections == 0)

    async def ended() -> bool:
        return [turn.state for turn in await visit.keeper.turns(visit.link)] == ["stopped"]

    await eventually(ended)


async def test_the_same_message_again_is_the_same_message(visit: Visit) -> None:
    """STR-14: an acknowledgement that got lost; the retry attaches to what is there."""
    vera = visit.visitor()
    first = await said(vera, message_id="m1")
    again = await said(vera, message_id="m1")
    assert again.json["message"]["id"] == first.json["message"]["id"]
    assert again.json["turn"] == first.json["turn"]
    assert await vera.settled() == TOLD
    late = await said(vera, message_id="m1")
    assert late.json["turn"] == first.json["turn"]
    other = await said(vera, message_id="m2")
    assert other.json["message"]["seq"] == 3
    await vera.settled()
    assert len(visit.model.requests) == 2


async def test_the_same_message_many_times_at_once_is_one(visit: Visit) -> None:
    """STR-14, USE-03, with a session already there."""
    vera = visit.visitor()
    await said(vera, "First")
    await vera.settled()
    answers = await asyncio.gather(*(said(vera, message_id="m1") for _ in range(20)))
    assert len({answer.json["message"]["id"] for answer in answers}) == 1
    assert len(await vera.settled()) == 4
    assert len(visit.model.requests) == 2


async def test_a_first_message_sent_twice_at_once_begins_one_session(visit: Visit) -> None:
    """USE-03, USE-04: a double click, before the browser has any cookie."""
    for _ in range(5):
        link = await visit.another_link()
        page = await visit.visitor(link).page()
        start = page.text.partition('name="start" value="')[2].partition('"')[0]
        clicks = [visit.visitor(link) for _ in range(4)]
        answers = await asyncio.gather(
            *(said(each, message_id="m", start=start) for each in clicks)
        )
        assert {answer.json["session_id"] for answer in answers} == {start}
        assert len({answer.json["message"]["id"] for answer in answers}) == 1
        assert len({answer.json["turn"]["id"] for answer in answers}) == 1
        assert await clicks[0].settled() == TOLD
        uses = [each.uses for each in await visit.keeper.rows(links_of(link.id))]
        assert uses == [1]


async def keyed(person: Visitor, key: str, text: str = "Hello?", **fields: object) -> Answer:
    body = {"message": text, **fields}
    return await person.call("chat", json=body, headers={"Idempotency-Key": key})


async def test_a_first_message_under_one_key_is_one_however_often_it_is_sent(visit: Visit) -> None:
    """USE-03, API-05: one use, one conversation, the same answer, whole or later."""
    key = "7d8f9f0e-77a4-4a25-9b5c-3e1f0a7f7c11"
    again = [visit.visitor() for _ in range(12)]
    answers = await asyncio.gather(*(keyed(each, key) for each in again))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len({each.session for each in again}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 11
    assert await again[0].settled() == TOLD
    assert [each.uses for each in await visit.keeper.rows(links_of(visit.link.id))] == [1]
    other = await keyed(visit.visitor(), key, "Something else")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    elsewhere = await keyed(visit.visitor(await visit.another_link()), key)
    assert elsewhere.json["session_id"] != answers[0].json["session_id"]
    assert len(visit.model.requests) == 2


async def test_a_key_that_anybody_may_use_stands_for_nobody(visit: Visit) -> None:
    """API-05: two strangers who count their messages from 1 do not meet."""
    refused = await keyed(visit.visitor(), "1")
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    vera, sam = visit.visitor(), visit.visitor()
    for each in (vera, sam):
        await said(each)
        await each.settled()
    first = await keyed(vera, "1", "More", async_mode=True)
    again = await keyed(vera, "1", "More", async_mode=True)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    others = await keyed(sam, "1", "More", async_mode=True)
    assert others.json["message"]["id"] != first.json["message"]["id"]
    assert "Idempotency-Replayed" not in others.headers
    assert len(await vera.settled()) == 4
    await visit.keeper.revoke(visit.agent, visit.link)
    assert (await keyed(vera, "1", "More", async_mode=True)).status == 404


async def test_a_retry_under_one_key_asks_once(visit: Visit) -> None:
    visit.model.plays(plays.error(400), plays.reply("Now."))
    vera = visit.visitor()
    await said(vera)
    await vera.settled()
    key = {"Idempotency-Key": "again-1"}
    first = await vera.call("retry", headers=key)
    assert first.status == 202
    await vera.settled()
    again = await vera.call("retry", headers=key)
    assert (again.status, again.json) == (202, first.json)
    assert (await vera.call("retry")).status == 409
    assert len(visit.model.requests) == 2


async def test_two_different_first_messages_at_once_share_one_conversation(visit: Visit) -> None:
    """USE-04, STR-15: two tabs of one page."""
    page = await visit.visitor().page()
    start = page.text.partition('name="start" value="')[2].partition('"')[0]
    tabs = [visit.visitor() for _ in range(3)]
    answers = await asyncio.gather(
        *(said(tab, f"Tab {n}", message_id=f"m{n}", start=start) for n, tab in enumerate(tabs))
    )
    assert sorted(answer.json["message"]["seq"] for answer in answers) == [1, 3, 5]
    assert len(await tabs[0].settled()) == 6


async def test_a_start_made_up_or_of_another_link_begins_nothing_chosen(visit: Visit) -> None:
    """SES-03: nobody can choose the session that a visitor will get."""
    other = await visit.another_link()
    page = await visit.visitor(other).page()
    foreign = page.text.partition('name="start" value="')[2].partition('"')[0]
    for start in (foreign, "vs_" + "a" * 38, "", "x" * 500):
        vera = visit.visitor()
        answer = await said(vera, start=start)
        assert answer.json["session_id"] == vera.session != start


async def test_messages_at_once_are_answered_one_after_the_other(visit: Visit) -> None:
    """STR-15: order is the order of the places, on every client; replies do not interleave."""
    visit.model.plays(plays.reply("A b c d e f g h.", per_second=200))
    vera = visit.visitor()
    await said(vera, "first")
    texts = [f"m{n}" for n in range(8)]
    answers = await asyncio.gather(*(said(vera, text, message_id=text) for text in texts))
    seqs = {
        answer.json["message"]["seq"]: text for answer, text in zip(answers, texts, strict=True)
    }
    assert sorted(seqs) == [3, 5, 7, 9, 11, 13, 15, 17]
    drawn = [Drawn(), Drawn()]
    for each in drawn:
        async with vera.live() as stream:
            while len(each.shown()) < 18 or each.shown()[-1][2] != "done":
                each.take(await stream.next())
    assert drawn[0].shown() == drawn[1].shown()
    questions = [text for kind, text, _ in drawn[0].shown() if kind == "visitor"]
    assert questions == ["first", *(seqs[seq] for seq in sorted(seqs))]
    replies = {text for kind, text, _ in drawn[0].shown() if kind == "agent"}
    assert replies == {"A b c d e f g h."}
    asked = [asked.json["messages"][-1]["content"] for asked in visit.model.requests]
    assert asked == questions


async def test_the_agent_is_shown_the_conversation_and_nothing_else(visit: Visit) -> None:
    """ISO-10, MEM-01: what one visitor says never reaches the model for another."""
    vera, sam = visit.visitor(), visit.visitor()
    await said(vera, "canary-of-vera")
    await vera.settled()
    await said(sam, "canary-of-sam")
    await sam.settled()
    await said(vera, "And now?")
    await vera.settled()
    asked = [asked.json["messages"] for asked in visit.model.requests]
    assert "canary-of-vera" not in str(asked[1])
    assert [each["content"] for each in asked[2]] == [
        "canary-of-vera",
        "One two three.",
        "And now?",
    ]


async def test_a_new_conversation_ends_the_questions_that_still_waited(visit: Visit) -> None:
    visit.model.plays(plays.paused("One", " two."))
    vera = visit.visitor()
    await said(vera, "first")
    await said(vera, "second")
    assert (await vera.call("session", "DELETE")).json["cleared"]
    await said(vera, "third")
    visit.model.release()
    await vera.settled()
    asked = [asked.json["messages"][-1]["content"] for asked in visit.model.requests]
    assert asked == ["first", "third"]


def links_of(link_id: str) -> sa.Select[tuple[int]]:
    return sa.select(links.c.uses).where(links.c.id == link_id)


async def test_the_agent_is_told_what_its_visitor_reads(visit: Visit, tmp_path: Path) -> None:
    """As the browser or the address says; who then says nothing of it reads what they did."""
    (tmp_path / "doors.md").write_text("# Doors\n\nOpen at nine.\n")
    agent = await visit.keeper.agent("documents", {"path": str(tmp_path)})
    link = await visit.keeper.link(agent)
    visit.server.keep_secret(link.token)
    vera = visit.visitor(link)
    page = await vera.ask("GET", f"/chat/{link.token}", headers={"Accept-Language": "pl"})
    start = page.text.partition('name="start" value="')[2].partition('"')[0]
    form = {"message": "Thanks", "start": start}
    await vera.ask(
        "POST", f"/chat/{link.token}", data=form, headers={"Accept-Language": "de-AT,en;q=0.5"}
    )
    await vera.settled()
    await said(vera, "Thanks")
    await vera.settled()
    asked = {"message": "Thanks", "async_mode": True}
    await vera.ask("POST", f"/api/public/chat/{link.token}?lang=ja", json=asked)
    told = [text for role, text in await vera.settled() if role == "assistant"]
    german = "Gern geschehen. Fragen Sie jederzeit weiter."
    assert told == [german, german, "どういたしまして。いつでも続けてご質問ください。"]
