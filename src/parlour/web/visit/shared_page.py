"""The page of a share as bytes, in the reader's language: who answers, and what they can do."""

from typing import Any, Final

from markupsafe import Markup

from parlour.agents import store as agents
from parlour.agents.sharing import sharing_of
from parlour.conversations.model import Pen
from parlour.kit.errors import Problem, TooLarge
from parlour.kit.texts import initial_of
from parlour.sharing import Guest
from parlour.sharing.rules import LONGEST_NAME
from parlour.takeover.holding import HeldByOther
from parlour.tools import Tools
from parlour.transcripts.finding import Talk
from parlour.web import pages
from parlour.web.assets import assets
from parlour.web.pages import Face
from parlour.web.sheets import template
from parlour.web.words import Catalogue, spoken

_LEFT: Final = ("left_hours", "left_minutes", "left_seconds")
"""What the page's script says of the time that is left."""


def standing(guest: Guest, now: int) -> dict[str, Any]:
    """Say who answers, and what this guest can do about that."""
    talk, share = guest.talk, guest.share
    pen, mine = talk.pen(now), guest.has_pen(now)
    hold = talk.hold if pen is Pen.OPERATOR else None
    from_maker = hold is not None and hold.is_by(share.by_kind, share.by_id)
    closed = talk.closed_at is not None
    is_free = pen is not Pen.OPERATOR or from_maker or mine
    return {
        "pen": pen.value,
        "holder": "" if hold is None else hold.by_name,
        "from_maker": from_maker,
        "closed": closed,
        "mine": mine and guest.reader is not None,
        "can_take": share.mode.answers and not closed and is_free,
    }


async def agent_of(tools: Tools, talk: Talk) -> tuple[Face, str]:
    """Return what the agent is called, as its visitors read it, and the language of its pages."""
    found, called, language = await tools.db.read(agents.by_id, talk.agent_id), talk.agent_name, ""
    picture = accent = ""
    if found is not None:
        language = sharing_of(found.sharing).language or ""
        if found.published is not None:
            content = await tools.db.read(agents.published_content, found.id, found.published)
            called, picture, accent = content.display_name, content.avatar, content.accent or ""
    face = Face(name=called, initial=initial_of(called), picture=picture, accent=accent)
    return face, language


def sentence(problem: Problem, words: Catalogue) -> str:
    """Say in the page's language why something did not work."""
    if isinstance(problem, HeldByOther):
        return words.shared["held"].format(name=problem.hold.by_name)
    if problem.code == "closed":
        return words.shared["closed"]
    if isinstance(problem, TooLarge):
        return words.doors["too_long"][0]
    if problem.errors and problem.errors[0].field == "name":
        return words.shared["bad_name"].format(n=LONGEST_NAME)
    return str(words.script["refused"])


def made(name: str, nonce: str, language: str, **values: object) -> bytes:
    """Render a page for who is no part of the conversation."""
    words = spoken(language)[1]
    said, left = words.shared, {each: words.shared[each] for each in _LEFT}
    days = {"left_days": words.counted["left_days"]}
    # What is said of answers to whoever only looks on.
    own = {
        "you": said["visitor"],
        "stopped": said["stopped"],
        "half_kept": words.page["stopped_kept"],
        "none_kept": said["none_kept"],
    }
    script = pages.in_script({**words.script, **own, **left, **days})
    return (
        template(name)
        .render(
            base=assets().base,
            w={**words.page, **own},
            s=said,
            counted=words.count,
            language=language,
            direction=words.direction,
            nonce=nonce,
            reading=True,
            staff=True,
            words_json=Markup(script),  # noqa: S704 - our own
            **values,
        )
        .encode()
    )
