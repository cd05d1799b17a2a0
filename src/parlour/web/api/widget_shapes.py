"""Widgets as programs see them, with how well their accents can be read."""

import math

import msgspec

from parlour import pictures
from parlour.kit.clock import rfc3339
from parlour.kit.inks import Ink, ink
from parlour.web.api.moments import written
from parlour.web.standing import Site
from parlour.widgets.model import Widget


class Contrast(msgspec.Struct, frozen=True):
    """How an accent stands out where it is shown; 4.5 is needed, and reached by nudging."""

    light: float
    dark: float
    shown_light: str
    shown_dark: str
    """What visitors see of it, in each theme."""
    nudged: bool
    """The colour that was asked for could not be read, and the light theme shows another."""


class WidgetShown(msgspec.Struct, frozen=True):
    """A widget as programs see it."""

    id: str
    agent_name: str
    name: str
    title: str | None
    """The agent's name as visitors read it; null for the agent's own."""
    welcome_message: str | None
    accent: str | None
    """Such as `#1c4a63`; null for the house's ink."""
    contrast: Contrast | None
    origins: tuple[str, ...]
    """The sites in whose pages its chat may stand, such as `https://*.example.org`."""
    position: str
    """In which lower corner of such a page its button is: `right` or `left`."""
    size: str
    """Of the button: `small`, `regular` or `large`."""
    theme: str
    """`light`, `dark`, or `auto`: as the visitor's device is."""
    label: str | None
    """Words on the button; null for a sign alone."""
    teaser: str | None
    """What stands beside the button until it is put away; null for nothing."""
    logo: str | None
    """Where the picture is served that stands for the agent here; null for the agent's own."""
    is_first: bool
    """Every agent has one from the start, which stays as long as its agent."""
    created_at: str | None
    created_by: str | None
    updated_at: str | None
    updated_by: str | None
    """All four are null of a first widget that nobody has changed."""


class SiteShown(msgspec.Struct, frozen=True):
    """A site that a browser named when it asked for a chat."""

    origin: str
    link_id: str
    allowed: bool
    """Whether the chat may stand there now."""
    shown: int
    """How often a page of it showed the button."""
    opened: int
    """How often a page of it asked for the chat itself."""
    first_seen_at: str
    last_seen_at: str


def site(found: Site) -> SiteShown:
    """Show where a chat stands."""
    seen = found.seen
    return SiteShown(
        origin=seen.origin,
        link_id=seen.link_id,
        allowed=found.allowed,
        shown=seen.shown,
        opened=seen.opened,
        first_seen_at=rfc3339(seen.first_at),
        last_seen_at=rfc3339(seen.last_at),
    )


def widget(found: Widget, agent_name: str) -> WidgetShown:
    """Show a widget, and how well its accent can be read."""
    made = None if found.accent is None else ink(found.accent)
    return WidgetShown(
        id=found.id,
        agent_name=agent_name,
        name=found.name,
        title=found.title,
        welcome_message=found.welcome_message,
        accent=None if found.accent is None else f"#{found.accent}",
        contrast=None if made is None else contrast(made),
        origins=found.origins,
        position=found.position,
        size=found.size,
        theme=found.theme,
        label=found.label,
        teaser=found.teaser,
        logo=pictures.path(found.logo) or None,
        is_first=found.is_first,
        created_at=written(found.created_at or None),
        created_by=found.created_by or None,
        updated_at=written(found.updated_at or None),
        updated_by=found.updated_by or None,
    )


def contrast(made: Ink) -> Contrast:
    """Show how an accent stands out; numbers are rounded down, never up to what they are not."""
    return Contrast(
        light=math.floor(made.contrast_light * 10) / 10,
        dark=math.floor(made.contrast_dark * 10) / 10,
        shown_light=f"#{made.light}",
        shown_dark=f"#{made.dark}",
        nudged=made.nudged,
    )
