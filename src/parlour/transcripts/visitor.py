"""Who a visitor is, as far as somebody of the staff may see it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour import visitors
from parlour.agents import store as agents
from parlour.conversations import listing
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.links import store as links
from parlour.links.rules import Kind
from parlour.rights import Who
from parlour.transcripts.window import label
from parlour.verification import identities
from parlour.verification.identities import Proof
from parlour.visitors import Visitor

FORM: Final = re.compile(r"vis_[0-9A-Za-z]{22}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """What was proved of a visitor. What is unknown, or hidden from whoever looks, is None."""

    proof: Proof
    proved_at: Moment
    name: str | None = None
    email: str | None = None
    subject: str | None = None
    """What the owner's own program calls them, where that is what proved it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A visitor as somebody may see them."""

    visitor: Visitor
    name: str
    """What to call them: by a name that was proved, or by a number."""
    known: Known | None
    agent_name: str
    conversations: list[str]
    """Their ids, in the order in which they began."""
    is_masked: bool


def find(conn: sa.Connection, who: Who, visitor_id: str) -> Visitor:
    """Find a visitor by their id; NotFound when absent or out of scope, which look alike."""
    # Not every database takes every string, even to look for it.
    found = None
    if FORM.match(visitor_id):
        found = visitors.find(conn, who.workspace_id, visitor_id)
    if found is None or not who.sees(found.agent_id):
        raise NotFound("there is no such visitor")
    return found


def known(conn: sa.Connection, who: Who, visitor_ids: Collection[str]) -> dict[str, Known]:
    """Return what was proved of these visitors, by id; of the others nothing is known."""
    return {
        each.visitor_id: _seen_by(who, each)
        for each in identities.of(conn, [*visitor_ids]).values()
    }


def profile(conn: sa.Connection, who: Who, visitor_id: str) -> Profile:
    """Tell of one visitor; NotFound when somebody may not see them."""
    found = find(conn, who, visitor_id)
    names = agents.names(conn, {found.agent_id})
    name, kind = links.titles(conn, {found.link_id})[found.link_id]
    of = known(conn, who, [found.id]).get(found.id)
    return Profile(
        found,
        called(found.id, of, group(who, name, kind)),
        of,
        names[found.agent_id],
        listing.of_visitor(conn, found.id),
        not who.sees_personal,
    )


def group(who: Who, link_name: str | None, kind: Kind) -> str | None:
    """Return what everybody is called who comes by a link, if it is a private one."""
    return label(who, link_name) if kind is Kind.PRIVATE else None


def called(visitor_id: str, of: Known | None, door: str | None) -> str:
    """Return what to call a visitor: by name, by address, as their private link is, by a number."""
    own = None if of is None else of.name or of.email
    return own or door or visitors.called(visitor_id)


def _seen_by(who: Who, found: identities.Known) -> Known:
    one = found.identity
    if not who.sees_personal:
        return Known(one.proof, found.proved_at)
    subject = one.subject if one.proof is Proof.TOKEN else None
    return Known(one.proof, found.proved_at, one.name, one.email, subject)
