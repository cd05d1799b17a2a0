"""Telling a team's program: signed, again until it is taken, and no more once it is gone."""

import orjson
from standardwebhooks import Webhook

from parlour import calling, takeover
from parlour.calling import trying
from parlour.kit.errors import Unavailable
from parlour.kit.http import RequestFailed
from parlour.kit.queue import Job
from parlour.staff.teams import hooks
from parlour.staff.teams import store as team_rows
from parlour.staff.teams.hooks import Ways
from tests.rooms.test_calling import House, house

__all__ = ["house"]


async def hooked(house: House) -> str:
    """Give the team a program; answers with its secret."""
    told = await hooks.change(
        house.tools, house.owner, house.team_id, Ways(True, "https://hook.example/in")
    )
    assert told.secret is not None
    return told.secret


async def test_a_team_without_mails_is_told_by_its_program(house: House) -> None:
    """WHK-01: signed, stable over retries, the body byte by byte; nothing of what was said."""
    secret = await hooked(house)
    await hooks.change(
        house.tools, house.owner, house.team_id, Ways(False, "https://hook.example/in")
    )
    await house.asks()
    house.program.status = 500
    (failed,) = await house.runs()
    assert isinstance(failed, Unavailable)
    (telling,) = (await house.handoff()).tellings
    assert (telling.way, telling.done_at, house.mailed()) == ("webhook", None, [])
    house.program.status = 204
    await calling.send(house.tools, Job("job", calling.SEND, {"telling": telling.id}, 2, 2))
    first, second = house.program.calls
    assert first[0]["webhook-id"] == second[0]["webhook-id"] == telling.id
    told = Webhook(secret).verify(second[1], second[0])
    assert told["type"] == "handoff.requested"
    assert told["data"]["conversation_id"] == house.talk.id
    assert "/share/" in told["data"]["answer_url"]
    assert "speak" not in orjson.dumps(told).decode()
    (telling,) = (await house.handoff()).tellings
    assert telling.done_at is not None
    await calling.send(house.tools, Job("job", calling.SEND, {"telling": telling.id}, 3, 3))
    assert len(house.program.calls) == 2, "told once"


async def test_what_is_on_hold_when_somebody_is_named_is_not_told_any_more(house: House) -> None:
    """WHK-01: a call and a mail that failed, and the handoff is handed to a colleague meanwhile."""
    await hooked(house)
    house.program.status = 500
    house.post.fails = Unavailable("the mail server is away")
    await house.asks()
    assert {type(each) for each in await house.runs()} == {Unavailable}
    on_hold = (await house.handoff()).tellings
    assert {each.way for each in on_hold} == {"mail", "webhook"}
    await takeover.hand_over(house.tools, house.owner, house.talk.id, house.ids["Odin"])
    house.program.status, house.post.fails = 204, None
    calls = len(house.program.calls)
    for each in on_hold:
        await calling.send(house.tools, Job("job", calling.SEND, {"telling": each.id}, 2, 2))
    assert (house.mailed(), len(house.program.calls)) == ([], calls)
    told = {each.trouble for each in (await house.handoff()).tellings}
    assert told == {"it was over before this could be told"}


async def test_a_program_that_is_gone_is_told_no_more(house: House) -> None:
    """WHK-02: 410 turns it off, and the team's page says so; a silent one is tried again."""
    await hooked(house)
    house.program.fails = RequestFailed("timeout", "no answer")
    await house.asks()
    assert [str(each) for each in await house.runs()] == ["the program: timeout"]
    house.program.fails, house.program.status = None, 410
    (telling,) = [each for each in (await house.handoff()).tellings if each.way == "webhook"]
    await calling.send(house.tools, Job("job", calling.SEND, {"telling": telling.id}, 2, 2))
    team = await house.tools.db.read(team_rows.find, house.owner.workspace_id, house.team_id)
    assert team.hook_url is None
    assert "410" in (team.hook_trouble or "")
    assert (await trying.hook(house.tools, team))[0] is False


async def test_a_secret_is_another_host_s_own_and_never_in_plain(house: House) -> None:
    """API-10: kept sealed, shown once; the same host keeps it, a new one gets its own."""
    secret = await hooked(house)
    team = await house.tools.db.read(team_rows.find, house.owner.workspace_id, house.team_id)
    assert secret not in repr(team)
    assert secret not in (team.hook_secret or "")
    ways = Ways(True, "https://hook.example/other")
    assert (await hooks.change(house.tools, house.owner, house.team_id, ways)).secret is None
    ways = Ways(True, "https://elsewhere.example/in")
    made = (await hooks.change(house.tools, house.owner, house.team_id, ways)).secret
    assert made not in (None, secret)
