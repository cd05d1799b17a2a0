"""Workspaces are apart at the command line, too: what is another's is not there, by every command.

The commands come from the command line's own tree: a new one that takes something is tried at
once, or fails until it is known what it takes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest
from click.testing import CliRunner

from parlour import cli, workspaces
from parlour.kit import observe
from tests.rig.managing import Office
from tests.rig.model import FakeModel
from tests.rig.neighbours import furnished, never
from tests.rig.server import Server
from tests.rig.storage import SQLITE

MAKES: Final = {
    *("workspace create", "staff add", "team create", "agent create", "canned add"),
    *("webhook create", "event export", "message search", "message questions", "mail test"),
    *("backup", "restore"),
}
"""Commands whose arguments name nothing that is there."""
OF: Final = {
    "agent": "name",
    "link_ids": "link_id",
    "which": "webhook_id",
    "reference": "receipt_id",
}
"""What an argument names, where its name is not that of an id."""
GIVEN: Final = {
    "document": "x.md",
    "version": "1",
    "text": "x",
    "message": "x",
    "delivery": "dlv_x",
    "days": "30",
    "file": "{file}",
    "files": "{file}",
    "to": "nobody@team.example",
}
"""What is nobody's."""
MORE: Final = {
    "staff role": ["--role", "operator"],
    "staff password": ["--password-stdin"],
    "link change": ["--name", "x"],
    "widget change": ["--name", "x"],
    "agent edit": ["--description", "x"],
    "canned change": ["--text", "x"],
    "team edit": ["--name", "x"],
    "identity create": ["--name", "x"],
    "widget create": ["--name", "x"],
    "webhook change": ["--name", "x"],
    **{f"conversation {each}": ["--to", "{file}"] for each in ("download", "file")},
    "visitor download": ["--to", "{file}"],
    **{each: ["--agent", "{agent}"] for each in ("retention preview", "retention set")},
    "conversation complete": ["--reason", "solved"],
}


def leaves(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, (*path, name))


def arguments(command: click.Command) -> list[str]:
    return [str(each.name) for each in command.params if isinstance(each, click.Argument)]


def named(words: str, argument: str, ids: dict[str, str]) -> str:
    """What stands in the place of an argument."""
    group = words.split(maxsplit=1)[0]
    if argument == "name":
        return ids["team_name" if group == "team" else "name"]
    if argument in {"email", "shortcut"}:
        return ids[argument]
    return GIVEN.get(argument) or ids[OF.get(argument, argument)]


@pytest.fixture
async def theirs_and_mine(
    office: Office, another_office: Office, house: Server, model: FakeModel
) -> tuple[dict[str, str], str]:
    """Ids of the neighbours' things, and the name of one's own workspace."""
    theirs = await furnished(another_office, house, model)
    people = (await theirs.api.get("/api/people")).json["items"]
    theirs.ids |= {"email": people[0]["email"], "shortcut": "hi", "team_name": "Desk"}
    every = await office.keeper.tools.db.read(workspaces.every)
    (slug,) = [each.slug for each in every if each.id == office.who.workspace_id]
    return theirs.ids, slug


OPTIONS: Final = {
    "agent": "name",
    "agents": "name",
    "link": "link_id",
    "team": "team_name",
    "people": "email",
    "person": "email",
    "conversation": "conversation_id",
    "visitor": "visitor_id",
}
"""Options that choose by what somebody has."""
NOTHING: Final = re.compile(r"(parlour: )?(there is no|nobody here has|there is nobody)")


def tried(house: Server, line: list[str], ids: dict[str, str]) -> tuple[int, str]:
    """Run a command in this process; its status and what it said, without the ids."""
    ran = CliRunner().invoke(cli.parlour, line, env=house.environment, input="x" * 20)
    text = f"{ran.output}{ran.exception or ''}"
    for value in sorted(ids.values(), key=len, reverse=True):
        text = text.replace(value, "…")
    return ran.exit_code, text


@pytest.mark.only_on(SQLITE)
def test_nothing_of_a_neighbour_is_there(
    theirs_and_mine: tuple[dict[str, str], str],
    house: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids, mine = theirs_and_mine
    nobody, wrong = never(ids) | {"shortcut": "hi"}, []
    monkeypatch.setattr(observe, "configure", lambda _: None)
    file = tmp_path / "x.md"
    file.write_text("# X")
    here = ["--workspace", mine]
    for words, command in leaves(cli.parlour):
        taken = [] if words in MAKES else arguments(command)
        if not taken:
            continue
        given = [named(words, each, ids) for each in taken]
        marks = {"{file}": str(file), "{agent}": ids["name"]}
        line = [*words.split(), *given, *MORE.get(words, []), *here]
        status, said = tried(house, [marks.get(each, each) for each in line], ids)
        if status != 1 or not NOTHING.match(said):
            wrong.append(f"{words}: {status} {said}")
    for words, command in leaves(cli.parlour):
        for option in (each for each in command.params if isinstance(each, click.Option)):
            if option.name not in OPTIONS or words in {"retention preview", "retention set"}:
                continue
            needs = {"team create": ["x"], "team edit": ["x"], "key create": ["--name", "x"]}
            told = [
                tried(house, [*words.split(), *needs.get(words, []), option.opts[0],
                              which[OPTIONS[option.name]], *here], which)
                for which in (ids, nobody)
            ]  # fmt: skip
            if told[0] != told[1] or told[0][0] == 2:
                wrong.append(f"{words} {option.name}: {told}")
    assert wrong == [], "\n".join(wrong)
