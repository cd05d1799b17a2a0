"""People at the command line: invited, added with a password from standard input, let in again."""

import subprocess
from pathlib import Path

import aiohttp

from tests.rig.colleague import PASSWORD, Colleague
from tests.rig.server import Server


def _typed(server: Server, password: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that reads a password."""
    return server.run(*arguments, "--password-stdin", typed=password + "\n")


async def test_an_owner_made_at_the_command_line_ends_the_first_start(
    http: aiohttp.ClientSession, own_server: Server, tmp_path: Path
) -> None:
    server = own_server
    server.running.wait_for("/studio/setup")
    added = _typed(server, PASSWORD, "staff", "add", "Olga@Team.example", "--role", "owner")
    assert added.returncode == 0, added.stderr
    assert PASSWORD not in added.stdout + added.stderr
    olga = Colleague(http, server)
    assert (await olga.get("/studio/setup")).leads_to == "/studio/sign-in"
    assert (await olga.sign_in("olga@team.example")).leads_to == "/studio"
    assert "Welcome, olga@team.example" in (await olga.get("/studio")).words

    made = server.cli("staff", "add", "ben@team.example", "--role", "builder")
    assert made["url"].startswith(f"{server.url}/studio/invite/parlour_invitation_")
    ben = Colleague(http, server)
    path = made["url"].removeprefix(server.url)
    joined = await ben.post(path, {"name": "Ben", "password": PASSWORD})
    assert joined.leads_to == "/studio"

    listed = server.cli("staff", "list")
    assert [(each["email"], each["role"]) for each in listed] == [
        ("ben@team.example", "builder"),
        ("olga@team.example", "owner"),
    ]
    assert server.cli("staff", "role", "ben@team.example", "--role", "analyst")["role"] == "analyst"
    reset = _typed(server, "a new one for Ben, please", "staff", "password", "ben@team.example")
    assert reset.returncode == 0, reset.stderr
    assert (await ben.get("/studio")).status == 303
    assert (await ben.sign_in("ben@team.example", "a new one for Ben, please")).status == 303
    server.cli("staff", "disable", "ben@team.example")
    assert (await ben.get("/studio")).status == 303
    server.cli("staff", "enable", "ben@team.example")
    assert (await ben.sign_in("ben@team.example", "a new one for Ben, please")).status == 303


async def test_what_is_refused_is_said_in_one_line(own_server: Server) -> None:
    for arguments, said in (
        (("staff", "add", "olga", "--role", "owner"), "must be an e-mail address"),
        (("staff", "role", "nobody@x.example", "--role", "owner"), "nobody here has that address"),
        (("staff", "password", "nobody@x.example"), "--password-stdin"),
    ):
        done = own_server.run(*arguments)
        assert done.returncode != 0
        assert said in done.stderr
    short = _typed(own_server, "short", "staff", "add", "o@x.example", "--role", "owner")
    assert (short.returncode, "at least 12 characters" in short.stderr) == (1, True)
    first = _typed(own_server, PASSWORD, "staff", "add", "o@x.example", "--role", "owner")
    assert first.returncode == 0
    last = own_server.run("staff", "disable", "o@x.example")
    assert (last.returncode, "is the last owner" in last.stderr) == (1, True)
    again = _typed(own_server, PASSWORD, "staff", "add", "O@X.example", "--role", "owner")
    assert (again.returncode, "has this address already" in again.stderr) == (1, True)
