"""Slash commands: what is one, what is said as it stands, and what is refused."""

import pytest

from parlour.conversations.model import Reason
from parlour.kit.errors import Invalid
from parlour.web.studio import commands
from parlour.web.studio.commands import Ordered
from parlour.web.studio.sieve import REASONS


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("/takeover", "takeover", ""),
        ("  /close solved ", "close", "solved"),
        ("/note two\nlines", "note", "two\nlines"),
        ("/handover Ana Ruiz", "handover", "Ana Ruiz"),
    ],
)
def test_a_word_behind_a_slash_is_a_command(text: str, name: str, rest: str) -> None:
    found = commands.read(text)
    assert isinstance(found, Ordered)
    assert (found.command.name, found.rest) == (name, rest)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello", "Hello"),
        ("//note is what I type", "/note is what I type"),
        ("/usr/bin/python", "/usr/bin/python"),
        ("/ alone", "/ alone"),
        ("Try /takeover", "Try /takeover"),
        ("/2", "/2"),
    ],
)
def test_anything_else_is_said_as_it_stands(text: str, said: str) -> None:
    assert commands.read(text) == said


@pytest.mark.parametrize("text", ["/takover", "/closed now", "/x"])
def test_a_misspelled_command_is_said_to_nobody(text: str) -> None:
    with pytest.raises(Invalid, match="is no command"):
        commands.read(text)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("", Reason.SOLVED),
        ("spam", Reason.SPAM),
        ("The visitor is", Reason.SILENT),
        ("it goes on", Reason.ELSEWHERE),
        ("because", "because"),
    ],
)
def test_reasons_are_named_or_begun(rest: str, reason: str) -> None:
    assert commands.reason_in(rest, REASONS) == reason
