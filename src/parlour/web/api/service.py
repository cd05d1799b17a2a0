"""Service calls."""

HANDLERS: list[object] = []
