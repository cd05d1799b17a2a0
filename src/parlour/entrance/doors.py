"""Doors: what a token opens onto, found in one short read, and whether it may be entered."""

from collections.abc import Callable
from typing import Final

import msgspec
import sqlalchemy as sa

from parlour.agents.model import Content
from parlour.agents.sharing import DEFAULT, Sharing
from parlour.agents.store import published_content
from parlour.conversations import holds
from parlour.conversations.model import Pen, pen_of
from parlour.conversations.seats import AGAIN, Seats, reached
from parlour.entrance.meaning import PLAIN, Look, standing_of, use_of, worn
from parlour.entrance.refusals import NoSuchSession, Refused
from parlour.entrance.rows import STRANGER, door_of, is_here
from parlour.kit import origins
from parlour.kit.addresses import listed
from parlour.kit.clock import MINUTE, Moment
from parlour.kit.db import Row
from parlour.kit.tokens import LinkToken
from parlour.links import past, rules, uses
from parlour.links.past import Past
from parlour.links.rules import Admit, Refuse, Why
from parlour.links.uses import Use
from parlour.rights import MAY, Permission
from parlour.staff import store as staff
from parlour.tools import Tools
from parlour.verification import identities
from parlour.verification.rules import NOTHING, Terms, When

_TAKEN: Final = frozenset({Why.USED_UP, Why.FULL})
"""Refusals of those who come; who is inside already may be let in."""


class Door(msgspec.Struct, frozen=True):
    """What a genuine token opens onto, as one read found it."""

    link_id: str
    workspace_id: str
    agent_id: str
    agent_version: int
    content: Content | None
    """What visitors get of the agent as the link's widget shows it; None before a publishing."""
    welcome_message: str | None
    """The link's own, which goes before the agent's."""
    accent: str | None
    """The widget's, else the agent's, six hexadecimal digits; None for the house's ink."""
    verdict: Admit | Refuse
    session: str | None
    """The hash of the visitor's session, when the one presented is good on this link."""
    visitor_id: str | None
    seen_at: Moment
    conversation_id: str | None
    """The visitor's open conversation."""
    used_at: Moment | None
    """When somebody last said something by this link, to the minute."""
    pen: Pen = Pen.AGENT
    """Who answers in the visitor's open conversation."""
    person: str = ""
    """The name of the person who does."""
    preview: bool = False
    """Whether somebody of the staff tries a draft here; such a page may stand in the studio."""
    limited: bool = False
    """Whether the link can be used so many times only."""
    use: Use | None = None
    """The visitor's use of such a link, which may be over."""
    use_lasts: bool = False
    terms: Terms = NOTHING
    """What the door asks visitors to prove."""
    proof: str | None = None
    """How the visitor proved who they are, in the session presented; None while they have not."""
    sharing: Sharing = DEFAULT
    """The agent's terms."""
    rate_limit: int | None = None
    """The link's own, of messages of one visitor in a minute."""
    daily_tokens: int | None = None
    """The link's own, of tokens of one visitor in a day."""
    budget_tokens: int | None = None
    budget_period: str | None = None
    """What is set aside for the link, and for how long."""
    came_at: Moment | None = None
    """When this visitor first said something here."""
    seats: Seats | None = None
    """How many may talk at once; None where any number may."""
    last_at: Moment | None = None
    """When the last message came in the visitor's open conversation."""
    address: int = 0
    """Which of the link's addresses it is."""
    replaced_at: Moment | None = None
    """When this address stops leading here; None for the link's present one."""
    came_by: int = 0
    """The address by which the visitor last said something in the session presented."""
    look: Look = PLAIN
    host: str | None = None
    """The site whose page the chat stands in: empty for one that is not known, None for none."""

    @property
    def origins(self) -> tuple[str, ...]:
        """The sites in whose pages the chat may stand."""
        return self.look.origins

    @property
    def owns(self) -> bool:
        """Whether something may be kept of whoever comes: their session is good on this link."""
        return self.visitor_id is not None

    @property
    def language(self) -> str:
        """The language that the owner chose for visitors whose browser names none of ours."""
        return self.sharing.language or ""

    @property
    def asks_person(self) -> bool:
        """Whether visitors may ask for a person of the team; nobody comes to a preview."""
        return self.sharing.asks_person and not self.preview

    @property
    def remembers(self) -> bool:
        """Whether the agent remembers visitors who have proved who they are; not in a preview."""
        return self.sharing.memory and not self.preview

    @property
    def agent_name(self) -> str:
        """The agent's name as visitors see it."""
        return "" if self.content is None else self.content.display_name

    def seated_since(self, now: Moment) -> Moment:
        """Return after which moment somebody must have said something to have a place still."""
        return now - self.sharing.seat_minutes * MINUTE

    def refused(self) -> Refused | None:
        """Return why this door lets nobody in; None while it is open."""
        if self._is_open_but_for_uses:
            if self._is_misplaced:
                return self.refusing(Refuse(Why.NOT_HERE))
            if self.terms.when is When.REQUIRED and (unproved := self.unproved()) is not None:
                return unproved
        if not isinstance(self.verdict, Refuse):
            return None
        return self.refusing(self.verdict)

    def refusing(self, refusal: Refuse) -> Refused:
        """Return a refusal as it is told at this door, in its owner's own words if there are."""
        return Refused(
            refusal,
            self.content,
            self.accent,
            said=self.conversation_id is not None,
            known=self.owns,
            own_words=self.sharing.words.get(refusal.why.value, ""),
            language=self.language,
            origins=self.origins,
            remembers=self.remembers,
        )

    @property
    def _is_misplaced(self) -> bool:
        """Whether the chat stands in a page of a site that is not on its list.

        The browser is told the list, too, and shows nothing there; this is for pages that were
        open when a site was taken off it. A site that is not known is the browser's to judge.
        """
        if self.host is None or self.preview:
            return False
        return not self.origins or bool(self.host and not origins.fits(self.host, self.origins))

    @property
    def _is_open_but_for_uses(self) -> bool:
        """Whether nothing shuts this door that goes before asking who somebody is."""
        return not isinstance(self.verdict, Refuse) or self.verdict.why in _TAKEN

    def unproved(self) -> Refused | None:
        """Return that the visitor has to confirm an address, unless they have."""
        if self.proof is not None:
            return None
        return self.refusing(Refuse(Why.VERIFICATION_REQUIRED))

    def shut(self) -> Refused | None:
        """Return why nobody is let in; None while somebody might be, who has a use or a place."""
        refused = self.refused()
        return None if refused and refused.refusal.why in _TAKEN else refused


async def look(tools: Tools, token: str, session: str | None) -> Door:
    """Look at a link's door without touching anything; one short read at most.

    Raises:
        Refused: the token is forged, malformed, revoked or of a deleted agent, all alike.
    """
    genuine = opened(tools, token)
    if session is not None and not tools.keys.minted(session, genuine.link_id):
        session = None
    return await tools.db.read(look_at, tools, genuine, session, tools.clock.now())


async def admitted(tools: Tools, token: str, session: str | None) -> Door:
    """Look at a door that must be open; Refused says why it is not."""
    door = await look(tools, token, session)
    if (refused := door.refused()) is not None:
        raise refused
    return door


async def readable(tools: Tools, token: str, session: str | None) -> Door:
    """Look at a door behind which a visitor may read their own conversation, if they have one.

    It is open, or was until its time came; Refused for every other door, and for strangers.
    """
    door = await look(tools, token, session)
    if (refused := door.refused()) is not None and not refused.readable:
        raise refused
    return door


async def owned(tools: Tools, token: str, session: str | None) -> Door:
    """Look at a door behind which visitors see, take along and delete what is kept of them.

    Whatever shut it: whoever has a session on the link has a right to their own that its owner
    does not switch off with the link. Refused for strangers before a shut door, in pages of sites
    that are not on the list, and where there is nothing, as in `look`.
    """
    door = await look(tools, token, session)
    if (refused := door.refused()) is not None and not refused.owns:
        raise refused
    return door


def opened(tools: Tools, token: str) -> LinkToken:
    """Return what stands in a token; of one that is none, what no link will ever fit.

    So it costs the same reads as one that was revoked: neither words nor time tell the two apart.
    """
    return tools.keys.open_link(token) or _NOWHERE


def judge(
    tools: Tools, token: str, session: str | None
) -> Callable[[sa.Connection], Refused | NoSuchSession | None]:
    """Return what judges a door again for somebody who is inside; None while it is open.

    For who came in with a session it is shut, too, when that one is over.
    """

    def judged(conn: sa.Connection) -> Refused | NoSuchSession | None:
        genuine = tools.keys.open_link(token)
        if genuine is None:
            return Refused(_NOTHING_HERE)
        try:
            door = look_at(conn, tools, genuine, session, tools.clock.now())
        except Refused as refused:
            return refused
        if (shut := door.shut()) is not None:
            return shut
        if session is not None and door.visitor_id is None:
            return NoSuchSession("this session is over")
        return None

    return judged


_NOTHING_HERE: Final = Refuse(Why.NOT_FOUND)
_NOWHERE = LinkToken(0, "lnk_", 0)
"""Stands for a token that is none: no link has this id."""


def look_at(
    conn: sa.Connection, tools: Tools, token: LinkToken, session: str | None, now: Moment
) -> Door:
    """Look at a door inside a unit of work; Refused where there is nothing, as in `look`."""
    hashes = tools.keys.hashes(session) if session else []
    given = {f"hash_{n}": each for n, each in enumerate(hashes)}
    found = door_of(len(hashes)).find(conn, link=token.link_id, now=now, **given)
    if found is None or not is_here(conn, tools, found[0].row):
        raise Refused(_NOTHING_HERE)
    behind, lately = found
    row, sharing, terms = behind.row, behind.sharing, behind.terms
    who = lately if hashes else STRANGER
    use = use_of(row, who)
    use_lasts = use is not None and uses.lasts(use, behind.use_terms, now)
    is_used_up = 0 < row.max_uses <= lately.uses and not use_lasts
    old = None if token.address == row.address else _old(conn, token)
    verdict = rules.admit(token, standing_of(behind, old, is_used_up=is_used_up), now)
    if behind.seats is not None and who.conversation_id is None and isinstance(verdict, Admit):
        since = now - sharing.seat_minutes * MINUTE
        verdict = _seated(conn, row, who, behind.seats, since) or verdict
    if verdict == _NOTHING_HERE or not _may_still_try(conn, row, now):
        raise Refused(_NOTHING_HERE)
    content = _worn(conn, row)
    hold = holds.hold_of(who)
    pen = pen_of(hold, who.asked_until, now)
    return Door(
        row.link_id,
        row.workspace_id,
        row.agent_id,
        row.published or 0,
        content,
        row.welcome_message,
        (content.accent if content else row.accent) or None,
        verdict,
        who.session,
        who.visitor_id,
        who.seen_at or 0,
        who.conversation_id,
        lately.last_used_at,
        pen,
        hold.by_name if hold is not None and pen is Pen.OPERATOR else "",
        row.draft_of is not None,
        bool(row.max_uses),
        use,
        use_lasts,
        terms,
        who.proof if who.proof is None or _still_listed(conn, who, terms) else None,
        sharing,
        row.rate_limit_per_minute,
        row.daily_token_limit,
        row.budget_tokens,
        row.budget_period,
        who.came_at,
        behind.seats,
        who.last_message_at,
        token.address,
        None if old is None else old.ends_at,
        who.came_by or 0,
        behind.look,
    )


def _seated(conn: sa.Connection, row: Row, who: Row, seats: Seats, since: Moment) -> Refuse | None:
    """Return that there is no place for a visitor who is in no conversation yet."""
    link, agent, visitor = row.link_id, row.agent_id, who.visitor_id
    most = reached(conn, seats, link_id=link, agent_id=agent, visitor_id=visitor, since=since)
    return None if most is None else Refuse(Why.FULL, most=most, wait=AGAIN)


def _old(conn: sa.Connection, token: LinkToken) -> Past:
    """Find the address that a link had; Refused for one that it never had."""
    found = past.find(conn, token.link_id, token.address)
    if found is None:
        raise Refused(_NOTHING_HERE)
    return found


def _still_listed(conn: sa.Connection, who: Row, terms: Terms) -> bool:
    """Whether who proved an address may still come in by it; lists can be changed meanwhile."""
    if not terms.emails:
        return True
    known = identities.of(conn, [who.visitor_id])[who.visitor_id].identity
    return known.proof is identities.Proof.TOKEN or listed(known.subject, terms.emails)


def _may_still_try(conn: sa.Connection, row: Row, now: Moment) -> bool:
    """Whether who tries a draft, for whom the link is named, is signed in and may set agents up."""
    if row.draft_of is None:
        return True
    role = staff.role_seated(conn, row.link_name, now)
    return role is not None and Permission.AGENTS_MANAGE in MAY[role]


def _worn(conn: sa.Connection, row: Row) -> Content | None:
    """Return what visitors get of an agent as a widget shows it; None before a first publishing."""
    if row.published is None:
        return None
    return worn(published_content(conn, row.agent_id, row.published), row)
