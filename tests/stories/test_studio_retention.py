"""For how long what is said is kept, in the studio: what goes is said first, and asked for."""

import re

import sqlalchemy as sa

from parlour.conversations.store import conversations
from parlour.rights import Role
from tests.rig.colleague import joined
from tests.rig.keeper import keeping

# The house of the conversations' stories, which is a fixture.
from tests.stories.test_studio_conversations import SAID, House, house, server

__all__ = ["house", "server"]
PAGE = "/studio/retention"


async def test_in_the_studio(house: House) -> None:
    """Forms keep what was typed; what goes is said, and asked for; two editors."""
    await house.talked(SAID)
    (talk,) = await house.rows()
    odin = await joined(house.owner, "odin@team.example", Role.OPERATOR.value, "Odin")
    assert (await odin.get(PAGE)).status == (await odin.post(PAGE)).status == 403
    older = sa.update(conversations).values(last_message_at=1)
    async with keeping(house.server.storage, house.server.url) as keeper:
        await keeper.tools.db.write(lambda conn: conn.execute(older).rowcount)
    first = await house.owner.get(PAGE)
    (seen,) = re.findall(r'name="seen" value="(\d+)"', first.text)
    form = {"agent": "", "days": "30", "seen": seen}
    tried = await house.owner.post(PAGE, {**form, "act": "try"})
    assert "1 conversation, 2 messages" in tried.words
    assert 'value="sure"' not in tried.text
    asked = await house.owner.post(PAGE, form)
    assert (asked.status, 'value="sure"' in asked.text) == (409, True)
    assert 'value="30"' in asked.text
    odd = await house.owner.post(PAGE, {**form, "days": "soon"})
    assert (odd.status, 'value="soon"' in odd.text) == (422, True)
    done = await house.owner.post(PAGE, {**form, "act": "sure"})
    assert "Saved." in (await house.owner.get(done.leads_to)).words
    late = await house.owner.post(PAGE, {**form, "days": "60"})
    assert (late.status, 'value="60"' in late.text) == (412, True)
    assert "changed for how long is kept" in (await house.owner.get("/studio/history")).words
    assert await house.rows() == [talk], "it goes within the hour, not at once"
