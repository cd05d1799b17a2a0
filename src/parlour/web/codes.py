"""QR codes of addresses: as pictures to take away, and as a drawing inside a page."""

import io

import segno
from markupsafe import Markup

HEADERS = {
    # A picture opened by itself must not become a page of ours.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


def picture(url: str, kind: str, scale: int) -> bytes:
    """Draw an address as `svg` or `png`; `scale` is the side of one square."""
    drawn = io.BytesIO()
    segno.make(url, micro=False, error="m").save(drawn, kind=kind, scale=scale)
    return drawn.getvalue()


def drawing(url: str) -> Markup:
    """Draw an address for a page, as large as its place."""
    code = segno.make(url, micro=False, error="m")
    drawn = code.svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None)
    return Markup(drawn)  # noqa: S704 - squares; the address is not in it
