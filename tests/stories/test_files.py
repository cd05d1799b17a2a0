"""Files that visitors send along: taken by content, shown to who may see them, and gone again."""

import asyncio
import contextlib
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from PIL import Image

from parlour.attachments import store
from parlour.kit.clock import HOUR
from parlour.rights import Role
from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.visiting import Visit, visiting
from tests.rig.visitor import Answer, Visitor
from tests.rig.waiting import eventually
from tests.stories.test_manage_conversations import PATH, api_of
from tests.stories.test_shared import guest_of

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
CANARY = "canary-4417"
SAFE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"


def drawn() -> bytes:
    content, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = CANARY
    Image.new("RGB", (60, 40), "teal").save(content, "JPEG", exif=exif)
    return content.getvalue()


@pytest.fixture
async def open_visit(visit: Visit) -> Visit:
    """A link to an agent whose model takes pictures, and which takes all that it can."""
    config = {"base_url": visit.model.base_url, "model": "fake", "images": True}
    agent = await visit.keeper.agent("openai", config, display_name="Heron")
    await visit.keeper.terms(agent, files=["image", "pdf", "text"], file_bytes=200_000)
    link = await visit.keeper.link(agent)
    visit.server.keep_secret(link.token)
    return replace(visit, agent=agent, link=link)


async def put(person: Visitor, name: str, content: Any) -> Answer:
    """Send a file ahead as the page does."""
    return await person.call("files", params={"filename": name}, data=content)


async def kept(visit: Visit) -> list[tuple[str, str | None]]:
    """The files of this link, by name, and how many pieces there are of any."""
    found = sa.select(store.attachments.c.name, store.attachments.c.conversation_id)
    which = store.attachments.c.link_id == visit.link.id
    return [(row[0], row[1]) for row in await visit.keeper.rows(found.where(which))]


async def test_a_picture_and_a_text_go_along(open_visit: Visit) -> None:
    """INP-06, XSS-07, ISO-05: to the model, on every page, and to nobody else."""
    visit, vera = open_visit, open_visit.visitor()
    page = (await vera.page()).text
    assert 'enctype="multipart/form-data"' in page
    assert "application/pdf" not in page, "this backend takes none"
    photo = await put(vera, "../../My photo.html", drawn())
    assert photo.status == 201, photo.body
    (sent,) = photo.json["files"]
    assert (sent["name"], sent["kind"]) == ("My photo.html.jpg", "image")
    (notes,) = (await put(vera, "notes.md", f"# {CANARY}\n".encode())).json["files"]
    assert notes["media_type"] == "text/plain"
    one = f"/api/public/files/{vera.token}/{sent['id']}"
    assert (await vera.ask("GET", one)).status == 404, "it is in no conversation yet"
    visit.model.plays(plays.reply("I see."))
    ids = [sent["id"], notes["id"]]
    body = {"message": "", "files": ids, "message_id": "frm_1"}
    said = await vera.call("chat", json=body)
    assert said.status == 200, said.body
    again = await vera.call("chat", json=body)
    assert (again.status, again.json["message_count"]) == (200, 2), "sent twice, said once"
    asked = visit.model.requests[-1].json["messages"][-1]["content"]
    assert asked[0] == {"type": "text", "text": "Please see what I have attached."}
    assert asked[1]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert asked[2]["text"] == f"[File “notes.md”:]\n# {CANARY}\n"
    history = (await vera.call("history", "GET")).json["messages"]
    assert [each["name"] for each in history[0]["files"]] == ["My photo.html.jpg", "notes.md"]
    await looked_at(vera, one, history[0]["files"][1]["url"])
    taken = await vera.call("chat", json={"message": "Once more", "files": ids})
    assert (taken.status, taken.code) == (422, "file_gone")
    sam = visit.visitor()
    await sam.say("Hello")
    assert (await sam.ask("GET", one)).status == 404
    stolen = await sam.call("chat", json={"message": "Mine", "files": ids})
    assert (stolen.status, stolen.code) == (422, "file_gone")
    await seen_by_the_team(visit, ids)
    await forgotten(visit, vera, one)


async def looked_at(vera: Visitor, picture: str, text: str) -> None:
    """What is given out cannot run anywhere, and carries nothing of what it came as."""
    page = (await vera.page()).text
    assert f'<img src="{picture}" alt="My photo.html.jpg" width="60" height="40"' in page
    got = await vera.ask("GET", picture)
    assert got.status == 200
    assert (got.headers["Content-Type"], CANARY.encode() in got.body) == ("image/jpeg", False)
    assert got.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''My%20photo")
    note = await vera.ask("GET", text)
    assert note.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert note.headers["Content-Disposition"] == "attachment; filename*=UTF-8''notes.md"
    for each in (got, note):
        assert each.headers["Content-Security-Policy"] == SAFE
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        assert each.headers["Cache-Control"] == "private, no-store"


async def seen_by_the_team(visit: Visit, ids: list[str]) -> None:
    """Names and contents for whoever sees personal details; neither for anybody else."""
    owner, analyst = await api_of(visit, view_personal=True), await api_of(visit, Role.ANALYST)
    talks = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    other, talk = (each["id"] for each in talks)
    one = f"{PATH}/{talk}/files/{ids[1]}"
    assert (await owner.get(one)).status == 200
    assert (await owner.get(f"{PATH}/{other}/files/{ids[1]}")).status == 404
    assert (await analyst.get(one)).status == 404
    shown = (await owner.get(f"{PATH}/{talk}/messages")).json["items"][0]["files"]
    assert [each["id"] for each in shown] == ids
    hidden = (await analyst.get(f"{PATH}/{talk}/messages")).json["items"][0]["files"]
    assert [(each["kind"], each["name"] + each["id"]) for each in hidden] == [
        *(("image", ""), ("text", "")),
    ]
    for way in ("messages", "export.csv", "export.json"):
        assert b"notes.md" not in (await analyst.get(f"{PATH}/{talk}/{way}")).body
        assert b"notes.md" in (await owner.get(f"{PATH}/{talk}/{way}")).body
    for masked, status in ((False, 200), (True, 404)):
        guest = await guest_of(visit, owner, f"{PATH}/{talk}", show_personal=not masked)
        page = (await guest.page()).text
        assert ("notes.md" in page, "/files/att_" in page) == (not masked, not masked)
        got = await guest.ask("GET", f"/share/{guest.token}/files/{ids[1]}")
        assert got.status == status


async def forgotten(visit: Visit, vera: Visitor, one: str) -> None:
    """Forgetting takes them along, and the receipt counts them."""
    owner = await api_of(visit, view_personal=True)
    gone = (await vera.ask("DELETE", f"/api/public/yours/{vera.token}")).json
    receipt = (await owner.get(f"/api/receipts/{gone['receipt']}")).json
    assert receipt["deleted"]["files"] == 2
    assert (await vera.ask("GET", one)).status in {401, 404}
    assert await kept(visit) == []
    assert CANARY not in await visit.keeper.everything()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.svg", SVG, "file_kind"),
        ("a.png", SVG, "file_kind"),
        ("a.txt", b"<!doctype html><script>1</script>", "file_kind"),
        ("a.pdf", b"%PDF-1.7", "file_kind"),
        ("a.zip", b"PK\x03\x04" + bytes(99), "file_kind"),
        ("a.txt", b"", "file_empty"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(99), "invalid"),
        ("a.txt", b"x" * 200_001, "file_too_large"),
        ("a.txt", b"x" * 199_990 + b"\x00", "file_kind"),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    open_visit: Visit, name: str, content: bytes, code: str
) -> None:
    """INP-06: told by content, capped while it comes, at the last byte as at the first."""
    refused = await put(open_visit.visitor(), name, content)
    assert (refused.status in {413, 422}, refused.code) == (True, code)
    assert await kept(open_visit) == []


@pytest.mark.long
async def test_ways_to_send_it_wrong(open_visit: Visit) -> None:
    """INP-06: many parts, no name, cut half-way, too many at once, where nothing is taken."""
    visit, vera = open_visit, open_visit.visitor()
    assert (await vera.call("files", data=b"text")).status == 422
    many = aiohttp.FormData()
    for n in range(4):
        many.add_field("f", b"text", filename=f"{n}.txt")
    answer = await vera.call("files", data=many)
    assert (answer.status, answer.code) == (422, "file_too_many")
    part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n'
    parts = part * 10_000
    head = {"Content-Type": "multipart/form-data; boundary=b"}
    assert (await vera.call("files", data=parts + b"--b--", headers=head)).status in {413, 422}
    assert await kept(visit) == []

    async def stalls() -> AsyncIterator[bytes]:
        yield b"x" * 150_000
        await asyncio.sleep(30)

    with contextlib.suppress(aiohttp.ClientError, TimeoutError, AssertionError):
        await put(vera, "slow.txt", stalls())

    async def none_left() -> bool:
        return await kept(visit) == []

    await eventually(none_left)
    await visit.keeper.terms(visit.agent, files=[])
    assert 'type="file"' not in (await vera.page()).text
    answer = await put(vera, "a.txt", b"text")
    assert (answer.status, answer.code) == (403, "no_files")


async def test_a_file_is_taken_back_and_swept(open_visit: Visit) -> None:
    """Nothing that was sent ahead stays without its message."""
    visit, vera = open_visit, open_visit.visitor()
    (first,) = (await put(vera, "a.txt", b"one")).json["files"]
    (second,) = (await put(vera, "b.txt", b"two")).json["files"]
    one = f"/api/public/files/{vera.token}/{first['id']}"
    assert [(await vera.ask("DELETE", one)).json["deleted"] for _ in range(2)] == [True, False]
    assert await kept(visit) == [("b.txt", None)]
    tools = visit.keeper.tools
    later = tools.clock.now() + HOUR + 60_000
    await tools.db.write(store.drop_unsent, later - HOUR)
    assert [name for name, _ in await kept(visit)] == ["b.txt"]
    await tools.db.write(store.drop_unsent, later)
    assert await kept(visit) == []
    gone = await vera.call("chat", json={"message": "Here", "files": [second["id"]]})
    assert (gone.status, gone.code) == (422, "file_gone")
    assert (await vera.call("history", "GET")).status in {401, 404}, "nothing was said"


async def test_without_scripts(open_visit: Visit) -> None:
    """A plain form takes files, too, and says what is wrong with one; what was typed stays."""
    visit, vera = open_visit, open_visit.visitor()
    page = (await vera.page()).text
    (start,) = re.findall(r'name="start" value="([^"]+)"', page)
    path = f"/chat/{vera.token}/files"

    def form(text: str, name: str, content: bytes) -> aiohttp.FormData:
        made = aiohttp.FormData()
        for field, value in (("message", text), ("start", start), ("message_id", "frm_1")):
            made.add_field(field, value)
        made.add_field("files", content, filename=name)
        return made

    wrong = await vera.ask("POST", path, data=form("What is it?", "a.png", SVG))
    assert wrong.status == 422
    assert "This kind of file is not taken here" in wrong.text
    assert ">What is it?</textarea>" in wrong.text
    assert await kept(visit) == []
    done = await vera.ask("POST", path, data=form("What is it?", "a.txt", b"plain"))
    assert (done.status, done.headers["Location"]) == (303, f"/chat/{vera.token}")
    page = (await vera.page()).text
    assert ("What is it?" in page, "<bdi>a.txt</bdi><small>1 kB</small>" in page) == (True, True)
    none = await vera.ask("POST", path, data=form("And words alone?", "", b""))
    assert none.status == 303
    await vera.settled()


async def test_too_many_from_one_place_and_more_than_is_kept(
    own_server: Server, model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """Counted by place and hour before a byte is read; and by visitor, over all they sent."""
    own_server.environment |= {
        "PARLOUR_VISITOR_FILES_PER_HOUR": "3",
        "PARLOUR_VISITOR_FILE_BYTES": "10",
    }
    own_server.stop()
    async with visiting(own_server.start(), model, http) as visit:
        await visit.keeper.terms(visit.agent, files=["text"])
        vera = visit.visitor()
        ids = [(await put(vera, "a.txt", b"7 bytes")).json["files"][0]["id"] for _ in range(2)]
        first = await vera.call("chat", json={"message": "One", "files": ids[:1]})
        assert first.status == 200, first.body
        full = await vera.call("chat", json={"message": "Two", "files": ids[1:]})
        assert (full.status, full.code) == (413, "files_full")
        assert (await put(vera, "a.txt", b"3")).status == 201
        over = await put(vera, "a.txt", b"4")
        assert (over.status, int(over.headers["Retry-After"]) > 60) == (429, True)
