"""Somebody with a shell makes agents, links and keys beside a running server."""

import asyncio
import contextlib
import json
import os
import pty
import re
import subprocess
import termios
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from parlour.cli import COMMANDS
from tests.rig.managing import Api
from tests.rig.nursery import Nursery
from tests.rig.processes import PARLOUR, run_alone
from tests.rig.server import Server
from tests.rig.shell import Shell, refused


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEverybody has 30 days of leave a year. 😀\n")
    (folder / "pay.md").write_text("# Pay\n\nPay day is the 25th of the month.\n")
    return folder


def test_from_a_folder_to_an_answer(own_server: Server, handbook: Path) -> None:
    made = own_server.make_documents_agent("handbook", handbook)
    assert (made["live"], made["published"]) == (True, 1)
    assert (made["index"]["state"], made["index"]["documents"]) == ("ready", 2)
    link = own_server.make_link("handbook", "--hours", "24", "--name", "Für Ana")
    assert link.url == f"{own_server.url}/chat/{link.token}"
    shown = own_server.cli("link", "show", link.id)
    assert (shown["name"], shown["kind"], shown["url"]) == ("Für Ana", "temporary", link.url)


def test_a_folder_is_read_before_anybody_is_let_in(own_server: Server, tmp_path: Path) -> None:
    """A failed reading leaves nothing behind, so the same command can be given again."""
    missing = tmp_path / "missing"
    create = ("agent", "create", "handbook", "--backend", "documents", "--path")
    assert str(missing) in refused(own_server.run(*create, str(missing)))
    missing.mkdir()
    assert "to read" in refused(own_server.run(*create, str(missing)))
    (missing / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    told = own_server.run(*create, str(missing))
    reading, why = told.stderr.splitlines()
    assert "Reading 1 document in" in reading
    assert why.startswith("parlour: ")
    assert "broken.pdf" in why
    assert own_server.cli("agent", "list") == []
    (missing / "leave.md").write_text("# Leave\n\nEverybody has 30 days of leave a year.\n")
    made = own_server.cli(*create, str(missing))
    assert [each["path"] for each in made["index"]["skipped"]] == ["broken.pdf"]


CREATE = ("agent", "create", "handbook", "--backend", "documents", "--path")


def test_reading_says_at_first_that_it_takes_a_moment(own_shell: Shell, handbook: Path) -> None:
    done = own_shell.run(*CREATE, str(handbook))
    assert done.stderr == f"Reading 2 documents in {handbook}. This takes a moment.\n"
    assert done.stdout == "handbook is live.\n2 documents, 2 passages\n"
    (handbook / "pay.md").unlink()
    again = own_shell.given(PARLOUR_DATA_DIR=f"{own_shell.data_dir}-2")
    done = again.run(*CREATE, str(handbook))
    assert done.stderr.startswith("Reading 1 document in ")
    assert done.stdout.endswith("\n1 document, 1 passage\n")
    assert "1 document, 0 skipped" in again.run("doctor").stdout


def test_for_programs_reading_says_nothing_beside_json(own_shell: Shell, handbook: Path) -> None:
    done = own_shell.run(*CREATE, str(handbook), "--json")
    assert done.stderr == ""
    assert json.loads(done.stdout)["index"]["documents"] == 2


def test_on_a_terminal_one_line_shows_how_far_reading_is(own_shell: Shell, handbook: Path) -> None:
    """Drawn over, no wider than the terminal, and away when it is done."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 60))
    command = [str(PARLOUR), *CREATE, str(handbook)]
    program = subprocess.Popen(
        command, env=own_shell.environment, stdout=subprocess.PIPE, stderr=follower
    )
    os.close(follower)
    told = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while piece := os.read(leader, 4096):
            told += piece
    os.close(leader)
    out, _ = program.communicate(timeout=60)
    first, *drawn, last = told.decode().split("\r\x1b[K")
    assert (first, last, program.returncode) == ("", "", 0)
    assert [line.partition(" ")[2] for line in drawn] == [
        "0 of 2  leave.md",
        "1 of 2  pay.md",
        "2 of 2  building the index",
    ]
    assert all(len(line) < 60 for line in drawn)
    assert out.startswith(b"handbook is live.")


async def test_documents_with_an_embeddings_server(own_server: Server, handbook: Path) -> None:
    """Its key comes from the environment, is shown to nobody, and every passage is sent to it."""
    pytest.importorskip("numpy")
    asked: list[tuple[str | None, int]] = []

    async def embed(request: web.Request) -> web.Response:
        texts = (await request.json())["input"]
        asked.append((request.headers.get("Authorization"), len(texts)))
        data = [{"index": n, "embedding": [1.0, 0.5]} for n, _ in enumerate(texts)]
        return web.json_response({"data": data})

    app = web.Application()
    app.router.add_post("/v1/embeddings", embed)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    create = ("agent", "create", "handbook", "--backend", "documents", "--path", str(handbook))
    meaning = ("--embeddings-url", url, "--embeddings-model", "senses")
    key = ("--embeddings-key-env", "SENSES_KEY", "--json")
    try:
        unset = await asyncio.to_thread(own_server.run, *create, *meaning, *key)
        assert unset.returncode == 2, unset.stderr
        assert "SENSES_KEY is not set" in unset.stderr
        lonely = await asyncio.to_thread(own_server.run, *create, *meaning[:2])
        assert "embeddings_model" in refused(lonely)
        given = {"SENSES_KEY": own_server.keep_secret("sk-canary-1234")}
        done = await asyncio.to_thread(own_server.run, *create, *meaning, *key, env=given)
    finally:
        await runner.cleanup()
    assert done.returncode == 0, done.stderr
    assert "sk-canary" not in done.stdout
    assert json.loads(done.stdout)["config"]["embeddings_api_key"] == "set"
    assert sum(number for _, number in asked) == 2
    assert {header for header, _ in asked} == {"Bearer sk-canary-1234"}


def test_an_agent_s_whole_life(own_server: Server) -> None:
    made = own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    assert made["config"]["base_url"] == "http://127.0.0.1:8099/v1"
    assert [each["name"] for each in own_server.cli("agent", "list")] == ["helper"]
    assert own_server.cli("agent", "offline", "helper")["live"] is False
    assert own_server.cli("agent", "live", "helper")["live"] is True
    assert own_server.cli("agent", "publish", "helper")["published"] == 1
    assert own_server.cli("agent", "show", "helper")["id"] == made["id"]
    told = own_server.run("agent", "list")
    assert re.search(r"^helper +openai +is live$", told.stdout, re.MULTILINE)
    assert own_server.cli("agent", "delete", "helper")["agent_id"] == made["id"]
    assert "no agent 'helper'" in refused(own_server.run("agent", "show", "helper"))


def test_a_link_s_whole_life(own_server: Server) -> None:
    own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    link = own_server.make_link("helper")
    assert own_server.cli("link", "disable", link.id)["enabled"] is False
    assert own_server.cli("link", "enable", link.id)["enabled"] is True
    assert [each["id"] for each in own_server.cli("link", "list", "helper")] == [link.id]
    assert own_server.cli("link", "revoke", link.id)["link_id"] == link.id
    assert own_server.cli("link", "list") == []
    assert "no link" in refused(own_server.run("link", "show", link.id))
    several = own_server.cli("link", "create", "helper", "--name", "a", "--name", "b")
    assert [each["name"] for each in several] == ["a", "b"]
    for each in several:
        own_server.keep_secret(each["token"])
    refused(own_server.run("link", "create", "helper", "--name", "c", "--name", "d\ne"))
    assert len(own_server.cli("link", "list")) == 2


def test_several_links_are_changed_and_found(own_server: Server) -> None:
    own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    poster = own_server.make_link("helper", "--name", "Poster")
    fair = own_server.make_link("helper", "--name", "Fair", "--hours", "2")
    changed = own_server.cli("link", "change", fair.id, "--name", "", "--welcome", "Hi")
    assert (changed["name"], changed["welcome_message"]) == (None, "Hi")
    assert changed["updated_by"] == "command line"
    off = own_server.cli("link", "disable", poster.id, fair.id)
    assert [each["state"] for each in off] == ["off", "off"]
    assert "no link" in refused(own_server.run("link", "enable", poster.id, "lnk_AAAAAAAAAAA"))
    own_server.cli("link", "enable", fair.id)
    found = own_server.cli("link", "list", "--view", "anyone")
    assert [each["id"] for each in found] == [fair.id]
    found = own_server.cli("link", "list", "--search", poster.url, "--state", "off")
    assert [each["id"] for each in found] == [poster.id]
    assert len(own_server.cli("link", "revoke", poster.id, fair.id)) == 2


def test_private_links_for_people_and_groups(own_server: Server) -> None:
    own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    private = ("link", "create", "helper", "--kind", "private")
    made = own_server.cli(*private, "--name", "Priya", "--name", "Team", "--max-uses", "10")
    assert [(each["name"], each["uses"], each["max_uses"]) for each in made] == [
        ("Priya", 0, 10), ("Team", 0, 10)
    ]  # fmt: skip
    names = [word for at in range(49) for word in ("--name", f"n{at}")]
    assert "at most 50" in refused(own_server.run(*private, *names))
    assert "a private link needs --name" in own_server.run(*private).stderr
    assert "only private links" in refused(
        own_server.run("link", "create", "helper", "--max-uses", "3")
    )
    table = own_server.run("link", "list", "helper").stdout
    assert re.search(r"Priya +0 / 10 +0 +http", table)
    assert len(own_server.cli("link", "list", "helper")) == 2
    changed = own_server.cli("link", "change", made[0]["id"], "--max-uses", "0")
    assert changed["max_uses"] == 0
    shared = own_server.cli("agent", "sharing", "helper", "--mode", "private")
    assert (shared["mode"], shared["use_idle_minutes"]) == ("private", 60)
    assert own_server.cli("link", "show", made[0]["id"])["state"] == "live"
    own_server.cli("link", "revoke", made[0]["id"], made[1]["id"], "--yes")
    assert own_server.cli("link", "list", "helper") == []


def test_a_widget_s_whole_life(own_server: Server) -> None:
    own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    (first,) = own_server.cli("widget", "list")
    urls = [own_server.cli("widget", "share", first["id"]) for _ in range(2)]
    assert urls[0]["url"] == urls[1]["url"]
    short = own_server.cli("widget", "share", first["id"], "--hours", "24")
    for each in (*urls, short):
        own_server.keep_secret(each["token"])
    assert short["kind"] == "temporary"
    made = own_server.cli("widget", "create", "helper", "--name", "Fair", "--accent", "#ffff00")
    assert made["contrast"]["nudged"]
    changed = own_server.cli("widget", "change", made["id"], "--title", "Fair desk", "--accent", "")
    assert (changed["title"], changed["accent"]) == ("Fair desk", None)
    assert "a colour" in refused(own_server.run("widget", "change", made["id"], "--accent", "red"))
    assert own_server.cli("widget", "show", made["id"]) == changed
    assert own_server.cli("widget", "delete", made["id"])["widget_id"] == made["id"]
    assert "no widget" in refused(own_server.run("widget", "show", made["id"]))
    assert "stays" in refused(own_server.run("widget", "delete", first["id"]))


def test_the_address_comes_first_then_the_code(own_server: Server) -> None:
    own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    done = own_server.run("link", "create", "helper", "--qr")
    first, *code = done.stdout.splitlines()
    assert first.startswith(f"{own_server.url}/chat/")
    own_server.keep_secret(first.rpartition("/")[2])
    assert len(code) >= 15
    assert len({len(line) for line in code}) == 1
    assert set("".join(code)) <= set(" ▀▄█")


async def test_a_key_opens_the_server_at_once(
    own_server: Server, http: aiohttp.ClientSession
) -> None:
    secret = own_server.make_key("CI", "--role", "owner")
    api = Api(http, own_server.url, secret)
    assert (await api.get("/api/keys")).status == 200
    listed = own_server.cli("key", "list")
    assert [each["name"] for each in listed] == ["CI"]
    assert secret not in repr(listed)
    own_server.cli("key", "revoke", listed[0]["id"])
    assert (await api.get("/api/keys")).status == 401
    assert "no key" in refused(own_server.run("key", "revoke", listed[0]["id"]))


def test_workspaces_keep_apart(own_server: Server) -> None:
    own_server.cli("workspace", "create", "acme")
    assert {each["name"] for each in own_server.cli("workspace", "list")} == {"acme", "default"}
    create = ("agent", "create", "helper", "--backend", "openai", "--model", "m", "--base-url")
    own_server.cli(*create, "http://127.0.0.1:8099/v1", "--workspace", "acme")
    assert own_server.cli("agent", "list") == []
    assert len(own_server.cli("agent", "list", "--workspace", "acme")) == 1
    assert "no workspace" in refused(own_server.run("agent", "list", "--workspace", "other"))
    assert "already" in refused(own_server.run("workspace", "create", "acme"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("agent",),
        ("agent", "create"),
        ("agent", "create", "x"),
        ("agent", "create", "x", "--backend", "magic"),
        ("agent", "create", "x", "--backend", "openai"),
        ("agent", "create", "x", "--backend", "webhook", "--path", "/tmp"),
        ("link", "create", "x", "--kind", "private"),
        ("link", "create", "x", "--hours", "soon"),
        ("link", "create", "x", "--until", "tomorrow"),
        ("serve", "--port", "99999"),
        ("key", "create", "--name", "x", "--role", "root"),
    ],
)
def test_wrong_usage_is_told_by_status_2(own_shell: Shell, arguments: tuple[str, ...]) -> None:
    done = own_shell.run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage: parlour" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_time_that_does_not_fit_is_told_one_that_does(own_shell: Shell) -> None:
    """Without a word about when: whatever day it is, the example is the same; and it fits."""
    such = "2026-12-24T18:00+01:00"
    for command in (("change", "lnk_1"), ("create", "x"), ("rotate", "lnk_1")):
        told = own_shell.run("link", *command, "--until", "tomorrow")
        assert told.returncode == 2
        assert f"needs a date, a time and its zone, such as {such}" in told.stderr
        assert such in own_shell.run("link", command[0], "--help").stdout
    fits = own_shell.run("link", "change", "lnk_1", "--until", such)
    assert (fits.returncode, fits.stderr.count("\n")) == (1, 1), "there is no such link"


def test_help_is_there_of_itself(own_shell: Shell) -> None:
    done = run_alone(["--help"], own_shell.environment, own_shell.folder)
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_the_help_s_lines_are_the_commands_own() -> None:
    import click

    from parlour.cli import parlour

    context = click.Context(parlour)
    for name, (_, line) in COMMANDS.items():
        command = parlour.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(100).rstrip(".") == line.rstrip(".")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PARLOUR_PORT", "many"),
        ("PARLOUR_TRUSTED_PROXIES", "everybody"),
        ("PARLOUR_SECRET_KEY", "short"),
        ("PARLOUR_DATABASE_URL", "postgresql://127.0.0.1:1/none"),
        ("PARLOUR_DATABASE_URL", "mysql://x"),
        ("PARLOUR_DATA_DIR", "/proc/nowhere"),
        ("PARLOUR_DATA_DIR", "/dev/null"),
    ],
)
def test_settings_that_do_not_work_are_one_line(
    own_shell: Shell, variable: str, value: str
) -> None:
    own_shell.given(**{variable: value}).refused("agent", "list")


def test_on_a_terminal_it_asks_before_it_deletes(own_server: Server, nursery: Nursery) -> None:
    own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    leader, follower = pty.openpty()
    os.write(leader, b"n\n")
    done = nursery.run(
        ("agent", "delete", "helper"), own_server.environment, own_server.folder, typed=follower
    )
    os.close(follower)
    os.close(leader)
    assert done.returncode == 1
    assert "stopped" in done.stderr
    assert len(own_server.cli("agent", "list")) == 1


def test_a_reader_that_goes_away_is_no_failure_worth_a_traceback(own_server: Server) -> None:
    done = subprocess.run(
        f"{PARLOUR} agent list --json | true",
        shell=True,
        env=own_server.environment,
        cwd=own_server.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
