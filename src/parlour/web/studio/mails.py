"""Which mails one gets, in the studio; and the way out of each, for whoever has the mail."""

from typing import Any, Final

from litestar import Response, get, post

from parlour.insights import terms
from parlour.staff import mails
from parlour.staff.mails import DIGEST, WEEKDAYS, Alert
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import OPEN
from parlour.web.studio import shell

_OUT: Final = "/studio/mails/{token:str}"
_OPEN: Final = {"gate": OPEN}

NAMES: Final = {
    DIGEST: "how it went",
    Alert.BUDGET: "budgets that are nearly spent",
    Alert.FAILING: "agents that fail",
    Alert.ENDING: "links that end",
    Alert.WEBHOOK: "webhooks that were turned off",
    Alert.JOBS: "jobs that were given up",
}
"""What mails of each kind are about."""


async def shown(tools: Tools, seat: Seat) -> dict[str, Any]:
    """Return what the page of one's account shows of mails."""
    return {
        "wishes": await tools.db.read(mails.of, seat.person),
        "offered": [(each, NAMES[each]) for each in mails.offered(seat.person)],
        "weekdays": [(str(number), name.title()) for number, name in enumerate(WEEKDAYS)],
        "hours": [(str(hour), f"{hour:02}:00") for hour in range(24)],
        "zone": (await tools.db.read(terms.find, seat.who.workspace_id)).zone,
        "mail_way": tools.mail.way,
    }


@get(_OUT, opt=_OPEN)
async def ask(tools: Tools, token: str) -> Response[Any]:
    """Ask whether mails of this kind shall come no more; programs that look change nothing."""
    _, what = await mails.named(tools, token)
    return _page(what, token, done=False)


@post(_OUT, opt=_OPEN, status_code=200)
async def turn_off(tools: Tools, token: str) -> Response[Any]:
    """Turn mails of this kind off: by the button of the page, or by one click in a mail program."""
    return _page(await mails.turn_off(tools, token), token, done=True)


def _page(what: str, token: str, *, done: bool) -> Response[Any]:
    return shell.outside("studio/mails.html", what=NAMES[what], token=token, done=done)


HANDLERS = [ask, turn_off]
