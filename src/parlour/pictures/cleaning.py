"""Drawing a visitor's picture anew: as they sent it, but for all that is no picture in it; pure."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image

from parlour.pictures.remaking import drawing, upright

LONGEST_SIDE: Final = 2_048
"""Dots; models look at fewer, and people can still read a page that was photographed."""
_MOST_AS_PNG: Final = 2 * 1_048_576
"""Bytes: what is larger was a photograph."""
_QUALITY: Final = 88


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that was drawn here, dot by dot."""

    content: bytes
    media_type: str
    wide: int
    high: int


def cleaned(content: bytes, field: str) -> Drawn:
    """Return a PNG, JPEG or WebP as a PNG or JPEG of at most `LONGEST_SIDE`, and nothing else.

    Takes up to a second. Errors as of `remaking.remade`, but for the number of bytes.
    """
    return drawing(content, field, _drawn)


def _drawn(found: Image.Image) -> Drawn:
    is_png = found.format == "PNG"
    found.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
    plain = upright(found)
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    is_clear = plain.getchannel("A").getextrema() != (255, 255)
    # From its bare dots, so that nothing of the file it came from is carried along; and under
    # what is clear may stand what was meant to be gone.
    bare = Image.frombytes("RGBA", plain.size, plain.tobytes())
    if is_png or is_clear:
        kept = Image.alpha_composite(Image.new("RGBA", bare.size), bare)
        made = _written(kept if is_clear else kept.convert("RGB"), "PNG")
        if is_clear or len(made) <= _MOST_AS_PNG:
            return Drawn(made, "image/png", *bare.size)
    ground = Image.new("RGBA", bare.size, (255, 255, 255, 255))
    made = _written(Image.alpha_composite(ground, bare).convert("RGB"), "JPEG", quality=_QUALITY)
    return Drawn(made, "image/jpeg", *bare.size)


def _written(picture: Image.Image, form: str, **more: int) -> bytes:
    drawn = io.BytesIO()
    picture.save(drawn, form, **more)
    return drawn.getvalue()
