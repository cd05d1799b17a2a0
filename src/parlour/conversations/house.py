"""What the house itself says in a conversation, in English as it is kept; pure.

Visitors read it in their own language: their doors know a sentence again by `of`.
"""

from enum import StrEnum


class Sentence(StrEnum):
    """Everything that the house says; `{name}` is the person it is about."""

    ANSWERS = "{name} answers now."
    COMING = "{name} has seen this and is coming."
    LEFT = "{name} has left. The assistant answers again."
    LEFT_TEAM = "{name} has left. Somebody of the team will go on."
    CLOSED = "{name} has closed this conversation. Whatever you write next opens it again."
    ASKED = "A person of the team has been asked to come. You can go on writing."
    NOBODY_CAME = "Nobody of the team was free. The assistant answers again."
    """The visitor's page offers to be written to until something else is said."""
    GIVEN_BACK = "The assistant answers again."
    NOTED = "Somebody of the team will write to you."
    """To a visitor who has left an address."""
    SPENT = "The assistant cannot answer for now: what was set aside for it has been used."

    def about(self, name: str = "") -> str:
        """Return the sentence as it is kept."""
        return filled(self.value, name)


def filled(text: str, name: str) -> str:
    """Put a name into a sentence, whatever stands in the name."""
    return text.replace("{name}", name)


def of(text: str, name: str) -> Sentence | None:
    """Return which sentence a text of the house is, said about somebody; None for none of them."""
    return next((each for each in Sentence if each.about(name) == text), None)
