"""What an owner puts into a page to have a chat there, and what that page's policy must say."""

from html import escape
from typing import Final
from urllib.parse import urlsplit

FORMS: Final = ("bubble", "inline", "page")
"""A button in the corner, a part of the page, or all of it."""


def snippet(url: str, name: str, form: str = "bubble") -> str:
    """Return the lines of HTML for a link's address; without scripts they are a plain link."""
    home, token = _parts(url)
    link = f'<a href="{escape(url)}">{escape(f"Chat with {name}")}</a>'
    source = f'<script async src="{home}/widget/v1.js"'
    if form == "bubble":
        return f'{source} data-link="{token}"></script>\n<noscript>{link}</noscript>'
    return f'<chat-link link="{token}" as="{form}">{link}</chat-link>\n{source}></script>'


def policy(url: str) -> str:
    """Return what a page's content security policy must allow, if it has one."""
    home, _ = _parts(url)
    return f"script-src {home}; frame-src {home}; connect-src {home}; img-src {home}"


def _parts(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.path.rpartition("/")[2]
