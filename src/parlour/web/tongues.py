"""Which language a visitor reads: the address's, the chosen one, the browser's, the agent's."""

from litestar.types import Scope

from parlour.web import edge, queries
from parlour.web.words import known, wished

_LONGEST_WISH = 200
"""Bytes of a browser's list of languages that are read."""
_CHOSEN = "parlour-lang"
"""The cookie in which a page's script keeps the language that its visitor chose; nothing else."""


def asked(scope: Scope) -> str:
    """Return the language that `?lang=` asks for; empty for none of ours."""
    given = queries.field(scope["query_string"], "lang")
    return known(given) if given else ""


def of(scope: Scope, default: str = "") -> str:
    """Return the language of a visit; `default` is the agent's own, English without one."""
    return named(scope) or default or "en"


def named(scope: Scope) -> str:
    """Return the language that the address, the visitor or the browser names; empty for none."""
    return asked(scope) or chosen(scope) or preferred(scope)


def chosen(scope: Scope) -> str:
    """Return the language that was chosen in this browser before; empty when none was."""
    for name, value in scope["headers"]:
        if name == b"cookie" and _CHOSEN.encode() in value:  # seldom
            return known(edge.cookies(value.decode("latin-1")).get(_CHOSEN, ""))
    return ""


def preferred(scope: Scope) -> str:
    """Return the language that the browser likes best of ours; empty when it names none."""
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return wished(value[:_LONGEST_WISH])
    return ""


def home(scope: Scope, token: str) -> str:
    """Return the address of a link's page, in the language that this one was asked in."""
    return f"/chat/{token}{kept(scope)}"


def kept(scope: Scope) -> str:
    """Return what keeps the language that was asked for, in the address of another page."""
    language = asked(scope)
    return f"?lang={language}" if language else ""
