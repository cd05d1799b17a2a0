"""Agents in the studio: made, filled with documents, tried, published, brought back, deleted."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa
from yarl import URL

from parlour import events
from parlour.agents import files
from parlour.conversations.store import conversations
from parlour.kit.db import Database
from tests.rig.colleague import Colleague, Page, joined, owner_of
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken
from tests.rig.waiting import eventually

DOORS = b"# Doors\n\nTurn the brass key twice to the left.\n"
ONE = "/studio/agents/handbook"


@pytest.fixture
def fresh(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet."""
    made = Server(storage, tmp_path, nursery, PARLOUR_UPLOAD_FILE_BYTES="200000").start()
    yield made
    check_unbroken(made.output)
    made.close()


@pytest.fixture
async def olga(http: aiohttp.ClientSession, fresh: Server) -> Colleague:
    """The owner."""
    return await owner_of(http, fresh)


@pytest.fixture
async def handbook(olga: Colleague) -> Colleague:
    """The owner, who has made a draft called handbook."""
    page = await olga.post(
        "/studio/agents/new", {"backend": "documents", "display_name": "Handbook"}
    )
    assert page.leads_to == f"{ONE}?said=agent-made", page.words
    return olga


async def upload(colleague: Colleague, name: str, content: bytes, *, script: bool = True) -> Page:
    """Send a document as the page's script does, or as its plain form."""
    headers = {"Origin": colleague.server.url, "Content-Type": "application/octet-stream"}
    if script:
        headers |= {"HX-Request": "true", "HX-Target": "#documents"}
    cookies = "; ".join(f"{key}={value}" for key, value in colleague.cookies.items())
    url = f"{colleague.server.url}{ONE}/documents?filename={name}"
    async with colleague.http.post(
        url, data=content, headers={**headers, "Cookie": cookies}, allow_redirects=False
    ) as answer:
        return Page(answer.status, answer.headers.copy(), await answer.text())


async def seen(colleague: Colleague) -> str:
    found = re.search(r'name="seen" value="(\w+)"', (await colleague.get(ONE)).text)
    assert found is not None
    return found.group(1)


async def ready(colleague: Colleague) -> None:
    async def is_ready() -> bool:
        return "Ready:" in (await colleague.get(ONE)).words

    await eventually(is_ready)


async def test_from_nothing_to_an_answer(handbook: Colleague) -> None:
    page = await handbook.get(ONE)
    assert "Only a draft" in page.words
    assert "Upload at least one document first" in page.words
    assert (await handbook.post(f"{ONE}/try")).status == 409
    answer = await upload(handbook, "doors.md", DOORS)
    assert (answer.status, "doors.md" in answer.text) == (200, True)
    assert "<html" not in answer.text, "the list alone, not the page"
    await ready(handbook)
    tried = await handbook.post(f"{ONE}/try")
    assert re.fullmatch(r"/chat/[\w-]+", tried.leads_to)
    handbook.server.keep_secret(tried.leads_to.rpartition("/")[2])
    chat = await handbook.get(tried.leads_to)
    assert chat.status == 200
    assert "frame-ancestors 'self'" in chat.headers["Content-Security-Policy"]
    url = f"{handbook.server.url}/api/public/chat/{tried.leads_to.rpartition('/')[2]}"
    async with handbook.http.post(url, json={"message": "How do I turn the brass key?"}) as said:
        told = await said.json()
    assert "twice to the left" in told["response"]
    again = await handbook.post(f"{ONE}/try")
    assert again.leads_to == tried.leads_to, "the conversation goes on"
    published = await handbook.post(ONE, await form(handbook, then="publish"))
    assert published.leads_to == f"{ONE}?said=published"
    page = await handbook.get(ONE)
    assert "Version 1 is what visitors get" in page.words
    assert 'aria-checked="true"' in page.text


async def test_documents_are_not_asked_before_they_are_read(handbook: Colleague) -> None:
    """There is no server to test, and nobody waits for documents that nothing reads."""
    for path in ("/studio/agents/new/test", f"{ONE}/test"):
        assert (await handbook.post(path, {"backend": "documents"})).status == 404


async def form(colleague: Colleague, **fields: str) -> dict[str, str]:
    return {"display_name": "Handbook", "seen": await seen(colleague), **fields}


async def test_who_may_build_no_more_tries_no_more(handbook: Colleague) -> None:
    """ISO-14: the address of a preview is theirs, and ends with what they may."""
    await upload(handbook, "doors.md", DOORS)
    ben = await joined(handbook, "ben@team.example", "builder")
    tried = await ben.post(f"{ONE}/try")
    token = handbook.server.keep_secret(tried.leads_to.rpartition("/")[2])
    people = (await handbook.get("/studio/people")).text
    [ben_s] = re.findall(r'href="(/studio/people/per_\w+)"><bdi>Ben<', people)

    async def statuses() -> set[int]:
        page = await ben.get(f"/chat/{token}")
        url = f"{ben.server.url}/api/public/chat/{token}"
        async with ben.http.post(url, json={"message": "Hi", "async_mode": True}) as said:
            return {page.status, said.status}

    assert await statuses() == {200, 202}
    await ben.post("/studio/sign-out")
    assert await statuses() == {404}, "whoever finds the address in the browser's history"
    await ben.sign_in("ben@team.example")
    assert await statuses() == {200, 202}
    for path, wish, expected in (
        (ben_s, {"role": "analyst"}, {404}),
        (ben_s, {"role": "builder"}, {200, 202}),
        (f"{ben_s}/disable", {}, {404}),
    ):
        found = re.search(r'name="seen" value="(\w+)"', (await handbook.get(ben_s)).text)
        sent = {**wish, "seen": found.group(1) if found else ""}
        assert (await handbook.post(path, sent)).status == 303
        assert await statuses() == expected, path


async def test_what_is_tried_is_nobody_s_visit(handbook: Colleague, db: Database) -> None:
    """No list, number or event of the workspace knows of a preview."""
    await upload(handbook, "doors.md", DOORS)
    await ready(handbook)
    tried = await handbook.post(f"{ONE}/try")
    token = tried.leads_to.rpartition("/")[2]
    handbook.server.keep_secret(token)
    url = f"{handbook.server.url}/api/public/chat/{token}"
    async with handbook.http.post(url, json={"message": "How do I turn the key?"}) as said:
        assert said.status == 200
    assert "1 agent" in (await handbook.get("/studio/agents")).words
    home = (await handbook.get("/studio")).words
    assert "Links 0" in home

    def kinds(conn: sa.Connection) -> set[str]:
        columns = events.events.c
        own = sa.select(columns.workspace_id).where(columns.kind == "agent.created")
        wanted = sa.select(columns.kind).where(columns.workspace_id.in_(own))
        return set(conn.execute(wanted).scalars())

    def talks(conn: sa.Connection) -> int:
        own = sa.select(events.events.c.workspace_id).where(events.events.c.kind == "agent.created")
        columns = conversations.c
        here = sa.select(columns.id).where(columns.workspace_id.in_(own))
        return len(conn.execute(here).all())

    assert await db.read(talks) == 0
    told = await db.read(kinds)
    assert not {each for each in told if each.startswith(("message.", "conversation.", "link."))}
    await handbook.post(f"{ONE}/delete", {"typed": "handbook"})
    assert (await handbook.get(tried.leads_to)).status == 404, "it ends with its agent"


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("empty.md", b"", 422, "is empty"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(400), 422, "not a Markdown, text, HTML"),
        ("big.txt", b"x" * 200_001, 413, "larger than 195 kB"),
        ("fake.pdf", b"words", 422, "not a PDF, whatever its name says"),
        ("", b"words", 422, "what the document is called"),
    ],
)
async def test_a_document_that_is_refused_leaves_nothing(
    handbook: Colleague, name: str, content: bytes, status: int, said: str
) -> None:
    answer = await upload(handbook, name, content)
    assert (answer.status, said in answer.text) == (status, True), answer.text
    page = (await handbook.get(ONE)).text
    assert '<ul class="file-list"><' not in page, "nothing is listed"
    assert "Upload at least one document first" in page


async def test_the_plain_form_takes_several(handbook: Colleague) -> None:
    data = aiohttp.FormData()
    data.add_field("file", DOORS, filename="doors.md")
    data.add_field("file", b"Roses want sun.", filename="../../garden")
    cookies = "; ".join(f"{key}={value}" for key, value in handbook.cookies.items())
    headers = {"Origin": handbook.server.url, "Cookie": cookies}
    async with handbook.http.post(
        f"{handbook.server.url}{ONE}/documents", data=data, headers=headers, allow_redirects=False
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"{ONE}?said=uploaded")
    page = await handbook.get(ONE)
    assert "doors.md" in page.words
    assert "garden.txt" in page.words
    gone = await handbook.post(f"{ONE}/documents/remove", {"document": "doors.md"})
    assert gone.leads_to == f"{ONE}?said=removed"
    assert (await handbook.post(f"{ONE}/documents/remove", {"document": "doors.md"})).status == 404


async def test_two_at_one_draft(handbook: Colleague) -> None:
    """The second is told who was first, and keeps what they typed; an upload is no such change."""
    ben = await joined(handbook, "ben@team.example", "builder")
    mine, his = await form(handbook, description="Mine"), await form(ben, description="His")
    assert (await upload(handbook, "doors.md", DOORS)).status == 200
    assert (await ben.post(ONE, his)).leads_to == f"{ONE}?said=agent-saved"
    late = await handbook.post(ONE, mine)
    assert late.status == 412
    assert "Ben changed this meanwhile" in late.words
    assert 'value="Mine"' in late.text
    newer = re.search(r'name="seen" value="(\w+)"', late.text)
    assert newer is not None
    kept = await handbook.post(ONE, {**mine, "seen": newer.group(1)})
    assert kept.status == 303


async def test_what_does_not_fit_is_kept_and_said(handbook: Colleague) -> None:
    wrong = await form(handbook, description="x" * 161, starters="One\nTwo\n" * 4)
    page = await handbook.post(ONE, {**wrong, "accent": "8a3b26", "own": "pink"})
    assert page.status == 422
    assert "That is no colour: a colour such as #1c4a63." in page.words
    assert 'value="pink"' in page.text
    assert "At most 160 characters" in page.words
    assert "x" * 161 in page.text
    again = await handbook.post(
        "/studio/agents/new", {"backend": "documents", "display_name": "Handbook"}
    )
    assert (again.status, "already is an agent" in again.words) == (422, True)
    nameless = await handbook.post("/studio/agents/new", {"backend": "documents"})
    assert nameless.status == 422
    model = {
        "backend": "openai",
        "display_name": "M",
        "base_url": "http://127.0.0.1:9/v1",
        "model": "m",
        "temperature": "hot",
    }
    assert "Must be a number" in (await handbook.post("/studio/agents/new", model)).words
    refused = await handbook.post("/studio/agents/new", {**model, "temperature": ""})
    assert refused.status == 422, "a private address is not called"
    assert 'value="http://127.0.0.1:9/v1"' in refused.text
    function = {"backend": "function", "display_name": "F", "target": "os:system"}
    assert "PARLOUR_FUNCTION_TARGETS" in (await handbook.post("/studio/agents/new", function)).words


async def test_a_program_that_moves_house(olga: Colleague, fresh: Server) -> None:
    """Another host is not handed what is signed with the present secret by the way."""
    first, second = ("http://127.0.0.1:8099/ask", "http://127.0.0.1:8098/ask")
    where = {"backend": "webhook", "display_name": "Orders", "url": first}
    made = await olga.post("/studio/agents/new", where)
    assert "The signing secret" in made.words
    assert "input--code" not in made.text, "an address is not shown in capitals"
    one = "/studio/agents/orders"
    mark = re.search(r'name="seen" value="(\w+)"', (await olga.get(one)).text)
    assert mark is not None
    moved = {"display_name": "Orders", "url": second, "seen": mark.group(1)}
    asked = await olga.post(one, moved)
    assert "have a new secret made, or let both know the present one." in asked.words
    assert (asked.status, 'name="keep_secret"' in asked.text) == (422, True)
    kept = await olga.post(one, {**moved, "keep_secret": "1"})
    assert kept.leads_to == f"{one}?said=agent-saved", kept.words
    page = await olga.get(one)
    assert second in page.text
    assert 'name="keep_secret"' not in page.text, "asked only when it matters"


async def test_versions_come_back(handbook: Colleague) -> None:
    page = await handbook.get(f"{ONE}/versions")
    assert (page.status, "Nothing is published yet" in page.words) == (200, True)
    await upload(handbook, "doors.md", DOORS)
    await handbook.post(ONE, await form(handbook, description="First", then="publish"))
    await handbook.post(ONE, await form(handbook, description="Second", then="publish"))
    page = await handbook.get(f"{ONE}/versions")
    assert "Version 2 Visitors get it Line under the name" in page.words
    assert "by Olga" in page.words
    back = await handbook.post(f"{ONE}/versions/1/restore")
    assert back.status == 303
    page = await handbook.get(back.leads_to)
    assert "Brought back from version 1" in page.words
    assert 'value="First"' in (await handbook.get(ONE)).text
    assert (await handbook.post(f"{ONE}/versions/1/restore")).status == 409
    for number in (0, 99, 2**31, 10**30):
        assert (await handbook.post(f"{ONE}/versions/{number}/restore")).status == 404
    await handbook.post(ONE, await form(handbook, description="Third"))
    page = await handbook.get(ONE)
    assert "your draft has 1 change" in page.words
    given = await handbook.post(f"{ONE}/discard", {"seen": await seen(handbook)})
    assert given.leads_to == f"{ONE}?said=discarded"
    assert 'value="First"' in (await handbook.get(ONE)).text


async def test_switching_and_deleting(handbook: Colleague) -> None:
    await upload(handbook, "doors.md", DOORS)
    await handbook.post(ONE, await form(handbook, then="publish"))
    off = await handbook.post(f"{ONE}/offline")
    page = await handbook.get(off.leads_to)
    assert "Offline. Every link says that it is away" in page.words
    assert "Undo" in page.words
    assert 'aria-checked="false"' in page.text
    await handbook.post(f"{ONE}/live")
    asked = await handbook.get(f"{ONE}/delete")
    assert "0 links end for good" in asked.words
    assert "1 uploaded document" in asked.words
    wrong = await handbook.post(f"{ONE}/delete", {"typed": "nothing"})
    assert (wrong.status, "Type handbook to delete it" in wrong.words) == (422, True)
    gone = await handbook.post(f"{ONE}/delete", {"typed": "handbook"})
    assert "is gone" in (await handbook.get(gone.leads_to)).words
    assert (await handbook.get(ONE)).status == 404


async def test_who_may_only_look(handbook: Colleague) -> None:
    """Roles without `agents:manage` see what there is, no settings, and nothing to press."""
    await upload(handbook, "doors.md", DOORS)
    ana = await joined(handbook, "ana@team.example", "analyst", "Ana")
    page = await ana.get(ONE)
    assert page.status == 200
    assert "doors.md" in page.words
    for word in ("Publish", "Save the draft", "Delete this agent", "Drop documents"):
        assert word not in page.words
    assert (await ana.get("/studio/agents/new")).status == 403
    for path in ("", "/try", "/publish", "/offline", "/documents/remove", "/delete", "/discard"):
        assert (await ana.post(ONE + path)).status == 403, path
    assert (await upload(ana, "x.md", b"words")).status == 403


async def test_a_lost_session_returns_to_the_same_page(handbook: Colleague) -> None:
    await handbook.post("/studio/sign-out")
    lost = await handbook.get(f"{ONE}/versions")
    assert lost.leads_to == "/studio/sign-in?next=%2Fstudio%2Fagents%2Fhandbook%2Fversions"
    assert (await upload(handbook, "doors.md", DOORS)).status == 401


async def test_a_form_that_is_sent_too_late_leads_back_to_its_page(handbook: Colleague) -> None:
    """What was sent is lost; where one was is not."""
    await handbook.post("/studio/sign-out")
    for path in (ONE, f"{ONE}/documents/remove", f"{ONE}/versions/1/restore", f"{ONE}/publish"):
        lost = await handbook.post(path)
        page = f"{ONE}/versions" if "versions" in path else ONE
        page = f"{ONE}/documents" if "documents" in path else page
        wanted = f"/studio/sign-in?lost=1&next={page.replace('/', '%2F')}"
        assert lost.leads_to == wanted, path


async def test_an_upload_that_breaks_off_half_way(handbook: Colleague, db: Database) -> None:
    """The line is cut in the middle of a document: nothing of it stays (INP-06)."""
    cookies = "; ".join(f"{key}={value}" for key, value in handbook.cookies.items())
    url = URL(handbook.server.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = (
        f"POST {ONE}/documents?filename=a.md HTTP/1.1\r\nHost: {url.authority}\r\n"
        f"Origin: {handbook.server.url}\r\nCookie: {cookies}\r\nContent-Length: 150000\r\n\r\n"
    )
    writer.write(head.encode() + DOORS * 1_500)
    await writer.drain()
    writer.close()
    del reader

    def left(conn: sa.Connection) -> int:
        return len(conn.execute(sa.select(files.files.c.id)).all())

    async def is_clean() -> bool:
        listed = "a.md" in (await handbook.get(ONE)).words
        return not listed and await db.read(left) == 0

    await eventually(is_clean)
