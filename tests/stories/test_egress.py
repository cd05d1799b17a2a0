"""Every way out of the house, and everybody who may stand there: each is told what they may see.

The ways come from the site's own table of routes, so that a new one is walked as soon as it is
there, and fails here until its parameters and what it may tell are known.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any, Final

import pytest

from parlour import sharing, takeover
from parlour.rights import Role
from parlour.sharing import Mode, Wish
from tests.rig import plays
from tests.rig.details import CORPUS, found_in
from tests.rig.egress import API, LIST, Scene, Somebody, beginning, elsewhere, joined, scene_of
from tests.rig.managing import Office
from tests.rig.model import FakeModel
from tests.rig.routes import Route, every_route
from tests.rig.server import Server
from tests.rig.waiting import PATIENCE

LATER: Final = "And +49 171 1234567?"
LATER_MASKED: Final = "It is •••• •••".encode()

TELLS_ALL: Final = {
    *("GET /studio/conversations", "GET /studio/conversations/live", "GET /studio/find"),
    "GET /studio/conversations/{conversation_id}",
    "GET /studio/conversations/{conversation_id}/live",
    *("GET /studio/desk", "GET /studio/desk/live", "GET /studio/desk/{conversation_id}"),
    "GET /studio/desk/{conversation_id}/live",
    "GET /studio/conversations/{conversation_id}/reveal",
    "GET /studio/conversations/{conversation_id}/share",
    "GET /studio/conversations/{conversation_id}/sources/{message_id}/{n}",
    *("GET /studio/links", "GET /studio/links/{link_id}", "GET /studio/notes"),
    *("GET /api/conversations", "GET /api/conversations/{conversation_id}"),
    "GET /api/conversations/{conversation_id}/messages",
    "GET /api/conversations/{conversation_id}/previous",
    "GET /studio/conversations/{conversation_id}/files/{file_id}",
    "GET /api/conversations/{conversation_id}/files/{file_id}",
    "GET /studio/conversations/{conversation_id}/messages.csv",
    "GET /studio/conversations/{conversation_id}/variables.csv",
    "GET /studio/conversations/{conversation_id}/conversation.json",
    "GET /studio/conversations/{conversation_id}/visitor.json",
    "GET /studio/conversations/{conversation_id}/print",
    "GET /studio/conversations/{conversation_id}/forget",
    "GET /api/conversations/{conversation_id}/export.csv",
    "GET /api/conversations/{conversation_id}/variables.csv",
    "GET /api/conversations/{conversation_id}/export.json",
    *("GET /api/visitors/{visitor_id}", "GET /api/visitors/{visitor_id}/export.json"),
    *("GET /api/notes", "GET /api/notes/{note_id}", "GET /api/links"),
    *("GET /studio/messages", "GET /studio/messages.csv"),
    *("GET /api/messages", "GET /api/messages.csv"),
    *("GET /studio/sessions", "GET /studio/sessions.csv"),
    *("GET /api/sessions", "GET /api/sessions.csv"),
    *("GET /studio/metrics", "GET /api/metrics"),
    "GET /studio/agents/{name}/sharing",
    "GET /api/agents/{name}/private-links",
    "GET /api/agents/{name}/private-links/{link_id}",
}
"""Where who sees personal details is told some: so the walk is known to go where there is some.
Whoever adds a way out adds it here, and builds it on `transcripts`, which masks it for others."""


SAID: Final = [
    *(text for each in CORPUS for text in (each, "Noted: " + each)),
    "I write to vera@visitors.example.",
]
MASKED: Final = [
    *(text for each in CORPUS.values() for text in (each, "Noted: " + each)),
    "I write to •••@•••.",
]


@pytest.fixture
async def scene(office: Office, house: Server, model: FakeModel) -> Scene:
    return await scene_of(office, house, model)


WAYS: Final = [
    route for route in every_route()
    if route.method == "GET" and route.kind in {"person", "key", "self", "open"}
]  # fmt: skip


async def walked(
    scene: Scene, somebody: Somebody, only: set[str] | None = None
) -> dict[str, set[str]]:
    """Go every way; return which secrets each of them tells, by its route.

    Those that are named as the `only` ones are waited for with more patience.
    """
    ways = WAYS if only is None else [each for each in WAYS if str(each) in only]
    told: dict[str, set[str]] = {}
    # Reading on two ways at once changes nothing, and takes half the time.
    gate = asyncio.Semaphore(3)

    async def go(route: Route, path: str) -> None:
        async with gate:
            answer = await scene.get(somebody, route, path, 10 if only is None else 9)
        assert answer.status < 500, f"{path}: {answer.text[:500]}"
        if found := found_in(answer.body):
            told.setdefault(str(route), set()).update(found)

    await asyncio.gather(*(go(route, path) for route in ways for path in scene.paths(route)))
    return told


async def test_nobody_is_told_more_than_they_may_see(scene: Scene) -> None:
    """SHR-03, ISO-10: pages, streams, searches, lists, history, interface, for every role.

    Pia is told of all of it, and where: so that the walk is known to go where there is something.
    """
    tess = await joined(scene, "Tess", Role.TEAM_LEAD)
    pia = await joined(scene, "Pia", Role.TEAM_LEAD, sees=True)
    assert await walked(scene, tess) == {}
    told = await walked(scene, pia)
    told |= await walked(scene, pia, TELLS_ALL - set(told))
    assert TELLS_ALL - set(told) == set(), "where nothing is told any more"
    assert told["GET /studio/conversations/{conversation_id}"] >= {
        *("vera@visitors.example", "7946 0018", "KD-73915", "Quillfeather", "cheerful-otter"),
    }
    # Who makes links sees their names among the links; of who they are for it tells in no talk.
    olga = await joined(scene, "Olga", Role.OWNER)
    seen = await walked(scene, olga)
    assert set().union(*seen.values()) <= {"door@clients.example"}
    assert not any("conversation" in route for route in seen), seen
    assert await walked(scene, await elsewhere(scene)) == {}, "an owner elsewhere"
    assert not found_in(scene.server.output.encode()), "in the log"


Reads = Callable[[], Awaitable[list[str]]]
"""Reads the conversation by one way; answers with the texts of what was said, as they are told."""


def by_interface(scene: Scene, somebody: Somebody) -> Reads:
    async def read() -> list[str]:
        sent = {"Authorization": f"Bearer {somebody.key}"}
        url = f"{scene.server.url}{API}/{scene.talk}/messages?limit=200"
        async with scene.http.get(url, headers=sent) as answer:
            return [each["text"] for each in (await answer.json())["items"] if is_said(each)]

    return read


def by_page(scene: Scene, path: str, cookie: str = "") -> Reads:
    async def read() -> list[str]:
        async with scene.http.get(scene.server.url + path, headers={"Cookie": cookie}) as answer:
            assert answer.status == 200, path
            page = await answer.text()
        # What people said stands there as they said it; an answer, as it came, in its template.
        shown = re.findall(
            r'<div class="bubble" dir="auto">(.*?)</div>|<template class="raw">(.*?)</template>'
            r'|<div class="words" dir="auto">(.*?)</div>',
            page.partition('<template id="t-')[0],
            re.DOTALL,
        )
        marks = re.compile(r'<span class="masked" title="Hidden from you">(.*?)</span>')
        told = [unescape(marks.sub(r"\1", "".join(each))) for each in shown]
        return [each for each in told if not each.startswith("Asked ")]  # an internal note

    return read


def by_stream(scene: Scene, path: str, cookie: str = "", *, patient: bool = False) -> Reads:
    async def read() -> list[str]:
        url = f"{scene.server.url}{path}?after=0"
        async with scene.http.get(url, headers={"Cookie": cookie}) as answer:
            begun = (await beginning(answer.content, patient=patient)).decode(errors="replace")
        lines = begun.rpartition("\n\n")[0].splitlines()  # of whole events
        told = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
        messages = [each.get("message", each) for each in told]
        return [each["text"] for each in messages if "author" in each and is_said(each)]

    return read


def is_said(message: dict[str, Any]) -> bool:
    return bool(message["author"]["kind"] != "system")


async def check_stream(scene: Scene, path: str, expected: list[str], cookie: str = "") -> None:
    """A stream tells exactly this, if need be to who waits for all of it."""
    told = await by_stream(scene, path, cookie)()
    if told != expected:
        assert told == expected[: len(told)], path
        told = await by_stream(scene, path, cookie, patient=True)()
    assert told == expected, path


async def guest(scene: Scene, *, sees: bool) -> str:
    """The path of a share's page."""
    tools, who = scene.office.keeper.tools, scene.office.who
    made = await sharing.make(tools, who, scene.talk, Wish(Mode.VIEW, 1, show_personal=sees))
    return f"/share/{scene.server.keep_secret(made.share.token(tools.keys))}"


async def test_each_reads_exactly_what_they_may(scene: Scene) -> None:
    """SHR-03, SHR-04: Tess, Pia, Odin, Gus, Sam; page, stream and interface, byte for byte."""
    tess = await joined(scene, "Tess", Role.TEAM_LEAD)
    pia = await joined(scene, "Pia", Role.TEAM_LEAD, sees=True)
    odin = await joined(scene, "Odin", Role.OPERATOR)
    one = f"{LIST}/{scene.talk}"
    for somebody, expected in ((tess, MASKED), (odin, MASKED), (pia, SAID)):
        for read in (
            by_interface(scene, somebody),
            by_page(scene, f"{one}?all=1", somebody.cookie),
        ):
            assert await read() == expected, somebody.name
        await check_stream(scene, f"{one}/live", expected, somebody.cookie)
    whole = await guest(scene, sees=True)
    for path, expected in ((await guest(scene, sees=False), MASKED), (whole, SAID)):
        assert await by_page(scene, path)() == expected
        await check_stream(scene, f"{path}/live", expected)
    # Not even whoever is shown the texts is told who she is, or what was collected.
    async with scene.http.get(scene.server.url + whole) as answer:
        page = await answer.read()
    assert not {"Quillfeather", "cheerful-otter", "door@clients.example"} & found_in(page)
    assert [text for _, text in await scene.vera.history()][: len(SAID) - 1] == SAID[:-1]
    sam = await elsewhere(scene)
    for path in (one, f"{one}/live", f"{API}/{scene.talk}", f"{API}/{scene.talk}/messages"):
        sent = {"Cookie": sam.cookie, "Authorization": f"Bearer {sam.key}"}
        async with scene.http.get(scene.server.url + path, headers=sent) as answer:
            assert (answer.status, found_in(await answer.read())) == (404, set())
    await check_refusals(scene, tess)


async def test_a_number_that_comes_in_pieces_is_never_told_in_pieces(scene: Scene) -> None:
    """SHR-05: whoever watches while an answer grows, in the studio, on a list, by a share."""
    tess = await joined(scene, "Tess", Role.TEAM_LEAD)
    pia = await joined(scene, "Pia", Role.TEAM_LEAD, sees=True)
    scene.model.plays(plays.paused("It is +49 171 12", "34567, and vera@visitors.example"))
    ways = {
        "tess": (f"{LIST}/{scene.talk}/live", tess.cookie),
        "list": (f"{LIST}/live", tess.cookie),
        "gus": (f"{await guest(scene, sees=False)}/live", ""),
        "pia": (f"{LIST}/{scene.talk}/live", pia.cookie),
    }
    after = f"?after={2 * len(CORPUS) + 3}"
    async with asyncio.timeout(PATIENCE), contextlib.AsyncExitStack() as stack:
        streams = {}
        for name, (path, cookie) in ways.items():
            asked = scene.http.get(scene.server.url + path + after, headers={"Cookie": cookie})
            streams[name] = (await stack.enter_async_context(asked)).content
        await scene.vera.say(LATER)
        told = {"pia": b""}
        while b"171 12" not in told["pia"]:
            told["pia"] += await streams["pia"].readany()
        for name in ("tess", "list", "gus"):
            told[name] = await beginning(streams[name])
            assert b"49 171" not in told[name], name
        scene.model.release()
        for name in ("tess", "gus"):
            while b"event: done" not in told[name]:
                told[name] += await streams[name].readany()
        # Rows are told together, soon after what they tell of.
        while LATER_MASKED not in plainly(told["list"]):
            assert not streams["list"].at_eof()
            told["list"] += await streams["list"].readany()
    for name in ("tess", "list", "gus"):
        assert b"49 171" not in told[name], name
        assert not found_in(told[name]), name
        assert LATER_MASKED in plainly(told[name]), name


def plainly(told: bytes) -> bytes:
    """What a stream told, without the marks around what is hidden."""
    return told.replace(b'<span class=\\"masked\\" title=\\"Hidden from you\\">', b"")


async def check_refusals(scene: Scene, tess: Somebody) -> None:
    """A form that did not work comes back with the conversation around it, masked as before."""
    await takeover.take(scene.office.keeper.tools, scene.office.who, scene.talk)
    one = f"{LIST}/{scene.talk}"
    gus = await guest(scene, sees=False)
    for path, form, status in (
        (f"{one}/hold", {"act": "take"}, 409),
        (f"{one}/say", {"message": "x"}, 409),
        (f"{one}/reveal", {"reason": "no"}, 422),
        (f"{one}/share", {"hours": "none"}, 422),
        (f"{gus}/say", {"message": "x"}, 403),
        (f"{gus}/hold", {"act": "take"}, 200),  # led back to its page
    ):
        sent = {"Cookie": tess.cookie, "Origin": scene.server.url}
        url = scene.server.url + path
        async with scene.http.post(url, data=form, headers=sent) as answer:
            assert (answer.status, found_in(await answer.read())) == (status, set()), path
