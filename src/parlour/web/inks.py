"""The stylesheets of accents: a few bytes made from the colours in their address."""

import re
from typing import Final

from litestar import Response, get

from parlour.kit.errors import NotFound
from parlour.kit.inks import Ink, ink
from parlour.web.gates import OPEN

_A_DAY: Final = "public, max-age=86400"
OFFERED: Final = {
    "3d5a2c": "Moss",
    "8a3b26": "Brick",
    "43485c": "Slate",
    "6a3d7c": "Aubergine",
    "8a5a00": "Ochre",
}
"""Accents that the studio offers, beside the house's own."""

_COLOURS: Final = re.compile(r"[0-9a-f]{6}(-[0-9a-f]{6}){0,63}\.css\Z", re.ASCII)


@get("/inks/{name:str}", opt={"gate": OPEN}, sync_to_thread=False)
def ink_sheet(name: str) -> Response[bytes]:
    """Serve the inks of some colours; an element wears one by `data-ink`, and so its children."""
    if not _COLOURS.match(name):
        raise NotFound("there is no such file")
    sheet = "".join(_rules(colour, ink(colour)) for colour in name[:-4].split("-"))
    return Response(
        sheet.encode(),
        media_type="text/css",
        headers={"Cache-Control": _A_DAY},
    )


def address(colours: set[str]) -> str:
    """Return where the inks of these colours are; empty for none."""
    return f"/inks/{'-'.join(sorted(colours)[:64])}.css" if colours else ""


def _rules(colour: str, made: Ink) -> str:
    # As in css/tokens.css: light first, for browsers that do not know light-dark().
    chosen = f'[data-ink="{colour}"]'
    return (
        f"{chosen}{{--accent:#{made.light};--on-accent:#{made.on_light};"
        f"--accent-soft:{_tint(11)};--accent-line:{_tint(30)};"
        "--accent-strong:color-mix(in oklab,var(--accent) 88%,var(--ink))}"
        f"@supports (color:light-dark(#000,#fff)){{{chosen}{{"
        f"--accent:light-dark(#{made.light},#{made.dark});"
        f"--on-accent:light-dark(#{made.on_light},#{made.on_dark});"
        f"--accent-soft:light-dark({_tint(11)},{_tint(17)})}}}}\n"
    )


def _tint(share: int) -> str:
    return f"color-mix(in oklab,var(--accent) {share}%,var(--surface))"
