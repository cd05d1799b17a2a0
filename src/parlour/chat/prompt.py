"""What the agent is shown of a conversation, within a budget of characters."""

from parlour.agents.contract import AuthorKind, Said
from parlour.conversations.model import Message, State

_AUTHORS: dict[str, AuthorKind] = {
    "visitor": "visitor",
    "agent": "agent",
    "operator": "operator",
    "guest": "guest",
}


def assemble(messages: list[Message], question_seq: int, budget: int) -> tuple[Said, ...]:
    """Choose whole messages, newest first, up to the question; the question is always there.

    Replies that never came to a word are left out, and so is whatever the house itself said.
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
        chosen.append(Said(author, message.text, message.author_name))
    return tuple(reversed(chosen))
