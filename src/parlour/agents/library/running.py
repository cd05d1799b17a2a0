"""One run that reads a library: what it writes for, and what it has found so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from parlour.agents.library.sources import Source
from parlour.kit.clock import Moment
from parlour.tools import Tools

Progress = Callable[[int, int, str], None]
"""Told (files done, files in all, the one at hand); none is at hand while the index is built."""


@dataclass(slots=True)
class Run:
    """One indexing run: what it writes for, and what it has found so far."""

    tools: Tools
    agent_id: str
    source: Source
    progress: Progress
    id: str
    generation: int
    sibling: str = ""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    changed: int = 0
    waiting: list[tuple[dict[str, Any], list[dict[str, Any]]]] = field(default_factory=list)
    weight: int = 0
    told: Moment = 0
