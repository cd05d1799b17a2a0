"""What a widget is, the one that every agent has from the start, and what may stand in it; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from parlour.kit import inks, origins
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.texts import trouble

LONGEST = {"name": 80, "title": 80, "welcome_message": 1000, "label": 40, "teaser": 120}
"""Characters that each text of a widget may have."""

CHOICES: Final = {
    "position": ("right", "left"),
    "size": ("small", "regular", "large"),
    "theme": ("auto", "light", "dark"),
}
"""What can be chosen of a widget, the usual first."""

FIRST_NAME = "Chat page"


@dataclass(frozen=True, slots=True)
class Widget:
    """How an agent looks to whoever comes by this widget's links."""

    id: str
    workspace_id: str
    agent_id: str
    name: str
    """For its owners; visitors do not see it."""
    title: str | None
    """The agent's name as visitors read it here; None for the agent's own."""
    welcome_message: str | None
    """Under the greeting; None for the agent's own."""
    accent: str | None
    """Six hexadecimal digits; None for the house's ink."""
    created_at: Moment
    created_by: str
    updated_at: Moment
    updated_by: str
    origins: tuple[str, ...] = ()
    """The sites in whose pages its chat may stand; none of them while there is none."""
    position: str = "right"
    """In which lower corner of such a page its button is: right or left."""
    size: str = "regular"
    """Of the button: small, regular or large."""
    theme: str = "auto"
    """Light, dark, or as the visitor's device is."""
    label: str | None = None
    """Words on the button; None for a sign alone."""
    teaser: str | None = None
    """What stands beside the button until somebody puts it away; None for nothing."""
    logo: str | None = None
    """The digest of the picture that stands for the agent here; None for the agent's own."""

    @property
    def is_first(self) -> bool:
        """Whether it is the one that its agent has from the start."""
        return self.id == first_id(self.agent_id)


def first_id(agent_id: str) -> str:
    """Return the id of an agent's first widget, which follows from the agent's own."""
    return f"wgt_{agent_id.removeprefix('agt_')}"


def agent_of_first(widget_id: str) -> str | None:
    """Return the agent whose first widget has this id, if there is such an agent."""
    found = re.fullmatch(r"wgt_([A-Za-z0-9]{1,36})", widget_id, re.ASCII)
    return None if found is None else f"agt_{found.group(1)}"


def first(workspace_id: str, agent_id: str) -> Widget:
    """Return the widget that every agent has before anybody changes it: it looks as its agent does.

    It has a row only when somebody has shared it; the row says the same.
    """
    found = first_id(agent_id)
    return Widget(
        found,
        workspace_id,
        agent_id,
        FIRST_NAME,
        None,
        None,
        None,
        0,
        "",
        updated_at=0,
        updated_by="",
    )


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said of a widget as it is kept; what was not said stays unsaid.

    Invalid for texts that are too long or no text, for what cannot be chosen, for what is no
    colour or no origin. A text of None is not looked at.
    """
    errors = []
    for field, longest in LONGEST.items():
        text = given.get(field)
        if text is None:
            continue
        said = trouble(text, longest, lines=field == "welcome_message")
        if said is not None:
            errors.append(FieldError(field, said))
    for field, choices in CHOICES.items():
        if field in given and given[field] not in choices:
            errors.append(FieldError(field, f"must be one of {', '.join(choices)}"))
    if errors:
        raise Invalid("what was said of the widget does not fit", errors=errors)
    kept = dict(given)
    if "accent" in kept:
        kept["accent"] = inks.checked(kept["accent"])
    if "origins" in kept:
        kept["origins"] = origins.listing(kept["origins"] or ())
    return kept
