"""Sending one mail: through the mail server that the settings name, or to the terminal at home."""

import contextlib
import html
import re
import ssl
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Final, Literal, TextIO
from urllib.parse import unquote, urlsplit

from parlour.kit.errors import Problem, Unavailable
from parlour.kit.observe import MAILS

Way = Literal["server", "terminal", "none"]
"""How mail goes: by a mail server, printed where the program runs, or not at all."""

_PATIENCE: Final = 20.0
"""Seconds that each step of talking to a mail server may take."""
_FROM: Final = re.compile(r"(?:([^<>@\"\\\r\n]*)<([^<>\s@]+@[^<>\s@]+)>|([^<>\s@]+@[^<>\s@]+))\Z")
_FIRST_REFUSAL: Final = 500


class MailAway(Unavailable):
    """The mail server cannot be reached just now, or takes nothing for a while."""

    title = "No mail can be sent just now"
    default_code = "mail_unavailable"


class MailRefused(Problem):
    """The mail server will never take this mail."""

    status = 502
    title = "The mail server refused the mail"
    default_code = "mail_refused"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    kind: str
    subkind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address, said twice: as plain text, and as HTML without anything to fetch."""

    to: str
    subject: str
    text: str
    html: str
    files: tuple[Attachment, ...] = ()
    way_out: str = ""
    """Where mails of this kind are turned off, by one POST; empty for one that was asked for."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mail server is, and how to come in."""

    host: str
    port: int
    implicit_tls: bool
    user: str | None
    password: str | None

    @classmethod
    def at(cls, url: str) -> "Server":
        """Read `smtp://` or `smtps://`, with user and password if need be; ValueError otherwise."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("must be like smtp://user:password@mail.example.org:587 or smtps://…")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("ends with the port")
        implicit = parts.scheme == "smtps"
        user = unquote(parts.username) if parts.username else None
        # Mail is handed in at 587, or at 465 where everything is encrypted from the first byte.
        port = parts.port or (465 if implicit else 587)
        return cls(parts.hostname, port, implicit, user, unquote(parts.password or "") or None)


def sender_of(text: str) -> tuple[str, str]:
    """Read `Name <address>` or an address; return both parts, ValueError when it is neither."""
    found = _FROM.match(text.strip())
    if found is None or not text.isprintable() or not text.isascii():
        raise ValueError("must be like chat@example.org or Parlour <chat@example.org>")
    name, within, bare = found.groups()
    return (name or "").strip(), within or bare


class Mailer:
    """Sends mails, one connection each: they are few, and each must tell how it went."""

    def __init__(self, url: str, sender: str, *, terminal: bool, out: TextIO | None = None) -> None:
        """Send by the server at `url`; without one print to the terminal, if that is allowed."""
        self._server = Server.at(url) if url else None
        self._sender = sender_of(sender) if sender else ("", "parlour@localhost")
        self._terminal = terminal
        self._out = out

    @property
    def way(self) -> Way:
        """How mail goes."""
        if self._server is not None:
            return "server"
        return "terminal" if self._terminal else "none"

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Neither error quotes the address: servers echo what they refuse.

        Raises:
            MailAway: try again later. MailRefused: trying again makes no sense.
        """
        if self._server is not None:
            with _counted():
                await self._deliver(self._server, mail)
        elif self._terminal:
            out = self._out or sys.stderr
            lines = "".join(f"  | {line}\n" for line in mail.text.splitlines())
            out.write(f"\n  No mail server is set. This would go to {mail.to}:\n{lines}\n")
            out.flush()
        else:
            raise MailAway("PARLOUR_SMTP_URL names no mail server")

    async def check(self) -> None:
        """Connect, encrypt and sign in, and send nothing; errors as in `send`."""
        if self._server is None:
            raise MailAway("PARLOUR_SMTP_URL names no mail server")
        await self._deliver(self._server, None)

    async def _deliver(self, server: Server, mail: Mail | None) -> None:
        # At first use: most processes never send a mail, and need not load what does.
        import aiosmtplib as smtp  # noqa: PLC0415

        client = smtp.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.implicit_tls,
            # A password goes only through an encrypted line; else the line is as good as can be.
            start_tls=False if server.implicit_tls else (True if server.user else None),
            timeout=_PATIENCE,
        )
        try:
            async with client:
                if mail is not None:
                    made = composed(mail, self._sender)
                    await client.send_message(made, sender=self._sender[1], recipients=[mail.to])
        except smtp.SMTPRecipientsRefused as error:
            raise _told(max(each.code for each in error.recipients)) from None
        except smtp.SMTPResponseException as error:
            raise _told(error.code) from None
        except (smtp.SMTPException, OSError, ssl.SSLError, TimeoutError) as error:
            raise MailAway(f"the mail server: {type(error).__name__}") from None


@contextlib.contextmanager
def _counted() -> Iterator[None]:
    outcome = "failed"
    try:
        yield
        outcome = "sent"
    except MailRefused:
        outcome = "refused"
        raise
    finally:
        MAILS.labels(outcome).inc()


def composed(mail: Mail, sender: tuple[str, str]) -> EmailMessage:
    """Write a mail as it travels. ValueError for a header that would be more than one line."""
    name, address = sender
    user, _, domain = address.rpartition("@")
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(name, user, domain)
    made["To"] = mail.to
    made["Subject"] = mail.subject
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = make_msgid(domain=domain)
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    if mail.way_out:
        made["List-Unsubscribe"] = f"<{mail.way_out}>"
        # RFC 8058 knows one click by https alone.
        if mail.way_out.startswith("https:"):
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(mail.text)
    made.add_alternative(mail.html, subtype="html")
    for each in mail.files:
        made.add_attachment(
            each.content, maintype=each.kind, subtype=each.subkind, filename=each.name
        )
    return made


def tame(text: str, most: int) -> str:
    """Return words of somebody else as one line that no mail program makes a link of."""
    line = " ".join(text.split())
    line = "".join(char for char in line if char.isprintable())
    # What joins the parts of an address goes, where something follows it at once; so do tags.
    line = " ".join(re.sub(r"[./:@\\]+(?=\S)|[<>]", " ", line).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def paragraphs(*texts: str) -> str:
    """Write plain paragraphs as an HTML mail; what they say is escaped."""
    return _page(*map(_paragraph, texts))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table in a mail: what it is, how much, beside what, and where that leads."""

    label: str
    value: str
    beside: str
    url: str


def tabled(before: Sequence[str], lines: Sequence[Line], after: Sequence[str]) -> str:
    """Write an HTML mail of plain paragraphs with a table between them, each line a link."""
    cell = 'style="padding:4px 16px 4px 0;border-bottom:1px solid #ddd"'
    rows = "".join(
        f'<tr><td {cell}><a href="{html.escape(each.url)}">{html.escape(each.label)}</a></td>'
        f"<td {cell}><b>{html.escape(each.value)}</b></td>"
        f"<td {cell}>{html.escape(each.beside)}</td></tr>"
        for each in lines
    )
    table = f'<table style="border-collapse:collapse">{rows}</table>'
    return _page(*map(_paragraph, before), table, *map(_paragraph, after))


def _paragraph(text: str) -> str:
    return f'<p dir="auto">{html.escape(text)}</p>'


def _page(*parts: str) -> str:
    return (
        '<!doctype html><html><head><meta charset="utf-8"></head>'
        '<body style="font:16px/1.5 sans-serif;color:#1f1c17;background:#fff">'
        f"{''.join(parts)}</body></html>"
    )


def _told(code: int) -> MailAway | MailRefused:
    if code >= _FIRST_REFUSAL:
        return MailRefused(f"the mail server refused the mail ({code})")
    return MailAway(f"the mail server takes no mail just now ({code})")
