"""What stands below a conversation: who answers in it, and what whoever looks can do about that."""

from collections.abc import Mapping
from dataclasses import dataclass

from parlour import takeover
from parlour.canned import store as canned
from parlour.canned.store import CannedReply
from parlour.conversations.model import Completed, Pen, Reason
from parlour.kit.clock import MINUTE, Moment
from parlour.rights import Permission, Who
from parlour.staff.model import Person
from parlour.tools import Tools
from parlour.transcripts.finding import Talk
from parlour.web import edge
from parlour.web.studio.commands import COMMANDS, Command
from parlour.web.studio.sieve import REASONS, Sieve


@dataclass(frozen=True, slots=True)
class Dock:
    """Who answers, and what this reader can do about it."""

    pen: str
    name: str
    """Of the person who answers."""
    mine: bool
    may: bool
    """Whether this reader may take it over."""
    minutes: int
    """Until the pen of somebody who is silent goes back."""
    left: int
    """Minutes that are left of the hold."""
    given: bool
    """Whether the pen was handed to whoever has it, and they have not come yet."""
    waits_since: Moment
    seen_by: str
    """Who said that they see to it; empty for nobody yet."""
    completed: Completed | None
    canned: list[CannedReply]
    """The answers that the team has ready, for who may write."""
    commands: list[Command]
    """What can be done from the message box."""
    colleagues: list[Person]
    """To whom this reader may hand the conversation."""
    reasons: Mapping[Reason, str]
    at: str
    query: str
    message_id: str
    seen: int
    """The place of the last message that the page shows."""

    @property
    def mark(self) -> str:
        """What changes when the dock does: pages put a new one in its place only then."""
        state = "completed" if self.completed else "mine" if self.mine else self.pen
        return f"{state} {self.name or self.seen_by}".strip()


async def below(
    tools: Tools, who: Who, talk: Talk, chosen: Sieve, seen: int, *, seen_by: str = ""
) -> Dock | None:
    """Return what stands below a conversation; None where there is nothing to say or do.

    `seen_by`: who sees to the visitor who waits there.
    """
    now, may = tools.clock.now(), who.may(Permission.CONVERSATIONS_ANSWER)
    pen = talk.pen(now)
    is_told = may or pen is not Pen.AGENT or talk.completed is not None
    if talk.closed_at is not None or not is_told:
        return None
    hold = talk.hold if pen is Pen.OPERATOR else None
    mine = hold is not None and hold.is_by(who.kind, who.id)
    can_hand = may and (mine or pen is Pen.REQUESTED)
    at, mark, query = chosen.address(talk.id).partition("?")
    return Dock(
        pen=pen.value,
        name="" if hold is None else hold.by_name,
        mine=mine,
        may=may,
        minutes=max(1, round(tools.settings.hold_minutes)),
        left=0 if hold is None else max(1, round((hold.until - now) / MINUTE)),
        given=hold is not None and hold.waits and hold.by_kind == "person",
        waits_since=talk.waits_since,
        seen_by=seen_by if pen is Pen.REQUESTED else "",
        completed=talk.completed,
        canned=await tools.db.read(canned.every, who.workspace_id) if may else [],
        commands=[each for each in COMMANDS if each.permission is None or who.may(each.permission)],
        colleagues=await tools.db.browse(takeover.colleagues, who, talk.id) if can_hand else [],
        reasons=REASONS,
        at=at,
        query=mark + query,
        message_id=edge.nonce(),
        seen=seen,
    )
