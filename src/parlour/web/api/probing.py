"""What the doctor is answered when it comes in as visitors do: how its request looked here."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from litestar import get
from litestar.datastructures import Cookie

from parlour.kit import probe
from parlour.kit.clock import SECOND
from parlour.kit.errors import NotFound
from parlour.tools import Tools
from parlour.web import peers
from parlour.web.gates import OPEN, Asked
from parlour.web.sessions import secure
from parlour.web.sse import EventStream

_LAST: Final = b"data: {}\n\n"


@get(probe.PATH + "{word:str}", opt={"gate": OPEN}, include_in_schema=False, sync_to_thread=False)
def probed(word: str, request: Asked, tools: Tools) -> EventStream:
    """Tell `parlour doctor` how its request looked here; 404 for everybody else."""
    if not probe.is_fresh(tools.keys, word, tools.clock.now()):
        raise NotFound("there is nothing here")
    settings = tools.settings
    end = peers.other_end(request.scope, settings.trusted_proxies)
    seen = probe.Seen(
        proof=probe.proof(tools.keys, word),
        peer=end.address,
        place=peers.peer(request.scope, settings.trusted_proxies, settings.ipv6_prefix),
        believed=end.is_trusted,
        forwarded=end.forwards,
        secure=secure(settings),
    )
    answer = EventStream(_told(seen))
    answer.cookies.append(
        Cookie(
            key=probe.COOKIE,
            value="arrived",
            path=probe.PATH,
            max_age=1,
            secure=seen.secure,
            httponly=True,
            samesite="lax",
        )
    )
    return answer


async def _told(seen: probe.Seen) -> AsyncIterator[bytes]:
    yield b"data: %b\n\n" % msgspec.json.encode(seen)
    await asyncio.sleep(probe.APART / SECOND)
    yield _LAST
