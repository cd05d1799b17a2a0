"""What an agent is: its content as drafted and as published, and when it answers; pure."""

import re
from typing import Any

import msgspec

from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid

NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?\Z", re.ASCII)


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything about an agent that is drafted, and published as a version."""

    backend: str
    config: dict[str, Any]
    display_name: str
    description: str = ""
    """One line under the name: what it answers from."""
    welcome_message: str = ""
    starters: tuple[str, ...] = ()
    placeholder: str = ""


class Agent(msgspec.Struct, frozen=True):
    """An agent as its owner knows it."""

    id: str
    workspace_id: str
    name: str
    live: bool
    published: int | None
    """The number of the version visitors get; None before the first publishing."""
    draft: Content
    created_at: Moment
    updated_at: Moment


class Version(msgspec.Struct, frozen=True):
    """A published version; never changed."""

    number: int
    content: Content
    published_at: Moment


def checked_name(name: str) -> str:
    """Return a name that can stand in a path, or refuse it."""
    if not NAME.match(name):
        message = "1 to 64 small letters, digits, hyphens and underscores"
        raise Invalid(f"an agent's name has {message}", errors=[FieldError("name", message)])
    return name


def checked_texts(content: Content) -> Content:
    """Refuse texts that are too long or empty where something must stand."""
    limits = {"display_name": 80, "description": 160, "welcome_message": 1000, "placeholder": 80}
    errors = [
        FieldError(field, f"at most {limit} characters")
        for field, limit in limits.items()
        if len(getattr(content, field)) > limit
    ]
    if not content.display_name.strip():
        errors.append(FieldError("display_name", "must not be empty"))
    if len(content.starters) > 6 or any(not 0 < len(text) <= 120 for text in content.starters):
        errors.append(FieldError("starters", "at most 6, each of 1 to 120 characters"))
    if errors:
        raise Invalid("the agent's texts do not fit", errors=errors)
    return content
