"""What of an HTML source is worth parsing: no scripts or comments, and no tag that never ends."""

from string import ascii_uppercase
from typing import Final

_LONGEST_TAG: Final = 65_536
"""Characters of a tag; one that is longer, such as a picture written out, is left out whole."""
_SILENT: Final = ("script", "style")
"""Elements in which a `<` begins nothing, and whose text nobody reads."""
_SMALL: Final = {ord(letter): letter.lower() for letter in ascii_uppercase}


class _Ends:
    """Where something stands next in a text, looked for in one pass however often it is asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[str, int] = {}

    def after(self, mark: str, at: int) -> int:
        """Return where a mark stands next, from a place on; the end of the text for nowhere."""
        found = self._next.get(mark, -1)
        if found < at:
            found = self._text.find(mark, at)
            self._next[mark] = found = len(self._text) if found < 0 else found
        return found


def cleaned(source: str) -> str:
    """Return a source in which every `<` begins a tag that ends; linear, whatever stands in it.

    A parser that meets a tag or comment without an end looks for it up to the end of the text, and
    does so again for the next one: a few hundred kilobytes of `<` would keep it busy for minutes.
    """
    small = source.translate(_SMALL)  # as long as the source, which `lower` may not leave it
    ends, parts, at = _Ends(small), [], 0
    while (begins := source.find("<", at)) >= 0:
        parts.append(source[at:begins])
        kept, at = _piece(source, small, begins, ends)
        parts.append(kept)
    return "".join([*parts, source[at:]])


def _piece(source: str, small: str, begins: int, ends: _Ends) -> tuple[str, int]:
    """Return what is kept of what begins with this `<`, and where to go on."""
    for mark, closer in (("<!--", "-->"), ("<!", ">"), ("<?", ">")):
        if source.startswith(mark, begins):
            end = ends.after(closer, begins + len(mark))
            return _without(begins, end, closer, source)
    name = small[begins + 1 : begins + 2]
    if name == "/":
        name = small[begins + 2 : begins + 3]
    end = ends.after(">", begins)
    if not ("a" <= name <= "z") or end == len(source):
        return "&lt;", begins + 1
    for silent in _SILENT:
        after = small[begins + 1 + len(silent) : begins + 2 + len(silent)]
        if small.startswith(silent, begins + 1) and not after.isalnum():
            closer = f"</{silent}"
            return " ", ends.after(">", ends.after(closer, end)) + 1
    if end - begins > _LONGEST_TAG:
        return " ", end + 1
    return source[begins : begins + 1], begins + 1


def _without(begins: int, end: int, closer: str, source: str) -> tuple[str, int]:
    if end == len(source):
        return "&lt;", begins + 1
    return " ", end + len(closer)
