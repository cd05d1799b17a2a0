"""Limits that processes share over Redis, and what holds while it is away."""

import asyncio

import pytest

from parlour.kit.limits import Limit, Pace
from parlour.kit.limits.redis import RedisLimits
from parlour.kit.tokens import new_id
from tests.rig.services import Redis
from tests.rig.waiting import eventually


async def _connected(url: str) -> RedisLimits:
    made = RedisLimits(url)
    await made.start()

    async def up() -> bool:
        return made._sender.up

    await eventually(up)
    return made


def _passed(paces: list[Pace]) -> int:
    return sum(each.passed for each in paces)


@pytest.mark.parametrize("most", [1, 20])
async def test_no_more_pass_than_may_in_all_processes(redis: Redis, most: int) -> None:
    """RLB-05: fifty at once in two processes, exactly at the limit."""
    here, there = await _connected(redis.url), await _connected(redis.url)
    limits = [Limit(new_id("key"), 100), Limit(new_id("key"), most)]
    hits = [each.hit(limits) for each in (here, there) for _ in range(25)]
    paces = await asyncio.gather(*hits)
    assert _passed(paces) == most
    refused = next(each for each in paces if not each.passed)
    assert refused.limit is limits[1]
    assert 1 <= refused.wait <= 60_000
    assert (await here.hit(limits[:1])).left == 100 - most - 1, "none else was counted"
    await here.close()
    await there.close()


async def test_the_window_moves_and_what_is_taken_back_is_free(redis: Redis) -> None:
    limits = await _connected(redis.url)
    short = [Limit(new_id("key"), 1, window=2_000)]
    assert (await limits.hit(short)).passed
    refused = await limits.hit(short)
    assert not refused.passed
    await asyncio.sleep(refused.wait / 1000 + 0.01)
    again = await limits.hit(short)
    assert again.passed
    await limits.take_back(short, again)
    assert (await limits.hit(short)).passed
    await limits.close()


async def test_the_kept_share(redis: Redis) -> None:
    """RLB-13, as in memory."""
    limits = await _connected(redis.url)
    link = Limit(new_id("key"), 8, kept=2)
    for n in range(8):
        assert (await limits.hit([Limit(new_id("key"), 20), link])).passed is (n < 6)
    own = Limit(new_id("key"), 20)
    assert [(await limits.hit([own, link], 3)).passed for _ in range(3)] == [True, True, False]
    await limits.close()


async def test_without_redis_it_counts_by_itself() -> None:
    """RLB-06: never open, and never more than a share."""
    own = Redis()
    limits = await _connected(own.url)
    key = [Limit(new_id("key"), 10)]
    for _ in range(3):
        assert (await limits.hit(key)).passed
    limits._company = 2  # as Redis said when another process was there
    own.close()
    paces = [await limits.hit(key) for _ in range(10)]
    assert _passed(paces) == 2, "five are its share, and three of them were used before"
    await limits.close()


async def test_a_redis_that_forgot_the_script_is_told_again() -> None:
    own = Redis()
    limits = await _connected(own.url)
    key = [Limit(new_id("key"), 10)]
    await limits.hit(key)
    await limits._sender.ask("SCRIPT", "FLUSH")
    assert (await limits.hit(key)).left == 8
    own.close()
    await limits.close()
