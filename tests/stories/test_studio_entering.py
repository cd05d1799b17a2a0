"""Coming into the studio: the first start, sign-in, sessions (SES-*, WID-12)."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa

from parlour.kit.db import Database
from parlour.staff import tables
from tests.rig.colleague import COOKIE, PASSWORD, Colleague, invited, joined, owner_of, setup_code
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken

OLGA = "olga@team.example"
HTTPS = {"PARLOUR_PUBLIC_URL": "https://chat.team.example"}


@pytest.fixture
def fresh(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet."""
    made = Server(storage, tmp_path, nursery).start()
    yield made
    check_unbroken(made.output)
    made.close()


async def test_the_code_makes_one_owner_however_many_try(
    http: aiohttp.ClientSession, fresh: Server, db: Database
) -> None:
    """Twenty at once, one becomes the owner; the code is dead then, and nothing is in clear."""
    stranger = Colleague(http, fresh)
    assert (await stranger.get("/")).leads_to == "/studio"
    assert (await stranger.get("/studio")).leads_to == "/studio/sign-in"
    assert (await stranger.get("/studio/sign-in")).leads_to == "/studio/setup"
    code = setup_code(fresh)
    assert f'value="{code}"' in (await stranger.get(f"/studio/setup?code={code}")).text

    async def attempt(n: int) -> tuple[int, str]:
        form = {"code": code, "email": f"o{n}@x.example", "name": "O", "password": PASSWORD}
        page = await Colleague(http, fresh).post("/studio/setup", form)
        return page.status, page.leads_to

    found = Counter(await asyncio.gather(*(attempt(n) for n in range(20))))
    assert found == {(303, "/studio"): 1, (303, "/studio/sign-in"): 19}

    def rows(conn: sa.Connection) -> tuple[int, int, str]:
        people = conn.execute(sa.select(tables.people)).all()
        codes = conn.execute(sa.select(tables.setup_codes)).all()
        sessions = conn.execute(sa.select(tables.staff_sessions)).all()
        return len(people), len(codes), repr((people, codes, sessions))

    people, codes, stored = await db.read(rows)
    assert (people, codes) == (1, 0)
    assert PASSWORD not in stored
    assert code not in fresh.running.stderr
    assert (await stranger.get("/studio/setup")).leads_to == "/studio/sign-in"
    late = {"code": code, "email": "l@x.example", "name": "L", "password": PASSWORD}
    assert (await stranger.post("/studio/setup", late)).leads_to == "/studio/sign-in"
    fresh.restart()
    assert "/studio/setup" not in fresh.running.stdout


async def test_setup_keeps_what_was_typed_and_says_what_to_change(
    http: aiohttp.ClientSession, fresh: Server
) -> None:
    someone = Colleague(http, fresh)
    typed = {"code": "AAAA-BBBB", "email": "olga@x.example", "name": 'O"lga', "password": PASSWORD}
    page = await someone.post("/studio/setup", typed)
    assert page.status == 422
    assert "Is not the code this server printed" in page.words
    assert 'value="olga@x.example"' in page.text
    assert 'value="O&#34;lga"' in page.text
    assert PASSWORD not in page.text
    good = {**typed, "code": setup_code(fresh).lower().replace("-", " ")}
    for wrong, said in (
        ({"password": "short"}, "at least 12 characters"),
        ({"password": "olga@x.example"}, "must not be the e-mail address"),
        ({"email": "olga"}, "must be an e-mail address"),
        ({"name": " "}, "must not be empty"),
        ({"name": "a\u202eb"}, "control characters"),
    ):
        page = await someone.post("/studio/setup", {**good, **wrong})
        assert (page.status, said in page.words.lower()) == (422, True), page.words
        assert 'aria-invalid="true"' in page.text
    assert (await someone.post("/studio/setup", good)).leads_to == "/studio"


async def test_signing_in_and_out(http: aiohttp.ClientSession, fresh: Server) -> None:
    """SES-04: an ended session is dead at once. It is another one after each sign-in."""
    owner = await owner_of(http, fresh)
    first = dict(owner.cookies)
    assert (await owner.get("/studio")).status == 200
    assert (await owner.sign_in(OLGA.upper() + " ")).leads_to == "/studio"
    assert owner.cookies[COOKIE] != first[COOKIE]
    assert (await Colleague(http, fresh, first).get("/studio")).status == 303
    kept = dict(owner.cookies)
    page = await owner.post("/studio/sign-out")
    assert page.leads_to == "/studio/sign-in"
    assert set(owner.cookies) == {"parlour-known"}, "which opens nothing"
    assert (await Colleague(http, fresh, owner.cookies).get("/studio")).status == 303
    assert (await Colleague(http, fresh, kept).get("/studio")).leads_to == "/studio/sign-in"


@pytest.mark.parametrize("settings", [{}, HTTPS], ids=["http", "https"])
async def test_the_cookie_is_held_tight(
    http: aiohttp.ClientSession,
    storage: Storage,
    tmp_path: Path,
    nursery: Nursery,
    settings: dict[str, str],
) -> None:
    server = Server(storage, tmp_path, nursery, **settings).start()
    form = {"code": setup_code(server), "email": OLGA, "name": "O", "password": PASSWORD}
    page = await Colleague(http, server).post("/studio/setup", form)
    flags = {each.strip().lower() for each in page.headers["Set-Cookie"].split(";")}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert ("secure" in flags) is bool(settings)
    assert page.headers["Set-Cookie"].startswith("__Host-") is bool(settings)
    assert not any(flag.startswith("domain") for flag in flags)
    server.close()


async def test_a_wrong_password_tells_nothing(
    http: aiohttp.ClientSession, storage: Storage, tmp_path: Path
) -> None:
    """The same answer, after the same time, for addresses that exist and those that do not."""
    # Not of the nursery, which hashes quickly.
    server = Server(storage, tmp_path, PARLOUR_TRUSTED_PROXIES="127.0.0.0/8").start()
    await owner_of(http, server)

    async def attempt(email: str, n: int = 0) -> tuple[tuple[int, str], float]:
        form = {"email": email, "password": "not the right one at all"}
        place = {"X_Forwarded_For": f"203.0.113.{n}"}
        began = time.perf_counter()
        page = await Colleague(http, server).post("/studio/sign-in", form, **place)
        return (page.status, page.words), time.perf_counter() - began

    told, here = await attempt(OLGA)
    assert told[0] == 422
    nowhere = here * 100
    for n in range(100):
        again, took = await attempt(OLGA, n)
        other, took_other = await attempt(f"nobody{n}@team.example", n)
        assert again == other == told
        # The quickest of each: whatever else this machine does only ever adds to them.
        here, nowhere = min(here, took), min(nowhere, took_other)
        if n >= 5 and 0.5 < here / nowhere < 2:
            break
    assert 0.5 < here / nowhere < 2
    other, took = await attempt("no address")
    assert (other, took > here / 3) == (told, True)
    server.close()


async def test_trying_passwords_is_slowed_down_for_one_place_and_address(
    http: aiohttp.ClientSession, storage: Storage, tmp_path: Path, nursery: Nursery
) -> None:
    proxy = {"PARLOUR_TRUSTED_PROXIES": "127.0.0.0/8"}
    server = Server(storage, tmp_path, nursery, **proxy).start()
    await owner_of(http, server)
    here, there = ({"X_Forwarded_For": f"203.0.113.{n}"} for n in (1, 2))

    async def attempt(email: str, password: str, place: dict[str, str]) -> tuple[int, str]:
        form = {"email": email, "password": password}
        page = await Colleague(http, server).post("/studio/sign-in", form, **place)
        assert email in page.text or page.status == 303
        return page.status, page.headers.get("Retry-After", "")

    ana = Colleague(http, server)
    assert (await ana.sign_in(OLGA)).leads_to == "/studio"
    assert (await ana.post("/studio/sign-out")).status == 303
    found = [await attempt(OLGA, "wrong", here) for _ in range(13)]
    assert Counter(status for status, _ in found) == {422: 10, 429: 3}
    assert all(1 <= int(wait) <= 60 for status, wait in found if status == 429)
    assert (await attempt(OLGA, PASSWORD, here))[0] == 429
    assert (await attempt(OLGA, PASSWORD, there))[0] == 303
    assert (await attempt("ben@team.example", "wrong", here))[0] == 422
    for n in range(60):
        await attempt(f"x{n}@team.example", "wrong", here)
    assert (await attempt("y@team.example", "wrong", here))[0] == 429, "at whatever address"
    form = {"email": OLGA, "password": PASSWORD}
    page = await ana.post("/studio/sign-in", form, **here)
    assert page.leads_to == "/studio", "whoever shares an address with her does not keep her out"
    other = Colleague(http, server, {"parlour-known": ana.cookies["parlour-known"]})
    form = {"email": "y@team.example", "password": "wrong"}
    assert (await other.post("/studio/sign-in", form, **here)).status == 429, "it is hers alone"
    form = {"email": OLGA, "password": "wrong"}
    tried = [(await other.post("/studio/sign-in", form, **here)).status for _ in range(10)]
    assert Counter(tried) == {422: 9, 429: 1}, "and does not let her browser guess for ever"
    server.close()


async def test_after_a_lost_session_one_returns_to_the_same_place(
    http: aiohttp.ClientSession, fresh: Server
) -> None:
    owner = await owner_of(http, fresh)
    owner.cookies.clear()
    page = await owner.get("/studio/people?said=saved")
    assert page.leads_to == "/studio/sign-in?next=%2Fstudio%2Fpeople%3Fsaid%3Dsaved"
    asked = await owner.get(page.leads_to)
    back = re.search(r'name="next" value="([^"]*)"', asked.text)
    assert back is not None
    page = await owner.sign_in(OLGA, next=back.group(1))
    assert page.leads_to == "/studio/people?said=saved"

    owner.cookies.clear()
    page = await owner.post("/studio/people/invitations/inv_1/withdraw")
    assert page.leads_to == "/studio/sign-in?lost=1&next=%2Fstudio%2Fpeople"
    assert "was not carried out" in (await owner.get(page.leads_to)).words


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/studio",
        "/studio/../../evil",
        "/studio//evil.example",
        "/studio\\evil",
        "/studio\r\nX: 1",
        "javascript:alert(1)",
        "/chat/x",
        "/studio/sign-in",
    ],
)
async def test_signing_in_never_leads_elsewhere(
    http: aiohttp.ClientSession, house: Server, elsewhere: str
) -> None:
    """The standing server may have an owner or not: what the form carries on is checked alike."""
    page = await Colleague(http, house).sign_in("nobody@x.example", "wrong", next=elsewhere)
    back = re.search(r'name="next" value="([^"]*)"', page.text)
    assert back is None or back.group(1) == "/studio"


async def test_an_invitation_is_taken_once(
    http: aiohttp.ClientSession, fresh: Server, db: Database
) -> None:
    owner = await owner_of(http, fresh)
    path = await invited(owner, "Ben@Team.example", "operator")
    page = await Colleague(http, fresh).get(path)
    assert "Olga invites you to the studio as an operator" in page.words
    assert 'value="ben@team.example"' in page.text

    async def attempt(n: int) -> tuple[int, str]:
        form = {"name": f"Ben {n}", "password": PASSWORD}
        page = await Colleague(http, fresh).post(path, form)
        return page.status, page.leads_to

    found = Counter(await asyncio.gather(*(attempt(n) for n in range(12))))
    assert found[303, "/studio"] == 1
    assert found[404, ""] == 11
    late = await Colleague(http, fresh).get(path)
    assert (late.status, "This invitation was taken" in late.words) == (404, True)
    assert 'href="/studio"' in late.text

    def stored(conn: sa.Connection) -> str:
        return repr(conn.execute(sa.select(tables.invitations)).all())

    assert path.rpartition("/")[2] not in await db.read(stored)


async def test_a_newer_invitation_and_a_withdrawn_one_end_it(
    http: aiohttp.ClientSession, fresh: Server
) -> None:
    owner = await owner_of(http, fresh)
    first = await invited(owner, "ben@team.example", "owner")
    second = await invited(owner, "ben@team.example", "analyst")
    stranger = Colleague(http, fresh)
    assert (await stranger.get(first)).status == 404
    assert (await stranger.get(second)).status == 200
    listed = (await owner.get("/studio/people")).text
    withdraw = re.search(r"/studio/people/invitations/inv_\w+/withdraw", listed)
    assert withdraw is not None
    assert (await owner.post(withdraw.group())).leads_to == "/studio/people?said=withdrawn"
    gone = await stranger.get(second)
    assert (gone.status, "was taken" in gone.words) == (404, False)
    assert (await owner.post(withdraw.group())).status == 404
    again = await owner.post("/studio/people", {"email": OLGA, "role": "builder"})
    assert (again.status, "has this address already" in again.words) == (409, True)


async def test_forms_of_other_sites_are_refused(http: aiohttp.ClientSession, fresh: Server) -> None:
    """SES-06 and WID-12: nothing changes, and no page of ours stands in a frame."""
    owner = await owner_of(http, fresh)
    form = {"email": "evil@x.example", "role": "owner"}
    for foreign in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": fresh.url, "Sec_Fetch_Site": "cross-site"},
        {"Origin": fresh.url, "Sec_Fetch_Site": "same-site"},
    ):
        page = await owner.post("/studio/people", form, **foreign)
        assert page.status == 403, foreign
    listed = await owner.get("/studio/people")
    assert "evil@x.example" not in listed.text
    assert "frame-ancestors 'none'" in listed.headers["Content-Security-Policy"]
    assert listed.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    # A GET never does what a form does (SES-07).
    for path in ("/studio/sign-out", "/studio/me/name?name=X"):
        assert (await owner.get(path, X_HTTP_Method_Override="POST")).status in {404, 405}
    assert (await owner.get("/studio")).status == 200


async def test_a_planted_or_doubled_cookie_is_no_session(
    http: aiohttp.ClientSession, fresh: Server
) -> None:
    """SES-03: a value nobody minted is never taken over."""
    owner = await owner_of(http, fresh)
    planted = "parlour_session_" + "a" * 40
    for value in (planted, "", "x", "x" * 5000, planted + ";"):
        page = await Colleague(http, fresh, {COOKIE: value}).get("/studio")
        assert page.status in {303, 400, 431}, value
    doubled = {COOKIE: f"{owner.cookies[COOKIE]}; {COOKIE}={planted}"}
    assert (await Colleague(http, fresh, doubled).get("/studio")).status == 303
    fixed = Colleague(http, fresh, {COOKIE: planted})
    await fixed.sign_in(OLGA)
    assert fixed.cookies[COOKIE] != planted


async def test_a_colleague_comes_in_with_the_role_that_was_meant(
    http: aiohttp.ClientSession, fresh: Server
) -> None:
    owner = await owner_of(http, fresh)
    ben = await joined(owner, "ben@team.example", "builder")
    home = await ben.get("/studio")
    assert "Welcome, Ben" in home.words
    assert "/studio/keys" not in home.text
    assert "/studio/people" not in home.text
