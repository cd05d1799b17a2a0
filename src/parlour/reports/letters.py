"""The mails of digests and alerts: numbers and names of the owner's own; nothing a visitor said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from parlour.kit.clock import Moment
from parlour.kit.mail import Line, Mail, paragraphs, tabled, tame

LONGEST_NAME: Final = 60
MOST: Final = 20
"""Links that a mail names."""
_WHY: Final = {
    "unreachable": "the server behind it could not be reached",
    "refused": "the server behind it refused to answer",
    "rate_limited": "the server behind it takes no more questions for now",
    "bad_answer": "what came back could not be read as an answer",
    "timeout": "the answer took too long",
    "misconfigured": "its settings do not work",
    "breaker_open": "the server behind it has failed too often and is left alone for a while",
}


@dataclass(frozen=True, slots=True)
class To:
    """Whom a mail is for, and how they get out of its kind."""

    email: str
    base: str
    """The address of this instance."""
    way_out: str


def why(problem: str) -> str:
    """Return in words why a reply failed, by the code of its problem."""
    return _WHY.get(problem, "the answer broke off")


def digest(to: To, title: str, days: str, lines: Sequence[Line]) -> Mail:
    """Write how it went: `title` in short, and `days` as they are compared."""
    first = f"{title}. Beside each number the one of the {days} before."
    last = "Nothing that visitors said, and nothing of who they are, stands in this mail."
    said = [f"{each.label}: {each.value} ({each.beside})\n  {each.url}" for each in lines]
    after = [last, *_parting(to)]
    text = "\n\n".join([first, "\n".join(said), *after])
    return Mail(to.email, title, text + "\n", tabled([first], lines, after), way_out=to.way_out)


def budget(to: To, what: str, facts: dict[str, Any], path: str) -> Mail:
    """Write that a budget is nearly spent, or spent."""
    step, spent, whole = facts["step"], facts["spent"], facts["budget"]
    if step >= 100:
        subject = f"The budget of {what} is spent"
        follows = "Visitors are told so, or answered by the agent that stands in"
    else:
        subject = f"{step} % of the budget of {what} is spent"
        follows = "When all of it is, visitors are told so, or answered by the agent that stands in"
    ends = _until(facts["ends"])
    said = f"{spent:,} of {whole:,} tokens are spent. {follows}{ends}."
    return _mail(to, subject, said, path)


def failing(to: To, agent: str, facts: dict[str, Any], path: str) -> Mail:
    """Write that an agent fails, or answers again."""
    if facts.get("over"):
        return _mail(to, f"{agent} answers again", "The last question was answered.", path)
    number, reason = facts["failures"], why(facts["problem"])
    said = f"The last {number} replies of {agent} failed: {reason}. No question is lost."
    more = "You hear of it when it answers again."
    return _mail(to, f"{agent} is not answering", f"{said} {more}", path)


def ending(to: To, links: Sequence[tuple[str, Moment]], path: str) -> Mail:
    """Write that links end: what they are called, and when they do."""
    one = len(links) == 1
    subject = "A link ends within a day" if one else f"{len(links):,} links end within a day"
    named = [f"{name}: {_when(at)}" for name, at in links[:MOST]]
    if len(links) > MOST:
        named.append(f"and {len(links) - MOST:,} more")
    said = "Whoever comes by it later reads that it has expired." if one else (
        "Whoever comes by them later reads that they have expired.")  # fmt: skip
    return _mail(to, subject, "\n".join(named), path, said)


def jobs(to: To, died: dict[str, int]) -> Mail:
    """Write that work in the background was given up."""
    number = sum(died.values())
    subject = "A job was given up" if number == 1 else f"{number:,} jobs were given up"
    named = ", ".join(f"{name} ({times:,})" for name, times in sorted(died.items()))
    said = "They failed again and again, and are not tried any more. The server’s log says why."
    return _mail(to, subject, f"{named}.", "/studio", said)


def _mail(to: To, subject: str, first: str, path: str, *more: str) -> Mail:
    said = [first, *more, f"See to it: {to.base}{path}", *_parting(to)]
    text = "\n\n".join(said) + "\n"
    return Mail(to.email, tame(subject, 120), text, paragraphs(*said), way_out=to.way_out)


def _parting(to: To) -> list[str]:
    return [f"No more of these: {to.way_out}", f"What you get by mail: {to.base}/studio/me#mails"]


def _until(ends: Moment | None) -> str:
    return "" if ends is None else f", until {_when(ends)}"


def _when(at: Moment) -> str:
    when = datetime.fromtimestamp(at / 1000, UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"
