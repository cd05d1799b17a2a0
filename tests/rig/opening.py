"""Opening storages that are known to be migrated, without asking them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from parlour import main
from parlour.config import Settings
from parlour.main import opening
from parlour.tools import Tools


@asynccontextmanager
async def opened_migrated(settings: Settings) -> AsyncIterator[Tools]:
    """Hold a process' tools on a copy of a migrated template.

    To ask for its revision takes a connection of its own, in every test; servers and commands do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "migrate", _nothing_to_do)
        opened = main.opened(settings)
        tools = await opened.__aenter__()
    try:
        yield tools
    finally:
        await opened.__aexit__(None, None, None)


async def _nothing_to_do(_url: str, _path: Path, *, only_new: bool) -> bool:
    assert only_new, "only who serves brings a database up to date"
    return False
