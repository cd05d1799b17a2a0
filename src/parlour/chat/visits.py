"""Who comes with a message, and by which door, as far as a turn needs to know."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from parlour.agents.instead import Answerer
from parlour.kit.clock import Moment


class Doorway(Protocol):
    """Where a message comes from and goes to, as far as a turn needs to know."""

    @property
    def link_id(self) -> str: ...
    @property
    def workspace_id(self) -> str: ...
    @property
    def agent_id(self) -> str: ...
    @property
    def agent_version(self) -> int: ...
    @property
    def agent_name(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def asks_person(self) -> bool: ...


class Visit(Protocol):
    """Somebody who was let in."""

    @property
    def door(self) -> Doorway: ...
    @property
    def visitor_id(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def language(self) -> str | None: ...
    @property
    def allowance(self) -> tuple[int, int, int] | None: ...
    def reserve(self, conn: sa.Connection, turn_id: str, now: Moment) -> Answerer | None: ...
    def collected(self, *, first: bool) -> dict[str, Any]: ...
    def attached(
        self, conn: sa.Connection, conversation_id: str, beside: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any] | None: ...


Enter = Callable[[sa.Connection, Moment], Visit]
"""Judges a visitor inside the message's transaction, and raises when the door is closed."""
