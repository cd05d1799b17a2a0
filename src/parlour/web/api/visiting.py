"""Which visitor a call is about: their session, wherever it travels, and the door they stand at."""

from collections.abc import Awaitable, Callable

from parlour.entrance import Door, NoSuchSession, admitted
from parlour.tools import Tools
from parlour.web import sessions
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked

Find = Callable[[Tools, str, str | None], Awaitable[Door]]
"""Finds a door that is good enough for what is asked."""


class Session(Strict, frozen=True):
    """Which session a call is about, where no cookie travels."""

    session_token: str | None = None
    session_id: str | None = None


def fields_of(data: Session | None) -> tuple[str | None, str | None]:
    """Return in which fields a session may have come."""
    return (None, None) if data is None else (data.session_id, data.session_token)


def secret_of(request: Asked, tools: Tools, token: str, *fields: str | None) -> str | None:
    """Return the session of a request, wherever it travels; None without one."""
    held = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    return sessions.explicit(request, *fields) or held


async def visitor_of(
    request: Asked, tools: Tools, token: str, *fields: str | None, find: Find = admitted
) -> Door:
    """Find the door together with the visitor's session.

    Raises:
        NotFound: a session that is nobody's, or somebody's on another link.
        Refused: the door is closed.
    """
    secret = secret_of(request, tools, token, *fields)
    door = await find(tools, token, secret)
    if door.visitor_id is None:
        raise NoSuchSession("there is no such session on this link")
    return door
