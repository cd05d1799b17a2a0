"""Taking a conversation away from the studio: files, and the page to print."""

import json

from parlour.rights import Role
from tests.rig import plays
from tests.rig.colleague import joined

# The house of the conversations' stories, which is a fixture.
from tests.stories.test_studio_conversations import LIST, SAID, House, house, server, tells

__all__ = ["house", "server"]

FORMS = ("messages.csv", "variables.csv", "conversation.json", "visitor.json", "print")


async def test_files_and_the_page_as_somebody_may_see_them(house: House) -> None:
    """SHR-03: the owner's, and a team lead's, byte for byte."""
    person = await house.talked(SAID)
    house.server.cli("agent", "sharing", "shop", "--files", "text")
    params = {"filename": "receipt-5577.txt"}
    (sent,) = (await person.call("files", params=params, data=b"paid")).json["files"]
    house.model.plays(plays.reply("Thanks."))
    await person.call("chat", json={"message": "My receipt", "files": [sent["id"]]})
    (talk,) = await house.rows()
    page = await house.owner.get(f"{LIST}/{talk}")
    tess = await joined(house.owner, "tess@team.example", Role.TEAM_LEAD.value)
    for form in FORMS:
        path = f"{LIST}/{talk}/{form}"
        # Nothing was collected, and there is no other conversation of this visitor.
        is_offered = form not in {"variables.csv", "visitor.json"}
        assert (f'href="{path}"' in page.text) is is_offered, form
        for who, sees in ((house.owner, True), (tess, False)):
            got = await who.get(path)
            assert got.status == 200, path
            is_file = got.headers.get("Content-Disposition", "").startswith("attachment")
            assert is_file is (form != "print")
            if form != "variables.csv":
                assert "vera-heron-5821" in got.text
                assert tells(got.text) is sees, path
        assert (await house.owner.get(f"{LIST}/nothing/{form}")).status == 404
    whole = json.loads((await tess.get(f"{LIST}/{talk}/conversation.json")).text)
    assert whole["masked"] is True
    printed = await tess.get(f"{LIST}/{talk}/print")
    assert "Personal details are hidden." in printed.words
    assert "Printed by Ben" in printed.words
    assert "Hidden 1 kB" in printed.words
    assert "receipt-5577.txt 1 kB" in (await house.owner.get(f"{LIST}/{talk}/print")).words
    history = (await house.owner.get("/studio/history")).words
    assert "downloaded a conversation with" in history
