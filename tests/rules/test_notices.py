"""What stands where visitors type an address has a number, which is kept when they confirm it."""

import tomllib
import zlib
from importlib.resources import files

from parlour.entrance.proving import MEMORY_NOTICE, NOTICE

LANGUAGES = files("parlour.web") / "languages"


def told(*names: str) -> int:
    """The sum of these sentences in all languages."""
    tables = sorted(
        (each.name, tomllib.loads(each.read_text())["proof"]) for each in LANGUAGES.iterdir()
        if each.name.endswith(".toml")
    )  # fmt: skip
    assert len(tables) == 12
    lines = [f"{file} {name} {table[name]}" for file, table in tables for name in names]
    return zlib.crc32("\n".join(lines).encode())


def test_another_wording_has_another_number() -> None:
    """PRI-07: whoever changes a sentence raises its number, and writes the new sum down here."""
    assert (NOTICE, told("email_text", "email_use")) == (1, 3611774337)
    assert (MEMORY_NOTICE, told("email_remembers")) == (1, 3412173777)
