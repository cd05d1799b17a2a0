"""The settings of a documents agent: a folder, and who may name which."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from parlour.agents.kinds import fitted, wrong
from parlour.agents.library import indexing
from parlour.agents.library.folder import listed
from parlour.kit.errors import Conflict
from parlour.tools import Tools

FolderPath = Annotated[str, Meta(min_length=1, max_length=1_000)]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the documents lie."""

    path: FolderPath
    """The folder; kept as an absolute path without links in it."""


def accept(
    given: Mapping[str, Any], previous: Config | None, tools: Tools, *, trusted: bool
) -> Config:
    """Take in a folder; over HTTP, only one that lies below a folder the owner has listed."""
    config = fitted(given, Config)
    if "\0" in config.path:
        raise wrong("path", "a path holds no NUL")
    path = Path(config.path).expanduser() if trusted else Path(config.path)
    if not trusted and not path.is_absolute():
        raise wrong("path", "give the whole path, from the root")
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError):
        raise wrong("path", "cannot be followed") from None
    if not trusted and (previous is None or previous.path != str(resolved)):
        roots = [root.resolve() for root in tools.settings.documents_roots]
        if not any(resolved.is_relative_to(root) for root in roots):
            raise wrong("path", "lies in no folder that PARLOUR_DOCUMENTS_ROOTS lists")
    return Config(str(resolved))


async def check(config: Config, tools: Tools, *, trusted: bool) -> None:  # noqa: ARG001 - as asked
    """Refuse a folder that is missing or holds nothing to read."""
    await asyncio.to_thread(listed, Path(config.path))


def shown(config: Config) -> dict[str, Any]:
    """Show the folder."""
    return {"path": config.path}


async def prepare(config: Config, agent_id: str, tools: Tools) -> None:
    """Read the folder: what changed since the last time, or all of it."""
    try:
        await indexing.index(tools, agent_id, Path(config.path))
    except Conflict:
        return  # a later run has taken over, and does the same
