"""What was collected in conversations, as somebody may see it: what is personal is masked."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from parlour.agents import store as agents
from parlour.agents.variables import Definition
from parlour.conversations.model import SHARE_URL, Conversation
from parlour.kit import masking
from parlour.privacy import Hide
from parlour.rights import Permission, Who

Defined = Mapping[str, Definition]


def definitions(conn: sa.Connection, found: Iterable[Conversation]) -> dict[str, Defined]:
    """Return what the agents of these conversations collect just now, by agent and by name.

    Those of whom nothing was collected are not asked for.
    """
    ids = {each.agent_id for each in found if each.variables}
    defined = agents.definitions(conn, ids) if ids else {}
    return {agent: {each.name: each for each in those} for agent, those in defined.items()}


def seen(who: Who, variables: dict[str, Any], defined: Defined, hide: Hide) -> dict[str, Any]:
    """Return what was collected as somebody may see it.

    Of what nobody has defined, nobody has said that it is not personal: so it is.
    """
    if not who.sees_personal:
        return {name: _masked(defined.get(name), value, hide) for name, value in variables.items()}
    # Whoever has this address may do what it lets do, which is more than to look.
    if SHARE_URL in variables and not who.may(Permission.CONVERSATIONS_SHARE):
        return {**variables, SHARE_URL: masking.HIDDEN}
    return variables


def _masked(defined: Definition | None, value: Any, hide: Hide) -> Any:
    if defined is None or defined.personal or not isinstance(value, str | int | float):
        return masking.HIDDEN
    # What visitors type into a field that is not meant for it may be personal all the same.
    return hide(value) if isinstance(value, str) else value


def titles(variables: Mapping[str, Any], defined: Defined) -> dict[str, str]:
    """Return what people read over values that are defined, by name."""
    return {name: defined[name].title for name in variables if name in defined}
