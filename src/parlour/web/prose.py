"""Markdown and plain text made into the only HTML that an answer may become."""

import re
from collections.abc import Collection, Sequence
from html import escape
from typing import Final, NewType

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from parlour.web.addresses import Address, address, trimmed
from parlour.web.words import spoken

Html = NewType("Html", str)
"""Markup that may stand in a page as it is; only this file makes it."""
NOTHING: Final = Html("")

_LONGEST: Final = 60_000
"""Characters beyond which a text is shown as it came; longer ones cost too much time."""
_MOST: Final = {"[": 1_000, "*_": 3_000, "|": 3_000, "\n": 2_000, "`": 3_000, "<": 1_000}
"""How often signs may stand in a text that is parsed: what they could mean is tried in pairs."""
_LINK_REL: Final = "noopener noreferrer nofollow ugc"
_BARE: Final = re.compile(r"(?<![\w/@.])https?://[^\s<>\"'`]+", re.IGNORECASE)
_CITED: Final = re.compile(r"\s?\[(\d{1,3}(?:\s?,\s?\d{1,3})*)\]")
_LAST_WORD: Final = re.compile(r"\S{0,60}\Z")
_TASK: Final = re.compile(r"\[([ xX])\]\s+")
_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n\s*")

_CLEANER: Final = nh3.Cleaner(
    tags={
        *("a", "blockquote", "br", "code", "div", "em", "figure", "h3", "h4", "h5", "h6", "hr"),
        *("li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead"),
        *("tr", "ul"),
    },
    attributes={
        "a": {"href", "target", "aria-label"},
        "div": {"tabindex", "role", "aria-label"},
        "ol": {"start"},
        "pre": {"tabindex"},
        "span": {"role", "aria-label"},
    },
    allowed_classes={
        "a": {"cite"},
        "div": {"code__head", "table-box__scroll"},
        "figure": {"code", "table-box"},
        "p": {"plain"},
        "span": {"host", "keep", "task", "task--done"},
        "td": {"right", "center"},
        "th": {"right", "center"},
    },
    attribute_filter=lambda _tag, name, value: value if _kept(name, value) else None,
    url_schemes={"http", "https", "mailto"},
    link_rel=_LINK_REL,
)


def render(
    text: str, cited: Collection[int] = (), anchor: str = "", *, language: str = "en"
) -> Html:
    """Turn an answer's markdown into safe HTML.

    `[n]` becomes a small link to `#c-{anchor}-{n}` where `n` is among `cited`. Raw HTML stays
    text, images become links that show where they lead, and every address but http, https and
    mailto loses its link.
    """
    if not text:
        return NOTHING
    if len(text) > _LONGEST or _is_tangled(text):
        return plain(text)
    words = spoken(language)[1].script
    env = {"cited": frozenset(cited), "anchor": anchor, "words": words}
    return Html(_CLEANER.clean(_MARKDOWN.render(text, env)).strip())


def _is_tangled(text: str) -> bool:
    """Whether parsing would take long: no answer looks so, but a text made to hurt does."""
    return any(sum(map(text.count, signs)) > most for signs, most in _MOST.items())


def plain(text: str) -> Html:
    """Turn text without any markup into paragraphs, keeping its line ends."""
    parts = [part for part in _BLANK_LINES.split(text.strip()) if part]
    return Html("".join(f'<p class="plain">{escape(part)}</p>' for part in parts))


def _kept(name: str, value: str) -> bool:
    if name == "href":
        return value.startswith("#c-") or address(value) is not None
    return name != "target" or value == "_blank"


def _tidy(state: StateCore) -> None:
    """After parsing: headings in order, links by the policy, citations, bare addresses, tasks."""
    _level_headings(state.tokens)
    for index, token in enumerate(state.tokens):
        if token.type == "inline" and token.children is not None:
            children = _with_safe_links(token.children, state.env)
            if index > 1 and state.tokens[index - 2].type == "list_item_open":
                children = _with_task(children, state.env)
            token.children = _with_marks(children, state.env)


def _level_headings(tokens: Sequence[Token]) -> None:
    """The first heading is an h3 and none skips a level, whatever the model counted from."""
    levels: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            while levels and levels[-1] >= level:
                levels.pop()
            levels.append(level)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(2 + len(levels), 6)}"


def _with_safe_links(children: Sequence[Token], env: EnvType) -> list[Token]:
    """Drop links the policy refuses (their text stays) and say where the others lead."""
    out: list[Token] = []
    opened: list[tuple[Address | None, int]] = []
    for child in children:
        if child.type == "link_open":
            target = address(str(child.attrGet("href") or ""))
            opened.append((target, len(out)))
            if target is not None:
                out.append(_raw(f'<a href="{escape(target.href)}" target="_blank">'))
        elif child.type == "link_close":
            target, start = opened.pop()
            if target is not None:
                shown = "".join(inner.content for inner in out[start + 1 :])
                out.append(_raw("</a>" + _host(target, shown)))
        elif child.type == "image":
            out.extend(_picture(child, env, inside_link=bool(opened and opened[-1][0])))
        else:
            out.append(child)
    return out


def _picture(token: Token, env: EnvType, *, inside_link: bool) -> list[Token]:
    label = Token("text", "", 0, content=token.content.strip() or env["words"]["picture"])
    target = address(str(token.attrGet("src") or ""))
    if target is None or inside_link:
        return [label]
    opening = _raw(f'<a href="{escape(target.href)}" target="_blank">')
    return [opening, label, _raw("</a>" + _host(target, label.content))]


def _host(target: Address, shown: str) -> str:
    return "" if target.is_said_by(shown) else f'<span class="host">{escape(target.host)}</span>'


def _with_task(children: list[Token], env: EnvType) -> list[Token]:
    first = children[0] if children else None
    found = _TASK.match(first.content) if first is not None and first.type == "text" else None
    if first is None or found is None:
        return children
    done = found[1] != " "
    first.content = first.content[found.end() :]
    style, word = ("task task--done", "task_done") if done else ("task", "task_open")
    label = escape(env["words"][word])
    return [_raw(f'<span class="{style}" role="img" aria-label="{label}"></span>'), *children]


def _with_marks(children: Sequence[Token], env: EnvType) -> list[Token]:
    """Citations and bare addresses in plain text; nothing inside a link is touched."""
    out: list[Token] = []
    in_link = False
    for child in children:
        if child.type == "html_inline":
            in_link = child.content.startswith("<a ")
        if child.type == "text" and not in_link:
            out.extend(_cited(child.content, env))
        else:
            out.append(child)
    return out


def _cited(text: str, env: EnvType) -> list[Token]:
    out: list[Token] = []
    position = 0
    for found in _CITED.finditer(text):
        numbers = [int(number) for number in found[1].split(",")]
        if not env["cited"].issuperset(numbers):
            continue
        before = text[position : found.start()]
        word = _LAST_WORD.search(before)
        kept = word[0] if word and not _BARE.search(before) else ""
        out += _linked(before.removesuffix(kept))
        chips = "".join(_chip(number, env) for number in numbers)
        # The chip must not begin a line on its own.
        out.append(_raw(f'<span class="keep">{escape(kept)}{chips}</span>'))
        position = found.end()
    return out + _linked(text[position:])


def _chip(number: int, env: EnvType) -> str:
    href = escape(f"#c-{env['anchor']}-{number}")
    label = escape(env["words"]["source"].format(n=number))
    return f'<a class="cite" href="{href}" aria-label="{label}">{number}</a>'


def _linked(text: str) -> list[Token]:
    out: list[Token] = []
    position = 0
    for found in _BARE.finditer(text):
        shown = trimmed(found[0])
        target = address(shown)
        if target is None:
            continue
        out.append(Token("text", "", 0, content=text[position : found.start()]))
        opening = f'<a href="{escape(target.href)}" target="_blank">'
        closing = "</a>" + _host(target, shown)
        out.append(_raw(opening + escape(shown) + closing))
        position = found.start() + len(shown)
    return [*out, Token("text", "", 0, content=text[position:])]


def _raw(html: str) -> Token:
    return Token("html_inline", "", 0, content=html)


def _fence(
    _self: RendererHTML, tokens: Sequence[Token], index: int, _opts: OptionsDict, env: EnvType
) -> str:
    """A code block: its language as a label, its text untouched."""
    token = tokens[index]
    language = escape((token.info.split() or [env["words"]["code"]])[0][:24])
    code = escape(token.content.removesuffix("\n"), quote=False)
    head = f'<div class="code__head"><span>{language}</span></div>'
    return f'<figure class="code">{head}<pre tabindex="0"><code>{code}</code></pre></figure>\n'


def _table_open(
    _self: RendererHTML, _tokens: Sequence[Token], _index: int, _opts: OptionsDict, env: EnvType
) -> str:
    label = escape(env["words"]["table"])
    box = f'<div class="table-box__scroll" tabindex="0" role="group" aria-label="{label}">'
    return f'<figure class="table-box">{box}<table>'


def _table_close(
    _self: RendererHTML, _tokens: Sequence[Token], _index: int, _opts: OptionsDict, _env: EnvType
) -> str:
    return "</table></div></figure>\n"


def _cell(
    _self: RendererHTML, tokens: Sequence[Token], index: int, _opts: OptionsDict, _env: EnvType
) -> str:
    style = str(tokens[index].attrGet("style") or "")
    side = style.removeprefix("text-align:")
    tag = tokens[index].tag
    return f'<{tag} class="{side}">' if side in {"right", "center"} else f"<{tag}>"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # Every address comes through as it was written and is judged by one policy: `address`.
    parser.validateLink = bool  # type: ignore[method-assign, assignment]
    parser.normalizeLink = str  # type: ignore[method-assign, assignment]
    parser.normalizeLinkText = str  # type: ignore[method-assign, assignment]
    # Where one of our rules may begin; at everything else they would all be tried in vain.
    parser.inline.terminator_re = re.compile(r"[\n!&*<\[\\\]_`~]")
    parser.core.ruler.push("tidy", _tidy)
    for name, rule in {
        "fence": _fence,
        "code_block": _fence,
        "table_open": _table_open,
        "table_close": _table_close,
        "th_open": _cell,
        "td_open": _cell,
    }.items():
        parser.add_render_rule(name, rule)
    return parser


_MARKDOWN: Final = _parser()
