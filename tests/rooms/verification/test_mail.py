"""Mail to a real mail server: what arrives, byte by byte, and what becomes of what does not."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

import pytest
import sqlalchemy as sa

from parlour import entrance
from parlour.agents import sharing
from parlour.agents.sharing import Language
from parlour.config import Settings, load
from parlour.entrance import Caller
from parlour.kit.errors import Invalid
from parlour.kit.mail import Mail, MailAway, Mailer, MailRefused, composed, sender_of, tame
from parlour.kit.queue.jobs import GivenUp, Job
from parlour.links import keeping as links
from parlour.rights import Who
from parlour.tools import Tools
from parlour.verification import codes, sending
from parlour.verification.sending import Letter, written
from tests.rig.mailing import MailServer
from tests.rooms.conftest import Maker

EVIL = '<a href="//evil.example">Verify</a> https://evil.example ' + "x" * 500


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """A mail server for this module."""
    with MailServer(tmp_path_factory.mktemp("mail")).serving() as server:
        yield server


def letter(to: str = "ana@example.org", agent: str = "Heron") -> Letter:
    return Letter(to, "012345", agent, goes=True)


async def test_what_arrives(mail_server: MailServer) -> None:
    """OTP-12, OTP-13: one recipient, one subject, nothing of an agent's name that works as code."""
    mailer = Mailer(mail_server.url, "Parlour <chat@example.org>", terminal=False)
    assert mailer.way == "server"
    await mailer.check()
    await mailer.send(written(letter("one@example.org", EVIL)))
    (mail,) = [each for each in mail_server.mails if "one@" in each["X-RcptTo"]]
    assert mail.get_all("X-RcptTo") == ["one@example.org"]
    assert mail.get_all("To") == ["one@example.org"]
    assert mail.get_all("From") == ["Parlour <chat@example.org>"]
    assert mail.get_all("Subject") == ["Your code: 012 345"]
    assert not mail.get_all("Bcc")
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = (part.get_content() for part in mail.iter_parts())
    for said in (text, html):
        assert "012345" in said
        assert "evil.example" not in said
        assert "https:" not in said
        assert "<a " not in said
        assert "x" * 70 not in said
    assert "a href=&quot; evil example&quot;" in html


@pytest.mark.parametrize("language", list(Language))
def test_it_is_written_in_every_language(language: Language) -> None:
    mail = written(Letter("ana@example.org", "012345", "Heron", goes=True, language=language))
    assert "012 345" in mail.subject
    assert "Heron" in mail.text
    assert (mail.subject == "Your code: 012 345") == (language is Language.ENGLISH)
    assert mail.text.count("012345") == mail.html.count("012345") == 1
    assert len(mail.text.split("\n\n")) == 3
    nameless = written(Letter("ana@example.org", "012345", "", goes=True, language=language))
    assert nameless.text.count("Heron") == nameless.text.count("{") == 0


@pytest.mark.parametrize(
    "name", ["Ana\r\nBcc: ben@x.org", "Ana\u2028Bcc: ben", "=?utf-8?q?a?=", "a\0b", "x" * 500]
)
def test_names_stay_on_one_line(name: str) -> None:
    """OTP-12, OTP-13."""
    made = tame(name, 60)
    assert len(made) <= 60
    assert made.isprintable()
    mail = written(letter(agent=name))
    lines = composed(mail, ("Parlour", "chat@example.org")).as_bytes().split(b"\r\n\r\n", 1)[0]
    assert b"Bcc" not in lines


@pytest.mark.parametrize("subject", ["a\r\nBcc: ben@x.org", "a\nb"])
def test_a_header_is_one_line(subject: str) -> None:
    """OTP-12: the last line of defence."""
    with pytest.raises(ValueError, match=r"(?i)header|newline|linefeed"):
        composed(Mail("a@x.org", subject, "t", "h"), ("", "chat@example.org"))


@pytest.mark.parametrize(
    "text", ["chat", "a@b\r\nBcc: c@d", "<a@b.c> x", "A <a@b.c>, d@e.f", "ä@b.c"]
)
def test_who_mails_are_from_is_one_address(text: str) -> None:
    with pytest.raises(ValueError, match="must be like"):
        sender_of(text)


@pytest.mark.parametrize(
    "url", ["http://x", "smtp://", "smtp://x/path", "smtps://x?y", "mail.x.org"]
)
def test_where_the_mail_server_is_must_be_said_well(url: str) -> None:
    with pytest.raises(Invalid, match="PARLOUR_SMTP_URL"):
        load({"PARLOUR_SMTP_URL": url, "PARLOUR_MAIL_FROM": "a@b.c"})


def test_mail_needs_a_sender() -> None:
    with pytest.raises(Invalid, match="PARLOUR_MAIL_FROM"):
        load({"PARLOUR_SMTP_URL": "smtp://x"})


@pytest.mark.parametrize(
    ("settings", "at_home"),
    [
        ({}, True),
        ({"PARLOUR_HOST": "0.0.0.0"}, False),
        ({"PARLOUR_PUBLIC_URL": "https://chat.example.org"}, False),
        ({"PARLOUR_PUBLIC_URL": "http://localhost:8080"}, True),
        ({"PARLOUR_HOST": "::1"}, True),
    ],
)
def test_codes_go_to_the_terminal_at_home_alone(settings: dict[str, str], at_home: bool) -> None:
    made = load(settings)
    assert made.is_at_home is at_home
    assert made.sends_mail is at_home


async def test_at_home_a_mail_is_printed() -> None:
    out = StringIO()
    mailer = Mailer("", "", terminal=True, out=out)
    assert mailer.way == "terminal"
    await mailer.send(written(letter()))
    assert "No mail server is set. This would go to ana@example.org:" in out.getvalue()
    assert "012345" in out.getvalue()
    nowhere = Mailer("", "", terminal=False)
    with pytest.raises(MailAway):
        await nowhere.send(written(letter()))


@pytest.mark.parametrize(
    ("says", "raised"),
    [
        ("220 hi|250 ok|250 ok|550 no ana@example.org here", MailRefused),
        ("220 hi|250 ok|250 ok|450 later, ana@example.org", MailAway),
        ("421 not now", MailAway),
        ("", MailAway),
        ("garbage", MailAway),
    ],
)
async def test_a_mail_server_that_does_not_take_it(says: str, raised: type[Exception]) -> None:
    """OTP-10: a bounce is told to nobody, and no error quotes an address."""
    lines = [each.encode() + b"\r\n" for each in says.split("|") if each]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for n, line in enumerate(lines):
            writer.write(line)
            await writer.drain()
            if n + 1 < len(lines) and not await reader.readline():
                break
        if len(lines) > 1:
            await reader.readline()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        mailer = Mailer(f"smtp://127.0.0.1:{port}", "chat@example.org", terminal=False)
        with pytest.raises(raised) as caught:
            await mailer.send(written(letter()))
    assert "ana" not in str(caught.value)


@pytest.fixture
async def asked(tools: Tools, owner: Who, make_agent: Maker) -> str:
    """Somebody asked for a code; answers with its id."""
    agent = await make_agent(display_name="Heron")
    await sharing.change(tools, owner, agent, {"verify": "required"})
    link = await links.create(tools, owner, agent.id, links.Wish())
    token = link.token(tools.keys)
    await entrance.ask_for_code(tools, token, Caller(None, "p"), "two@example.org")
    return await tools.db.read(lambda conn: conn.execute(sa.select(codes.codes.c.id)).scalar_one())


def job(code_id: str) -> Job:
    return Job("job_1", sending.SEND, {"code": code_id}, 1, 1)


async def test_a_code_is_mailed_once(
    tools: Tools, asked: str, mail_server: MailServer, settings: Settings
) -> None:
    tools.mail = Mailer("smtp://127.0.0.1:1", "chat@example.org", terminal=False)
    with pytest.raises(MailAway):  # and tried again
        await sending.send(tools, job(asked))
    there = replace(settings, smtp_url=mail_server.url, mail_from="chat@example.org")
    tools.mail = Mailer(there.smtp_url, there.mail_from, terminal=False)
    await sending.send(tools, job(asked))
    await sending.send(tools, job(asked))
    (mail,) = [each for each in mail_server.mails if "two@" in each["X-RcptTo"]]
    assert "chat with Heron" in mail.as_string()
    kept = await tools.db.read(codes.sealed, asked, tools.clock.now())
    assert kept is None, "nothing is kept of a mail that is on its way"


async def test_a_refused_address_is_given_up(
    tools: Tools, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(mail: Mail) -> None:
        raise MailRefused(f"no {len(mail.to)}")

    monkeypatch.setattr(tools.mail, "send", refuse)
    with pytest.raises(GivenUp):
        await sending.send(tools, job(asked))
    assert await tools.db.read(codes.sealed, asked, tools.clock.now()) is None
