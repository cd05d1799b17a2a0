"""An accent colour made fit to be read: lighter or darker until it stands out in both themes."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from parlour.kit.errors import FieldError, Invalid

_FORM: Final = re.compile(r"#?([0-9a-f]{6})\Z", re.ASCII)
NEEDED: Final = 4.5
"""The contrast that text needs, as WCAG 2.2 AA counts it."""

# The grounds that an accent stands on, as css/tokens.css names them: the wall, the wells, and what
# stands on the wall, which is also what a tint of the accent is mixed into.
_LIGHT: Final = ("f6f4ef", "eeebe3", "fffefb")
_DARK: Final = ("191713", "2b2823", "211e1a")
_TINT_LIGHT: Final = 0.11
_TINT_DARK: Final = 0.17
_PALE: Final = 0.78
_SOFT: Final = 0.1
"""How light at least, and how colourful at most, an accent is in the dark."""
_DEEP: Final = 0.24
_FAINT: Final = 0.04
"""The same of what is written on it."""
_STEP: Final = 0.005

Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Ink:
    """An accent in both themes, what is written on it, and how well it stands out."""

    light: str
    on_light: str
    dark: str
    on_dark: str
    contrast_light: float
    """The lowest contrast it has on any ground of the light theme."""
    contrast_dark: float
    nudged: bool
    """The colour that was asked for had too little contrast, and the light theme's differs."""


def checked(colour: str | None) -> str | None:
    """Return a colour as six small hexadecimal digits; None for none; Invalid for what is none."""
    if colour is None or not colour.strip():
        return None
    found = _FORM.match(colour.strip().lower())
    if found is None:
        message = "a colour such as #1c4a63"
        raise Invalid(f"accent: {message}", errors=[FieldError("accent", message)])
    return found.group(1)


@lru_cache(maxsize=1000)
def ink(colour: str) -> Ink:
    """Make an accent of six hexadecimal digits that can be read wherever it stands."""
    asked = _lab(_rgb(colour))
    light = colour
    if _lowest(colour, _LIGHT, _TINT_LIGHT) < NEEDED:
        light = _stepped(asked, -_STEP, _LIGHT, _TINT_LIGHT)
    dark = _stepped(_in(asked, max(asked[0], _PALE), _SOFT), _STEP, _DARK, _TINT_DARK)
    on_dark = _hex(_in(asked, _DEEP, _FAINT))
    return Ink(
        light=light,
        on_light="ffffff",
        dark=dark,
        on_dark=on_dark,
        contrast_light=_lowest(light, _LIGHT, _TINT_LIGHT),
        contrast_dark=_lowest(dark, _DARK, _TINT_DARK),
        nudged=light != colour,
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG counts it."""
    brighter, darker = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _stepped(start: Three, step: float, grounds: tuple[str, ...], tint: float) -> str:
    lightness, a, b = start
    found = _hex(start)
    while _lowest(found, grounds, tint) < NEEDED:
        lightness += step
        found = _hex((lightness, a, b))
    return found


def _in(lab: Three, lightness: float, most: float) -> Three:
    """Return a colour of the same hue, as light as told and at most so colourful."""
    share = min(1.0, most / (math.hypot(lab[1], lab[2]) or 1.0))
    return lightness, lab[1] * share, lab[2] * share


def _lowest(colour: str, grounds: tuple[str, ...], tint: float) -> float:
    tinted = _mixed(colour, grounds[-1], tint)
    return min(contrast(colour, ground) for ground in (*grounds, tinted))


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_lab(_rgb(colour)), _lab(_rgb(ground)), strict=True)
    return _written(_from_lab(*(a * share + b * (1 - share) for a, b in pairs)))


def _rgb(colour: str) -> Three:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return red, green, blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _written(rgb: Three) -> str:
    return "".join(f"{round(_gamma(min(max(part, 0.0), 1.0)) * 255):02x}" for part in rgb)


def _gamma(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)


def _luminance(rgb: Three) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


# Oklab, https://bottosson.github.io/posts/oklab/: steps of lightness look like steps, and the hue
# stays what it was.


def _lab(rgb: Three) -> Three:
    red, green, blue = rgb
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _from_lab(lightness: float, a: float, b: float) -> Three:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _hex(lab: Three) -> str:
    return _written(_from_lab(*lab))
