"""Who answers instead of an agent whose budget is spent: one of documents, which costs none."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour.agents import store
from parlour.agents.model import Agent
from parlour.kit.errors import FieldError, Invalid, NotFound

FREE: Final = "documents"
"""The backend that answers without a model."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """A published agent that can answer now."""

    agent_id: str
    version: int
    name: str
    """What visitors read above its answers."""


def find(conn: sa.Connection, workspace_id: str, name: str | None) -> Answerer | None:
    """Find the agent of documents that answers instead; None while there is none that can."""
    if name is None:
        return None
    try:
        found = store.find(conn, workspace_id, name)
    except NotFound:
        return None
    if not found.live or found.published is None:
        return None
    content = store.published_content(conn, found.id, found.published)
    if content.backend != FREE:
        return None
    return Answerer(found.id, found.published, content.display_name)


def check(conn: sa.Connection, agent: Agent, name: str) -> None:
    """Refuse a name that no other agent of documents has: Invalid."""
    try:
        found = store.find(conn, agent.workspace_id, name)
    except NotFound:
        found = None
    if found is None or found.id == agent.id or found.draft.backend != FREE:
        said = "the name of another agent that answers from documents"
        raise Invalid(f"when_spent: {said}", errors=[FieldError("when_spent", said)])


def choices(conn: sa.Connection, agent: Agent) -> list[Agent]:
    """List the agents that could answer instead of one."""
    every = store.every(conn, agent.workspace_id)
    return [each for each in every if each.id != agent.id and each.draft.backend == FREE]
