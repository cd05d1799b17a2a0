"""How a setting is described: its default, its sentence, and what fits."""

from collections.abc import Callable
from dataclasses import field
from typing import Any


def setting(
    default: Any, says: str, *, secret: bool = False, fits: Callable[[Any], None] | None = None
) -> Any:
    """Describe one setting; `says` is what the docs page prints.

    `fits` raises ValueError for a value that the program cannot work with.
    """
    meta = {"says": says, "secret": secret, "fits": fits}
    if callable(default):
        return field(default_factory=default, metadata=meta)
    return field(default=default, metadata=meta)
