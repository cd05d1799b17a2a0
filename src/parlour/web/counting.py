"""Counting what visitors send and ask for, and telling in headers how much more of it goes."""

from collections.abc import Awaitable, Callable

from parlour.chat.turns import Said
from parlour.entrance import NOTHING_BROUGHT, Brought, Paced, Ticket, paced, ticket, uncounted
from parlour.kit.errors import TooMany
from parlour.kit.limits import Limit
from parlour.tools import Tools
from parlour.web import framing, tongues
from parlour.web.gates import Asked
from parlour.web.peers import place_of


def ticket_of(
    request: Asked,
    tools: Tools,
    token: str,
    session: str | None,
    start: str | None = None,
    *,
    known: bool = False,
    brought: Brought = NOTHING_BROUGHT,
) -> Ticket:
    """Make the ticket of a request, which knows where it comes from; errors as of `ticket`."""
    place = place_of(request.scope, tools, "messages")
    language = tongues.named(request.scope) or None
    return ticket(
        tools,
        token,
        session,
        start,
        known=known,
        place=place,
        language=language,
        host=framing.host(request.scope),
        brought=brought,
    )


class Counted:
    """A message of a visitor, counted before it is stored."""

    def __init__(self, ticket: Ticket, message: str = "") -> None:
        """Count nothing yet."""
        self._ticket = ticket
        self._message = message
        self._passed: Paced | None = None
        self._allowance: tuple[int, int, int] | None = None

    async def say(self, verb: Callable[[], Awaitable[Said]]) -> Said:
        """Count, and store it; one that had been sent before does not count again."""
        await self.judge()
        said = await verb()
        if said.repeated:
            await uncounted(self._ticket.tools, self._passed)
        self._allowance = said.visit.allowance
        return said

    async def judge(self) -> None:
        """Count; Refused for a shut door, a message that is too long, or one too many."""
        self._passed = await paced(self._ticket, self._message)

    def headers(self) -> dict[str, str]:
        """Return what an answer tells: the limit that is nearest, and the tokens of the day."""
        policies, left = [], []
        if self._passed is not None:
            pace = self._passed.pace
            policies.append(f'"minute";q={pace.limit.most};w={pace.limit.window // 1000}')
            left.append(f'"minute";r={pace.left};t={pace.seconds}')
        if self._allowance is not None:
            tokens, more, seconds = self._allowance
            policies.append(f'"tokens";q={tokens};w=86400')
            left.append(f'"tokens";r={more};t={seconds}')
        if not policies:
            return {}
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)}


async def spared(request: Asked, tools: Tools, what: str) -> None:
    """Count something that costs more than most; TooMany when this place asks too often."""
    most = tools.settings.pages_per_minute
    if not most:
        return
    pace = await tools.limits.hit([Limit(place_of(request.scope, tools, what), most)])
    if not pace.passed:
        raise TooMany("that was asked for too often", retry_after=pace.seconds, per_minute=most)
