"""Forgetting in the studio over HTTP: first what goes, then it goes; and who may."""

from parlour.rights import Role
from tests.rig.colleague import joined

# The house of the conversations' stories, which is a fixture.
from tests.stories.test_studio_conversations import LIST, SAID, House, house, server

__all__ = ["house", "server"]


async def test_first_it_is_told_what_goes(house: House) -> None:
    vera = await house.talked(SAID)
    await vera.ask("DELETE", f"/api/public/session/{vera.token}")
    await vera.call("chat", json={"message": "And now?"})
    second, first = await house.rows()
    path = f"{LIST}/{first}/forget"
    assert f'href="{path}"' in (await house.owner.get(f"{LIST}/{first}")).text
    asked = await house.owner.get(path)
    assert "2 messages." in asked.words
    assert "2 conversations with 4 messages, 1 session" in asked.words
    dialog = await house.owner.get(path, **{"HX-Request": "true", "HX-Target": "dialog#dialog"})
    assert ("dialog__head" in dialog.text, "<html" in dialog.text) == (True, False)
    for form in ({}, {"what": "everything"}):
        wrong = await house.owner.post(path, form)
        assert (wrong.status, "Choose what shall be forgotten" in wrong.words) == (422, True)
    assert await house.rows() == [second, first]
    done = await house.owner.post(path, {"what": "conversation"})
    assert done.status == 303
    assert "The conversation has been forgotten." in (await house.owner.get(done.leads_to)).words
    assert await house.rows() == [second]
    assert (await house.owner.get(path)).status == 404
    assert (await house.owner.post(path, {"what": "visitor"})).status == 404
    done = await house.owner.post(f"{LIST}/{second}/forget", {"what": "visitor"})
    receipt = await house.owner.get(done.leads_to)
    assert "The visitor has been forgotten" in receipt.words
    reference = done.leads_to.partition("?")[0].rpartition("/")[2]
    assert reference in receipt.words
    found = await house.owner.get(f"/studio/receipts?reference={reference}")
    assert (found.status, found.leads_to) == (303, f"/studio/receipts/{reference}")
    assert reference in (await house.owner.get("/studio/receipts")).words
    assert (await house.owner.get("/studio/receipts/rcp_nothing")).status == 404
    assert await house.rows() == []
    history = (await house.owner.get("/studio/history")).words
    assert "forgot a visitor of" in history
    assert "forgot a conversation with" in history


async def test_receipts_list_a_visitor_of_whom_nothing_said_was_left(house: House) -> None:
    await house.talked(SAID)
    (talk,) = await house.rows()
    visitor = house.server.cli("conversation", "show", talk)["visitor"]["id"]
    house.server.cli("conversation", "forget", talk, "--yes")
    house.server.cli("visitor", "forget", visitor, "--yes")
    page = await house.owner.get("/studio/receipts")
    assert page.status == 200, page.words
    assert "0 messages" in page.words
    assert "2 messages" in page.words


async def test_whoever_only_answers_forgets_nothing(house: House) -> None:
    await house.talked(SAID)
    (talk,) = await house.rows()
    path = f"{LIST}/{talk}/forget"
    ben = await joined(house.owner, "ben@team.example", Role.OPERATOR.value)
    assert path not in (await ben.get(f"{LIST}/{talk}")).text
    assert (await ben.get(path)).status == 403
    assert (await ben.get("/studio/receipts")).status == 403
    assert (await ben.post(path, {"what": "visitor"})).status == 403
    lead = await joined(house.owner, "tess@team.example", Role.TEAM_LEAD.value)
    page = await lead.get(path)
    assert (page.status, "vera@visitors.example" in page.text) == (200, False)
    assert (await lead.post(path, {"what": "visitor"})).status == 303
