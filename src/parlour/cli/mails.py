"""Trying at the command line whether mail goes out."""

import click

from parlour import config
from parlour.cli.base import as_json, asynchronous, show
from parlour.kit import addresses
from parlour.kit.mail import Mail, Mailer, paragraphs

_SAID = "This is a test: codes for visitors will arrive like this mail."


@click.group(short_help="Try whether mail goes out.")
def mail() -> None:
    """Try whether mail goes out."""


@mail.command("test")
@click.argument("address")
@as_json
@asynchronous
async def tried(address: str, *, as_json: bool) -> None:
    """Send a test mail to ADDRESS by the mail server that PARLOUR_SMTP_URL names."""
    settings = config.load()
    to = addresses.canonical(address)
    mailer = Mailer(settings.smtp_url, settings.mail_from, terminal=settings.is_at_home)
    await mailer.send(Mail(to, "A test of Parlour", f"{_SAID}\n", paragraphs(_SAID)))
    by = "handed to the mail server" if mailer.way == "server" else "printed above: no mail server"
    show({"to": to, "way": mailer.way}, [f"The mail to {to} was {by}."], as_json=as_json)
