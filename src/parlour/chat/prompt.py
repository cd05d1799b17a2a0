"""What the agent is shown of a conversation, within a budget of characters."""

from collections.abc import Mapping
from types import MappingProxyType

from parlour import attachments
from parlour.agents.contract import AuthorKind, File, Said
from parlour.conversations.model import Message, State

LOOKED_AT = 100
"""Messages of a conversation that are read for a prompt; a budget of characters chooses then."""

FILE_BYTES = attachments.TOGETHER
"""Of what came along with messages; with the question itself all of it goes."""

_AUTHORS: dict[str, AuthorKind] = {
    "visitor": "visitor",
    "agent": "agent",
    "operator": "operator",
    "guest": "guest",
}


def attached(messages: list[Message], question_seq: int) -> tuple[str, ...]:
    """Return the ids of files that go along with messages: of the newest, as many as fit."""
    chosen: list[str] = []
    left = FILE_BYTES
    for message in reversed(messages):
        if message.seq > question_seq or message.extra is None:
            continue
        for file in message.extra.get("files", ()):
            left -= file["size"]
            if left < 0 and message.seq < question_seq:
                return tuple(chosen)
            chosen.append(file["id"])
    return tuple(chosen)


def assemble(
    messages: list[Message],
    question_seq: int,
    budget: int,
    contents: Mapping[str, bytes] = MappingProxyType({}),
) -> tuple[Said, ...]:
    """Choose whole messages, newest first, up to the question; the question is always there.

    Replies that never came to a word are left out, and so is whatever the house itself said.
    `contents`: the bytes of what came along, by id.
    """
    chosen: list[Said] = []
    left = budget
    for message in reversed(messages):
        author = _AUTHORS.get(message.author_kind)
        if message.seq > question_seq or author is None or message.state is State.WRITING:
            continue
        if not message.text:
            continue
        left -= len(message.text)
        if left < 0 and chosen:
            break
        files = _files(message, contents)
        chosen.append(Said(author, message.text, message.author_name, files))
    return tuple(reversed(chosen))


def _files(message: Message, contents: Mapping[str, bytes]) -> tuple[File, ...]:
    if message.author_kind != "visitor" or message.extra is None:
        return ()
    return tuple(
        File(each["name"], each["kind"], each["media_type"], each["size"], contents.get(each["id"]))
        for each in message.extra.get("files", ())
    )
