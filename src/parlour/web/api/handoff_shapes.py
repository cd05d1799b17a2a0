"""Handoffs as programs see them, with whom they were told to, and how a team is told."""

import msgspec

from parlour.agents import store as agents
from parlour.calling.looking import Called
from parlour.kit.clock import rfc3339
from parlour.staff.teams.hooks import Told
from parlour.tools import Tools
from parlour.web.api import moments


class TellingShown(msgspec.Struct, frozen=True):
    """Somebody of the team, or a program of theirs, who was told."""

    way: str
    """`mail` or `webhook`."""
    to: str
    why: str
    """`asked`, `escalated`, or `left`: the visitor has left an address."""
    done_at: str | None
    """When it was on its way; null while it is tried, and where there is trouble."""
    trouble: str | None


class HandoffShown(msgspec.Struct, frozen=True):
    """A person was asked for."""

    id: str
    conversation_id: str
    agent_name: str | None
    asked_by: str
    """`agent`, `visitor`, or `house`: a guest has left, and another person shall go on."""
    asked_at: str
    waits_until: str | None
    """When it goes back to the agent unless somebody comes; null for never."""
    escalated_at: str | None
    seen_at: str | None
    seen_by: str | None
    ended_at: str | None
    outcome: str | None
    """`answered`, `returned` to the agent, `expired`, or `closed`."""
    ended_by: str | None
    told: list[TellingShown]


class WaysShown(msgspec.Struct, frozen=True):
    """How a team is told that a visitor waits."""

    team_id: str
    mails: bool
    hook_url: str | None
    hook_trouble: str | None
    """What was wrong with the program the last time; null for nothing."""
    hook_secret: str | None
    """What its calls are signed with, shown once: where it was made just now."""


async def shown(tools: Tools, found: list[Called]) -> list[HandoffShown]:
    """Show handoffs with the names of their agents, and whom they were told to."""
    named = await tools.db.read(agents.names, {each.handoff.agent_id for each in found})
    return [_shown(each, named.get(each.handoff.agent_id)) for each in found]


def _shown(found: Called, agent: str | None) -> HandoffShown:
    one = found.handoff
    return HandoffShown(
        id=one.id,
        conversation_id=one.conversation_id,
        agent_name=agent,
        asked_by=one.asked_by,
        asked_at=rfc3339(one.asked_at),
        waits_until=rfc3339(one.until) if one.ends else None,
        escalated_at=moments.written(one.escalated_at),
        seen_at=moments.written(one.seen_at),
        seen_by=one.seen_by,
        ended_at=moments.written(one.ended_at),
        outcome=one.outcome,
        ended_by=one.ended_by,
        told=[
            TellingShown(
                each.way, each.to_name, each.why, moments.written(each.done_at), each.trouble
            )
            for each in found.tellings
        ],
    )


def ways_shown(told: Told) -> WaysShown:
    """Show how a team is told, with the secret that was just made, this once."""
    team = told.team
    return WaysShown(team.id, team.mails, team.hook_url, team.hook_trouble, told.secret)
