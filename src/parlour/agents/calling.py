"""Calls a server that answers for an agent; tries again only while nothing has been said."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from parlour.agents.contract import BackendFailure
from parlour.agents.parts import one_line
from parlour.config import Settings
from parlour.kit.http import Blocked, Deadlines, RequestFailed, Response

Ask = Callable[[], AbstractAsyncContextManager[Response]]
Read = Callable[[Response], Awaitable[None]]
Adapt = Callable[[str], bool]
"""Given what came with a 400: whether the next request leaves out what was not understood."""

_WAITS: Final = (0.25, 0.75)
"""Seconds before the second and the third attempt."""
_LONGEST_WAIT: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a request got no reply, and whether asking again makes sense."""

    failure: BackendFailure
    retry: bool = False
    after: float = 0.0


def deadlines_of(settings: Settings) -> Deadlines:
    """Give a call the time that a reply may take."""
    return Deadlines(
        first_byte=settings.first_byte_timeout,
        idle=settings.silence_timeout,
        total=settings.reply_timeout,
    )


async def attempted(
    ask: Ask, read: Read, adapt: Adapt = lambda _said: False, *, secret: str = ""
) -> None:
    """Ask, and have `read` take the response; every failure is a BackendFailure.

    Asks up to three times while the server cannot be reached or says that it is busy, never again
    once a response has begun, and at once when `adapt` has found what to leave out. No failure
    tells the `secret`.
    """
    waits = list(_WAITS)
    try:
        while True:
            try:
                async with ask() as response:
                    if response.status < 300:
                        await read(response)
                        return
                    said = (await response.excerpt()).decode("utf-8", "replace")
                    if response.status in (400, 422) and adapt(said):
                        continue
                    refusal = _refusal(response.status, response.headers, said)
            except Blocked as blocked:  # told no more closely than when it was saved
                raise BackendFailure("unreachable", str(blocked)) from None
            except RequestFailed as failed:
                again = failed.code == "unreachable" and not failed.began
                refusal = _Refusal(BackendFailure(failed.code, str(failed)), retry=again)
            if not refusal.retry or not waits:
                raise refusal.failure
            await asyncio.sleep(max(waits.pop(0), refusal.after))
    except BackendFailure as failure:  # servers quote the key that they refuse
        message = str(failure).replace(secret, "[key]") if secret else str(failure)
        raise BackendFailure(failure.code, message) from None


def _refusal(status: int, headers: Mapping[str, str], said: str) -> _Refusal:
    failure = BackendFailure(_code(status), f"the server answered {status}{_reason(said)}")
    if status not in (429, 502, 503, 504):
        return _Refusal(failure)
    after = _retry_after(headers)
    return _Refusal(failure, retry=after <= _LONGEST_WAIT, after=after)


def _reason(said: str) -> str:
    """Return the reason that an error document of a known form gives; nothing of any other text."""
    try:
        document = json.loads(said)
    except ValueError:
        return ""
    for name in ("error", "detail", "message", "msg"):
        if isinstance(document, dict) and name in document:
            document = document[name]
        if isinstance(document, list) and document:
            document = document[0]
    return f": {one_line(document)}" if isinstance(document, str) else ""


def _code(status: int) -> str:
    if status == 429:
        return "rate_limited"
    if status in (401, 403, 404, 405) or 300 <= status < 400:
        return "misconfigured"
    return "unreachable" if status >= 500 else "refused"


def _retry_after(headers: Mapping[str, str]) -> float:
    written = headers.get("Retry-After", "").strip()
    if not written:
        return 0.0
    number = written.isascii() and written.isdigit() and len(written) < 10
    return float(written) if number else _LONGEST_WAIT + 1
