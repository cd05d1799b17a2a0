"""The desk over HTTP, as a browser without scripts has it, and what its stream tells."""

import asyncio
import json
import re

from tests.rig.colleague import joined
from tests.rig.waiting import PATIENCE
from tests.stories.test_studio_conversations import House, house, server

__all__ = ["house", "server"]

DESK = "/studio/desk"


async def test_taken_handed_on_and_completed_by_forms(house: House) -> None:
    """TKO-03: the loser is told who was first; a form that does not fit changes nothing."""
    ana = await joined(house.owner, "ana@team.example", "operator", "Ana Ruiz")
    await house.talked("Is it in stock?")
    (talk,) = await house.rows()
    one = f"{DESK}/{talk}"
    page = await ana.get(DESK + "?state=bot")
    assert f'href="{one}?state=bot"' in page.text
    assert f'action="{one}/hold' in (await ana.get(one)).text
    taken = await ana.post(f"{one}/hold?state=bot", {"act": "take"})
    assert (taken.status, taken.leads_to) == (303, f"{one}?state=bot")
    mine = await ana.get(one)
    assert "You answer here" in mine.words
    found = re.search(r'name="to" value="(per_\w+)"', mine.text)
    assert found is not None
    assert "Olga" in mine.words
    late = await house.owner.post(f"{one}/say", {"message": "Me first"})
    assert late.status == 409
    assert "Ana Ruiz answers here already" in late.words
    late = await house.owner.post(f"{one}/complete", {"reason": "solved"})
    assert late.status == 409
    assert (await ana.post(f"{one}/hand-over", {"to": "per_x"})).status == 422
    assert (await ana.post(f"{one}/hand-over", {"to": found.group(1)})).status == 303
    assert "You answer here" in (await house.owner.get(one)).words
    odd = await house.owner.post(f"{one}/complete", {"reason": "because"})
    assert (odd.status, "Must be one of" in odd.words) == (422, True)
    done = await house.owner.post(f"{one}/complete", {"reason": "solved", "seen": "99"})
    assert done.status == 303
    page = await house.owner.get(f"{one}?state=completed")
    assert "Completed by Olga: solved" in page.words
    assert f'id="row-{talk}"' in page.text
    assert (await house.owner.post(f"{one}/reopen")).status == 303
    history = (await house.owner.get("/studio/history")).words
    for said in ("handed a conversation to", "completed a conversation", "opened again"):
        assert said in history


async def test_rows_and_counts_follow_what_happens(house: House) -> None:
    """A conversation leaves one group and comes into another while two look."""
    await house.talked("Is it in stock?")
    (talk,) = await house.rows()
    streams = {
        group: house.stream(house.owner, f"{DESK}/live?state={group}&since=0-")
        for group in ("bot", "mine")
    }

    shown: dict[str, set[str]] = {"bot": set(), "mine": set()}
    counts: dict[str, int] = {}

    async def until(group: str, wanted: set[str]) -> None:
        """Take what comes, as the page does, until these rows are shown."""
        async for event in streams[group]:
            data = json.loads(event["data"])
            if event["event"] == "counts":
                counts.update(data)
                continue
            rows = {each["id"] for each in data["rows"]}
            shown[group] = rows if data["whole"] else (shown[group] | rows) - set(data["gone"])
            if shown[group] == wanted:
                return

    async with asyncio.timeout(PATIENCE):
        await until("bot", {talk})
        assert counts == {"waiting": 0, "mine": 0, "active": 0, "bot": 1}
        await until("mine", set())
        await house.owner.post(f"{DESK}/{talk}/hold", {"act": "take"})
        await until("bot", set())
        await until("mine", {talk})
        assert counts == {"waiting": 0, "mine": 1, "active": 0, "bot": 0}
    for each in streams.values():
        await each.aclose()  # type: ignore[attr-defined]


async def test_who_types_is_told_to_the_other_side_and_kept_nowhere(house: House) -> None:
    """SHR-12: while a person answers; the visitor learns a name, and that alone."""
    ana = await joined(house.owner, "ana@team.example", "operator", "Ana Ruiz")
    vera = await house.talked("Is it in stock?")
    (talk,) = await house.rows()
    one = f"{DESK}/{talk}"
    typing = f"/api/public/typing/{vera.token}"
    assert (await vera.ask("POST", typing)).json == {"told": False}, "nobody watches with an agent"
    assert (await ana.post(f"{one}/typing")).status == 409
    await ana.post(f"{one}/hold", {"act": "take"})
    told = house.stream(ana, f"{one}/live")
    async with asyncio.timeout(PATIENCE), vera.live() as stream:
        await stream.next("control")
        assert (await anext(told))["event"] == "message"
        assert (await vera.ask("POST", typing)).json == {"told": True}
        async for event in told:
            if event["event"] == "typing":
                break
        assert json.loads(event["data"]) == {"author": {"kind": "visitor", "name": ""}}
        assert (await ana.post(f"{one}/typing")).status == 204
        heard = (await stream.next("typing")).data
        assert heard == {"author": {"kind": "operator", "name": "Ana Ruiz"}}
        await ana.post(f"{one}/hold", {"act": "release"})
        await stream.next("control")
    await told.aclose()  # type: ignore[attr-defined]
    assert (await vera.ask("POST", typing)).json == {"told": False}
    assert [kind for kind, _ in await vera.history()] == ["user", "assistant"] + ["system"] * 2


async def test_notes_and_commands_by_the_form_of_the_box(house: House) -> None:
    """XSS: a note is text; a misspelled command is said to nobody, and stays in the box."""
    ana = await joined(house.owner, "ana@team.example", "operator", "Ana Ruiz")
    vera = await house.talked("Is it in stock?")
    (talk,) = await house.rows()
    one = f"{DESK}/{talk}"
    box = {"message_id": "m1", "kind": "note"}
    await ana.post(f"{one}/say", {**box, "message": "<script>alert(1)</script> be nice"})
    await ana.post(f"{one}/say", {**box, "message": "<script>alert(1)</script> be nice"})
    page = await house.owner.get(one)
    assert page.text.count("&lt;script&gt;alert(1)&lt;/script&gt; be nice") == 1
    assert "<script>alert" not in page.text
    odd = await ana.post(f"{one}/say", {"message": "/takover"})
    assert (odd.status, "/takover" in odd.text) == (422, True)
    assert (await ana.post(f"{one}/say", {"message": "/takeover"})).status == 303
    assert (await ana.post(f"{one}/say", {"message": "//takeover"})).status == 303
    assert (await ana.post(f"{one}/say", {"message": "/handover olga"})).status == 303
    assert (await ana.post(f"{one}/say", {"message": "Me again"})).status == 409
    leads = await ana.post(f"{one}/say", {"message": "/share"})
    assert leads.leads_to == f"/studio/conversations/{talk}/share"
    await house.owner.post(f"{one}/say", {"message": "/note Nothing left to do"})
    assert (await house.owner.post(f"{one}/say", {"message": "/close spam"})).status == 303
    assert "Completed by Olga: spam" in (await ana.get(one)).words
    said = [text for _, text in await vera.history()]
    assert "/takeover" in said
    assert not any("nice" in each or "Nothing left" in each for each in said)
    seen = (await vera.ask("GET", f"/chat/{vera.token}")).text
    assert "be nice" not in seen


async def test_canned_replies_by_forms(house: House) -> None:
    """What was typed stays; the second of two editors is told who was first."""
    ana = await joined(house.owner, "ana@team.example", "operator", "Ana Ruiz")
    path = "/studio/canned"
    odd = await ana.post(path, {"shortcut": "two words", "text": "Kept"})
    assert (odd.status, "Kept" in odd.text) == (422, True)
    assert (await ana.post(path, {"shortcut": "hours", "text": "We open at nine."})).status == 303
    page = await house.owner.get(path)
    one = re.search(r'action="(/studio/canned/can_\w+)"', page.text)
    seen = re.search(r'name="seen" value="(\d+)"', page.text)
    assert one is not None
    assert seen is not None
    form = {"shortcut": "hours", "text": "We open at ten.", "seen": seen.group(1)}
    assert (await house.owner.post(one.group(1), form)).status == 303
    late = await ana.post(one.group(1), form | {"text": "At eleven."})
    assert late.status == 412
    assert "Olga changed this meanwhile" in late.words
    assert "At eleven." in late.text
    await house.talked("Hello?")
    (talk,) = await house.rows()
    assert "We open at ten." in (await ana.get(f"{DESK}/{talk}")).text
    assert (await ana.post(one.group(1) + "/delete")).status == 303
    assert "We open at ten." not in (await ana.get(path)).text
