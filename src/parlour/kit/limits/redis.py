"""Moving windows that all processes share: one script in Redis judges and counts an event.

Without Redis every process counts in its own memory, with its share of each limit: what is allowed
divided by how many processes were there when Redis last answered. Nothing is ever left open.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from redis.exceptions import RedisError, ResponseError

from parlour.kit.bus.lanes import Command, connector
from parlour.kit.bus.sender import Sender
from parlour.kit.limits.base import Limit, Pace
from parlour.kit.limits.memory import Windows
from parlour.kit.tokens import new_id

log = structlog.get_logger("parlour.limits")

_PATIENCE: Final = 0.5
"""Seconds that a visitor waits for Redis before this process judges by itself."""
_REST: Final = 2.0
"""Seconds for which a Redis that did not answer in time is not asked again."""
_UNKNOWN: Final = 2
"""How many processes there are as long as nobody could say."""
_KEY: Final = "parlour:limit:"
_HIT: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local calm, mark = tonumber(ARGV[1]), ARGV[2]
local passed, nearest, left, wait, quiet = 1, 0, 0, 0, false
for i, key in ipairs(KEYS) do
  local most, kept, window = tonumber(ARGV[3*i]), tonumber(ARGV[3*i+1]), tonumber(ARGV[3*i+2])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local count = redis.call('ZCARD', key)
  if i == 1 then quiet = count < calm end
  if not quiet then most = math.max(1, most - kept) end
  local ok = count < most
  local at = ok and 0 or count - most
  local first = redis.call('ZRANGE', key, at, at, 'WITHSCORES')
  local free = (first[2] and first[2] + window or now + window) - now
  local rest = math.max(0, most - count - 1)
  if not ok then
    if passed == 1 or free > wait then nearest, left, wait = i, 0, free end
    passed = 0
  elseif passed == 1 and (nearest == 0 or rest < left) then
    nearest, left, wait = i, rest, free
  end
end
if passed == 1 then
  for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, mark)
    redis.call('PEXPIRE', key, ARGV[3*i+2])
  end
end
local here = redis.call('PUBSUB', 'NUMSUB', 'parlour:all')
return {passed, nearest, left, wait, here[2]}
"""
"""Every process listens to `parlour:all`: so many there are."""


class _Nothing:
    """What the connection sends of itself."""

    def renew(self) -> None:
        """Take note of nothing."""

    def collect(self) -> tuple[list[Command], Callable[[], None]]:
        """Send nothing."""
        return [], lambda: None


class RedisLimits:
    """Limits over Redis; what it lets through is counted here, too, for when it goes away."""

    def __init__(self, url: str) -> None:
        """Begin disconnected."""
        self._sender = Sender(connector(url), _Nothing(), 0.0)
        self._windows = Windows()
        self._origin = new_id("lim")
        self._count = 0
        self._company = _UNKNOWN
        self._resting = 0.0
        self._script = ""

    async def start(self) -> None:
        """Begin to connect."""
        self._sender.start()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._sender.stop()

    async def hit(self, limits: Sequence[Limit], calm: int = 0) -> Pace:
        """Count an event against all of these, or against none; in all processes together."""
        loop = asyncio.get_running_loop()
        if self._sender.up and loop.time() >= self._resting:
            try:
                async with asyncio.timeout(_PATIENCE):
                    return await self._ask(limits, calm)
            except (OSError, RedisError, TimeoutError) as error:
                self._resting = loop.time() + _REST
                log.warning("limits.alone", reason=type(error).__name__, share=self._company)
        return self._windows.hit(limits, calm, self._company)

    async def take_back(self, limits: Sequence[Limit], pace: Pace) -> None:
        """Uncount an event that turned out to be none; best effort."""
        self._windows.take_back(limits)
        if not pace.mark or not self._sender.up:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                asked = [self._sender.ask("ZREM", _KEY + each.key, pace.mark) for each in limits]
                await asyncio.gather(*asked)
        except (OSError, RedisError, TimeoutError) as error:
            log.info("limits.not_taken_back", reason=type(error).__name__)

    async def _ask(self, limits: Sequence[Limit], calm: int) -> Pace:
        self._count += 1
        mark = f"{self._origin}{self._count}"
        given: list[str | int] = [calm, mark]
        for limit in limits:
            given += [limit.most, limit.kept, limit.window]
        keys = [_KEY + limit.key for limit in limits]
        answer = await self._run(len(keys), *keys, *given)
        passed, nearest, left, wait, here = (int(each) for each in answer)
        self._company = max(1, here)
        if passed:
            self._windows.note(limits)
        return Pace(bool(passed), limits[nearest - 1], left, wait, mark)

    async def _run(self, *arguments: str | int) -> Any:
        if self._script:
            answer = await self._sender.ask("EVALSHA", self._script, *arguments)
            if not isinstance(answer, ResponseError) or "NOSCRIPT" not in str(answer):
                return _good(answer)
        self._script = _good(await self._sender.ask("SCRIPT", "LOAD", _HIT)).decode()
        return _good(await self._sender.ask("EVALSHA", self._script, *arguments))


def _good(answer: Any) -> Any:
    if isinstance(answer, RedisError):
        raise answer
    return answer
