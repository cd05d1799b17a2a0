"""Markdown in small: writing text so that it stays text, cutting it into blocks, reading it."""

import re

_ESCAPED = re.compile(r"([\\`*\[\]<])|(?<![^\W_])(_)|(_)(?![^\W_])")
_STARTS = re.compile(r"^([^\S\n]*)(#{1,6}\s|[-+>]\s|=+\s*$|-+\s*$|~~~|\|)", re.MULTILINE)
_NUMBERED = re.compile(r"^([^\S\n]*\d{1,9})([.)]\s)", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_MARKS = re.compile(r"\\([\\`*\[\]<>_#+\-=|~.)!])|\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|`+")
_LINE_MARKS = re.compile(r"^[^\S\n]*(?:#{1,6}\s+|[-+*]\s+|>\s?|\d{1,9}[.)]\s+)", re.MULTILINE)
_RULE = re.compile(
    r"^[^\S\n]*\|?(?:[^\S\n]*:?-{3,}:?[^\S\n]*\|)+[^\S\n]*:?-*:?[^\S\n]*$", re.MULTILINE
)


def escaped(text: str) -> str:
    """Write plain text so that Markdown shows it unchanged."""
    return _ESCAPED.sub(lambda found: "\\" + found[0], text)


def escaped_block(text: str) -> str:
    """As `escaped`, for text that begins a block: no line of it turns into a heading or list."""
    return _NUMBERED.sub(r"\1\\\2", _STARTS.sub(r"\1\\\2", escaped(text)))


def fenced(code: str, language: str = "") -> str:
    """Put code into a fence that nothing in it can close."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}{language}\n{code}\n{fence}"


def code_span(text: str) -> str:
    """Put a word of code into backticks."""
    text = " ".join(text.split())
    if not text:
        return ""
    if "`" not in text:
        return f"`{text}`"
    return f"`` {text} ``" if "``" not in text else escaped(text)


def blocks_of(text: str) -> list[str]:
    """Cut Markdown into its blocks; fences and lists with several paragraphs stay whole."""
    blocks: list[str] = []
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        if fence:
            lines.append(line)
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if opened := _FENCE.match(line.strip() if lines else line):
            fence = opened[1]
        if line.strip():
            if not lines and blocks and line.startswith(("  ", "\t")):
                lines = [blocks.pop(), ""]
            lines.append(line)
        elif lines:
            blocks.append("\n".join(lines))
            lines = []
    if lines:
        blocks.append("\n".join(lines))
    return blocks


def plain(markdown: str) -> str:
    """Return the words of Markdown without its signs, lines kept."""
    out = []
    for block in blocks_of(markdown):
        if is_code(block):
            out.append("\n".join(block.split("\n")[1:-1]))
            continue
        table = is_table(block)
        text = _LINE_MARKS.sub("", _RULE.sub("", block) if table else block)
        text = _MARKS.sub(r"\1", _LINK.sub(r"\1", text))
        out.append(text.replace("|", " ") if table else text)
    return "\n\n".join(out)


def is_code(block: str) -> bool:
    """Whether a block is a fence."""
    return block.lstrip().startswith(("```", "~~~"))


def is_table(block: str) -> bool:
    """Whether a block is a table."""
    return block.startswith("|")


def is_list(block: str) -> bool:
    """Whether a block is a list."""
    return bool(re.match(r"(?:[-+*]|\d{1,9}[.)])\s", block))
