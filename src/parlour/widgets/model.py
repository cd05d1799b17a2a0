"""What a widget is, the one that every agent has from the start, and what may stand in it; pure."""

import re
from dataclasses import dataclass

from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.texts import trouble
from parlour.widgets import inks

LONGEST = {"name": 80, "title": 80, "welcome_message": 1000}
"""Characters that each text of a widget may have."""

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


def check(name: str | None, title: str | None, welcome: str | None) -> None:
    """Refuse texts that are too long or no text; None is not looked at."""
    given = {"name": name, "title": title, "welcome_message": welcome}
    errors = []
    for field, text in given.items():
        if text is None:
            continue
        said = trouble(text, LONGEST[field], lines=field == "welcome_message")
        if said is not None:
            errors.append(FieldError(field, said))
    if errors:
        raise Invalid("the widget's texts do not fit", errors=errors)


def checked_accent(accent: str | None) -> str | None:
    """Return an accent as it is kept; Invalid for what is no colour."""
    return inks.checked(accent)
