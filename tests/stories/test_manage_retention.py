"""For how long what is said is kept: for programs and at the command line; visitors read it."""

import sqlalchemy as sa

from parlour.conversations.store import conversations
from parlour.kit.clock import DAY
from parlour.rights import Role
from tests.rig.managing import Office
from tests.rig.visiting import Visit
from tests.stories.test_manage_conversations import api_of, talked

PATH = "/api/retention"


async def test_programs_and_the_command_line(visit: Visit) -> None:
    """EXP-08: first what would go, then that somebody is sure; visitors read how long it is."""
    await talked(visit, "Long ago")
    keeper, name = visit.keeper, visit.agent.name
    older = sa.update(conversations).where(conversations.c.link_id == visit.link.id)
    older = older.values(last_message_at=conversations.c.last_message_at - 40 * DAY)
    await keeper.tools.db.write(lambda conn: conn.execute(older).rowcount)
    api = await api_of(visit)
    read = await api.get(PATH)
    mine = next(each for each in read.json["agents"] if each["agent_name"] == name)
    assert (read.json["days"], mine["own_days"], mine["days"]) == (0, None, 0)
    goes = (await api.get(f"{PATH}/preview?days=30&agent={name}")).json
    assert goes == {"conversations": 1, "messages": 2, "visitors": 0, "notes": 0, "memories": 0}
    wish = {"days": 30, "agent": name}
    asked = await api.put(PATH, wish)
    assert (asked.status, asked.code) == (409, "needs_confirmation")
    assert "1 conversation, 2 messages" in asked.json["detail"]
    put = await api.put(PATH, wish | {"sure": True}, If_Match=read.headers["ETag"])
    assert put.status == 200, put.body
    stale = await api.put(PATH, wish, If_Match=read.headers["ETag"])
    assert (stale.status, stale.code) == (412, "changed_meanwhile")
    for wrong in ({"days": -1}, {"days": 9_999}, {"days": "30"}, {}, {"days": 1, "x": 1}):
        assert (await api.put(PATH, wrong)).status in {400, 422}
    assert (await api.put(PATH, {"days": 1, "agent": "nobody"})).status == 404
    assert (await api.get(f"{PATH}/preview?days=x")).status in {400, 422}
    (person,) = visit.people
    page = (await person.page()).text
    assert "A conversation is deleted 30 days after its last message." in page
    yours = await person.ask("GET", f"/chat/{person.token}/yours")
    assert "A conversation is deleted 30 days after its last message." in yours.text
    cli = visit.server.cli
    told = cli("retention", "set", "--agent", name, "--as-all", "--yes")
    assert next(each for each in told["agents"] if each["agent_name"] == name)["own_days"] is None
    assert cli("retention", "preview", "30", "--agent", name) == goes
    assert "for ever" in visit.server.run("retention", "show").stdout
    assert visit.server.run("retention", "set").returncode == 2
    history = (await api.get("/api/events?kind=retention.changed&limit=2")).json["items"]
    assert [each["data"]["days"] for each in history] == [None, 30]


async def test_only_owners_say_so(office: Office) -> None:
    for role in set(Role) - {Role.OWNER}:
        other = await office.api(role)
        assert (await other.get(PATH)).status == (await other.put(PATH, {"days": 1})).status == 403
