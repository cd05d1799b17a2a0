"""The Sharing tab: who may come in, private links from a list, and what a use is."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import aiohttp
import pytest

from tests.rig.colleague import Colleague, Page, joined, owner_of
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken

OWN = "/studio/agents/helper/sharing"


@pytest.fixture
def fresh(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet, with an agent."""
    made = Server(storage, tmp_path, nursery).start()
    made.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    yield made
    check_unbroken(made.output)
    made.close()


@pytest.fixture
async def olga(http: aiohttp.ClientSession, fresh: Server) -> Colleague:
    """The owner."""
    return await owner_of(http, fresh)


async def follow(colleague: Colleague, page: Page) -> Page:
    assert page.status == 303, page.words
    return await colleague.get(page.leads_to)


def seen_on(page: Page) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page.text)
    assert found is not None
    return found.group(1)


async def test_who_may_come_in_is_said_with_what_follows(olga: Colleague, fresh: Server) -> None:
    link = fresh.make_link("helper", "--name", "Poster")
    page = await olga.get(OWN)
    assert "the open link says that the assistant is private" in page.words
    private = {"mode": "private", "seen": seen_on(page)}
    done = await follow(olga, await olga.post(OWN + "/mode", private))
    assert "Only private links open a chat now." in done.words
    assert "One open link says “By invitation now”" in done.words
    assert "By invitation now" in (await olga.get("/studio/links")).words
    shown = fresh.cli("link", "show", link.id)
    assert (shown["state"], shown["state_words"]) == ("by_invitation", "By invitation now")
    assert "0 of them open to anyone" in (await olga.get("/studio/links")).words
    assert "helper is private, and nobody has a private link" in (await olga.get("/studio")).words
    # The second editor is told who was first, and nothing is changed.
    late = await olga.post(OWN + "/mode", {**private, "mode": "anyone"})
    assert late.status == 412
    assert "Olga changed this meanwhile" in late.words
    for wrong in ("everybody", ""):
        refused = await olga.post(OWN + "/mode", {"mode": wrong, "seen": seen_on(late)})
        assert refused.status == 422
    ana = await joined(olga, "ana@team.example", "analyst", "Ana")
    assert "Only by private links" in (await ana.get(OWN)).words
    assert (await ana.post(OWN + "/mode", private)).status == 403


async def test_private_links_from_a_list(olga: Colleague, fresh: Server) -> None:
    pasted = {"users": "Priya Nair\nData team, 0\nana@team.example;3", "max_uses": "10"}
    done = await olga.post(OWN + "/private", pasted)
    assert done.leads_to.endswith("#private")
    page = await follow(olga, done)
    assert "3 links made." in page.words
    assert "3 of 50" in page.words
    assert "whoever a link is passed on to can use it, too" in page.words
    listed = {each["name"]: each for each in fresh.cli("link", "list", "helper")}
    assert {name: each["max_uses"] for name, each in listed.items()} == {
        "Priya Nair": 10, "Data team": 0, "ana@team.example": 3
    }  # fmt: skip
    told = (await olga.get("/studio/history")).words
    assert "Olga made the link “\u2068Priya Nair\u2069” to helper" in told
    # All addresses, to be copied and as a table.
    copied = re.search(r'data-copy="([^"]*)">[^<]*<svg[^>]*>.*?Copy all', page.text, re.DOTALL)
    assert copied is not None
    urls = {each["url"] for each in listed.values()}
    assert set(unescape(copied.group(1)).split()) == urls
    table = await olga.get(OWN + "/private/urls.csv")
    assert table.headers["Content-Disposition"].startswith("attachment")
    assert all(url in table.text for url in urls)
    # What does not fit makes none, and what was typed is kept.
    for users, uses, told in (
        ("Ben\nEva,-1", "10", "line 2"),
        ("", "10", "at least one"),
        ("Ben", "many", "a whole number"),
        ("x" * 201, "10", "name 1"),
        ("\n".join(f"n{at}" for at in range(48)), "10", "at most 50"),
    ):
        sent = {"users": users, "max_uses": uses}
        refused = await olga.post(OWN + "/private", sent)
        assert refused.status in {409, 422}, refused.words
        assert told in refused.words.lower() + refused.words
        assert users.partition("\n")[0] in refused.text
    assert len(fresh.cli("link", "list", "helper")) == 3
    # Deleting is asked about first, then it is gone.
    one = listed["Data team"]
    form = {"act": "revoke", "ids": one["id"], "back": OWN}
    asked = await olga.post("/studio/links/bulk", form)
    assert asked.status == 200
    gone = await follow(olga, await olga.post("/studio/links/bulk", {**form, "sure": "1"}))
    assert "1 link is revoked." in gone.words
    assert "Data team" not in gone.words
    # Its page changes its uses; who only looks gets neither addresses nor addresses' names.
    path = f"/studio/links/{listed['Priya Nair']['id']}"
    seen = seen_on(await olga.get(path))
    saved = await olga.post(path, {"name": "Priya", "max_uses": "4", "seen": seen})
    assert "It can be used 4 times in all" in (await follow(olga, saved)).words
    for wrong in ("-1", "1.5", "9223372036854775808"):
        assert (await olga.post(path, {"name": "P", "max_uses": wrong})).status == 422
    ana = await joined(olga, "ana@team.example", "analyst", "Ana")
    for place in (OWN, "/studio/links", "/studio/find?q=ana@team"):
        shown = await ana.get(place)
        assert "ana@team.example" not in shown.text.replace("Signed in as ana@team.example", "")
        assert "/chat/" not in shown.text
    assert "•••@•••" in (await ana.get(OWN)).text
    assert (await ana.get(OWN + "/private/urls.csv")).status == 403


async def test_how_long_a_use_lasts(olga: Colleague, fresh: Server) -> None:
    page = await olga.get(OWN)
    sent = {"use_idle_minutes": "15", "use_longest_minutes": "90", "seen": seen_on(page)}
    saved = await follow(olga, await olga.post(OWN + "/uses", sent))
    assert 'value="15"' in saved.text
    shown = fresh.cli("agent", "sharing", "helper")
    assert (shown["use_idle_minutes"], shown["use_longest_minutes"]) == (15, 90)
    for wrong in ("0", "-5", "1.5", "soon", "99999999999"):
        sent |= {"use_idle_minutes": wrong, "seen": seen_on(saved)}
        refused = await olga.post(OWN + "/uses", sent)
        assert refused.status == 422
        assert "a whole number of minutes" in refused.words.lower()


async def test_who_is_asked_for_an_address(olga: Colleague, fresh: Server) -> None:
    """OTP-15's other side: what the studio, the interface and the commands say of it."""
    page = await olga.get(OWN)
    assert "Codes are printed at the terminal of this server" in page.words
    wanted = {"verify": "after", "verify_after": "2", "seen": seen_on(page)}
    wrong = {**wanted, "verify_after": "many", "emails": "@team.example"}
    again = await olga.post(OWN + "/verify", wrong)
    assert again.status == 422
    assert "from 1 to 100" in again.words
    assert "@team.example" in again.text
    none = await olga.post(OWN + "/verify", {**wanted, "emails": "team.example"})
    assert (none.status, "“team.example” is neither" in none.words) == (422, True)
    listed = {**wanted, "emails": "@Team.example\r\nboss@x.example"}
    done = await follow(olga, await olga.post(OWN + "/verify", listed))
    assert "Visitors confirm an address after some messages." in done.words
    assert "E-mail verification is on" in done.words
    shown = fresh.cli("agent", "sharing", "helper")
    assert (shown["verify"], shown["verify_after"]) == ("after", 2)
    assert shown["emails"] == ["@team.example", "boss@x.example"]
    late = await olga.post(OWN + "/verify", listed)
    assert (late.status, "Olga changed this meanwhile" in late.words) == (412, True)
    # A link says it differently, in the studio and at the command line.
    sentence = await olga.post(
        "/studio/links/new", {"agent": "helper", "preview": "1", "require_email": "1"}
    )
    required = "E-mail required: they confirm an address that is on the list first."
    assert required in sentence.words
    made = await olga.post("/studio/links/new", {"agent": "helper", "require_email": "1"})
    link = made.leads_to.partition("?")[0].rpartition("/")[2]
    assert fresh.cli("link", "show", link)["require_email"] is True
    seen = seen_on(await olga.get(f"/studio/links/{link}"))
    edit = {"require_email": "", "emails": "a@x.example, @y.example", "seen": seen}
    await olga.post(f"/studio/links/{link}", edit)
    shown = fresh.cli("link", "show", link)
    assert (shown["require_email"], shown["emails"]) == (None, ["a@x.example", "@y.example"])
    assert shown["who_can_open"] == "Anyone; e-mail required after 2 messages"
    assert "After 2 messages they confirm an address that is on the list." in shown["summary"]
    shown = fresh.cli("link", "change", link, "--email", "off", "--emails", "")
    assert (shown["require_email"], shown["emails"]) == (False, None)
    assert "confirm" not in shown["summary"]
    assert shown["who_can_open"] == "Anyone"
    shown = fresh.cli("link", "create", "helper", "--require-email", "--emails", "@z.example")
    assert (shown["require_email"], shown["emails"]) == (True, ["@z.example"])
    assert shown["who_can_open"] == "Anyone with a listed e-mail"
    page = await olga.get("/studio/links")
    assert "Anyone with a listed e-mail" in page.words


def test_a_mail_to_try_it(fresh: Server) -> None:
    told = fresh.run("mail", "test", "ana@x.example")
    assert told.returncode == 0
    assert "This would go to ana@x.example" in told.stderr
    nowhere = {"PARLOUR_SMTP_URL": "smtp://127.0.0.1:1", "PARLOUR_MAIL_FROM": "chat@x.example"}
    failed = fresh.run("mail", "test", "ana@x.example", env=nowhere)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert '"what":"mail","level":"bad"' in fresh.run("doctor", "--json", env=nowhere).stdout
    away = {"PARLOUR_HOST": "0.0.0.0"}
    refused = fresh.run("agent", "sharing", "helper", "--verify", "required", env=away)
    assert "PARLOUR_SMTP_URL" in refused.stderr


async def test_owners_say_no_in_their_own_words(olga: Colleague, fresh: Server) -> None:
    """Own words stand escaped on the page and in the problem; the pages' language is chosen."""
    link = fresh.make_link("helper", "--disabled")
    page = await olga.get(OWN)
    form = {"language": "de", "disabled": "Ring <b>us</b>.\r\nSoon.", "seen": seen_on(page)}
    done = await follow(olga, await olga.post(OWN + "/words", form))
    assert "Your own words for refusals (1)" in done.words
    late = await olga.post(OWN + "/words", {**form, "language": "fr"})
    assert late.status == 412
    bad = await olga.post(
        OWN + "/words", {"seen": seen_on(done), "language": "xx", "full": "x" * 501}
    )
    assert bad.status == 422
    async with aiohttp.ClientSession() as http:
        address = f"{fresh.url}/chat/{link.token}"
        async with http.get(address, headers={"Accept-Language": "sv"}) as told:
            text = await told.text()
        assert '<html lang="de"' in text
        assert "Dieser Link ist ausgeschaltet." in text
        assert "Ring &lt;b&gt;us&lt;/b&gt;.\nSoon." in text
        async with http.get(address + "?lang=ar") as told:
            assert '<html lang="ar" dir="rtl"' in await told.text()
        chat = f"{fresh.url}/api/public/chat/{link.token}"
        async with http.post(chat, json={"message": "Hello?"}) as told:
            problem = await told.json()
    assert (problem["code"], problem["owner_says"]) == ("disabled", "Ring <b>us</b>.\nSoon.")
    shown = fresh.cli("agent", "sharing", "helper", "--words", "disabled=", "--language", "")
    assert (shown["words"], shown["language"]) == ({}, None)


async def test_limits_and_a_budget(olga: Colleague, fresh: Server) -> None:
    """RLB-11: empty goes by the settings; a slip keeps what was typed; the second is told."""
    page = await olga.get(OWN)
    wanted = {
        "rate_limit_per_minute": "7",
        "rate_limit_per_place": "0",
        "message_chars": "",
        "daily_token_limit": "50,000",
        "daily_limit_by": "session",
        "budget_tokens": "2,000,000",
        "budget_period": "day",
        "seen": seen_on(page),
    }
    wrong = await olga.post(OWN + "/limits", {**wanted, "budget_tokens": "a lot"})
    assert (wrong.status, "A whole number" in wrong.words) == (422, True)
    assert 'value="50,000"' in wrong.text
    saved = await follow(olga, await olga.post(OWN + "/limits", wanted))
    assert "Spent today: 0 of 2,000,000 tokens" in saved.words
    shown = fresh.cli("agent", "sharing", "helper")
    assert (shown["rate_limit_per_minute"], shown["rate_limit_per_place"]) == (7, 0)
    assert (shown["message_chars"], shown["rate_limit_per_link"]) == (None, None)
    assert (shown["daily_token_limit"], shown["daily_limit_by"]) == (50_000, "session")
    nobody = {**wanted, "seen": seen_on(saved), "when_spent": "nobody"}
    refused = await olga.post(OWN + "/limits", nobody)
    assert (refused.status, "another agent that answers from documents" in refused.words) == (
        422,
        True,
    )
    late = await olga.post(OWN + "/limits", wanted)
    assert (late.status, "Olga changed this meanwhile" in late.words) == (412, True)


async def test_hours_and_seats(olga: Colleague, fresh: Server) -> None:
    link = fresh.make_link("helper", "--name", "Poster")
    week = {
        "weekly": "Mon–Fri 9-12 and 13:00–17:30\nsat 10–14",
        "zone": "Europe/Berlin",
        "holidays": "2026-12-25\n2027-01-01",
        "opens_at": "2026-01-05T08:00",
        "closes_at": "",
        "seats": "30",
        "seat_minutes": "5",
    }
    page = await olga.get(OWN)
    saved = await follow(olga, await olga.post(OWN + "/hours", week | {"seen": seen_on(page)}))
    assert "The hours are in force." in saved.words
    assert "Mon–Fri 09:00–12:00 and 13:00–17:30\nSat 10:00–14:00" in unescape(saved.text)
    shown = fresh.cli("agent", "sharing", "helper")
    assert shown["schedule"]["opens_at"] == "2026-01-05T07:00:00.000Z"
    assert shown["schedule"]["holidays"] == ["2026-12-25", "2027-01-01"]
    assert (shown["seats"], shown["seat_minutes"]) == (30, 5)
    for field, wrong, told in (
        ("weekly", "mon 9-17\nweekends off", "line 2"),
        ("zone", "Mars", "must be a time zone"),
        ("holidays", "christmas", "must be dates"),
        ("opens_at", "soon", "a date and a time"),
        ("closes_at", "2025-01-01T00:00", "must be later"),
        ("seats", "many", "a whole number"),
    ):
        refused = await olga.post(OWN + "/hours", week | {field: wrong, "seen": seen_on(saved)})
        assert refused.status == 422, field
        assert told in refused.words.lower(), field
        assert wrong.partition("\n")[2] in refused.text, "what was typed is kept"
    late = await olga.post(OWN + "/hours", week | {"seen": seen_on(page)})
    assert (late.status, "Olga changed this meanwhile" in late.words) == (412, True)
    # A link's own hours take the place of these, until it is left to the agent again.
    path = f"/studio/links/{link.id}"
    own = {"own": "1", "zone": "UTC", "opens_at": "2099-01-01T00:00", "seats": "2"}
    one = await olga.get(path)
    assert "Its hours are Mon–Fri" in one.words
    one = await follow(olga, await olga.post(path + "/hours", own | {"seen": seen_on(one)}))
    assert "Opens 1 Jan 2099" in one.words
    assert "2 people can talk at once." in one.words
    refused = await olga.post(path + "/hours", own | {"zone": "Mars", "seen": seen_on(one)})
    assert (refused.status, "must be a time zone" in refused.words.lower()) == (422, True)
    back = await olga.post(path + "/hours", {"own": "", "seats": "", "seen": seen_on(one)})
    assert "Its hours are Mon–Fri" in (await follow(olga, back)).words
    ana = await joined(olga, "ana@team.example", "analyst", "Ana")
    assert "Mon–Fri 09:00–12:00" in (await ana.get(OWN)).words
    assert (await ana.post(OWN + "/hours", week)).status == 403


async def test_what_visitors_may_send_along(olga: Colleague, fresh: Server) -> None:
    """Off at first; what is refused keeps what was typed, and what is shown is what is in force."""
    page = await olga.get(OWN)
    assert "Visitors send words alone" in page.words
    form = {"text": "1", "file_mb": "0.5", "files_most": "2", "seen": seen_on(page)}
    done = await follow(olga, await olga.post(OWN + "/files", form))
    assert "Visitors can send files along." in done.words

    def kept() -> list[object]:
        told = fresh.cli("agent", "sharing", "helper")
        return [told["files"], told["file_bytes"], told["files_most"]]

    assert kept() == [["text"], 524_288, 2]
    assert 'name="file_mb"' in done.text
    assert 'value="0.5"' in done.text
    late = await olga.post(OWN + "/files", {**form, "pdf": "1"})
    assert late.status == 412
    for wrong in ("0", "-1", "10.1", "1e3", "many", "٣", "0.0"):
        bad = {**form, "file_mb": wrong, "seen": seen_on(done)}
        answer = await olga.post(OWN + "/files", bad)
        assert (answer.status, "A number from 0.001 to 10" in answer.words) == (422, True), wrong
        assert f'value="{wrong}"' in answer.text
    assert (await olga.post(OWN + "/files", {**form, "files_most": "6"})).status == 422
    assert kept() == [["text"], 524_288, 2]
    # A limit that is no round number of megabytes is shown as what it is, and stays what it is.
    fresh.cli("agent", "sharing", "helper", "--file-bytes", "200000")
    page = await olga.get(OWN)
    assert 'value="0.191"' in page.text
    same = {"text": "1", "file_mb": "0.191", "files_most": "3", "seen": seen_on(page)}
    done = await follow(olga, await olga.post(OWN + "/files", same))
    assert kept() == [["text"], 200_000, 3]
    none = {"file_mb": "0,25", "files_most": "3", "seen": seen_on(done)}
    done = await follow(olga, await olga.post(OWN + "/files", none))
    assert "Visitors send words alone." in done.words
    assert kept() == [[], 262_144, 3]


async def test_whether_visitors_may_speak(olga: Colleague, fresh: Server) -> None:
    """Off at first; the page may use the microphone only where it is on."""
    link = fresh.make_link("helper", "--name", "Poster")

    async def may_listen() -> tuple[bool, str]:
        page = await olga.get(f"/chat/{link.token}")
        return "js/voice.js" in page.text, page.headers["Permissions-Policy"]

    shut = "camera=(), microphone=(), geolocation=(), interest-cohort=()"
    assert await may_listen() == (False, shut)
    page = await olga.get(OWN)
    assert "send the sound to their maker" in page.words
    form = {"voice": "1", "seen": seen_on(page)}
    done = await follow(olga, await olga.post(OWN + "/voice", form))
    assert "Visitors can speak their messages." in done.words
    assert await may_listen() == (True, shut.replace("microphone=()", "microphone=(self)"))
    assert fresh.cli("agent", "sharing", "helper")["voice"] is True
    late = await olga.post(OWN + "/voice", {"voice": "", "seen": seen_on(page)})
    assert late.status == 412
    assert fresh.cli("agent", "sharing", "helper", "--no-voice")["voice"] is False
    assert await may_listen() == (False, shut)
