"""What is personal, in the studio: patterns, and seeing what is hidden for a reason, a while."""

import json
import re

from parlour.rights import Role
from tests.rig.colleague import joined
from tests.rig.details import tells_number

# The house of the conversations' stories, which is a fixture.
from tests.stories.test_studio_conversations import LIST, SAID, House, house, server

__all__ = ["house", "server"]

HERS = "I am KD-48213"
WHY = "Calls back about the delivery to vera@visitors.example"


async def test_a_team_lead_says_why_and_sees_one_conversation(house: House) -> None:
    """SHR-03: the page, its stream; hidden again at once, and all of it in the history."""
    await house.talked(SAID, "And now?")
    await house.talked(SAID)
    tess = await joined(house.owner, "tess@team.example", Role.TEAM_LEAD.value, "Tess")
    odin = await joined(house.owner, "odin@team.example", Role.OPERATOR.value, "Odin")
    other, talk = await house.rows()
    one, ask = f"{LIST}/{talk}", f"{LIST}/{talk}/reveal"
    assert f'href="{ask}"' in (await tess.get(one)).text
    assert "reveal" not in (await odin.get(one)).text
    assert (await odin.get(ask)).status == 403
    assert (await odin.post(ask, {"reason": WHY})).status == 403
    dialog = await tess.get(ask, **{"HX-Request": "true", "HX-Target": "dialog#dialog"})
    assert ("dialog__head" in dialog.text, "<html" in dialog.text) == (True, False)
    refused = await tess.post(ask, {"reason": "no"})
    assert (refused.status, 'value="no"' in refused.text) == (422, True)
    partly = {"HX-Request": "true", "HX-Target": "dialog#dialog"}
    assert (await tess.post(ask, {"reason": WHY}, **partly)).headers["HX-Redirect"] == one
    page = await tess.get(one)
    assert "7946 0018" in page.text
    assert "Personal details are shown to you until" in page.words
    lane, _, _ = page.text.partition('class="talk"')
    assert not tells_number(lane)
    for elsewhere in (LIST, f"{LIST}/{other}"):
        assert not tells_number((await tess.get(elsewhere)).text)
    stream = house.stream(tess, f"{one}/live")
    first = await anext(stream)
    assert "7946 0018" in str(first)
    assert (await tess.post(f"{LIST}/{talk}/hide")).leads_to == f"{one}?said=hidden-again"
    async for event in stream:
        if event.get("event") == "refused":
            assert json.loads(event["data"])["problem"]["code"] == "reveal_over"
    assert not tells_number((await tess.get(one)).text)
    history = (await house.owner.get("/studio/history")).words
    assert "had personal details shown in a conversation with" in history
    assert f": “ {WHY} ”" in history
    assert "hid personal details again" in history


async def test_an_owner_says_what_else_is_personal(house: House) -> None:
    """Forms keep what was typed; the second of two editors is told; trying keeps nothing."""
    await house.talked(HERS)
    odin = await joined(house.owner, "odin@team.example", Role.OPERATOR.value, "Odin")
    path, owner = "/studio/privacy", house.owner
    assert (await odin.get(path)).status == (await odin.post(path)).status == 403
    (talk,) = await house.rows()
    assert "KD-48213" in (await odin.get(f"{LIST}/{talk}")).text
    (seen,) = re.findall(r'name="seen" value="(\d+)"', (await owner.get(path)).text)
    form = {"patterns": "KD-#####", "reveal": "answering", "sample": HERS, "seen": seen}
    tried = await owner.post(path, {**form, "act": "try"})
    assert ("I am •••••" in tried.words, f">\n{HERS}</textarea>" in tried.text) == (True, True)
    assert "KD-48213" in (await odin.get(f"{LIST}/{talk}")).text, "it was only tried"
    refused = await owner.post(path, {**form, "patterns": "KD-#####\n*x"})
    assert (refused.status, "KD-#####\n*x</textarea>" in refused.text) == (422, True)
    assert "“*x”" in refused.words
    assert (await owner.post(path, form)).leads_to == f"{path}?said=saved"
    assert "KD-48213" not in (await odin.get(f"{LIST}/{talk}")).text
    late = await owner.post(path, {**form, "patterns": "AB-###"})
    assert (late.status, "AB-###" in late.text) == (412, True)
    assert "Olga changed this meanwhile" in late.words
    ask = f"{LIST}/{talk}/reveal"
    assert (await odin.post(ask, {"reason": WHY})).leads_to == f"{LIST}/{talk}"
    assert "KD-48213" in (await odin.get(f"{LIST}/{talk}")).text
    await owner.post(path, {**form, "reveal": "nobody", "seen": seen_on(await owner.get(path))})
    assert "KD-48213" not in (await odin.get(f"{LIST}/{talk}")).text
    assert "changed what is personal here" in (await owner.get("/studio/history")).words


def seen_on(page: object) -> str:
    (seen,) = re.findall(r'name="seen" value="(\d+)"', getattr(page, "text", ""))
    return str(seen)
