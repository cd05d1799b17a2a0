"""The mails by which a team hears of a handoff; of what was said nothing stands in them."""

from typing import Final

from parlour.conversations.handoffs import Why
from parlour.kit.mail import Mail, paragraphs, tame

_LONGEST_NAME: Final = 60

_SAID: Final = {
    Why.ASKED: ("A visitor{of} waits for a person", "A visitor{of} needs a person, and waits."),
    Why.ESCALATED: (
        "Nobody has come: a visitor{of} still waits",
        "A visitor{of} needs a person, and nobody has seen to it yet.",
    ),
    Why.LEFT: (
        "A visitor{of} wants to be written to",
        "Nobody came when a visitor{of} needed a person. They have left an address.",
    ),
}
"""Subject and first sentence."""


def letter(to: str, agent: str, why: str, place: str, url: str) -> Mail:
    """Write the mail that says who waits, and the ways to answer: in the studio, or by a link."""
    of = f" of {tame(agent, _LONGEST_NAME)}" if agent else ""
    subject, first = (text.format(of=of) for text in _SAID[Why(why)])
    if why == Why.LEFT:
        notes = place.partition("/conversations/")[0] + "/notes"
        said = [first, f"Read and answer: {notes}"]
    else:
        said = [first, f"Answer in the studio: {place}"]
        said.append(f"Or without signing in, by a link of your own: {url}")
        said.append("Keep it to yourself: whoever has it can answer in your name, for 12 hours.")
    said.append("You get this mail because you answer visitors there.")
    return Mail(to=to, subject=subject, text="\n\n".join(said) + "\n", html=paragraphs(*said))
