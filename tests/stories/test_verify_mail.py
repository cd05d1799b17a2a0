"""Codes by a real mail server: away, silent, there again; nobody waits for it, nothing is lost."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.rig import plays
from tests.rig.mailing import MailServer
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visitor import Visitor
from tests.rig.waiting import eventually
from tests.stories.test_public_verify import confirm

ASK = "/api/public/verify/request"


class Line:
    """The line to the mail server, which can be cut, and on which nobody may answer."""

    def __init__(self, port: int) -> None:
        self._there = port
        self.port = 0
        self.is_cut = True
        self.is_silent = False
        self.waiting = 0

    @asynccontextmanager
    async def laid(self) -> "AsyncIterator[Line]":
        async with await asyncio.start_server(self._took, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self

    async def _took(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_silent:
            self.waiting += 1
            await reader.read()
        elif not self.is_cut:
            there, back = await asyncio.open_connection("127.0.0.1", self._there)
            await asyncio.gather(_carried(reader, back), _carried(there, writer))
        writer.close()


async def _carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while said := await reader.read(4_096):
        writer.write(said)
    writer.close()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path).serving() as server:
        yield server


@pytest.fixture
async def line(box: MailServer) -> AsyncIterator[Line]:
    async with Line(box.port).laid() as made:
        yield made


@pytest.fixture
def mailing(
    storage: Storage, tmp_path: Path, nursery: Nursery, line: Line, model: FakeModel
) -> Iterator[Server]:
    """A server with an agent that only lets `@example.org` in, and a line to a mail server."""
    model.plays(plays.reply("One two three."))
    settings = {
        "PARLOUR_SMTP_URL": f"smtp://127.0.0.1:{line.port}",
        "PARLOUR_MAIL_FROM": "chat@example.org",
        "PARLOUR_TRUSTED_PROXIES": "127.0.0.0/8",
    }
    made = Server(storage, tmp_path, nursery, **settings).start()
    made.make_model_agent("helper", model.base_url)
    made.cli("agent", "sharing", "helper", "--verify", "required", "--emails", "@example.org")
    yield made
    made.close()


def subjects(box: MailServer, address: str) -> list[str]:
    return [str(each["Subject"]) for each in box.mails if each["X-RcptTo"] == address]


def codes_in(box: MailServer, address: str) -> list[str]:
    return [re.sub(r"\D", "", each) for each in subjects(box, address)]


async def test_a_mail_server_that_is_not_always_there(
    mailing: Server, box: MailServer, line: Line, http: aiohttp.ClientSession
) -> None:
    """OTP-10, OTP-11, OTP-15, OTP-20."""
    link = mailing.make_link("helper")
    vera = Visitor(http, mailing.url, link.token)
    ana = mailing.keep_secret("ana.who-is-in-no-log@example.org")

    async def asked(email: str, place: str = "203.0.113.1") -> tuple[int, object]:
        body = {"token": link.token, "email": email}
        headers = {"X-Forwarded-For": place, "Accept-Language": "de" if "ben" in email else "en"}
        answer = await vera.ask("POST", ASK, json=body, headers=headers)
        return answer.status, answer.json if answer.status == 200 else answer.headers["Retry-After"]

    # It cannot be reached: the answer is the same, and the mail comes as soon as it can.
    good = await asked(ana)
    assert good[0] == 200
    mailing.restart(kill=True)
    line.is_cut = False
    (code,) = await eventually(lambda: codes_in(box, ana), within=60)
    told = (await confirm(vera, ana, code)).json
    assert told["verified"] is True, "asked for in the life before"
    # It takes the line and says nothing: known, unknown and not listed get one answer, at once.
    line.is_silent = True
    for n, email in enumerate((ana, "new@example.org", "new@evil.example", "no.box@example.org")):
        assert await asked(email, f"203.0.113.{n}") == good, email
    await eventually(lambda: line.waiting >= 3)  # asked is answered, sent is nothing yet
    assert (await vera.say("Hello?")).status == 202
    assert [role for role, _ in await vera.settled()] == ["user", "assistant"]
    # Fifty from fifty places for one address: three mails, and the others read how long to wait.
    line.is_silent = False
    ben = "ben@example.org"
    answers = [await asked(ben, f"198.51.100.{n}") for n in range(50)]
    assert [status for status, _ in answers].count(200) == 3
    refused = [int(str(wait)) for status, wait in answers if status == 429]
    assert len(refused) == 47
    assert all(0 < wait <= 600 for wait in refused)
    # Two of them were replaced, perhaps before they went out; the last is the good one.
    sent = await eventually(lambda: codes_in(box, ben))
    assert 1 <= len(sent) <= 3
    assert {each[:9] for each in subjects(box, ben)} == {"Ihr Code:"}, "as the browser reads"
    assert {each[:10] for each in subjects(box, ana)} == {"Your code:"}
    assert codes_in(box, "new@evil.example") == []
    assert "is your code" not in mailing.output
