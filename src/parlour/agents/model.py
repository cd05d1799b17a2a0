"""What an agent is: its content as drafted and as published, and when it answers; pure."""

import hashlib
import re
from typing import Any

import msgspec

from parlour.agents import variables
from parlour.agents.variables import Definition
from parlour.kit import inks
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.texts import trouble

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
    variables: tuple[Definition, ...] = ()
    """What is collected in a conversation, in the order in which a form asks for it."""
    follow_ups: bool = True
    """Whether an answer offers what one may ask next."""
    avatar: str = ""
    """The digest of the picture that stands for it; empty for the first letter of its name."""
    accent: str = ""
    """Its colour, six hexadecimal digits; empty for the house's ink."""


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
    updated_by: str = ""
    """Who changed it last; empty before that was noted."""
    draft_of: str | None = None
    """Set for a preview: the agent whose draft it answers with. No list holds previews."""
    sharing: dict[str, Any] | None = None
    """The terms on which visitors come, as they are kept; `agents.sharing` reads them."""

    @property
    def seen(self) -> str:
        """What stands for the draft as somebody saw it, its documents and its picture apart."""
        return _mark(self.draft)


class Version(msgspec.Struct, frozen=True):
    """A published version; never changed."""

    number: int
    content: Content
    published_at: Moment
    published_by: str = ""
    """Who published it; empty before that was noted."""
    restored_from: int | None = None
    """The version that it brought back."""


def _mark(content: Content) -> str:
    config = {name: value for name, value in content.config.items() if name != "uploads"}
    # Its picture is put in beside the form, as its documents are.
    texts = msgspec.structs.replace(content, config=config, avatar="")
    told = msgspec.json.encode(texts, order="sorted")
    return hashlib.sha256(told).hexdigest()[:16]


RESERVED = frozenset({"new"})
"""Names that are addresses of the studio."""


def checked_name(name: str) -> str:
    """Return a name that can stand in a path, or refuse it."""
    message = ""
    if not NAME.match(name):
        message = "1 to 64 small letters, digits, hyphens and underscores"
    elif name in RESERVED:
        message = f"anything but {name!r}, which the studio needs itself"
    if message:
        raise Invalid(f"an agent's name has {message}", errors=[FieldError("name", message)])
    return name


LONGEST = {"display_name": 80, "description": 160, "welcome_message": 1000, "placeholder": 80}
"""Characters that each text of an agent may have."""

MOST_STARTERS = 6
LONGEST_STARTER = 120


def checked_texts(content: Content) -> Content:
    """Return a content with its colour as it is kept.

    Invalid for texts that are too long, not plain, or empty where something must stand.
    """
    errors = []
    for field, longest in LONGEST.items():
        lines, empty = field == "welcome_message", field != "display_name"
        said = trouble(getattr(content, field), longest, lines=lines, empty=empty)
        if said is not None:
            errors.append(FieldError(field, said))
    if len(content.starters) > MOST_STARTERS:
        errors.append(FieldError("starters", f"at most {MOST_STARTERS}"))
    for index, text in enumerate(content.starters):
        if (said := trouble(text, LONGEST_STARTER)) is not None:
            errors.append(FieldError(f"starters[{index}]", said))
    errors += variables.trouble_with(content.variables)
    accent = ""
    try:
        accent = inks.checked(content.accent) or ""
    except Invalid as odd:
        errors += odd.errors
    if errors:
        raise Invalid("the agent's texts do not fit", errors=errors)
    return msgspec.structs.replace(content, accent=accent)
