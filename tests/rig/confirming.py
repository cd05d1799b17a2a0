"""People who confirm an address at a link's door, on the rooms themselves."""

from dataclasses import dataclass, replace

import msgspec
import sqlalchemy as sa

from parlour import entrance
from parlour.chat import turns
from parlour.entrance import Caller, NotProved, Proved
from parlour.kit.tokens import Keyring
from parlour.tools import Tools
from parlour.verification import codes
from parlour.verification.sending import Letter

START = 1_795_183_200_000
ANA, BEN = "ana@example.org", "ben@example.org"


@dataclass
class Browser:
    """Somebody before a link's door, with what their browser keeps."""

    tools: Tools
    token: str
    place: str = "198.51.100.7"
    session: str | None = None
    conversation: str = ""

    @property
    def caller(self) -> Caller:
        return Caller(self.session, self.place, "Firefox on Linux")

    async def ask(self, email: str = ANA) -> str:
        """Ask for a code; answers with the one that is in the mail, or nothing."""
        await entrance.ask_for_code(self.tools, self.token, self.caller, email)
        letter = await self.tools.db.read(_newest, self.tools.keys)
        return letter.code if letter.goes else ""

    async def give(self, code: str, email: str = ANA) -> Proved | NotProved:
        found = await entrance.prove_by_code(self.tools, self.token, self.caller, email, code)
        if isinstance(found, Proved):
            self.session = found.session
        return found

    async def confirm(self, email: str = ANA) -> Proved:
        found = await self.give(await self.ask(email), email)
        assert isinstance(found, Proved)
        return found

    async def say(self, text: str = "hello", client_id: str | None = None) -> turns.Said:
        pass_ = entrance.ticket(self.tools, self.token, self.session)
        said = await turns.say(self.tools, pass_, text, client_id)
        self.session, self.conversation = said.visit.session, said.conversation_id
        return said

    async def door(self) -> entrance.Door:
        return await entrance.look(self.tools, self.token, self.session)


def _newest(conn: sa.Connection, keys: Keyring) -> Letter:
    columns = codes.codes.c
    wanted = sa.select(columns.sealed).where(columns.voided_at.is_(None), columns.attempts == 0)
    kept = conn.execute(wanted.order_by(columns.created_at.desc()).limit(1)).scalar_one()
    return msgspec.json.decode(keys.unseal(kept), type=Letter)


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"


def another(browser: Browser, **other: object) -> Browser:
    """Somebody else at the same door, or the same person on another device."""
    fresh = entrance.start_of(browser.tools, _link_id(browser))
    return replace(browser, **{"session": fresh, **other})  # type: ignore[arg-type]


def _link_id(browser: Browser) -> str:
    genuine = browser.tools.keys.open_link(browser.token)
    assert genuine is not None
    return genuine.link_id
