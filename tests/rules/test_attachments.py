"""What a file is that a visitor sends, by its content; what it is called; what a model is shown."""

import io

import pytest
from PIL import Image

from parlour.agents import sharing
from parlour.agents.backends.openai.config import Config
from parlour.agents.backends.openai.prompt import TEXT_SHOWN, messages
from parlour.agents.backends.webhook.client import document_of
from parlour.agents.contract import File, Question, Said
from parlour.attachments import KINDS, judging
from parlour.attachments.judging import Taking
from parlour.chat import prompt
from parlour.conversations.model import Message, State
from parlour.kit.errors import Invalid, TooLarge
from parlour.pictures import cleaned

ALL = Taking(KINDS, 1_000_000, 3)


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30), **more: object) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, form, **more)
    return content.getvalue()


def test_what_agents_take_is_what_is_judged() -> None:
    given = sharing.checked(sharing.DEFAULT, {"files": ["text", "image", "pdf", "text"]})
    assert given.files == tuple(sorted(KINDS))
    with pytest.raises(Invalid):
        sharing.checked(sharing.DEFAULT, {"files": ["svg"]})


@pytest.mark.parametrize(
    ("content", "kind", "media_type"),
    [
        (picture(), "image", "image/png"),
        (picture("JPEG"), "image", "image/jpeg"),
        (picture("WEBP"), "image", "image/webp"),
        (b"%PDF-1.7\n", "pdf", "application/pdf"),
        (b"a,b\n1,2\n", "text", "text/plain"),
        ("\ufeff# Grüße\n".encode(), "text", "text/plain"),
        ("ü".encode() * 2048 + b"x", "text", "text/plain"),
    ],
)
def test_what_a_file_is_its_content_says(content: bytes, kind: str, media_type: str) -> None:
    found = judging.judged(content[: judging.LOOKED_AT], ALL)
    assert (found.kind, found.media_type) == (kind, media_type)
    rest = Taking(tuple(each for each in KINDS if each != kind), 1_000_000, 3)
    with pytest.raises(Invalid, match="whatever a name says"):
        judging.judged(content, rest)


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"\xef\xbb\xbf  <!doctype html><script>1</script>",
        b"<!-- a --><html>",
        b"<?xml version='1.0'?><svg/>",
        b"<SCRIPT>alert(1)</SCRIPT>",
        b"GIF89a\x01\x00\x01\x00",
        b"PK\x03\x04zip",
        b"\x7fELF\x02\x01",
        b"MZ\x90\x00",
        b"plain\x00text",
        b"\xff\xfeU\x00T\x00F\x00",
        b"junk before %PDF-1.4",
        b"\x1f\x8b\x08gzip",
        b"caf\xe9 is no utf-8",
        b"",
        b" \n\t ",
    ],
)
def test_what_is_nothing_of_that_is_refused(content: bytes) -> None:
    """XSS-07: documents that a browser would run, archives, programs and texts that are none."""
    with pytest.raises(Invalid):
        judging.judged(content, ALL)


def test_a_text_is_read_to_its_end() -> None:
    reader = judging.Reader()
    reader.feed("Grü".encode()[:-1])
    reader.feed("Grü".encode()[-1:] + b"\n")
    with pytest.raises(Invalid):
        reader.feed(b"then\x00")
    late = judging.Reader()
    with pytest.raises(Invalid):
        late.feed("ü".encode()[:1], last=True)


@pytest.mark.parametrize(
    ("given", "media_type", "name"),
    [
        ("receipt.png", "image/png", "receipt.png"),
        ("C:\\Users\\v\\receipt.JPG", "image/jpeg", "receipt.jpg"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("photo.webp", "image/jpeg", "photo.jpg"),
        ("run.svg", "text/plain", "run.svg.txt"),
        ("evil.html", "application/pdf", "evil.html.pdf"),
        ("CON", "text/plain", "_CON.txt"),
        ("nul.pdf", "application/pdf", "_nul.pdf"),
        ("", "image/png", "file.png"),
        ("...", "text/plain", "file.txt"),
        (".csv", "text/plain", "csv.txt"),
        ("a\r\nX-Evil: 1.md", "text/plain", "a X-Evil 1.md"),
        ('q"<script>.csv', "text/plain", "qscript.csv"),
        ("a\u202egnp.exe", "image/png", "agnp.exe.png"),
        ("Rechnung März.pdf", "application/pdf", "Rechnung März.pdf"),
        ("x" * 5000 + ".md", "text/plain", "x" * 90 + ".md"),
    ],
)
def test_a_name_is_only_a_name(given: str, media_type: str, name: str) -> None:
    """INP-06: paths, reserved names, control signs, another suffix than the content's."""
    assert judging.named(given, media_type) == name


def test_a_picture_is_drawn_anew() -> None:
    """INP-06: nothing but the picture is kept; what is too large is not even decoded."""
    exif = Image.Exif()
    exif[0x010F] = "Canary-Camera"
    exif[0x0112] = 6
    drawn = cleaned(picture("JPEG", (60, 30), exif=exif) + b"<script>canary</script>", "file")
    assert (drawn.media_type, drawn.wide, drawn.high) == ("image/jpeg", 30, 60), "turned upright"
    assert b"anary" not in drawn.content
    drawn = cleaned(picture("WEBP", (4_000, 100)), "file")
    assert (drawn.media_type, drawn.wide) == ("image/jpeg", 2_048)
    assert cleaned(picture(), "file").media_type == "image/png"
    header = bytearray(picture())
    header[16:24] = (50_000).to_bytes(4, "big") * 2
    for broken in (bytes(header), picture()[:60], b"\x89PNG\r\n\x1a\n" + b"\x00" * 99):
        with pytest.raises((TooLarge, Invalid)):
            cleaned(broken, "file")


FILES = (
    File("a.png", "image", "image/png", 3, b"png"),
    File("b.md", "text", "text/plain", 2, b"# B"),
    File("c.pdf", "pdf", "application/pdf", 5, b"%PDF-"),
)
ASKED = Question(
    (Said("visitor", "First", files=FILES[1:2]), Said("visitor", "Look", files=FILES)),
    *("agt_1", "cnv_1", "trn_1"),
)


def test_a_model_is_shown_pictures_where_it_takes_them() -> None:
    config = Config("http://x/v1", "m", images=True)
    (told,) = messages(config, ASKED)
    assert [each["type"] for each in told["content"]] == [
        "text",
        "text",
        "image_url",
        "text",
        "text",
    ]
    assert told["content"][2]["image_url"] == {"url": "data:image/png;base64,cG5n"}
    texts = [each.get("text", "") for each in told["content"]]
    assert texts[0] == "First\n\n[File “b.md”:]\n# B"
    assert texts[-1] == "[File “c.pdf”, not shown to you]"
    (plain,) = messages(Config("http://x/v1", "m"), ASKED)
    assert "cG5n" not in str(plain)
    assert "[File “a.png”, not shown to you]" in plain["content"]


def test_a_long_text_is_cut_for_a_model() -> None:
    long = File("l.txt", "text", "text/plain", 9, b"z" * (TEXT_SHOWN + 5))
    asked = Question((Said("visitor", "Read", files=(long,)),), "agt_1", "cnv_1", "trn_1")
    (told,) = messages(Config("http://x/v1", "m"), asked)
    assert told["content"].count("z") == TEXT_SHOWN
    assert told["content"].endswith(" […]")


def test_a_webhook_gets_what_came_along_whole() -> None:
    told = document_of(ASKED)
    assert told["files"][0] == {
        "name": "a.png",
        "kind": "image",
        "media_type": "image/png",
        "size": 3,
        "content": "cG5n",
    }
    assert "content" not in told["messages"][0]["files"][0]
    bare = document_of(Question((Said("visitor", "Hi"),), "agt_1", "cnv_1", "trn_1"))
    assert "files" not in bare
    assert "files" not in bare["messages"][0]


def test_of_earlier_files_as_many_are_read_as_fit() -> None:
    def said(seq: int, size: int) -> Message:
        file = {"id": f"att_{seq}", "name": "n", "kind": "pdf", "media_type": "x", "size": size}
        return Message(f"m{seq}", seq, "visitor", "", "t", State.DONE, 1, extra={"files": [file]})

    half = prompt.FILE_BYTES // 2 + 1
    found = [said(1, 1), said(3, half), said(5, half), said(7, prompt.FILE_BYTES)]
    assert prompt.attached(found, 5) == ("att_5",)
    assert prompt.attached(found, 7) == ("att_7",)
    (first, last) = prompt.assemble(found[1:3], 5, 9, {"att_5": b"whole"})
    assert (first.files[0].content, last.files[0].content) == (None, b"whole")
