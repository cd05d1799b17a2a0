"""Files in all that is told of a message: webhooks, other devices, the command line."""

from pathlib import Path
from typing import Any

from parlour.rights import Role
from tests.rig import plays
from tests.rig.receiver import receiving
from tests.rig.visiting import Visit
from tests.rig.waiting import eventually
from tests.stories.test_files import open_visit, put
from tests.stories.test_manage_conversations import api_of
from tests.stories.test_manage_devices import known
from tests.stories.test_public_verify import EMAILS, asks

__all__ = ["open_visit"]

NAME = "vera-notes-3391.md"
CANARY = "canary-7702"


async def test_a_file_is_told_of_as_far_as_one_may_see_it(
    open_visit: Visit, tmp_path: Path
) -> None:
    """WHK-01, XSS-07, PRV-06: whole to her other device and to who sees personal details."""
    visit = open_visit
    await asks(visit, verify="after", verify_after=50)
    owner = await api_of(visit, Role.OWNER, view_personal=True)
    email = next(EMAILS)
    vera, code = await known(visit, email)
    visit.model.plays(plays.reply("Hello."))
    await vera.say("Hello")
    await vera.settled()
    phone, _ = await known(visit, email, code)
    async with receiving() as sees, receiving() as masked, phone.live() as stream:
        for receiver, personal in ((sees, True), (masked, False)):
            wish = {"name": "CRM", "url": receiver.url, "personal": personal}
            made = await owner.post("/api/webhooks", {**wish, "events": ["message.created"]})
            assert made.status == 201, made.json
            receiver.secret = made.json["secret"]
            visit.server.keep_secret(receiver.secret)
        (file,) = (await put(vera, NAME, CANARY.encode())).json["files"]
        visit.model.plays(plays.reply("Read."))
        said = await vera.say("Please read", files=[file["id"]])
        assert said.status == 202

        # On her phone, while she looks at it: by an address that its own session opens.
        told: dict[str, Any] = {}
        while told.get("text") != "Please read":
            told = (await stream.next("message")).data
        (shown,) = told["files"]
        assert (shown["name"], shown["kind"], shown["size"]) == (NAME, "text", len(CANARY))
        assert (await phone.ask("GET", shown["url"])).body == CANARY.encode()
        assert (await visit.visitor().ask("GET", shown["url"])).status in {401, 404}

        def of_it(receiver: Any) -> Any:
            created = [each["data"] for each in receiver.took if each["data"]["message"]]
            return next((each for each in created if each["message"]["files"]), None)

        whole = await eventually(lambda: of_it(sees))
        hidden = await eventually(lambda: of_it(masked))
    talk = whole["conversation_id"]
    path = f"/api/conversations/{talk}/files/{file['id']}"
    kept = {"kind": "text", "media_type": "text/plain", "size": len(CANARY)}
    assert whole["message"]["files"] == [{"id": file["id"], "name": NAME, "path": path, **kept}]
    assert hidden["message"]["files"] == [{"id": "", "name": "", "path": "", **kept}]
    assert NAME not in str(masked.took)
    assert file["id"] not in str(masked.took)
    assert (await owner.get(path)).body == CANARY.encode()

    # At the command line, which is the host's.
    to = tmp_path / "notes.md"
    told = visit.server.cli("conversation", "file", talk, file["id"], "--to", str(to))
    assert told == {"file": str(to), "bytes": len(CANARY)}
    assert to.read_text() == CANARY
    none = visit.server.run("conversation", "file", talk, "att_" + "A" * 22, "--to", str(to))
    assert (none.returncode, "no such file" in none.stderr) == (1, True)
    await vera.settled()
