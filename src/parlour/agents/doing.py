"""What an agent is said to be doing while one waits: public words, in the visitor's language; pure.

Words that come from outside are shown only if nothing in them looks like an argument, a path, a
command or a personal detail; else it is said that the agent works.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from parlour.agents.contract import Status
from parlour.kit.masking import find
from parlour.kit.texts import trouble

_SAID: Final[dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("doing.toml").read_text("utf-8")
)
"""By language; English stands in for what is missing."""

Labels = Mapping[str, Mapping[str, str]]
"""What an owner calls the tools: by the tool's name, then by language; "" is for all others."""

LONGEST: Final = 80
MOST_TOOLS: Final = 100
TOOL: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,64}\Z", re.ASCII)

_TELLING: Final = re.compile(
    r"://|www\.|[\\`$|<>{}\[\]=;~^#]|\w\("  # addresses, code
    r"|(?:^|\s)\.{0,2}/\S|\S/\S*/|/$"  # paths
    r"|(?:^|\s)--?[A-Za-z]"  # options of commands
    r"|\w\.(?:[a-z]{1,2}[a-z0-9]{0,3})(?!\w)",  # names of files
    re.IGNORECASE,
)


def is_public(label: str) -> bool:
    """Whether words may be shown to everybody who looks on."""
    if trouble(label, LONGEST) is not None or _TELLING.search(label):
        return False
    return not find(label)


def said(status: Status, language: str = "en", labels: Labels | None = None) -> str:
    """Return what is shown of a status, in a language.

    A tool is called as its owner calls it; one that has no name for the public stays unnamed.
    """
    base = language.partition("-")[0].lower()
    words = _SAID.get(base, _SAID["en"])
    if status.tool:
        named = (labels or {}).get(status.tool, {})
        return named.get(base) or named.get("") or words["tool"]
    if status.label and is_public(label := status.label.rstrip(" .…")):
        return label
    return words[status.doing or "working"]


def read(given: str, languages: Collection[str]) -> tuple[str, str, str] | None:
    """Read `tool = words` or `tool:de = words`; None for what is neither."""
    place, equals, words = given.partition("=")
    tool, _, language = place.strip().rpartition(":")
    if language not in languages or not tool:  # names of tools may have colons, too
        tool, language = place.strip(), ""
    return (tool, language, words.strip()) if equals and tool else None


def lines(labels: Labels) -> list[str]:
    """Write an owner's words for tools as `read` takes them."""
    return [
        f"{tool}{':' * bool(language)}{language} = {words}"
        for tool, named in labels.items()
        for language, words in named.items()
    ]


def relabelled(kept: Labels, named: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """Return labels with these changed: tool, language and words; no words take one away."""
    new = {tool: dict(known) for tool, known in kept.items()}
    for tool, language, words in named:
        known = new.setdefault(tool, {})
        known[language] = words
        if not words:
            del known[language]
    return {tool: known for tool, known in new.items() if known}


def checked(labels: Labels, languages: Collection[str]) -> dict[str, str]:
    """Return what is wrong with an owner's words for tools, by where; empty when nothing is."""
    wrong = {}
    if len(labels) > MOST_TOOLS:
        wrong["labels"] = f"at most {MOST_TOOLS} tools"
    for tool, named in labels.items():
        where = f"labels.{tool[:64]}"
        if not TOOL.match(tool):
            wrong[where] = "a tool's name has 1 to 64 letters, digits and . : / _ -"
        for language, label in named.items():
            if language and language not in languages:
                wrong[f"{where}.{language[:8]}"] = "no language of the visitors' pages"
            elif not is_public(label):
                wrong[f"{where}.{language}".rstrip(".")] = (
                    f"plain words, at most {LONGEST} characters, without paths, code or numbers "
                    "that could be somebody's"
                )
    return wrong
