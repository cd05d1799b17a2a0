"""Slash commands: what is done from the message box by a word that begins with a slash; pure."""

import re
from dataclasses import dataclass
from typing import Final

from parlour.conversations.model import Reason
from parlour.kit.errors import FieldError, Invalid
from parlour.rights import Permission


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be done."""

    name: str
    words: str
    """What it does, as the list of commands says it."""
    takes: str = ""
    """What is written behind it, if anything is."""
    path: str = ""
    """The page behind the conversation's that it leads to, if it leads to one."""
    permission: Permission | None = None
    """What it takes beside answering."""


COMMANDS: Final = (
    Command("takeover", "Answer in the assistant’s place"),
    Command("handback", "Let the assistant answer again"),
    Command("handover", "Hand it to a colleague", takes="name or e-mail address"),
    Command("close", "It is done: the visitor’s next words open it again", takes="reason"),
    Command("note", "Write something that only the team reads", takes="text"),
    Command("share", "Share it by an address of its own", path="share"),
    Command("download", "Take with you what was said", path="messages.csv"),
    Command(
        "forget",
        "Erase it, or its visitor with all of theirs",
        path="forget",
        permission=Permission.CONVERSATIONS_FORGET,
    ),
)

_FORM: Final = re.compile(r"/([a-z]+)(?:\s+(.*))?\Z", re.DOTALL)
_NAMES: Final = {each.name: each for each in COMMANDS}


@dataclass(frozen=True, slots=True)
class Ordered:
    """A command that was written, with what stood behind it."""

    command: Command
    rest: str


def read(text: str) -> Ordered | str:
    """Read what was written into the box: a command, or what shall be said as it stands.

    Two slashes begin a text that begins with one. Invalid for a word that is no command: nobody
    wants a visitor to read one that was misspelled.
    """
    text = text.strip()
    if text.startswith("//"):
        return text[1:]
    found = _FORM.match(text)
    if found is None:
        return text
    if found[1] not in _NAMES:
        known = ", ".join(f"/{name}" for name in _NAMES)
        said = f"/{found[1]} is no command; there are {known}. Two slashes are said as one"
        raise Invalid(said, errors=[FieldError("message", said)])
    return Ordered(_NAMES[found[1]], (found[2] or "").strip())


def reason_in(rest: str, words: dict[Reason, str]) -> str:
    """Return the reason that was written, by its name or by how its words begin."""
    said = rest.casefold()
    fitting = [each for each in Reason if each.value == said]
    fitting += [each for each in Reason if said and words[each].casefold().startswith(said)]
    if not said:
        return Reason.SOLVED.value
    return fitting[0].value if fitting else rest
