"""The second step in the studio: turned on, asked for, lost and reset, and required of all."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from time import time

import aiohttp
import pyotp
import pytest

from tests.rig.colleague import PASSWORD, Colleague, Page, code_before, joined, owner_of
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage
from tests.rig.waiting import PATIENCE

OLGA, BEN = "olga@team.example", "ben@team.example"
PATH = "/studio/me/second-step"


def secret_in(page: Page) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.text)
    assert found is not None, page.words
    return found.group(1).replace(" ", "")


def recovery_codes_in(page: Page) -> list[str]:
    return re.findall(r"<li><code>(\w{4}-\w{4}-\w{4})</code>", page.text)


async def turned_on(colleague: Colleague) -> tuple[pyotp.TOTP, list[str]]:
    """Turn somebody's second step on, as they would."""
    assert (await colleague.post(PATH, {"password": PASSWORD})).leads_to == PATH
    secret = colleague.server.keep_secret(secret_in(await colleague.get(PATH)))
    app = pyotp.TOTP(secret)
    page = await colleague.post(f"{PATH}/confirm", {"code": await code_before(app)})
    assert page.status == 200, page.words
    codes = recovery_codes_in(page)
    assert len(codes) == 10
    for code in codes:
        colleague.server.keep_secret(code)
    return app, codes


@pytest.fixture
def fresh(storage: Storage, tmp_path: Path, nursery: Nursery) -> "Callable[..., Server]":
    """Start a server that nobody owns yet."""
    return lambda **settings: Server(storage, tmp_path, nursery, **settings).start()


async def test_from_turning_it_on_to_coming_in(
    http: aiohttp.ClientSession, fresh: Callable[..., Server]
) -> None:
    server = fresh()
    olga = await owner_of(http, server)
    elsewhere = Colleague(http, server)
    await elsewhere.sign_in(OLGA)
    wrong = await olga.post(PATH, {"password": "not the one I have"})
    assert (wrong.status, "not your password" in wrong.words) == (422, True)
    app, codes = await turned_on(olga)
    assert (await elsewhere.get("/studio")).status == 303, "signed out everywhere else"
    assert "10 of 10 recovery codes" in (await olga.get("/studio/me")).words
    assert "10 of 10" in (await olga.get(PATH)).words
    assert not recovery_codes_in(await olga.get(PATH)), "shown once"

    back = "/studio/people"
    half = await elsewhere.sign_in(OLGA, next=back)
    assert half.leads_to == "/studio/sign-in/code?next=%2Fstudio%2Fpeople"
    assert "parlour-half" in elsewhere.cookies
    cookie = half.headers["Set-Cookie"]
    for sign in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=300"):
        assert sign in cookie
    for path in ("/studio", PATH, "/studio/people", "/studio/me"):
        assert (await elsewhere.get(path)).leads_to.startswith("/studio/sign-in"), path
    page = await elsewhere.get(half.leads_to)
    assert f'value="{back}"' in page.text
    code = app.at(int(time()))
    refused = await elsewhere.post("/studio/sign-in/code", {"code": "abc", "next": back})
    assert (refused.status, 'value="abc"' in refused.text) == (422, True)
    came = await elsewhere.post(
        "/studio/sign-in/code", {"code": f" {code[:3]} {code[3:]}", "next": back}
    )
    assert came.leads_to == back
    assert set(elsewhere.cookies) == {"parlour-studio", "parlour-known"}
    assert (await elsewhere.get(back)).status == 200

    thief = Colleague(http, server)
    await thief.sign_in(OLGA)
    assert (await thief.post("/studio/sign-in/code", {"code": code})).status == 422, "used already"
    lost = Colleague(http, server)
    await lost.sign_in(OLGA)
    assert (
        await lost.post("/studio/sign-in/code", {"code": codes[3].lower()})
    ).leads_to == "/studio"
    assert "9 of 10" in (await lost.get(PATH)).words
    off = await lost.post(f"{PATH}/off", {"code": codes[4]})
    assert off.leads_to == "/studio/me?said=second-step-off"
    assert (await Colleague(http, server).sign_in(OLGA)).leads_to == "/studio"
    server.close()


async def test_nobody_is_told_who_has_one(
    http: aiohttp.ClientSession, fresh: Callable[..., Server]
) -> None:
    """A wrong password is answered alike, and an address of another site leads nowhere."""
    server = fresh()
    olga = await owner_of(http, server)
    await joined(olga, BEN, "builder")
    await turned_on(olga)
    answers = [
        await Colleague(http, server).sign_in(mail, "no such words")
        for mail in (OLGA, BEN, "x@x.example")
    ]
    assert len({re.sub(r"\S+@\S+", "", page.words) for page in answers}) == 1
    assert len({page.status for page in answers}) == 1
    for planted in (
        "https://evil.example",
        "//evil.example",
        "/studio/sign-in/code",
        "/\\evil",
        "/studio\r\nX: y",
    ):
        page = await Colleague(http, server).sign_in(OLGA, next=planted)
        assert page.leads_to == "/studio/sign-in/code", planted
        page = await Colleague(http, server).post("/studio/sign-in/code", {"next": planted})
        assert page.leads_to == "/studio/sign-in?late=1", planted
    for cookie in ("", "x", "parlour_half_" + "a" * 40, olga.cookies["parlour-studio"]):
        stranger = Colleague(http, server, {"parlour-half": cookie})
        assert (await stranger.get("/studio/sign-in/code")).leads_to.startswith(
            "/studio/sign-in?late"
        )
    foreign = await olga.post(f"{PATH}/off", {"code": "123456"}, Origin="https://evil.example")
    assert foreign.status == 403
    server.close()


async def test_guessing_is_slowed_down(
    http: aiohttp.ClientSession, fresh: Callable[..., Server]
) -> None:
    server = fresh()
    app, codes = await turned_on(await owner_of(http, server))
    thief = Colleague(http, server)
    pages = []
    for turn in range(7):
        if turn in {0, 5}:
            await thief.sign_in(OLGA)
        good = {app.at(int(time()), counter_offset=n) for n in (-1, 0, 1, 2)}
        wrong = next(each for each in ("000000", "111111", "222222") if each not in good)
        pages.append(await thief.post("/studio/sign-in/code", {"code": wrong}))
    assert [page.status for page in pages] == [422] * 5 + [429] * 2
    assert "wait" in pages[-1].words
    assert int(pages[-1].headers["Retry-After"]) <= 60
    olga = Colleague(http, server)
    await olga.sign_in(OLGA)
    assert (await olga.post("/studio/sign-in/code", {"code": codes[0]})).leads_to == "/studio"
    assert "was refused after several wrong codes" in (await olga.get("/studio/history")).words
    server.close()


@pytest.mark.only_on(SQLITE)
async def test_owners_and_the_command_line_reset_it(
    http: aiohttp.ClientSession, fresh: Callable[..., Server]
) -> None:
    server = fresh()
    olga = await owner_of(http, server)
    ben = await joined(olga, BEN, "builder")
    await turned_on(ben)
    await turned_on(olga)
    people = server.cli("staff", "list")
    assert {each["email"]: each["second_step"] for each in people} == {OLGA: True, BEN: True}
    ids = {each["email"]: each["id"] for each in people}
    assert (await olga.post(f"/studio/people/{ids[OLGA]}/reset-second-step")).status == 409
    assert (await ben.post(f"/studio/people/{ids[OLGA]}/reset-second-step")).status == 403
    page = await olga.post(f"/studio/people/{ids[BEN]}/reset-second-step")
    assert page.leads_to == f"/studio/people/{ids[BEN]}?said=second-step-reset"
    assert "turned off the second step of Ben" in (await olga.get("/studio/history")).words
    assert (await Colleague(http, server).sign_in(BEN)).leads_to == "/studio"
    assert server.run("staff", "second-step-off", BEN).returncode == 1
    assert server.cli("staff", "second-step-off", OLGA)["second_step"] is False
    assert (await Colleague(http, server).sign_in(OLGA)).leads_to == "/studio"
    server.close()


@pytest.mark.only_on(SQLITE)
async def test_where_everybody_must_have_one(
    http: aiohttp.ClientSession, fresh: Callable[..., Server]
) -> None:
    server = fresh(PARLOUR_SECOND_STEP="required")
    olga = await owner_of(http, server)
    for path in ("/studio", "/studio/people", "/studio/me", "/studio/nowhere"):
        assert (await olga.get(path)).leads_to == PATH, path
    refused = await olga.post("/studio/people", {"email": BEN, "role": "owner"})
    assert refused.leads_to == PATH
    assert "Turn yours on to go on" in (await olga.get(PATH)).words
    _, codes = await turned_on(olga)
    assert (await olga.get("/studio")).status == 200
    assert BEN not in (await olga.get("/studio/people")).text
    # Who looks on while it is turned off looks on no more.
    cookie = "; ".join(f"{name}={value}" for name, value in olga.cookies.items())
    live = server.url + "/studio/conversations/live"
    async with http.get(live, headers={"Cookie": cookie}) as stream:
        assert await stream.content.readline() == b"retry: 1000\n"
        assert (await olga.post(f"{PATH}/off", {"code": codes[0]})).status == 303
        assert b"come back" in await asyncio.wait_for(stream.content.read(), PATIENCE)
    assert (await olga.get("/studio")).leads_to == PATH
    assert (await olga.post("/studio/sign-out")).status == 303
    server.close()
