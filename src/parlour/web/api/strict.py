"""The form of every body that a program sends. Without the framework, so that commands load it."""

import msgspec


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The form of a body: what it does not name is refused, not ignored."""
