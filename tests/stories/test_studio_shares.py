"""Sharing a conversation in the studio over HTTP: the form, the address, the list, taking back."""

import re

from parlour.rights import Role
from tests.rig.colleague import Colleague, joined
from tests.rig.details import tells_number
from tests.stories.test_shared import Guest

# The house of the conversations' stories, which is a fixture.
from tests.stories.test_studio_conversations import LIST, SAID, House, house, server

__all__ = ["house", "server"]


async def share(house: House, who: Colleague, path: str, **form: str) -> Guest:
    page = await who.post(path, form)
    assert page.status == 200, page.words
    (url,) = re.findall(r'aria-label="Address of the share">([^<]+)<', page.text)
    return Guest(house.http, house.server.url, house.server.keep_secret(url.rpartition("/")[2]))


async def test_shared_opened_and_taken_back(house: House) -> None:
    """SHR-07: from the conversation's page; who opened it stands in the list by their name."""
    await house.talked(SAID)
    (talk,) = await house.rows()
    path = f"{LIST}/{talk}/share"
    ben = await joined(house.owner, "ben@team.example", Role.OPERATOR.value)
    assert f'href="{path}"' in (await ben.get(f"{LIST}/{talk}")).text
    assert "show_personal" not in (await ben.get(path)).text
    dialog = await ben.get(path, **{"HX-Request": "true", "HX-Target": "dialog#dialog"})
    assert ("dialog__head" in dialog.text, "<html" in dialog.text) == (True, False)
    gus = await share(house, ben, path, mode="auto", hours="1", name="Gus Tailor")
    assert (await gus.send("hold", act="open")).status == 303
    page = await ben.get(path)
    assert "Opened by Gus Tailor" in page.words
    assert "Gus Tailor</bdi></b> answers here." in (await ben.get(f"{LIST}/{talk}")).text
    assert not tells_number((await gus.page()).text)
    (revoke,) = re.findall(rf'action="({path}/shr_[\w-]+/revoke)"', page.text)
    assert (await ben.post(revoke)).leads_to == f"{path}?said=share-revoked"
    assert (await gus.page()).status == 410
    assert "Taken back" in (await ben.get(path)).words
    assert (await ben.post(revoke)).status == 404
    assert "The assistant answers" in (await ben.get(f"{LIST}/{talk}")).text
    history = await house.owner.get("/studio/history")
    assert "shared a conversation with" in history.words
    assert "took back a share of a conversation with" in history.words


async def test_what_does_not_fit_and_who_may_not(house: House) -> None:
    """SHR-08: what a share lets do is decided by whoever may, and by nobody's form alone."""
    await house.talked(SAID)
    (talk,) = await house.rows()
    path = f"{LIST}/{talk}/share"
    ben = await joined(house.owner, "ben@team.example", Role.OPERATOR.value)
    for form in ({"hours": "0"}, {"other": "soon"}, {"mode": "root"}, {"name": "x" * 61}):
        wrong = await ben.post(path, {"mode": "view", "hours": "1", **form})
        assert wrong.status == 422, form
    shown = await ben.post(path, {"mode": "view", "hours": "1", "show_personal": "1"})
    assert (shown.status, "/share/" in shown.words) == (403, False)
    assert "Shared so far" not in (await ben.get(path)).words
    open_ = await share(house, house.owner, path, mode="view", other="0.5", show_personal="1")
    assert "7946" in (await open_.page()).text
    analyst = await joined(house.owner, "ann@team.example", Role.ANALYST.value)
    assert "/share" not in (await analyst.get(f"{LIST}/{talk}")).text
    for refused in (await analyst.get(path), await analyst.post(path, {"mode": "auto"})):
        assert refused.status == 403
    assert (await ben.get(f"{LIST}/cnv_x/share")).status == 404
