"""What may be uploaded as a picture, and that nothing but the picture is kept (INP-06, XSS)."""

import io
import os
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from parlour import pictures
from parlour.kit.errors import Invalid, TooLarge
from parlour.web.sheets import tab_icon

CANARY = b"canary-of-the-camera"


def saved(picture: Image.Image, form: str, **more: object) -> bytes:
    drawn = io.BytesIO()
    picture.save(drawn, form, **more)
    return drawn.getvalue()


def noise(side: int = 300) -> Image.Image:
    return Image.frombytes("RGB", (side, side), os.urandom(3 * side * side))


def opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as found:
        found.load()
        assert (found.format, found.info.keys() & {"exif", "icc_profile", "xmp"}) == ("WEBP", set())
        return found


def dot(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = picture.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def png_of(wide: int, high: int) -> bytes:
    """The head of a PNG that says it is as large as that."""
    head = b"IHDR" + struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\r" + head + struct.pack(">I", zlib.crc32(head))


def told() -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    made.add_text("Comment", CANARY.decode())
    return made


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010E] = CANARY.decode()
    return made


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1", "I;16"])
def test_a_picture_of_any_kind_is_kept_small_and_square(mode: str) -> None:
    drawn = Image.new("I;16", (400, 300), 40_000) if mode == "I;16" else noise().convert(mode)
    for whole in (False, True):
        kept = pictures.remade(saved(drawn, "PNG"), "avatar", whole=whole)
        assert len(kept) <= 20_000
        assert opened(kept).size == (192, 192)
        small = pictures.icon(kept)
        assert (small[:4], len(small) < 20_000) == (b"\x89PNG", True)


def test_nothing_of_the_file_is_kept_but_the_picture() -> None:
    """Words, places and profiles of a camera, what follows the picture, and what is under it."""
    blue = Image.new("RGB", (64, 64), "blue")
    files = [
        saved(blue, "PNG", pnginfo=told(), exif=exif()),
        saved(blue, "JPEG", comment=CANARY, exif=exif(), icc_profile=CANARY * 9, xmp=CANARY),
        saved(blue, "WEBP", exif=exif(), xmp=CANARY, icc_profile=CANARY),
    ]
    for each in files:
        assert CANARY in each
        for content in (each, each + b"<script>" + CANARY + b"</script>"):
            assert CANARY not in pictures.remade(content, "avatar")
    secret = Image.new("RGBA", (200, 200), (200, 10, 10, 0))
    kept = opened(pictures.remade(saved(secret, "PNG"), "avatar")).convert("RGBA")
    assert kept.getextrema() == ((0, 0), (0, 0), (0, 0), (0, 0))


def test_it_is_the_way_up_that_the_camera_noted() -> None:
    drawn = Image.new("RGB", (300, 300), "white")
    drawn.paste((255, 0, 0), (0, 0, 300, 150))
    for content in (
        saved(drawn, "JPEG", exif=exif(6), quality=95),
        saved(drawn, "PNG", exif=exif(6)),
    ):
        kept = opened(pictures.remade(content, "avatar")).convert("RGB")
        (red, green, _), left = dot(kept, 180, 96), dot(kept, 10, 96)
        assert (red > 200, green < 60) == (True, True), "what was above is at the right"
        assert min(left) > 200


def test_a_logo_is_kept_whole_and_a_portrait_cut() -> None:
    wide = Image.new("RGB", (800, 200), "green")
    whole = opened(pictures.remade(saved(wide, "PNG"), "logo", whole=True)).convert("RGBA")
    cut = opened(pictures.remade(saved(wide, "PNG"), "avatar")).convert("RGBA")
    assert (dot(whole, 96, 5)[3], dot(cut, 96, 5)[3]) == (0, 255)


@pytest.mark.parametrize("size", [(900, 300), (300, 900)])
def test_a_portrait_is_cut_to_its_middle_and_not_squeezed(size: tuple[int, int]) -> None:
    """Thirds of three colours: the middle one is the portrait, from edge to edge."""
    whole = Image.new("RGB", size, "red")
    whole.paste("lime", (300, 0, 600, 300) if size[0] > size[1] else (0, 300, 300, 600))
    kept = opened(pictures.remade(saved(whole, "PNG"), "avatar")).convert("RGB")
    for at in ((3, 3), (96, 3), (3, 96), (96, 96), (188, 188)):
        (red, green, _) = dot(kept, *at)
        assert (red < 60, green > 200) == (True, True), at


def test_of_moving_pictures_the_first_is_kept() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "lime")]
    for form in ("PNG", "WEBP"):
        moving = saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
        kept = opened(pictures.remade(moving, "avatar"))
        assert getattr(kept, "n_frames", 1) == 1
        assert dot(kept.convert("RGB"), 30, 30)[0] > 200


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PHOTO = saved(Image.new("RGB", (300, 300), "teal"), "JPEG")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "a PNG, JPEG or WebP picture"),
        (b"not a picture", "a PNG, JPEG or WebP picture"),
        (SVG, "an SVG can hold programs"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>" + SVG, "an SVG can hold programs"),
        (saved(Image.new("P", (64, 64)), "GIF"), "a PNG, JPEG or WebP picture"),
        (saved(Image.new("RGB", (64, 64)), "TIFF"), "a PNG, JPEG or WebP picture"),
        (b"%PDF-1.4\n", "a PNG, JPEG or WebP picture"),
        (PHOTO[: len(PHOTO) // 2], "this one is broken"),
        (saved(noise(64), "PNG")[:900], "this one is broken"),
        (png_of(200, 200), "a PNG, JPEG or WebP picture"),
        (saved(Image.new("RGB", (8, 300)), "PNG"), "at least 16 dots"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        pictures.remade(content, "avatar")
    assert [each.field for each in caught.value.errors] == ["avatar"]
    assert said in caught.value.errors[0].message


@pytest.mark.parametrize("size", [(6000, 6000), (60_000, 60_000), (2**31 - 1, 1), (10_000, 10_000)])
def test_a_picture_that_would_fill_the_memory_is_never_decoded(size: tuple[int, int]) -> None:
    with pytest.raises((TooLarge, Invalid)):
        pictures.remade(png_of(*size), "avatar")


def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(TooLarge):
        pictures.remade(PHOTO + bytes(pictures.MOST_BYTES), "avatar")


@pytest.mark.parametrize(
    ("picture", "initial", "accent", "shown"),
    [
        ("ab" * 16, "H", "", f"/pictures/{'ab' * 16}.png"),
        ("", "H", "", "/letters/1c4a63-48.svg"),
        ("", "助", "8a3b26", "/letters/8a3b26-52a9.svg"),
        ("", "", "", ""),
        ("", "\u202e", "", ""),
    ],
)
def test_what_stands_in_the_tab(picture: str, initial: str, accent: str, shown: str) -> None:
    assert tab_icon(picture, initial, accent) == shown
