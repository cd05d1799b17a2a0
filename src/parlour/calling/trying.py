"""Trying a team's webhook at once, so that nobody finds out in need that it does not work."""

from parlour.calling.sending import called
from parlour.kit.clock import rfc3339
from parlour.kit.errors import Unavailable
from parlour.kit.http import Blocked
from parlour.kit.queue.jobs import GivenUp
from parlour.kit.tokens import new_id
from parlour.staff.teams.store import Team
from parlour.tools import Tools


async def hook(tools: Tools, team: Team) -> tuple[bool, str]:
    """Call a team's program as for a visitor who waits; whether it took it, and what it said."""
    if team.hook_url is None:
        return False, "There is no webhook to try."
    document = {
        "type": "handoff.test",
        "timestamp": rfc3339(tools.clock.now()),
        "data": {"team": team.name},
    }
    try:
        answer = await called(tools, team, new_id("tel"), document)
    except (Unavailable, GivenUp, Blocked) as problem:
        return False, f"It did not work: {problem}."
    if answer.is_taken:
        return True, f"It works: the program answered {answer.status}."
    return False, f"The program answered {answer.status}, which is taken for a refusal."
