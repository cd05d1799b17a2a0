"""Pictures: what owners upload to show who answers, made anew, kept and served by their content."""

from parlour.pictures.cleaning import cleaned
from parlour.pictures.remaking import MOST_BYTES, MOST_PIXELS, icon, remade

__all__ = ["MOST_BYTES", "MOST_PIXELS", "cleaned", "icon", "path", "remade"]


def path(digest: str | None) -> str:
    """Return where a picture is served, for everybody and for good; empty for none."""
    return f"/pictures/{digest}.webp" if digest else ""
