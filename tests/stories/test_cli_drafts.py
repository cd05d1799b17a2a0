"""Somebody with a shell uploads documents, publishes them, and brings a version back."""

from pathlib import Path

from PIL import Image

from tests.rig.server import Server
from tests.rig.shell import refused


def test_from_an_upload_to_an_earlier_version(own_server: Server, tmp_path: Path) -> None:
    doors, roses, picture = tmp_path / "doors.md", tmp_path / "roses.txt", tmp_path / "x.png"
    doors.write_text("# Doors\n\nTurn the brass key twice to the left.\n")
    roses.write_text("Roses want sun and a deep hole.\n")
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(400))
    run = own_server.cli
    made = run("agent", "create", "handbook", "--backend", "documents")
    assert (made["published"], made["live"]) == (None, False)
    assert "upload at least one document" in refused(own_server.run("agent", "publish", "handbook"))
    added = run("agent", "upload", "handbook", str(doors), str(roses))
    assert [each["name"] for each in added] == ["doors.md", "roses.txt"]
    assert "not a Markdown" in refused(own_server.run("agent", "upload", "handbook", str(picture)))
    assert run("agent", "publish", "handbook")["published"] == 1
    run("agent", "remove", "handbook", "roses.txt")
    assert [each["name"] for each in run("agent", "documents", "handbook")] == ["doors.md"]
    assert run("agent", "publish", "handbook")["published"] == 2
    assert run("agent", "rollback", "handbook", "1")["published"] == 3
    kept = run("agent", "versions", "handbook")
    assert [(each["number"], each["restored_from"]) for each in kept] == [
        (3, 1),
        (2, None),
        (1, None),
    ]
    assert len(run("agent", "documents", "handbook")) == 2
    run("agent", "remove", "handbook", "doors.md")
    assert run("agent", "discard", "handbook")["published"] == 3
    assert len(run("agent", "documents", "handbook")) == 2
    table = own_server.run("agent", "versions", "handbook").stdout
    assert "as version 1" in table
    assert "Documents: 1 removed" in table
    edited = run("agent", "edit", "handbook", "--description", "House rules", "--starter", "Doors?")
    assert (edited["description"], edited["starters"]) == ("House rules", ["Doors?"])
    assert edited["published"] == 3
    assert (
        "--model is not for" in own_server.run("agent", "edit", "handbook", "--model", "m").stderr
    )
    told = own_server.run("agent", "edit", "handbook", "--welcome", "Come in").stdout
    assert "not published yet: Line under the name; Welcome; Starters" in told
    assert run("agent", "edit", "handbook", "--accent", "#8A3B26")["accent"] == "#8a3b26"
    assert "#8a3b26" in own_server.run("agent", "show", "handbook").stdout
    assert "a colour such as" in own_server.run("agent", "edit", "handbook", "--accent", "x").stderr
    check_pictures(own_server, tmp_path / "face.png")
    assert run("agent", "delete", "handbook", "--yes")["message"]


def check_pictures(server: Server, file: Path) -> None:
    """A picture of the agent, and one of a widget, from a file and away again."""
    run = server.cli
    Image.new("RGB", (80, 60), "teal").save(file)
    assert run("agent", "avatar", "handbook", str(file))["avatar"].startswith("/pictures/")
    assert "name a file, or say --remove" in server.run("agent", "avatar", "handbook").stderr
    widget = run("widget", "list", "handbook")[0]["id"]
    assert run("widget", "logo", widget, str(file))["logo"].startswith("/pictures/")
    file.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert "an SVG can hold programs" in refused(server.run("widget", "logo", widget, str(file)))
    assert run("widget", "logo", widget, "--remove")["logo"] is None
    assert run("agent", "avatar", "handbook", "--remove")["avatar"] is None


def test_a_webhook_gets_another_secret(own_server: Server) -> None:
    made = own_server.cli(
        "agent",
        "create",
        "desk",
        "--backend",
        "webhook",
        "--url",
        "https://bot.example/a",
        "--draft",
    )
    first = own_server.keep_secret(made["secrets"]["secret"])
    edited = own_server.cli("agent", "edit", "desk", "--rotate-secret")
    second = own_server.keep_secret(edited["secrets"]["secret"])
    assert second != first
    moved = own_server.cli("agent", "edit", "desk", "--url", "https://bot.example/b")
    assert (moved["secrets"], moved["config"]["url"]) == ({}, "https://bot.example/b")
