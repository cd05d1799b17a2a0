"""A link is open by its hours, or its agent's, and to as many as there are places."""

from datetime import UTC, datetime

import pytest

from parlour.agents import sharing
from parlour.kit.clock import DAY, HOUR, MINUTE, Moment, rfc3339
from parlour.kit.hours import DAYS, Schedule
from parlour.links.rules import Kind
from tests.rig import plays
from tests.rig.managing import Api, new_agent
from tests.rig.server import Link
from tests.rig.visiting import Visit
from tests.rig.visitor import Answer, Drawn, Visitor

OWN = "/api/agents/helper/sharing"


async def refused(person: Visitor, verb: str, method: str = "POST") -> Answer:
    options = {"json": {"message": "More"} if verb == "chat" else {}} if method == "POST" else {}
    person.faulty = True
    return await person.call(verb, method, **options)


async def opens(
    visit: Visit, link: Link, *, opens_at: Moment | None = None, closes_at: Moment | None = None
) -> None:
    schedule = Schedule(opens_at=opens_at, closes_at=closes_at)
    await visit.keeper.change(visit.agent, link, schedule=schedule)


@pytest.mark.parametrize(
    ("opens_in", "closes_in", "reason", "told"),
    [
        (2 * DAY, None, "not_open", "Not open yet."),
        (None, -HOUR, "closed", "There are no opening hours ahead."),
    ],
)
async def test_before_and_after(
    visit: Visit, opens_in: int | None, closes_in: int | None, reason: str, told: str
) -> None:
    """EXP-01: the page says when, a program is told when to come again, nothing is stored."""
    now = visit.keeper.tools.clock.now()
    link = await visit.another_link()
    bounds = {"opens_at": opens_in, "closes_at": closes_in}
    await opens(visit, link, **{name: now + at for name, at in bounds.items() if at is not None})
    vera = visit.visitor(link)
    vera.faulty = True
    page = await vera.ask("GET", f"/chat/{link.token}")
    assert (page.status, told in page.text) == (503, True), page.text
    assert ("Try again" in page.text) == (opens_in is not None)
    said = await refused(vera, "chat")
    assert (said.status, said.code) == (503, reason)
    wait = said.headers.get("Retry-After")
    assert (wait is None) == (opens_in is None)
    if wait is not None and opens_in is not None:
        assert 0 <= opens_in // 1000 - int(wait) < 60
        opening = datetime.fromtimestamp((now + opens_in) / 1000, UTC)
        assert f"{opening:%A}" in page.text
    look = (await vera.call("link", "GET")).json
    assert (look["valid"], look["reason"], look["agent_available"]) == (False, reason, False)
    assert await visit.keeper.messages(link) == []
    assert vera.cookies == {}


async def test_closing_time_comes_in_the_middle_of_a_reply(visit: Visit) -> None:
    """EXP-02: it is finished and seen, no other is begun, and all stays to be read."""
    visit.model.plays(plays.paused("One two", " three."))
    link = await visit.another_link()
    vera = visit.visitor(link)
    await vera.say("Hello?")
    drawn = Drawn()
    async with vera.live() as stream:
        await drawn.until_text(stream, "One two")
        await opens(visit, link, closes_at=visit.keeper.tools.clock.now() - 1000)
        visit.model.release()
        for event in await stream.until("refused"):
            drawn.take(event)
    assert drawn.shown()[-1] == ("agent", "One two three.", "done")
    assert drawn.refused == "closed"
    assert (await refused(vera, "chat")).code == "closed"
    read = await vera.ask("GET", f"/chat/{link.token}/read")
    assert "One two three." in read.text
    # Hours are no end: as soon as it is open again, the conversation goes on.
    await visit.keeper.change(visit.agent, link, schedule=None)
    visit.model.plays(plays.reply("Here again."))
    assert (await vera.say("And now?")).status == 202
    assert (await vera.settled())[-1] == ("assistant", "Here again.")


async def test_every_place_is_taken(visit: Visit) -> None:
    link = await visit.another_link(seats=1)
    vera, sam = visit.visitor(link), visit.visitor(link)
    await vera.say("Hello?")
    await vera.settled()
    sam.faulty = True
    page = await sam.ask("GET", f"/chat/{link.token}")
    assert (page.status, "Every place is taken." in page.text) == (503, True)
    assert "js/waiting.js" in page.text, "the page goes in by itself"
    said = await refused(sam, "chat")
    assert (said.status, said.code, said.headers["Retry-After"]) == (503, "full", "15")
    assert (await vera.say("More")).status == 202, "who is inside goes on"
    await vera.settled()
    assert (await vera.call("session", "DELETE")).json["cleared"] is True
    assert (await sam.call("link", "GET")).json["reason"] is None
    assert (await sam.say("My turn")).status == 202


async def test_a_private_link_has_hours_too(visit: Visit) -> None:
    link = await visit.another_link(kind=Kind.PRIVATE, name="Priya", max_uses=1)
    terms = {"schedule": Schedule(opens_at=visit.keeper.tools.clock.now() + DAY)}
    await sharing.change(visit.keeper.tools, visit.keeper.who, visit.agent, terms)
    assert (await refused(visit.visitor(link), "chat")).code == "not_open"
    assert await visit.keeper.uses(link) == 0


WEEK = {
    "opens_at": "2026-01-05T08:00:00.000Z",
    "closes_at": None,
    "zone": "Europe/Berlin",
    "weekly": {"mon": ["09:00-12:00", "13:00-17:00"], "fri": ["22:00-02:00"]},
    "holidays": ["2026-12-25"],
}


async def test_hours_over_http(api: Api) -> None:
    await new_agent(api)
    saved = await api.put(OWN, {"schedule": WEEK, "seats": 30, "seat_minutes": 5})
    told = {name: saved.json[name] for name in ("schedule", "seats", "seat_minutes")}
    assert told == {"schedule": WEEK, "seats": 30, "seat_minutes": 5}
    assert (await api.get(OWN)).json["schedule"] == WEEK
    made = (await api.post("/api/agents/helper/public-links", {"seats": 3})).json
    assert (made["schedule"], made["seats"]) == (None, 3)
    assert "Mon 09:00–12:00 and 13:00–17:00, Fri 22:00–02:00, Europe/Berlin" in made["summary"]
    assert "3 people can talk at once." in made["summary"]
    path = f"/api/agents/helper/public-links/{made['id']}"
    now = datetime.now(UTC)
    later = rfc3339(int(now.timestamp() * 1000) + 3 * DAY + MINUTE)
    own = {"schedule": {"opens_at": later}}
    changed = (await api.put(path, own)).json
    assert (changed["state"], changed["state_words"][:6]) == ("closed", "Opens ")
    assert changed["schedule"]["opens_at"] == later
    assert (await api.put(path, {"schedule": None})).json["schedule"] is None
    assert (await api.put(OWN, {"schedule": None})).json["schedule"]["weekly"] == {}
    assert (await api.get(path)).json["state"] == "live"


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({"zone": "Mars/Phobos"}, "schedule.zone"),
        ({"weekly": {"mon": ["9-17"]}}, "schedule.weekly.mon"),
        ({"opens_at": "tomorrow"}, "schedule.opens_at"),
        ({"opens_at": WEEK["opens_at"], "closes_at": WEEK["opens_at"]}, "schedule.closes_at"),
        ({"holidays": ["christmas"]}, "schedule.holidays"),
        ({"weekly": {"monday": ["09:00-17:00"]}}, "schedule.weekly"),
        ({"hours": "always"}, "schedule"),
    ],
)
async def test_hours_that_do_not_fit(api: Api, schedule: dict[str, object], field: str) -> None:
    await new_agent(api)
    for method, path in (("PUT", OWN), ("POST", "/api/agents/helper/public-links")):
        told = await api.call(method, path, {"schedule": schedule})
        assert told.status == 422, told.body
        assert told.fields[0].startswith(field), told.body
    assert (await api.get(OWN)).json["schedule"]["zone"] == "UTC"
    assert (await api.get("/api/agents/helper/public-links")).json == []


async def test_at_the_command_line(visit: Visit) -> None:
    shell, name = visit.server.shell, visit.agent.name
    told = shell.done(
        "agent", "hours", name, "--weekly", "daily 0-24", "--zone", "Asia/Tokyo", "--seats", "5"
    )
    assert told["schedule"]["weekly"] == {day: ["00:00-24:00"] for day in DAYS}
    assert (told["schedule"]["zone"], told["seats"]) == ("Asia/Tokyo", 5)
    own = shell.done("link", "hours", visit.link.id, "--opens", "2100-01-01T00:00:00+09:00")
    assert own["schedule"]["opens_at"] == "2099-12-31T15:00:00.000Z"
    assert (await refused(visit.visitor(), "chat")).code == "not_open"
    assert shell.done("link", "hours", visit.link.id, "--as-agent")["schedule"] is None
    assert (await visit.visitor().say("Hello?")).status == 202
    for wrong in (("--zone", "Nowhere"), ("--weekly", "sometimes"), ("--seats", "-1")):
        assert shell.run("agent", "hours", name, *wrong).returncode == 1
    assert shell.run("link", "hours", visit.link.id, "--opens", "soon").returncode == 2
    assert shell.done("agent", "hours", name, "--anytime", "--seats", "0")["seats"] == 0
