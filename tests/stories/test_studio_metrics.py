"""Metrics and logs over HTTP: pages, files, the interface, the command line; who sees what."""

import json
import re

from parlour.rights import Role
from tests.rig.colleague import joined
from tests.rig.waiting import eventually

# The house of the conversations' stories, which is a fixture.
from tests.stories.test_studio_conversations import SAID, House, house, server, tells

__all__ = ["house", "server"]

SEEN = re.compile(r'name="seen" value="(\d+)"')
METRICS, SESSIONS = "/studio/metrics", "/studio/sessions"
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1"}


async def counted(house: House, sessions: int, opened: int = 0) -> dict[str, int]:
    """What the command line tells, as soon as so much has been counted."""

    def told() -> dict[str, int]:
        found: dict[str, int] = house.server.cli("metrics", "show")["total"]
        return found

    house.server.cli("metrics", "count")
    await eventually(lambda: told()["opened"] == opened, every=1)
    total = told()
    assert total["sessions"] == sessions
    return total


async def test_what_happened_stands_in_numbers(house: House) -> None:
    """Opened by people alone; the page, its files, and the log that each number leads to."""
    for headers in (PHONE, PHONE, {"User-Agent": "Slackbot 1.0"}):
        async with house.http.get(house.link.url, headers=headers) as answer:
            assert answer.status == 200
    await house.talked(SAID, "And now?")
    await house.talked("Hello?")
    total = await counted(house, 2, opened=2)
    assert (total["questions"], total["answers"], total["visitors"]) == (3, 3, 2)
    owner = house.owner
    page = await owner.get(METRICS)
    assert page.status == 200
    assert "By link, user or group" in page.words
    assert "Poster" in page.words
    assert f'href="{SESSIONS}?days=14"' in page.text
    for path in (f"{METRICS}?days=0", f"{METRICS}?first=x", f"{SESSIONS}?last=2026-99-01"):
        assert 'role="alert"' in (await owner.get(path)).text
    assert "There is no such agent" in (await owner.get(f"{METRICS}?agent=nobody")).words
    assert (
        "Nothing happened then"
        in (await owner.get(f"{METRICS}?first=2020-01-01&last=2020-01-02")).words
    )
    log = await owner.get(SESSIONS)
    assert log.text.count('href="/studio/conversations/cnv_') == 2
    assert (await owner.get(f"{SESSIONS}?how=person")).text.count("/conversations/cnv_") == 0
    csv = await owner.get(f"{METRICS}.csv")
    assert csv.text.splitlines()[-1].startswith('"all","2","2","2","2","0","6"')
    assert [total[name] for name in ("again", "edited", "good", "poor")] == [0, 0, 0, 0]
    lines = (await owner.get(f"{SESSIONS}.csv?how=answered")).text.splitlines()
    assert (len(lines), "Poster" in lines[1]) == (3, True)
    assert len(house.server.cli("metrics", "sessions", "--how", "answered")) == 2
    assert house.server.cli("metrics", "sessions", "--how", "poor") == []


async def test_who_sees_which_numbers(house: House) -> None:
    """SHR-03: every role looks; nobody without the right reads whose session it was."""
    await house.talked(SAID)
    await counted(house, 1)
    for role in (Role.ANALYST, Role.OPERATOR):
        who = await joined(house.owner, f"{role}@team.example", role.value)
        for path in (METRICS, SESSIONS, f"{METRICS}.csv", f"{SESSIONS}.csv"):
            page = await who.get(path)
            assert page.status == 200
            assert not tells(page.text)
        assert "Save" not in (await who.get(f"{METRICS}/terms")).words
        assert (await who.post(f"{METRICS}/terms", {"zone": "UTC"})).status == 403


async def test_an_owner_says_how_is_counted(house: House) -> None:
    """Forms keep what was typed; the second of two editors is told; it stands in the history."""
    owner, at = house.owner, f"{METRICS}/terms"
    form = {"zone": "Asia/Tokyo", "currency": "jpy", "in-shop": "15", "out-shop": "60"}
    assert (await owner.post(at, {**form, "seen": "0"})).leads_to == f"{at}?said=saved"
    page = await owner.get(at)
    assert 'value="JPY"' in page.text
    assert 'value="15.00"' in page.text
    late = await owner.post(at, {**form, "zone": "UTC", "seen": "0"})
    assert (late.status, "changed this meanwhile" in late.words) == (412, True)
    wrong = await owner.post(at, {**form, "in-shop": "dear", "seen": SEEN.findall(page.text)[0]})
    assert (wrong.status, 'value="dear"' in wrong.text) == (422, True)
    assert "Days of Asia/Tokyo" in (await owner.get(METRICS)).words
    assert "changed how is counted here" in (await owner.get("/studio/history")).words
    told = house.server.cli("metrics", "terms", "--currency", "EUR")
    assert json.loads(json.dumps(told["prices"])) == {"shop": {"input": "15.00", "output": "60.00"}}


async def test_messages_are_found(house: House) -> None:
    """Words, quotes, filters, columns, views, files; one without the right finds nothing hidden."""
    await house.talked(SAID, "Where is my delivery?")
    await counted(house, 1)
    owner, at = house.owner, "/studio/messages"
    page = await owner.get(f"{at}?q=deliveries&columns=id&columns=agent")
    assert page.text.count(">Open</a>") == 2
    assert "msg_" in page.text
    for query, number in (('"my+delivery"', 2), ("nothing-like-it", 0), ("7946", 2),
                          ("delivery&author=visitor", 1), ("delivery&failed=1", 0)):  # fmt: skip
        assert (await owner.get(f"{at}?q={query}")).text.count(">Open</a>") == number, query
    tess = await joined(owner, "tess@team.example", Role.TEAM_LEAD.value)
    for query in ("7946", "vera@visitors", '"write+to+vera"'):
        hidden = await tess.get(f"{at}?q={query}")
        assert hidden.text.count(">Open</a>") == 0, query
    seen = (await tess.get(f"{at}?q=heron")).text
    assert seen.count(">Open</a>") == 2
    assert not tells(seen)
    assert (await owner.get(f"{at}?q=call&show=conversations")).text.count("Latest of them") == 2
    assert "Every question" in (await owner.get(f"{at}?show=questions")).words
    narrowed = (await owner.get(f"{at}?show=questions&q=heron")).words
    assert "No question of these days that is like that" in narrowed
    tell = house.server.cli
    (hit,) = tell("message", "search", "deliveries", "--author", "visitor")
    assert (hit["author"], hit["rating"], hit["agent_name"]) == ("visitor", None, "shop")
    assert len(tell("message", "search", "--limit", "3")) == 3
    assert tell("message", "search", "delivery", "--rating", "down") == []
    assert tell("message", "questions")["items"] == []
    lines = (await owner.get(f"{at}.csv?q=delivery")).text.splitlines()
    assert (len(lines), "/studio/conversations/cnv_" in lines[1]) == (3, True)
    saved = await owner.post(f"{at}/views", {"name": "Late", "query": "q=delivery"})
    assert saved.leads_to.startswith(f"{at}?q=delivery&")
    shown = (await owner.get(at)).text
    assert f'href="{at}?q=delivery"' in shown
    view = re.findall(r"views/(viw_\w+)/delete", shown)[0]
    assert (await tess.post(f"{at}/views/{view}/delete")).status == 404
    assert (await owner.post(f"{at}/views/{view}/delete")).leads_to == f"{at}?said=view-deleted"
    assert (await owner.get(f"{at}/next")).leads_to.startswith(f"{at}?show=questions")
