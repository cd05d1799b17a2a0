"""How a share ends for those who have its page open: from wherever it is ended, in a second."""

import pytest

from parlour import forgetting, sharing, staff
from parlour.rights import Role
from parlour.sharing import Mode, Wish
from parlour.staff import people
from parlour.staff.people import NewPerson
from tests.rig.visiting import Visit
from tests.stories.test_shared import guest_at, guest_of, talked


async def test_a_key_that_is_revoked_leaves_nobody_waiting(visit: Visit) -> None:
    """SHR-07, ISO-14: who came by its share is gone at once, and the agent answers again."""
    vera, ana, one = await talked(visit)
    gus = await guest_of(visit, ana, one, mode="auto", hours=1)
    await gus.send("hold", act="open")
    tools = visit.keeper.tools
    program = await staff.authenticate(tools, ana.key)
    async with vera.live(after="2") as stream:
        await staff.revoke_key(tools, visit.keeper.who, program.id)
        texts = [event.data.get("text") for event in await stream.until("control")]
        while "Guest has left. The assistant answers again." not in texts:
            texts.append((await stream.next("message")).data["text"])
    assert (await gus.page()).status == 410


@pytest.mark.parametrize("how", ["revoked", "key", "person", "right", "erased"])
async def test_another_process_ends_what_is_open(visit: Visit, how: str) -> None:
    """SHR-07, ISO-14: a command line beside the server, or another server, ends it: in a second.

    Nobody has to say so to this process; without the tail of events it would take 15 s.
    """
    _, _, one = await talked(visit)
    tools, who = visit.keeper.tools, visit.keeper.who
    conversation_id = one.rpartition("/")[2]
    wish = Wish(Mode.VIEW, 2, show_personal=how == "right")
    made = await staff.create_key(tools, who, how, Role.OPERATOR)
    if how in {"person", "right"}:
        new = NewPerson(who.workspace_id, f"{how}.{visit.link.id}@team.example", how,
                        Role.OPERATOR, "a long enough password", view_personal=True)  # fmt: skip
        sharer = people.person_who(await people.add(tools, who, new))
    else:
        sharer = await staff.authenticate(tools, made.secret)
    share = (await sharing.make(tools, sharer, conversation_id, wish)).share
    gus = guest_at(visit, share.url("", tools.keys))
    async with gus.live() as stream:
        await stream.next("done")
        if how == "revoked":
            await sharing.revoke(tools, who, conversation_id, share.id)
        elif how == "key":
            await staff.revoke_key(tools, who, sharer.id)
        elif how == "person":
            await people.disable(tools, who, sharer.id)
        elif how == "right":
            await people.change(tools, who, sharer.id, view_personal=False)
        else:
            await forgetting.forget_conversation(tools, who, conversation_id)
        problem = (await stream.next("refused")).data["problem"]
        expected = "not_found" if how == "erased" else "share_revoked"
        assert problem["code"] == expected
    assert (await gus.page()).status == (404 if how == "erased" else 410)
