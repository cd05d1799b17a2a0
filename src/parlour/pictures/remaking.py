"""Making an uploaded picture anew: decoded, cut to a small square, and written as ours; pure.

What comes out was drawn here, dot by dot: no metadata, no second frame, no program that a file
may carry beside its picture. SVG is no picture but a document that a browser runs and that can
load others; nothing here could draw one, so it is refused.
"""

import io
import struct
import threading
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

from PIL import Image, ImageOps, UnidentifiedImageError

from parlour.kit.errors import FieldError, Invalid, TooLarge
from parlour.pictures.bounds import MOST_BYTES, MOST_PIXELS

Made = TypeVar("Made")

SIDE: Final = 192
"""Dots at each side of what is kept, enough for the largest place on the finest screen."""
_LEAST: Final = 16
_ICON: Final = 64
_MOST_KEPT: Final = 20_000
"""Bytes of what is kept, which visitors load with the page."""
_QUALITIES: Final = (88, 75, 60, 45, 30, 15)
_ONE: Final = threading.Lock()
"""Large pictures take 200 MB while they are decoded: one at a time."""
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_BROKEN: Final = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, MemoryError, struct.error, zlib.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""What decoders raise for files that are not what they begin as."""


def remade(content: bytes, field: str, *, whole: bool = False) -> bytes:
    """Return a picture as it is kept: a WebP, square, small, and nothing in it but the picture.

    It is cut to its middle; `whole` keeps all of it, on a clear ground. Takes up to half a second.

    Raises:
        TooLarge: too many bytes or dots. Invalid, for `field`: no PNG, JPEG or WebP, or broken.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge(f"the picture is larger than {MOST_BYTES // 1_048_576} MB")

    def draw(found: Image.Image) -> Image.Image:
        _require_large(found.size, field)
        return _square(_plain(found), whole=whole)

    return _written(drawing(content, field, draw))


def drawing(content: bytes, field: str, draw: Callable[[Image.Image], Made]) -> Made:
    """Open a picture for `draw`, one at a time; what it cannot be is told, as by `remade`."""
    try:
        with _ONE, Image.open(io.BytesIO(content), formats=_FORMATS) as found:
            _require_size(found.size)
            return draw(found)
    except _BROKEN as error:
        raise _wrong(field, _told(content, error)) from None


@lru_cache(64)
def icon(kept: bytes) -> bytes:
    """Return a picture that was kept as a small PNG, for the tab of a browser."""
    with Image.open(io.BytesIO(kept), formats=("WEBP",)) as found:
        small = found.convert("RGBA").resize((_ICON, _ICON), Image.Resampling.LANCZOS)
    drawn = io.BytesIO()
    small.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def _require_size(size: tuple[int, int]) -> None:
    wide, high = size
    if wide * high > MOST_PIXELS:
        raise TooLarge(f"the picture has more than {MOST_PIXELS // 1_000_000} million dots")


def _require_large(size: tuple[int, int], field: str) -> None:
    if min(size) < _LEAST:
        raise _wrong(field, f"at least {_LEAST} dots wide and high")


def _plain(found: Image.Image) -> Image.Image:
    """Decode a picture that will be small."""
    # Large photographs are decoded at a fraction of their size, where the format can.
    found.draft("RGB", (4 * SIDE, 4 * SIDE))
    return upright(found)


def upright(found: Image.Image) -> Image.Image:
    """Decode the first frame, the way up that its camera noted, as red, green, blue and clear."""
    found.load()
    first = found.copy() if getattr(found, "n_frames", 1) > 1 else found
    ImageOps.exif_transpose(first, in_place=True)
    if first.mode.startswith("I"):
        # Sixteen bits of grey, which converting would cut off instead of scaling.
        first = first.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return first.convert("RGBA")


def _square(drawn: Image.Image, *, whole: bool) -> Image.Image:
    side = min(SIDE, max(drawn.size) if whole else min(drawn.size))
    if not whole:
        return ImageOps.fit(drawn, (side, side), Image.Resampling.LANCZOS)
    return ImageOps.pad(drawn, (side, side), Image.Resampling.LANCZOS, color=(0, 0, 0, 0))


def _written(square: Image.Image) -> bytes:
    # From its bare dots, so that nothing of the file it came from is carried along.
    bare = Image.frombytes("RGBA", square.size, square.tobytes())
    # Under what is clear may stand what was meant to be gone.
    bare = Image.alpha_composite(Image.new("RGBA", bare.size), bare)
    if bare.getchannel("A").getextrema() == (255, 255):
        bare = bare.convert("RGB")
    made = b""
    for side in (bare.width, 128, 96):
        small = bare if side >= bare.width else bare.resize((side, side))
        for quality in _QUALITIES:
            made = _webp(small, quality)
            if len(made) <= _MOST_KEPT:
                return made
    return made


def _webp(picture: Image.Image, quality: int) -> bytes:
    drawn = io.BytesIO()
    picture.save(drawn, "WEBP", quality=quality, method=6)
    return drawn.getvalue()


def _told(content: bytes, error: BaseException) -> str:
    begins = content[:1000].lstrip().lower()
    if begins.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in begins:
        return "a PNG, JPEG or WebP; an SVG can hold programs, so save it as PNG first"
    if isinstance(error, UnidentifiedImageError):
        return "a PNG, JPEG or WebP picture"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"at most {MOST_PIXELS // 1_000_000} million dots"
    return "a picture that is whole; this one is broken"


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=[FieldError(field, message)])
