"""Management calls."""

HANDLERS: list[object] = []
