"""Hashing passwords, slowly on purpose, in two threads of their own and never without bound."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final

from parlour.kit.errors import Unavailable

ROUNDS: Final = 2
KIB: Final = 32_768
"""Memory for one hash. The two threads together take twice that, however many sign in."""

NOBODYS: Final = (
    "$argon2id$v=19$m=32768,t=2,p=1$Iw00ldGdZkdt7iJf6BLJJw"
    "$x+rKZjl4tfG8YeAW6/1vTaIGQ5XVjWFYbq5tTOfiwhc"
)
"""What is checked for an address nobody has, so that the answer takes as long as any other."""

_THREADS: Final = 2
_WAITING: Final = 40
"""Beyond so many in the queue, the next ones are told to come back."""


class _Line:
    """How many are being hashed or wait for it, in this process."""

    def __init__(self) -> None:
        self.length = 0
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")


_line = _Line()


async def hashed(password: str) -> str:
    """Hash a password for keeping; Unavailable when too many wait for that already."""
    made: str = await _in_thread(_hasher().hash, _plain(password))
    return made


async def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one that was kept; without one it takes as long and is False."""
    fitting = await _in_thread(_verified, kept or NOBODYS, _plain(password))
    return fitting and bool(kept)


def _verified(kept: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415 - as in _hasher

    try:
        return bool(_hasher().verify(kept, password))
    except VerifyMismatchError:
        return False


def _plain(password: str) -> str:
    # The same password typed on another keyboard may come in another form.
    return unicodedata.normalize("NFKC", password)


@cache
def _hasher() -> Any:
    # At first use: most processes never see a password.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(time_cost=ROUNDS, memory_cost=KIB, parallelism=1)


async def _in_thread(work: Any, *args: str) -> Any:
    if _line.length >= _WAITING:
        raise Unavailable("too many people are signing in just now", retry_after=3)
    _line.length += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_line.threads, work, *args)
    finally:
        _line.length -= 1
