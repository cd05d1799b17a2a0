"""Pictures: what owners and visitors upload, made anew, kept and served by their content.

What draws them is loaded when the first one is drawn; a server may never see one.
"""

from typing import TYPE_CHECKING

from parlour.pictures.bounds import MOST_BYTES, MOST_PIXELS

if TYPE_CHECKING:
    from parlour.pictures.cleaning import Drawn

__all__ = ["MOST_BYTES", "MOST_PIXELS", "cleaned", "icon", "path", "remade"]


def path(digest: str | None) -> str:
    """Return where a picture is served, for everybody and for good; empty for none."""
    return f"/pictures/{digest}.webp" if digest else ""


def cleaned(content: bytes, field: str) -> "Drawn":
    """Draw a visitor's picture anew, as `cleaning.cleaned` does."""
    from parlour.pictures import cleaning  # noqa: PLC0415

    return cleaning.cleaned(content, field)


def remade(content: bytes, field: str, *, whole: bool = False) -> bytes:
    """Draw an owner's picture anew, as `remaking.remade` does."""
    from parlour.pictures import remaking  # noqa: PLC0415

    return remaking.remade(content, field, whole=whole)


def icon(kept: bytes) -> bytes:
    """Return a picture that was kept as a small PNG, for the tab of a browser."""
    from parlour.pictures import remaking  # noqa: PLC0415

    return remaking.icon(kept)
