"""A reply followed live: cut anywhere, resumed, followed twice, followed too late."""

import asyncio
import random

import pytest

from tests.rig import plays, raw
from tests.rig.visiting import Visit
from tests.rig.visitor import Drawn, Visitor
from tests.rig.waiting import PATIENCE, Event, Stream, eventually

WORDS = 120
LONG = "".join(f"word{n} ö\U0001f426 " for n in range(WORDS)).strip()
AGENT = ("agent", LONG, "done")


async def begun(visit: Visit, text: str = "Tell me") -> Visitor:
    vera = visit.visitor()
    answer = await vera.say(text)
    assert answer.status == 202
    return vera


def step_by_step(drawn: Drawn, first: list[str], rest: list[str], at_once: int = 1) -> plays.Play:
    """Say so much at once and wait until it is drawn; then wait for `release()`, and say the rest.

    However slow the machine is, what comes is told in as many pieces.
    """

    async def play(_: plays.Asked, wire: plays.Wire) -> None:
        await wire.start_stream()
        length = 0
        for n, piece in enumerate(first, 1):
            await wire.token(piece)
            length += len(piece)
            while n % at_once == 0 and len(drawn.messages.get(2, {}).get("text", "")) < length:
                await asyncio.sleep(0.001)
        if rest:
            await wire.released.wait()
        for piece in rest:
            await wire.token(piece)
        await wire.finish(None)

    return play


async def read_until_text(stream: Stream, drawn: Drawn, text: str) -> list[Event]:
    """Read until the last message drawn has this text."""
    seen = []
    while drawn.text != text:
        seen.append(await stream.next())
        drawn.take(seen[-1])
    return seen


async def test_cut_after_every_event_and_resumed(visit: Visit) -> None:
    """STR-01: the pieces told before and after any cut are the reply, without a gap or a repeat."""
    pieces = plays.pieces(LONG)
    said, whole = "".join(pieces[:-3]), Drawn()
    visit.model.plays(step_by_step(whole, pieces[:-3], pieces[-3:]))
    vera = await begun(visit)
    async with vera.live() as stream:
        events = await read_until_text(stream, whole, said)
        assert len(events) > WORDS / 2
        for cut in range(len(events)):
            drawn = Drawn()
            for event in events[: cut + 1]:
                drawn.take(event)
            inside = drawn.shown()[-1][0] == "agent"
            before = drawn.text if inside else ""
            async with vera.live(after=drawn.after) as again:
                more = await read_until_text(again, drawn, said) if before != said else []
            told = [each.data["text"] for each in more if each.kind in {"message", "delta"}]
            assert before + "".join(told) == said
        visit.model.release()
        for event in await stream.until("done"):
            whole.take(event)
    assert whole.shown()[-1] == AGENT
    assert (await vera.history())[-1] == ("assistant", LONG)


async def test_cut_after_every_event_while_it_is_being_written(visit: Visit) -> None:
    """STR-01, STR-08: a viewer who is cut off after each single event still gets all of it."""
    drawn, cuts = Drawn(), 0
    visit.model.plays(step_by_step(drawn, plays.pieces(LONG), [], at_once=8))
    vera = await begun(visit)
    while not drawn.ended:
        async with vera.live(after=drawn.after) as stream:
            drawn.take(await stream.next())
        cuts += 1
    assert drawn.shown() == [("visitor", "Tell me", "done"), AGENT]
    assert cuts > 5
    async with vera.live(after="1") as stream:
        done = await stream.next("done")
    assert done.data["message"]["text"] == LONG


async def test_three_tabs_come_and_go(visit: Visit) -> None:
    """STR-02: random cuts in three tabs of one browser; all draw the same."""
    seed = random.randrange(2**32)
    visit.model.plays(plays.reply(LONG, per_second=300))
    vera = await begun(visit)

    async def tab(number: int) -> Drawn:
        chance = random.Random(seed + number)
        drawn = Drawn()
        while not drawn.ended:
            async with vera.live(after=drawn.after) as stream:
                for _ in range(chance.randrange(1, 30)):
                    event = await stream.next()
                    drawn.take(event)
                    if event.kind == "done":
                        break
        return drawn

    tabs = await asyncio.gather(*(tab(number) for number in range(3)))
    for drawn in tabs:
        assert drawn.shown() == [("visitor", "Tell me", "done"), AGENT], f"seed {seed}"
    assert len(visit.model.requests) == 1


async def test_a_stale_cursor_of_an_earlier_reply_misses_nothing(visit: Visit) -> None:
    """STR-03: every cursor of the first reply, used while the second one is written."""
    visit.model.plays(plays.reply("First reply."), plays.paused("Second", " reply."))
    vera = await begun(visit, "1")
    first = Drawn()
    cursors = []
    async with vera.live() as stream:
        while not first.ended:
            event = await stream.next()
            first.take(event)
            cursors.append((event.id, dict(first.messages)))
    assert (await vera.say("2")).status == 202
    expected = [
        *first.shown(),
        ("visitor", "2", "done"),
        ("agent", "Second", "writing"),
    ]
    for cursor, known in cursors:
        drawn = Drawn({seq: dict(each) for seq, each in known.items()}, cursor)
        async with vera.live(after=cursor) as stream:
            while drawn.shown() != expected:
                drawn.take(await stream.next())
    visit.model.release()


async def test_a_stale_cursor_of_a_failed_attempt_is_told_of_the_retry(visit: Visit) -> None:
    """STR-03: the reply that a cursor points into has been replaced."""
    visit.model.plays(plays.hang_after("Old words"), plays.paused("New", " words."))
    vera = await begun(visit)
    old = Drawn()
    async with vera.live() as stream:
        await read_until_text(stream, old, "Old words")
    await vera.call("stop")
    await eventually(lambda: visit.model.open_connections == 0)
    await vera.settled()
    await vera.call("retry")
    async with vera.live(after=old.after) as stream:
        await read_until_text(stream, old, "New")
        visit.model.release()
        for event in await stream.until("done"):
            old.take(event)
    assert old.shown() == [("visitor", "Tell me", "done"), ("agent", "New words.", "done")]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "-1",
        "1.2",
        "1.1.1.1",
        str(2**64),
        "99999",
        "3.1.5",
        "٣",
        "1;",
        "0x1",
        " 1 1",
        "1.1." + "9" * 40,
    ],
)
async def test_a_cursor_we_never_gave_out(visit: Visit, cursor: str) -> None:
    """STR-04: a request to read again, never somebody else's words, never silence."""
    vera = await begun(visit)
    await vera.settled()
    async with vera.live(params={"after": cursor}) as stream:
        event = await stream.next()
        assert event.kind == "resync"
        assert [more async for more in stream] == []


async def test_a_cursor_inside_a_reply_beyond_its_text(visit: Visit) -> None:
    """STR-04: more characters than there are; what comes is still the whole reply."""
    visit.model.plays(plays.paused("Some", " words."))
    vera = await begun(visit)
    drawn = Drawn()
    async with vera.live() as stream:
        await read_until_text(stream, drawn, "Some")
    async with vera.live(after="2.1.5000") as stream:
        visit.model.release()
        done = await stream.next("done")
    assert done.data["message"]["text"] == "Some words."


async def test_a_viewer_who_leaves_does_not_end_the_reply(visit: Visit) -> None:
    """STR-06: the model is asked once, and the reply is there later."""
    visit.model.plays(plays.paused("Some", " words."))
    vera = await begun(visit)
    drawn = Drawn()
    async with vera.live() as stream:
        await read_until_text(stream, drawn, "Some")
    visit.model.release()
    assert (await vera.settled())[-1] == ("assistant", "Some words.")
    assert len(visit.model.requests) == 1


async def test_whoever_waits_for_the_whole_answer_may_leave_too(visit: Visit) -> None:
    """STR-06, for programs that wait."""
    visit.model.plays(plays.paused("Some", " words."))
    vera = visit.visitor()
    page = await vera.page()
    start = page.text.partition('name="start" value="')[2].partition('"')[0]
    waiting = asyncio.create_task(vera.call("chat", json={"message": "Hi", "start": start}))
    await asyncio.to_thread(visit.model.wait_for_requests, 1)
    waiting.cancel()
    visit.model.release()
    name = f"parlour-{visit.link.id.removeprefix('lnk_')}"
    vera.cookies[name] = start
    assert await vera.settled() == [("user", "Hi"), ("assistant", "Some words.")]


async def test_headers_of_a_stream(visit: Visit) -> None:
    """STR-11: nothing on the way may keep, compress or hold back what comes."""
    vera = await begun(visit)
    async with vera.live(auto_decompress=False) as stream:
        headers = stream.response.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert "no-store" in headers["Cache-Control"]
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in headers
        assert "Content-Length" not in headers


async def test_a_head_of_a_stream_ends(visit: Visit) -> None:
    """STR-11: whoever only asks what it would be holds nothing open, and waits for nothing."""
    vera = await begun(visit)
    session = f"Cookie: {vera.headers['Cookie']}"
    reader, writer = await asyncio.open_connection(*vera.url.removeprefix("http://").split(":"))
    writer.write(raw.request("HEAD", f"/api/public/live/{vera.token}", session))
    writer.write(raw.request("HEAD", f"/chat/{vera.token}", session, "Connection: close"))
    async with asyncio.timeout(PATIENCE):
        told = (await reader.read()).decode()
    writer.close()
    stream, page = told.split("\r\n\r\n", 1)
    assert (stream[:15], page[:15]) == ("HTTP/1.1 200 OK", "HTTP/1.1 200 OK")
    assert "content-type: text/event-stream" in stream
    assert page.endswith("\r\n\r\n"), "a head, and nothing behind it"


HOSTILE = {
    "fields": "a\n\ndata: x\n\nid: 99\nevent: done\nretry: 1\n: comment\n\n",
    "returns": "a\rb\r\nc\n\rd",
    "separators": "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg",
    "nul": "a\0b",
    "beyond": "😀👨‍👩‍👧‍👦e\u0301\u202eabc\ufeff\u200b",
    "markup": "</script><script>alert(1)</script>]]>&amp;<!--",
    "json": '"}\n\ndata: {"turn":"x"}\\u0000\\',
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_words_of_a_model_are_only_words(visit: Visit, kind: str) -> None:
    """STR-12: framing is safe and the text is exact, in one piece and character by character."""
    text = HOSTILE[kind]
    expected = text.replace("\0", "\ufffd")

    async def play(_: plays.Asked, wire: plays.Wire) -> None:
        await wire.start_stream()
        await wire.token(f"<{text}>")
        for character in text:
            await wire.token(character)
        await wire.finish(None)

    visit.model.plays(play)
    vera = await begun(visit)
    drawn = Drawn()
    async with vera.live() as stream:
        while not drawn.ended:
            event = await stream.next()
            assert event.kind in {"message", "status", "delta", "done"}
            drawn.take(event)
            if event.kind == "delta":
                assert f"<{expected}>{expected}".startswith(drawn.text)
    assert drawn.shown()[-1] == ("agent", f"<{expected}>{expected}", "done")
    assert (await vera.history())[-1] == ("assistant", f"<{expected}>{expected}")


async def test_characters_split_between_packets(visit: Visit) -> None:
    """STR-12: the bytes of one character come in two chunks."""
    raw = 'data: {"choices": [{"index": 0, "delta": {"content": "ö\U0001f426é"}}]}\n\n'.encode()

    async def play(_: plays.Asked, wire: plays.Wire) -> None:
        await wire.start_stream()
        for byte in raw:
            await wire.chunk(bytes([byte]))
            await asyncio.sleep(0)
        await wire.finish(None)

    visit.model.plays(play)
    vera = await begun(visit)
    assert (await vera.settled())[-1] == ("assistant", "ö\U0001f426é")


async def test_an_ended_stream_stays_open_and_says_nothing_twice(visit: Visit) -> None:
    """STR-18: after the reply the stream waits for the next one; there is nothing to storm for."""
    vera = await begun(visit)
    await vera.settled()
    async with vera.live() as stream:
        kinds = [event.kind for event in await stream.until("done")]
        assert kinds == ["message", "done"]
        await vera.say("Again")
        more = [event.kind for event in await stream.until("done")]
    assert more[:2] == ["message", "message"]
    async with vera.live(after=stream.last_id) as stream:
        await vera.say("Once more")
        event = await stream.next()
        assert (event.kind, event.data["text"]) == ("message", "Once more")


async def test_nothing_to_follow_ends_the_asking(visit: Visit) -> None:
    """STR-18: 204 is what makes a browser stop; without a session there is nothing at all."""
    vera = visit.visitor()
    refused = await vera.call("live", "GET")
    assert (refused.status, refused.code) == (404, "session_not_found")
    await vera.say("Hi")
    await vera.settled()
    await vera.call("session", "DELETE")
    assert (await vera.call("live", "GET")).status == 204


@pytest.mark.parametrize("pen", ["requested", "operator", "odd"])
async def test_a_page_that_is_behind_is_told_who_answers(visit: Visit, pen: str) -> None:
    """TKO-07: nobody came, or a person left, between the page and its stream."""
    vera = visit.visitor()
    await vera.say("Hello?")
    await vera.settled()
    async with vera.live(params={"pen": pen}) as stream:
        assert (await stream.next("control")).data == {"holder": "agent"}
