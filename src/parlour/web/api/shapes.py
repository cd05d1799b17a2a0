"""The forms in which programs send and get things: field by field, unknown fields refused."""

import msgspec


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that a program sends: what it does not know of is refused, not ignored."""
